"""Greatest in-plane distances, and the extent over several parts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from calcmeasure.detect.contract import LesionFinding
from calcmeasure.detect.lesions.extents import farthest_mm, hull_of, joined_parts, widest_mm
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import Laterality

SPACING = Spacing(1.0, 0.5, SpacingSource.PATIENT, slice_mm=2.0)


def square(z, row, col, *, side=4.0):
    corners = np.array([(0, 0), (0, side), (side, side), (side, 0), (0, 0)], dtype=float)
    return np.column_stack([np.full(5, float(z)), corners + np.array([row, col])])


def finding(z, row, col, *, flags=()):
    mask = np.ones((2, 5, 5), bool)
    return LesionFinding(
        mask, (z, row, col), (square(z, row, col),), Laterality.LEFT, (z + 0.5, row + 2.0, col + 2.0), 0.9, flags=flags
    )


@pytest.mark.parametrize("count", [2, 3, 60])
def test_the_farthest_pair_is_that_of_all_points(count):
    points = np.random.default_rng(count).normal(size=(count, 2))
    assert farthest_mm(points) == pytest.approx(pdist(points).max())


def test_points_on_a_line_and_single_points():
    assert farthest_mm(np.column_stack([np.arange(9.0), np.zeros(9)])) == 8
    assert farthest_mm(np.zeros((1, 2))) == 0
    assert len(hull_of(np.zeros((7, 2)))) == 7


def test_polygons_are_measured_one_by_one():
    assert widest_mm((square(0, 0, 0), square(0, 50, 50)), SPACING) == pytest.approx(np.hypot(4, 2))
    assert widest_mm((), SPACING) == 0


def test_one_part_is_returned_as_it_is():
    only = finding(3, 4, 5)
    assert joined_parts([only], spacing=SPACING) is only


def test_parts_are_joined_over_slices():
    joined = joined_parts([finding(3, 4, 5, flags=("at_region_edge",)), finding(9, 20, 31)], spacing=SPACING)
    assert joined.offset_zrc == (3, 4, 5)
    assert joined.mask.shape == (8, 21, 31)
    assert joined.mask.sum() == 100
    assert joined.mask[:2, :5, :5].all()
    assert joined.mask[6:, 16:, 26:].all()
    (hull,) = joined.contours_zrc
    assert set(hull[:, 0]) == {3.0}
    np.testing.assert_array_equal(hull[0], hull[-1])
    # From (4, 5) to (24, 35): 20 rows of 1 mm and 30 columns of 0.5 mm.
    assert widest_mm(joined.contours_zrc, SPACING) == pytest.approx(25.0)
    assert joined.centre_zrc == pytest.approx((6.5, 14.0, 20.0))
    assert joined.flags == ("at_region_edge", "extent_over_parts")
