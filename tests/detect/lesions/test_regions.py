"""Steps that grow a mask from a point: what they close, fill and cut, and that they keep masks inside each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from calcmeasure.detect.lesions.regions import (
    closed,
    component_at,
    deepest,
    filled,
    greatest,
    rolled,
    span_of,
    with_tips,
)
from calcmeasure.detect.lesions.seeds import joined

VOXELS = [(2.0, 1.1, 1.1), (1.0, 0.7, 0.7), (3.0, 1.6, 0.4), (1.0, 1.0, 1.0)]
MASKS = arrays(bool, (5, 9, 10))


def disc(radius, shape=(7, 41, 41), centre=(3, 20, 20)):
    steps = np.indices(shape) - np.reshape(centre, (3, 1, 1, 1))
    return (steps**2).sum(axis=0) <= radius**2


@settings(deadline=None, max_examples=60)
@given(MASKS, st.sampled_from(VOXELS))
def test_closing_is_that_of_the_automatic_detector(mask, voxel_mm):
    steps_mm = np.array(voxel_mm)
    np.testing.assert_array_equal(closed(mask, steps_mm), joined(mask, voxel_mm=steps_mm))


@settings(deadline=None, max_examples=60)
@given(MASKS, MASKS, st.sampled_from(VOXELS))
def test_closing_and_filling_keep_a_mask_inside_another(one, more, voxel_mm):
    steps_mm = np.array(voxel_mm)
    assert not (closed(one, steps_mm) & ~closed(one | more, steps_mm)).any()
    assert not (filled(one) & ~filled(one | more)).any()


def test_filling_works_slice_by_slice():
    ring = disc(8) & ~disc(4)
    expected = np.stack([ndimage.binary_fill_holes(plane) for plane in ring])
    np.testing.assert_array_equal(filled(ring), expected)
    assert not filled(np.zeros((2, 3, 3), bool)).any()


def test_a_point_in_a_part_in_a_ring_and_outside():
    ring = np.zeros((3, 30, 30), bool)
    ring[:, 5:15, 5:15] = True
    ring[:, 8:12, 8:12] = False
    blob = np.zeros_like(ring)
    blob[:, 20:25, 20:25] = True
    mask = ring | blob
    np.testing.assert_array_equal(component_at(mask, (1, 22, 22)), blob)
    np.testing.assert_array_equal(component_at(mask, (1, 5, 9)), ring)
    np.testing.assert_array_equal(component_at(mask, (1, 10, 10)), ring)
    assert not component_at(mask, (1, 17, 17)).any()


def test_of_rings_within_each_other_the_smaller_one_counts():
    wide = disc(18, centre=(3, 20, 20)) & ~disc(16)
    narrow = disc(10) & ~disc(7)
    assert component_at(wide | narrow, (3, 20, 20))[3, 20, 28]
    assert not component_at(wide | narrow, (3, 20, 20))[3, 20, 37]


def test_the_deepest_voxel_is_the_centre_of_the_largest_ball():
    depth_mm, centre = deepest(disc(9, shape=(21, 41, 41), centre=(10, 18, 22)), np.array([1.0, 1.0, 1.0]))
    assert centre == (10, 18, 22)
    assert depth_mm == pytest.approx(9, abs=0.6)


def test_span_is_the_first_and_last_voxel():
    mask = np.zeros((6, 7, 8), bool)
    mask[2, 3, 4] = mask[4, 1, 6] = True
    np.testing.assert_array_equal(span_of(mask), [(2, 1, 4), (4, 3, 6)])


def test_the_greatest_value_of_each_label():
    labels = np.array([[0, 1, 1], [3, 0, 1]], np.int32)
    values = np.array([[9.0, 2.0, 4.0], [0.5, 8.0, 1.0]])
    assert greatest(values, labels, 3).tolist() == [0, 4.0, 0, 0.5]


def test_a_ball_does_not_roll_through_a_neck():
    body, far = disc(8, centre=(3, 20, 10)), disc(8, centre=(3, 20, 31))
    mask = body | far
    mask[3, 20, :] = True
    kept = rolled(mask, np.ones(3), radius_mm=2.0, anchor=(3, 20, 10))
    assert (kept & body).sum() > 0.97 * body.sum()
    assert not (kept & far & ~body).any()
    assert not (kept & ~mask).any()


@settings(deadline=None, max_examples=30)
@given(MASKS, MASKS)
def test_rolling_keeps_a_mask_inside_another(one, more):
    one = one.copy()
    one[1:4, 3:6, 3:6] = True
    small, large = (rolled(mask, np.ones(3), radius_mm=1.5, anchor=(2, 4, 4)) for mask in (one, one | more))
    assert small[2, 4, 4]
    assert not (small & ~large).any()


@pytest.mark.parametrize(("length", "stays"), [(2, True), (6, False)])
def test_a_corner_is_put_back_and_a_vessel_stays_out(length, stays):
    """A strip beyond the end of the body: short it is a pointed end, long it is a vessel, of which no root is left."""
    body = disc(8, centre=(3, 20, 20))
    strip = np.zeros_like(body)
    strip[3, 20, 29 : 29 + length] = True
    whole = with_tips(body, body | strip, reach_mm=2.5, voxel_mm=np.ones(3))
    np.testing.assert_array_equal(whole, body | strip if stays else body)


def test_nothing_comes_back_to_an_empty_body():
    nothing = np.zeros((3, 4, 5), bool)
    assert not with_tips(nothing, ~nothing, reach_mm=2.5, voxel_mm=np.ones(3)).any()
