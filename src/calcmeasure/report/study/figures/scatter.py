"""Scatter of two sizes with the line on which they are equal."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from calcmeasure.report.study.figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study.figures.style import (
    COLUMN_MM,
    DIM,
    SMALL,
    SUBTYPE_MARKS,
    in_print_style,
    label_stacks,
    print_figure,
    say_nothing_to_show,
)
from calcmeasure.report.study.figures.words import (
    abbreviations,
    left_out_words,
    lower,
    pair_title,
)
from calcmeasure.report.study.words import VARIABLE_WORDS, icc_words
from calcmeasure.study.plots import PairedSize, stacks
from calcmeasure.study.results import Agreement

HEIGHT_MM = 92.0
SMALLEST_REACH_MM = 1.0
"""Of the axes, when nothing is left in anybody."""


@in_print_style
def draw_scatter(sizes: Sequence[PairedSize], agreement: Agreement) -> StudyFigure:
    """Draw one size over the other, one marker per case, by subtype.

    Parameters
    ----------
    sizes
        The cases of `agreement`.
    agreement
        Of everybody.
    """
    pair = agreement.pair
    figure = print_figure(COLUMN_MM, HEIGHT_MM)
    axis = figure.subplots()
    _frame(axis, agreement, reach_mm=max([SMALLEST_REACH_MM, *(max(s.first_mm, s.second_mm) for s in sizes)]))
    if not sizes:
        say_nothing_to_show(axis)
    _draw_cases(axis, sizes)
    label_stacks(axis, stacks([(s.second_mm, s.first_mm) for s in sizes]), _outward)
    return StudyFigure(
        name=f"scatter-{pair}",
        title=f"Scatter with the line of identity, {pair_title(pair)}",
        caption=_caption(agreement),
        figure=figure,
        numbers=as_numbers(
            ("patient_id", "laterality", "subtype", "first_mm", "second_mm"),
            ((s.patient_id, s.laterality, s.subtype, s.first_mm, s.second_mm) for s in sizes),
        ),
    )


def _frame(axis: Axes, agreement: Agreement, *, reach_mm: float) -> None:
    pair, low, high = agreement.pair, -0.1 * reach_mm, 1.04 * reach_mm
    axis.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axis.set_xlabel(f"{VARIABLE_WORDS[pair.second]}, mm")
    axis.set_ylabel(f"{VARIABLE_WORDS[pair.first]}, mm")
    axis.set_title(f"{pair_title(pair)}, n = {agreement.n}")
    axis.plot((0, high), (0, high), color=DIM, linewidth=0.8, zorder=0)
    axis.annotate(
        "equal", (0.93 * high, 0.93 * high), xytext=(-3, 3), textcoords="offset points", color=DIM, size=SMALL,
        rotation=45, rotation_mode="anchor", ha="center",
    )  # fmt: skip


def _outward(x: float, y: float) -> tuple[int, int]:
    """Below and left of the axes there is room: no size is negative."""
    return (-1 if x == 0 else 0 if y == 0 else 1), (-1 if y == 0 else 0 if x == 0 else 1)


def _draw_cases(axis: Axes, sizes: Sequence[PairedSize]) -> None:
    for subtype, mark in SUBTYPE_MARKS.items():
        own = [s for s in sizes if s.subtype is subtype]
        if not own:
            continue
        axis.scatter(
            [s.second_mm for s in own],
            [s.first_mm for s in own],
            s=14,
            marker=mark.marker,
            facecolors=mark.colour if mark.marker == "x" else "none",
            edgecolors=None if mark.marker == "x" else mark.colour,
            linewidths=0.9,
            label=f"{mark.label} ({len(own)})",
            clip_on=False,
            gid="cases",
        )
    if sizes:
        axis.figure.legend(loc="outside lower center", ncols=2, columnspacing=1.6)


def _caption(agreement: Agreement) -> str:
    pair, found = agreement.pair, agreement.consistency
    level = f"{100 * found.interval.level:.0f}% CI"
    return (
        f"{VARIABLE_WORDS[pair.first]} over {lower(VARIABLE_WORDS[pair.second])} (n = {agreement.n}), by molecular "
        f"subtype. Line: both are equal. ×k: k cases (3 or more) at the same place. "
        f"{found.form} {icc_words(found)}, "
        f"{agreement.absolute.form} {icc_words(agreement.absolute)} "
        f"({level}). {left_out_words(found.left_out, lacking='one of the two sizes')}"
        f"{abbreviations('MG', 'MRI', 'ICC', 'CI', 'HR', 'HER2', 'TN')}"
    )
