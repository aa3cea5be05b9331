"""Hulls and farthest pairs: closed forms, exactness against all pairs, integer arithmetic on masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from calcmeasure.measure.hull_kernels import (
    convex_hull,
    farthest_pair,
    farthest_voxels,
    row_extremes,
    slice_hulls,
    widest_slice,
)

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]
STEPS_MM = np.array([2.0, 0.7, 0.9])
seeds = st.integers(0, 2**32 - 1)


def area(polygon):
    rows, cols = np.asarray(polygon, dtype=float).T
    return float(np.dot(rows, np.roll(cols, -1)) - np.dot(np.roll(rows, -1), cols)) / 2


@pytest.mark.parametrize(
    ("points", "hull"),
    [
        ([], []),
        ([(3, 4)], [(3, 4)]),
        ([(3, 4)] * 5, [(3, 4)]),
        ([(1, 1), (0, 0), (1, 1)], [(0, 0), (1, 1)]),
        ([(2, 2), (0, 0), (1, 1), (4, 4), (3, 3)], [(0, 0), (4, 4)]),
        (SQUARE, SQUARE),
        ([*SQUARE, (2, 2), (0, 2), (4, 1), (2, 0), (2, 4), (4, 4)], SQUARE),
        ([(0, 0), (10, 0), (5, 0.001), (5, 8)], [(0, 0), (10, 0), (5, 8)]),
    ],
)
def test_hull_of_known_points(points, hull):
    found = convex_hull(points)
    assert found.shape == (len(hull), 2)
    np.testing.assert_array_equal(found, np.reshape(np.asarray(hull, dtype=float), (-1, 2)))


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(3, 60), st.booleans())
def test_hull_equals_qhull(seed, n, on_a_lattice):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 12, (n, 2)).astype(float) if on_a_lattice else rng.normal(0, 5, (n, 2))
    points[:3] = [(0, 0), (11, 1), (3, 9)]
    found = convex_hull(points)
    assert area(found) == pytest.approx(ConvexHull(points).volume)
    assert {tuple(p) for p in found} <= {tuple(p) for p in points}
    edges = np.roll(found, -1, axis=0) - found
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    assert (turns > 0).all(), "no vertex on a straight side, one way round"
    np.testing.assert_array_equal(found[0], found[np.lexsort(found.T[::-1])[0]])


@pytest.mark.parametrize(
    ("points", "pair"),
    [
        ([(7.0, 7.0)], (0, 0)),
        ([(7.0, 7.0)] * 4, (0, 0)),
        ([(0.0, 0.0), (3.0, 4.0)], (0, 1)),
        ([(1.0, 0.0), (9.0, 0.0), (0.0, 0.0), (5.0, 1.0)], (1, 2)),
        ([(0.0, 0.0, 0.0), (1.0, 1.0, 9.0), (5.0, 5.0, 5.0)], (0, 1)),
    ],
)
def test_farthest_of_known_points(points, pair):
    assert farthest_pair(points) == pair


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(2, 80), st.sampled_from([2, 3]), st.sampled_from(["cloud", "lattice", "circle"]))
def test_no_pair_is_farther(seed, n, dimensions, kind):
    """On a circle nearly all pairs of opposite points are alike: pruning must not pass over the longest."""
    rng = np.random.default_rng(seed)
    points = {
        "cloud": rng.normal(0, 30, (n, dimensions)),
        "lattice": rng.integers(0, 5, (n, dimensions)).astype(float),
        "circle": np.column_stack([f(np.linspace(0, 6, n)) for f in (np.sin, np.cos, np.zeros_like)])[:, :dimensions],
    }[kind]
    i, j = farthest_pair(points)
    assert i <= j
    assert np.linalg.norm(points[i] - points[j]) == pytest.approx(pdist(points).max(), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(1, 40), st.booleans())
def test_no_two_voxels_are_farther(seed, n, edge):
    voxels = np.random.default_rng(seed).integers(0, 9, (n, 3))
    gaps = np.abs(voxels[:, None] - voxels[None]) + (1 if edge else 0)
    i, j, length_mm = farthest_voxels(voxels, STEPS_MM, edge=edge)
    assert length_mm == pytest.approx(np.sqrt(((gaps * STEPS_MM) ** 2).sum(axis=-1)).max())
    assert length_mm == pytest.approx(np.linalg.norm((np.abs(voxels[i] - voxels[j]) + edge) * STEPS_MM))


def test_one_voxel_reaches_from_corner_to_corner():
    assert farthest_voxels(np.array([[4, 4, 4]]), STEPS_MM, edge=False) == (0, 0, 0.0)
    i, j, length_mm = farthest_voxels(np.array([[4, 4, 4]]), STEPS_MM, edge=True)
    assert (i, j, length_mm) == (0, 0, pytest.approx(np.linalg.norm(STEPS_MM)))


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 3), st.integers(1, 7), st.integers(1, 35), st.sampled_from([0.02, 0.1, 0.5, 1.0]))
def test_row_extremes_are_the_first_and_last_of_each_row(seed, slices, rows, columns, share):
    mask = np.random.default_rng(seed).random((slices, rows, columns)) < share
    found = row_extremes(mask)
    first = np.where(mask.any(axis=2), mask.argmax(axis=2), -1)
    last = np.where(mask.any(axis=2), columns - 1 - mask[:, :, ::-1].argmax(axis=2), -1)
    np.testing.assert_array_equal(found, np.stack([first, last], axis=-1))
    assert found.dtype == np.int64


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([0.05, 0.2, 0.7]))
def test_slice_hulls_are_the_hulls_of_each_slice(seed, share):
    mask = np.random.default_rng(seed).random((4, 8, 10)) < share
    mask[1] = False
    vertices, starts = slice_hulls(row_extremes(mask))
    assert (starts[0], starts[-1]) == (0, len(vertices))
    for z in range(4):
        part = vertices[starts[z] : starts[z + 1]]
        assert (part[:, 0] == z).all()
        expected = {tuple(p) for p in convex_hull(np.argwhere(mask[z]))}
        corners = {tuple(p) for p in part[:, 1:].astype(float)}
        assert expected <= corners
        assert all(mask[z][int(r), int(c)] for r, c in corners)
        assert {tuple(p) for p in convex_hull(part[:, 1:])} == expected


def test_an_l_shape_loses_its_inner_corner():
    mask = np.zeros((1, 6, 6), bool)
    mask[0, :, 0] = mask[0, 5, :] = True
    vertices, _ = slice_hulls(row_extremes(mask))
    assert {tuple(v) for v in vertices[:, 1:]} == {(0, 0), (5, 0), (5, 5)}


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([0.03, 0.3]), st.booleans())
def test_widest_slice_is_the_longest_pair_within_one_slice(seed, share, edge):
    mask = np.random.default_rng(seed).random((4, 8, 10)) < share
    mask[2, 3, 4] = True
    vertices, starts = slice_hulls(row_extremes(mask))
    i, j, length_mm = widest_slice(vertices, starts, steps_mm=STEPS_MM, edge=edge)
    points = np.argwhere(mask)
    gaps = (np.abs(points[:, None] - points[None]) + edge)[..., 1:] * STEPS_MM[1:]
    same = points[:, None, 0] == points[None, :, 0]
    assert length_mm == pytest.approx(np.sqrt((gaps**2).sum(axis=-1))[same].max())
    assert vertices[i, 0] == vertices[j, 0]


def test_of_equal_slices_the_lowest_is_taken():
    mask = np.zeros((5, 4, 9), bool)
    mask[[1, 3], 2, 1:8] = True
    vertices, starts = slice_hulls(row_extremes(mask))
    i, j, length_mm = widest_slice(vertices, starts, steps_mm=STEPS_MM, edge=False)
    assert vertices[[i, j]].tolist() == [[1, 2, 1], [1, 2, 7]]
    assert length_mm == pytest.approx(6 * 0.9)
