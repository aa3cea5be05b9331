"""Flowchart of inclusion and exclusion."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from calcmeasure.report.study_figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study_figures.style import (
    BLACK,
    NORMAL,
    PAGE_MM,
    PALE,
    in_print_style,
    print_figure,
    sheet,
)
from calcmeasure.report.study_figures.words import abbreviations
from calcmeasure.report.text import format_flag
from calcmeasure.study.plots import Outcomes
from calcmeasure.study.results import Flow

LINE_MM = 4.4
"""From one line of letters to the next."""
PAD_MM = 2.8
"""Between a box and its letters."""
MAIN_LEFT_MM, MAIN_WIDTH_MM = 8.0, 74.0
ASIDE_LEFT_MM, ASIDE_WIDTH_MM = 98.0, 76.0
OUTCOME_WIDTH_MM, OUTCOME_GAP_MM = 50.0, 7.0
GAP_MM = 9.0
"""Between boxes, for the arrow."""
MARGIN_MM = 3.0

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
    words = format_flag(code)
    return words[:1].upper() + words[1:]


def _counts(outcomes: Outcomes) -> list[tuple[str, int]]:
    known = [("pCR", outcomes.complete), ("No pCR", outcomes.incomplete)]
    return [*known, ("Not stated", outcomes.unknown)] if outcomes.unknown else known


def _height(lines: Lines) -> float:
    return len(lines) * LINE_MM + 2 * PAD_MM


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
    middles = []
    for place, lines in enumerate(outcomes):
        left = MAIN_LEFT_MM + place * (OUTCOME_WIDTH_MM + OUTCOME_GAP_MM)
        _draw_box(axis, (left, below[1] - GAP_MM - _height(lines), OUTCOME_WIDTH_MM, _height(lines)), lines)
        middles.append(left + OUTCOME_WIDTH_MM / 2)
        _arrow(axis, (middles[-1], bar), (middles[-1], below[1] - GAP_MM))
    axis.plot((stem, stem), (below[1], bar), color=BLACK, linewidth=0.7)
    axis.plot((min(stem, *middles), max(stem, *middles)), (bar, bar), color=BLACK, linewidth=0.7)


def _draw_box(axis: Axes, box: Box, lines: Lines) -> Box:
    left, bottom, width, height = box
    band = LINE_MM + 2 * PAD_MM - 1.4
    head = bottom + height - PAD_MM - LINE_MM / 2
    axis.add_patch(Rectangle((left, bottom + height - band), width, band, facecolor=PALE))
    axis.add_patch(Rectangle((left, bottom), width, height, fill=False, edgecolor=BLACK, linewidth=0.7))
    for number, (words, count) in enumerate(lines):
        weight = "normal" if number else "bold"
        y = head - number * LINE_MM
        axis.text(left + PAD_MM, y, words, va="center", size=NORMAL, weight=weight)
        axis.text(left + width - PAD_MM, y, count, va="center", ha="right", size=NORMAL, weight=weight)
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
