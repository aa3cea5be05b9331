"""Exact arithmetic on sizes: whole micrometres and fractions, and how they are put into words.

In binary floating point 33 → 36.3 mm is a change of 9.999999999999991 %, and a 10 % rule would miss it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple


class Scale(NamedTuple):
    """Unit of a size: its UCUM code, how people write it, and how many whole parts make one."""

    code: str
    words: str
    parts: int
    decimals: int


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


@lru_cache(maxsize=1024)
def percent_change(reference_um: int, value_um: int) -> Fraction | None:
    """Exact change in percent of the reference; None when the reference is 0."""
    return None if reference_um == 0 else Fraction(100 * (value_um - reference_um), reference_um)


def reaches(amount: Fraction | int, limit: Decimal, *, inclusive: bool) -> bool:
    """Whether an amount passes a cut-off."""
    parts, whole = _ratio(limit)
    left, right = amount.numerator * whole, parts * amount.denominator
    return left > right or (inclusive and left == right)


@lru_cache(maxsize=256)
def _ratio(limit: Decimal) -> tuple[int, int]:
    return limit.as_integer_ratio()


def percent_words(percent: Fraction, *, limits: Iterable[Decimal] = ()) -> str:
    """Signed per cent with one decimal, or as many as it takes not to look like a cut-off it does not equal.

    Examples
    --------
    >>> percent_words(Fraction(-3000, 70))
    '-42.9 %'
    >>> percent_words(Fraction(9996, 1000), limits=[Decimal(10)])
    '+9.996 %'
    """
    cutoffs = frozenset(limits)
    number, is_cutoff = float(percent), (abs(percent.numerator), percent.denominator) in set(map(_ratio, cutoffs))
    for decimals in range(1, 7):
        text = f"{number:+.{decimals}f}"
        if is_cutoff or Decimal(text).copy_abs() not in cutoffs:
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
