"""Compiled loops behind extents and diameters: convex hulls and farthest pairs.

Everything here takes plain contiguous arrays and is exact: no sampling, no tolerance. Hull orientation tests on pixel
indices use integers; on sub-pixel points they use doubles, where a vertex lost to rounding lies on the hull to 1e-15.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


def convex_hull(points: ArrayLike) -> FloatArray:
    """Vertices of the convex hull of points in a plane (Andrew's monotone chain).

    Parameters
    ----------
    points
        (n, 2); duplicates and collinear points are allowed.

    Returns
    -------
    (h, 2) ndarray
        In order around the hull, from the lexicographically first point: 0, 1 or 2 vertices when the points are none,
        one place, or a line.
    """
    array = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    unique = np.unique(array, axis=0)
    if len(unique) < 3:
        return unique
    hull: FloatArray = unique[_monotone_chain(np.ascontiguousarray(unique))]
    return hull


def farthest_pair(points: ArrayLike) -> tuple[int, int]:
    """Find the two points farthest apart in two or three dimensions.

    Pairs are visited in order of distance from the box centre and the search ends as soon as no remaining pair can be
    longer; meant for hull vertices, exact for any set.

    Parameters
    ----------
    points
        (n, d) with n >= 1, in mm.

    Returns
    -------
    (i, j)
        With i <= j; (0, 0) when all points coincide.
    """
    array = np.asarray(points, dtype=np.float64)
    return _farthest(array, np.zeros(array.shape[1]))[:2]


def farthest_voxels(points_zrc: IndexArray, steps_mm: FloatArray, *, edge: bool) -> tuple[int, int, float]:
    """Find the two voxels farthest apart, between centres or between outer corners.

    Parameters
    ----------
    points_zrc
        (n, d) voxel indices, n >= 1.
    steps_mm
        (d,) voxel spacing along each index.
    edge
        Measure between the outermost corners: each axis then counts ``|difference| + 1`` voxels.

    Returns
    -------
    (i, j, length_mm)
    """
    return _farthest(points_zrc * steps_mm, steps_mm if edge else np.zeros(len(steps_mm)))


def row_extremes(mask: NDArray[np.bool_]) -> IndexArray:
    """First and last set column of every row; only these can be vertices of the hull of a slice.

    Parameters
    ----------
    mask
        (slices, rows, columns) C-contiguous.

    Returns
    -------
    (slices, rows, 2) int64, -1 where a row is empty
    """
    flat = mask.reshape(-1).view(np.uint8)
    words = flat[: len(flat) // 8 * 8].view(np.uint64)
    return cast("IndexArray", _scan_rows(flat, words, mask.shape))


def slice_hulls(extremes: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Convex hull vertices of every slice, in exact integer arithmetic.

    Parameters
    ----------
    extremes
        (slices, rows, 2) of `row_extremes`.

    Returns
    -------
    vertices_zrc
        (n, 3), slice by slice.
    starts
        (slices + 1,) slice k holds ``vertices_zrc[starts[k]:starts[k + 1]]``.
    """
    return cast("tuple[IndexArray, IndexArray]", _hull_rows(extremes))


def widest_slice(
    vertices_zrc: IndexArray, starts: IndexArray, *, steps_mm: FloatArray, edge: bool
) -> tuple[int, int, float]:
    """Find the farthest pair that lies within one slice.

    Parameters
    ----------
    vertices_zrc, starts
        Of `slice_hulls`.
    steps_mm
        (3,) slice, row and column spacing.
    edge
        Measure between the outermost corners of the pixels.

    Returns
    -------
    (i, j, length_mm)
        Indices into the vertices; the first of equal pairs, so the lowest slice.
    """
    first, second, square = _pair_in_slice(vertices_zrc, starts, steps_mm, edge)
    return int(first), int(second), float(np.sqrt(square))


def _farthest(points: FloatArray, pad: FloatArray) -> tuple[int, int, float]:
    """Farthest pair and its length when every axis difference is lengthened by `pad`."""
    first, second, square = _farthest_pair(np.ascontiguousarray(points), pad)
    return min(first, second), max(first, second), float(np.sqrt(square))


@njit(cache=True)
def _farthest_pair(points, pad):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Two rows of (n, d) points and the square of their padded distance."""
    radii = _padded_radii(points, pad)
    order = np.argsort(-radii, kind="mergesort")
    first, second, square = _pruned_pair(points[order], radii[order], pad)
    return order[first], order[second], square


@njit(cache=True)
def _padded_radii(points, pad):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Distance from the box centre; two of them bound a pair.

    For |p - q| + pad is at most |p - centre| + pad / 2 plus the same of q. 1e-12 for rounding.
    """
    squares = np.zeros(len(points))
    for axis in range(points.shape[1]):
        along = points[:, axis]
        centre = (along.min() + along.max()) / 2
        for k in range(len(points)):
            squares[k] += (abs(along[k] - centre) + pad[axis] / 2) ** 2
    return np.sqrt(squares) * (1 + 1e-12)


@njit(cache=True)
def _monotone_chain(points):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Hull of lexicographically sorted, distinct points; indices in order around it."""
    n = len(points)
    chain = np.empty(2 * n, np.int64)
    size = 0
    for turn in range(2):
        start = size
        for k in range(n):
            i = k if turn == 0 else n - 1 - k
            while size >= start + 2 and _cross(points, chain[size - 2], chain[size - 1], i) <= 0:
                size -= 1
            chain[size] = i
            size += 1
        size -= 1
    return chain[:size].copy()


@njit(cache=True)
def _cross(points, a, b, c):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Twice the signed area of the triangle a, b, c."""
    ab0, ab1 = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1]
    return ab0 * (points[c, 1] - points[a, 1]) - ab1 * (points[c, 0] - points[a, 0])


@njit(cache=True)
def _pruned_pair(points, radii, pad):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Farthest pair of (n, d) points sorted by falling padded radius; two radii bound the length of a pair."""
    best, first, second = (pad**2).sum(), 0, 0
    for i in range(len(points)):
        for j in range(i + 1, len(points)):
            if (radii[i] + radii[j]) ** 2 <= best:
                break
            square = 0.0
            for axis in range(points.shape[1]):
                square += (abs(points[i, axis] - points[j, axis]) + pad[axis]) ** 2
            if square > best:
                best, first, second = square, i, j
    return first, second, best


@njit(cache=True)
def _pair_in_slice(vertices, starts, steps, edge):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """All pairs of the few hull vertices of each slice."""
    pad = 1 if edge else 0
    best, first, second = -1.0, 0, 0
    for k in range(len(starts) - 1):
        for i in range(starts[k], starts[k + 1]):
            r, c = vertices[i, 1], vertices[i, 2]
            for j in range(i, starts[k + 1]):
                dr, dc = (abs(r - vertices[j, 1]) + pad) * steps[1], (abs(c - vertices[j, 2]) + pad) * steps[2]
                if dr * dr + dc * dc > best:
                    best, first, second = dr * dr + dc * dc, i, j
    return first, second, best


@njit(cache=True)
def _scan_rows(flat, words, shape):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Eight pixels at a time from both ends of each row."""
    slices, rows, columns = shape
    found = np.full((slices, rows, 2), -1, np.int64)
    for line in range(slices * rows):
        begin, end = line * columns, (line + 1) * columns
        at = begin
        while at < end and flat[at] == 0:
            at += 1
            while at % 8 == 0 and at + 8 <= end and words[at // 8] == 0:
                at += 8
        if at == end:
            continue
        back = end - 1
        while flat[back] == 0:
            back -= 1
            while back % 8 == 7 and back - 7 >= begin and words[back // 8] == 0:
                back -= 8
        found[line // rows, line % rows, 0] = at - begin
        found[line // rows, line % rows, 1] = back - begin
    return found


@njit(cache=True)
def _hull_rows(extremes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Left and right convex chains of each slice's rows."""
    slices, rows = extremes.shape[:2]
    count = 0
    for z in range(slices):
        for r in range(rows):
            count += 2 * (extremes[z, r, 0] >= 0)
    vertices = np.empty((count, 3), np.int64)
    starts = np.zeros(slices + 1, np.int64)
    size = 0
    for z in range(slices):
        for side in range(2):
            size = _row_chain(extremes[z], vertices, side, z, size)
        starts[z + 1] = size
    return vertices[:size].copy(), starts


@njit(cache=True)
def _row_chain(extremes, vertices, side, z, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Convex chain of one side (0 first, 1 last columns), written from `size` on; returns the new size."""
    sign = 1 - 2 * side
    start = size
    for r in range(len(extremes)):
        c = extremes[r, side]
        if c < 0:
            continue
        while size >= start + 2:
            r0, c0 = vertices[size - 2, 1], vertices[size - 2, 2]
            r1, c1 = vertices[size - 1, 1], vertices[size - 1, 2]
            if sign * ((r1 - r0) * (c - c0) - (c1 - c0) * (r - r0)) > 0:
                break
            size -= 1
        vertices[size, 0], vertices[size, 1], vertices[size, 2] = z, r, c
        size += 1
    return size
