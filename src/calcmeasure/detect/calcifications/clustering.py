"""From marks to clusters: linked by density, completed at the rim, trimmed of what lies apart.

The link distance decides the measured extent more than any single mark does. One long distance chains scattered
benign marks into extents of centimetres, one short distance cuts sparse clusters; so marks carry a cluster only where
they lie densely, and a mark that lies alone can at most be an outer member.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import cdist, pdist, squareform

from calcmeasure.detect.contract import Points
from calcmeasure.terms import Distribution

Indices = NDArray[np.intp]

NEAR_NEIGHBOURS, FAR_NEIGHBOURS = 2, 3
"""A mark with this many others within the nearest, or the farthest, link distance carries its cluster (is a core)."""
GAP_FACTOR = 1.75
"""Clusters and single marks are linked over this many gaps typical of the place, within the two link distances."""
APART_FACTOR = 3.0
"""A weak outer member farther away than this many typical gaps between members is let go."""
REGIONAL_MM = 20.0
"""Greatest span of a grouped distribution (BI-RADS: grouped within about 2 cm, regional beyond)."""
LINEAR_RATIO = 4.0
"""Length over width from which a distribution is hinted to be linear."""


def link_by_density(points_mm: Points, *, nearest_mm: float, farthest_mm: float) -> tuple[Indices, ...]:
    """Group marks over a distance that follows their density.

    A mark is a core when it has two others within `nearest_mm` or three within `farthest_mm`. Each core reaches 1.75
    times the gap to its second-nearest neighbour, at least `nearest_mm` and at most `farthest_mm`: short in dense
    groups, longer in sparse ones. Cores within the reach of both are linked; a mark that is no core hangs on
    the one nearest core that reaches it, so it never joins two clusters into one.

    Parameters
    ----------
    points_mm
        (n, 2).

    Returns
    -------
    tuple of index arrays
        Groups of two or more, each sorted, in order of their first mark. A mark without a core near it is in none.
    """
    if len(points_mm) < 3:
        return ()
    distances = squareform(pdist(points_mm))
    near, far = ((distances <= d).sum(axis=1) - 1 for d in (nearest_mm, farthest_mm))
    core = (near >= NEAR_NEIGHBOURS) | (far >= FAR_NEIGHBOURS)
    second_gap_mm = np.sort(distances, axis=1)[:, 2]
    reach_mm = np.where(core, np.clip(GAP_FACTOR * second_gap_mm, nearest_mm, farthest_mm), 0.0)
    linked = core[:, None] & core[None, :] & (distances <= np.minimum(reach_mm[:, None], reach_mm[None, :]))
    nearest_core = np.where(core[None, :], distances, np.inf).argmin(axis=1)
    gap_mm = distances[np.arange(len(core)), nearest_core]
    outer = np.flatnonzero(~core & (gap_mm <= reach_mm[nearest_core]))
    linked[outer, nearest_core[outer]] = True
    _, labels = connected_components(csr_array(linked), directed=False)
    groups = (np.flatnonzero(labels == label) for label in dict.fromkeys(labels.tolist()))
    return tuple(group for group in groups if len(group) > 1)


def merge_close(groups: Sequence[Indices], points_mm: Points, *, gap_mm: float) -> list[Indices]:
    """Unite groups of indices into `points_mm` whose nearest marks are at most `gap_mm` apart."""
    if len(groups) < 2:
        return list(groups)
    close = np.array([[cdist(points_mm[a], points_mm[b]).min() <= gap_mm for b in groups] for a in groups])
    _, labels = connected_components(csr_array(close), directed=False)
    return [
        np.sort(np.concatenate([g for g, own in zip(groups, labels, strict=True) if own == label]))
        for label in dict.fromkeys(labels.tolist())
    ]


def join_at_rim(members_mm: Points, candidates_mm: Points, *, reach_mm: float) -> Indices:
    """Find the candidates close enough to a member to be taken for a weaker member.

    The reach is the typical gap between members, twice, but never more than `reach_mm`: a dense cluster is not
    widened by what would be a plausible neighbour in a sparse one.
    """
    if not len(candidates_mm) or not len(members_mm):
        return np.empty(0, dtype=np.intp)
    reach = min(reach_mm, max(1.0, 2.0 * typical_gap_mm(members_mm)))
    return np.flatnonzero(cdist(candidates_mm, members_mm).min(axis=1) <= reach)


def trim_outliers(points_mm: Points, *, weak: NDArray[np.bool_], fewest: int) -> Indices:
    """Find the marks that remain after letting go weak marks that alone would stretch the extent.

    Parameters
    ----------
    points_mm
        (n, 2) members.
    weak
        (n,) marks that may be let go.
    fewest
        Never trims below this many.
    """
    kept = np.arange(len(points_mm))
    while len(kept) > fewest:
        here = points_mm[kept]
        limit = max(2.0, APART_FACTOR * typical_gap_mm(here))
        ends = _farthest_pair(here)
        gaps = [_gap_to_others(here, end) if weak[kept[end]] else 0.0 for end in ends]
        if max(gaps) <= limit:
            break
        kept = np.delete(kept, ends[int(np.argmax(gaps))])
    return kept


def typical_gap_mm(points_mm: Points) -> float:
    """Median distance of a mark to its second-nearest neighbour (nearest, when there are only two); 0 below two."""
    if len(points_mm) < 2:
        return 0.0
    order = min(2, len(points_mm) - 1)
    distances = np.sort(squareform(pdist(points_mm)), axis=1)
    return float(np.median(distances[:, order]))


def hint_distribution(points_mm: Points) -> Distribution:
    """BI-RADS distribution suggested by span and elongation alone; a reader decides."""
    span = float(pdist(points_mm).max()) if len(points_mm) > 1 else 0.0
    width = _width_mm(points_mm)
    if len(points_mm) >= 4 and span >= 8.0 and span >= LINEAR_RATIO * max(width, 1e-9):
        return Distribution.LINEAR
    return Distribution.GROUPED if span <= REGIONAL_MM else Distribution.REGIONAL


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


def _farthest_pair(points_mm: Points) -> tuple[int, int]:
    distances = squareform(pdist(points_mm))
    first, second = np.unravel_index(int(distances.argmax()), distances.shape)
    return int(first), int(second)


def _gap_to_others(points_mm: Points, index: int) -> float:
    others = np.delete(points_mm, index, axis=0)
    return float(cdist(points_mm[index : index + 1], others).min())
