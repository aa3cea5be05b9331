"""The kinetic curve of a lesion, with the phase that was measured."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from calcmeasure.report.palette import AMBER, GREY, INK, PAPER, SKY
from calcmeasure.report.panels import CurvePanel


class CurveDrawing:
    """A curve on an axis that can be changed in place: a drawing that follows a cursor has no time for a new one.

    Parameters
    ----------
    axis
        Where to draw; styled once.
    """

    def __init__(self, axis: Axes) -> None:
        self._axis = axis
        axis.set_facecolor(INK)
        axis.axhline(0.0, color=GREY, linewidth=0.6)
        axis.set_ylabel("enhancement in lesion, %", color=PAPER, fontsize=9)
        axis.tick_params(colors=PAPER, labelsize=8)
        for side in axis.spines.values():
            side.set_color(GREY)
        (self._line,) = axis.plot([], [], color=SKY, marker="o", markersize=4, linewidth=1.5)
        self._shade = axis.axvspan(0.0, 0.0, color=AMBER, alpha=0.22)
        (self._mark,) = axis.plot([], [], marker="D", color=AMBER, markersize=7)
        self._label = axis.annotate(
            "", (0.0, 0.0), xytext=(6, -14), textcoords="offset points", color=AMBER, fontsize=9
        )
        self._title = axis.set_title("", color=PAPER, fontsize=9, pad=4)

    @property
    def moving(self) -> tuple[Artist, ...]:
        """What `show` changes in a picture whose axes stay as they are, in the order it is painted."""
        return (self._shade, self._line, self._mark, self._label, self._title)

    def show(self, panel: CurvePanel) -> None:
        """Show a curve; parameters as `draw_curve`. The limits of the axis are left alone."""
        self._line.set_data(panel.curve.times_s, panel.curve.percent)
        self._axis.set_xlabel(_time_words(panel), color=PAPER, fontsize=9)
        words = ", ".join(word for word in (panel.curve.initial, panel.curve.delayed) if word)
        self._title.set_text(f"kinetics: {words}" if words else "kinetics")
        for artist in (self._shade, self._mark, self._label):
            artist.set_visible(panel.chosen >= 0)
        if panel.chosen >= 0:
            self._mark_chosen(panel)

    def _mark_chosen(self, panel: CurvePanel) -> None:
        times_s = panel.curve.times_s
        at = (float(times_s[panel.chosen]), float(panel.curve.percent[panel.chosen]))
        half = float(np.diff(times_s).min()) / 2
        self._shade.set_bounds(at[0] - half, 0.0, 2 * half, 1.0)
        self._mark.set_data([at[0]], [at[1]])
        self._label.xy = at
        self._label.set_text(f"phase {panel.chosen}, {at[0]:.0f} s" if panel.time_zero else f"phase {panel.chosen}")


def draw_curve(axis: Axes, panel: CurvePanel) -> None:
    """Draw mean enhancement over real seconds, the chosen phase shaded and named.

    Parameters
    ----------
    axis
        Where to draw.
    panel
        Curve and chosen phase. An empty `time_zero` says that the times are unknown: `times_s` then holds phase
        numbers, and the axis says so. A negative `chosen` says that no phase was chosen: none is shaded.
    """
    CurveDrawing(axis).show(panel)
    axis.relim()
    axis.autoscale_view()


def _time_words(panel: CurvePanel) -> str:
    if not panel.time_zero:
        return "phase number, times unknown"
    return f"seconds after {panel.time_zero.replace('_', ' ')}"
