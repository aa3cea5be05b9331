"""Enhancing lesions: known balls found and measured, vessels and background left alone, failures coded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from calcmeasure.detect.contract import DynamicImage
from calcmeasure.detect.lesions.boundary import outline_lesion
from calcmeasure.detect.lesions.detector import detect_lesions
from calcmeasure.detect.lesions.seeds import Background, background_of, is_tube, joined, opened
from calcmeasure.detect.lesions.suspicion import confidence_of, is_solid
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.terms import Laterality

AXIAL = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])
SAGITTAL = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
OBLIQUE = AXIAL @ Rotation.from_euler("xyz", [7, -5, 12], degrees=True).as_matrix()
STEPS_MM = np.array([2.5, 1.5, 1.5])


@dataclass(frozen=True)
class Ball:
    """An enhancing ball in patient space; a huge radius along y makes it a vessel."""

    centre_lps: tuple[float, float, float]
    radius_mm: tuple[float, float, float]
    percent: float = 180.0


def _grid(axes=AXIAL, steps_mm=STEPS_MM):
    extents_mm = np.abs(axes) @ np.array([230.0, 105.0, 60.0])
    shape = tuple(int(n) for n in np.round(extents_mm / steps_mm))
    origin = np.array([0, -20.0, 0]) - (np.array(shape) - 1) / 2 * steps_mm @ axes
    spacing = Spacing(steps_mm[1], steps_mm[2], SpacingSource.PATIENT, slice_mm=steps_mm[0])
    return ImageGrid(shape, tuple(origin), tuple(tuple(a) for a in axes), spacing)


def _examination(*balls, grid=None, background=12.0, noise=4.0):
    """Two fatty breasts with gland before a chest; voxels share partial volume by a blur of half a voxel."""
    grid = grid or _grid()
    x, y, z = np.moveaxis(grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1)), -1, 0)
    rng = np.random.default_rng(7)
    breast = np.zeros(grid.shape, dtype=bool)
    gland = np.zeros(grid.shape, dtype=bool)
    for side in (-55, 55):
        breast |= ((x - side) / 48) ** 2 + ((y - 15) / 75) ** 2 + (z / 70) ** 2 < 1
        gland |= ((x - side) / 30) ** 2 + ((y - 5) / 50) ** 2 + (z / 40) ** 2 < 1
    texture = ndimage.gaussian_filter(rng.standard_normal(grid.shape), 4 / np.asarray(grid.spacing.zrc_mm))
    gland &= texture > 0
    pre = np.where(breast | (y > 15), 80.0, 0.0)
    pre[gland] = 250.0
    early = pre * (1 + np.where(gland, background / 100, 0.0))
    for ball in balls:
        cx, cy, cz = ball.centre_lps
        rx, ry, rz = ball.radius_mm
        radius = np.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 + ((z - cz) / rz) ** 2)
        share = np.clip(0.5 + (1 - radius) * min(ball.radius_mm) / STEPS_MM[1], 0, 1)
        pre = pre * (1 - share) + share * 220
        early = early * (1 - share) + share * 220 * (1 + ball.percent / 100)
    phases = [np.hypot(p + rng.normal(0, noise, p.shape), rng.normal(0, noise, p.shape)) for p in (pre, early)]
    return DynamicImage(np.asarray(phases[:2], np.float32), grid)


def _diameter_mm(finding, grid):
    return max(float(pdist(p[:, 1:] * grid.spacing.rc_mm).max()) for p in finding.contours_zrc)


@pytest.fixture(scope="module")
def one_mass():
    return _examination(Ball((-55.0, -15.0, 0.0), (9.0, 9.0, 9.0)))


@pytest.fixture(scope="module")
def found(one_mass):
    return detect_lesions(one_mass)


def test_ball_is_measured_to_a_third_of_a_voxel(found, one_mass):
    (lesion,) = found.lesions
    assert _diameter_mm(lesion, one_mass.grid) == pytest.approx(18.0, abs=0.3 * STEPS_MM[1])
    centre_lps = one_mass.grid.to_lps(lesion.centre_zrc)
    np.testing.assert_allclose(centre_lps, (-55, -15, 0), atol=1.0)
    assert lesion.laterality is Laterality.RIGHT
    assert lesion.confidence > 0.9
    assert lesion.alternative_diameter_mm == pytest.approx(18.0, abs=3.0)
    assert not lesion.flags


def test_mask_lies_where_the_offset_says(found, one_mass):
    (lesion,) = found.lesions
    whole = np.zeros(one_mass.grid.shape, dtype=bool)
    box = tuple(slice(o, o + n) for o, n in zip(lesion.offset_zrc, lesion.mask.shape, strict=True))
    whole[box] = lesion.mask
    np.testing.assert_allclose(ndimage.center_of_mass(whole), lesion.centre_zrc, atol=1e-6)
    volume_mm3 = whole.sum() * np.prod(STEPS_MM)
    assert volume_mm3 == pytest.approx(4 / 3 * np.pi * 9**3, rel=0.12)
    assert found.enhancement[whole].mean() > 120


def test_contours_are_closed_and_lie_in_one_slice(found):
    for polygon in found.lesions[0].contours_zrc:
        assert np.ptp(polygon[:, 0]) == 0
        np.testing.assert_array_equal(polygon[0], polygon[-1])


@pytest.mark.parametrize("scale", [0.01, 7.5])
def test_result_does_not_depend_on_the_grey_scale(found, one_mass, scale):
    scaled = replace(one_mass, phases=one_mass.phases * np.float32(scale))
    (lesion,) = detect_lesions(scaled).lesions
    reference = _diameter_mm(found.lesions[0], one_mass.grid)
    assert _diameter_mm(lesion, one_mass.grid) == pytest.approx(reference, abs=0.02)


def test_same_input_same_output(found, one_mass):
    again = detect_lesions(one_mass)
    np.testing.assert_array_equal(again.enhancement, found.enhancement)
    for first, second in zip(again.lesions[0].contours_zrc, found.lesions[0].contours_zrc, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("axes", [SAGITTAL, OBLIQUE, AXIAL * [[1], [1], [-1]]], ids=["sagittal", "oblique", "mirrored"])
@pytest.mark.parametrize(("x_mm", "side"), [(-55.0, Laterality.RIGHT), (55.0, Laterality.LEFT)])
def test_side_is_the_patients_own(axes, x_mm, side):
    image = _examination(Ball((x_mm, -15.0, 0.0), (9.0, 9.0, 9.0)), grid=_grid(axes))
    assert [lesion.laterality for lesion in detect_lesions(image).lesions] == [side]


def test_larger_lesion_comes_first():
    image = _examination(Ball((-55.0, -15.0, 0.0), (6.0, 6.0, 6.0)), Ball((55.0, -10.0, 0.0), (11.0, 9.0, 9.0)))
    lesions = detect_lesions(image).lesions
    assert [lesion.laterality for lesion in lesions] == [Laterality.LEFT, Laterality.RIGHT]
    assert _diameter_mm(lesions[0], image.grid) == pytest.approx(22, abs=2)


@pytest.mark.parametrize("background", [5.0, 20.0, 35.0])
def test_breast_without_lesion_is_empty(background):
    assert detect_lesions(_examination(background=background)).lesions == ()


def test_vessel_is_no_lesion():
    vessel = Ball((55.0, -10.0, 5.0), (1.8, 30.0, 1.8), percent=220.0)
    assert detect_lesions(_examination(vessel)).lesions == ()


def test_vessel_that_feeds_a_lesion_is_cut_off():
    image = _examination(
        Ball((55.0, -15.0, 0.0), (9.0, 9.0, 9.0)), Ball((62.0, -15.0, 0.0), (1.6, 32.0, 1.6), percent=180.0)
    )
    (lesion,) = detect_lesions(image).lesions
    assert _diameter_mm(lesion, image.grid) == pytest.approx(18, abs=2)


def test_focus_below_five_millimetres_is_left_out():
    assert detect_lesions(_examination(Ball((55.0, -15.0, 0.0), (1.9, 1.9, 1.9)))).lesions == ()


def test_heart_behind_the_wall_is_no_lesion():
    assert detect_lesions(_examination(Ball((20.0, 60.0, 0.0), (32.0, 30.0, 30.0), percent=250.0))).lesions == ()


def test_one_slice_is_measured_and_says_so(one_mass):
    middle = one_mass.grid.shape[0] // 2
    origin = one_mass.grid.to_lps((middle, 0, 0))
    grid = replace(one_mass.grid, shape=(1, *one_mass.grid.shape[1:]), origin_lps=tuple(origin))
    image = DynamicImage(one_mass.phases[:, middle : middle + 1], grid)
    findings = detect_lesions(image)
    assert "single_slice" in findings.flags
    assert _diameter_mm(findings.lesions[0], grid) == pytest.approx(18, abs=2)


def _broken(image, kind):
    if kind == "shape":
        return replace(image, phases=image.phases[:, 1:])
    if kind == "grid":
        return replace(image, grid=replace(image.grid, shape=(1, 2, 3)))
    if kind == "nan":
        phases = image.phases.copy()
        phases[image.early_index, 3, 4, 5] = np.nan
        return replace(image, phases=phases)
    return replace(image, phases=np.zeros_like(image.phases))


@pytest.mark.parametrize("kind", ["shape", "grid", "nan", "zeros"])
def test_unusable_images_are_refused_with_a_code(one_mass, kind):
    with pytest.raises(DetectorError) as caught:
        detect_lesions(_broken(one_mass, kind))
    assert caught.value.code is ErrorCode.DETECTION


def _box(shape, *, lengths):
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(slice((n - k) // 2, (n + k) // 2) for n, k in zip(shape, lengths, strict=True))] = True
    return mask


@pytest.mark.parametrize(
    ("lengths", "tube"), [((10, 10, 10), False), ((2, 2, 30), True), ((3, 3, 14), True), ((9, 9, 30), False)]
)
def test_tubes_are_long_and_thin(lengths, tube):
    assert is_tube(_box((40, 40, 40), lengths=lengths), np.ones(3)) is tube


def test_small_pieces_and_stars_are_not_solid():
    assert is_solid(_box((20, 20, 20), lengths=(6, 6, 6)), np.ones(3))
    assert not is_solid(_box((20, 20, 20), lengths=(3, 3, 6)), np.ones(3))


def test_gaps_are_joined_up_to_three_millimetres():
    mask = np.zeros((5, 12, 30), dtype=bool)
    mask[:, :, 3:10] = mask[:, :, 12:20] = mask[:, :, 25:29] = True
    closed = joined(mask, voxel_mm=np.ones(3))
    assert closed[2, 6, 10:12].all()
    assert not closed[2, 6, 21:24].any()


def test_opening_keeps_the_body_and_drops_the_thread():
    mask = _box((30, 30, 60), lengths=(14, 14, 14))
    mask[15:17, 15:17, 30:58] = True
    kept = opened(mask, voxel_mm=np.ones(3), radius_mm=3.0)
    assert kept[15, 15, 30]
    assert not kept[:, :, 44:].any()


def test_background_ignores_lesions_and_sets_the_demand():
    values = np.concatenate([np.linspace(0, 40, 1001), np.full(200, 220.0)]).astype(np.float32)
    background = background_of(values, np.ones(values.shape, dtype=bool))
    assert background.median == pytest.approx(20, abs=0.1)
    assert background.demand == pytest.approx(2.4 * 38, abs=0.5)
    assert Background(0.0, 5.0).demand == 60.0
    assert background_of(values, np.zeros(values.shape, dtype=bool)).demand == 60.0


def test_edge_follows_partial_volume_not_voxels():
    z, r, c = np.indices((12, 48, 48)).astype(float)
    for radius in (6.0, 6.4, 6.8):
        signal = 300 * np.clip(0.5 + radius - np.sqrt((r - 24.2) ** 2 + (c - 23.7) ** 2 + (z - 6) ** 2), 0, 1)
        outline = outline_lesion(
            signal.astype(np.float32), signal > 200, tissue=np.ones(signal.shape, dtype=bool), voxel_mm=np.ones(3)
        )
        widest = max(pdist(p[:, 1:]).max() for p in outline.contours_zrc)
        assert widest == pytest.approx(2 * radius, abs=0.15)


def test_nothing_above_its_surroundings_has_no_edge():
    flat = np.ones((4, 20, 20), np.float32)
    tissue = np.ones(flat.shape, dtype=bool)
    assert outline_lesion(flat, _box(flat.shape, lengths=(2, 6, 6)), tissue=tissue, voxel_mm=np.ones(3)) is None


def test_confidence_rises_with_uptake_and_size():
    assert confidence_of(1.25, 5.0) == 0.5
    assert confidence_of(2.0, 10.0) > confidence_of(2.0, 6.0) > confidence_of(1.2, 6.0)


@pytest.mark.realdata
def test_real_ring_enhancing_tumour_is_outlined(realdata):
    from scipy.io import loadmat

    path = realdata / "breast_dce_timeseries" / "invivo.mat"
    if not path.is_file():
        pytest.skip("the breast time series is not there")
    phases = loadmat(path)["DCEdata"].astype(np.float32)[:, None]
    spacing = Spacing(1.0, 1.0, SpacingSource.GIVEN, slice_mm=5.0)
    grid = ImageGrid((1, 192, 192), (60.0, 0.0, 0.0), tuple(tuple(a) for a in SAGITTAL), spacing)
    image = DynamicImage(np.stack([phases[:3].mean(axis=0), phases[8:10].mean(axis=0)]), grid)
    findings = detect_lesions(image)
    # By eye on the subtraction the ring spans rows 95-121 and columns 87-113: 26-30 pixels.
    lesion = findings.lesions[0]
    assert 26 <= _diameter_mm(lesion, grid) <= 32
    np.testing.assert_allclose(lesion.centre_zrc, (0, 108, 100), atol=4)
