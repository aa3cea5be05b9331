"""Candidates for lesions: closing and opening in mm, axes of known bodies, vessels, which candidates are one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.detect.lesions.enhancement import Background
from calcmeasure.detect.lesions.seeds import (
    MAX_CANDIDATES,
    axes_mm,
    find_candidates,
    is_tube,
    joined,
    largest,
    opened,
)

VOXEL_MM = np.array([2.5, 1.0, 1.25])
ONE_MM = np.ones(3)
QUIET = Background(median=10.0, spread=3.0, high=20.0)


def box(shape, *ranges):
    mask = np.zeros(shape, bool)
    mask[tuple(slice(*limits) for limits in ranges)] = True
    return mask


def ellipsoid(semi_axes_mm, *, voxel_mm=VOXEL_MM, margin_mm=6.0):
    """Voxel centres inside an ellipsoid around the middle of its box."""
    axes = [
        np.arange(-round((a + margin_mm) / s), round((a + margin_mm) / s) + 1) * s
        for a, s in zip(semi_axes_mm, voxel_mm, strict=True)
    ]
    places = np.meshgrid(*axes, indexing="ij")
    return sum((p / a) ** 2 for p, a in zip(places, semi_axes_mm, strict=True)) <= 1


@pytest.mark.parametrize(("empty", "bridged"), [(1, True), (2, True), (3, False), (5, False)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gaps_up_to_3_mm_between_voxel_centres_are_closed(axis, empty, bridged):
    mask = np.moveaxis(box((20, 13, 13), (3, 8), (2, 11), (2, 11)), 0, axis).copy()
    mask |= np.roll(mask, 5 + empty, axis=axis)
    gap = [slice(5, 8)] * 3
    gap[axis] = slice(8, 8 + empty)
    assert joined(mask, voxel_mm=ONE_MM)[tuple(gap)].all() == bridged
    assert joined(mask, voxel_mm=ONE_MM)[tuple(gap)].any() == bridged


@pytest.mark.parametrize(("step_mm", "bridged"), [(1.5, True), (2.5, False), (4.0, False)])
def test_thick_slices_are_not_bridged(step_mm, bridged):
    mask = box((5, 13, 13), (1, 4), (2, 11), (2, 11))
    mask[2] = False
    assert joined(mask, voxel_mm=np.array([step_mm, 1, 1]))[2, 4:9, 4:9].all() == bridged


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.3))
def test_closing_adds_only_and_twice_is_once(seed, share):
    mask = np.random.default_rng(seed).random((6, 9, 9)) < share
    once = joined(mask, voxel_mm=VOXEL_MM)
    assert once.shape == mask.shape
    assert (once | ~mask).all()
    np.testing.assert_array_equal(joined(once, voxel_mm=VOXEL_MM), once)


@pytest.mark.parametrize("limits", [((2, 7), (3, 9), (1, 11)), ((0, 9), (0, 12), (0, 12)), ((4, 5), (4, 5), (4, 5))])
def test_closing_leaves_a_box_alone_even_at_the_edge(limits):
    mask = box((9, 12, 12), *limits)
    np.testing.assert_array_equal(joined(mask, voxel_mm=ONE_MM), mask)
    empty = np.zeros((9, 12, 12), bool)
    assert not joined(empty, voxel_mm=ONE_MM).any()


@pytest.mark.parametrize("radius_mm", [1.5, 2.0, 3.0])
def test_opening_cuts_off_a_thread_and_keeps_the_ball(radius_mm):
    ball = ellipsoid((6.0, 6.0, 6.0), voxel_mm=ONE_MM, margin_mm=10.0)
    middle = ball.shape[0] // 2
    mask = ball.copy()
    mask[middle, middle, :] = True
    kept = opened(mask, voxel_mm=ONE_MM, radius_mm=radius_mm)
    assert (kept & ball).sum() > 0.97 * ball.sum()
    assert not kept[middle, middle, : middle - 6 - round(radius_mm)].any()
    assert not (kept & ~mask).any()


def test_opening_with_a_ball_that_fits_nowhere_keeps_the_thickest_place():
    mask = box((9, 9, 9), (3, 6), (3, 6), (3, 6))
    assert opened(mask, voxel_mm=ONE_MM, radius_mm=50.0)[4, 4, 4]


def test_the_largest_part_counts_corners_as_contact():
    mask = box((8, 8, 8), (0, 2), (0, 2), (0, 2)) | box((8, 8, 8), (2, 4), (2, 4), (2, 4))
    other = box((8, 8, 8), (5, 8), (6, 8), (6, 8))
    np.testing.assert_array_equal(largest(mask | other), mask)
    np.testing.assert_array_equal(largest(mask), mask)
    assert not largest(np.zeros((3, 3, 3), bool)).any()


@pytest.mark.parametrize("semi_axes_mm", [(10.0, 10.0, 10.0), (15.0, 8.0, 10.0), (8.0, 20.0, 10.0)])
def test_axes_of_an_ellipsoid_are_its_diameters(semi_axes_mm):
    lengths_mm = axes_mm(ellipsoid(semi_axes_mm), VOXEL_MM)
    np.testing.assert_allclose(lengths_mm, 2 * np.array(sorted(semi_axes_mm, reverse=True)), rtol=0.03)


@pytest.mark.parametrize("counts", [(4, 6, 9), (1, 10, 10), (1, 1, 12)])
def test_axes_of_a_box_follow_its_second_moments(counts):
    """A side of length a has the variance a² / 12, an ellipsoid's diameter d the variance d² / 20."""
    sides_mm = np.array(counts) * VOXEL_MM
    mask = box((6, 14, 14), *((1, 1 + n) for n in counts))
    n = mask.sum()
    between = (sides_mm**2 - VOXEL_MM**2) / 12 * n / (n - 1)  # numpy's covariance divides by n - 1
    expected = np.sort(np.sqrt(20 * (between + VOXEL_MM**2 / 12)))[::-1]
    np.testing.assert_allclose(axes_mm(mask, VOXEL_MM), expected, rtol=1e-9)


def test_axes_of_one_voxel_are_its_sides():
    np.testing.assert_array_equal(axes_mm(box((3, 3, 3), (1, 2), (1, 2), (1, 2)), VOXEL_MM), VOXEL_MM)


@pytest.mark.parametrize(
    ("semi_axes_mm", "tube"),
    [
        ((5.0, 5.0, 5.0), False),
        ((2.0, 2.0, 4.0), False),
        ((1.5, 1.5, 12.0), True),
        ((1.5, 12.0, 1.5), True),
        ((4.0, 4.0, 25.0), False),  # thicker than any vessel
    ],
)
def test_a_vessel_is_long_and_thin(semi_axes_mm, tube):
    mask = ellipsoid(semi_axes_mm, voxel_mm=ONE_MM, margin_mm=2.0)
    for order in itertools.permutations(range(3)):
        assert is_tube(np.transpose(mask, order), ONE_MM) is tube


def scene(*balls, shape=(24, 44, 44), level=10.0):
    """Percent enhancement with balls (centre, radius in voxels of 1 mm, percent)."""
    enhancement = np.full(shape, level, np.float32)
    for centre, radius, percent in balls:
        away = np.sqrt(sum((i - c) ** 2 for i, c in zip(np.indices(shape), centre, strict=True)))
        enhancement[away <= radius] = percent
    return enhancement


def candidates(enhancement, *, breast=None, background=QUIET):
    whole = np.ones(enhancement.shape, bool)
    return find_candidates(
        enhancement, whole if breast is None else breast, body=whole, background=background, voxel_mm=ONE_MM
    )


def test_balls_are_found_best_first_and_once():
    found = candidates(scene(((12, 10, 10), 5, 150.0), ((12, 30, 30), 7, 250.0)))
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    for candidate, centre, percent in zip(found, ((12, 30, 30), (12, 10, 10)), (250, 150), strict=False):
        assert candidate.mask[tuple(c - s.start for c, s in zip(centre, candidate.box, strict=True))]
        assert candidate.enhancement == pytest.approx(percent, rel=0.1)


def test_a_small_faint_spot_is_a_candidate_too():
    """Far below the demand of the breast, but brighter than what surrounds it."""
    (found,) = candidates(scene(((12, 20, 20), 2.0, 42.0)))
    assert found.enhancement == pytest.approx(42, abs=4)


def test_a_lesion_that_hangs_on_a_patch_of_gland_is_a_candidate_of_its_own():
    enhancement = scene(((12, 20, 14), 10, 48.0), ((12, 20, 26), 5, 200.0))
    sizes = sorted(int(c.mask.sum()) for c in candidates(enhancement))
    ball = int((scene(((12, 20, 26), 5, 200.0)) > 100).sum())
    assert any(0.7 * ball < size < 1.3 * ball for size in sizes)


def test_even_tissue_has_no_candidates():
    assert not candidates(scene())
    assert not candidates(scene(((12, 20, 20), 5, -50.0)))


def test_what_lies_mostly_behind_the_breast_is_no_candidate():
    enhancement = scene(((12, 20, 20), 6, 200.0))
    breast = np.ones(enhancement.shape, bool)
    breast[:, :22] = False
    assert all(c.mask.sum() < 450 for c in candidates(enhancement, breast=breast)), "not the ball of 900 voxels"
    breast[:, 19:] = True
    found = candidates(enhancement, breast=breast)
    assert not (found[0].mask & ~breast[found[0].box]).any()


def test_a_vessel_counts_for_less_than_a_lesion_of_its_volume():
    enhancement = scene(((12, 10, 10), 3.2, 200.0))
    enhancement[11:13, 30:32, 4:40] = 200.0
    found = candidates(enhancement)
    assert found[0].box[1].start < 15


def test_no_more_than_the_best_few_are_kept():
    centres = list(itertools.product((5, 18), range(6, 66, 10), range(6, 66, 10)))
    found = candidates(scene(*[(centre, 3, 120.0 + 4 * k) for k, centre in enumerate(centres)], shape=(24, 68, 68)))
    assert 10 < len(found) <= MAX_CANDIDATES < len(centres)
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
