"""Functional tumour volume around one lesion, with the phases the published rule takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.measure.functional_volume import VolumePhases, functional_volume, volume_phases
from calcmeasure.model.imaging import DynamicSeries, Phase

SPACING = Spacing(0.8, 0.7, SpacingSource.PATIENT, slice_mm=2.0)
GRID = ImageGrid((8, 10, 10), (0, 0, 0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), SPACING)


def series(duration_s: float, n_post: int, *, time_zero: str = "first_post_contrast_start") -> DynamicSeries:
    """One phase before contrast, then phase after phase from second 0."""
    starts = [-duration_s, *(duration_s * i for i in range(n_post))]
    phases = tuple(Phase(i, s + duration_s / 2, s, duration_s, ()) for i, s in enumerate(starts))
    return DynamicSeries(("1",), "1", "GE", "", "", time_zero, phases, 1, GRID)


@pytest.mark.parametrize(
    ("duration_s", "n_post", "chosen"),
    [
        (60.0, 8, VolumePhases(3, 8)),  # centres at 30, 90, 150, ..., 450 s
        (75.0, 6, VolumePhases(2, 6)),  # 112.5 and 187.5 s are equally near 150 s: the earlier one
        (90.0, 5, VolumePhases(2, 5)),
        (150.0, 1, VolumePhases(1, None)),
        (300.0, 1, VolumePhases(1, None)),
    ],
)
def test_phases_nearest_the_published_times(duration_s, n_post, chosen):
    assert volume_phases(series(duration_s, n_post), instead=1) == chosen


def test_times_count_from_the_first_phase_after_contrast():
    found = series(60.0, 8)
    shifted = tuple(replace(p, time_s=p.time_s + 20.0, start_s=p.start_s + 20.0) for p in found.phases)
    assert volume_phases(replace(found, phases=shifted, time_zero="injection"), instead=1) == VolumePhases(3, 8)


def test_without_times_the_measured_phase_and_the_last_are_taken():
    found = series(60.0, 4)
    blank = replace(found, phases=tuple(replace(p, time_s=None, start_s=None) for p in found.phases))
    assert volume_phases(blank, instead=2) == VolumePhases(2, 4)
    assert volume_phases(blank, instead=4) == VolumePhases(4, None)


def test_the_volume_of_a_cube_and_every_parameter():
    """A cube of 4 x 4 x 4: each of its voxels has at least 7 neighbours that enhance, so all of them count."""
    pre = np.full(GRID.shape, 100.0, np.float32)
    early, late = pre.copy(), pre.copy()
    early[2:6, 3:7, 3:7], late[2:6, 3:7, 3:7] = 180.0, 170.0
    region = np.ones(GRID.shape, bool)
    found = functional_volume([pre, early, late], region=region, spacing=SPACING, chosen=VolumePhases(1, 2))
    assert found.volume_mm3 == pytest.approx(64 * 2.0 * 0.8 * 0.7)
    assert (found.early_index, found.late_index) == (1, 2)
    assert found.parameters == {
        "background_fraction": 0.6,
        "percent": 70.0,
        "neighbours": 4,
        "least_ser": 0.0,
        "margin_mm": 10.0,
        "early_s": 150.0,
        "late_s": 450.0,
    }
    region[:4] = False
    half = functional_volume([pre, early], region=region, spacing=SPACING, chosen=VolumePhases(1, None))
    assert half.volume_mm3 == pytest.approx(found.volume_mm3 / 2)
