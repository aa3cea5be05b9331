"""Bland–Altman: bias and limits of agreement with their intervals, and whether the bias grows with size."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from scipy import stats
from scipy.special import stdtr, stdtrit

from calcmeasure.stats.columns import Column, FloatArray, complete_rows, zero_warnings
from calcmeasure.stats.interval import DEFAULT_LEVEL, Interval, normal_quantile, upper_quantile


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of agreement.

    Parameters
    ----------
    value
        Bias minus or plus 1.96 standard deviations of the differences.
    exact
        Interval from the noncentral t distribution (Carkeet 2015): right for any n if differences are normal.
    approximate
        Symmetric interval of Bland and Altman (1999), the one most papers print; too narrow outwards for small n.
    """

    value: float
    exact: Interval
    approximate: Interval


@dataclass(frozen=True, slots=True)
class ProportionalBias:
    """Straight line of the differences on the means of two methods.

    Parameters
    ----------
    slope, intercept
        Least squares; a slope of 0 means that the bias does not depend on size.
    interval
        t interval of the slope.
    p
        Two-sided P value for "the slope is 0" (equal to Pitman and Morgan's test of equal spread).
    """

    slope: float
    intercept: float
    interval: Interval
    p: float


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Agreement of two methods in the unit of the measurement.

    Parameters
    ----------
    bias
        Mean of first minus second.
    bias_interval
        t interval of the bias.
    sd
        Standard deviation of the differences (n - 1).
    lower, upper
        Limits of agreement.
    proportional
        Dependence of the difference on size.
    n, left_out
        Complete pairs, and pairs that lacked a value.
    differences, means
        n values each: what a plot shows.
    notes
        What a reader must know.
    """

    bias: float
    bias_interval: Interval
    sd: float
    lower: Limit
    upper: Limit
    proportional: ProportionalBias
    n: int
    left_out: int
    differences: tuple[float, ...]
    means: tuple[float, ...]
    notes: tuple[str, ...] = ()


def bland_altman(first: Column, second: Column, *, level: float = DEFAULT_LEVEL) -> BlandAltman:
    """Bias and limits of agreement of `first` minus `second`.

    Parameters
    ----------
    first, second
        Paired measurements in one unit.
    level
        Level of the intervals; the limits themselves always span 95 % of the differences.

    Returns
    -------
    BlandAltman
        Spread and intervals are NaN for fewer than two pairs, the slope for fewer than three.

    Raises
    ------
    TableError
        If lengths differ or a value is no finite number.

    Examples
    --------
    >>> found = bland_altman([10.0, 12.0, 15.0, 20.0], [11.0, 12.0, 13.0, 18.0])
    >>> found.bias, round(found.lower.value, 2), round(found.upper.value, 2)
    (0.75, -2.19, 3.69)
    """
    rows, left_out = complete_rows([first, second])
    differences, means = rows[:, 0] - rows[:, 1], rows.mean(axis=1)
    n = len(rows)
    bias = float(differences.mean()) if n else nan
    sd = float(differences.std(ddof=1)) if n > 1 else nan
    proportional = _proportional_bias(differences, means, level=level)
    return BlandAltman(
        bias=bias,
        bias_interval=_t_interval(bias, sd / sqrt(n) if n else nan, df=n - 1, level=level),
        sd=sd,
        lower=_limit(bias, sd, n=n, side=-1, level=level),
        upper=_limit(bias, sd, n=n, side=1, level=level),
        proportional=proportional,
        n=n,
        left_out=left_out,
        differences=tuple(differences.tolist()),
        means=tuple(means.tolist()),
        notes=zero_warnings(rows) + _slope_notes(proportional, level),
    )


def _limit(bias: float, sd: float, *, n: int, side: int, level: float) -> Limit:
    z = normal_quantile(DEFAULT_LEVEL)
    value = bias + side * z * sd
    error = sd * sqrt(1 / n + z**2 / (2 * (n - 1))) if n > 1 else nan
    return Limit(
        value=value,
        exact=_exact_interval(bias, sd, n=n, side=side, level=level),
        approximate=_t_interval(value, error, df=n - 1, level=level, method="approximate (Bland–Altman 1999)"),
    )


def _exact_interval(bias: float, sd: float, *, n: int, side: int, level: float) -> Interval:
    """Invert the noncentral t for mean + z·SD; the lower limit is its mirror image."""
    method = "exact, noncentral t (Carkeet 2015)"
    if n < 2:
        return Interval(nan, nan, level, method)
    top = upper_quantile(level)
    centre = normal_quantile(DEFAULT_LEVEL) * sqrt(n)
    inner, outer = (float(stats.nct.ppf(q, n - 1, centre)) * sd / sqrt(n) for q in (1 - top, top))
    low, high = sorted((bias + side * inner, bias + side * outer))
    return Interval(low, high, level, method)


def _proportional_bias(differences: FloatArray, means: FloatArray, *, level: float) -> ProportionalBias:
    n = len(means)
    spread = float(((means - means.mean()) ** 2).sum()) if n else 0.0
    if n < 3 or spread == 0:
        return ProportionalBias(nan, nan, Interval(nan, nan, level, "Student t"), nan)
    slope = float(((means - means.mean()) * differences).sum()) / spread
    intercept = float(differences.mean() - slope * means.mean())
    residual = float(np.square(differences - intercept - slope * means).sum())
    error = sqrt(residual / (n - 2) / spread)
    p = float(2 * stdtr(n - 2, -abs(slope) / error)) if error else 0.0 if slope else 1.0
    return ProportionalBias(slope, intercept, _t_interval(slope, error, df=n - 2, level=level), p)


def _t_interval(centre: float, error: float, *, df: int, level: float, method: str = "Student t") -> Interval:
    half = float(stdtrit(df, upper_quantile(level))) * error if df > 0 else nan
    return Interval(centre - half, centre + half, level, method)


def _slope_notes(line: ProportionalBias, level: float) -> tuple[str, ...]:
    if not line.p < 1 - level:
        return ()
    return (
        f"the difference changes with size (slope {line.slope:.3g}): "
        "one bias and one pair of limits do not describe all sizes",
    )
