"""Numbers of outcomes: rows of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lesions.outcomes import FIRST_SIX, NO_LESION, Outcome

Values = NDArray[np.float64]

ERROR_COLUMNS = (
    "examinations", "found", "ranked first", "listed first", "listed in first six", "bias mm", "median mm", "p90 mm",
    "limits of agreement mm", "within 2 mm or 10 %", "Dice median", "FTV p90 mm", "FTV Dice", "false / free breast",
)  # fmt: skip
FALSE_COLUMNS = ("breasts without lesion", "false lesions", "per breast", "breasts with any", "what they lie on")

Key = Callable[[Outcome], object]
SIZE_LIMITS = (0.0, 5.0, 10.0, 20.0, 40.0, 100.0)
BACKGROUND_LIMITS = (0.0, 0.15, 0.30, 0.45, 0.61)
NOISE_LIMITS = (0.0, 9.0, 12.0, 17.0)
MOTION_LIMITS = (0.0, 0.5, 1.5, 3.0, 20.0)
ANISOTROPY_LIMITS = (0.0, 1.3, 1.9, 2.5, 5.0)


@dataclass(frozen=True, slots=True)
class Errors:
    """Largest lesions of several examinations.

    Parameters
    ----------
    truth_mm, found_mm
        (n,) of each examination with a lesion; found is 0 where the lesion was not found.
    dice
        (n,) 0 where not found.
    ranks, places
        (n,) place among the findings, and among all that is listed; 0 where it is not among them.
    ftv_mm, ftv_dice
        (n,) by the functional tumour volume's rule.
    """

    truth_mm: Values
    found_mm: Values
    dice: Values
    ranks: Values
    places: Values
    ftv_mm: Values
    ftv_dice: Values

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which were found at all."""
        return np.asarray(self.ranks > 0)

    @property
    def error_mm(self) -> Values:
        """(k,) measured minus true, of those found."""
        return np.asarray((self.found_mm - self.truth_mm)[self.found])


def errors_of(outcomes: Sequence[Outcome]) -> Errors:
    """Judge the largest lesion of every examination that has one."""
    rows = [_judged(outcome) for outcome in outcomes if outcome.largest != NO_LESION]
    columns = np.array(rows, dtype=float).reshape(-1, 7).T
    return Errors(*columns)


def error_row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """One row of a table with `ERROR_COLUMNS`."""
    judged = errors_of(outcomes)
    count = len(judged.truth_mm)
    if not count:
        return (name, str(len(outcomes)), *[""] * (len(ERROR_COLUMNS) - 2), _false_rate(outcomes))
    within = judged.found & (np.abs(judged.found_mm - judged.truth_mm) <= np.maximum(2.0, 0.1 * judged.truth_mm))
    return (
        name,
        str(count),
        _share(judged.found),
        _share(judged.ranks == 1),
        _share(judged.places == 1),
        _share((judged.places > 0) & (judged.places <= FIRST_SIX)),
        *_spread(judged.error_mm),
        _share(within),
        _number(np.median(judged.dice[judged.found]) if judged.found.any() else np.nan),
        _number(np.percentile(np.abs(judged.ftv_mm - judged.truth_mm), 90)),
        _number(np.median(judged.ftv_dice)),
        _false_rate(outcomes),
    )


def grouped(outcomes: Sequence[Outcome], key: Key) -> Iterator[tuple[str, list[Outcome]]]:
    """Split by what an outcome is, in order."""
    for value in sorted({str(key(outcome)) for outcome in outcomes}):
        yield value, [outcome for outcome in outcomes if str(key(outcome)) == value]


def binned(outcomes: Sequence[Outcome], key: Callable[[Outcome], float], limits: Sequence[float], *, unit: str):
    """Split by a number, lower limits included; empty parts are left out."""
    for low, high in pairwise(limits):
        chosen = [outcome for outcome in outcomes if low <= key(outcome) < high]
        if chosen:
            yield f"{low:g}–{high:g}{unit}", chosen


def false_rows(outcomes: Mapping[str, Sequence[Outcome]]) -> Iterator[tuple[str, ...]]:
    """False lesions of breasts without any."""
    for name, some in outcomes.items():
        free = [(outcome, side) for outcome in some for side in outcome.free_sides()]
        counts = np.array([(outcome.found_sides == side).sum() for outcome, side in free])
        kinds = [kind for o, side in free for kind in o.found_on[o.found_sides == side].tolist()]
        words = ", ".join(f"{kind} {kinds.count(kind)}" for kind in sorted(set(kinds), key=kinds.count, reverse=True))
        yield name, str(len(free)), str(counts.sum()), _number(counts.mean()), _share(counts > 0), words


def _judged(outcome: Outcome) -> tuple[float, ...]:
    lesion = outcome.largest
    finding = outcome.measured(lesion)
    found_mm, dice = (0.0, 0.0) if finding is None else (outcome.found_mm[finding], outcome.found_dice[finding])
    rank, place = outcome.rank_of(lesion) or 0, outcome.place_of(lesion) or 0
    return outcome.truth_mm[lesion], found_mm, dice, rank, place, outcome.ftv_mm[lesion], outcome.ftv_dice[lesion]


def _spread(errors: Values) -> tuple[str, ...]:
    if not len(errors):
        return ("", "", "", "")
    bias, sd = float(errors.mean()), float(errors.std(ddof=1)) if len(errors) > 1 else 0.0
    limits = f"{bias - 1.96 * sd:+.1f}…{bias + 1.96 * sd:+.1f}"
    size = np.abs(errors)
    return f"{bias:+.2f}", _number(np.median(size)), _number(np.percentile(size, 90)), limits


def _false_rate(outcomes: Sequence[Outcome]) -> str:
    breasts = sum(len(outcome.free_sides()) for outcome in outcomes)
    return _number(sum(outcome.false_lesions() for outcome in outcomes) / breasts) if breasts else ""


def _share(chosen: NDArray[np.bool_]) -> str:
    return f"{np.mean(chosen):.2f}"


def _number(value: float) -> str:
    return f"{value:.2f}"
