"""Bland–Altman plot of two sizes: bias and limits of agreement with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isnan

from matplotlib.axes import Axes

from calcmeasure.report.palette import BLUE, VERMILION
from calcmeasure.report.study_figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study_figures.style import (
    BLACK,
    COLUMN_MM,
    DIM,
    SMALL,
    in_print_style,
    label_stacks,
    print_figure,
    say_nothing_to_show,
)
from calcmeasure.report.study_figures.words import (
    SHORT_SIZES,
    abbreviations,
    left_out_words,
    lower,
    pair_title,
)
from calcmeasure.report.study_words import VARIABLE_WORDS, fixed, with_interval
from calcmeasure.stats.bland_altman import BlandAltman
from calcmeasure.stats.interval import Interval
from calcmeasure.study.plots import PairedSize, stacks
from calcmeasure.study.results import Agreement
from calcmeasure.study.variables import Pair

HEIGHT_MM = 72.0
SMALLEST_REACH_MM = 1.0
"""Of the axis, when nothing is left in anybody."""
SIGNIFICANT = 0.05
"""Below this P value the line of the differences on the means is drawn."""


@in_print_style
def draw_bland_altman(sizes: Sequence[PairedSize], agreement: Agreement) -> StudyFigure:
    """Draw the differences of two sizes over their means.

    Parameters
    ----------
    sizes
        The cases of `agreement`.
    agreement
        Of everybody.
    """
    found, pair = agreement.limits, agreement.pair
    figure = print_figure(COLUMN_MM, HEIGHT_MM)
    axis = figure.subplots()
    _frame(axis, found)
    axis.set_xlabel(f"Mean of {pair_title(pair)}, mm")
    axis.set_ylabel(f"{SHORT_SIZES[pair.first]} − {SHORT_SIZES[pair.second]}, mm")
    axis.set_title(f"{pair_title(pair)}, n = {found.n}")
    if not found.n:
        say_nothing_to_show(axis)
    _draw_limits(axis, found)
    _draw_slope(axis, found)
    axis.scatter(found.means, found.differences, s=9, facecolors="none", edgecolors=BLACK, linewidths=0.6, gid="cases")
    label_stacks(axis, stacks(tuple(zip(found.means, found.differences, strict=True))), _outward)
    return StudyFigure(
        name=f"bland-altman-{pair}",
        title=f"Bland–Altman plot, {pair_title(pair)}",
        caption=_caption(agreement),
        figure=figure,
        numbers=as_numbers(
            ("patient_id", "laterality", "first_mm", "second_mm", "mean_mm", "difference_mm"),
            (
                (s.patient_id, s.laterality, s.first_mm, s.second_mm, mean, difference)
                for s, mean, difference in zip(sizes, found.means, found.differences, strict=True)
            ),
        ),
    )


def _frame(axis: Axes, found: BlandAltman) -> None:
    """Make room for points and bands alike, and mark where one of the two sizes is 0: no point can lie beyond."""
    reach = max([*found.means, SMALLEST_REACH_MM])
    bands = [end for limit in (found.lower, found.upper) for end in (limit.value, limit.exact.low, limit.exact.high)]
    heights = [0.0, *found.differences, *(end for end in bands if isfinite(end))]
    margin = max(0.05 * (max(heights) - min(heights)), 1.0)
    axis.set(xlim=(-0.12 * reach, 1.04 * reach), ylim=(min(heights) - margin, max(heights) + margin))
    for sign in (1, -1):
        axis.plot((0, 2 * reach), (0, sign * 4 * reach), color=DIM, linewidth=0.5, linestyle=(0, (1, 2)))
    axis.axhline(0.0, color=DIM, linewidth=0.5)


def _outward(mean: float, difference: float) -> tuple[int, int]:
    """Beyond the lines on which one size is 0 there is room."""
    is_outer = abs(difference) >= 2 * mean
    return (-1 if is_outer else 1), (0 if mean == 0 else -1 if is_outer and difference < 0 else 1)


def _draw_limits(axis: Axes, found: BlandAltman) -> None:
    _draw_line(axis, found.bias, found.bias_interval, name="bias", colour=BLUE)
    _draw_line(axis, found.upper.value, found.upper.exact, name="+1.96 SD", colour=VERMILION)
    _draw_line(axis, found.lower.value, found.lower.exact, name="−1.96 SD", colour=VERMILION)


def _draw_line(axis: Axes, value: float, interval: Interval, *, name: str, colour: str) -> None:
    if isnan(value):
        return
    if not isnan(interval.low):
        axis.axhspan(interval.low, interval.high, color=colour, alpha=0.16, linewidth=0)
    axis.axhline(value, color=colour, linewidth=1.0, linestyle="-" if name == "bias" else (0, (5, 3)))
    words, place = f"{name}\n{fixed(value, 1)}", axis.get_yaxis_transform()
    axis.text(1.015, value, words, transform=place, color=colour, size=SMALL, va="center", linespacing=1.25)


def _draw_slope(axis: Axes, found: BlandAltman) -> None:
    line = found.proportional
    if line.p < SIGNIFICANT:
        ends = (min(found.means), max(found.means))
        axis.plot(ends, [line.intercept + line.slope * x for x in ends], color=BLACK, linewidth=0.9, linestyle="-.")


def _caption(agreement: Agreement) -> str:
    found, pair = agreement.limits, agreement.pair
    line = found.proportional
    slope = (
        f"Dash-dotted: the difference changes with size, slope {with_interval(line.slope, line.interval, decimals=2)}, "
        "so that one bias does not describe all sizes. "
        if line.p < SIGNIFICANT
        else ""
    )
    return (
        f"{VARIABLE_WORDS[pair.first]} minus {lower(VARIABLE_WORDS[pair.second])}, over the mean of the two "
        f"(n = {found.n}). {_limits_words(found)}{slope}"
        "Dotted: one of the two sizes is 0; no point can lie outside. ×k: k cases (3 or more) at the same place. "
        f"{_notes(found, pair)}{left_out_words(found.left_out, lacking='one of the two sizes')}"
        f"{abbreviations('MG', 'MRI', 'CI')}"
    )


def _limits_words(found: BlandAltman) -> str:
    if isnan(found.sd):
        return ""
    level = f"{100 * found.bias_interval.level:.0f}% CI"
    return (
        f"Solid: bias {with_interval(found.bias, found.bias_interval, decimals=1)} mm. Dashed: 95% limits of agreement "
        f"{with_interval(found.lower.value, found.lower.exact, decimals=1)} and "
        f"{with_interval(found.upper.value, found.upper.exact, decimals=1)} mm. Shaded and in brackets: {level}. "
    )


def _notes(found: BlandAltman, pair: Pair) -> str:
    zeros = next((note for note in found.notes if note.startswith("zero-heavy")), "")
    for column, size in enumerate((pair.first, pair.second), start=1):
        zeros = zeros.replace(f"values in column {column}", f"{SHORT_SIZES[size]} sizes")
    return f"{zeros[0].upper()}{zeros[1:]}. " if zeros else ""
