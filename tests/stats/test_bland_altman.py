"""Limits of agreement against Bland and Altman's own example, and their coverage."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calcmeasure.errors import TableError
from calcmeasure.stats.bland_altman import bland_altman

# Bland JM, Altman DG. Lancet 1986;1:307-310: peak flow (l/min), large and mini Wright meter, first readings.
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
TRUE_UPPER = stats.norm.ppf(0.975)
"""Upper limit of standard normal differences."""

finite = st.floats(-100, 100).map(lambda v: round(v, 3))


def test_the_lancet_example():
    """Printed: bias -2.1, SD 38.8; 95 % interval of the bias -22.0 to 17.8."""
    found = bland_altman(LARGE, MINI)
    assert (round(found.bias, 1), round(found.sd, 1), found.n) == (-2.1, 38.8, 17)
    assert (found.bias_interval.low, found.bias_interval.high) == pytest.approx((-22.0, 17.8), abs=0.06)


def test_the_limits_of_the_lancet_example():
    """Printed with 2 SD and a rounded error of 16.3: -79.7 (-114.3 to -45.1), 75.5 (40.9 to 110.1)."""
    found = bland_altman(LARGE, MINI)
    for limit, printed in ((found.lower, (-79.7, -114.3, -45.1)), (found.upper, (75.5, 40.9, 110.1))):
        assert (limit.value, limit.approximate.low, limit.approximate.high) == pytest.approx(printed, abs=2.0)
    assert found.upper.value == pytest.approx(found.bias + 1.959964 * found.sd)


def test_exact_intervals_reach_further_out_than_approximate_ones():
    found = bland_altman(LARGE, MINI)
    assert found.upper.exact.high > found.upper.approximate.high
    assert found.lower.exact.low < found.lower.approximate.low
    assert found.upper.exact.low > found.upper.approximate.low


def test_exact_intervals_cover_in_small_samples():
    """Ends at bias + g SD: over normal samples of 6, each lies beyond the true limit in 2.5 %."""
    six = np.array([-2.0, -1.0, 0.0, 0.0, 1.0, 2.0])
    found = bland_altman(six / six.std(ddof=1), np.zeros(6)).upper.exact
    rng = np.random.default_rng(11)
    means, sds = rng.normal(0, 6**-0.5, 1_000_000), np.sqrt(rng.chisquare(5, 1_000_000) / 5)
    assert np.mean(means + found.low * sds > TRUE_UPPER) == pytest.approx(0.025, abs=0.001)
    assert np.mean(means + found.high * sds < TRUE_UPPER) == pytest.approx(0.025, abs=0.001)


def test_proportional_bias_against_scipy():
    first, second = np.array(LARGE, float), np.array(MINI, float)
    found = bland_altman(LARGE, MINI).proportional
    oracle = stats.linregress((first + second) / 2, first - second)
    assert (found.slope, found.intercept, found.p) == pytest.approx((oracle.slope, oracle.intercept, oracle.pvalue))
    half = stats.t.ppf(0.975, 15) * oracle.stderr
    assert (found.interval.low, found.interval.high) == pytest.approx((oracle.slope - half, oracle.slope + half))


def test_a_difference_that_grows_is_noted():
    size = np.arange(1.0, 30.0)
    found = bland_altman(1.3 * size, size)
    assert "changes with size" in found.notes[-1]
    assert found.proportional.slope == pytest.approx(0.3 / 1.15)


@settings(max_examples=40)
@given(st.lists(st.tuples(finite, finite), min_size=3, max_size=20), st.floats(-10, 10))
def test_swapping_methods_mirrors_everything(pairs, shift):
    first, second = (np.array(column) + shift for column in zip(*pairs, strict=True))
    one, other = bland_altman(first, second), bland_altman(second, first)
    assert one.bias == pytest.approx(-other.bias)
    assert one.lower.value == pytest.approx(-other.upper.value)
    assert one.lower.exact.low == pytest.approx(-other.upper.exact.high)
    assert one.lower.approximate.low == pytest.approx(-other.upper.approximate.high)


def test_what_a_plot_shows():
    found = bland_altman([3.0, None, 5.0], [1.0, 2.0, 6.0])
    assert (found.differences, found.means, found.left_out) == ((2.0, -1.0), (2.0, 5.5), 1)


@pytest.mark.parametrize(("n", "bias_known"), [(0, False), (1, True), (2, True)])
def test_few_pairs(n, bias_known):
    found = bland_altman([5.0, 7.0][:n], [4.0, 5.0][:n])
    assert isnan(found.bias) != bias_known
    assert isnan(found.lower.value) == (n < 2)
    assert isnan(found.upper.exact.low) == (n < 2)
    assert isnan(found.proportional.slope)


def test_identical_methods():
    found = bland_altman([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])
    assert (found.bias, found.lower.value, found.upper.value) == (0, 0, 0)
    assert (found.proportional.slope, found.proportional.p) == (0, 1)


def test_zeros_are_warned_about():
    assert any(note.startswith("zero-heavy") for note in bland_altman([0.0, 0.0, 3.0], [1.0, 2.0, 3.0]).notes)


def test_columns_of_different_length():
    with pytest.raises(TableError):
        bland_altman([1.0, 2.0], [1.0])
