"""Every table with given margins, in two halves that meet: exact P values without visiting each table.

The rows are split in two groups. Each group is enumerated for every way to share the column totals between the groups;
pairs of halves are then counted with a sorted list and cumulative probabilities. A 5 × 3 table with 10.7 million
possible tables needs some hundred thousand halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import nan, prod

import numpy as np
from scipy import stats
from scipy.special import gammaln

from calcmeasure.stats.columns import FloatArray, IntArray

MAX_HALVES = 2_000_000
"""Exact enumeration is used up to this many half tables (about a second), random tables beyond."""
DRAWS = 100_000
"""Random tables beyond that size."""
SEED = 20230811
"""Seed of the random tables, so that a P value is the same in every run."""
PEARSON_TIE = 1e-10
"""Relative difference below which two chi-square values are one value rounded differently."""
PROBABILITY_TIE = 1e-7
"""The same for the probabilities of two tables (the tolerance R uses)."""
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class ExactP:
    """P values over all tables with the margins of an observed one, or over a random sample of them.

    Parameters
    ----------
    pearson
        Probability of a chi-square at least as large as observed.
    freeman_halton
        Probability of all tables at most as probable as the observed one.
    tables
        How many tables have these margins, or how many were drawn.
    total
        Sum of the probabilities of all tables: 1 but for rounding. NaN for a sample.
    seed
        Seed of the sample; None when every table was counted.
    """

    pearson: float
    freeman_halton: float
    tables: int
    total: float
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class _Halves:
    """Some rows of m tables: what they leave of the columns, (c, m), and what they add to both test statistics."""

    group: IntArray
    left: IntArray
    pearson: FloatArray
    log_ways: FloatArray

    def extended(self, total: int, columns: IntArray) -> _Halves:
        """Add a row of `total` counts in every way that fits."""
        parent, rows = _rows_within(self.left, total)
        pearson, log_ways = self.pearson[parent], self.log_ways[parent]
        counts = np.arange(total + 1)
        log_factorials = gammaln(counts + 1)
        for row, column in zip(rows, columns.tolist(), strict=True):
            pearson += (counts**2 / (total * column))[row]
            log_ways -= log_factorials[row]
        log_ways += log_factorials[total]
        return _Halves(self.group[parent], self.left[:, parent] - rows, pearson, log_ways)


def enumerate_tables(counts: IntArray) -> ExactP:
    """Exact P values of a table by full enumeration.

    Parameters
    ----------
    counts : (r, c) int array
        Observed table without empty rows or columns, at least 2 × 2.

    Returns
    -------
    ExactP
        Exact Pearson and Fisher–Freeman–Halton, two-sided.

    Examples
    --------
    >>> tea = enumerate_tables(np.array([[3, 1], [1, 3]]))
    >>> round(tea.freeman_halton, 4), tea.tables
    (0.4857, 5)
    """
    table = _upright(counts)
    columns, sizes = table.sum(axis=0), np.sort(table.sum(axis=1))
    split, _ = _best_split(sizes, columns)
    upper = _extend(_start(columns[:, None]), sizes[:split], columns)
    first, group = _groups(upper.left)
    upper = _Halves(group, upper.left, upper.pearson, upper.log_ways)
    lower = _extend(_start(upper.left[:, first]), sizes[split:], columns)
    constant = float(gammaln(columns + 1).sum() - gammaln(columns.sum() + 1))
    return _meet(upper, lower, table=table, constant=constant)


def count_halves(counts: IntArray) -> int:
    """Upper bound of the half tables an enumeration would hold in memory.

    Parameters
    ----------
    counts : (r, c) int array
        Observed table without empty rows or columns.

    Returns
    -------
    int
        To be compared with `MAX_HALVES`.
    """
    table = _upright(counts)
    return _best_split(np.sort(table.sum(axis=1)), table.sum(axis=0))[1]


def sample_tables(counts: IntArray, *, draws: int = DRAWS, seed: int = SEED) -> ExactP:
    """Estimate the P values from random tables with the margins of an observed one.

    Parameters
    ----------
    counts : (r, c) int array
        Observed table without empty rows or columns.
    draws, seed
        How many, and from which seed.

    Returns
    -------
    ExactP
        (hits + 1) / (draws + 1): the observed table is one of them. The same for the same seed.
    """
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    tables = stats.random_table(rows, columns)
    rng = np.random.default_rng(seed)
    products = np.outer(rows, columns)
    pearson, probability = _thresholds(counts)
    hits = np.zeros(2, np.int64)
    for start in range(0, draws, _BATCH):
        drawn = np.asarray(tables.rvs(size=min(_BATCH, draws - start), random_state=rng))
        hits[0] += np.count_nonzero((drawn**2 / products).sum(axis=(1, 2)) >= pearson)
        hits[1] += np.count_nonzero(gammaln(drawn + 1).sum(axis=(1, 2)) >= probability)
    shares = (hits + 1) / (draws + 1)
    return ExactP(float(shares[0]), float(shares[1]), draws, nan, seed)


def _thresholds(counts: IntArray) -> tuple[float, float]:
    """Smallest sum of n²/(r·c), and of log n!, that counts as at least as extreme as observed."""
    products = np.outer(counts.sum(axis=1), counts.sum(axis=0))
    pearson = float((counts**2 / products).sum()) * (1 - PEARSON_TIE)
    return pearson, float(gammaln(counts + 1).sum()) - PROBABILITY_TIE


def _upright(counts: IntArray) -> IntArray:
    """Turn the table so that it has fewer columns than rows: columns make the states."""
    return counts if counts.shape[1] <= counts.shape[0] else counts.T


def _best_split(sizes: IntArray, columns: IntArray) -> tuple[int, int]:
    """Rows in the first group, and the halves held, where these are fewest; the last row follows from the others."""
    fitting = _ways_to_fill(columns)
    ways = [fitting[size] for size in sizes.tolist()]
    costs = []
    for k in range(1, len(sizes)):
        upper = prod(ways[:k])
        shares = min(upper, fitting[int(sizes[:k].sum())])
        costs.append((upper + shares * prod(ways[k:-1]), k))
    cost, k = min(costs)
    return k, cost


def _ways_to_fill(columns: IntArray) -> list[int]:
    """How many rows of 0, 1, 2 … counts fit under the column totals, without rounding."""
    ways = [1]
    for cap in columns.tolist():
        running = list(accumulate(ways + [0] * cap))
        ways = [total - (running[s - cap - 1] if s > cap else 0) for s, total in enumerate(running)]
    return ways


def _start(left: IntArray) -> _Halves:
    zeros = np.zeros(left.shape[1])
    return _Halves(np.arange(left.shape[1]), left, zeros, zeros)


def _extend(halves: _Halves, sizes: IntArray, columns: IntArray) -> _Halves:
    for size in sizes.tolist():
        halves = halves.extended(size, columns)
    return halves


def _rows_within(caps: IntArray, total: int) -> tuple[IntArray, IntArray]:
    """List every row of `total` counts that fits under each of the caps, with the index of its cap."""
    room = caps.sum(axis=0)
    parent, left = np.arange(caps.shape[1]), np.full(caps.shape[1], total)
    rows = np.empty((0, caps.shape[1]), np.int64)
    for cap in caps:
        room = room - cap
        low = np.maximum(left - room[parent], 0)
        width = np.maximum(np.minimum(cap[parent], left) - low + 1, 0)
        index = np.repeat(np.arange(len(parent)), width)
        value = np.arange(len(index)) + (low - np.cumsum(width) + width)[index]
        parent, left, rows = parent[index], left[index] - value, np.vstack([rows[:, index], value])
    return parent, rows


def _groups(left: IntArray) -> tuple[IntArray, IntArray]:
    """Find where each distinct row first occurs, and number all rows by that."""
    key = np.zeros(left.shape[1], np.int64)
    for column in left:
        # Numbered anew after each column, so that the key cannot outgrow an integer.
        _, first, key = np.unique(key * (column.max() + 1) + column, return_index=True, return_inverse=True)
    return first, key


def _meet(upper: _Halves, lower: _Halves, *, table: IntArray, constant: float) -> ExactP:
    pearson, probability = _thresholds(table)
    rarity = probability - float(gammaln(table.sum(axis=1) + 1).sum())
    first, last = _by_group(upper), _by_group(lower)
    sums = np.zeros(3)
    tables = 0
    for ours, theirs in zip(first, last, strict=True):
        ways = upper.log_ways[ours], lower.log_ways[theirs]
        sums += (
            _tail(upper.pearson[ours], lower.pearson[theirs], ways, at_least=pearson, constant=constant),
            _tail(-ways[0], -ways[1], ways, at_least=rarity, constant=constant),
            np.exp(ways[0] + ways[1].max() + constant).sum() * np.exp(ways[1] - ways[1].max()).sum(),
        )
        tables += len(ours) * len(theirs)
    return ExactP(min(float(sums[0]), 1.0), min(float(sums[1]), 1.0), tables, float(sums[2]))


def _by_group(halves: _Halves) -> list[IntArray]:
    order = np.argsort(halves.group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(halves.group[order])) + 1)


def _tail(
    first: FloatArray, second: FloatArray, log_ways: tuple[FloatArray, FloatArray], *, at_least: float, constant: float
) -> float:
    """Probability of all pairs of halves whose statistics add up to `at_least` or more."""
    order = np.argsort(second)
    top = float(log_ways[1].max())
    beyond = np.append(np.cumsum(np.exp(log_ways[1][order][::-1] - top))[::-1], 0.0)
    found = beyond[np.searchsorted(second[order], at_least - first)]
    return float((np.exp(log_ways[0] + top + constant) * found).sum())
