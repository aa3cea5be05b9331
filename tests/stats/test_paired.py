"""Wilcoxon's signed-rank test against R and scipy; zeros, ties and direction."""

from __future__ import annotations

import itertools
from math import isnan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from calcmeasure.errors import TableError
from calcmeasure.stats.paired import EXACT_MAX, Direction, PairedMethod, wilcoxon_signed_rank

# Hollander M, Wolfe DA 1973, p. 29: depression scale before and after; the example of R's wilcox.test.
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]

lengths = st.integers(0, 12).map(lambda mm: mm / 2)
pairs = st.lists(st.tuples(lengths, lengths), min_size=2, max_size=9)


def test_depression_scale_exact():
    """R: wilcox.test(x, y, paired = TRUE): V = 40, p-value = 0.03906."""
    found = wilcoxon_signed_rank(BEFORE, AFTER, method=PairedMethod.EXACT)
    assert (found.negative_ranks, round(found.p, 5), found.direction) == (40, 0.03906, Direction.DOWN)
    assert (found.rises, found.falls, found.zeros, found.ties) == (2, 7, 0, 0)


def test_zeros_and_ties_by_hand():
    """Changes -1 -1 2 0 3 -3: ranks 1.5 1.5 3 . 4.5 4.5, so positive 7.5 of 15, variance 54.5 / 4."""
    found = wilcoxon_signed_rank([2, 3, 1, 4, 2, 5], [1, 2, 3, 4, 5, 2])
    assert (found.positive_ranks, found.negative_ranks) == (7.5, 7.5)
    assert (found.zeros, found.ties, found.n, found.direction) == (1, 4, 6, Direction.NONE)
    assert (found.z, found.p) == (0, 1)


def test_the_variance_is_corrected_for_ties():
    """n(n+1)(2n+1)/24 - sum(t^3 - t)/48 for 8 rises, of which 3 + 2 are tied: 51 - 30/48."""
    found = wilcoxon_signed_rank([0] * 8, [1, 1, 1, 2, 2, 3, 4, 5])
    assert found.z == pytest.approx(18 / np.sqrt(51 - 30 / 48))
    assert found.direction is Direction.UP


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(lengths, lengths), min_size=12, max_size=40))
def test_asymptotic_against_scipy(rows):
    first, second = (np.array(column) for column in zip(*rows, strict=True))
    assume(np.any(first != second))
    found = wilcoxon_signed_rank(first, second)
    oracle = stats.wilcoxon(second, first, zero_method="wilcox", correction=False, method="asymptotic")
    assert found.p == pytest.approx(oracle.pvalue)
    assert abs(found.z) == pytest.approx(abs(oracle.zstatistic))
    assert min(found.positive_ranks, found.negative_ranks) == oracle.statistic


@settings(max_examples=40, deadline=None)
@given(pairs)
def test_exact_against_every_sign_pattern(rows):
    first, second = (np.array(column) for column in zip(*rows, strict=True))
    change = (second - first)[second != first]
    assume(len(change))
    ranks = stats.rankdata(np.abs(change))
    sums = [float(np.dot(ranks, signs)) for signs in itertools.product((0, 1), repeat=len(ranks))]
    at = float(ranks[change > 0].sum())
    tail = min(np.mean([s <= at for s in sums]), np.mean([s >= at for s in sums]))
    assert wilcoxon_signed_rank(first, second, method=PairedMethod.EXACT).p == pytest.approx(min(1, 2 * tail))


@pytest.mark.parametrize("method", list(PairedMethod))
@settings(max_examples=40, deadline=None)
@given(rows=pairs)
def test_swapping_turns_the_direction_only(method, rows):
    first, second = (list(column) for column in zip(*rows, strict=True))
    assume(first != second)
    one, other = (wilcoxon_signed_rank(a, b, method=method) for a, b in ((first, second), (second, first)))
    assert one.p == pytest.approx(other.p)
    assert one.z == -other.z
    assert one.median_difference == -other.median_difference
    assert 0 < one.p <= 1
    turned = {Direction.UP: Direction.DOWN, Direction.DOWN: Direction.UP, Direction.NONE: Direction.NONE}
    assert other.direction is turned[one.direction]


def test_rounding_residue_is_a_tie():
    """0.3 - 0.1 is 0.19999999999999998: the same change as 0.2 - 0."""
    assert wilcoxon_signed_rank([0.1, 0.0], [0.3, 0.2]).ties == 2


@pytest.mark.parametrize("method", list(PairedMethod))
@pytest.mark.parametrize("column", [[1.0, 2.0], [], [None, 2.0]])
def test_nothing_moved(method, column):
    found = wilcoxon_signed_rank(column, column, method=method)
    assert isnan(found.p)
    assert isnan(found.z)
    assert "undefined" in found.notes[0]


def test_few_differences_are_noted_for_the_approximation_only():
    assert "only 9 differences" in wilcoxon_signed_rank(BEFORE, AFTER).notes[0]
    assert wilcoxon_signed_rank(BEFORE, AFTER, method=PairedMethod.EXACT).notes == ()


def test_missing_values_leave_the_pair_out():
    found = wilcoxon_signed_rank([*BEFORE, None, 3.0], [*AFTER, 1.0, None], method=PairedMethod.EXACT)
    assert (found.n, found.left_out, round(found.p, 5)) == (9, 2, 0.03906)


def test_the_exact_test_has_a_limit():
    many = np.arange(1.0, EXACT_MAX + 2)
    with pytest.raises(TableError, match=str(EXACT_MAX)):
        wilcoxon_signed_rank(np.zeros_like(many), many, method=PairedMethod.EXACT)


def test_exact_and_asymptotic_meet_for_many_pairs():
    rng = np.random.default_rng(5)
    first = rng.normal(10, 2, 200)
    second = first + rng.normal(0.2, 1, 200)
    exact, asymptotic = (
        wilcoxon_signed_rank(first, second, method=m) for m in (PairedMethod.EXACT, PairedMethod.ASYMPTOTIC)
    )
    assert exact.p == pytest.approx(asymptotic.p, rel=0.02)
