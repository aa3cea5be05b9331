"""Forest of the agreement: intraclass correlations with intervals, by subgroup, in both forms."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calcmeasure.report.palette import BLUE, VERMILION
from calcmeasure.report.study.figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study.figures.style import DIM, PAGE_MM, PALE, SMALL, Mark, in_print_style, print_figure, sheet
from calcmeasure.report.study.figures.words import abbreviations
from calcmeasure.report.study.words import PAIR_WORDS, icc_words, subgroup_words
from calcmeasure.stats.agreement import Icc
from calcmeasure.study.results import Agreement
from calcmeasure.study.variables import ALL, Pair

ROW_MM, HEAD_MM, FOOT_MM = 5.6, 9.0, 10.0
"""Height of a row, of the heads of the columns, and of what stands below the scale."""
NAMES_MM, COUNTS_MM, PLOT_MM, CONSISTENCY_MM, ABSOLUTE_MM = 2.0, 33.0, (40.0, 108.0), 113.0, 147.0
"""Where the columns begin; the counts end there."""
HALF_MM = 0.95
"""The two forms lie so far above and below the middle of their row."""
CONSISTENCY = Mark("ICC(C,1), consistency", BLUE, "o")
ABSOLUTE = Mark("ICC(A,1), absolute agreement", VERMILION, "s", "--")


@in_print_style
def draw_forest(agreement: Sequence[Agreement]) -> StudyFigure:
    """Draw every pair and subgroup, with both forms and the numbers beside them.

    Parameters
    ----------
    agreement
        Everybody and the subgroups, every pair of each.
    """
    ordered = [found for pair in Pair for found in agreement if found.pair is pair]
    n_rows = len(ordered) + len({found.pair for found in ordered})
    height = HEAD_MM + ROW_MM * n_rows + FOOT_MM
    figure = print_figure(PAGE_MM, height)
    page = sheet(figure)
    plot = _scale(figure, height)
    _draw_heads(page, y=height - HEAD_MM / 2)
    _draw_rows(page, plot, ordered)
    return StudyFigure(
        name="agreement-forest",
        title="Agreement between sizes of what is left",
        caption=_caption(ordered),
        figure=figure,
        numbers=as_numbers(
            ("pair", "subgroup", "form", "n", "value", "low", "high"),
            (
                (a.pair, a.subgroup, found.form, found.n, found.value, found.interval.low, found.interval.high)
                for a in ordered
                for found in (a.consistency, a.absolute)
            ),
        ),
    )


def _scale(figure: Figure, height: float) -> Axes:
    """Lay the scale between the columns; its heights are those of the page, in mm."""
    left, right = PLOT_MM
    bottom = FOOT_MM / height
    plot = figure.add_axes((left / PAGE_MM, bottom, (right - left) / PAGE_MM, 1.0 - bottom))
    plot.set(xlim=(-1.0, 1.0), ylim=(FOOT_MM, height), xlabel="Intraclass correlation coefficient (95% CI)")
    plot.set_yticks([])
    plot.set_facecolor("none")
    plot.spines["left"].set_visible(False)
    plot.plot((0.0, 0.0), (FOOT_MM, height - HEAD_MM), color=DIM, linewidth=0.6, zorder=0)
    return plot


def _draw_heads(page: Axes, y: float) -> None:
    page.text(COUNTS_MM, y, "n", ha="right", va="center", size=SMALL, color=DIM)
    for x, mark in ((CONSISTENCY_MM, CONSISTENCY), (ABSOLUTE_MM, ABSOLUTE)):
        form, _, kind = mark.label.partition(", ")
        page.text(x + 3.0, y, f"{form}, 95% CI\n{kind}", va="center", size=SMALL, linespacing=1.25)
        page.plot([x + 1.0], [y + 1.2], mark.marker, color=mark.colour, markerfacecolor=_face(mark))


def _draw_rows(page: Axes, plot: Axes, ordered: Sequence[Agreement]) -> None:
    y = page.get_ylim()[1] - HEAD_MM - ROW_MM / 2
    for number, found in enumerate(ordered):
        if number == 0 or found.pair is not ordered[number - 1].pair:
            words = PAIR_WORDS[found.pair]
            page.axhspan(y - 0.42 * ROW_MM, y + 0.42 * ROW_MM, color=PALE, linewidth=0, zorder=0)
            page.text(NAMES_MM, y, words[0].upper() + words[1:], va="center", weight="bold")
            y -= ROW_MM
        weight = "bold" if found.subgroup == ALL else "normal"
        page.text(NAMES_MM + 2.0, y, subgroup_words(found.subgroup), va="center", weight=weight)
        page.text(COUNTS_MM, y, str(found.n), va="center", ha="right", weight=weight)
        for x, icc in ((CONSISTENCY_MM, found.consistency), (ABSOLUTE_MM, found.absolute)):
            page.text(x, y, icc_words(icc), va="center", size=SMALL, weight=weight)
        _draw_icc(plot, found.consistency, mark=CONSISTENCY, y=y + HALF_MM)
        _draw_icc(plot, found.absolute, mark=ABSOLUTE, y=y - HALF_MM)
        y -= ROW_MM


def _draw_icc(axis: Axes, found: Icc, *, mark: Mark, y: float) -> None:
    if isnan(found.value):
        return
    if not isnan(found.interval.low):
        ends = (max(found.interval.low, -1.0), found.interval.high)
        axis.plot(ends, (y, y), color=mark.colour, linestyle=mark.line, linewidth=1.0)
    axis.plot([found.value], [y], mark.marker, color=mark.colour, markerfacecolor=_face(mark), gid="cases")


def _face(mark: Mark) -> str:
    return mark.colour if mark is CONSISTENCY else "white"


def _caption(ordered: Sequence[Agreement]) -> str:
    level = 100 * ordered[0].consistency.interval.level if ordered else 95
    return (
        "Intraclass correlation of two sizes after treatment, single measures, with "
        f"{level:.0f}% confidence intervals. Filled circles, solid: ICC(C,1), two-way, consistency; a constant offset "
        "between the two is forgiven. Open squares, dashed: ICC(A,1), two-way, absolute agreement; an offset counts. "
        f"{abbreviations('MRI', 'ICC', 'CI', 'HR', 'HER2', 'TN')}"
    )
