"""Exact arithmetic on lengths: whole micrometres and fractions, and how they are put into words.

In binary floating point 33 → 36.3 mm is a change of 9.999999999999991 %, and a 10 % rule would miss it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction


def micrometres(value_mm: float | Decimal) -> int:
    """Round a length to whole micrometres; 1 µm is far below any pixel.

    Examples
    --------
    >>> micrometres(36.3) - micrometres(33.0)
    3300
    """
    return round(Fraction(str(value_mm)) * 1000)


def millimetres(value_um: int) -> float:
    """Give whole micrometres as mm."""
    return value_um / 1000


def percent_change(reference_um: int, value_um: int) -> Fraction | None:
    """Exact change in percent of the reference; None when the reference is 0."""
    return None if reference_um == 0 else Fraction(100 * (value_um - reference_um), reference_um)


def reaches(amount: Fraction | int, limit: Decimal, *, inclusive: bool) -> bool:
    """Whether an amount passes a cut-off."""
    exact = Fraction(limit)
    return amount > exact or (inclusive and amount == exact)


def percent_words(percent: Fraction, *, limits: Iterable[Decimal] = ()) -> str:
    """Signed per cent with one decimal, or as many as it takes not to look like a cut-off it does not equal.

    Examples
    --------
    >>> percent_words(Fraction(-3000, 70))
    '-42.9 %'
    >>> percent_words(Fraction(9996, 1000), limits=[Decimal(10)])
    '+9.996 %'
    """
    cutoffs = {Fraction(limit) for limit in limits}
    for decimals in range(1, 7):
        text = f"{float(percent):+.{decimals}f}"
        if abs(percent) in cutoffs or abs(Fraction(text)) not in cutoffs:
            break
    return f"{text} %"


def mm_words(value_um: int) -> str:
    """Millimetres with one decimal.

    Examples
    --------
    >>> mm_words(28000)
    '28.0'
    """
    return f"{value_um / 1000:.1f}"
