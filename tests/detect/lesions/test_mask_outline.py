"""Outlines of corrected masks: the grey edge where the mask follows it, between voxels where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calcmeasure.detect.lesions.boundary import plane_contours, smoothed
from calcmeasure.detect.lesions.mask_outline import outline_of_mask, threshold_of_mask

VOXEL_MM = np.array([2.0, 1.0, 0.8])
SHAPE = (9, 40, 44)
CENTRE = np.array([4.0, 19.3, 21.6])


def ball(radius_mm, *, inside=180.0, outside=20.0):
    """Signal half-way at the radius, in an edge 1.5 mm wide."""
    steps = (np.indices(SHAPE) - CENTRE[:, None, None, None]) * VOXEL_MM[:, None, None, None]
    share = np.clip((radius_mm - np.sqrt((steps**2).sum(axis=0))) / 1.5 + 0.5, 0, 1)
    return (outside + (inside - outside) * share).astype(np.float32)


def outline(signal, mask, *, offset=(0, 0, 0), threshold=100.0):
    return outline_of_mask(signal, mask, offset_zrc=offset, threshold=threshold, voxel_mm=VOXEL_MM)


def on_slice(polygons, z):
    return [polygon for polygon in polygons if polygon[0, 0] == z]


def radii_mm(polygon):
    return np.linalg.norm((polygon[:, 1:] - CENTRE[1:]) * VOXEL_MM[1:], axis=1)


def test_a_mask_that_follows_the_threshold_has_the_grey_edge():
    signal = ball(7.0)
    smooth = smoothed(signal, VOXEL_MM)
    polygons = outline(signal, smooth > 100)
    for z in range(SHAPE[0]):
        expected = plane_contours(smooth[z], 100.0, voxel_mm=VOXEL_MM)
        for polygon, path in zip(on_slice(polygons, z), expected, strict=True):
            np.testing.assert_allclose(polygon[:, 1:], path, atol=2e-3)
    np.testing.assert_allclose(radii_mm(on_slice(polygons, 4)[0]), 7.0, atol=0.12)


@settings(deadline=None, max_examples=25)
@given(st.tuples(st.integers(0, 6), st.integers(0, 30), st.integers(0, 30)), st.tuples(*[st.integers(1, 9)] * 3))
@example((0, 0, 1), (1, 1, 8))
def test_the_cut_does_not_matter(first, size):
    """Also at the border of the volume: the smoothing sees the same voxels."""
    signal = ball(7.0)
    whole = np.zeros(SHAPE, bool)
    box = tuple(slice(f, f + n) for f, n in zip(first, size, strict=True))
    whole[box] = True
    cut = whole[box]
    polygons, expected = outline(signal, cut, offset=first), outline(signal, whole)
    assert len(polygons) == len(expected)
    for polygon, other in zip(polygons, expected, strict=True):
        np.testing.assert_allclose(polygon, other, atol=1e-6)


def test_a_brush_moves_the_edge_where_it_was_and_nowhere_else():
    signal = ball(7.0)
    natural = smoothed(signal, VOXEL_MM) > 100
    painted = natural.copy()
    painted[4, 24:33, 18:26] = True
    before, after = on_slice(outline(signal, natural), 4)[0], on_slice(outline(signal, painted), 4)[0]
    assert after[:, 1].max() == pytest.approx(32.5, abs=0.01)
    untouched = before[before[:, 1] < 22]
    assert all((np.abs(after - vertex).max(axis=1) < 1e-9).any() for vertex in untouched)


def test_an_eraser_runs_between_the_voxels():
    signal = ball(7.0)
    erased = smoothed(signal, VOXEL_MM) > 100
    erased[:, 20:] = False
    assert on_slice(outline(signal, erased), 4)[0][:, 1].max() == pytest.approx(19.5, abs=0.12)


def test_without_a_threshold_the_edge_runs_between_the_voxels():
    mask = np.ones((1, 6, 8), bool)
    (polygon,) = outline(np.zeros(SHAPE, np.float32), mask, offset=(2, 10, 20), threshold=None)
    assert polygon[0, 0] == 2
    np.testing.assert_allclose(polygon[:, 1:].min(axis=0), (9.5, 19.5))
    np.testing.assert_allclose(polygon[:, 1:].max(axis=0), (15.5, 27.5))


def test_the_threshold_of_a_painted_mask_lies_half_way():
    signal = ball(7.0)
    mask = ball(6.0) > 100
    threshold = threshold_of_mask(signal, mask[3:6, 10:30, 10:34], offset_zrc=(3, 10, 10), voxel_mm=VOXEL_MM)
    assert threshold == pytest.approx(100, abs=3)


@pytest.mark.parametrize("inside", [20.0, 5.0])
def test_a_mask_no_brighter_than_its_surroundings_has_no_threshold(inside):
    mask = ball(6.0) > 100
    assert threshold_of_mask(ball(7.0, inside=inside), mask, offset_zrc=(0, 0, 0), voxel_mm=VOXEL_MM) is None


def test_an_empty_mask_has_no_threshold():
    assert threshold_of_mask(ball(7.0), np.zeros((2, 3, 3), bool), offset_zrc=(0, 0, 0), voxel_mm=VOXEL_MM) is None
