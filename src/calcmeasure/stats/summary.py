"""Describing a column: median (IQR), mean (SD), n (%); missing values are counted and never taken for zero."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import nan
from typing import Literal

import numpy as np

from calcmeasure.errors import TableError
from calcmeasure.stats.columns import Column, FloatArray, present_values


class QuantileMethod(StrEnum):
    """How a quartile between two values is interpolated; the choice shows in small groups."""

    WEIGHTED_AVERAGE = "weighted-average"
    """At rank p·(n + 1): SPSS's default, R's type 6."""
    LINEAR = "linear"
    """At rank 1 + p·(n - 1): the default of R (type 7), NumPy and Excel's QUARTILE.INC."""


@dataclass(frozen=True, slots=True)
class Median:
    """Median and quartiles.

    Parameters
    ----------
    value, q1, q3
        Median, lower and upper quartile; NaN without values.
    smallest, largest
        Range.
    method
        How quartiles were interpolated.
    n, missing
        Values used, values missing.
    """

    value: float
    q1: float
    q3: float
    smallest: float
    largest: float
    method: QuantileMethod
    n: int
    missing: int


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean and standard deviation.

    Parameters
    ----------
    value
        Mean; NaN without values.
    sd
        Standard deviation (n - 1); NaN for fewer than two values.
    n, missing
        Values used, values missing.
    """

    value: float
    sd: float
    n: int
    missing: int


@dataclass(frozen=True, slots=True)
class Share:
    """One category's n (%).

    Parameters
    ----------
    category
        Which.
    count, total
        Cases in it, of the cases that are not missing.
    """

    category: Hashable
    count: int
    total: int

    @property
    def percent(self) -> float:
        """Per cent of the known cases; NaN when there is none."""
        return 100 * self.count / self.total if self.total else nan


@dataclass(frozen=True, slots=True)
class Shares:
    """n (%) of every category of a column.

    Parameters
    ----------
    shares
        In the order of the categories given, empty ones included.
    n, missing
        Values used, values missing.
    """

    shares: tuple[Share, ...]
    n: int
    missing: int


def summarize_median(column: Column, *, method: QuantileMethod = QuantileMethod.WEIGHTED_AVERAGE) -> Median:
    """Median, quartiles and range.

    Parameters
    ----------
    column
        Numbers, None where missing.
    method
        How quartiles are interpolated.

    Returns
    -------
    Median
        Of the values present.

    Raises
    ------
    TableError
        If a value is no finite number.

    Examples
    --------
    >>> found = summarize_median([0.0, 1.0, 2.0, None, 4.0])
    >>> found.value, found.q1, found.q3, found.missing
    (1.5, 0.25, 3.5, 1)
    """
    values, missing = present_values(column)
    if not len(values):
        return Median(nan, nan, nan, nan, nan, method, 0, missing)
    q1, median, q3 = _quartiles(values, method)
    return Median(median, q1, q3, float(values.min()), float(values.max()), method, len(values), missing)


def summarize_mean(column: Column) -> Mean:
    """Mean and standard deviation.

    Parameters
    ----------
    column
        Numbers, None where missing.

    Returns
    -------
    Mean
        Of the values present.

    Raises
    ------
    TableError
        If a value is no finite number.

    Examples
    --------
    >>> summarize_mean([2.0, 4.0, None])
    Mean(value=3.0, sd=1.4142135623730951, n=2, missing=1)
    """
    values, missing = present_values(column)
    n = len(values)
    return Mean(float(values.mean()) if n else nan, float(values.std(ddof=1)) if n > 1 else nan, n, missing)


def summarize_shares(column: Sequence[Hashable | None], *, categories: Sequence[Hashable]) -> Shares:
    """Count every category: n (%).

    Parameters
    ----------
    column
        Categories, None where missing.
    categories
        All that can occur, in the order wanted.

    Returns
    -------
    Shares
        Percentages are of the known cases.

    Raises
    ------
    TableError
        If a category is not among those given.

    Examples
    --------
    >>> found = summarize_shares(["yes", "no", None, "no"], categories=["yes", "no"])
    >>> [(share.category, share.count, round(share.percent, 1)) for share in found.shares], found.missing
    ([('yes', 1, 33.3), ('no', 2, 66.7)], 1)
    """
    known = [category for category in column if category is not None]
    strangers = sorted({str(category)[:30] for category in known if category not in categories})
    if strangers:
        raise TableError(f"unknown categories: {', '.join(strangers)}; known are {', '.join(map(str, categories))}")
    shares = tuple(Share(category, known.count(category), len(known)) for category in categories)
    return Shares(shares, len(known), len(column) - len(known))


def _quartiles(values: FloatArray, method: QuantileMethod) -> tuple[float, float, float]:
    name: Literal["weibull", "linear"] = "weibull" if method is QuantileMethod.WEIGHTED_AVERAGE else "linear"
    q1, median, q3 = np.quantile(values, (0.25, 0.5, 0.75), method=name)
    return float(q1), float(median), float(q3)
