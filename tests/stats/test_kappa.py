"""Kappa against R, and its limits."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calcmeasure.errors import TableError
from calcmeasure.stats.association import pearson_chi2
from calcmeasure.stats.kappa import KappaWeights, kappa

# Agresti 1990: 91 couples; R: vcd::Kappa(SexualFun), which prints value and ASE.
COUPLES = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]


@pytest.mark.parametrize(
    ("weights", "value", "error"), [(KappaWeights.NONE, 0.1293, 0.06860), (KappaWeights.LINEAR, 0.2374, 0.07832)]
)
def test_couples(weights, value, error):
    found = kappa(COUPLES, weights=weights)
    assert (round(found.value, 4), round(found.standard_error, 5), found.n) == (value, error, 91)
    assert found.interval.low == pytest.approx(value - 1.95996 * error, abs=1e-4)


def test_weighted_agreement_counts_the_largest_step_as_none():
    found = kappa([[1, 0, 1], [0, 1, 1], [0, 0, 1]], weights=KappaWeights.LINEAR)
    assert found.observed == pytest.approx((3 + 0.5 + 0) / 5)


def test_quadratic_weights_by_their_definition():
    table = np.array(COUPLES, float)
    apart = np.subtract.outer(np.arange(4), np.arange(4)) ** 2
    chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    expected = 1 - (apart * table).sum() / (apart * chance).sum()
    assert kappa(COUPLES, weights=KappaWeights.QUADRATIC).value == pytest.approx(expected)


def test_p_of_two_by_two_is_pearsons():
    """Under independence, kappa's squared z of a 2 x 2 table is Pearson's chi-square."""
    table = [[20, 5], [10, 15]]
    assert kappa(table).p == pytest.approx(pearson_chi2(table).p)


@pytest.mark.parametrize("weights", list(KappaWeights))
def test_full_agreement(weights):
    found = kappa([[5, 0, 0], [0, 7, 0], [0, 0, 3]], weights=weights)
    assert (found.value, found.interval.low, found.interval.high) == (1, 1, 1)


@pytest.mark.parametrize("counts", [[[9, 0], [0, 0]], [[0, 0], [0, 0]], [[4]]])
def test_undefined_says_so(counts):
    found = kappa(counts)
    assert isnan(found.value)
    assert "undefined" in found.notes[0]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 9), min_size=9, max_size=9), st.sampled_from(list(KappaWeights)))
def test_swapping_readers_or_turning_the_order_changes_nothing(cells, weights):
    table = np.array(cells).reshape(3, 3)
    found = kappa(table, weights=weights)
    assume(not isnan(found.value))
    for other in (table.T, table[::-1, ::-1]):
        again = kappa(other, weights=weights)
        assert (again.value, again.standard_error) == pytest.approx((found.value, found.standard_error), abs=1e-9)
    assert found.interval.low <= found.value <= found.interval.high


def test_two_categories_need_no_weights():
    assert len({round(kappa([[20, 5], [10, 15]], weights=weights).value, 12) for weights in KappaWeights}) == 1


def test_a_table_that_is_not_square():
    with pytest.raises(TableError):
        kappa([[1, 2, 3], [4, 5, 6]])
