"""A proportion with the two intervals readers ask for: Wilson's score and Clopper–Pearson's exact one."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

from scipy.special import betaincinv

from calcmeasure.errors import TableError
from calcmeasure.stats.interval import DEFAULT_LEVEL, Interval, normal_quantile, upper_quantile


@dataclass(frozen=True, slots=True)
class Proportion:
    """`count` of `total`.

    Parameters
    ----------
    count, total
        Numerator and denominator.
    wilson
        Wilson score interval without continuity correction: close to its level on average.
    clopper_pearson
        Exact binomial interval: never below its level, therefore wider.
    """

    count: int
    total: int
    wilson: Interval
    clopper_pearson: Interval

    @property
    def value(self) -> float:
        """The proportion, 0 to 1; NaN when the total is 0."""
        return self.count / self.total if self.total else nan


def proportion(count: int, total: int, *, level: float = DEFAULT_LEVEL) -> Proportion:
    """`count` of `total` with both intervals.

    Parameters
    ----------
    count, total
        Numerator and denominator.
    level
        Confidence level.

    Returns
    -------
    Proportion
        With NaN for value and ends when the total is 0.

    Raises
    ------
    TableError
        If the count is negative or larger than the total.

    Examples
    --------
    >>> found = proportion(69, 75)
    >>> round(found.value, 3), round(found.wilson.low, 3), round(found.clopper_pearson.low, 3)
    (0.92, 0.836, 0.834)
    """
    if not 0 <= count <= total:
        raise TableError(f"{count} of {total} is no proportion; the count lies between 0 and the total")
    return Proportion(
        count, total, _wilson(count, total, level=level), clopper_pearson_interval(count, total, level=level)
    )


def clopper_pearson_interval(count: int, total: int, *, level: float = DEFAULT_LEVEL) -> Interval:
    """Exact binomial interval of `count` of `total`.

    Parameters
    ----------
    count, total
        Numerator and denominator.
    level
        Confidence level.

    Returns
    -------
    Interval
        Ends between 0 and 1; NaN when the total is 0.
    """
    tail = 1 - upper_quantile(level)
    low = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return Interval(*((low, high) if total else (nan, nan)), level, "Clopper–Pearson exact binomial")


def _wilson(count: int, total: int, *, level: float) -> Interval:
    z2 = normal_quantile(level) ** 2
    if not total:
        return Interval(nan, nan, level, "Wilson score")
    centre = (count + z2 / 2) / (total + z2)
    half = sqrt(z2 * (count * (total - count) / total + z2 / 4)) / (total + z2)
    # The ends at 0 and n are 0 and 1 by algebra; rounding must not put them outside.
    low = centre - half if count else 0.0
    return Interval(low, centre + half if count < total else 1.0, level, "Wilson score")
