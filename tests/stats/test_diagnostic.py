"""What a 2 x 2 table says, with every denominator that can be empty."""

from __future__ import annotations

from math import inf, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calcmeasure.errors import TableError
from calcmeasure.stats.diagnostic import TwoByTwo, count_two_by_two, diagnostic_accuracy

counts = st.builds(TwoByTwo, *[st.integers(1, 80)] * 4)


def accuracy(tp: int, fp: int, fn: int, tn: int):
    return diagnostic_accuracy(TwoByTwo(tp, fp, fn, tn), positive="disease")


@given(counts)
def test_complements(table):
    found = diagnostic_accuracy(table, positive="disease")
    assert found.sensitivity.value + found.false_negative_rate.value == pytest.approx(1)
    assert found.specificity.value + found.false_positive_rate.value == pytest.approx(1)
    assert found.youden.value == pytest.approx(found.sensitivity.value + found.specificity.value - 1)
    assert found.accuracy.total == found.prevalence.total == table.n
    assert found.notes == ()


@given(counts)
def test_the_other_positive_class_swaps_the_figures(table):
    turned = TwoByTwo(tp=table.tn, fp=table.fn, fn=table.fp, tn=table.tp)
    one, other = (diagnostic_accuracy(t, positive="x") for t in (table, turned))
    assert one.sensitivity == other.specificity
    assert one.ppv == other.npv
    assert one.accuracy == other.accuracy
    assert one.youden.value == pytest.approx(other.youden.value)


@settings(max_examples=40, deadline=None)
@given(counts, st.floats(0.5, 0.99))
def test_likelihood_ratios_against_scipys_relative_risk(table, level):
    found = diagnostic_accuracy(table, positive="disease", level=level)
    diseased, healthy = table.tp + table.fn, table.fp + table.tn
    for ratio, a, b in (
        (found.likelihood_ratio_positive, table.tp, table.fp),
        (found.likelihood_ratio_negative, table.fn, table.tn),
    ):
        oracle = stats.contingency.relative_risk(a, diseased, b, healthy)
        interval = oracle.confidence_interval(level)
        assert ratio.value == pytest.approx(oracle.relative_risk)
        assert (ratio.interval.low, ratio.interval.high) == pytest.approx((interval.low, interval.high))


# Newcombe RG. Stat Med 1998;17:873-890, Table II, method 10: p1 - p2.
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0000)],
)
def test_youden_by_newcombes_difference(first, second, low, high):
    found = accuracy(first[0], second[0], first[1] - first[0], second[1] - second[0]).youden.interval
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("table", "undefined", "note"),
    [
        ((0, 3, 0, 5), ("sensitivity", "false_negative_rate", "youden"), "no positive case"),
        ((3, 0, 5, 0), ("specificity", "false_positive_rate", "youden"), "no negative case"),
        ((0, 0, 3, 5), ("ppv",), "no positive test"),
        ((3, 5, 0, 0), ("npv",), "no negative test"),
    ],
)
def test_empty_denominators(table, undefined, note):
    found = accuracy(*table)
    assert all(isnan(getattr(found, name).value) for name in undefined)
    assert found.notes[0].startswith(note)


def test_likelihood_ratios_at_the_edges():
    assert accuracy(5, 0, 2, 9).likelihood_ratio_positive.value == inf
    assert accuracy(5, 1, 0, 9).likelihood_ratio_negative.value == 0
    assert isnan(accuracy(0, 0, 2, 9).likelihood_ratio_positive.value)
    for found in (accuracy(5, 0, 2, 9).likelihood_ratio_positive, accuracy(5, 1, 0, 9).likelihood_ratio_negative):
        assert isnan(found.interval.low)


def test_counting():
    test = [True, True, False, False, None, True]
    truth = [True, False, True, False, True, None]
    assert count_two_by_two(test, truth) == TwoByTwo(1, 1, 1, 1, left_out=2)


def test_lists_of_different_length():
    with pytest.raises(TableError):
        count_two_by_two([True], [])


@pytest.mark.parametrize("positive", ["", "  "])
def test_the_positive_class_is_always_named(positive):
    with pytest.raises(TableError, match="positive"):
        diagnostic_accuracy(TwoByTwo(1, 1, 1, 1), positive=positive)


def test_negative_counts():
    with pytest.raises(TableError):
        TwoByTwo(1, -1, 0, 0)
