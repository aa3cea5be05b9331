"""The breast's mask on constant, noisy and uneven backgrounds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

from calcmeasure.detect.mammogram.breast import erode_mm, find_breast, segment_breast
from calcmeasure.detect.mammogram.outline import looks_like_breast, stands_apart
from calcmeasure.geometry import Spacing, SpacingSource

SHAPE, MM = (700, 560), 0.1
SPACING = Spacing(MM, MM, SpacingSource.DETECTOR)
ALL_VALID = np.ones(SHAPE, dtype=bool)


def _half_disc(shape: tuple[int, int] = SHAPE, *, rc_mm: tuple[float, float] = (MM, MM)) -> NDArray[np.bool_]:
    """A breast of 54 mm width and 40 mm depth on the left edge."""
    rows, cols = np.indices(shape)
    height = shape[0] * rc_mm[0]
    return np.hypot((rows * rc_mm[0] - height / 2) / 27.0, cols * rc_mm[1] / 40.0) < 1.0


def _tissue(truth: NDArray[np.bool_], *, seed: int = 0) -> NDArray[np.float64]:
    """Fatty breast with a dense core that is far brighter than fat is above air."""
    rng = np.random.default_rng(seed)
    depth = distance_transform_edt(truth)
    dense = depth > 0.6 * depth.max()
    return np.where(truth, 1.0 + 2.5 * dense + 0.05 * rng.standard_normal(truth.shape), 0.0)


def _overlap(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum() / (first | second).sum())


def _film(truth: NDArray[np.bool_], *, seed: int = 0) -> NDArray[np.float64]:
    """Noisy background with a gradient: no two pixels alike."""
    rng = np.random.default_rng(seed)
    rows = np.linspace(0.0, 0.1, truth.shape[0])[:, None]
    return _tissue(truth) + np.where(truth, 0.0, rows + 0.05 * rng.standard_normal(truth.shape))


@pytest.mark.parametrize("background", ["constant", "film"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_mask_is_the_breast_fat_included(background: str, mirrored: bool):
    truth = _half_disc()
    image = (_tissue if background == "constant" else _film)(truth)
    if mirrored:
        truth, image = truth[:, ::-1].copy(), image[:, ::-1].copy()
    found = find_breast(image.astype(np.float32), valid=ALL_VALID, spacing=SPACING)
    assert found.trusted
    assert _overlap(found.mask, truth) > 0.97


@pytest.mark.parametrize("rc_mm", [(0.05, 0.05), (0.1, 0.07), (0.2, 0.2)])
def test_the_mask_does_not_depend_on_the_pixel_size(rc_mm: tuple[float, float]):
    shape = (round(70 / rc_mm[0]), round(56 / rc_mm[1]))
    truth = _half_disc(shape, rc_mm=rc_mm)
    mask = segment_breast(
        _tissue(truth).astype(np.float32), valid=np.ones(shape, bool), spacing=Spacing(*rc_mm, SpacingSource.DETECTOR)
    )
    assert _overlap(mask, truth) > 0.97


@pytest.mark.parametrize(("gain", "offset"), [(1000.0, 0.0), (0.5, -7.0)])
def test_a_line_through_grey_levels_changes_nothing(gain: float, offset: float):
    image = _film(_half_disc()).astype(np.float32)
    scaled = (image * np.float32(gain) + np.float32(offset)).astype(np.float32)
    first, second = (segment_breast(i, valid=ALL_VALID, spacing=SPACING) for i in (image, scaled))
    assert _overlap(first, second) > 0.999


@pytest.mark.parametrize("background", ["constant", "film"])
def test_letters_and_frames_beside_the_breast_are_left_out(background: str):
    truth = _half_disc()
    image = (_tissue if background == "constant" else _film)(truth)
    image[60:110, 440:540] = 5.0  # a view marker
    image[:, -4:] = 5.0  # the film's edge
    mask = segment_breast(image.astype(np.float32), valid=ALL_VALID, spacing=SPACING)
    assert not mask[60:110, 440:540].any()
    assert not mask[100:600, -4:].any()
    assert _overlap(mask, truth) > 0.97


def test_a_line_that_touches_the_breast_is_cut_off():
    truth = _half_disc()
    image = _tissue(truth)
    image[348:352, :] = 5.0
    mask = segment_breast(image.astype(np.float32), valid=ALL_VALID, spacing=SPACING)
    assert _overlap(mask, truth) > 0.96


def test_padding_is_never_breast():
    truth = _half_disc()
    image = _tissue(truth)
    valid = ALL_VALID.copy()
    valid[:, :30] = False
    image[:, :30] = -9999.0
    mask = segment_breast(image.astype(np.float32), valid=valid, spacing=SPACING)
    assert not mask[:, :30].any()
    assert _overlap(mask, truth & valid) > 0.97


@pytest.mark.parametrize("value", [0.0, 4095.0])
def test_a_flat_image_has_no_breast(value: float):
    found = find_breast(np.full(SHAPE, value, dtype=np.float32), valid=ALL_VALID, spacing=SPACING)
    assert not found.mask.any()
    assert not found.trusted


def test_an_image_that_is_all_tissue_is_taken_whole_and_not_trusted():
    rng = np.random.default_rng(3)
    found = find_breast(rng.standard_normal(SHAPE).astype(np.float32), valid=ALL_VALID, spacing=SPACING)
    assert_array_equal(found.mask, ALL_VALID)
    assert not found.trusted


def _ring() -> NDArray[np.bool_]:
    rows, cols = np.indices((120, 100))
    radius = np.hypot(rows - 60, cols)
    return (radius < 55) & (radius > 45)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        pytest.param(np.hypot(*(np.indices((120, 100)) - np.array([60, 0])[:, None, None])) < 50, True, id="half-disc"),
        pytest.param(np.hypot(*(np.indices((120, 100)) - np.array([60, 50])[:, None, None])) < 40, False, id="no-edge"),
        pytest.param(np.hypot(*(np.indices((120, 100)) - np.array([60, 0])[:, None, None])) < 12, False, id="small"),
        pytest.param(np.ones((120, 100), dtype=bool), False, id="whole"),
        pytest.param(np.zeros((120, 100), dtype=bool), False, id="none"),
        pytest.param(_ring(), False, id="not-convex"),
    ],
)
def test_size_place_and_shape_of_a_breast(region: NDArray[np.bool_], expected: bool):
    assert looks_like_breast(region, np.ones_like(region), spacing_mm=(0.5, 0.5)) is expected


@pytest.mark.parametrize("rc_mm", [(0.1, 0.1), (0.2, 0.1), (0.5, 0.5)])
@pytest.mark.parametrize("distance_mm", [0.5, 1.7])
def test_erosion_takes_off_a_band_of_that_many_millimetres(rc_mm: tuple[float, float], distance_mm: float):
    shape = (round(70 / rc_mm[0]), round(56 / rc_mm[1]))
    truth = _half_disc(shape, rc_mm=rc_mm)
    eroded = erode_mm(truth, distance_mm, spacing=Spacing(*rc_mm, SpacingSource.DETECTOR))
    # On the nipple's row the breast is 40 mm deep.
    depth_mm = eroded[shape[0] // 2].sum() * rc_mm[1]
    assert depth_mm == pytest.approx(40.0 - distance_mm, abs=1.6 * max(rc_mm))
    assert eroded[shape[0] // 2, 0]  # the chest wall edge stays


def test_erosion_of_everything_or_nothing_changes_nothing():
    for mask in (np.ones((50, 50), dtype=bool), np.zeros((50, 50), dtype=bool)):
        assert_array_equal(erode_mm(mask, 1.7, spacing=SPACING), mask)


@pytest.mark.parametrize("rc_mm", [(0.3, 0.3), (0.25, 0.5)])
def test_erosion_treats_what_lies_beyond_the_image_as_breast(rc_mm: tuple[float, float]):
    """Against an erosion by the same ellipse in which the outside counts as inside; edges and corners included."""
    rng = np.random.default_rng(5)
    half_r, half_c = (round(1.5 / step) for step in rc_mm)
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * half_c + 1, 2 * half_r + 1)).astype(bool)
    for _ in range(5):
        mask = rng.random((50, 60)) < 0.995
        expected = binary_erosion(mask, ellipse, border_value=1)
        assert_array_equal(erode_mm(mask, 1.5, spacing=Spacing(*rc_mm, SpacingSource.DETECTOR)), expected)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_may_lie_between_the_breast_and_the_edge(side: str):
    """12 mm of padding on the chest wall, far more than the near miss that is allowed without it."""
    truth = np.roll(_half_disc(), 120, axis=1)
    valid = ALL_VALID.copy()
    valid[:, :120] = False
    image = np.where(valid, _tissue(truth), -50.0)
    if side == "right":
        truth, valid, image = (a[:, ::-1].copy() for a in (truth, valid, image))
    found = find_breast(image.astype(np.float32), valid=valid, spacing=SPACING)
    assert found.trusted
    assert _overlap(found.mask, truth) > 0.97


def test_padding_above_and_below_is_no_part_of_the_picture():
    """All tissue within the valid rows and columns: the mask covers everything that was imaged, so is not believed."""
    rng = np.random.default_rng(1)
    valid = ALL_VALID.copy()
    valid[:150] = valid[-150:] = valid[:, -100:] = False
    image = np.where(valid, 1.0 + 0.1 * rng.standard_normal(SHAPE), 0.0)
    image[150:160, 0:20] = 0.0
    found = find_breast(image.astype(np.float32), valid=valid, spacing=SPACING)
    assert not found.trusted
    assert_array_equal(found.mask, valid)


@pytest.mark.parametrize(
    ("slope", "noise", "dark_share", "expected"),
    [
        pytest.param(0.0, 0.02, 0.0, True, id="even"),
        pytest.param(0.08, 0.02, 0.0, True, id="a light leak"),
        pytest.param(0.6, 0.02, 0.0, False, id="a shaded picture"),
        pytest.param(0.0, 0.3, 0.0, False, id="a structured background"),
        pytest.param(0.0, 0.02, 0.1, False, id="as dark inside as outside"),
    ],
)
def test_a_breast_stands_apart_from_an_even_background(slope: float, noise: float, dark_share: float, expected: bool):
    rng = np.random.default_rng(0)
    region = np.hypot(*(np.indices((120, 100)) - np.array([60, 0])[:, None, None])) < 50
    values = slope * np.linspace(0.0, 1.0, 100) + noise * rng.standard_normal((120, 100))
    values[region] = 1.0 - (rng.random(int(region.sum())) < dark_share)
    assert stands_apart(region, values.astype(np.float32), np.ones_like(region)) is expected
