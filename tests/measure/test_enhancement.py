"""Enhancement measures: closed forms, cut-offs from both sides, and a real time series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.errors import ErrorCode, PhaseError
from calcmeasure.measure.enhancement import (
    DelayedCourse,
    InitialRise,
    delayed_course,
    initial_rise,
    kinetic_curve,
    percent_enhancement,
    signal_enhancement_ratio,
)


def test_percent_enhancement_is_the_rise_over_the_signal_before():
    result = percent_enhancement([100.0, 200.0, 50.0], [150.0, 200.0, 25.0])
    np.testing.assert_allclose(result, [50.0, 0.0, -50.0])


def test_floor_bounds_the_denominator_only():
    np.testing.assert_allclose(percent_enhancement([1.0, 80.0], [21.0, 120.0], floor=40.0), [50.0, 50.0])


def test_no_signal_gives_zero_not_a_warning():
    np.testing.assert_array_equal(percent_enhancement([0.0, -3.0], [10.0, 10.0]), [0.0, 0.0])


def test_phases_of_different_shape_are_refused():
    with pytest.raises(PhaseError) as caught:
        percent_enhancement(np.zeros(3), np.zeros(4))
    assert caught.value.code is ErrorCode.GEOMETRY


@given(scale=st.floats(0.01, 1e4), pre=st.floats(1, 1e3), post=st.floats(0, 1e3))
def test_percent_enhancement_does_not_depend_on_the_scale(scale, pre, post):
    assert percent_enhancement(pre * scale, post * scale) == pytest.approx(percent_enhancement(pre, post), abs=1e-6)


def test_signal_enhancement_ratio_closed_form():
    ratio = signal_enhancement_ratio([100.0] * 4, [200.0, 200.0, 200.0, 100.0], [150.0, 200.0, 300.0, 200.0])
    np.testing.assert_allclose(ratio, [2.0, 1.0, 0.5, 0.0])
    assert np.isinf(signal_enhancement_ratio(100.0, 200.0, 100.0))
    assert np.isnan(signal_enhancement_ratio(100.0, 100.0, 100.0))


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(-5, "slow"), (49.999, "slow"), (50, "medium"), (100, "medium"), (100.001, "fast"), (400, "fast")],
)
def test_initial_rise_at_its_cut_offs(percent, expected):
    assert initial_rise(percent) is InitialRise(expected)


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (221, "persistent"),
        (220.0001, "persistent"),
        (220, "plateau"),
        (200, "plateau"),
        (180, "plateau"),
        (179.9999, "washout"),
        (90, "washout"),
    ],
)
def test_delayed_course_at_its_cut_offs(late, expected):
    assert delayed_course(200, late) is DelayedCourse(expected)


def _series(values):
    return np.asarray(values, dtype=np.float32)[:, None, None, None] * np.ones((1, 2, 3, 4), np.float32)


@pytest.mark.parametrize(
    ("signal", "initial", "delayed"),
    [
        ([100, 140, 170, 200], InitialRise.SLOW, DelayedCourse.PERSISTENT),
        ([100, 170, 175, 180], InitialRise.MEDIUM, DelayedCourse.PLATEAU),
        ([100, 260, 220, 190], InitialRise.FAST, DelayedCourse.WASHOUT),
    ],
)
def test_curve_of_a_voxel_and_of_a_mask_agree(signal, initial, delayed):
    times_s = [-60.0, 90.0, 210.0, 330.0]
    mask = np.ones((2, 3, 4), dtype=bool)
    for where in ((1, 2, 3), mask):
        curve = kinetic_curve(_series(signal), times_s, where=where, first_post=1)
        np.testing.assert_allclose(curve.signal, signal)
        np.testing.assert_allclose(curve.percent, np.asarray(signal) - 100.0)
        assert (curve.initial, curve.delayed, curve.baseline) == (initial, delayed, 100.0)


def test_initial_value_is_the_peak_within_two_minutes_only():
    curve = kinetic_curve(_series([100, 140, 190, 300, 300]), [-30, 40, 100, 160, 220], where=(0, 0, 0), first_post=1)
    assert curve.initial is InitialRise.MEDIUM
    assert curve.delayed is DelayedCourse.PERSISTENT


def test_several_phases_before_contrast_share_the_baseline():
    curve = kinetic_curve(_series([90, 110, 200]), [-60, -30, 60], where=(0, 0, 0), first_post=2)
    assert curve.baseline == 100.0
    assert curve.delayed is None


def test_mask_takes_the_mean():
    phases = _series([100, 200])
    phases[1, 0, 0, 0] = 600
    mask = np.zeros((2, 3, 4), dtype=bool)
    mask[0, 0, :2] = True
    assert kinetic_curve(phases, [0, 90], where=mask, first_post=1).signal[1] == 400.0


@pytest.mark.parametrize(
    ("times_s", "first_post", "code"),
    [
        ([0, 90], 1, ErrorCode.TIME_UNKNOWN),
        ([0, 90, 90], 1, ErrorCode.TIME_UNKNOWN),
        ([0, 90, 180], 0, ErrorCode.NO_BASELINE_PHASE),
        ([0, 90, 180], 3, ErrorCode.NO_BASELINE_PHASE),
    ],
)
def test_unusable_times_are_refused(times_s, first_post, code):
    with pytest.raises(PhaseError) as caught:
        kinetic_curve(_series([1, 2, 3]), times_s, where=(0, 0, 0), first_post=first_post)
    assert caught.value.code is code


def test_empty_mask_is_refused():
    with pytest.raises(PhaseError):
        kinetic_curve(_series([1, 2]), [0, 90], where=np.zeros((2, 3, 4), dtype=bool), first_post=1)


@pytest.mark.realdata
def test_real_tumour_rises_fast_and_its_surroundings_do_not(realdata):
    from scipy.io import loadmat

    path = realdata / "breast_dce_timeseries" / "invivo.mat"
    if not path.is_file():
        pytest.skip("the breast time series is not there")
    series = loadmat(path)
    phases, times_s = series["DCEdata"][:, None], series["t"].ravel()
    tumour = np.zeros(phases.shape[1:], dtype=bool)
    tumour[0, 98:104, 94:108] = True
    fat = np.zeros_like(tumour)
    fat[0, 70:95, 50:90] = True
    curve = kinetic_curve(phases, times_s, where=tumour, first_post=4)
    assert curve.initial is InitialRise.FAST
    assert curve.percent[8:].min() > 80
    assert kinetic_curve(phases, times_s, where=fat, first_post=4).initial is InitialRise.SLOW
