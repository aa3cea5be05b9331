"""The half-maximum edge: where it lies for a known profile, what it refuses, and what it leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from calcmeasure.detect.lesions.boundary import outline_lesion, smoothed

VOXEL_MM = np.array([2.0, 0.8, 0.6])
SHAPE = (15, 50, 64)
CENTRE_ZRC = np.array([7.0, 24.0, 31.0])


def distance_mm(centre_zrc=CENTRE_ZRC):
    """Distance of every voxel from a point."""
    steps = (np.indices(SHAPE) - np.asarray(centre_zrc)[:, None, None, None]) * VOXEL_MM[:, None, None, None]
    return np.sqrt((steps**2).sum(axis=0))


def ball(radius_mm, *, inside=200.0, outside=20.0, blur_mm=0.8, centre_zrc=CENTRE_ZRC):
    """Signal that falls from inside to outside, half-way exactly at the radius (a sphere blurred along its rays)."""
    share = 1 / (1 + np.exp((distance_mm(centre_zrc) - radius_mm) / (blur_mm / 2)))
    return (outside + (inside - outside) * share).astype(np.float32)


def outline(signal, *, radius_mm=4.0, tissue=None):
    candidate = distance_mm() <= radius_mm
    return outline_lesion(
        signal, candidate, tissue=np.ones(SHAPE, bool) if tissue is None else tissue, voxel_mm=VOXEL_MM
    )


def widths_mm(polygon):
    return np.ptp(polygon[:, 1:], axis=0) * VOXEL_MM[1:]


@pytest.mark.parametrize("radius_mm", [5.0, 6.5, 8.0])
@pytest.mark.parametrize("outside", [20.0, 80.0])
def test_the_edge_lies_half_way_between_lesion_and_background(radius_mm, outside):
    found = outline(ball(radius_mm, outside=outside), radius_mm=radius_mm - 1)
    assert found.inside == pytest.approx(200, abs=4)
    assert found.outside == pytest.approx(outside, abs=4)
    middle = next(p for p in found.contours_zrc if p[0, 0] == CENTRE_ZRC[0])
    np.testing.assert_allclose(widths_mm(middle), 2 * radius_mm, atol=0.35)


@pytest.mark.parametrize("guess_mm", [3.0, 5.0, 7.0])
def test_the_candidate_does_not_decide_the_size(guess_mm):
    found = outline(ball(6.0), radius_mm=guess_mm)
    middle = next(p for p in found.contours_zrc if p[0, 0] == CENTRE_ZRC[0])
    np.testing.assert_allclose(widths_mm(middle), 12.0, atol=0.4)


def test_contours_are_closed_one_slice_each_and_around_the_mask():
    found = outline(ball(6.0))
    assert [polygon[0, 0] for polygon in found.contours_zrc] == sorted({int(z) for z in np.argwhere(found.mask)[:, 0]})
    for polygon in found.contours_zrc:
        assert np.ptp(polygon[:, 0]) == 0
        np.testing.assert_array_equal(polygon[0], polygon[-1])
        voxels = np.argwhere(found.mask[int(polygon[0, 0])])
        assert (polygon[:, 1:].min(axis=0) <= voxels.min(axis=0)).all()
        assert (polygon[:, 1:].max(axis=0) >= voxels.max(axis=0)).all()
        assert (polygon[:, 1:].max(axis=0) <= voxels.max(axis=0) + 1).all()


@pytest.mark.parametrize("inside", [20.0, 5.0])
def test_nothing_stands_out_from_the_background(inside):
    assert outline(ball(6.0, inside=inside)) is None


def test_background_is_taken_between_4_and_12_mm_from_the_candidate():
    """Neither the bright rim beside the candidate nor what lies far away raises the background."""
    away_mm = ndimage.distance_transform_edt(distance_mm() > 4.0, sampling=VOXEL_MM)
    signal = np.where(away_mm > 13.5, 150.0, ball(4.0, blur_mm=0.4)).astype(np.float32)
    assert outline(signal).outside == pytest.approx(20, abs=2)


def test_background_outside_the_breast_does_not_count():
    tissue = np.indices(SHAPE)[2] < 45
    signal = np.where(tissue, ball(6.0), 190.0).astype(np.float32)
    assert outline(signal, tissue=tissue).outside == pytest.approx(20, abs=3)


def test_the_edge_is_not_sought_farther_than_6_mm_from_the_candidate():
    found = outline(ball(12.0), radius_mm=4.0)
    reach_mm = distance_mm()[found.mask].max() if found is not None else 0.0
    assert reach_mm <= 4.0 + 6.0 + 0.5


def test_a_necrotic_centre_is_part_of_the_lesion():
    signal = ball(7.0) - ball(3.0, inside=170.0, outside=0.0, blur_mm=0.5)
    found = outline(signal, radius_mm=6.0)
    assert found.mask[tuple(CENTRE_ZRC.astype(int))]
    assert len([p for p in found.contours_zrc if p[0, 0] == CENTRE_ZRC[0]]) == 1


def test_a_vessel_is_cut_off():
    """A thread 1.6 mm wide runs out of the lesion; the outline does not follow it."""
    signal = ball(6.0)
    signal[7, 23:25, 31:60] = 200.0
    found = outline(signal, radius_mm=5.0)
    assert distance_mm()[found.mask].max() < 8.5


def test_a_diameter_runs_from_point_to_point():
    """A lens 20 mm long and 9 mm thick: a ball of 2.2 mm does not fit into its ends."""
    finer = (1, 5, 5)
    fine = [(np.arange(n * f) + 0.5) / f - 0.5 for n, f in zip(SHAPE, finer, strict=True)]
    steps = zip(fine, CENTRE_ZRC, VOXEL_MM, strict=True)
    z, r, c = np.ix_(*((places - centre) * step_mm for places, centre, step_mm in steps))
    along, across = np.abs(c) / 10.0, np.hypot(z, r) / 4.5
    inside = (along**1.3 + across <= 1).reshape(SHAPE[0], SHAPE[1], 5, SHAPE[2], 5).mean(axis=(2, 4))
    found = outline((20 + 180 * inside).astype(np.float32))
    middle = next(p for p in found.contours_zrc if p[0, 0] == CENTRE_ZRC[0])
    assert widths_mm(middle)[1] == pytest.approx(20, abs=1.0)


def test_a_neighbour_is_left_out():
    """A second lesion beyond a gap lies within reach, but the candidate has no voxel in it."""
    other_zrc = CENTRE_ZRC + np.array([0, 0, 14 / VOXEL_MM[2]])
    signal = np.maximum(ball(4.5), ball(5.0, centre_zrc=other_zrc))
    found = outline(signal)
    assert not found.mask[distance_mm(other_zrc) < 4].any()


def test_voxels_that_touch_at_a_corner_are_one_lesion():
    """Cubes of 8 mm: on voxels wider than the gap that is closed only the corner joins them."""
    candidate = np.zeros((14, 14, 14), bool)
    candidate[5:7, 5:7, 5:7] = candidate[7:10, 7:10, 7:10] = True
    signal = np.where(candidate, 200.0, 20.0).astype(np.float32)
    found = outline_lesion(signal, candidate, tissue=np.ones(candidate.shape, bool), voxel_mm=np.full(3, 4.0))
    np.testing.assert_array_equal(found.mask, candidate)
    assert [polygon[0, 0] for polygon in found.contours_zrc] == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("voxel_mm", [(2.0, 0.8, 0.4), (1.0, 1.0, 1.6), (0.5, 0.6, 0.7)])
def test_the_noise_kernel_is_at_most_half_a_voxel_and_at_most_0_4_mm_wide(voxel_mm):
    point = np.zeros((9, 9, 9), np.float32)
    point[4, 4, 4] = 1.0
    answer = smoothed(point, np.array(voxel_mm)).astype(float)
    assert answer.sum() == pytest.approx(1.0, abs=1e-5)
    for axis, step_mm in enumerate(voxel_mm):
        neighbour = [4, 4, 4]
        neighbour[axis] = 5
        sigma = min(0.5, 0.4 / step_mm)
        assert answer[tuple(neighbour)] / answer[4, 4, 4] == pytest.approx(np.exp(-0.5 / sigma**2), rel=1e-3)


@pytest.mark.parametrize(("radius_mm", "outlined"), [(4.08, False), (4.3, True)])
def test_islands_below_2_5_square_millimetres_are_not_outlined(radius_mm, outlined):
    """Slices 4 mm off the centre cut circles of 2 and of 8 mm²."""
    found = outline(ball(radius_mm, blur_mm=0.1), radius_mm=3.0)
    assert found.mask[[5, 9]].any(axis=(1, 2)).all()
    assert ({5.0, 9.0} <= {polygon[0, 0] for polygon in found.contours_zrc}) is outlined
