"""Intervals of proportions against Newcombe's published examples, scipy and R."""

from __future__ import annotations

from math import isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calcmeasure.errors import TableError
from calcmeasure.stats.proportion import proportion


# Newcombe RG. Stat Med 1998;17:857-872, Table I: methods 3 (score) and 5 (Clopper-Pearson).
@pytest.mark.parametrize(
    ("count", "total", "score", "exact"),
    [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ],
)
def test_newcombe(count, total, score, exact):
    found = proportion(count, total)
    assert (round(found.wilson.low, 4), round(found.wilson.high, 4)) == score
    assert (round(found.clopper_pearson.low, 4), round(found.clopper_pearson.high, 4)) == exact


def test_mendel():
    """R: binom.test(682, 925): 95 percent confidence interval 0.7076683 0.7654066."""
    found = proportion(682, 925).clopper_pearson
    assert (round(found.low, 7), round(found.high, 7)) == (0.7076683, 0.7654066)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_against_scipy(case, level):
    found = proportion(*case, level=level)
    for ours, method in ((found.wilson, "wilson"), (found.clopper_pearson, "exact")):
        oracle = stats.binomtest(*case).proportion_ci(confidence_level=level, method=method)
        assert (ours.low, ours.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)
        assert 0 <= ours.low <= found.value <= ours.high <= 1
        assert ours.level == level


def test_nothing_counted():
    found = proportion(0, 0)
    assert isnan(found.value)
    assert isnan(found.wilson.low)
    assert isnan(found.clopper_pearson.high)


@pytest.mark.parametrize(("count", "total"), [(-1, 5), (6, 5)])
def test_no_proportion(count, total):
    with pytest.raises(TableError):
        proportion(count, total)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_no_level(level):
    with pytest.raises(TableError, match="95 %"):
        proportion(1, 2, level=level)
