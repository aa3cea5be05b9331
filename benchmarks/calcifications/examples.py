"""Which images to look at: the worst of each kind of failure, and plain successes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcifications.matching import FREE, match_marks, near_any
from calcifications.outcomes import REACH_MM, Outcome, extents_of, found_groups
from calcifications.summaries import is_measurable

Values = NDArray[np.float64]
COUNT = 6
MARGIN_MM = 4.0
MARK_WINDOW_MM = 14.0
SMALL_ERROR = 0.02


@dataclass(frozen=True, slots=True)
class Example:
    """A place of an image and why it is shown.

    Parameters
    ----------
    number, breast
        Of the outcome.
    centre_mm, side_mm
        Square to show.
    words
        Below it.
    severity
        Greater is shown first.
    """

    number: int
    breast: str
    centre_mm: Values
    side_mm: float
    words: str
    severity: float


def worst_misses(outcomes: Sequence[Outcome], least_score: float) -> list[Example]:
    """Calcifications of greatest detectability without a mark of at least that probability, one per breast."""
    found = []
    for number, outcome in enumerate(outcomes):
        truth = outcome.truth
        missed = truth.wanted & ~_marked(outcome, least_score)
        if missed.any():
            worst = int(np.argmax(np.where(missed, truth.dprime, -1.0)))
            words = f"{truth.diameters_mm[worst]:.2f} mm, d′ {truth.dprime[worst]:.0f}"
            found.append(
                Example(
                    number, outcome.breast, truth.points_mm[worst], MARK_WINDOW_MM, words, float(truth.dprime[worst])
                )
            )
    return _first(found)


def worst_false(outcomes: Sequence[Outcome]) -> list[Example]:
    """False groups, most confident first, then single false marks, most probable first; one per breast."""
    groups, marks = [], []
    for number, outcome in enumerate(outcomes):
        for group in (k for k, owners in enumerate(found_groups(outcome)) if not owners):
            confidence = float(outcome.confidences[group])
            points_mm = outcome.members_mm[outcome.member_clusters == group]
            side_mm = float(np.ptp(points_mm, axis=0).max()) + 2 * MARGIN_MM
            centre_mm = (points_mm.min(axis=0) + points_mm.max(axis=0)) / 2
            groups.append(Example(number, outcome.breast, centre_mm, side_mm, f"group, {confidence:.2f}", confidence))
        false = outcome.counted & ~_is_real(outcome)
        if false.any():
            worst = int(np.argmax(np.where(false, outcome.probabilities, -1.0)))
            chance = float(outcome.probabilities[worst])
            marks.append(
                Example(number, outcome.breast, outcome.marks_mm[worst], MARK_WINDOW_MM, f"mark, {chance:.3f}", chance)
            )
    first = _first(groups, COUNT // 2)
    return [*first, *_first([mark for mark in marks if mark.breast not in {g.breast for g in first}])][:COUNT]


def worst_extents(outcomes: Sequence[Outcome]) -> list[Example]:
    """Extents farthest from the truth among images whose ends can be seen."""
    return _first(_extent_example(n, o) for n, o in enumerate(outcomes) if is_measurable(o))


def plain_successes(outcomes: Sequence[Outcome]) -> list[Example]:
    """The first images whose extent is right within 2 %."""
    examples = [_extent_example(n, o) for n, o in enumerate(outcomes) if extents_of(o).truth > 0]
    right = {
        e.breast: e for e in reversed(examples) if e.severity <= SMALL_ERROR * extents_of(outcomes[e.number]).truth
    }
    return sorted(right.values(), key=lambda e: e.number)[:COUNT]


def _first(examples: Iterable[Example], count: int = COUNT) -> list[Example]:
    """The gravest, one per breast."""
    gravest: dict[str, Example] = {}
    for example in sorted(examples, key=lambda e: -e.severity):
        gravest.setdefault(example.breast, example)
    return list(gravest.values())[:count]


def _extent_example(number: int, outcome: Outcome) -> Example:
    extents = extents_of(outcome)
    points_mm = np.concatenate([outcome.truth.points_mm[outcome.truth.wanted], outcome.members_mm])
    low, high = points_mm.min(axis=0), points_mm.max(axis=0)
    words = f"{extents.found:.1f} mm, true {extents.truth:.1f}"
    side_mm = float((high - low).max()) + 2 * MARGIN_MM
    return Example(number, outcome.breast, (low + high) / 2, side_mm, words, abs(extents.found - extents.truth))


def _marked(outcome: Outcome, least_score: float) -> NDArray[np.bool_]:
    answers = outcome.counted & (outcome.probabilities >= least_score)
    return near_any(outcome.truth.points_mm, outcome.marks_mm[answers], reach_mm=REACH_MM)


def _is_real(outcome: Outcome) -> NDArray[np.bool_]:
    """Which marks stand for a calcification or lie on a benign one."""
    truth = outcome.truth
    scores = np.where(outcome.counted, outcome.probabilities, -1.0)
    partners = match_marks(outcome.marks_mm, scores, truth.points_mm[truth.wanted])
    return (partners != FREE) | outcome.on_benign
