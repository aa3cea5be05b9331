"""What a detector made of one image, beside the truth: plain arrays, kept on disk, from which every figure is made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from accuracy.stored import Stored
from calcifications.curves import Answers
from calcifications.matching import FREE, REACH_MM, found_together, match_marks, near_any
from calcmeasure.terms import MarkLabel

Values = NDArray[np.float64]
Numbers = NDArray[np.int64]
Words = NDArray[np.str_]

COUNTED = (MarkLabel.SUSPICIOUS, MarkLabel.SCATTERED)
"""A mark that the detector takes for something else (an artery, skin, a clip …) is not one of its answers."""
NO_CLUSTER = -1
GROUP = 3
"""Calcifications that make a group."""
VISIBLE_DPRIME = 4.66
"""Detectability from which the ideal observer sees a mark at 0.01 false ones per cm²."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Every calcification of an image.

    Parameters
    ----------
    points_mm
        (n, 2) row and column times the pixel's size.
    diameters_mm, dprime
        (n,) size; detectability for the ideal observer.
    clusters
        (n,) number of its group; `NO_CLUSTER` for what is to be left out (arterial, skin, coarse, scattered, clips).
    """

    points_mm: Values
    diameters_mm: Values
    dprime: Values
    clusters: Numbers

    @property
    def wanted(self) -> NDArray[np.bool_]:
        """Which belong to a group."""
        return np.asarray(self.clusters != NO_CLUSTER)


@dataclass(frozen=True, slots=True)
class Outcome(Stored):
    """One image, answered.

    Parameters
    ----------
    name, breast
        Of the image; several images may show one breast.
    area_cm2
        Of the breast.
    truth_mm, truth_diameters_mm, truth_dprime, truth_clusters
        See `Truth`.
    marks_mm, probabilities, snr, labels
        Every mark the detector saw.
    on_benign
        Which of them lie on a calcification that is real and to be left out: neither true nor false.
    members_mm, member_clusters, confidences
        Marks of the groups found, the group of each, and one confidence per group.
    wider_mm, wider_clusters
        The same linked over the wider distance.
    named_mm, named_clusters, named_points, named_confidences
        Marks of the groups at every named operating point and the group of each; then the number of each group's
        operating point, and its confidence.
    flags
        Of the findings.
    seconds
        Processor time of the detection.
    """

    name: str
    breast: str
    area_cm2: float
    truth_mm: Values
    truth_diameters_mm: Values
    truth_dprime: Values
    truth_clusters: Numbers
    marks_mm: Values
    probabilities: Values
    snr: Values
    labels: Words
    on_benign: NDArray[np.bool_]
    members_mm: Values
    member_clusters: Numbers
    confidences: Values
    wider_mm: Values
    wider_clusters: Numbers
    named_mm: Values
    named_clusters: Numbers
    named_points: Numbers
    named_confidences: Values
    flags: Words
    seconds: float

    @property
    def truth(self) -> Truth:
        """The calcifications that are there."""
        return Truth(self.truth_mm, self.truth_diameters_mm, self.truth_dprime, self.truth_clusters)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Which marks the detector takes for calcifications that matter."""
        return np.isin(self.labels, [str(label) for label in COUNTED])

    def at(self, point: int) -> Outcome:
        """The image with the groups that are shown at a named operating point."""
        groups = np.flatnonzero(self.named_points == point)
        shown = np.isin(self.named_clusters, groups)
        return replace(
            self,
            members_mm=self.named_mm[shown],
            member_clusters=np.searchsorted(groups, self.named_clusters[shown]),
            confidences=self.named_confidences[groups],
        )


def mark_answers(
    outcome: Outcome, scores: Values, *, sizes_mm: tuple[float, float], answers: NDArray[np.bool_]
) -> Answers:
    """Marks against calcifications of a range of sizes.

    Marks on a calcification of another size, or on one that is real but to be left out, count neither way.

    Parameters
    ----------
    scores
        (m,) what the marks are ranked by.
    sizes_mm
        From the first, below the second.
    answers
        (m,) which marks count as answers.
    """
    truth, points_mm, scores = outcome.truth, outcome.marks_mm[answers], scores[answers]
    wanted = truth.wanted
    partners = match_marks(points_mm, scores, truth.points_mm[wanted])
    found = np.full(int(wanted.sum()), -np.inf)
    found[partners[partners != FREE]] = scores[partners != FREE]
    benign = outcome.on_benign[answers]
    diameters_mm = truth.diameters_mm[wanted]
    found = found_together(found, truth.points_mm[wanted], diameters_mm)
    asked = (diameters_mm >= sizes_mm[0]) & (diameters_mm < sizes_mm[1])
    return Answers(found[asked], scores[(partners == FREE) & ~benign], outcome.area_cm2, outcome.breast)


def found_groups(outcome: Outcome) -> list[frozenset[int]]:
    """Tell which true groups each group found stands for; none if it is false.

    It is false unless more than half of its marks lie on true groups. It stands for the one that most of them lie on,
    and for any other on which at least `GROUP` do: neighbours that are taken for one group are found together.
    """
    truth = outcome.truth
    numbers = np.unique(truth.clusters[truth.wanted])
    found = []
    for group in range(len(outcome.confidences)):
        points_mm = outcome.members_mm[outcome.member_clusters == group]
        lies_on = [near_any(points_mm, truth.points_mm[truth.clusters == n], reach_mm=REACH_MM) for n in numbers]
        counts = np.array([on.sum() for on in lies_on], dtype=int)
        true = bool(len(numbers)) and np.any(lies_on, axis=0).mean() > 0.5
        chosen = numbers[(counts >= GROUP) | (counts == counts.max(initial=0))] if true else []
        found.append(frozenset(int(n) for n in chosen))
    return found


def group_answers(outcome: Outcome) -> Answers:
    """Groups found against true groups; several pieces of one true group are one answer."""
    owners, confidences = found_groups(outcome), outcome.confidences
    numbers = np.unique(outcome.truth_clusters[outcome.truth.wanted])
    best = [max((c for own, c in zip(owners, confidences, strict=True) if n in own), default=-np.inf) for n in numbers]
    false = confidences[np.array([not own for own in owners], dtype=bool)]
    return Answers(np.array(best), false, 1.0, outcome.breast)


@dataclass(frozen=True, slots=True)
class Extents:
    """Extents of one image, mm between centres.

    Parameters
    ----------
    truth
        The widest true group's.
    found, wider
        The widest found group's, at the detector's link distance and at the wider one: what a user is told.
    ideal
        The widest true group's when only marks seen by the ideal observer at 0.01 false marks per cm² are kept.
    """

    truth: float
    found: float
    wider: float
    ideal: float


def extents_of(outcome: Outcome) -> Extents:
    """Measure the widest groups."""
    truth = outcome.truth
    seen = truth.wanted & (truth.dprime >= VISIBLE_DPRIME)
    return Extents(
        truth=widest_mm(truth.points_mm[truth.wanted], truth.clusters[truth.wanted]),
        found=widest_mm(outcome.members_mm, outcome.member_clusters),
        wider=widest_mm(outcome.wider_mm, outcome.wider_clusters),
        ideal=widest_mm(truth.points_mm[seen], truth.clusters[seen]),
    )


def widest_mm(points_mm: Values, groups: Numbers) -> float:
    """Greatest span within any group; 0 without two marks in one."""
    spans = (pdist(points_mm[groups == group]).max(initial=0.0) for group in np.unique(groups))
    return float(max(spans, default=0.0))
