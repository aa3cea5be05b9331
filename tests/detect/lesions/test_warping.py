"""What the kernels see where a displacement points, held against formulas and against plain NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from calcmeasure.detect.lesions.warping import mean_square_gap, normal_equations, standardise

SHAPE = (9, 14, 17)
POINTS = (3, 4, 5)
VOXEL_MM = np.array([2.0, 1.0, 0.8])
FRAME_MM = np.stack([VOXEL_MM, np.zeros(3), (np.array(SHAPE) - 1) * VOXEL_MM / (np.array(POINTS) - 1)])
PLACES = np.indices(SHAPE).astype(float)
EVERYWHERE = np.ones(SHAPE, bool)
STILL = np.zeros((3, *POINTS))


@pytest.fixture(scope="module")
def shift_mm():
    return np.random.default_rng(3).normal(0, 0.7, (3, *POINTS))


@pytest.fixture(scope="module")
def smooth():
    noise = np.random.default_rng(4).standard_normal(SHAPE)
    return (100 + 300 * ndimage.gaussian_filter(noise, 1.5)).astype(np.float32)


def _origins(shift_mm):
    """(3, ...) fractional index every voxel comes from; the shift is linear between points."""
    index = PLACES * (np.array(POINTS) - 1).reshape(3, 1, 1, 1) / (np.array(SHAPE) - 1).reshape(3, 1, 1, 1)
    shifts = [ndimage.map_coordinates(part, index, order=1, mode="nearest") for part in shift_mm]
    return PLACES + np.stack(shifts) / VOXEL_MM.reshape(3, 1, 1, 1)


def _inner(margin):
    return tuple(slice(margin, -margin) for _ in SHAPE)


def test_the_gap_is_to_the_trilinear_value(smooth, shift_mm):
    fixed = np.flip(smooth, axis=2).copy()
    sampled = ndimage.map_coordinates(smooth, _origins(shift_mm), order=1, mode="nearest")
    half = PLACES[0] < 4
    wanted = np.mean((sampled - fixed)[half] ** 2)
    assert mean_square_gap(smooth, fixed, half, shift_mm, FRAME_MM, 1) == pytest.approx(wanted, rel=1e-4)


def test_sums_are_those_of_gradients_and_mismatch(smooth, shift_mm):
    """In NumPy: central differences of the sampled picture one voxel around, and of the fixed one."""
    origins, fixed = _origins(shift_mm), np.flip(smooth, axis=1).copy()
    at = lambda place: ndimage.map_coordinates(smooth, place, order=1, mode="nearest")  # noqa: E731
    units = np.eye(3).reshape(3, 3, 1, 1, 1)
    slopes = np.stack([(at(origins + unit) - at(origins - unit)) / 2 for unit in units])
    slopes = (slopes + np.stack(np.gradient(fixed))) / 2 / VOXEL_MM.reshape(3, 1, 1, 1)
    gap = at(origins) - fixed
    weight = 1 / (1 + gap**2)
    inside = np.zeros(SHAPE, bool)
    inside[_inner(4)] = True
    pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    wanted = [(weight * slopes[a] * slopes[b])[inside].sum() for a, b in pairs]
    wanted += [(weight * slope * gap)[inside].sum() for slope in slopes]
    sums = normal_equations(smooth, fixed, inside, shift_mm, FRAME_MM, 1)
    np.testing.assert_allclose(sums.sum(axis=(1, 2, 3)), wanted, rtol=1e-3)


def test_a_voxel_counts_at_the_nearest_point(smooth):
    one = np.zeros(SHAPE, bool)
    one[4, 7, 8] = True
    sums = normal_equations(np.roll(smooth, 1, axis=2), smooth, one, STILL, FRAME_MM, 1)
    nearest = np.round(np.array((4, 7, 8)) * VOXEL_MM / FRAME_MM[2] + 1e-9).astype(int)
    np.testing.assert_array_equal(np.argwhere(sums[0])[0], nearest)


@pytest.mark.parametrize("every", [2, 3, 5])
def test_thinning_counts_the_voxels_it_says(every):
    """A ramp against itself one higher: every voxel has the same square, so the scaled sums hardly change."""
    ramp = (3 * PLACES[2]).astype(np.float32)
    inside = np.zeros(SHAPE, bool)
    inside[1:-1, 1:-1, 1:-1] = True
    counted = inside & (PLACES.sum(axis=0).astype(int) % every == 0)
    sums = normal_equations(ramp + 1, ramp, inside, STILL, FRAME_MM, every)
    assert sums[5].sum() == pytest.approx(every * counted.sum() * (3 / 0.8) ** 2 / 2, rel=1e-6)
    assert mean_square_gap(ramp + 1, ramp, inside, STILL, FRAME_MM, every) == pytest.approx(1.0)
    assert mean_square_gap(ramp + ~counted, ramp, inside, STILL, FRAME_MM, every) == 0.0


def test_a_mean_and_a_spread_of_blocks_are_linear_between_their_centres():
    """Blocks of 2: the centre of the first lies half a voxel in."""
    mean, spread = np.indices((2, 5, 7, 9))[3].astype(float)
    logs = (0.5 * PLACES[2]).astype(np.float32)
    frame = np.stack([np.ones(3), np.full(3, -0.5), np.full(3, 2.0)])
    standardise(logs, np.stack([mean, np.full_like(spread, 4.0)]), frame)
    np.testing.assert_allclose(logs[..., 1:-1], 0.25 / 4, atol=1e-6)
