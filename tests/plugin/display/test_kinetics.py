"""Curves of a place or a lesion: mean of the voxels named, real seconds, class in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.measure.early_phase import choose_early_phase
from calcmeasure.model.imaging import DynamicSeries, Phase
from napari_calcmeasure.display.kinetics import MIN_VOXELS, curve_at, curve_of_mask, uptake_of
from napari_calcmeasure.reading.finding import LesionMask

TIMES_S = (-50.0, 85.0, 155.0, 225.0)
COURSES = {
    ("fast initial rise, washout"): (100, 250, 200, 180),
    ("medium initial rise, persistent"): (100, 180, 200, 220),
    ("slow initial rise, plateau"): (100, 130, 132, 128),
}


def series_of(*, times_s=TIMES_S, spacing=(3.0, 1.0, 1.0), first_post=1, shape=(4, 20, 24)):
    slice_mm, row_mm, col_mm = spacing
    axes = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    grid = ImageGrid(shape, (0.0, 0.0, 0.0), axes, Spacing(row_mm, col_mm, SpacingSource.PATIENT, slice_mm=slice_mm))
    phases = tuple(Phase(n, time, time, 60.0, ()) for n, time in enumerate(times_s))
    return DynamicSeries(("1",), "1", "GE", "key", "reason", "injection", phases, first_post, grid)


def volumes_of(course, *, shape=(4, 20, 24)):
    return np.stack([np.full(shape, value, np.float32) for value in course])


SERIES = series_of()
EARLY = choose_early_phase(SERIES)


@pytest.mark.parametrize(("words", "course"), COURSES.items())
def test_the_class_is_named_and_seconds_are_real(words, course):
    found = curve_at(volumes_of(course), SERIES, point_zrc=(1.0, 8.0, 9.0), early=EARLY)
    assert found.words == words
    assert list(found.panel.curve.times_s) == list(TIMES_S)
    assert list(found.panel.curve.signal) == list(course)
    assert (found.panel.chosen, found.panel.time_zero) == (1, "injection")
    assert found.problem == ""


@settings(deadline=None)
@given(
    point=st.tuples(st.integers(0, 3), st.floats(-0.5, 19.4), st.floats(-0.5, 23.4)),
    radius_mm=st.floats(0.1, 6.0),
    steps=st.tuples(st.floats(0.4, 4.0), st.floats(0.4, 4.0)),
)
def test_the_mean_is_that_of_the_voxels_within_the_radius(point, radius_mm, steps):
    series = series_of(spacing=(3.0, *steps))
    volumes = np.random.default_rng(3).uniform(100, 900, (4, 4, 20, 24)).astype(np.float32)
    found = curve_at(volumes, series, point_zrc=tuple(map(float, point)), early=EARLY, radius_mm=radius_mm)
    rows, columns = np.mgrid[:20, :24]
    away_mm = np.hypot((rows - point[1]) * steps[0], (columns - point[2]) * steps[1])
    within = away_mm <= radius_mm
    if within.sum() < MIN_VOXELS:
        within = np.zeros_like(within)
        within.flat[np.argsort(away_mm, axis=None, kind="stable")[:MIN_VOXELS]] = True
        # Equal distances may be taken in another order: any three of the nearest will do.
        assert f"{MIN_VOXELS} voxels nearest" in found.place
        return
    assert found.panel.curve.signal == pytest.approx(volumes[:, point[0]][:, within].mean(axis=1), rel=1e-5)
    assert f"mean of {within.sum()} voxels" in found.place


def test_large_voxels_give_the_three_nearest():
    volumes = np.zeros((4, 4, 20, 24), np.float32)
    volumes[:, 2, 7, 10:12] = 300.0
    volumes[:, 2, 8, 10] = 600.0
    coarse = series_of(spacing=(3.0, 5.0, 5.0))
    found = curve_at(volumes, coarse, point_zrc=(2.2, 7.2, 10.3), early=EARLY)
    assert found.panel.curve.signal[0] == pytest.approx(400.0)
    assert found.place == "mean of the 3 voxels nearest to the cursor on slice 2"


@pytest.mark.parametrize("point", [(-1.0, 5.0, 5.0), (4.0, 5.0, 5.0), (1.0, -0.6, 5.0), (1.0, 5.0, 23.6)])
def test_outside_the_volume_there_is_a_sentence(point):
    found = curve_at(volumes_of((1, 2, 3, 4)), SERIES, point_zrc=point, early=EARLY)
    assert found.panel is None
    assert found.problem == "The cursor is outside the volume."


def test_a_lesion_is_averaged_over_its_voxels():
    volumes = volumes_of((100, 150, 160, 170))
    voxels = np.zeros((2, 3, 3), bool)
    voxels[0, 1, 1] = voxels[1, 2, 2] = True
    volumes[:, 1, 6, 7], volumes[:, 2, 7, 8] = [100, 300, 300, 300], [100, 500, 500, 500]
    found = curve_of_mask(volumes, SERIES, mask=LesionMask((1, 5, 6), voxels), early=EARLY)
    assert list(found.panel.curve.signal) == [100.0, 400.0, 400.0, 400.0]
    assert found.place == "mean of the lesion: 2 voxels, 0.01 ml"


@pytest.mark.parametrize(
    ("columns", "figures", "volume"),
    [
        # (250 - 100) / 100, (250 - 100) / (180 - 100) and (250 - 180) / 250; 4 slices of 20 x 6 voxels of 3 mm3
        (slice(0, 6), "early enhancement 150 % · SER 1.88 · washout 28 %", "1.44 ml"),
        # (180 - 100) / 100, 80 / 120 and (180 - 220) / 180
        (slice(6, 10), "early enhancement 80 % · SER 0.67 · goes on rising by 22 %", "0.96 ml"),
    ],
)
def test_the_figures_are_those_of_whatever_the_mask_covers(columns, figures, volume):
    washing_out, rising = COURSES["fast initial rise, washout"], COURSES["medium initial rise, persistent"]
    volumes = np.where(np.arange(24) < 6, volumes_of(washing_out), volumes_of(rising))
    voxels = np.zeros((4, 20, 24), bool)
    voxels[..., columns] = True
    found = curve_of_mask(volumes, SERIES, mask=LesionMask((0, 0, 0), voxels), early=EARLY)
    assert found.figures == figures
    assert found.place.endswith(volume)


def test_an_empty_lesion_has_no_curve():
    found = curve_of_mask(
        volumes_of((1, 2, 3, 4)), SERIES, mask=LesionMask((0, 0, 0), np.zeros((1, 2, 2), bool)), early=EARLY
    )
    assert found.panel is None
    assert "[E_NOT_MEASURABLE]" in found.problem


@pytest.mark.parametrize("times_s", [(None, 85.0, 155.0, 225.0), (0.0, 85.0, 85.0, 225.0)], ids=["missing", "equal"])
def test_without_times_the_curve_counts_phases_and_has_no_class(times_s):
    found = curve_at(
        volumes_of((100, 250, 200, 180)), series_of(times_s=times_s), point_zrc=(1.0, 8.0, 9.0), early=None
    )
    assert list(found.panel.curve.times_s) == [0.0, 1.0, 2.0, 3.0]
    assert (found.panel.time_zero, found.panel.chosen) == ("", -1)
    assert found.words == ""
    assert "times of the phases are unknown" in found.problem
    assert "[E_TIME_UNKNOWN]" in found.problem


@pytest.mark.parametrize("first_post", [None, 0])
def test_without_a_phase_before_contrast_there_is_no_curve(first_post):
    series = replace(SERIES, first_post_contrast=first_post)
    found = curve_at(volumes_of((1, 2, 3, 4)), series, point_zrc=(1.0, 8.0, 9.0), early=None)
    assert found.panel is None
    assert "[E_NO_PRE_CONTRAST]" in found.problem
    assert "voxels" in found.place


def test_a_curve_that_ends_before_the_delayed_phase_says_so():
    series = series_of(times_s=(-50.0, 85.0))
    found = curve_at(volumes_of((100, 250)), series, point_zrc=(1.0, 8.0, 9.0), early=EARLY)
    assert found.words == "fast initial rise, delayed course not seen"


def test_the_uptake_that_is_signed_is_the_one_that_is_shown():
    mask = LesionMask((1, 5, 6), np.ones((2, 3, 4), np.bool_))
    volumes = volumes_of((100, 250, 200, 180))
    uptake = uptake_of(volumes, SERIES, mask=mask, early=1)
    assert (uptake.early_percent, uptake.ser) == (150.0, pytest.approx(150 / 80))
    shown = curve_of_mask(volumes, SERIES, mask=mask, early=EARLY)
    assert shown.figures.startswith("early enhancement 150 % · SER 1.88")


@pytest.mark.parametrize("first_post", [0, None])
def test_without_a_phase_before_contrast_or_a_voxel_there_is_no_uptake(first_post):
    volumes, voxels = volumes_of((100, 250, 200, 180)), np.ones((2, 3, 4), np.bool_)
    series = series_of(first_post=first_post)
    assert uptake_of(volumes, series, mask=LesionMask((1, 5, 6), voxels), early=1) is None
    assert uptake_of(volumes, SERIES, mask=LesionMask((1, 5, 6), ~voxels), early=1) is None
