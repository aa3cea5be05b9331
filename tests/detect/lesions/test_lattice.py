"""The patient lattice: volumes of any orientation there and back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from calcmeasure.detect.lesions.lattice import LATTICE_MM, PatientLattice, block_mean, unblock
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource

AXIAL = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])
OBLIQUE = AXIAL @ Rotation.from_euler("xyz", [20, -12, 33], degrees=True).as_matrix()


def _grid(axes, shape=(20, 40, 50), steps_mm=(3.0, 2.0, 1.5)):
    spacing = Spacing(steps_mm[1], steps_mm[2], SpacingSource.PATIENT, slice_mm=steps_mm[0])
    return ImageGrid(shape, (-31.0, 12.0, 5.0), tuple(tuple(a) for a in axes), spacing)


def _places(grid):
    return grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))


@pytest.mark.parametrize("axes", [AXIAL, AXIAL[[2, 0, 1]], OBLIQUE, -AXIAL], ids=["axial", "turned", "oblique", "back"])
def test_a_ramp_in_patient_space_keeps_its_value_and_place(axes):
    """Linear interpolation of a linear function is exact: checks every offset and direction at once."""
    grid = _grid(axes)
    ramp = (_places(grid) @ np.array([0.3, -0.7, 1.1])).astype(np.float32)
    lattice = PatientLattice.over(grid)
    z, y, x = np.meshgrid(*(lattice.axis_mm(k) for k in range(3)), indexing="ij")
    index = grid.to_zrc(np.stack([x, y, z], axis=-1))
    inner = np.all((index > 3) & (index < np.array(grid.shape) - 5), axis=-1)
    assert inner.sum() > 50
    expected = 0.3 * x - 0.7 * y + 1.1 * z
    np.testing.assert_allclose(lattice.sample(ramp)[inner], expected[inner], atol=1e-3)
    assert lattice.seen()[inner].all()


@pytest.mark.parametrize("axes", [AXIAL, OBLIQUE], ids=["axial", "oblique"])
def test_a_plane_is_painted_where_it_lies(axes):
    grid = _grid(axes)
    lattice = PatientLattice.over(grid)
    places = _places(grid)
    middle = places.reshape(-1, 3).mean(axis=0)
    behind = np.broadcast_to((lattice.axis_mm(1) - middle[1])[None, :, None], lattice.shape).astype(np.float32)
    left = np.broadcast_to((lattice.axis_mm(2) - middle[0])[None, None, :], lattice.shape).astype(np.float32)
    codes = lattice.paint(left, behind, rim_mm=5.0)
    clear = np.all(np.abs(places[..., :2] - middle[:2]) > 0.01, axis=-1) & (
        np.abs(places[..., 1] - middle[1] - 5) > 0.01
    )
    deep, on_left = places[..., 1] - middle[1], places[..., 0] > middle[0]
    expected = np.where(deep <= 0, 0, np.where(~on_left, 1, np.where(deep > 5, 7, 3)))
    np.testing.assert_array_equal(codes[clear], expected[clear])


def test_a_thin_tilted_slice_has_no_holes():
    grid = _grid(OBLIQUE, shape=(1, 60, 60))
    seen = PatientLattice.over(grid).seen()
    assert seen.any(axis=0).sum() * LATTICE_MM**2 > 0.5 * 60 * 60 * 3 * abs(OBLIQUE[0, 2])


def test_block_mean_and_unblock_keep_ragged_ends():
    volume = np.arange(5 * 3 * 4, dtype=np.float32).reshape(5, 3, 4)
    blocks = block_mean(volume, (2, 1, 3))
    assert blocks.shape == (3, 3, 2)
    for z, c in itertools.product(range(3), range(2)):
        expected = volume[2 * z : 2 * z + 2, 1, 3 * c : 3 * c + 3].mean()
        assert blocks[z, 1, c] == pytest.approx(expected)
    assert unblock(blocks > 0, (2, 1, 3), volume.shape).shape == volume.shape


@pytest.mark.parametrize("factors", [(1, 1, 1), (2, 1, 3), (2, 2, 2)])
def test_blocks_of_squares_and_of_a_mask(factors):
    """In NumPy: the mean over what a block holds of the volume."""
    volume = np.random.default_rng(1).normal(3, 1, (5, 7, 9)).astype(np.float32)
    for given, values, squared in ((volume, volume**2, True), (volume > 3, volume > 3, False), (volume, volume, False)):
        blocks = block_mean(given, factors, squared=squared)
        assert blocks.dtype == np.float32
        for index in np.ndindex(blocks.shape):
            box = tuple(slice(k * n, (k + 1) * n) for k, n in zip(index, factors, strict=True))
            assert blocks[index] == pytest.approx(values[box].mean(), rel=1e-5)
