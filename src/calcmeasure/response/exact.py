"""Exact arithmetic on sizes: whole micrometres and fractions, and how they are put into words.

In binary floating point 33 → 36.3 mm is a change of 9.999999999999991 %, and a 10 % rule would miss it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import NamedTuple


class Scale(NamedTuple):
    """Unit of a size: its UCUM code, how people write it, and how many whole parts make one."""

    code: str
    words: str
    parts: int
    decimals: int


class Percent(NamedTuple):
    """Exact change in percent: two whole numbers, not reduced."""

    numerator: int
    denominator: int

    def __float__(self) -> float:
        return self.numerator / self.denominator


MM = Scale("mm", "mm", 1000, 1)
MM2 = Scale("mm2", "mm²", 1_000_000, 0)
MM3 = Scale("mm3", "mm³", 1000, 0)


@lru_cache(maxsize=65536)
def micrometres(value_mm: float | Decimal) -> int:
    """Round a length to whole micrometres; 1 µm is far below any pixel.

    Examples
    --------
    >>> micrometres(36.3) - micrometres(33.0)
    3300
    """
    return int(Decimal(str(value_mm)).scaleb(3).to_integral_value(ROUND_HALF_EVEN))


def millimetres(value_um: int) -> float:
    """Give whole micrometres as mm."""
    return value_um / 1000


def percent_change(reference_um: int, value_um: int) -> Percent | None:
    """Exact change in percent of the reference; None when the reference is 0."""
    return None if reference_um == 0 else Percent(100 * (value_um - reference_um), reference_um)


def reaches(amount: Percent | int, limit: Decimal, *, inclusive: bool) -> bool:
    """Whether an amount passes a cut-off."""
    parts, whole = _ratio(limit)
    left, right = amount.numerator * whole, parts * amount.denominator
    return left > right or (inclusive and left == right)


def shrinks(percent: Percent, limit: Decimal, *, inclusive: bool) -> bool:
    """Whether a decrease passes a cut-off."""
    return percent.numerator < 0 and reaches(
        Percent(-percent.numerator, percent.denominator), limit, inclusive=inclusive
    )


@lru_cache(maxsize=256)
def _ratio(limit: Decimal) -> tuple[int, int]:
    return limit.as_integer_ratio()


@lru_cache(maxsize=1024)
def _written(limits: tuple[Decimal, ...], decimals: int) -> frozenset[str]:
    """Cut-offs as so many decimals write them, where these are enough."""
    return frozenset(text for limit in limits if Decimal(text := f"{limit:.{decimals}f}") == limit)


def _is_one_of(percent: Percent, limits: tuple[Decimal, ...]) -> bool:
    size = Percent(abs(percent.numerator), percent.denominator)
    return any(reaches(size, limit, inclusive=True) and not reaches(size, limit, inclusive=False) for limit in limits)


def percent_words(percent: Percent, *, limits: tuple[Decimal, ...] = ()) -> str:
    """Signed per cent with one decimal, or as many as it takes not to look like a cut-off it does not equal.

    Examples
    --------
    >>> percent_words(Percent(-3000, 70))
    '-42.9 %'
    >>> percent_words(Percent(9996, 1000), limits=(Decimal(10),))
    '+9.996 %'
    """
    number = percent.numerator / percent.denominator
    for decimals in range(1, 7):
        text = f"{number:+.{decimals}f}"
        if text[1:] not in _written(limits, decimals) or _is_one_of(percent, limits):
            break
    return f"{text} %"


def in_unit(size: int, scale: Scale) -> float:
    """Give a size in its unit.

    Examples
    --------
    >>> in_unit(150_000_000, MM2)
    150.0
    """
    return size / scale.parts


def size_words(size: int, scale: Scale) -> str:
    """Size in its unit, without the unit.

    Examples
    --------
    >>> size_words(28000, MM), size_words(150_000_000, MM2)
    ('28.0', '150')
    """
    return f"{size / scale.parts:.{scale.decimals}f}"


def mm_words(value_um: int) -> str:
    """Millimetres with one decimal.

    Examples
    --------
    >>> mm_words(28000)
    '28.0'
    """
    return f"{value_um / 1000:.1f}"
