"""Flowchart of inclusion and exclusion."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from calcmeasure.report.study.figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study.figures.style import (
    BLACK,
    NORMAL,
    PAGE_MM,
    PALE,
    in_print_style,
    print_figure,
    sheet,
)
from calcmeasure.report.study.figures.words import abbreviations
from calcmeasure.report.text import format_flag
from calcmeasure.study.plots import Outcomes
from calcmeasure.study.results import Flow

HEAD_MM, LINE_MM = 7.0, 4.4
"""Height of the head of a box, and of every line below it."""
PAD_MM = 2.5
"""Between a box and its letters."""
MAIN_LEFT_MM, MAIN_WIDTH_MM = 22.0, 66.0
ASIDE_LEFT_MM, ASIDE_WIDTH_MM = 106.0, 72.0
OUTCOMES_LEFT_MM, OUTCOMES_WIDTH_MM, OUTCOME_GAP_MM = 2.0, 106.0, 6.0
"""The boxes below share a width whose middle is that of the boxes above."""
GAP_MM = 9.0
"""Between boxes, for the arrow."""
MARGIN_MM = 2.0

Lines = Sequence[tuple[str, str]]
"""What stands at the left and at the right of every line of a box."""
Box = tuple[float, float, float, float]
"""Left, bottom, width, height in mm."""


@in_print_style
def draw_flowchart(flow: Flow, outcomes: Outcomes) -> StudyFigure:
    """Draw who was assessed, who was left out and why, who counts, and what pathology said of them.

    Parameters
    ----------
    flow
        Counts; a case is one side of one patient.
    outcomes
        Pathological complete response of those included.
    """
    assessed, excluded, included = _box_lines(flow)
    results = [[(name, f"n = {n}")] for name, n in _counts(outcomes)]
    heights = [_height(lines) for lines in (assessed, excluded, included, results[0])]
    figure = print_figure(PAGE_MM, sum(heights) + 3 * GAP_MM + 2 * MARGIN_MM)
    _draw_all(figure, (assessed, excluded, included), results)
    numbers = [("assessed", "", flow.assessed), *(("excluded", code, n) for code, n in flow.exclusions)]
    numbers += [("included", "", flow.included), *(("outcome", name, n) for name, n in _counts(outcomes))]
    return StudyFigure(
        name="flowchart",
        title="Inclusion and exclusion",
        caption=_caption(flow, outcomes),
        figure=figure,
        numbers=as_numbers(("box", "what", "n"), numbers),
    )


def _box_lines(flow: Flow) -> tuple[Lines, Lines, Lines]:
    n_excluded = flow.assessed - flow.included
    assessed = [("Assessed", f"n = {flow.assessed}"), *_people(flow.assessed, flow.patients_assessed)]
    excluded = [("Excluded", f"n = {n_excluded}"), *((_reason(code), str(n)) for code, n in flow.exclusions)]
    included = [("Included", f"n = {flow.included}"), *_people(flow.included, flow.patients)]
    return assessed, excluded, included


def _people(cases: int, patients: int) -> Lines:
    """Tell patients from sides, where they differ."""
    return [] if cases == patients else [("sides of", f"{patients} patients")]


def _reason(code: str) -> str:
    words = format_flag(code.removeprefix("E_").lower().replace("followup", "follow-up"))
    return words[:1].upper() + words[1:]


def _counts(outcomes: Outcomes) -> list[tuple[str, int]]:
    known = [("pCR", outcomes.complete), ("No pCR", outcomes.incomplete)]
    return [*known, ("Not stated", outcomes.unknown)] if outcomes.unknown else known


def _height(lines: Lines) -> float:
    return HEAD_MM + (len(lines) - 1) * LINE_MM + (PAD_MM if len(lines) > 1 else 0.0)


def _draw_all(figure: Figure, boxes: tuple[Lines, Lines, Lines], outcomes: Sequence[Lines]) -> None:
    assessed, excluded, included = boxes
    axis = sheet(figure)
    top = axis.get_ylim()[1] - MARGIN_MM
    first = _draw_box(axis, (MAIN_LEFT_MM, top - _height(assessed), MAIN_WIDTH_MM, _height(assessed)), assessed)
    aside_bottom = first[1] - GAP_MM - _height(excluded)
    aside = _draw_box(axis, (ASIDE_LEFT_MM, aside_bottom, ASIDE_WIDTH_MM, _height(excluded)), excluded)
    bottom = aside_bottom - GAP_MM - _height(included)
    second = _draw_box(axis, (MAIN_LEFT_MM, bottom, MAIN_WIDTH_MM, _height(included)), included)
    middle = MAIN_LEFT_MM + MAIN_WIDTH_MM / 2
    _arrow(axis, (middle, first[1]), (middle, second[1] + second[3]))
    branch = aside_bottom + aside[3] / 2
    _arrow(axis, (middle, branch), (ASIDE_LEFT_MM, branch))
    _draw_outcomes(axis, outcomes, below=second)


def _draw_outcomes(axis: Axes, outcomes: Sequence[Lines], *, below: Box) -> None:
    """Split the included ones: a stem, a bar, and an arrow into every box."""
    stem, bar = below[0] + below[2] / 2, below[1] - GAP_MM / 2
    width = (OUTCOMES_WIDTH_MM - (len(outcomes) - 1) * OUTCOME_GAP_MM) / len(outcomes)
    lefts = [OUTCOMES_LEFT_MM + place * (width + OUTCOME_GAP_MM) for place in range(len(outcomes))]
    for left, lines in zip(lefts, outcomes, strict=True):
        _draw_box(axis, (left, below[1] - GAP_MM - _height(lines), width, _height(lines)), lines)
        _arrow(axis, (left + width / 2, bar), (left + width / 2, below[1] - GAP_MM))
    axis.plot((stem, stem), (below[1], bar), color=BLACK, linewidth=0.7)
    axis.plot((lefts[0] + width / 2, lefts[-1] + width / 2), (bar, bar), color=BLACK, linewidth=0.7)


def _draw_box(axis: Axes, box: Box, lines: Lines) -> Box:
    left, bottom, width, height = box
    top = bottom + height
    axis.add_patch(Rectangle((left, top - HEAD_MM), width, HEAD_MM, facecolor=PALE))
    axis.add_patch(Rectangle((left, bottom), width, height, fill=False, edgecolor=BLACK, linewidth=0.7))
    for number, (words, count) in enumerate(lines):
        weight = "normal" if number else "bold"
        y = top - HEAD_MM - (number - 0.35) * LINE_MM if number else top - HEAD_MM / 2
        axis.text(left + PAD_MM, y, words, va="center_baseline", size=NORMAL, weight=weight)
        axis.text(left + width - PAD_MM, y, count, va="center_baseline", ha="right", size=NORMAL, weight=weight)
    return box


def _arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>,head_width=0.16,head_length=0.32", "color": BLACK, "linewidth": 0.7}
    axis.annotate("", xy=end, xytext=start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})


def _caption(flow: Flow, outcomes: Outcomes) -> str:
    both = f"; {flow.bilateral} with both sides" if flow.bilateral else ""
    return (
        f"Inclusion and exclusion. A case is one side of one patient ({flow.included} included cases of "
        f"{flow.patients} patients{both}). pCR by {outcomes.definition}. {abbreviations('pCR')}"
    )
