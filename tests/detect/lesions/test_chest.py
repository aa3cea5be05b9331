"""Breast region: air, skin, chest wall and midline for any orientation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from calcmeasure.detect.lesions.chest import block_mean, find_breasts, unblock
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.terms import Laterality

AXIAL = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])
CORONAL = np.array([[0.0, 1, 0], [0, 0, -1], [1, 0, 0]])
SAGITTAL = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
FLIPPED = np.array([[0.0, 0, -1], [0, -1, 0], [-1, 0, 0]])
OBLIQUE = AXIAL @ Rotation.from_euler("xyz", [8, -6, 10], degrees=True).as_matrix()
SIZE_MM = {"x": 300.0, "y": 150.0, "z": 120.0}


def _grid(axes, *, centre_lps=(0.0, 0.0, 0.0), spacing_mm=(3.0, 3.0, 3.0)):
    extents = np.abs(axes) @ np.array(list(SIZE_MM.values()))
    shape = tuple(int(n) for n in np.round(extents / spacing_mm))
    origin = np.asarray(centre_lps) - (np.array(shape) - 1) / 2 * spacing_mm @ axes
    spacing = Spacing(spacing_mm[1], spacing_mm[2], SpacingSource.PATIENT, slice_mm=spacing_mm[0])
    return ImageGrid(shape, tuple(origin), tuple(tuple(a) for a in axes), spacing)


def _places(grid):
    return grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))


def _woman(grid, *, air=2.0, tissue=100.0, aside_mm=0.0):
    """Two half-ellipsoid breasts before a flat chest whose skin is at y = 20."""
    x, y, z = np.moveaxis(_places(grid), -1, 0)
    breasts = [((x - aside_mm - side * 70) / 60) ** 2 + ((y - 20) / 70) ** 2 + (z / 80) ** 2 < 1 for side in (-1, 1)]
    chest = y > 20
    noise = np.random.default_rng(3).rayleigh(air, grid.shape)
    signal = np.where(breasts[0] | breasts[1] | chest, tissue, 0) + noise
    return signal.astype(np.float32), (breasts[0] | breasts[1]) & ~chest


@pytest.mark.parametrize(
    "axes", [AXIAL, CORONAL, SAGITTAL, FLIPPED, OBLIQUE], ids=["axial", "coronal", "sagittal", "flipped", "oblique"]
)
def test_breasts_are_covered_and_the_chest_is_not(axes):
    grid = _grid(axes)
    signal, breasts = _woman(grid)
    region = find_breasts(signal, grid)
    assert region.mask[breasts].mean() > 0.95
    deep = (_places(grid)[..., 1] > 62) & (np.abs(_places(grid)[..., 0]) < 90)
    assert region.mask[deep].mean() < 0.02
    assert region.body[deep].all()
    assert not region.flags
    assert region.midline_mm == pytest.approx(0, abs=6)


@pytest.mark.parametrize("axes", [AXIAL, SAGITTAL, FLIPPED, OBLIQUE])
def test_left_is_positive_x_whatever_the_image_axes(axes):
    grid = _grid(axes)
    region = find_breasts(_woman(grid)[0], grid)
    assert region.side(np.array([70.0, 0, 0])) is Laterality.LEFT
    assert region.side(np.array([-70.0, 0, 0])) is Laterality.RIGHT


def test_midline_follows_a_patient_lying_off_centre():
    grid = _grid(AXIAL)
    region = find_breasts(_woman(grid, aside_mm=24.0)[0], grid)
    assert region.midline_mm == pytest.approx(24, abs=6)
    assert region.side(np.array([10.0, 0, 0])) is Laterality.RIGHT


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_mask_does_not_depend_on_the_grey_scale(scale):
    grid = _grid(AXIAL)
    signal, _ = _woman(grid)
    np.testing.assert_array_equal(
        find_breasts((signal * scale).astype(np.float32), grid).mask, find_breasts(signal, grid).mask
    )


def test_air_set_to_zero_by_the_scanner():
    grid = _grid(AXIAL)
    signal, breasts = _woman(grid)
    signal[signal < 20] = 0
    assert find_breasts(signal, grid).mask[breasts].mean() > 0.95


def test_one_breast_is_told_from_the_scanner_zero():
    grid = _grid(AXIAL)
    signal, _ = _woman(grid)
    left = _places(grid)[..., 0] > 8
    region = find_breasts(np.where(left, signal, 2).astype(np.float32), grid)
    assert region.flags == ("one_breast",)
    assert region.midline_mm == 0.0
    assert region.side(np.array([60.0, 0, 0])) is Laterality.LEFT


@pytest.mark.parametrize("volume", [np.zeros((40, 50, 100)), np.random.default_rng(0).rayleigh(3, (40, 50, 100))])
def test_nothing_but_air_is_refused(volume):
    with pytest.raises(DetectorError) as caught:
        find_breasts(volume.astype(np.float32), _grid(AXIAL))
    assert caught.value.code is ErrorCode.DETECTION


def test_block_mean_and_unblock_keep_ragged_ends():
    volume = np.arange(5 * 3 * 4, dtype=np.float32).reshape(5, 3, 4)
    blocks = block_mean(volume, (2, 1, 3))
    assert blocks.shape == (3, 3, 2)
    for z, c in itertools.product(range(3), range(2)):
        expected = volume[2 * z : 2 * z + 2, 1, 3 * c : 3 * c + 3].mean()
        assert blocks[z, 1, c] == pytest.approx(expected)
    assert unblock(blocks > 0, (2, 1, 3), volume.shape).shape == volume.shape


@pytest.mark.parametrize(
    ("spacing_mm", "block"),
    [((3.0, 3.0, 3.0), (1, 1, 1)), ((5.0, 2.0, 4.0), (1, 2, 1)), ((10.0, np.nextafter(4 / 3, 2), 1.5), (1, 3, 2))],
)
def test_blocks_are_as_large_as_fits_into_4_mm(spacing_mm, block):
    """Thick slices are never merged; steps that divide 4 mm but for rounding fill it."""
    grid = _grid(AXIAL, spacing_mm=spacing_mm)
    body = find_breasts(_woman(grid)[0], grid).body
    for axis, size in enumerate(block):
        changes = np.flatnonzero(np.diff(body, axis=axis).any(axis=tuple({0, 1, 2} - {axis}))) + 1
        assert len(changes)
        assert np.gcd.reduce(changes) == size


@pytest.mark.parametrize(("width_mm", "flags"), [(7, ("one_breast",)), (10, ())])
def test_a_front_too_narrow_for_two_breasts_has_no_midline(width_mm, flags):
    """Two prongs of 60 mm with a gap of half their width each: below 8 columns of 4 mm they are one breast's edge."""
    grid = _grid(AXIAL, spacing_mm=(4.0, 4.0, 4.0))
    x, y, _ = np.moveaxis(_places(grid), -1, 0)
    column = np.floor(x / 4).astype(int) + width_mm // 2
    gap = (column >= width_mm // 2 - 1) & (column < width_mm // 2 + 1) & (y < 40)
    signal = np.where((column >= 0) & (column < width_mm) & (y > -40) & ~gap, 100.0, 1.0).astype(np.float32)
    assert find_breasts(signal, grid).flags == flags
