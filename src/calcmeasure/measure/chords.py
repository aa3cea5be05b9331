"""Longest chord of a plane region at a right angle to an axis, exactly."""

from __future__ import annotations

import numpy as np
from numba import njit

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
    along = (axis_mm[1] - axis_mm[0]) / np.linalg.norm(axis_mm[1] - axis_mm[0])
    axes = np.stack([along, [-along[1], along[0]]])
    start_uv, stop_uv = ((points - axis_mm[0]) @ axes.T for points in (starts_mm, stops_mm))
    # A corner at which both of its edges stop starts none: every end counts as a level.
    levels = np.unique(np.concatenate([start_uv[:, 0], stop_uv[:, 0]]))
    level, low, high = _longest_chord(start_uv, stop_uv, levels)
    ends_mm: FloatArray = np.array([[level, low], [level, high]]) @ axes + axis_mm[0]
    return ends_mm


@njit(cache=True)
def _longest_chord(start_uv, stop_uv, levels):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Position along the axis and both ends across it."""
    best, found = 0.0, (0.0, 0.0, 0.0)
    for k in range(len(levels) - 1):
        near, far = _crossings(start_uv, stop_uv, levels[k], levels[k + 1])
        order = np.argsort(near + far)
        for m in range(0, len(order) - 1, 2):
            for heights, level in ((near, levels[k]), (far, levels[k + 1])):
                low, high = heights[order[m]], heights[order[m + 1]]
                if high - low > best:
                    best, found = high - low, (level, low, high)
    return found


@njit(cache=True)
def _crossings(start_uv, stop_uv, low, high):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Where the edges that span a strip meet its two sides."""
    near, far = np.empty(len(start_uv)), np.empty(len(start_uv))
    count = 0
    for k in range(len(start_uv)):
        u0, v0, u1, v1 = start_uv[k, 0], start_uv[k, 1], stop_uv[k, 0], stop_uv[k, 1]
        if min(u0, u1) <= low and max(u0, u1) >= high:
            near[count] = v0 + (v1 - v0) * ((low - u0) / (u1 - u0))
            far[count] = v0 + (v1 - v0) * ((high - u0) / (u1 - u0))
            count += 1
    return near[:count], far[:count]
