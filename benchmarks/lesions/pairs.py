"""Pairs of visits: whether the class of change is that of the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from accuracy.running import run_seeds
from accuracy.suites import Suite
from calcmeasure.detect.lesions.followup import look_in_beds, take_snapshot
from calcmeasure.phantom.dynamic.exams import response_of
from calcmeasure.terms.lesions import Response
from lesions.outcomes import Outcome
from lesions.running import SHELF, as_image, as_outcome, find

Pair = tuple[Outcome, Outcome, Outcome]
"""Before; after, read alone; after, with the bed of the earlier lesions in mind."""

CLASSES = (Response.CR, Response.PR, Response.SD, Response.PD)
PAIR_COLUMNS = (
    "pairs", "measured by", "class right", "of those 1 mm clear", *(kind.value for kind in CLASSES),
    "CR invented", "CR missed",
)  # fmt: skip
CLEAR_MM = 1.0


def run_pairs(suite: Suite, *, exams: int, jobs: int = 1) -> list[Pair]:
    """Draw, detect, and look again in the tumour's bed."""
    found = run_seeds(suite, answer_visits, count=exams, jobs=jobs, shelf=SHELF)
    return [(before, alone, linked) for before, alone, linked in found]


def answer_visits(suite: Suite, seed: int) -> Iterator[Outcome]:
    """Answer before and after alone, then after as ``calcmeasure run`` reads a later visit."""
    before, after = suite.draw(seed, suite.settings)
    (earlier, earlier_refusal), (alone, refusal) = find(before), find(after)
    linked = alone
    if earlier.lesions and not refusal:
        snapshot = take_snapshot(as_image(before), earlier)
        linked = look_in_beds(as_image(after), alone, earlier=snapshot).findings
    yield as_outcome(before, earlier, name=suite.name, seed=seed, refusal=earlier_refusal)
    for findings in (alone, linked):
        yield as_outcome(after, findings, name=suite.name, seed=seed, refusal=refusal)


def pair_rows(name: str, pairs: Sequence[Pair]) -> Iterator[tuple[str, ...]]:
    """One row per way of measuring; pairs without a lesion at baseline are left out."""
    kept = [pair for pair in pairs if pair[0].truth_mm.any()]
    truth = [_response(_true(before), _true(after)) for before, after, _ in kept]
    clear = np.array([_is_clear(_true(before), _true(after)) for before, after, _ in kept])
    ways = {
        "detector, each visit alone": [(b.largest_found_mm, a.largest_found_mm) for b, a, _ in kept],
        "detector, tumour bed known": [(b.largest_found_mm, a.largest_found_mm) for b, _, a in kept],
        "truth's box, FTV": [(_by_ftv(b), _by_ftv(a)) for b, a, _ in kept],
    }
    for way, lengths in ways.items():
        found = [_response(before, after) for before, after in lengths]
        yield name, str(len(kept)), way, *_shares(found, truth, clear)


def wrong_pairs(pairs: Sequence[Pair]) -> Iterator[tuple[object, ...]]:
    """Every pair whose class is wrong with the bed known: its seed, lengths and classes."""
    for before, _, after in pairs:
        if not before.truth_mm.any():
            continue
        true, found = (_true(before), _true(after)), (before.largest_found_mm, after.largest_found_mm)
        if _response(*true) is not _response(*found):
            lengths = (f"{a:.1f} → {b:.1f}" for a, b in (true, found))
            yield before.name, before.seed, before.disease, *lengths, _response(*true), _response(*found)


def _shares(found: Sequence[Response | None], truth: Sequence[Response | None], clear: np.ndarray) -> tuple[str, ...]:
    right = np.array([a is b for a, b in zip(found, truth, strict=True)], dtype=bool)
    by_class = []
    for kind in CLASSES:
        own = np.array([b is kind for b in truth], dtype=bool)
        by_class.append(f"{(right & own).sum()} / {own.sum()}")
    invented = sum(a is Response.CR is not b for a, b in zip(found, truth, strict=True))
    missed = sum(b is Response.CR is not a for a, b in zip(found, truth, strict=True))
    return (f"{right.mean():.2f}", f"{right[clear].mean():.2f} of {clear.sum()}", *by_class, str(invented), str(missed))


def _true(outcome: Outcome) -> float:
    return float(outcome.truth_mm.max(initial=0.0))


def _by_ftv(outcome: Outcome) -> float:
    return float(outcome.ftv_mm.max(initial=0.0))


def _response(before_mm: float, after_mm: float) -> Response | None:
    """None without anything at baseline: no class can be told."""
    return response_of(before_mm, after_mm) if before_mm else None


def _is_clear(before_mm: float, after_mm: float) -> bool:
    """Whether the class stays the same when the second length is wrong by a millimetre either way."""
    if not after_mm:
        return True
    near = {response_of(before_mm, max(after_mm + step, 0.1)) for step in (-CLEAR_MM, 0.0, CLEAR_MM)}
    return len(near) == 1
