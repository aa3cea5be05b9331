"""Tests of tables of counts against brute force, scipy and R, and what must not change them."""

from __future__ import annotations

import itertools
from math import exp, isnan, lgamma

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from calcmeasure.errors import TableError
from calcmeasure.stats.association import (
    AssociationMethod,
    Computation,
    association_tests,
    fisher_exact,
    fisher_freeman_halton,
    pearson_chi2,
    pearson_exact,
)
from calcmeasure.stats.exact_tables import MAX_HALVES, SEED, count_halves, enumerate_tables, sample_tables

# Agresti 1990, p. 61: job satisfaction by income, the example of R's fisher.test.
JOB = np.array([[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]])


@st.composite
def small_tables(draw) -> np.ndarray:
    shape = draw(st.sampled_from([(2, 2), (2, 3), (3, 2), (3, 3), (4, 2)]))
    cells = draw(st.lists(st.integers(0, 3), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    table = np.array(cells).reshape(shape)
    assume(table.sum(axis=0).all() and table.sum(axis=1).all())
    return table


def every_table(rows: list[int], columns: list[int]):
    """All tables with these margins, one cell after another."""
    if len(rows) == 1:
        yield (tuple(columns),)
        return
    for first in itertools.product(*(range(min(rows[0], c) + 1) for c in columns)):
        if sum(first) == rows[0]:
            for rest in every_table(rows[1:], [c - f for c, f in zip(columns, first, strict=True)]):
                yield (first, *rest)


def log_probability(table: np.ndarray) -> float:
    margins = [*table.sum(axis=0), *table.sum(axis=1)]
    total = lgamma(table.sum() + 1)
    return sum(lgamma(m + 1) for m in margins) - total - sum(lgamma(v + 1) for v in table.flat)


def chi2(table: np.ndarray) -> float:
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum())


def by_brute_force(table: np.ndarray) -> tuple[float, float, int]:
    pearson = freeman_halton = 0.0
    statistic, log_p = chi2(table), log_probability(table)
    tables = [np.array(t) for t in every_table(table.sum(axis=1).tolist(), table.sum(axis=0).tolist())]
    for other in tables:
        other_log_p = log_probability(other)
        pearson += exp(other_log_p) * (chi2(other) >= statistic - 1e-9)
        freeman_halton += exp(other_log_p) * (other_log_p <= log_p + 1e-7)
    return pearson, freeman_halton, len(tables)


@settings(max_examples=25, deadline=None)
@given(small_tables())
def test_enumeration_against_brute_force(table):
    found = enumerate_tables(table)
    pearson, freeman_halton, tables = by_brute_force(table)
    assert (found.pearson, found.freeman_halton) == pytest.approx((pearson, freeman_halton), abs=1e-9)
    assert found.tables == tables
    assert found.total == pytest.approx(1, abs=1e-10)


@settings(max_examples=30, deadline=None)
@given(small_tables(), st.randoms(use_true_random=False))
def test_order_and_orientation_do_not_matter(table, random):
    rows, columns = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    first = [test.p for test in association_tests(table)]
    assert [test.p for test in association_tests(table[np.ix_(rows, columns)])] == pytest.approx(first, abs=1e-12)
    assert [test.p for test in association_tests(table.T)] == pytest.approx(first, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(small_tables())
def test_p_values_are_probabilities(table):
    pearson, *exact = association_tests(table)
    assert 0 <= pearson.p <= 1
    assert all(0 < test.p <= 1 for test in exact)


@settings(max_examples=30, deadline=None)
@given(small_tables())
def test_pearson_against_scipy(table):
    found = pearson_chi2(table)
    oracle = stats.chi2_contingency(table, correction=False)
    assert (found.statistic, found.p, found.df) == pytest.approx((oracle.statistic, oracle.pvalue, oracle.dof))
    assert found.expected.smallest == pytest.approx(oracle.expected_freq.min())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=4, max_size=4))
def test_two_by_two_against_scipy(cells):
    table = np.array(cells).reshape(2, 2)
    assume(table.sum(axis=0).all() and table.sum(axis=1).all())
    assert fisher_exact(table).p == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)


@pytest.mark.parametrize(
    ("table", "p"),
    [
        ([[3, 1], [1, 3]], 0.4857),  # R: fisher.test(TeaTasting)
        ([[2, 15], [10, 3]], 0.0005367),  # R: fisher.test(Convictions)
        ([[1, 0], [0, 1]], 1.0),
    ],
)
def test_fisher_by_r(table, p):
    found = fisher_exact(table)
    assert found.p == pytest.approx(p, rel=2e-3)
    assert found.test is AssociationMethod.FISHER
    assert found.statistic is None


def test_pearson_by_r():
    """R: chisq.test(rbind(c(762, 327, 468), c(484, 239, 477))): X-squared = 30.07, df = 2, p-value = 2.954e-07."""
    found = pearson_chi2([[762, 327, 468], [484, 239, 477]])
    assert (round(found.statistic, 2), found.df, found.p) == (30.07, 2, pytest.approx(2.954e-07, rel=1e-3))


def test_beyond_the_limit_a_seeded_monte_carlo_says_so():
    """R: fisher.test(Job) gives p-value = 0.7827 by another algorithm."""
    assert count_halves(JOB) > MAX_HALVES
    found = fisher_freeman_halton(JOB)
    assert found.computation is Computation.MONTE_CARLO
    assert (found.tables, found.seed) == (100_000, SEED)
    assert 0.7827 in found.p_interval
    assert found.p_interval.level == 0.99
    assert found.notes[-1].startswith(f"Monte Carlo: 100000 random tables, seed {SEED}")
    assert fisher_freeman_halton(JOB).p == found.p
    assert pearson_exact(JOB).computation is Computation.MONTE_CARLO


def test_another_seed_gives_another_sample_around_the_same_value():
    table = np.array([[25, 21, 6], [31, 28, 16]])
    exact = enumerate_tables(table)
    first, second = (sample_tables(table, draws=20_000, seed=seed) for seed in (1, 2))
    assert first.pearson != second.pearson
    for found in (first, second):
        assert found.pearson == pytest.approx(exact.pearson, abs=0.015)
        assert found.freeman_halton == pytest.approx(exact.freeman_halton, abs=0.015)


def test_a_monte_carlo_p_is_never_zero():
    assert sample_tables(np.array([[40, 0], [0, 40]]), draws=50).freeman_halton == 1 / 51


def test_large_margins_do_not_overflow():
    found = enumerate_tables(np.array([[1000, 1000], [400, 1600]]))
    assert found.total == pytest.approx(1, abs=1e-9)
    assert 0 < found.freeman_halton < 1e-80


@pytest.mark.parametrize("counts", [[[3, 4], [0, 0]], [[5, 0], [2, 0]], [[1, 2, 3]], [[0, 0], [0, 0]]])
def test_nothing_to_compare(counts):
    for test in association_tests(counts):
        assert isnan(test.p)
        assert "undefined" in test.notes[-1]
        assert test.expected is None


def test_small_expected_counts_are_noted_on_the_asymptotic_test_only():
    pearson, exact, fisher = association_tests([[1, 9], [4, 2]])
    assert pearson.notes == (
        "3 of 4 expected counts are below 5 (smallest 1.88): the asymptotic P value is unreliable, read an exact one",
    )
    assert exact.notes == fisher.notes == ()
    assert fisher.test is AssociationMethod.FISHER


def test_a_fifth_of_small_expected_counts_is_still_valid():
    expected = pearson_chi2([[4, 4, 6, 6, 5], [16, 16, 24, 24, 20]]).expected
    assert (expected.below_five, expected.cells, expected.asymptotic_valid) == (2, 10, True)


@pytest.mark.parametrize("counts", [[[1, 2], [3]], [[1, -2], [3, 4]], [[0.5, 1], [2, 3]], [[1, np.nan], [2, 3]], []])
@pytest.mark.parametrize("test", [pearson_chi2, pearson_exact, fisher_freeman_halton, fisher_exact])
def test_what_is_no_table_of_counts(counts, test):
    with pytest.raises(TableError):
        test(counts)


def test_fisher_takes_two_by_two_only():
    with pytest.raises(TableError, match="Freeman"):
        fisher_exact([[1, 2, 3], [4, 5, 6]])


def test_every_test_has_words():
    assert len({name.words for name in AssociationMethod}) == len(AssociationMethod)
