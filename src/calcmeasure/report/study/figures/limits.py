"""Differences over means with bias and limits of agreement, drawn into an axis."""

from __future__ import annotations

from math import isfinite, isnan

from matplotlib.axes import Axes

from calcmeasure.report.palette import BLUE, VERMILION
from calcmeasure.report.study.figures.style import BLACK, DIM, SMALL, label_stacks, say_nothing_to_show
from calcmeasure.report.study.words import fixed, with_interval
from calcmeasure.stats.bland_altman import BlandAltman, ProportionalBias
from calcmeasure.stats.interval import Interval
from calcmeasure.study.plots import stacks

SMALLEST_REACH_MM = 1.0
"""Of the axis, when nothing is left in anybody."""
SIGNIFICANT = 0.05
"""Below this P value the line of the differences on the means is drawn."""


def draw_limits(axis: Axes, found: BlandAltman) -> None:
    """Draw every case, the bias and the limits of agreement with their intervals.

    Parameters
    ----------
    axis
        Empty.
    found
        Two lengths per case, in mm.
    """
    _frame(axis, found)
    if not found.n:
        say_nothing_to_show(axis)
    _draw_line(axis, found.bias, found.bias_interval, name="bias", colour=BLUE)
    _draw_line(axis, found.upper.value, found.upper.exact, name="+1.96 SD", colour=VERMILION)
    _draw_line(axis, found.lower.value, found.lower.exact, name="−1.96 SD", colour=VERMILION)
    _draw_slope(axis, found)
    axis.scatter(found.means, found.differences, s=9, facecolors="none", edgecolors=BLACK, linewidths=0.6, gid="cases")
    label_stacks(axis, stacks(tuple(zip(found.means, found.differences, strict=True))), _outward)


def limits_words(found: BlandAltman) -> str:
    """Say what the lines, bands and numbers of the plot are, to stand in its caption."""
    signs = "Dotted: one of the two sizes is 0; no point can lie outside. ×k: k cases (3 or more) at the same place. "
    if isnan(found.sd):
        return signs
    level = f"{100 * found.bias_interval.level:.0f}% CI"
    return (
        f"Solid: bias {with_interval(found.bias, found.bias_interval, decimals=1)} mm. Dashed: 95% limits of agreement "
        f"{with_interval(found.lower.value, found.lower.exact, decimals=1)} and "
        f"{with_interval(found.upper.value, found.upper.exact, decimals=1)} mm. Shaded and in brackets: {level}. "
        f"{_slope_words(found.proportional)}{signs}"
    )


def _slope_words(line: ProportionalBias) -> str:
    if not line.p < SIGNIFICANT:
        return ""
    slope = with_interval(line.slope, line.interval, decimals=2)
    return (
        f"Dash-dotted: the difference changes with size, slope {slope}, so that one bias does not describe all sizes. "
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
