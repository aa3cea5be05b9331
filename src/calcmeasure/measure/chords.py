"""Longest chord of a plane region at a right angle to an axis, exactly."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from calcmeasure.geometry import FloatArray


def longest_perpendicular(starts_mm: FloatArray, stops_mm: FloatArray, *, axis_mm: FloatArray) -> FloatArray:
    """Find the longest chord inside a region that is perpendicular to an axis.

    Between two neighbouring border vertices (seen along the axis) every chord changes linearly, so the longest one ends
    at a vertex: each strip between vertices is looked at on both of its sides.

    Parameters
    ----------
    starts_mm, stops_mm
        (n, 2) both ends of each border edge, in any order; the edges must close (holes and several parts are fine).
    axis_mm
        (2, 2) two different points on the axis.

    Returns
    -------
    (2, 2) ndarray, mm
        Ends of the chord; twice the first axis point where the region has no width.
    """
    chord: FloatArray = _longest_chord(starts_mm, stops_mm, axis_mm)
    return chord


def pixel_sides(plane: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Border of the pixels of a plane.

    Parameters
    ----------
    plane
        (rows, columns).

    Returns
    -------
    starts, stops
        (n, 2) row, column of both ends of every pixel side between inside and outside; pixel centres are whole numbers.
    """
    sides = _pixel_sides(plane)
    return sides[:, 0], sides[:, 1]


@njit(cache=True)
def _pixel_sides(plane):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Sides above and to the left of every pixel, where the two beside them differ; beyond the plane is outside."""
    rows, columns = plane.shape
    sides, count = np.empty((2 * (rows + 1) * (columns + 1), 2, 2)), 0
    for r in range(rows + 1):
        for c in range(columns + 1):
            here = r < rows and c < columns and plane[r, c]
            above, left = r > 0 and c < columns and plane[r - 1, c], c > 0 and r < rows and plane[r, c - 1]
            for differs, down, right in ((here != above, 0.0, 1.0), (here != left, 1.0, 0.0)):
                if differs:
                    sides[count, 0, 0], sides[count, 0, 1] = r - 0.5, c - 0.5
                    sides[count, 1, 0], sides[count, 1, 1] = r - 0.5 + down, c - 0.5 + right
                    count += 1
    return sides[:count].copy()


@njit(cache=True)
def _longest_chord(starts, stops, axis):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Both ends of the chord, found in coordinates along and across the axis."""
    along = (axis[1] - axis[0]) / np.sqrt(((axis[1] - axis[0]) ** 2).sum())
    axes = np.array([[along[0], along[1]], [-along[1], along[0]]])
    start_uv, stop_uv = _turned(starts, axis[0], axes), _turned(stops, axis[0], axes)
    level, low, high = _widest_level(start_uv, stop_uv)
    ends = np.empty((2, 2))
    for k, across in enumerate((low, high)):
        ends[k] = axis[0] + level * axes[0] + across * axes[1]
    return ends


@njit(cache=True)
def _turned(points, origin, axes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    turned = np.empty(points.shape)
    for k in range(len(points)):
        for n in range(2):
            turned[k, n] = (points[k, 0] - origin[0]) * axes[n, 0] + (points[k, 1] - origin[1]) * axes[n, 1]
    return turned


@njit(cache=True)
def _widest_level(start_uv, stop_uv):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Position along the axis and both ends across it."""
    # A corner at which both of its edges stop starts none: every end counts as a level.
    levels = np.sort(np.concatenate((start_uv[:, 0], stop_uv[:, 0])))
    begins = np.minimum(start_uv[:, 0], stop_uv[:, 0])
    order = np.argsort(begins)
    begins, start_uv, stop_uv = begins[order], start_uv[order], stop_uv[order]
    longest = np.abs(stop_uv[:, 0] - start_uv[:, 0]).max() * (1 + 1e-9)
    near, far = np.empty(len(begins)), np.empty(len(begins))
    best, found, first, last = 0.0, (0.0, 0.0, 0.0), 0, 0
    for k in range(len(levels) - 1):
        if levels[k] == levels[k + 1]:
            continue
        while begins[first] + longest < levels[k]:
            first += 1
        while last < len(begins) and begins[last] <= levels[k]:
            last += 1
        count = _cross(near, far, start_uv[first:last], stop_uv[first:last], (levels[k], levels[k + 1]))
        for m in range(0, count - 1, 2):
            for across, level in ((near, levels[k]), (far, levels[k + 1])):
                low, high = across[m], across[m + 1]
                if high - low > best:
                    best, found = high - low, (level, low, high)
    return found


@njit(cache=True)
def _cross(near, far, start_uv, stop_uv, strip):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fill in where the edges that span a strip meet its two sides, in order across it; returns how many do."""
    count = 0
    for k in range(len(start_uv)):
        u0, v0, u1, v1 = start_uv[k, 0], start_uv[k, 1], stop_uv[k, 0], stop_uv[k, 1]
        if min(u0, u1) <= strip[0] and max(u0, u1) >= strip[1]:
            one = v0 + (v1 - v0) * ((strip[0] - u0) / (u1 - u0))
            other = v0 + (v1 - v0) * ((strip[1] - u0) / (u1 - u0))
            place = count
            while place > 0 and near[place - 1] + far[place - 1] > one + other:
                near[place], far[place] = near[place - 1], far[place - 1]
                place -= 1
            near[place], far[place] = one, other
            count += 1
    return count
