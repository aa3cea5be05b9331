"""Worst cases as pictures: what was measured, the truth and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from accuracy.pictures import MARKED, save_small
from accuracy.suites import Suite
from calcmeasure.detect.contract import LesionFindings
from calcmeasure.phantom.dynamic.examination import DcePhantom
from calcmeasure.report.palette import AMBER, SKY
from calcmeasure.report.study.figures.style import PAGE_MM, SMALL, in_print_style, print_figure
from lesions.figures import WORST
from lesions.matching import diameter_mm
from lesions.outcomes import NO_LESION, Outcome
from lesions.running import as_image, lesion_detector

COLUMNS = 6
HEIGHT_MM = 92.0
ROWS = ("measured phase", "enhancement", "projection")


def worst_of(outcomes: Sequence[Outcome], count: int = COLUMNS) -> list[Outcome]:
    """Examinations whose largest lesion or largest finding is most wrong in mm; without a lesion, what was invented."""
    return sorted(outcomes, key=_wrong_mm, reverse=True)[:count]


def draw_worst(outcomes: Sequence[Outcome], suite: Suite, folder: Path) -> None:
    """Draw the worst examinations of a suite again, with the answer to each."""
    cases = []
    for outcome in worst_of(outcomes):
        (exam,) = suite.draw(outcome.seed, suite.settings)
        cases.append((outcome, exam, lesion_detector()(as_image(exam))))
    draw_sheet(cases, folder / WORST)


@in_print_style
def draw_sheet(cases: Sequence[tuple[Outcome, DcePhantom, LesionFindings]], path: Path) -> None:
    """One column per examination: measured phase, enhancement at the same slice, its projection over all slices."""
    figure = print_figure(PAGE_MM, HEIGHT_MM)
    axes = figure.subplots(len(ROWS), COLUMNS)
    for axis in axes.flat:
        axis.set_axis_off()
    for column, case in enumerate(cases):
        _draw_case(axes[:, column], *case)
    save_small(figure, path, dpi=170)


def _draw_case(axes: Sequence[Axes], outcome: Outcome, exam: DcePhantom, findings: LesionFindings) -> None:
    at_slice = _slice_of(outcome, exam, findings)
    early, pre = (exam.phases[k].astype(np.float32) for k in (exam.still_phase, 0))
    rise = np.maximum(early - pre, 0)
    pictures = (early[at_slice], rise[at_slice], rise.max(axis=0))
    aspect = exam.grid.spacing.row_mm / exam.grid.spacing.col_mm
    for axis, picture in zip(axes, pictures, strict=True):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=np.percentile(picture, 99.5), aspect=aspect)
    for axis, labels in zip(axes[1:], (exam.labels[at_slice], exam.labels.max(axis=0)), strict=True):
        if labels.any():
            axis.contour(labels > 0, levels=[0.5], colors=MARKED, linewidths=0.5)
    _draw_answers(axes, findings, at_slice)
    found = ", ".join(f"{length:.1f}" for length in outcome.found_mm[:3]) or "nothing"
    true = ", ".join(f"{length:.1f}" for length in outcome.truth_mm[:3]) or "nothing"
    axes[0].set_title(
        f"{outcome.seed} {outcome.disease}\nfat {outcome.fat}, motion {outcome.motion_mm:.1f}", size=SMALL
    )
    axes[1].set_title(f"true {true}", size=SMALL, fontweight="normal")
    axes[2].set_title(f"found {found}", size=SMALL, fontweight="normal")


def _draw_answers(axes: Sequence[Axes], findings: LesionFindings, at_slice: int) -> None:
    for rank, finding in enumerate(findings.lesions):
        colour = AMBER if rank == 0 else SKY
        for contour in finding.contours_zrc:
            if round(float(contour[0, 0])) == at_slice:
                axes[1].plot(contour[:, 2], contour[:, 1], color=colour, linewidth=0.5)
            axes[2].plot(contour[:, 2], contour[:, 1], color=colour, linewidth=0.3)


def _slice_of(outcome: Outcome, exam: DcePhantom, findings: LesionFindings) -> int:
    """Where the largest lesion is widest; without one, where the largest finding is."""
    if outcome.largest != NO_LESION:
        return exam.lesions[outcome.largest].slice_index
    if findings.lesions:
        largest = max(findings.lesions, key=lambda finding: diameter_mm(finding, exam.grid))
        return round(largest.centre_zrc[0])
    return exam.grid.shape[0] // 2


def _wrong_mm(outcome: Outcome) -> float:
    lesion = outcome.largest
    if lesion == NO_LESION:
        return outcome.largest_found_mm
    finding = outcome.measured(lesion)
    own_mm = 0.0 if finding is None else float(outcome.found_mm[finding])
    return abs(own_mm - float(outcome.truth_mm[lesion]))
