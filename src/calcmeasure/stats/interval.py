"""A confidence interval that says how it was made."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import ndtri

from calcmeasure.errors import TableError

DEFAULT_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval.

    Parameters
    ----------
    low, high
        Its ends; NaN when they do not exist for these data.
    level
        Confidence level, between 0 and 1.
    method
        How it was made, in words for a methods section.

    Examples
    --------
    >>> 0.3 in Interval(0.1, 0.5, 0.95, "Wilson score")
    True
    """

    low: float
    high: float
    level: float
    method: str

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def upper_quantile(level: float) -> float:
    """Probability below the upper end of a two-sided interval.

    Parameters
    ----------
    level
        Confidence level.

    Returns
    -------
    float
        0.975 for a level of 0.95.

    Raises
    ------
    TableError
        If the level does not lie between 0 and 1.

    Examples
    --------
    >>> upper_quantile(0.95)
    0.975
    """
    if not 0 < level < 1:
        raise TableError(f"a confidence level lies between 0 and 1, found {level}; write 0.95 for 95 %")
    return (1 + level) / 2


def normal_quantile(level: float) -> float:
    """Half-width of a two-sided normal interval, in standard errors (1.96 for 95 %).

    Parameters
    ----------
    level
        Confidence level.

    Raises
    ------
    TableError
        If the level does not lie between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 5)
    1.95996
    """
    return float(ndtri(upper_quantile(level)))
