"""How fast contrast agent leaves: rates of known curves, whatever the times, and against the vessels of a series."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.lesions.exchange import UNKNOWN, against_blood, exchange_rate, uptake_curve
from calcmeasure.phantom.dynamic.kinetics import ArterialInput, Tissue, tissue_concentration

SOON, LATE = (60.0, 140.0, 220.0), (50.0, 95.0, 400.0)
SHAPE = (15, 25, 25)
BALL = sum((i - n // 2) ** 2 for i, n in zip(np.indices(SHAPE), SHAPE, strict=True)) <= 3**2
ONE_MM = np.ones(3)


def curve(rate_per_min: float, times_s: tuple[float, ...]) -> np.ndarray:
    """Uptake of a tissue with another plasma curve than the one that rates are told with."""
    tissue = Tissue(1.2, ktrans_per_min=0.4 * rate_per_min, ve=0.4)
    return tissue_concentration(times_s, tissue, arterial=ArterialInput())


@pytest.mark.parametrize("times_s", [SOON, LATE])
def test_what_exchanges_faster_has_the_higher_rate(times_s):
    rates = [exchange_rate(curve(k, times_s), times_s, early=0) for k in (0.08, 0.25, 0.7, 2.0)]
    assert np.diff(rates).min() > 0.3
    blood = exchange_rate(ArterialInput().plasma_mm(times_s), times_s, early=0)
    assert blood > rates[2] + 0.3


def test_a_rate_is_the_same_at_other_times_and_doses():
    rates = [exchange_rate(dose * curve(0.25, times), times, early=0) for dose, times in ((1, SOON), (30, LATE))]
    assert rates[0] == pytest.approx(rates[1], abs=0.35)


@pytest.mark.parametrize(("values", "early"), [([200.0], 0), ([], 0), ([-3.0, 200.0], 0)])
def test_a_curve_that_cannot_be_judged_has_no_rate(values, early):
    assert np.isnan(exchange_rate(np.array(values), SOON[: len(values)], early=early))


def test_rates_are_told_against_the_fastest():
    rates = np.array([2.5] * 8 + [1.0, 2.3, np.nan, -2.0])
    found = against_blood(rates)
    np.testing.assert_allclose(found[:8], [[2.5, 0.0, 0.6]] * 8)
    np.testing.assert_allclose(found[8], [1.0, -1.5, 0.0])
    np.testing.assert_allclose(found[9], [2.3, -0.2, 0.4])
    np.testing.assert_array_equal(found[10:], [UNKNOWN] * 2, "no rate, and one slower than gland's")


def test_without_times_nothing_is_told_of_any():
    np.testing.assert_array_equal(against_blood(np.full(3, np.nan)), [UNKNOWN] * 3)
    assert against_blood(np.empty(0)).shape == (0, 3)


def test_the_curve_is_followed_when_a_phase_has_moved_a_little():
    before = np.full(SHAPE, 100.0, np.float32)
    phases = [before + 200 * BALL, before + 150 * np.roll(BALL, 1, axis=2)]
    still, moved = uptake_curve(BALL, phases, before, voxel_mm=ONE_MM)
    assert still == pytest.approx(200, rel=0.06)
    assert moved / still == pytest.approx(0.75, abs=0.04)
