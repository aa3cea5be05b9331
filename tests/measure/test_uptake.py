"""Uptake of a lesion summed up, and the word for the tissue around it."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.measure.enhancement import kinetic_curve
from calcmeasure.measure.uptake import (
    background_level,
    enhancement_figures,
    lesion_uptake,
    mask_uptake,
    readers_figures,
    rounded,
)
from calcmeasure.model.enhancement import (
    BackgroundEnhancement,
    FunctionalVolume,
    LesionEnhancement,
    LesionUptake,
    PhaseDiameter,
    PhaseMotion,
)
from calcmeasure.terms.enhancement import BackgroundLevel, DelayedCourse, InitialRise

TIMES_S = (-60.0, 60.0, 120.0, 240.0, 360.0)


def curve(*signal, times_s=TIMES_S):
    phases = np.asarray(signal, float).reshape(-1, 1, 1, 1)
    return kinetic_curve(phases, times_s[: len(signal)], where=(0, 0, 0), first_post=1)


def test_a_curve_that_washes_out():
    """Worked by hand: 100 before; 260 at its height, after a minute; 195 at the end."""
    uptake = lesion_uptake(np.array([150.0, 160.0, 170.0]), curve=curve(100, 260, 250, 220, 195), early_index=1)
    assert uptake == LesionUptake(
        early_percent=160.0,
        peak_percent=pytest.approx(169.0),
        ser=pytest.approx(160 / 95),
        washout_percent=pytest.approx(25.0),
        time_to_peak_s=60.0,
        initial=InitialRise.FAST,
        delayed=DelayedCourse.WASHOUT,
    )


def painted(*signal):
    """Two voxels of a lesion, one 10 above and one 10 below each of the signals, beside one of another thing."""
    levels = np.asarray(signal, float)
    return np.stack([levels - 10, levels + 10, np.full_like(levels, 900.0)], axis=-1)[:, None, None, :]


MASK = np.array([[[True, True, False]]])


def test_any_mask_is_summed_up_as_a_found_lesion_is():
    """Percent by hand: (250 - 90) / 90 and (270 - 110) / 110; the mean signal is that of the washout above."""
    options = {"times_s": TIMES_S, "first_post": 1, "early_index": 1}
    uptake = mask_uptake(painted(100, 260, 250, 220, 195), MASK, **options)
    assert uptake.early_percent == pytest.approx((160 / 90 + 160 / 110) / 2 * 100)
    assert (uptake.ser, uptake.washout_percent) == (pytest.approx(160 / 95), pytest.approx(25.0))
    floored = mask_uptake(painted(100, 260, 250, 220, 195), MASK, floor=320.0, **options)
    assert floored.early_percent == pytest.approx(50.0)


def test_a_mask_of_phases_without_times_has_no_curve():
    times_s = (-60.0, None, 120.0)
    uptake = mask_uptake(painted(100, 260, 250), MASK, times_s=times_s, first_post=1, early_index=1)
    assert (uptake.ser, uptake.initial) == (None, None)


def test_a_curve_that_goes_on_rising():
    uptake = lesion_uptake(np.array([40.0]), curve=curve(100, 130, 140, 180, 200), early_index=2)
    assert (uptake.ser, uptake.washout_percent) == (pytest.approx(0.4), pytest.approx(-100 * 60 / 140))
    assert (uptake.initial, uptake.delayed, uptake.time_to_peak_s) == (
        InitialRise.SLOW,
        DelayedCourse.PERSISTENT,
        360.0,
    )


def test_what_no_later_phase_tells_is_left_open():
    uptake = lesion_uptake(np.array([90.0]), curve=curve(100, 190), early_index=1)
    assert (uptake.ser, uptake.washout_percent, uptake.delayed) == (None, None, None)
    assert lesion_uptake(np.array([90.0])) == LesionUptake(90.0, 90.0)


def test_nothing_left_of_the_enhancement_is_no_ratio():
    assert lesion_uptake(np.array([80.0]), curve=curve(100, 180, 150, 120, 100), early_index=1).ser is None


@pytest.mark.parametrize(
    ("percent", "level"),
    [
        (-3.0, BackgroundLevel.MINIMAL),
        (9.99, BackgroundLevel.MINIMAL),
        (10.0, BackgroundLevel.MILD),
        (25.0, BackgroundLevel.MODERATE),
        (49.9, BackgroundLevel.MODERATE),
        (50.0, BackgroundLevel.MARKED),
    ],
)
def test_the_word_for_the_background(percent, level):
    assert background_level(percent) is level


def test_the_figures_of_a_row():
    figures = enhancement_figures(
        LesionEnhancement(
            detector="d",
            uptake=LesionUptake(120.0, 180.0, 1.2),
            functional=FunctionalVolume(800.0, 2, None, {}),
            background=BackgroundEnhancement(17.0, 6.0, 210.0),
            background_level=BackgroundLevel.MILD,
            at_phases=(PhaseDiameter(1, 19.5), PhaseDiameter(3, None), PhaseDiameter(4, 21.0)),
            motion=(PhaseMotion(0, 0.2, 0.1, 1.8), PhaseMotion(3, 0.5, 0.3, 2.0)),
            volume_change=-0.02,
            mask_sha256="ab",
        )
    )
    assert (figures["neighbours_low_mm"], figures["neighbours_high_mm"]) == (19.5, 21.0)
    assert (figures["motion_before"], figures["motion_after"]) == (0.5, 0.3)
    assert (figures["volume_change_percent"], figures["functional_volume_mm3"]) == (-2.0, 800.0)
    assert (figures["early_percent"], figures["ser"], figures["washout_percent"]) == (120.0, 1.2, None)
    assert (figures["detector"], figures["mask_sha256"]) == ("d", "ab")
    assert enhancement_figures(None) == {}
    bare = enhancement_figures(LesionEnhancement("d"))
    assert {name for name, value in bare.items() if value not in (None, "")} == {"detector"}


def test_every_number_is_written_short():
    """To six digits: what follows differs between machines."""
    long = LesionEnhancement("d", LesionUptake(200 / 3, 100.0), volume_change=1 / 3, parameters={"a": 2 / 3})
    short = LesionEnhancement("d", LesionUptake(66.6667, 100.0), volume_change=0.333333, parameters={"a": 0.666667})
    assert rounded(long) == short
    assert rounded(LesionEnhancement("d")) == LesionEnhancement("d")


def test_what_a_reader_drew_is_named_as_his_and_by_its_mask():
    found = readers_figures(LesionUptake(200 / 3, 100.0), mask_sha256="ab")
    assert found == LesionEnhancement("reader", LesionUptake(66.6667, 100.0), mask_sha256="ab")
