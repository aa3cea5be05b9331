"""What goes beside a length: taken from phases in place, for one lesion and no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calcmeasure.detect.contract import DynamicImage, LesionFinding, LesionFindings
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.measure.early_phase import EarlyPhase
from calcmeasure.model.enhancement import BackgroundEnhancement, PhaseDiameter, PhaseMotion
from calcmeasure.model.imaging import DynamicSeries, FrameReference, Phase
from calcmeasure.pipeline.uptake import (
    SeenSeries,
    lesion_curve,
    lesion_figures,
    of_no_lesion,
    without_lesion,
)
from calcmeasure.terms import Laterality
from calcmeasure.terms.enhancement import BackgroundLevel, DelayedCourse

GRID = ImageGrid(
    (8, 40, 40),
    (0.0, 0.0, 0.0),
    ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    Spacing(1.0, 1.0, SpacingSource.PATIENT, slice_mm=2.0),
)
MOTION = (PhaseMotion(0, 0.4, 0.2, 2.0), PhaseMotion(3, 0.1, 0.1, 0.0, "below noise"))


def cube(column: int) -> LesionFinding:
    """4 x 6 x 6 voxels."""
    mask = np.ones((4, 6, 6), bool)
    corners = np.array([(3.0, 10, column), (3.0, 15, column), (3.0, 15, column + 5), (3.0, 10, column + 5)])
    beside = (PhaseDiameter(2, 7.5),)
    return LesionFinding(
        mask, (2, 10, column), (corners,), Laterality.RIGHT, (3.5, 12.5, column + 2.5), 0.9, at_phases=beside
    )


def seen(*, shift: int = 0, lesions: tuple[LesionFinding, ...] = (cube(8),), moved: bool = True) -> SeenSeries:
    """A cube that enhances by 150, 140 and 90 %; before contrast everything lies `shift` columns off."""
    anatomy = np.full(GRID.shape, 100.0, np.float32)
    anatomy[:, :, 30:] = 5.0
    phases = np.stack([anatomy] * 4)
    for lesion in lesions:
        box = tuple(slice(o, o + n) for o, n in zip(lesion.offset_zrc, lesion.mask.shape, strict=True))
        for phase, signal in zip(phases[1:], (250.0, 240.0, 190.0), strict=True):
            phase[box] = signal
        phases[0][box] = 100.0
    still = phases[0].copy()
    phases[0] = np.roll(np.where(phases[0] > 50, np.linspace(60, 140, 40, dtype=np.float32), 5.0), shift, axis=2)
    enhancement = 100 * (phases[1] - still) / still
    findings = LesionFindings(
        lesions,
        np.ones(GRID.shape, bool),
        enhancement,
        background=BackgroundEnhancement(12.0, 4.0, 200.0),
        motion=MOTION,
        moved={0: still} if moved else {},
        parameters={"percentile": np.float32(95.0)},
    )
    frames = tuple(FrameReference(Path(f"{z}"), f"1.{z}") for z in range(GRID.shape[0]))
    made = tuple(Phase(i, -60.0 + 120.0 * i, -90.0 + 120.0 * i, 60.0, frames) for i in range(4))
    series = DynamicSeries(("1",), "1", "GE", "", "", "injection", made, 1, GRID)
    image = DynamicImage(phases, GRID, 0, 1, tuple(p.time_s for p in made))
    return SeenSeries(series, image, findings, EarlyPhase(1, 60.0, "rule", ""), "largest-lesion")


def test_the_curve_follows_the_lesion_through_phases_in_place():
    panel = lesion_curve(seen(shift=4), cube(8))
    assert panel.curve.signal == pytest.approx([100.0, 250.0, 240.0, 190.0])
    assert panel.curve.delayed is DelayedCourse.WASHOUT
    off = lesion_curve(seen(shift=4, moved=False), cube(8))
    assert off.curve.baseline != pytest.approx(100.0, abs=5.0)


def test_the_figures_of_a_lesion():
    here = seen()
    found = lesion_figures(here, cube(8), curve=lesion_curve(here, cube(8)).curve)
    assert (found.uptake.early_percent, found.uptake.ser) == (pytest.approx(150.0), pytest.approx(150 / 90))
    assert found.uptake.washout_percent == pytest.approx(24.0)
    assert (found.detector, found.at_phases, found.motion) == ("largest-lesion", (PhaseDiameter(2, 7.5),), MOTION)
    assert (found.background_level, found.background_rule) == (BackgroundLevel.MILD, "own-10-25-50")
    assert found.functional.volume_mm3 == pytest.approx(4 * 6 * 6 * 2.0)
    assert (found.functional.early_index, found.functional.late_index) == (2, 3)


def test_no_voxel_counts_for_two_lesions():
    """Two cubes two voxels apart lie in each other's box."""
    two = (cube(8), cube(16))
    here = seen(lesions=two)
    volumes = [lesion_figures(here, one, curve=None).functional.volume_mm3 for one in two]
    assert volumes == pytest.approx([4 * 6 * 6 * 2.0] * 2)


def test_without_a_lesion_the_series_still_says_how_it_was_searched():
    found = without_lesion(seen())
    assert (found.uptake, found.functional, found.at_phases, found.mask_sha256) == (None, None, (), "")
    assert (found.background.percent, found.motion, found.detector) == (12.0, MOTION, "largest-lesion")


def test_a_lesion_looked_for_in_vain_keeps_nothing_of_another_one():
    here = seen()
    of_another = replace(lesion_figures(here, cube(8), curve=None), mask_sha256="ab", volume_change=0.1)
    assert of_no_lesion(of_another) == without_lesion(here)
    assert of_no_lesion(None) is None


def test_a_phase_without_a_time_has_no_curve():
    here = seen()
    phases = (*here.series.phases[:3], replace(here.series.phases[3], time_s=None))
    assert lesion_curve(replace(here, series=replace(here.series, phases=phases)), cube(8)) is None
