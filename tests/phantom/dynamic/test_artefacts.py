"""What the scanner does wrong, told from the same examination without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.phantom.dynamic.anatomy import FieldOfView
from calcmeasure.phantom.dynamic.artefacts import Artefacts, FatSuppression, Patch, add_ghosts
from calcmeasure.phantom.dynamic.examination import DceSpec, make_grid, synthesize_dce
from calcmeasure.terms import Laterality

PLAIN = DceSpec(
    shape=(10, 48, 76),
    spacing_zrc_mm=(5.0, 2.4, 2.2),
    phase_starts_s=(-85.0, 50.0),
    lesions=(),
    noise=0.0,
    motion_mm=0.0,
    density=0.1,
)
CENTRE = FieldOfView.of(make_grid(PLAIN)).breast_point_lps(Laterality.LEFT, (0.0, 0.5, 0.0))
PATCH = Patch((float(CENTRE[0]), float(CENTRE[1]), float(CENTRE[2])), 15.0)


def _exam(**artefacts):
    return synthesize_dce(replace(PLAIN, artefacts=Artefacts(**artefacts)), rng=0)


@pytest.fixture(scope="module")
def plain():
    return _exam()


def test_without_suppression_fat_is_brighter_than_anything_else_in_the_breast(plain):
    bright = _exam(fat=FatSuppression.NONE)
    ratio = bright.phases[0][plain.breast] / np.maximum(plain.phases[0][plain.breast], 1)
    assert np.median(ratio) > 4
    np.testing.assert_allclose(
        bright.phases[1].astype(int) - bright.phases[0], plain.phases[1].astype(int) - plain.phases[0], atol=2
    )


@pytest.mark.parametrize("fat", [FatSuppression.PARTIAL, FatSuppression.SWAPPED])
def test_suppression_fails_in_the_patch_and_nowhere_else(plain, fat):
    failed = _exam(fat=fat, patches=(PATCH,))
    points = np.stack(np.indices(plain.grid.shape), axis=-1)
    distance = np.linalg.norm(plain.grid.to_lps(points) - PATCH.centre_lps, axis=-1)
    np.testing.assert_array_equal(failed.phases[0][distance > 25], plain.phases[0][distance > 25])
    inside = distance < 8
    assert np.median(failed.phases[0][inside] / plain.phases[0][inside]) > 4


def test_swapped_water_does_not_enhance(plain):
    swapped = _exam(fat=FatSuppression.SWAPPED, patches=(replace(PATCH, radius_mm=400.0),))
    rises = [(exam.phases[1].astype(int) - exam.phases[0])[exam.breast].sum() for exam in (plain, swapped)]
    assert rises[1] == pytest.approx(rises[0] * Artefacts().residual_fat, rel=0.15)


def test_ghosts_lie_whole_steps_from_the_heart_along_the_phase_direction():
    signal = np.zeros((4, 40, 30), np.float32)
    signal[:, 30, 15] = 100.0
    ghosted = signal.copy()
    add_ghosts(ghosted, signal, Artefacts(heart_ghost=0.1, ghost_spacing=0.25), rng=np.random.default_rng(0))
    rows, columns = np.nonzero((ghosted - signal).max(axis=0) > 0)
    assert set(rows) == {0, 10, 20}
    assert set(columns) == {15}
    assert ghosted.max() <= 100.0


def test_an_even_coil_leaves_one_signal_for_one_tissue(plain):
    even = _exam(shading=0.0)
    fat = [np.percentile(exam.phases[0][exam.breast], [10, 50]) for exam in (plain, even)]
    assert np.ptp(fat[1]) < 0.3 * np.ptp(fat[0])


def test_noise_rises_towards_the_middle():
    noisy = synthesize_dce(replace(PLAIN, noise=10.0, artefacts=Artefacts(central_noise=1.0)), rng=0)
    air = noisy.phases[0][:, :4]
    assert air[..., 34:42].mean() > 1.5 * air[..., :4].mean()
