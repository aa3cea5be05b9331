"""Centimetres under a heading of millimetres: suspected and asked about, never converted in silence."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from statistics import median

FEWEST_VALUES = 3
"""Fewer lengths than this tell nothing about their unit."""
LARGEST_CM, MEDIAN_CM = 15.0, 8.0
"""In cm, extents and tumours hardly ever exceed the first, and half of them never the second; in mm they mostly do."""


class LengthUnit(StrEnum):
    """Unit of the columns that look like centimetres, as the user confirms it."""

    MM = "mm"
    CM = "cm"


def looks_like_centimetres(values: Iterable[float]) -> bool:
    """Whether a column of lengths looks like centimetres: all of them small, most with decimals.

    Zeros say nothing: 0 cm is 0 mm.

    Parameters
    ----------
    values
        The numbers of one column.

    Examples
    --------
    >>> looks_like_centimetres([3.3, 2.8, 0.0, 4.8]), looks_like_centimetres([33.0, 28.0, 0.0, 48.0])
    (True, False)
    """
    lengths = [value for value in values if value > 0]
    if len(lengths) < FEWEST_VALUES or max(lengths) > LARGEST_CM or median(lengths) >= MEDIAN_CM:
        return False
    fractions = sum(not value.is_integer() for value in lengths)
    return 2 * fractions >= len(lengths)


def millimetres_of(value_cm: float) -> float:
    """Turn centimetres into millimetres, exactly as they are written.

    Examples
    --------
    >>> millimetres_of(3.63)
    36.3
    """
    return float(Decimal(str(value_cm)) * 10)
