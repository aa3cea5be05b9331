"""Medians, means and shares; missing is never zero."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from calcmeasure.errors import TableError
from calcmeasure.stats.columns import count_table, cross_count, present_values, zero_warnings
from calcmeasure.stats.interval import Interval
from calcmeasure.stats.summary import QuantileMethod, summarize_mean, summarize_median, summarize_shares

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("column", "method", "q1", "median", "q3"),
    [
        # R: quantile(x, c(.25, .5, .75), type = 6) and type = 7
        (range(1, 11), QuantileMethod.WEIGHTED_AVERAGE, 2.75, 5.5, 8.25),
        (range(1, 11), QuantileMethod.LINEAR, 3.25, 5.5, 7.75),
        ([1, 2, 3, 4, 5, 6, 7], QuantileMethod.WEIGHTED_AVERAGE, 2, 4, 6),
        ([1, 2, 3, 4, 5, 6, 7], QuantileMethod.LINEAR, 2.5, 4, 5.5),
        # Below rank 1 and above rank n there is nothing to average: the ends stand.
        ([3, 8], QuantileMethod.WEIGHTED_AVERAGE, 3, 5.5, 8),
        ([4], QuantileMethod.WEIGHTED_AVERAGE, 4, 4, 4),
    ],
)
def test_quartiles(column, method, q1, median, q3):
    found = summarize_median([float(v) for v in column], method=method)
    assert (found.q1, found.value, found.q3) == pytest.approx((q1, median, q3))
    assert found.method is method


@given(values)
def test_weighted_average_is_rank_p_times_n_plus_one(column):
    found = summarize_median(column)
    low, high = stats.mstats.mquantiles(column, [0.25, 0.75], alphap=0, betap=0)
    assert (found.q1, found.q3) == pytest.approx((low, high), abs=1e-6)
    assert found.smallest <= found.q1 <= found.value <= found.q3 <= found.largest


@given(values, st.integers(0, 5))
def test_missing_values_change_counts_only(column, missing):
    with_gaps = [*column, *[None] * missing]
    median, mean = summarize_median(with_gaps), summarize_mean(with_gaps)
    assert (median.n, median.missing, mean.missing) == (len(column), missing, missing)
    assert median.value == summarize_median(column).value
    assert mean.value == summarize_mean(column).value == pytest.approx(np.mean(column), abs=1e-6)


def test_zero_is_a_value():
    found = summarize_median([0.0, 0.0, None, 2.0])
    assert (found.value, found.n, found.missing) == (0.0, 3, 1)


@pytest.mark.parametrize("column", [[], [None, nan]])
def test_nothing_to_summarise(column):
    assert isnan(summarize_median(column).value)
    assert isnan(summarize_mean(column).value)
    assert summarize_median(column).missing == len(column)


def test_one_value_has_no_spread():
    found = summarize_mean([3.0])
    assert found.value == 3
    assert isnan(found.sd)


def test_shares_keep_empty_categories_and_leave_missing_out():
    found = summarize_shares(["CR", "PR", None, "PR"], categories=["CR", "PR", "PD"])
    assert [share.count for share in found.shares] == [1, 2, 0]
    assert sum(share.percent for share in found.shares) == pytest.approx(100)
    assert (found.n, found.missing) == (3, 1)


def test_shares_of_nothing():
    assert isnan(summarize_shares([None], categories=["CR"]).shares[0].percent)


def test_unknown_categories_are_named():
    with pytest.raises(TableError, match="maybe"):
        summarize_shares(["yes", "maybe"], categories=["yes", "no"])


@pytest.mark.parametrize("column", [["a"], [1.0, np.inf], [[1.0], [2.0]]])
def test_columns_that_hold_no_numbers(column):
    with pytest.raises(TableError):
        present_values(column)


def test_cross_count():
    pairs = [("a", "x"), ("a", "y"), ("b", "x"), ("a", "x"), (None, "x"), ("b", None)]
    counts, left_out = cross_count(pairs, rows=["a", "b", "c"], columns=["x", "y"])
    assert counts.tolist() == [[2, 1], [1, 0], [0, 0]]
    assert left_out == 2


def test_cross_count_knows_its_categories():
    with pytest.raises(TableError, match="'z' is not one of a, b"):
        cross_count([("z", "x")], rows=["a", "b"], columns=["x"])


def test_count_table_takes_whole_floats():
    assert count_table([[1.0, 2.0], [3.0, 0.0]]).tolist() == [[1, 2], [3, 0]]


@pytest.mark.parametrize(("zeros", "warned"), [(1, False), (2, True), (10, True)])
def test_zero_warnings_from_a_fifth_on(zeros, warned):
    rows = np.ones((10, 2))
    rows[:zeros, 1] = 0
    found = zero_warnings(rows)
    assert len(found) == warned
    assert all("column 2" in sentence for sentence in found)


def test_one_sentence_for_all_columns():
    (sentence,) = zero_warnings(np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert sentence.startswith("zero-heavy: 1 of 2 values in column 1 and 2 of 2 values in column 2 are 0")


def test_no_row_no_warning():
    assert zero_warnings(np.empty((0, 2))) == ()


def test_intervals_hold_their_ends():
    interval = Interval(0.1, 0.5, 0.95, "test")
    assert [value in interval for value in (0.1, 0.3, 0.5, 0.51, nan)] == [True, True, True, False, False]
