"""Are the rows and columns of a table of counts related: Pearson's chi-square and the exact tests, each by its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import nan

import numpy as np
from scipy.special import chdtrc

from calcmeasure.errors import TableError
from calcmeasure.stats.columns import FloatArray, IntArray, count_table
from calcmeasure.stats.exact_tables import MAX_HALVES, ExactP, count_halves, enumerate_tables, sample_tables
from calcmeasure.stats.interval import Interval
from calcmeasure.stats.proportion import clopper_pearson_interval

SMALL_EXPECTED = 5.0
"""Expected counts below this are small."""
SMALL_SHARE = 0.2
"""Cochran's rule: at most this share of the cells may have a small expected count, and none one below 1."""
MONTE_CARLO_LEVEL = 0.99
"""Level of the interval around a Monte Carlo P value."""

Counts = Sequence[Sequence[int]] | IntArray


class AssociationMethod(StrEnum):
    """The tests, each with its own P value: a report names the one it prints."""

    PEARSON = "pearson"
    """Pearson's chi-square against the chi-square distribution: an approximation for large expected counts."""
    PEARSON_EXACT = "pearson-exact"
    """Share of all tables with these margins, by probability, whose chi-square is at least as large."""
    FISHER_FREEMAN_HALTON = "fisher-freeman-halton"
    """Probability of all tables with these margins that are at most as probable: Fisher's test for any size."""
    FISHER = "fisher"
    """The same for a 2 × 2 table, two-sided."""

    @property
    def words(self) -> str:
        """The test as a methods section names it."""
        return _TEST_WORDS[self]


_TEST_WORDS = {
    AssociationMethod.PEARSON: "Pearson chi-square (asymptotic)",
    AssociationMethod.PEARSON_EXACT: "exact Pearson chi-square",
    AssociationMethod.FISHER_FREEMAN_HALTON: "Fisher–Freeman–Halton exact test",
    AssociationMethod.FISHER: "Fisher exact test (two-sided)",
}


class Computation(StrEnum):
    """How a P value was computed."""

    ASYMPTOTIC = "asymptotic"
    """From the limiting distribution."""
    ENUMERATED = "enumerated"
    """From every table with the same margins: deterministic and exact."""
    MONTE_CARLO = "monte-carlo"
    """From seeded random tables with the same margins, because there are too many to enumerate."""


@dataclass(frozen=True, slots=True)
class ExpectedCounts:
    """Expected counts under independence, and the rule of thumb on them.

    Parameters
    ----------
    smallest
        The smallest.
    below_five, cells
        Cells with an expected count below 5, of how many.
    """

    smallest: float
    below_five: int
    cells: int

    @property
    def asymptotic_valid(self) -> bool:
        """Cochran's rule: none below 1 and at most 20 % of the cells below 5."""
        return self.smallest >= 1 and self.below_five <= SMALL_SHARE * self.cells


@dataclass(frozen=True, slots=True)
class AssociationTest:
    """One test of a table of counts.

    Parameters
    ----------
    test
        Which.
    computation
        How the P value was computed.
    p
        Two-sided P value; NaN when fewer than two rows or columns have a case.
    n
        Cases in the table.
    statistic, df
        Pearson's chi-square and its degrees of freedom; None for tests that have none.
    tables
        Tables enumerated or drawn; 0 for the asymptotic test.
    seed
        Seed of the random tables; None when none were drawn.
    p_interval
        99 % interval of a Monte Carlo P value; None otherwise.
    expected
        Expected counts; None when there is nothing to compare.
    notes
        What a reader must know.
    """

    test: AssociationMethod
    computation: Computation
    p: float
    n: int
    statistic: float | None
    df: int | None
    tables: int
    seed: int | None
    p_interval: Interval | None
    expected: ExpectedCounts | None
    notes: tuple[str, ...] = ()


def pearson_chi2(counts: Counts) -> AssociationTest:
    """Pearson's chi-square test, asymptotic, without continuity correction.

    Parameters
    ----------
    counts : (r, c) whole numbers
        The table; empty rows and columns are left out and noted.

    Returns
    -------
    AssociationTest
        With a note when Cochran's rule on expected counts is broken.

    Raises
    ------
    TableError
        If the table is not rectangular or a count is negative or not whole.

    Examples
    --------
    >>> found = pearson_chi2([[25, 21, 6], [31, 28, 16]])
    >>> round(found.statistic, 3), found.df, round(found.p, 5)
    (2.092, 2, 0.35142)
    """
    table, notes = _occupied(counts)
    if min(table.shape) < 2:
        return _nothing(AssociationMethod.PEARSON, table, notes)
    expected = _expected(table)
    statistic, df = _chi2(table, expected), (table.shape[0] - 1) * (table.shape[1] - 1)
    rule = _rule(expected)
    return AssociationTest(
        test=AssociationMethod.PEARSON,
        computation=Computation.ASYMPTOTIC,
        p=float(chdtrc(df, statistic)),
        n=int(table.sum()),
        statistic=statistic,
        df=df,
        tables=0,
        seed=None,
        p_interval=None,
        expected=rule,
        notes=notes + _rule_notes(rule),
    )


def pearson_exact(counts: Counts) -> AssociationTest:
    """Exact Pearson chi-square test: all tables with the observed margins whose chi-square is at least as large.

    Parameters
    ----------
    counts : (r, c) whole numbers
        The table; empty rows and columns are left out and noted.

    Returns
    -------
    AssociationTest
        Enumerated, or a seeded Monte Carlo beyond `MAX_HALVES` half tables; the note says so.

    Raises
    ------
    TableError
        If the table is not rectangular or a count is negative or not whole.

    Examples
    --------
    >>> round(pearson_exact([[25, 21, 6], [31, 28, 16]]).p, 5)
    0.39786
    """
    table, notes = _occupied(counts)
    return _exact_test(AssociationMethod.PEARSON_EXACT, table, notes=notes, exact=_exact(table))


def fisher_freeman_halton(counts: Counts) -> AssociationTest:
    """Fisher–Freeman–Halton exact test: all tables with the observed margins that are at most as probable.

    Parameters
    ----------
    counts : (r, c) whole numbers
        The table; empty rows and columns are left out and noted.

    Returns
    -------
    AssociationTest
        Enumerated, or a seeded Monte Carlo beyond `MAX_HALVES` half tables; the note says so.

    Raises
    ------
    TableError
        If the table is not rectangular or a count is negative or not whole.

    Examples
    --------
    >>> round(fisher_freeman_halton([[25, 21, 6], [31, 28, 16]]).p, 5)
    0.4085
    """
    table, notes = _occupied(counts)
    return _exact_test(AssociationMethod.FISHER_FREEMAN_HALTON, table, notes=notes, exact=_exact(table))


def fisher_exact(counts: Counts) -> AssociationTest:
    """Fisher's exact test of a 2 × 2 table, two-sided.

    Parameters
    ----------
    counts : (2, 2) whole numbers
        The table.

    Returns
    -------
    AssociationTest
        Sum over all tables at most as probable as the observed one.

    Raises
    ------
    TableError
        If the table is not 2 × 2 or a count is negative or not whole.

    Examples
    --------
    >>> round(fisher_exact([[3, 1], [1, 3]]).p, 4)
    0.4857
    """
    if count_table(counts).shape != (2, 2):
        raise TableError("Fisher's exact test takes a 2 × 2 table; use Fisher–Freeman–Halton for a larger one")
    table, notes = _occupied(counts)
    return _exact_test(AssociationMethod.FISHER, table, notes=notes, exact=_exact(table))


def association_tests(counts: Counts) -> tuple[AssociationTest, AssociationTest, AssociationTest]:
    """All three tests of one table, so that a report can show and name them side by side.

    Parameters
    ----------
    counts : (r, c) whole numbers
        The table; empty rows and columns are left out and noted.

    Returns
    -------
    tuple of AssociationTest
        Asymptotic Pearson, exact Pearson, Fisher–Freeman–Halton (named Fisher for a 2 × 2 table).

    Raises
    ------
    TableError
        If the table is not rectangular or a count is negative or not whole.
    """
    table, notes = _occupied(counts)
    exact = _exact(table)
    last = AssociationMethod.FISHER if table.shape == (2, 2) else AssociationMethod.FISHER_FREEMAN_HALTON
    return (
        pearson_chi2(counts),
        _exact_test(AssociationMethod.PEARSON_EXACT, table, notes=notes, exact=exact),
        _exact_test(last, table, notes=notes, exact=exact),
    )


def _occupied(counts: Counts) -> tuple[IntArray, tuple[str, ...]]:
    table = count_table(counts)
    rows, columns = table.sum(axis=1) > 0, table.sum(axis=0) > 0
    kept = table[np.ix_(rows, columns)]
    empty = (table.shape[0] - kept.shape[0], table.shape[1] - kept.shape[1])
    return kept, (f"{empty[0]} empty row(s) and {empty[1]} empty column(s) left out",) if any(empty) else ()


def _expected(table: IntArray) -> FloatArray:
    products: FloatArray = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return products


def _chi2(table: IntArray, expected: FloatArray) -> float:
    return float(((table - expected) ** 2 / expected).sum())


def _rule(expected: FloatArray) -> ExpectedCounts:
    return ExpectedCounts(float(expected.min()), int(np.count_nonzero(expected < SMALL_EXPECTED)), expected.size)


def _rule_notes(rule: ExpectedCounts) -> tuple[str, ...]:
    if rule.asymptotic_valid:
        return ()
    return (
        f"{rule.below_five} of {rule.cells} expected counts are below 5 (smallest {rule.smallest:.2f}): "
        "the asymptotic P value is unreliable, read an exact one",
    )


def _exact(table: IntArray) -> ExactP | None:
    if min(table.shape) < 2:
        return None
    return enumerate_tables(table) if count_halves(table) <= MAX_HALVES else sample_tables(table)


def _exact_test(
    test: AssociationMethod, table: IntArray, *, notes: tuple[str, ...], exact: ExactP | None
) -> AssociationTest:
    if exact is None:
        return _nothing(test, table, notes)
    expected = _expected(table)
    pearson, drawn = test is AssociationMethod.PEARSON_EXACT, exact.seed is not None
    p = exact.pearson if pearson else exact.freeman_halton
    return AssociationTest(
        test=test,
        computation=Computation.MONTE_CARLO if drawn else Computation.ENUMERATED,
        p=p,
        n=int(table.sum()),
        statistic=_chi2(table, expected) if pearson else None,
        df=(table.shape[0] - 1) * (table.shape[1] - 1) if pearson else None,
        tables=exact.tables,
        seed=exact.seed,
        p_interval=_sampling_interval(p, exact.tables) if drawn else None,
        expected=_rule(expected),
        notes=notes + ((_sampling_note(exact),) if drawn else ()),
    )


def _sampling_interval(p: float, draws: int) -> Interval:
    return clopper_pearson_interval(round(p * (draws + 1)) - 1, draws, level=MONTE_CARLO_LEVEL)


def _sampling_note(exact: ExactP) -> str:
    return (
        f"Monte Carlo: {exact.tables} random tables, seed {exact.seed}, because an enumeration would hold "
        f"more than {MAX_HALVES} half tables"
    )


def _nothing(test: AssociationMethod, table: IntArray, notes: tuple[str, ...]) -> AssociationTest:
    return AssociationTest(
        test=test,
        computation=Computation.ASYMPTOTIC if test is AssociationMethod.PEARSON else Computation.ENUMERATED,
        p=nan,
        n=int(table.sum()),
        statistic=None,
        df=None,
        tables=0,
        seed=None,
        p_interval=None,
        expected=None,
        notes=(*notes, "undefined: fewer than two rows or columns have a case"),
    )
