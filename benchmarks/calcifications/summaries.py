"""From outcomes to curves and rows of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcifications.calibration import Reliability, reliability
from calcifications.curves import Curve, free_response, interval_of
from calcifications.ideal import ideal_sensitivity
from calcifications.outcomes import (
    GROUP,
    VISIBLE_DPRIME,
    Outcome,
    extents_of,
    found_groups,
    group_answers,
    mark_answers,
)
from calcmeasure.detect.calcifications.operating_points import OPERATING_POINTS

EVERY_SIZE = (0.0, np.inf)
SIZES_MM = {
    "all": EVERY_SIZE,
    "≥ 0.2 mm": (0.2, np.inf),
    "≥ 0.3 mm": (0.3, np.inf),
    "< 0.15 mm": (0.0, 0.15),
    "0.15–0.2 mm": (0.15, 0.2),
    "0.2–0.3 mm": (0.2, 0.3),
}
MARK_RATES = np.geomspace(0.001, 10.0, 41)
"""False marks per cm²."""
GROUP_RATES = np.unique(np.append(np.geomspace(0.01, 10.0, 31), (0.05, 0.5)))
"""False groups per image."""
DESIGN_RATE = 0.01
"""False marks per cm² for which an extent can do without a single false member."""
TOLERANCE = 0.10
OPERATING_COLUMNS = ("images", "named", "false marks / image", "median", "≥ 0.2 mm found")

Values = NDArray[np.float64]


def mark_curve(outcomes: Sequence[Outcome], sizes_mm: tuple[float, float], *, replicates: int = 1000) -> Curve:
    """Marks ranked by the detector's probability."""
    answers = [mark_answers(o, o.probabilities, sizes_mm=sizes_mm, answers=o.counted) for o in outcomes]
    return free_response(answers, MARK_RATES, replicates=replicates)


def snr_curve(outcomes: Sequence[Outcome], sizes_mm: tuple[float, float], *, replicates: int = 1000) -> Curve:
    """The max-SNR rule: the same marks, none set aside, ranked by signal over local noise alone."""
    answers = [mark_answers(o, o.snr, sizes_mm=sizes_mm, answers=np.isfinite(o.snr)) for o in outcomes]
    return free_response(answers, MARK_RATES, replicates=replicates)


def ideal_curve(outcomes: Sequence[Outcome], sizes_mm: tuple[float, float]) -> Curve:
    """What quantum noise allows on the same calcifications."""
    kept = [o.truth_dprime[_of_size(o, sizes_mm)] for o in outcomes]
    dprime = np.concatenate(kept)
    share = ideal_sensitivity(dprime, MARK_RATES)
    return Curve(MARK_RATES, share, share, share, len(dprime))


def group_curve(outcomes: Sequence[Outcome]) -> Curve:
    """Groups ranked by confidence."""
    return free_response([group_answers(o) for o in outcomes], GROUP_RATES)


def mark_reliability(outcomes: Sequence[Outcome]) -> Reliability:
    """Stated against observed chance, of the marks the detector counts."""
    return reliability([mark_answers(o, o.probabilities, sizes_mm=EVERY_SIZE, answers=o.counted) for o in outcomes])


MARK_COLUMNS = ("images", "false marks / cm²", "all sizes", "≥ 0.2 mm", "≥ 0.3 mm")


def mark_rows(name: str, outcomes: Sequence[Outcome], rates: Sequence[float]) -> list[tuple[str, ...]]:
    """One row per rate; sensitivity by size: own with its interval, max-SNR rule, ideal observer."""
    sizes = [SIZES_MM[label] for label in ("all", "≥ 0.2 mm", "≥ 0.3 mm")]
    curves = [
        (mark_curve(outcomes, size), snr_curve(outcomes, size, replicates=0), ideal_curve(outcomes, size))
        for size in sizes
    ]
    cells = [
        [f"{_with_interval(own.at(r))} · {snr.at(r)[0]:.2f} · {ideal.at(r)[0]:.2f}" for own, snr, ideal in curves]
        for r in rates
    ]
    return [(name, f"{rate:g}", *row) for rate, row in zip(rates, cells, strict=True)]


def operating_rows(name: str, outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """One row per named operating point: the false marks per image it promises, those there are, what is found."""
    size = SIZES_MM["≥ 0.2 mm"]
    answers = [mark_answers(o, o.probabilities, sizes_mm=size, answers=o.counted) for o in outcomes]
    breasts = [o.breast for o in outcomes]
    rows = []
    for point in OPERATING_POINTS:
        false = np.array([(a.false_scores >= point.least_probability).sum() for a in answers], dtype=float)
        found = np.concatenate([a.truth_scores for a in answers]) >= point.least_probability
        rate = interval_of(false, breasts, lambda v: float(v.mean()))
        middle = f"{np.median(false):.0f}"
        rows.append((name, point.name, _with_interval(rate), middle, f"{found.mean():.3f}"))
    return rows


def size_rows(name: str, outcomes: Sequence[Outcome], rate: float = DESIGN_RATE) -> list[tuple[str, ...]]:
    """One row per bin of sizes at one rate."""
    bins = {label: size for label, size in SIZES_MM.items() if label not in ("all", "≥ 0.2 mm")}
    ordered = sorted(bins.items(), key=lambda item: item[1])
    return [
        (
            name,
            label,
            str(mark_curve(outcomes, size, replicates=0).n_truth),
            _with_interval(mark_curve(outcomes, size).at(rate)),
            f"{snr_curve(outcomes, size, replicates=0).at(rate)[0]:.2f}",
            f"{ideal_curve(outcomes, size).at(rate)[0]:.2f}",
        )
        for label, size in ordered
    ]


@dataclass(frozen=True, slots=True)
class Groups:
    """Counts over images as the detector leaves them: no threshold of ours.

    Parameters
    ----------
    there, found
        True groups and those of them found.
    visible, visible_found
        The same for groups with at least three marks that the ideal observer sees.
    false_per_image
        With its interval.
    """

    images: int
    there: int
    found: int
    visible: int
    visible_found: int
    false_per_image: tuple[float, float, float]


def count_groups(outcomes: Sequence[Outcome]) -> Groups:
    """Count groups found, missed and false."""
    false, there, found, visible = [], 0, 0, np.zeros(2, dtype=int)
    for outcome in outcomes:
        owners = found_groups(outcome)
        false.append(float(sum(not own for own in owners)))
        for number in np.unique(outcome.truth_clusters[outcome.truth.wanted]):
            is_found = any(int(number) in own for own in owners)
            there, found = there + 1, found + is_found
            if (outcome.truth_dprime[outcome.truth_clusters == number] >= VISIBLE_DPRIME).sum() >= GROUP:
                visible += (1, is_found)
    false_per_image = interval_of(np.array(false), [o.breast for o in outcomes], lambda v: float(v.mean()))
    return Groups(len(outcomes), there, found, int(visible[0]), int(visible[1]), false_per_image)


GROUP_COLUMNS = ("images", "number", "groups found", "of those with three visible marks", "false groups / image")


def rate_row(name: str, outcomes: Sequence[Outcome], rates: Sequence[float] = (0.05, 0.2, 1.0)) -> tuple[str, ...]:
    """Sensitivity for groups at given rates of false ones, when the least confidence is moved."""
    curve = group_curve(outcomes)
    return (name, *(_with_interval(curve.at(rate)) for rate in rates))


def group_row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Groups found and false ones, as the detector leaves them."""
    groups = count_groups(outcomes)
    return (
        name,
        str(groups.images),
        f"{groups.found} / {groups.there}",
        f"{groups.visible_found} / {groups.visible}",
        _with_interval(groups.false_per_image),
    )


def sensitivity_rows(name: str, outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """One row per named operating point."""
    return [
        group_row(f"{name}, {point.name}", [outcome.at(number) for outcome in outcomes])
        for number, point in enumerate(OPERATING_POINTS)
    ]


@dataclass(frozen=True, slots=True)
class ExtentErrors:
    """Absolute errors over images with a group: mm and as a share of the truth, (n,) each."""

    mm: Values
    relative: Values
    breasts: tuple[str, ...]


def extent_errors(outcomes: Sequence[Outcome], which: str) -> ExtentErrors:
    """Errors of one of the lengths of `Extents`: ``found``, ``wider`` or ``ideal``."""
    measured = [(extents_of(o), o.breast) for o in outcomes]
    kept = [(extents, breast) for extents, breast in measured if extents.truth > 0]
    mm = np.array([abs(getattr(extents, which) - extents.truth) for extents, _ in kept])
    truth = np.array([extents.truth for extents, _ in kept])
    return ExtentErrors(mm, mm / truth, tuple(breast for _, breast in kept))


EXTENT_COLUMNS = ("images", "extent", "median mm", "p90 mm", "worst mm", "within 10 %")


def extent_rows(name: str, outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """One row per link distance, what the ideal observer's marks would give, and images whose ends can be seen."""
    titles = {"found": "as reported", "wider": "linked over the wider distance", "ideal": "ideal observer's marks"}
    rows = [(name, *_extent_cells(extent_errors(outcomes, which), title)) for which, title in titles.items()]
    seen = extent_errors([o for o in outcomes if is_measurable(o)], "found")
    return [*rows, (name, *_extent_cells(seen, "as reported, where the ends can be seen"))]


def is_measurable(outcome: Outcome) -> bool:
    """Whether the marks that the ideal observer sees span the true extent within the tolerance."""
    extents = extents_of(outcome)
    return extents.truth > 0 and abs(extents.ideal - extents.truth) <= TOLERANCE * extents.truth


def _extent_cells(errors: ExtentErrors, title: str) -> tuple[str, ...]:
    if not len(errors.mm):
        return ("0", title, "", "", "", "")
    within = interval_of(
        np.asarray(errors.relative <= TOLERANCE, dtype=float), errors.breasts, lambda v: float(v.mean())
    )
    middle = interval_of(errors.mm, errors.breasts, lambda v: float(np.median(v)))
    return (
        str(len(errors.mm)),
        title,
        _with_interval(middle),
        f"{np.percentile(errors.mm, 90):.2f}",
        f"{errors.mm.max():.1f}",
        _with_interval(within),
    )


ROBUSTNESS_COLUMNS = (
    "scenes", "images", "≥ 0.2 mm at 0.1 false / cm²", "ideal observer", "groups found", "of the visible",
    "false groups / image", "extent error median mm", "within 10 %",
)  # fmt: skip


def robustness_row(name: str, outcomes: Sequence[Outcome], rate: float = 0.1) -> tuple[str, ...]:
    """Everything about one condition in a line."""
    groups, errors = count_groups(outcomes), extent_errors(outcomes, "found")
    size = SIZES_MM["≥ 0.2 mm"]
    return (
        name,
        str(len(outcomes)),
        _with_interval(mark_curve(outcomes, size, replicates=300).at(rate)),
        f"{ideal_curve(outcomes, size).at(rate)[0]:.2f}",
        f"{groups.found} / {groups.there}",
        f"{groups.visible_found} / {groups.visible}",
        f"{groups.false_per_image[0]:.2f}",
        f"{np.median(errors.mm):.2f}" if len(errors.mm) else "",
        f"{np.mean(errors.relative <= TOLERANCE):.2f}" if len(errors.mm) else "",
    )


def clutter_row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """False groups of images without any."""
    found = [len(outcome.confidences) for outcome in outcomes]
    return (name, str(len(found)), f"{np.mean(found):.2f}", str(sum(n > 0 for n in found)))


def _of_size(outcome: Outcome, sizes_mm: tuple[float, float]) -> NDArray[np.bool_]:
    diameters_mm = outcome.truth_diameters_mm
    of_size: NDArray[np.bool_] = (diameters_mm >= sizes_mm[0]) & (diameters_mm < sizes_mm[1])
    return of_size & outcome.truth.wanted


def _with_interval(value: tuple[float, float, float], *, digits: int = 2) -> str:
    middle, low, high = (f"{number:.{digits}f}" for number in value)
    return middle if low == high else f"{middle} ({low}–{high})"
