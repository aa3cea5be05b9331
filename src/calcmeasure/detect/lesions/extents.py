"""Greatest in-plane distances of outlines."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from calcmeasure.detect.contract import LesionFinding, Points
from calcmeasure.geometry import Spacing, to_mm
from calcmeasure.terms import Flag

FloatArray = NDArray[np.float64]


def widest_mm(contours_zrc: tuple[Points, ...], spacing: Spacing) -> float:
    """Farthest pair of points within one polygon; 0 without any."""
    return max((farthest_mm(to_mm(points[:, 1:], spacing)) for points in contours_zrc), default=0.0)


def farthest_mm(points_mm: FloatArray) -> float:
    """Greatest distance between (n, 2) points."""
    if len(points_mm) < 2:
        return 0.0
    return float(pdist(hull_of(points_mm)).max())


def hull_of(points_mm: FloatArray) -> FloatArray:
    """Corners of the convex hull of (n, 2) points, in order; the points themselves where they span no area."""
    if len(points_mm) > 3:
        with contextlib.suppress(QhullError):
            return points_mm[ConvexHull(points_mm).vertices]
    return points_mm


def joined_parts(parts: Sequence[LesionFinding], *, spacing: Spacing) -> LesionFinding:
    """Join the lesions of one breast: one mask, and the hull of all outlines laid onto the slice of the largest part.

    Parameters
    ----------
    parts
        Largest first; one is returned as it is.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    low = np.min([part.offset_zrc for part in parts], axis=0)
    high = np.max([np.add(part.offset_zrc, part.mask.shape) for part in parts], axis=0)
    mask = np.zeros(tuple(high - low), dtype=np.bool_)
    for part in parts:
        start = np.asarray(part.offset_zrc) - low
        mask[tuple(slice(a, a + n) for a, n in zip(start, part.mask.shape, strict=True))] |= part.mask
    centre = low + np.asarray(np.argwhere(mask).mean(axis=0))
    widest = max(first.contours_zrc, key=lambda points: farthest_mm(to_mm(points[:, 1:], spacing)))
    return replace(
        first,
        mask=mask,
        offset_zrc=(int(low[0]), int(low[1]), int(low[2])),
        contours_zrc=(_hull(parts, at_slice=float(widest[0, 0])),),
        centre_zrc=(float(centre[0]), float(centre[1]), float(centre[2])),
        confidence=max(part.confidence for part in parts),
        alternative_diameter_mm=None,
        flags=tuple(dict.fromkeys([*(flag for part in parts for flag in part.flags), Flag.EXTENT_OVER_PARTS.value])),
        at_phases=(),
        volume_change=None,
    )


def _hull(parts: Sequence[LesionFinding], *, at_slice: float) -> Points:
    corners = hull_of(np.vstack([points[:, 1:] for part in parts for points in part.contours_zrc]))
    closed = np.vstack([corners, corners[:1]])
    return np.column_stack([np.full(len(closed), at_slice), closed])
