"""Cohen's kappa: agreement of two readers on categories beyond chance, unweighted or weighted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import nan, sqrt

import numpy as np
from scipy.special import ndtr

from calcmeasure.errors import TableError
from calcmeasure.stats.columns import FloatArray, IntArray, count_table
from calcmeasure.stats.interval import DEFAULT_LEVEL, Interval, normal_quantile


class KappaWeights(StrEnum):
    """How much a disagreement counts."""

    NONE = "unweighted"
    """Every disagreement counts fully: for categories without an order."""
    LINEAR = "linear"
    """In proportion to the number of steps apart (Cicchetti–Allison)."""
    QUADRATIC = "quadratic"
    """In proportion to the squared number of steps apart (Fleiss–Cohen)."""


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance.

    Parameters
    ----------
    weights
        How disagreements were weighted.
    value
        Kappa; NaN when chance alone would give full agreement.
    interval
        Normal interval from the large-sample standard error of Fleiss, Cohen and Everitt (1969).
    standard_error
        That standard error.
    p
        Two-sided P value for "kappa is 0", from the standard error under that hypothesis.
    observed, expected
        Weighted agreement found, and expected by chance.
    n
        Cases rated by both.
    notes
        What a reader must know.
    """

    weights: KappaWeights
    value: float
    interval: Interval
    standard_error: float
    p: float
    observed: float
    expected: float
    n: int
    notes: tuple[str, ...] = ()


def kappa(
    counts: list[list[int]] | IntArray, *, weights: KappaWeights = KappaWeights.NONE, level: float = DEFAULT_LEVEL
) -> Kappa:
    """Cohen's kappa of a square table.

    Parameters
    ----------
    counts : (c, c) whole numbers
        Cases by the first reader's category (rows) and the second's (columns), in one order.
    weights
        How disagreements count.
    level
        Confidence level.

    Returns
    -------
    Kappa
        With NaN and a note when the readers used one category only or there is no case.

    Raises
    ------
    TableError
        If the table is not square or a count is negative or not whole.

    Examples
    --------
    >>> round(kappa([[20, 5], [10, 15]]).value, 2)
    0.4
    """
    table = count_table(counts)
    if table.shape[0] != table.shape[1]:
        raise TableError(f"kappa needs the same categories for both readers, found a table of {table.shape}")
    n = int(table.sum())
    shares = table / max(n, 1)
    agreement = _agreement_weights(len(table), weights)
    observed = float((agreement * shares).sum())
    chance = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    expected = float((agreement * chance).sum())
    if n == 0 or np.isclose(expected, 1):
        return _undefined(weights, observed=observed, expected=expected, n=n, level=level)
    value = (observed - expected) / (1 - expected)
    error = _standard_error(shares, agreement, value=value, n=n)
    null = _standard_error(chance, agreement, value=0.0, n=n)
    return Kappa(
        weights=weights,
        value=value,
        interval=_interval(value, error, level=level),
        standard_error=error,
        p=float(2 * ndtr(-abs(value) / null)) if null else nan,
        observed=observed,
        expected=expected,
        n=n,
    )


def _agreement_weights(size: int, weights: KappaWeights) -> FloatArray:
    steps = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / max(size - 1, 1)
    found: FloatArray = {
        KappaWeights.NONE: (steps == 0).astype(np.float64),
        KappaWeights.LINEAR: 1 - steps,
        KappaWeights.QUADRATIC: 1 - steps**2,
    }[weights]
    return found


def _standard_error(shares: FloatArray, agreement: FloatArray, *, value: float, n: int) -> float:
    """Large-sample error of kappa; with chance shares and a kappa of 0, the error under no agreement."""
    first, second = shares.sum(axis=1), shares.sum(axis=0)
    expected = float((agreement * np.outer(first, second)).sum())
    by_row, by_column = agreement @ second, first @ agreement
    spread = (shares * (agreement - np.add.outer(by_row, by_column) * (1 - value)) ** 2).sum()
    variance = float(spread) - (value - expected * (1 - value)) ** 2
    return sqrt(max(variance, 0.0) / n) / (1 - expected)


def _interval(value: float, error: float, *, level: float) -> Interval:
    half = normal_quantile(level) * error
    method = "normal, Fleiss–Cohen–Everitt standard error"
    return Interval(max(value - half, -1.0), min(value + half, 1.0), level, method)


def _undefined(weights: KappaWeights, *, observed: float, expected: float, n: int, level: float) -> Kappa:
    interval = _interval(nan, nan, level=level)
    note = "undefined: no case, or both readers used one category only"
    return Kappa(weights, nan, interval, nan, nan, observed, expected, n, (note,))
