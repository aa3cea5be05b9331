"""Sets of marks that would hardly lie so close together by chance, however far apart they are.

Three certain calcifications within two centimetres mean little among ten scattered over the breast, and much where
there is nothing else. So it is not their distance that is asked for but how many such sets marks strewn at random would
form: the a-contrario principle (Desolneux, Moisan and Morel, From Gestalt Theory to Image Analysis, Springer 2008).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.special import gammaln

from calcmeasure.detect.calcifications.clustering import Indices
from calcmeasure.detect.contract import Points

FEWEST = 3
"""Two marks are no group, whatever their distance."""
_SHORTEST_MM = 0.5
"""Nearer ones are as surprising as at this distance."""


def link_against_chance(
    points_mm: Points, *, area_mm2: float, farthest_mm: float, most_by_chance: float
) -> tuple[Indices, ...]:
    """Find the largest sets of marks of which fewer than `most_by_chance` are expected by chance.

    Parameters
    ----------
    points_mm
        (n, 2) all that the sets may consist of.
    area_mm2
        They would be strewn over.
    farthest_mm
        Greatest step within a set.

    Returns
    -------
    tuple of index arrays
        Of no common mark, each sorted, in order of their first mark.
    """
    found: list[Indices] = []
    for one, step_mm in _nested_sets(points_mm):
        log_expected = log_expected_by_chance(len(one), among=len(points_mm), share=np.pi * step_mm**2 / area_mm2)
        if len(one) >= FEWEST and step_mm <= farthest_mm and log_expected <= np.log(most_by_chance):
            found = [other for other in found if not np.isin(other, one).any()] + [one]
    return tuple(sorted(found, key=lambda one: int(one[0])))


def log_expected_by_chance(size: int, *, among: int, share: float) -> float:
    """Logarithm of how many sets of `size` marks `among` marks strewn at random form at most, on average.

    Every choice of marks counts with every tree that may hold it together (Cayley: size^(size-2)), and each step of a
    tree leads into a disc that is `share` of the area.

    Examples
    --------
    >>> round(float(np.exp(log_expected_by_chance(3, among=3, share=0.1))), 3)
    0.03
    """
    choices = gammaln(among + 1) - gammaln(size + 1) - gammaln(among - size + 1)
    return float(choices + (size - 2) * np.log(size) + (size - 1) * np.log(min(share, 1.0)))


def _nested_sets(points_mm: Points) -> Iterator[tuple[Indices, float]]:
    """Every set that steps up to some length hold together, smaller before larger, and its longest step, mm."""
    sets = [np.array([mark], dtype=np.intp) for mark in range(len(points_mm))]
    if len(sets) < FEWEST:
        return
    for first, second, step_mm, _ in linkage(points_mm, method="single"):
        sets.append(np.sort(np.concatenate([sets[int(first)], sets[int(second)]])))
        yield sets[-1], max(float(step_mm), _SHORTEST_MM)
