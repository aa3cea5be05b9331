"""Marks that lie close together, linked over a distance that follows their density.

The link distance decides the measured extent more than any single mark does. One long distance chains scattered
benign marks into extents of centimetres, one short distance cuts sparse groups; so marks carry a group only where
they lie densely, and a mark that lies alone can at most hang on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from calcmeasure.detect.contract import Points, Values

Indices = NDArray[np.intp]

NEAR_WEIGHT, FAR_WEIGHT = 1.5, 2.5
"""A mark with others of this much probability within the nearest, or the farthest, link distance carries its group."""
PAIR_WEIGHT, PAIR_SHARE = 0.9, 0.5
"""So does one with another almost certain mark within this share of the nearest distance: groups of two or three."""
GAP_FACTOR = 1.75
"""Groups and single marks are linked over this many gaps typical of the place, within the two link distances; and
groups side by side are parted at a gap longer than this many of their own steps."""


def link_by_density(
    points_mm: Points, *, weights: Values, nearest_mm: float, farthest_mm: float
) -> tuple[Indices, ...]:
    """Group marks over a distance that follows their density.

    A mark is a core when the probabilities of the others within `nearest_mm` add up to 1.5, or to 2.5 within
    `farthest_mm`, or when another almost certain one lies within half of `nearest_mm`. Each core reaches 1.75 times
    the gap to its second-nearest neighbour, at least `nearest_mm` and at most `farthest_mm`: short in dense groups,
    longer in sparse ones. Cores within the reach of both are linked; a mark that is no core hangs on the one nearest
    core that reaches it, so it never joins two groups into one.

    Parameters
    ----------
    points_mm
        (n, 2).
    weights
        (n,) probability of each mark.

    Returns
    -------
    tuple of index arrays
        Groups of two or more, each sorted, in order of their first mark. A mark without a core near it is in none.
    """
    if len(points_mm) < 2:
        return ()
    tree = cKDTree(points_mm)
    pairs = tree.query_pairs(farthest_mm, output_type="ndarray")
    gaps_mm = np.linalg.norm(points_mm[pairs[:, 0]] - points_mm[pairs[:, 1]], axis=1)
    core = _cores(pairs, gaps_mm, weights=weights, nearest_mm=nearest_mm)
    second_gap_mm = _second_gaps_mm(tree, points_mm)
    reach_mm = np.where(core, np.clip(GAP_FACTOR * second_gap_mm, nearest_mm, farthest_mm), 0.0)
    linked = core[pairs].all(axis=1) & (gaps_mm <= reach_mm[pairs].min(axis=1))
    links = np.vstack([pairs[linked], _hanging(points_mm, core=core, reach_mm=reach_mm)])
    return tuple(group for group in _parts(links, len(points_mm)) if len(group) > 1)


def merge_close(groups: Sequence[Indices], points_mm: Points, *, gap_mm: float) -> list[Indices]:
    """Unite groups of indices into `points_mm` whose nearest marks are at most `gap_mm` apart, or that share some."""
    trees = [cKDTree(points_mm[group]) for group in groups]
    close = [
        (first, second)
        for second in range(len(groups))
        for first in range(second)
        if trees[first].count_neighbors(trees[second], gap_mm)
    ]
    united = _parts(np.array(close, dtype=np.intp).reshape(-1, 2), len(groups))
    return [np.unique(np.concatenate([groups[k] for k in part])) for part in united]


def part_at_gaps(points_mm: Points, *, least_mm: float, fewest: int) -> list[Indices]:
    """Part a group where two lie side by side: at a gap far longer than any step that holds either part together.

    A reader sees two groups where the gap between them strikes the eye, however short it is in mm: here where it is at
    least `least_mm`, and more than 1.75 times the longest step within the parts.

    Parameters
    ----------
    points_mm
        (n, 2).
    fewest
        Marks of a part, at least: a single mark at the rim is no part.

    Returns
    -------
    list of index arrays
        Of every mark once; the whole where there is no such gap.
    """
    if len(points_mm) < 2 * fewest:
        return [np.arange(len(points_mm))]
    parts = [[np.array([mark], dtype=np.intp)] for mark in range(len(points_mm))]
    longest_mm = [0.0] * len(points_mm)
    for first, second, step_mm, _ in linkage(points_mm, method="single"):
        sides = int(first), int(second)
        both, within_mm = [part for side in sides for part in parts[side]], max(longest_mm[side] for side in sides)
        large = all(sum(map(len, parts[side])) >= fewest for side in sides)
        apart = large and step_mm > max(least_mm, GAP_FACTOR * within_mm)
        parts.append(both if apart else [np.concatenate(both)])
        longest_mm.append(within_mm if apart else float(step_mm))
    return [np.sort(part) for part in parts[-1]]


def typical_gap_mm(points_mm: Points) -> float:
    """Median distance of a mark to its second-nearest neighbour (nearest, when there are only two); 0 below two."""
    if len(points_mm) < 2:
        return 0.0
    return float(np.median(_second_gaps_mm(cKDTree(points_mm), points_mm)))


def connected_parts(links: Indices, count: int) -> NDArray[np.int32]:
    """Tell the number (count,) of the connected part that each thing is in, by links (m, 2) between them."""
    graph = csr_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    numbers: NDArray[np.int32] = labels
    return numbers


def _second_gaps_mm(tree: cKDTree, points_mm: Points) -> Values:
    """Distance (n,) of each point to its second-nearest other one; to the nearest, when there are only two."""
    gaps_mm, _ = tree.query(points_mm, k=list(range(1, min(3, len(points_mm)) + 1)))
    gaps_mm = np.asarray(gaps_mm)
    return np.sort(gaps_mm, axis=1)[:, -1]


def _cores(pairs: Indices, gaps_mm: Values, *, weights: Values, nearest_mm: float) -> NDArray[np.bool_]:
    def weight_within(reach_mm: float) -> Values:
        first, second = pairs[gaps_mm <= reach_mm].T
        n = len(weights)
        towards = np.bincount(first, weights[second], minlength=n)
        return np.asarray(towards + np.bincount(second, weights[first], minlength=n), dtype=float)

    carried = (weight_within(nearest_mm) >= NEAR_WEIGHT) | (weight_within(np.inf) >= FAR_WEIGHT)
    paired = (weight_within(PAIR_SHARE * nearest_mm) >= PAIR_WEIGHT) & (weights >= PAIR_WEIGHT)
    core: NDArray[np.bool_] = carried | paired
    return core


def _hanging(points_mm: Points, *, core: NDArray[np.bool_], reach_mm: Values) -> Indices:
    """Links (m, 2) of the marks that are no cores to the nearest core that reaches them."""
    cores, others = np.flatnonzero(core), np.flatnonzero(~core)
    if not len(cores) or not len(others):
        return np.empty((0, 2), dtype=np.intp)
    gaps_mm, nearest = cKDTree(points_mm[cores]).query(points_mm[others])
    owners = cores[np.asarray(nearest)]
    held = gaps_mm <= reach_mm[owners]
    return np.column_stack([others[held], owners[held]])


def _parts(links: Indices, count: int) -> list[Indices]:
    """Split `count` things into connected parts, each sorted, in order of their first."""
    labels = connected_parts(links, count)
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(labels))[:-1]) if count else []
    return sorted(parts, key=lambda part: int(part[0]))
