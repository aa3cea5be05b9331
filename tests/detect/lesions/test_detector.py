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
from calcmeasure.detect.lesions.detector import detect_extent, detect_lesions
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.terms import Laterality, LesionType

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
    assert lesion.confidence > 0.6
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


def test_a_focus_is_no_lesion_or_says_what_it_is():
    for lesion in detect_lesions(_examination(Ball((55.0, -15.0, 0.0), (1.9, 1.9, 1.9)))).lesions:
        assert "small_focus" in lesion.flags
        assert lesion.kind is LesionType.FOCUS


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
    candidate = np.zeros_like(tissue)
    candidate[1:3, 7:13, 7:13] = True
    assert outline_lesion(flat, candidate, tissue=tissue, voxel_mm=np.ones(3)) is None


def test_what_is_no_lesion_is_listed_with_what_it_looks_like():
    vessel = Ball((55.0, -10.0, 5.0), (1.8, 30.0, 1.8), percent=220.0)
    others = detect_lesions(_examination(vessel)).others
    assert "looks_like_vessel" in {flag for other in others for flag in other.flags}
    assert [other.confidence for other in others] == sorted((o.confidence for o in others), reverse=True)
    assert all(other.at_phases == () for other in others)


def test_the_record_says_what_decided(found, one_mass):
    assert found.background.percent == pytest.approx(12, abs=3)
    assert found.background.tissue_ml > 5
    assert found.parameters["demand_percent"] >= 45
    assert found.parameters["ftv_percent"] == 70
    assert [motion.index for motion in found.motion] == [0]
    assert set(found.moved) <= {0}
    assert found.lesions[0].kind is LesionType.MASS


def test_the_extent_of_disease_spans_the_parts_of_one_breast():
    balls = [Ball((-55.0, -35.0, 0.0), (6.0, 6.0, 6.0)), Ball((-55.0, 0.0, 4.0), (8.0, 8.0, 8.0))]
    image = _examination(*balls, Ball((55.0, -15.0, 0.0), (9.0, 9.0, 9.0)))
    assert len(detect_lesions(image).lesions) == 3
    right, left = detect_extent(image).lesions
    assert (right.laterality, left.laterality) == (Laterality.RIGHT, Laterality.LEFT)
    # Centres 35 mm apart in the plane, radii of 6 and 8 mm.
    assert _diameter_mm(right, image.grid) == pytest.approx(49, abs=1.5)
    assert "extent_over_parts" in right.flags
    assert _diameter_mm(left, image.grid) == pytest.approx(18, abs=0.6)
    assert "extent_over_parts" not in left.flags


def test_neighbouring_phases_are_measured_too(one_mass):
    pre, early = one_mass.phases
    half = (pre + early) / 2
    image = replace(one_mass, phases=np.stack([pre, pre, early, half]), early_index=2)
    (lesion,) = detect_lesions(image).lesions
    before, after = lesion.at_phases
    assert (before.index, after.index) == (1, 3)
    assert before.diameter_mm is None
    assert after.diameter_mm == pytest.approx(18, abs=0.8)


def test_a_moved_phase_is_moved_back_and_the_lesion_keeps_its_size(one_mass):
    pre, early = one_mass.phases
    findings = detect_lesions(replace(one_mass, phases=np.stack([np.roll(pre, 2, axis=1), early])))
    assert "motion_corrected" in findings.flags
    # Anywhere in the breast, its rim included, where the rolled picture has no partner.
    assert findings.motion[0].largest_mm == pytest.approx(2 * STEPS_MM[1], abs=2.0)
    assert set(findings.moved) == {0}
    (lesion,) = findings.lesions
    assert _diameter_mm(lesion, one_mass.grid) == pytest.approx(18, abs=1)
    assert abs(lesion.volume_change) < 0.05


def test_a_lesion_at_the_end_of_the_volume_says_so(one_mass):
    middle = one_mass.grid.shape[0] // 2
    origin = one_mass.grid.to_lps((middle, 0, 0))
    shape = (one_mass.grid.shape[0] - middle, *one_mass.grid.shape[1:])
    grid = replace(one_mass.grid, shape=shape, origin_lps=tuple(origin))
    cut = detect_lesions(DynamicImage(one_mass.phases[:, middle:], grid)).lesions
    assert "at_region_edge" in cut[0].flags


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
