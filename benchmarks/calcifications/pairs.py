"""Pairs of visits: whether the class of change is right, each visit read alone and both linked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from accuracy.running import run_seeds
from accuracy.suites import Suite
from calcifications.curves import interval_of
from calcifications.outcomes import Outcome, extents_of
from calcifications.running import SHELF, as_image, as_outcome, detect
from calcifications.suites import PAIRS
from calcmeasure.detect.calcifications.breast_view import reduce_view
from calcmeasure.detect.calcifications.second_look import SeenView, look_again
from calcmeasure.detect.contract import CalcificationFindings
from calcmeasure.phantom.mammogram.scenes import Scene, extent_change
from calcmeasure.terms import ExtentChange

PAIR_COLUMNS = (
    "read", "pairs", "class right", "decrease", "unchanged", "increase", "false decrease", "false increase",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """Both visits read alone, and linked; the linked ones are the former where the views did not fit."""

    alone: tuple[Outcome, Outcome]
    linked: tuple[Outcome, Outcome]


def run_pairs(*, images: int, jobs: int = 1) -> list[PairOutcome]:
    """Draw, detect, register and look again."""
    found = run_seeds(PAIRS, answer_visits, count=images, jobs=jobs, shelf=SHELF)
    return [PairOutcome((first, second), (again, later)) for first, second, again, later in found]


def answer_visits(suite: Suite, seed: int) -> Iterator[Outcome]:
    """Answer earlier and later alone, then earlier and later linked."""
    scenes = suite.draw(seed, suite.settings)
    found = [detect(as_image(scene)) for scene in scenes]
    earlier, later = (_seen(scene, findings) for scene, findings in zip(scenes, found, strict=True))
    again = look_again(earlier, later)
    names = ("before", "after", "before, linked", "after, linked")
    for name, scene, findings in zip(names, scenes * 2, (*found, again.earlier, again.later), strict=True):
        outcome = as_outcome(scene, findings, name=f"{suite.name} {seed} {name}", breast=str(seed), seconds=0.0)
        yield replace(outcome, flags=np.append(outcome.flags, ["linked"] if again.is_linked else []))


def pair_rows(pairs: Sequence[PairOutcome]) -> list[tuple[str, ...]]:
    """One row per way of reading; pairs without a group at baseline are left out."""
    kept = [pair for pair in pairs if extents_of(pair.alone[0]).truth > 0]
    ways = {
        "each visit alone": [_change(pair.alone, "found") for pair in kept],
        "linked": [_change(pair.linked, "found") for pair in kept],
        "ideal observer's marks": [_change(pair.alone, "ideal") for pair in kept],
    }
    truth = [_change(pair.alone, "truth") for pair in kept]
    rows = [_row(way, classes, truth, [pair.alone[0].breast for pair in kept]) for way, classes in ways.items()]
    linked = sum("linked" in pair.linked[0].flags for pair in kept)
    return [*rows, ("visits that could be laid over each other", str(linked), *[""] * 6)]


def _seen(scene: Scene, findings: CalcificationFindings) -> SeenView:
    return SeenView(findings, scene.spacing, reduce_view(as_image(scene), findings.breast))


def _change(visits: tuple[Outcome, Outcome], which: str) -> ExtentChange:
    before, after = (float(getattr(extents_of(outcome), which)) for outcome in visits)
    return extent_change(before, after)


def _row(
    way: str, classes: Sequence[ExtentChange], truth: Sequence[ExtentChange], breasts: Sequence[str]
) -> tuple[str, ...]:
    right = np.array([own is true for own, true in zip(classes, truth, strict=True)], dtype=float)
    share, low, high = interval_of(right, breasts, lambda v: float(v.mean()))
    wanted = (ExtentChange.DECREASE, ExtentChange.UNCHANGED, ExtentChange.INCREASE)
    by_class = [
        f"{sum(own is true is kind for own, true in zip(classes, truth, strict=True))} / {truth.count(kind)}"
        for kind in wanted
    ]
    wrong = [
        str(sum(own is kind is not true for own, true in zip(classes, truth, strict=True)))
        for kind in (ExtentChange.DECREASE, ExtentChange.INCREASE)
    ]
    return (way, str(len(truth)), f"{share:.2f} ({low:.2f}–{high:.2f})", *by_class, *wrong)
