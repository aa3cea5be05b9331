"""Breast region: air, skin, chest wall, heart, implants and midline for any orientation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from calcmeasure.detect.lesions.chest import find_breasts
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
    assert (region.mask | region.skin)[breasts].mean() > 0.97
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
    region = find_breasts(signal, grid)
    assert (region.mask | region.skin)[breasts].mean() > 0.97


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


def _ball(grid, centre_lps, radius_mm):
    return ((_places(grid) - centre_lps) ** 2).sum(axis=-1) < radius_mm**2


def _early(signal, *, bright):
    return np.where(bright, 3 * signal, signal).astype(np.float32)


def test_skin_is_parted_from_what_is_searched():
    grid = _grid(AXIAL, spacing_mm=(2.0, 2.0, 2.0))
    signal, breasts = _woman(grid)
    region = find_breasts(signal, grid)
    assert not (region.mask & region.skin).any()
    assert not (region.skin & ~region.body).any()
    deep = breasts & (((np.abs(_places(grid)[..., 0]) - 70) / 52) ** 2 < 1) & _ball(grid, (70, 0, 0), 40)
    assert region.mask[deep].all()


@pytest.mark.parametrize("value", [2.0, 600.0], ids=["dark", "bright"])
@pytest.mark.parametrize("axes", [AXIAL, SAGITTAL], ids=["axial", "sagittal"])
def test_an_implant_is_part_of_the_breast(axes, value):
    grid = _grid(axes)
    signal, breasts = _woman(grid)
    implants = _ball(grid, (70, 0, 0), 32) | _ball(grid, (-70, 0, 0), 32)
    signal[implants] = value
    region = find_breasts(signal, grid)
    assert (region.mask | region.skin)[breasts].mean() > 0.97
    assert region.mask[implants & breasts].all()


def test_a_lesion_on_the_chest_wall_is_not_cut_and_the_heart_is():
    grid = _grid(AXIAL)
    signal, _ = _woman(grid)
    lesion, heart = _ball(grid, (70, 40, 0), 18), _ball(grid, (0, 52, 0), 30)
    early = _early(signal, bright=lesion | heart)
    with_contrast, without = find_breasts(signal, grid, early=early), find_breasts(signal, grid)
    assert not without.mask[lesion].all()
    assert with_contrast.mask[lesion].all()
    assert without.mask[heart].any()
    assert not with_contrast.mask[heart].any()


def test_one_sagittal_breast_ends_at_the_line_between_the_trunk_above_and_below():
    grid = _grid(SAGITTAL)
    x, y, z = np.moveaxis(_places(grid), -1, 0)
    breast = ((x - 70) / 60) ** 2 + ((y - 20) / 70) ** 2 + (z / 48) ** 2 < 1
    noise = np.random.default_rng(1).rayleigh(2.0, grid.shape)
    slab = (x > 20) & (x < 130)
    region = find_breasts((np.where((breast | (y > 20)) & slab, 100, 0) + noise).astype(np.float32), grid)
    assert region.flags == ("one_breast",)
    assert (region.mask | region.skin)[breast & (y < 20) & slab].mean() > 0.97
    assert not region.mask[(y > 62) & (x < 85)].any()


def test_a_picture_that_ends_within_a_breast_does_not_end_the_breast():
    """The trunk is seen above it only; below, the foremost skin at the picture's end is still the breast's."""
    grid = _grid(SAGITTAL)
    x, y, z = np.moveaxis(_places(grid), -1, 0)
    breast = ((x - 50) / 90) ** 2 + ((y - 20) / 70) ** 2 + ((z + 35) / 50) ** 2 < 1
    slab = (x > 20) & (x < 80)
    region = find_breasts(np.where((breast | (y > 20)) & slab, 100.0, 1.0).astype(np.float32), grid)
    assert region.flags == ("one_breast",)
    assert (region.mask | region.skin)[breast & (y < 0) & slab].mean() > 0.95


def test_one_slice_of_one_breast():
    grid = _grid(SAGITTAL, centre_lps=(70.0, 0.0, 0.0), spacing_mm=(4.0, 2.0, 2.0))
    x, y, z = np.moveaxis(_places(grid), -1, 0)
    breast = ((x - 70) / 60) ** 2 + ((y - 20) / 70) ** 2 + (z / 48) ** 2 < 1
    middle = grid.shape[0] // 2
    single = ImageGrid((1, *grid.shape[1:]), tuple(grid.to_lps((middle, 0, 0))), grid.axes_lps, grid.spacing)
    signal = np.where(breast | (y > 20), 100.0, 1.0).astype(np.float32)[middle : middle + 1]
    region = find_breasts(signal, single)
    inside = (breast & (y < 20))[middle : middle + 1]
    assert (region.mask | region.skin)[inside].mean() > 0.97
    assert not region.mask[(y > 45)[middle : middle + 1]].any()


def test_the_other_breast_removed():
    grid = _grid(AXIAL)
    signal, breasts = _woman(grid)
    x, y, _ = np.moveaxis(_places(grid), -1, 0)
    signal[(x < 0) & (y < 20)] = 1
    region = find_breasts(signal, grid)
    assert region.flags == ("one_breast",)
    assert (region.mask | region.skin)[breasts & (x > 0)].mean() > 0.97
    assert not region.mask[(y > 62) & (np.abs(x) < 60)].any()


def test_a_trunk_without_a_breast_is_refused():
    grid = _grid(AXIAL)
    x, y, _ = np.moveaxis(_places(grid), -1, 0)
    trunk = (x / 170) ** 2 + ((y - 90) / 110) ** 2 < 1
    with pytest.raises(DetectorError, match="shape of a breast") as caught:
        find_breasts(np.where(trunk, 100.0, 1.0).astype(np.float32), grid)
    assert caught.value.code is ErrorCode.DETECTION


def test_uncertain_where_no_trunk_is_seen():
    """A block of tissue whose front is flat: nothing tells where a breast would end."""
    grid = _grid(SAGITTAL)
    x, y, _ = np.moveaxis(_places(grid), -1, 0)
    block = (y > -20) & (np.abs(x - 60) < 40)
    region = find_breasts(np.where(block, 100.0, 1.0).astype(np.float32), grid)
    assert region.flags == ("one_breast", "breast_mask_uncertain")
    assert region.mask[block & (y > 0)].mean() > 0.9


def test_a_breast_cut_by_the_side_of_the_volume_is_flagged():
    grid = _grid(AXIAL)
    x, y, z = np.moveaxis(_places(grid), -1, 0)
    breasts = [((x - side * 110) / 75) ** 2 + ((y - 20) / 70) ** 2 + (z / 80) ** 2 < 1 for side in (-1, 1)]
    signal = np.where(breasts[0] | breasts[1] | (y > 20), 100.0, 1.0).astype(np.float32)
    assert "breast_fills_image" in find_breasts(signal, grid).flags
