"""Waterfall: the change of every case, the largest increase first, with its category below."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from calcmeasure.report.study.figures.cutoffs import Cutoffs, cutoff_words, draw_cutoffs
from calcmeasure.report.study.figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study.figures.style import (
    BLACK,
    PAGE_MM,
    SMALL,
    in_print_style,
    mark_of,
    print_figure,
    say_nothing_to_show,
)
from calcmeasure.report.study.figures.words import QUANTITY_TITLES, abbreviations, left_out_words
from calcmeasure.study.plots import Change, Changes
from calcmeasure.terms import ExtentChange, Quantity, Response

HEIGHT_MM = 82.0
TOP_PERCENT = 100.0
"""Bars are cut here: one patient who grew fivefold would flatten all others."""
LEAST_TOP_PERCENT = 25.0
LISTED = 6
"""Cut values are listed one by one up to this many."""
NAMES = {Quantity.CALCIFICATION_EXTENT: "waterfall-extent", Quantity.LESION_DIAMETER: "waterfall-diameter"}
ROWS = {
    Quantity.CALCIFICATION_EXTENT: (ExtentChange.INCREASE, ExtentChange.UNCHANGED, ExtentChange.DECREASE),
    Quantity.LESION_DIAMETER: (Response.PD, Response.SD, Response.PR, Response.CR),
}
"""Categories that always have their row, with or without a case."""


@in_print_style
def draw_waterfall(changes: Changes, cutoffs: Cutoffs, *, criteria: str) -> StudyFigure:
    """Draw one bar per case and, below, a tick in the row of its category.

    Parameters
    ----------
    changes
        Of one size.
    cutoffs
        Lines across the bars.
    criteria
        Name of the profile behind the categories.
    """
    figure = print_figure(PAGE_MM, HEIGHT_MM)
    bars, strip = figure.subplots(2, 1, sharex=True, height_ratios=(3.6, 1.0))
    bars.set_title(f"{QUANTITY_TITLES[changes.quantity]}, n = {len(changes.bars)}")
    _draw_bars(bars, changes.bars, cutoffs=cutoffs)
    _draw_strip(strip, changes)
    return StudyFigure(
        name=NAMES[changes.quantity],
        title=f"Change after treatment: {QUANTITY_TITLES[changes.quantity][0].lower()}"
        f"{QUANTITY_TITLES[changes.quantity][1:]}",
        caption=_caption(changes, cutoffs, criteria=criteria),
        figure=figure,
        numbers=as_numbers(
            ("order", "patient_id", "laterality", "baseline_mm", "followup_mm", "change_percent", "category"),
            (
                (order, c.patient_id, c.laterality, c.baseline_mm, c.followup_mm, c.percent, c.category)
                for order, c in enumerate((*changes.bars, *changes.from_nothing), start=1)
            ),
        ),
    )


def _draw_bars(axis: Axes, changes: Sequence[Change], *, cutoffs: Cutoffs) -> None:
    percents = [change.percent or 0.0 for change in changes]
    top = min(TOP_PERCENT, max([*percents, *cutoffs.lines, LEAST_TOP_PERCENT]))
    axis.set_ylim(-102.0, 1.12 * top)
    axis.set_ylabel("Change from before treatment, %")
    axis.tick_params(bottom=False, labelbottom=False)
    axis.spines["bottom"].set_visible(False)
    if not changes:
        say_nothing_to_show(axis)
    heights = [min(percent, TOP_PERCENT) for percent in percents]
    axis.bar(range(len(changes)), heights, width=0.8, color=[mark_of(c.category).colour for c in changes], gid="cases")
    axis.axhline(0.0, color=BLACK, linewidth=0.6)
    draw_cutoffs(axis, cutoffs)
    _mark_cut(axis, [percent for percent in percents if percent > TOP_PERCENT])


def _mark_cut(axis: Axes, cut: Sequence[float]) -> None:
    """Mark the bars that go on beyond the axis, and say how far."""
    if not cut:
        return
    axis.plot(range(len(cut)), [1.035 * TOP_PERCENT] * len(cut), "^", color=BLACK, markersize=3.0, clip_on=False)
    values = ", ".join(f"{v:+.0f}" for v in cut) if len(cut) <= LISTED else f"{cut[-1]:+.0f} to {cut[0]:+.0f}"
    words = f"{len(cut)} cut at +100%: {values}%"
    axis.text(len(cut) - 0.2, 1.035 * TOP_PERCENT, words, size=SMALL, va="center", ha="left")


def _draw_strip(axis: Axes, changes: Changes) -> None:
    counts = changes.counts
    rows = [str(category) for category in ROWS[changes.quantity]]
    rows += sorted(category for category in counts if category not in rows)
    for place, category in enumerate(rows):
        own = [x for x, change in enumerate(changes.bars) if change.category == category]
        axis.bar(own, 0.8, bottom=place - 0.4, width=0.8, color=mark_of(category).colour)
    axis.set_yticks(range(len(rows)), [f"{mark_of(category).label} ({counts[category]})" for category in rows])
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(-1.0, max(len(changes.bars), 1))
    axis.tick_params(left=False, bottom=False, labelbottom=False)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.set_xlabel("Cases in order of their change")


def _caption(changes: Changes, cutoffs: Cutoffs, *, criteria: str) -> str:
    n_new = sum(change.followup_mm > 0 for change in changes.from_nothing)
    nothing = len(changes.from_nothing)
    from_nothing = (
        f"Not shown: {nothing} with 0 mm before treatment ({n_new} of them more afterwards), "
        "of which no percentage can be taken. "
        if nothing
        else ""
    )
    cut = "Triangles: bars cut at +100%. " if any((c.percent or 0) > TOP_PERCENT for c in changes.bars) else ""
    short = abbreviations("CR", "PR", "SD", "PD", "MRI") if changes.quantity is Quantity.LESION_DIAMETER else ""
    return (
        f"Change of every case from before to after treatment (n = {len(changes.bars)}), in order; below, a tick in "
        f"the row of its category, with the number of cases. {cutoff_words(cutoffs, criteria)}{cut}{from_nothing}"
        f"{left_out_words(changes.left_out, lacking='a size before or after treatment')}{short}"
    ).strip()
