"""Movement between phases: exact for linear pictures, undone by where things are seen, still when nothing moves."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.phantom.dynamic.movement import PhaseMovement

GRID = ImageGrid(
    (14, 30, 34), (0.0, 0.0, 0.0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), Spacing(1.1, 1.3, SpacingSource.PATIENT, 2.0)
)
WAVY = PhaseMovement((1.0, -2.0, 0.5), (1.0, 2.0, -1.0), (1.0, 2.0, 1.5), ((0, 1, 2), (3, 4, 5), (6, 7, 8)))
INNER = np.array([[6.0, 14.0, 15.0], [8.0, 12.0, 20.0]])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_linear_picture_is_displaced_by_what_the_movement_says(axis):
    """Cubic convolution reproduces straight lines."""
    ramp = np.indices(GRID.shape)[axis].astype(np.float32)
    moved = WAVY.applied_to(ramp, GRID)
    found = [moved[tuple(point.astype(int))] - point[axis] for point in INNER]
    expected = WAVY.displacement_mm(INNER, GRID)[:, axis] / GRID.spacing.zrc_mm[axis]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_points_are_seen_where_the_movement_brings_them():
    seen = WAVY.seen_at(INNER, GRID)
    came_from = seen + WAVY.displacement_mm(seen, GRID) / np.asarray(GRID.spacing.zrc_mm)
    np.testing.assert_allclose(came_from, INNER, atol=1e-6)


def test_a_turn_keeps_lengths_to_first_order():
    turn = PhaseMovement(turn_deg=(0.5, 0.0, 0.0))
    scale = np.asarray(GRID.spacing.zrc_mm)
    before, after = (np.linalg.norm(np.diff(p * scale, axis=0)) for p in (INNER, turn.seen_at(INNER, GRID)))
    assert after == pytest.approx(before, rel=1e-4)


def test_nothing_moves_unless_told():
    picture = np.random.default_rng(0).random(GRID.shape).astype(np.float32)
    assert PhaseMovement().is_still
    assert PhaseMovement().applied_to(picture, GRID) is picture
