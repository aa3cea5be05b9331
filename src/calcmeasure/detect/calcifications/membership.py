"""Which marks belong to a group: a second look at weaker ones between and around those found, by likelihood ratio.

A faint speck among twenty calcifications is probably the twenty-first; the same speck alone in fat is noise. So the
odds that the classifier gives a mark are multiplied by how much denser calcifications lie at its place than on
the average image, the density being estimated from the group itself (each mark without its own contribution). Inside
a dense group that admits marks far below the operating point, and it fades over about one gap between members
outside of it: an extent grows only where its own density carries it, step by step. And members look alike: a mark as
strong as the others is believed more readily than one far weaker or stronger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from calcmeasure.detect.calcifications.clustering import Indices, typical_gap_mm
from calcmeasure.detect.calcifications.settings import MembershipSettings
from calcmeasure.detect.contract import Points, Values

ROUNDS = 4
"""Rounds of density and membership within one look; later ones change next to nothing."""
GROWTHS = 4
"""A group that has grown is looked around again, at most this often: sparse groups come together in steps."""


@dataclass(frozen=True, slots=True)
class WeighedMarks:
    """Marks that may belong to a group.

    Parameters
    ----------
    points_mm
        (n, 2).
    odds
        (n,) calibrated odds of being a calcification, p / (1 - p), on an average image.
    strengths
        (n,) natural logarithm of signal over noise; NaN where a detector does not tell.
    benign_odds
        (n,) odds of being of a typically benign kind rather than a microcalcification, for what is a calcification.
    """

    points_mm: Points
    odds: Values
    strengths: Values
    benign_odds: Values

    def take(self, which: Indices) -> WeighedMarks:
        """Subset by indices."""
        return WeighedMarks(self.points_mm[which], self.odds[which], self.strengths[which], self.benign_odds[which])


@dataclass(frozen=True, slots=True)
class Group:
    """Members of one group.

    Parameters
    ----------
    members
        Indices into the marks, sorted.
    chances
        Probability of each to belong to the group.
    gains
        What each adds to the evidence.
    """

    members: Indices
    chances: Values
    gains: Values

    @property
    def evidence(self) -> float:
        """Log-likelihood ratio of places and odds with the group and without it (a marked Poisson process)."""
        return float(self.gains.sum())

    def take(self, which: Indices | NDArray[np.bool_]) -> Group:
        """Group of only these of its members."""
        return Group(self.members[which], self.chances[which], self.gains[which])


def complete_group(seed: Indices, marks: WeighedMarks, *, settings: MembershipSettings) -> Group:
    """Take a second look around a seed: weaker marks join, members without support from the others are let go.

    Parameters
    ----------
    seed
        Indices of the marks the group was linked from.
    marks
        All marks that may join.
    """
    group = _look_around(seed, marks, settings=settings)
    for _ in range(GROWTHS):
        before, group = group, _look_around(group.members, marks, settings=settings) if len(group.members) else group
        if np.array_equal(before.members, group.members):
            break
    return group


def membership(odds: Values, density: Values, *, benign_odds: Values, settings: MembershipSettings) -> Values:
    """Probability of each mark to belong to a group rather than to noise, an artery beside it or scattered ones.

    Bayes' rule for four sources at one place: the group with `density` calcifications per mm², scattered ones with
    `settings.scattered_per_mm2`, and noise and typically benign ones, whose density the odds hold (they are those on
    an average image with `settings.average_per_mm2` calcifications). But an artery that runs past a group is as dense
    there as the group: benign ones are taken to be at least `settings.benign_density` times as dense, so no density
    carries a mark that looks much like them.
    """
    bounded = np.minimum(density, settings.densest_per_mm2)
    benign = np.maximum(settings.benign_density * bounded - settings.average_per_mm2, 0.0) * benign_odds
    others = settings.scattered_per_mm2 + benign
    chance: Values = bounded * odds / ((bounded + others) * odds + settings.average_per_mm2)
    return chance


def likeness(strengths: Values, chances: Values, *, settings: MembershipSettings) -> Values:
    """Likelihood ratio of each mark's strength among the members of a group against calcifications at large.

    Both are normal distributions of the logarithm; the group's mean is learned from its members by their `chances`.
    """
    mean, spread = settings.any_strength
    known = np.nan_to_num(strengths, nan=mean)
    weight = chances.sum() + settings.strangers
    learned = (chances @ known + settings.strangers * mean) / weight
    variance = settings.alike**2 * (1.0 + 1.0 / weight)
    at_large = -0.5 * ((known - mean) / spread) ** 2 - np.log(spread)
    among = -0.5 * (known - learned) ** 2 / variance - 0.5 * np.log(variance)
    ratio: Values = np.exp(np.clip(among - at_large, *settings.likeness_bounds))
    return np.where(np.isnan(strengths), 1.0, ratio)


def assign_once(groups: Sequence[Group]) -> list[Group]:
    """Give a mark that several groups claim to the one it more probably belongs to."""
    best: dict[int, tuple[float, int]] = {}
    for number, group in enumerate(groups):
        for member, chance in zip(group.members.tolist(), group.chances.tolist(), strict=True):
            best[member] = max(best.get(member, (0.0, -1)), (chance, -number))
    owned = [np.array([-best[m][1] == k for m in g.members.tolist()], dtype=bool) for k, g in enumerate(groups)]
    return [group.take(own) for group, own in zip(groups, owned, strict=True)]


def _look_around(seed: Indices, marks: WeighedMarks, *, settings: MembershipSettings) -> Group:
    near = _within_reach(seed, marks, reach_mm=settings.reach_mm)
    alone = marks.odds[near]
    chances = np.where(np.isin(near, seed), alone / (1.0 + alone), 0.0)
    kernel = _kernel(marks.points_mm[near], scale_mm=_scale_mm(marks.points_mm[seed], settings))
    for _ in range(ROUNDS):
        odds = alone * likeness(marks.strengths[near], chances, settings=settings)
        density = kernel @ chances
        chances = membership(odds, density, benign_odds=marks.benign_odds[near], settings=settings)
    member = chances >= settings.least_chance
    gains = np.log1p(odds * density / settings.average_per_mm2) - chances
    return Group(near, chances, gains).take(member)


def _within_reach(seed: Indices, marks: WeighedMarks, *, reach_mm: float) -> Indices:
    low, high = (f(marks.points_mm[seed], axis=0) for f in (np.min, np.max))
    inside = ((marks.points_mm >= low - reach_mm) & (marks.points_mm <= high + reach_mm)).all(axis=1)
    return np.flatnonzero(inside)


def _scale_mm(seed_mm: Points, settings: MembershipSettings) -> float:
    low, high = settings.scale_mm
    return float(np.clip(settings.scale_gaps * typical_gap_mm(seed_mm), low, high))


def _kernel(points_mm: Points, *, scale_mm: float) -> NDArray[np.float64]:
    """Density per mm² that each mark lends to each other; none to itself."""
    kernel = np.exp(-((cdist(points_mm, points_mm) / scale_mm) ** 2)) / (np.pi * scale_mm**2)
    np.fill_diagonal(kernel, 0.0)
    return kernel
