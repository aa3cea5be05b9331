"""Exact arithmetic on sizes: whole micrometres and fractions, and how they are put into words.

In binary floating point 33 → 36.3 mm is a change of 9.999999999999991 %, and a 10 % rule would miss it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


class CutOff(NamedTuple):
    """A cut-off in whole numbers.

    Parameters
    ----------
    parts, whole
        Its value: so many parts, of which so many make one.
    inclusive
        Whether exactly this much is enough.
    """

    parts: int
    whole: int
    inclusive: bool

    @classmethod
    def at(cls, limit: Decimal, *, inclusive: bool) -> CutOff:
        """Take a decimal for what it is."""
        return cls(*limit.as_integer_ratio(), inclusive)

    def is_reached(self, amount: int, per: int = 1) -> bool:
        """Whether an amount per so many (more than 0) passes it."""
        parts, whole, inclusive = self
        left, right = amount * whole, parts * per
        return left > right or (inclusive and left == right)

    def is_reached_down(self, percent: Percent) -> bool:
        """Whether a decrease passes it."""
        numerator, denominator = percent
        return numerator < 0 and self.is_reached(-numerator, denominator)


class Limits:
    """Cut-offs that no change is written like unless it equals one.

    Parameters
    ----------
    limits
        Decimals, in per cent.
    """

    def __init__(self, *limits: Decimal) -> None:
        self._exact = tuple(CutOff.at(limit, inclusive=True) for limit in limits)
        self.written = tuple(frozenset(_written(limits, decimals)) for decimals in range(1, _MOST_DECIMALS + 1))

    def include(self, percent: Percent) -> bool:
        """Whether a change, up or down, equals one of them."""
        numerator, denominator = abs(percent.numerator), percent.denominator
        return any(numerator * whole == parts * denominator for parts, whole, _ in self._exact)


def _written(limits: Iterable[Decimal], decimals: int) -> Iterator[str]:
    """Cut-offs as so many decimals write them, where these are enough."""
    return (text for limit in limits if Decimal(text := f"{limit:.{decimals}f}") == limit)


_MOST_DECIMALS = 6
NO_LIMITS = Limits()
"""Nothing that a change could be mistaken for."""


def percent_words(percent: Percent, *, limits: Limits = NO_LIMITS) -> str:
    """Signed per cent with one decimal, or as many as it takes not to look like a cut-off it does not equal.

    Examples
    --------
    >>> percent_words(Percent(-3000, 70))
    '-42.9 %'
    >>> percent_words(Percent(9996, 1000), limits=Limits(Decimal(10)))
    '+9.996 %'
    """
    numerator, denominator = percent
    number = numerator / denominator
    text = f"{number:+.1f}"
    if text[1:] in limits.written[0] and not limits.include(percent):
        for decimals, written in enumerate(limits.written[1:], start=2):
            text = f"{number:+.{decimals}f}"
            if text[1:] not in written:
                break
    return text + " %"


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
