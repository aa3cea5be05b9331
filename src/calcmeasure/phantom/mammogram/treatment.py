"""What treatment leaves of a breast's groups of calcifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.distance import pdist, squareform

from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.contents import Contents
from calcmeasure.phantom.mammogram.deposits import Deposit
from calcmeasure.terms import ExtentChange

_OUTCOMES = (ExtentChange.DECREASE, ExtentChange.UNCHANGED, ExtentChange.INCREASE)
_SHARES = (0.40, 0.40, 0.20)
_LEFT = (0.0, 0.95)
"""Extent left of a group that shrinks, as a share of what it was."""
_LOST_INSIDE = (0.0, 0.4)
"""Share of the members between the ends that fade although the extent stays."""


def draw_treatment(contents: Contents, *, rng: np.random.Generator) -> tuple[Contents, Contents]:
    """Give the breast before and after: groups shrink from outside, thin out inside, or grow; all else stays.

    A shrunken group keeps the marks that fit into the extent drawn, so its class follows from the marks that are left
    and may differ from the one aimed at.
    """
    outcome = _OUTCOMES[rng.choice(len(_OUTCOMES), p=_SHARES)]
    smaller = _with_groups(contents, outcome, rng)
    return (smaller, contents) if outcome is ExtentChange.INCREASE else (contents, smaller)


def _with_groups(contents: Contents, outcome: ExtentChange, rng: np.random.Generator) -> Contents:
    numbers = sorted({deposit.cluster for deposit in contents.deposits if deposit.cluster >= 0})
    kept = [deposit for deposit in contents.deposits if deposit.cluster < 0]
    for number in numbers:
        group = [deposit for deposit in contents.deposits if deposit.cluster == number]
        if outcome is ExtentChange.UNCHANGED:
            kept += _thinned(group, rng.uniform(*_LOST_INSIDE), rng)
        else:
            kept += _shrunk(group, rng.uniform(*_LEFT))
    return replace(contents, deposits=tuple(kept))


def _shrunk(group: Sequence[Deposit], share: float) -> list[Deposit]:
    """Drop that end of the farthest pair that lies farther out, until what is left spans `share` of the extent."""
    left, places = list(group), _places(group)
    goal = share * pdist(places).max() if len(left) > 1 else 0.0
    middle = places.mean(axis=0)
    while len(left) > 1 and pdist(places).max() > goal:
        ends = _farthest(places)
        out = ends[int(np.linalg.norm(places[ends] - middle, axis=1).argmax())]
        del left[out]
        places = np.delete(places, out, axis=0)
    return left if len(left) > 1 else []


def _thinned(group: Sequence[Deposit], share: float, rng: np.random.Generator) -> list[Deposit]:
    keep = rng.random(len(group)) >= share
    keep[_farthest(_places(group))] = True
    return [deposit for deposit, kept in zip(group, keep, strict=True) if kept]


def _farthest(places: FloatArray) -> list[int]:
    gaps = squareform(pdist(places))
    return [int(i) for i in np.unravel_index(int(gaps.argmax()), gaps.shape)]


def _places(group: Sequence[Deposit]) -> FloatArray:
    return np.array([deposit.centre_da for deposit in group])
