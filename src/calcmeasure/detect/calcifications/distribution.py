"""BI-RADS distribution suggested by a group's shape and its direction towards the nipple: a hint, a reader decides."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from calcmeasure.detect.contract import BoolImage, Points
from calcmeasure.geometry import Spacing
from calcmeasure.terms import Distribution

REGIONAL_MM = 20.0
"""Greatest span of a grouped distribution (BI-RADS: grouped within about 2 cm, regional beyond)."""
DIFFUSE_SHARE = 0.6
"""Share of the breast's greatest span from which a distribution is diffuse: throughout the breast (BI-RADS)."""
LINEAR_MM, LINEAR_RATIO, LINEAR_MARKS = 8.0, 4.0, 4
"""Least span, least length over width and fewest marks of a distribution hinted to be linear."""
SEGMENTAL_RATIO, SEGMENTAL_ANGLE_DEG = 1.6, 30.0
"""A duct and its branches: longer than wide by this much, its long axis this close to the line towards the nipple."""


@dataclass(frozen=True, slots=True)
class BreastFrame:
    """What a group's place is judged by.

    Parameters
    ----------
    nipple_mm
        (2,) row, column in mm: the point of the breast farthest from the chest wall's edge of the image, an estimate.
    span_mm
        Greatest span of the breast along rows or columns.
    """

    nipple_mm: Points
    span_mm: float


def breast_frame(breast: BoolImage, *, spacing: Spacing) -> BreastFrame | None:
    """Nipple and size of the breast in a mask; None for an empty mask."""
    coarse = breast[::8, ::8]
    if not coarse.any():
        return None
    rows, cols = np.nonzero(coarse)
    # The chest wall lies on the side edge along which more of the breast is cut.
    left, right = (int(coarse[:, side].sum()) for side in (0, -1))
    outermost = cols.max() if left >= right else cols.min()
    nipple_rc = 8.0 * np.array([rows[cols == outermost].mean(), float(outermost)])
    sides_mm = 8.0 * np.array([np.ptp(rows), np.ptp(cols)]) * spacing.rc_mm
    return BreastFrame(nipple_rc * spacing.rc_mm, float(sides_mm.max()))


def hint_distribution(points_mm: Points, *, frame: BreastFrame | None = None) -> Distribution:
    """Suggest a distribution.

    Parameters
    ----------
    points_mm
        (n, 2) members of the group.
    frame
        Of the breast; without it neither segmental nor diffuse can be told.
    """
    span = float(pdist(points_mm).max()) if len(points_mm) > 1 else 0.0
    width = _width_mm(points_mm)
    if len(points_mm) >= LINEAR_MARKS and span >= LINEAR_MM and span >= LINEAR_RATIO * max(width, 1e-9):
        return Distribution.LINEAR
    if frame is not None and span >= DIFFUSE_SHARE * frame.span_mm:
        return Distribution.DIFFUSE
    if frame is not None and _is_segmental(points_mm, span=span, width=width, frame=frame):
        return Distribution.SEGMENTAL
    return Distribution.GROUPED if span <= REGIONAL_MM else Distribution.REGIONAL


def _is_segmental(points_mm: Points, *, span: float, width: float, frame: BreastFrame) -> bool:
    if len(points_mm) < LINEAR_MARKS or span < 0.75 * REGIONAL_MM or span < SEGMENTAL_RATIO * width:
        return False
    centre = points_mm.mean(axis=0)
    towards = frame.nipple_mm - centre
    axis = np.linalg.svd(points_mm - centre, full_matrices=False)[2][0]
    cosine = abs(float(axis @ towards)) / max(float(np.hypot(*towards)), 1e-9)
    return bool(cosine >= np.cos(np.deg2rad(SEGMENTAL_ANGLE_DEG)))


def _width_mm(points_mm: Points) -> float:
    """Least distance between two parallel lines that hold all marks."""
    try:
        corners = points_mm[ConvexHull(points_mm).vertices]
    except (QhullError, ValueError):  # fewer than three marks, or all on one line
        return 0.0
    closed = np.vstack([corners, corners[:1]])
    sides = np.array([b - a for a, b in pairwise(closed)])
    normals = np.column_stack([-sides[:, 1], sides[:, 0]]) / np.linalg.norm(sides, axis=1)[:, None]
    return float(np.ptp(corners @ normals.T, axis=0).min())
