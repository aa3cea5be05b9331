"""A displaced volume sampled anew, held against formulas and against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from calcmeasure.detect.lesions.resampling import SPAN, warp

SHAPE = (9, 14, 17)
POINTS = (3, 4, 5)
VOXEL_MM = np.array([2.0, 1.0, 0.8])
PLACES = np.indices(SHAPE).astype(float)


def _frame_mm(shape, points):
    return np.stack([VOXEL_MM, np.zeros(3), (np.array(shape) - 1) * VOXEL_MM / (np.array(points) - 1)])


def _keys(f):
    """Weights of the voxels 1 before, at, 1 and 2 after, from the kernel of Keys 1981 with a = -0.5."""
    away = np.abs(f - np.arange(-1, 3))
    near = 1.5 * away**3 - 2.5 * away**2 + 1
    return np.where(away <= 1, near, np.where(away < 2, -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2, 0))


def test_a_warped_quadratic_is_the_quadratic_at_the_origins():
    """Cubic convolution reproduces polynomials of second degree (Keys 1981)."""
    shift_mm = np.random.default_rng(3).normal(0, 0.7, (3, *POINTS))
    index = PLACES * (np.array(POINTS) - 1).reshape(3, 1, 1, 1) / (np.array(SHAPE) - 1).reshape(3, 1, 1, 1)
    shifts = [ndimage.map_coordinates(part, index, order=1, mode="nearest") for part in shift_mm]
    came_from = PLACES + np.stack(shifts) / VOXEL_MM.reshape(3, 1, 1, 1)
    quadratic = lambda z, r, c: 5000 + 3 * z - 2 * r * c + c**2  # noqa: E731
    moved = warp(quadratic(*PLACES).astype(np.float32), shift_mm, _frame_mm(SHAPE, POINTS))
    inner = (slice(4, -4),) * 3
    np.testing.assert_allclose(moved[inner], quadratic(*came_from)[inner], rtol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shift", [-3.6, -0.25, 0.4, 2.0])
def test_a_shift_along_one_axis_is_the_sum_of_four_repeating_the_edges(axis, shift):
    """Also where a line is handled in several spans; every voxel of the volume counts."""
    shape = tuple(SPAN + 41 if k == axis else 2 for k in range(3))
    volume = np.random.default_rng(axis).uniform(50, 200, shape).astype(np.float32)
    shift_mm = np.zeros((3, 2, 2, 2))
    shift_mm[axis] = shift * VOXEL_MM[axis]
    moved = warp(volume, shift_mm, _frame_mm(shape, (2, 2, 2)))
    count = shape[axis]
    place = np.clip(np.arange(count) + shift, 0, count - 1)
    low = np.minimum(np.floor(place).astype(int), count - 2)
    lines = np.moveaxis(volume, axis, 0).astype(float)
    wanted = [
        sum(w * lines[np.clip(k + n, 0, count - 1)] for n, w in zip(range(-1, 3), _keys(p - k), strict=True))
        for p, k in zip(place, low, strict=True)
    ]
    np.testing.assert_allclose(np.moveaxis(moved, axis, 0), np.maximum(wanted, 0), atol=2e-3)


def test_a_volume_of_one_voxel_and_what_would_be_negative():
    assert (
        warp(np.full((1, 1, 1), 7, np.float32), np.full((3, 2, 2, 2), 5.0), np.stack([VOXEL_MM, np.zeros(3), VOXEL_MM]))
        == 7
    )
    spike = np.zeros((1, 1, 9), np.float32)
    spike[0, 0, 4] = 100
    shifted = warp(spike, np.full((3, 2, 2, 2), 0.4), _frame_mm(spike.shape, (2, 2, 2)) + np.eye(3)[2][:, None])
    assert shifted.min() == 0
    assert shifted.max() > 50
