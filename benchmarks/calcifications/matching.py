"""Which mark is which true calcification.

A mark and a calcification belong together when their centres are at most 0.5 mm apart; each has one partner at most.
Marks choose in the order of their scores, each the nearest calcification that is still free, so that raising the
threshold of a score never changes what the remaining marks are taken for. Calcifications that overlap are one speck on
the picture, and nobody marks it twice: what overlaps one that has a mark is found with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

REACH_MM = 0.5
"""Greatest distance between a mark and the calcification it stands for."""
FREE = -1
"""Partner of a mark that stands for no calcification."""

Values = NDArray[np.float64]


def match_marks(points_mm: Values, scores: Values, truth_mm: Values, *, reach_mm: float = REACH_MM) -> NDArray[np.intp]:
    """Pair marks with true calcifications, one to one.

    Parameters
    ----------
    points_mm, truth_mm
        (n, 2) and (m, 2).
    scores
        (n,) higher chooses first.

    Returns
    -------
    (n,) intp
        Index of the calcification each mark stands for, or `FREE`.
    """
    partners = np.full(len(points_mm), FREE, dtype=np.intp)
    if not len(points_mm) or not len(truth_mm):
        return partners
    near = cKDTree(truth_mm).query_ball_point(points_mm, reach_mm)
    taken: set[int] = set()
    for mark in np.argsort(-scores, kind="stable"):
        free = [t for t in near[mark] if t not in taken]
        if free:
            gaps = np.linalg.norm(truth_mm[free] - points_mm[mark], axis=1)
            partners[mark] = free[int(gaps.argmin())]
            taken.add(int(partners[mark]))
    return partners


def found_together(scores: Values, truth_mm: Values, diameters_mm: Values) -> Values:
    """Scores (m,) of calcifications, -inf where not found, when those that overlap are found together.

    Two overlap when their centres are nearer than the sum of their radii; an unmarked one takes the best score of those
    it overlaps.
    """
    gaps = np.linalg.norm(truth_mm[:, None, :] - truth_mm[None, :, :], axis=2)
    overlap = gaps < (diameters_mm[:, None] + diameters_mm[None, :]) / 2.0
    beside = np.where(overlap, scores[None, :], -np.inf).max(axis=1, initial=-np.inf)
    return np.where(np.isneginf(scores), beside, scores)


def near_any(points_mm: Values, others_mm: Values, *, reach_mm: Values | float) -> NDArray[np.bool_]:
    """Tell which points lie within `reach_mm` (one, or one per other) of any other."""
    if not len(points_mm) or not len(others_mm):
        return np.zeros(len(points_mm), dtype=bool)
    gaps = np.linalg.norm(points_mm[:, None, :] - others_mm[None, :, :], axis=2)
    return np.asarray((gaps <= reach_mm).any(axis=1))
