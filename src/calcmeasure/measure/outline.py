"""In-plane greatest diameter and short axis of a closed outline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from calcmeasure.geometry import FloatArray, Spacing
from calcmeasure.measure.chords import longest_perpendicular
from calcmeasure.measure.hull_kernels import convex_hull, farthest_pair


@dataclass(frozen=True, slots=True)
class OutlineDiameter:
    """Long and short axis of one outline.

    Parameters
    ----------
    value_mm
        Between the two vertices farthest apart.
    ends
        (2, 2) row, column or (2, 3) slice, row, column, as the outline was given.
    short_axis_mm
        Longest chord inside the outline at a right angle to the long axis.
    short_ends
        (2, 2) or (2, 3) ends of that chord.
    """

    value_mm: float
    ends: FloatArray
    short_axis_mm: float
    short_ends: FloatArray


def measure_outline(polygon: ArrayLike, spacing: Spacing) -> OutlineDiameter:
    """Measure a closed polygon in its own plane.

    The greatest diameter of a polygon lies between two vertices, so it is the farthest pair of its hull. The short axis
    is the longest chord perpendicular to it that stays inside the polygon (RECIST 1.1, Eisenhauer 2009: longest
    perpendicular), found exactly: chord length is linear between neighbouring vertices, so only there it can peak.

    Parameters
    ----------
    polygon
        (n, 2) row, column or (n, 3) slice, row, column with one slice index; first and last vertex may repeat.
        Vertices lie on the border itself (a sub-pixel iso-contour): nothing is added.
    spacing
        Of the image; only its row and column distances are used.

    Raises
    ------
    ValueError
        If the polygon is empty, not finite, or leaves its slice.
    """
    vertices = _vertices(polygon)
    steps_mm = np.asarray(spacing.rc_mm)
    plane_mm = vertices[:, -2:] * steps_mm
    hull_mm = convex_hull(plane_mm)
    first, second = farthest_pair(hull_mm)
    long_mm = hull_mm[[first, second]]
    value_mm = float(np.linalg.norm(long_mm[1] - long_mm[0]))
    short_mm = (
        longest_perpendicular(plane_mm, np.roll(plane_mm, -1, axis=0), axis_mm=long_mm) if value_mm > 0 else long_mm
    )
    return OutlineDiameter(
        value_mm=value_mm,
        ends=_lift(long_mm / steps_mm, vertices),
        short_axis_mm=float(np.linalg.norm(short_mm[1] - short_mm[0])),
        short_ends=_lift(short_mm / steps_mm, vertices),
    )


def choose_outline(contours_zrc: Iterable[ArrayLike], spacing: Spacing) -> FloatArray:
    """Pick the contour with the greatest in-plane diameter; the first of equals.

    Parameters
    ----------
    contours_zrc
        Closed polygons (n, 3), each on one slice.
    spacing
        Of the volume.

    Returns
    -------
    (n, 3) ndarray
        (0, 3) when there is no contour.
    """
    outlines = [_vertices(contour) for contour in contours_zrc if len(np.asarray(contour)) > 0]
    if not outlines:
        return np.empty((0, 3))
    spans = [_span_mm(outline, spacing) for outline in outlines]
    return outlines[int(np.argmax(spans))]


def _vertices(polygon: ArrayLike) -> FloatArray:
    vertices = np.asarray(polygon, dtype=np.float64)
    if vertices.ndim != 2 or vertices.shape[1] not in (2, 3) or len(vertices) == 0 or not np.isfinite(vertices).all():
        raise ValueError(f"an outline needs finite (n, 2) or (n, 3) vertices, got shape {vertices.shape}")
    if vertices.shape[1] == 3 and np.ptp(vertices[:, 0]) > 0:
        raise ValueError("an outline lies on one slice; its slice index must not change")
    return vertices


def _span_mm(outline: FloatArray, spacing: Spacing) -> float:
    hull_mm = convex_hull(outline[:, -2:] * np.asarray(spacing.rc_mm))
    first, second = farthest_pair(hull_mm)
    return float(np.linalg.norm(hull_mm[first] - hull_mm[second]))


def _lift(ends_rc: FloatArray, vertices: FloatArray) -> FloatArray:
    """Put the slice index back in front of in-plane points."""
    return np.hstack([np.repeat(vertices[:1, :-2], len(ends_rc), axis=0), ends_rc])
