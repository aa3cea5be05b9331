"""Two visits read together: marks of one are looked for again on the other, so that one missed once is no change.

What is carried over is a place, never a mark. Where the other visit shows a member of a group, calcifications are
denser than elsewhere, and the odds of a speck found there are multiplied by how much denser (Bayes' rule, with the
other visit's members as prior and the registration's error as their spread). A speck must still be there: without a
candidate of its own at that place nothing joins, so calcifications that have gone stay gone. The two visits are
judged from each other's independent findings, once: what one lends the other never comes back to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from calcmeasure.detect.calcifications.breast_view import BreastView
from calcmeasure.detect.calcifications.operating_points import DEFAULT_FALSE_MARKS
from calcmeasure.detect.calcifications.registration import Registration, register
from calcmeasure.detect.calcifications.regrouping import regroup
from calcmeasure.detect.calcifications.weighing import in_question
from calcmeasure.detect.contract import CalcificationFindings, Points, Values
from calcmeasure.geometry import Spacing

_HIGHEST = 1.0 - 1e-6


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """How much one visit says about another.

    Parameters
    ----------
    persistence
        Chance of a calcification to be there at the other visit as well.
    typical_per_mm2
        Density of calcifications inside a group, against which a counterpart counts.
    place_mm
        Standard deviation of the registration's error before the marks themselves have been laid over each other.
    closest_mm
        Least standard deviation of what is left after that.
    farthest_mm
        Largest shift that laying the marks over each other may add.
    fewest_pairs
        Pairs of marks without which no shift is believed.
    """

    persistence: float = 0.6
    typical_per_mm2: float = 0.05
    place_mm: float = 1.5
    closest_mm: float = 0.35
    farthest_mm: float = 5.0
    fewest_pairs: int = 3


@dataclass(frozen=True, slots=True)
class SeenView:
    """One view as it was read alone.

    Parameters
    ----------
    findings
        Independent ones, of this image only.
    reduced
        The image as registration needs it.
    """

    findings: CalcificationFindings
    spacing: Spacing
    reduced: BreastView


@dataclass(frozen=True, slots=True)
class LinkedViews:
    """Findings of two visits after each was looked at again with the other in mind.

    Parameters
    ----------
    earlier, later
        The linked findings, their marks with linked probabilities, so that they can be regrouped; the independent ones
        where the views could not be laid over each other.
    registration
        How they were laid over each other.
    """

    earlier: CalcificationFindings
    later: CalcificationFindings
    registration: Registration

    @property
    def is_linked(self) -> bool:
        """Whether the views could be laid over each other."""
        return self.registration.is_trusted


def look_again(
    earlier: SeenView,
    later: SeenView,
    *,
    false_marks: float = DEFAULT_FALSE_MARKS,
    settings: LinkSettings = LinkSettings(),
) -> LinkedViews:
    """Look at two visits again, each with the other's groups in mind.

    Parameters
    ----------
    earlier, later
        The same side and projection, each read alone.
    false_marks
        Operating point (see `operating_points`).
    settings
        Lengths in mm.
    """
    registration = register(earlier.reduced, later.reduced)
    if not registration.is_trusted:
        return LinkedViews(earlier.findings, later.findings, registration)
    on_later = registration.to_later_mm(_members_mm(earlier))
    on_earlier = registration.to_earlier_mm(_members_mm(later))
    return LinkedViews(
        _again(earlier, _expected(later, on_earlier), false_marks=false_marks, settings=settings),
        _again(later, _expected(earlier, on_later), false_marks=false_marks, settings=settings),
        registration,
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """Groups of the other visit, by place on this one.

    Parameters
    ----------
    groups_mm
        One (n, 2) array per group.
    chances
        Probability of each of its marks, likewise.
    """

    groups_mm: tuple[Points, ...]
    chances: tuple[Values, ...]


def prior_factor(marks_mm: Points, probabilities: Values, *, expected: Expected, settings: LinkSettings) -> Values:
    """Factor on the odds of every mark, from where the other visit shows groups.

    Parameters
    ----------
    marks_mm, probabilities
        (n, 2) and (n,) of this visit, independent.
    expected
        Of the other visit.

    Returns
    -------
    (n,) ndarray
        1 where the other visit shows nothing. Never less: a mark that the other visit does not show may be new, or gone
        there, and leaving it out where it is weak made the class of change right less often.
    """
    density = np.zeros(len(marks_mm))
    for group_mm, chances in zip(expected.groups_mm, expected.chances, strict=True):
        moved_mm, spread_mm = lay_over(group_mm, marks_mm, weights=probabilities, settings=settings)
        squared = cdist(marks_mm, moved_mm, "sqeuclidean")
        kernel = np.exp(-squared / (2.0 * spread_mm**2)) / (2.0 * np.pi * spread_mm**2)
        density += kernel @ chances
    gain: Values = settings.persistence * density / settings.typical_per_mm2
    return np.maximum(1.0, gain)


def lay_over(group_mm: Points, marks_mm: Points, *, weights: Values, settings: LinkSettings) -> tuple[Points, float]:
    """Move a group of marks onto those of this visit, as far as they form the same figure.

    Every pair of a mark of the group and one of this visit proposes a shift; the one that brings most marks onto one
    of this visit wins, far ones being less probable by the registration's error.

    Returns
    -------
    moved_mm : (n, 2) ndarray
        The group, shifted.
    spread_mm : float
        Standard deviation of what is left, per axis.
    """
    shifts = (marks_mm[None, :, :] - group_mm[:, None, :]).reshape(-1, 2)
    lent = np.broadcast_to(weights, (len(group_mm), len(marks_mm))).ravel()
    proposed = shifts[(np.hypot(*shifts.T) <= settings.farthest_mm) & (lent >= 0.1)]
    if not len(proposed):
        return group_mm, settings.place_mm
    likelihood = np.array([_likelihood(group_mm + shift, marks_mm, weights, settings) for shift in proposed])
    prior = -(proposed**2).sum(axis=1) / (2.0 * settings.place_mm**2)
    moved_mm = group_mm + proposed[int(np.argmax(likelihood + prior))]
    for _ in range(3):
        offsets, is_pair = _pairs(moved_mm, marks_mm, weights, settings)
        if is_pair.sum() < settings.fewest_pairs:
            return group_mm, settings.place_mm
        moved_mm = moved_mm + np.median(offsets[is_pair], axis=0)
    left_mm = float(np.median(np.hypot(*offsets[is_pair].T))) / 1.1774  # median of a Rayleigh distribution
    return moved_mm, float(np.clip(left_mm, settings.closest_mm, settings.place_mm))


def _likelihood(moved_mm: Points, marks_mm: Points, weights: Values, settings: LinkSettings) -> float:
    """Log-likelihood ratio of a shift: each mark that comes to lie on one of this visit speaks for it."""
    spread_mm = settings.closest_mm
    near = np.exp(-cdist(moved_mm, marks_mm, "sqeuclidean") / (2.0 * spread_mm**2))
    peak = 1.0 / (2.0 * np.pi * spread_mm**2 * settings.typical_per_mm2)
    return float(np.log1p(peak * (near * weights).max(axis=1)).sum())


def _pairs(moved_mm: Points, marks_mm: Points, weights: Values, settings: LinkSettings) -> tuple[Points, Values]:
    """Offset to the best candidate of each mark, and which of them are close enough to be the same."""
    squared = cdist(moved_mm, marks_mm, "sqeuclidean")
    best = (np.exp(-squared / (2.0 * (2.0 * settings.closest_mm) ** 2)) * weights).argmax(axis=1)
    offsets = marks_mm[best] - moved_mm
    return offsets, (np.hypot(*offsets.T) <= 3.0 * settings.closest_mm) & (weights[best] >= 0.1)


def _members_mm(view: SeenView) -> Points:
    members = [cluster.points_rc for cluster in view.findings.clusters]
    return np.concatenate([np.empty((0, 2)), *members]) * view.spacing.rc_mm


def _expected(other: SeenView, places_mm: Points) -> Expected:
    sizes = np.cumsum([len(cluster.marks) for cluster in other.findings.clusters])[:-1]
    chances = tuple(cluster.marks.probabilities for cluster in other.findings.clusters)
    return Expected(tuple(np.split(places_mm, sizes)) if chances else (), chances)


def _again(view: SeenView, expected: Expected, *, false_marks: float, settings: LinkSettings) -> CalcificationFindings:
    marks = view.findings.marks
    asked = np.flatnonzero(in_question(marks))
    if not len(asked) or not expected.groups_mm:
        return view.findings
    own = marks.probabilities[asked]
    factor = prior_factor(marks.points_rc[asked] * view.spacing.rc_mm, own, expected=expected, settings=settings)
    linked = replace(
        marks,
        probabilities=_raised(marks.probabilities, asked, factor),
        body_chances=None if marks.body_chances is None else _raised(marks.body_chances, asked, factor),
    )
    return regroup(replace(view.findings, marks=linked), spacing=view.spacing, false_marks=false_marks)


def _raised(chances: Values, which: NDArray[np.intp], factor: Values) -> Values:
    """Multiply the odds of some."""
    raised = chances.copy()
    bounded = np.minimum(chances[which], _HIGHEST)
    odds = factor * bounded / (1.0 - bounded)
    raised[which] = odds / (1.0 + odds)
    return raised
