"""Forest of the agreement: intraclass correlations with intervals, by subgroup, in both forms."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from matplotlib.axes import Axes

from calcmeasure.report.palette import BLUE, VERMILION
from calcmeasure.report.study_figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study_figures.style import (
    DIM,
    PAGE_MM,
    PALE,
    SMALL,
    Mark,
    in_print_style,
    print_figure,
    say_nothing_to_show,
)
from calcmeasure.report.study_figures.words import abbreviations
from calcmeasure.report.study_words import PAIR_WORDS, icc_words, subgroup_words
from calcmeasure.stats.agreement import Icc
from calcmeasure.study.results import Agreement
from calcmeasure.study.variables import ALL, Pair

ROW_MM, FRAME_MM = 7.4, 20.0
CONSISTENCY = Mark("consistency, ICC(C,1)", BLUE, "o")
ABSOLUTE = Mark("absolute agreement, ICC(A,1)", VERMILION, "s", "--")


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
    figure = print_figure(PAGE_MM, FRAME_MM + ROW_MM * max(n_rows, 2))
    axis = figure.subplots()
    _frame(axis, n_rows)
    if not ordered:
        say_nothing_to_show(axis)
    _draw_rows(axis, ordered)
    if ordered:
        figure.legend(loc="outside lower center", ncols=2, handlelength=3.0)
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


def _frame(axis: Axes, n_rows: int) -> None:
    axis.set(xlim=(-1.0, 1.0), ylim=(n_rows - 0.4, -1.0), xlabel="Intraclass correlation coefficient (95% CI)")
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.axvline(0.0, color=DIM, linewidth=0.6, zorder=0)
    for x, mark in ((1.03, CONSISTENCY), (1.36, ABSOLUTE)):
        words = mark.label.rpartition(", ")[2] + " (95% CI)"
        axis.text(x, -0.75, words, transform=axis.get_yaxis_transform(), va="center", size=SMALL, color=DIM)
    axis.text(-0.03, -0.75, "n", transform=axis.get_yaxis_transform(), va="center", ha="right", size=SMALL, color=DIM)


def _draw_rows(axis: Axes, ordered: Sequence[Agreement]) -> None:
    place, place_of = 0, axis.get_yaxis_transform()
    for number, found in enumerate(ordered):
        if number == 0 or found.pair is not ordered[number - 1].pair:
            axis.axhspan(place - 0.45, place + 0.45, color=PALE, linewidth=0, zorder=-1)
            axis.text(-0.34, place, _title(found), transform=place_of, va="center", weight="bold")
            place += 1
        weight = "bold" if found.subgroup == ALL else "normal"
        axis.text(-0.32, place, subgroup_words(found.subgroup), transform=place_of, va="center", weight=weight)
        axis.text(-0.03, place, str(found.n), transform=place_of, va="center", ha="right", weight=weight)
        _draw_icc(axis, found.consistency, mark=CONSISTENCY, y=place - 0.16, text=(1.03, place))
        _draw_icc(axis, found.absolute, mark=ABSOLUTE, y=place + 0.16, text=(1.36, place))
        place += 1


def _title(found: Agreement) -> str:
    words = PAIR_WORDS[found.pair]
    return words[0].upper() + words[1:]


def _draw_icc(axis: Axes, found: Icc, *, mark: Mark, y: float, text: tuple[float, float]) -> None:
    words = icc_words(found)
    axis.text(*text, words, transform=axis.get_yaxis_transform(), va="center", size=SMALL)
    if isnan(found.value):
        return
    known = mark.label not in axis.get_legend_handles_labels()[1]
    if not isnan(found.interval.low):
        ends = (max(found.interval.low, -1.0), found.interval.high)
        axis.plot(ends, (y, y), color=mark.colour, linestyle=mark.line, linewidth=1.0)
    axis.plot(
        [found.value], [y], mark.marker, color=mark.colour, markersize=4.0, markeredgecolor=mark.colour, gid="cases",
        markerfacecolor=mark.colour if mark is CONSISTENCY else "white", label=mark.label if known else "_nolegend_",
    )  # fmt: skip


def _caption(ordered: Sequence[Agreement]) -> str:
    level = 100 * ordered[0].consistency.interval.level if ordered else 95
    return (
        "Intraclass correlation of two sizes after treatment, single measures, with "
        f"{level:.0f}% confidence intervals. "
        "Filled circles: two-way, consistency, ICC(C,1): a constant offset between the two is forgiven. Open squares: "
        "two-way, absolute agreement, ICC(A,1): an offset counts. "
        f"{abbreviations('MG', 'MRI', 'ICC', 'CI', 'HR', 'HER2', 'TN')}"
    )
