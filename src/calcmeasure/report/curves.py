"""The kinetic curve of a lesion, with the phase that was measured."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from calcmeasure.report.palette import AMBER, GREY, INK, PAPER, SKY
from calcmeasure.report.panels import CurvePanel


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
    _style(axis)
    axis.plot(panel.curve.times_s, panel.curve.percent, color=SKY, marker="o", markersize=4, linewidth=1.5)
    axis.set_xlabel(_time_words(panel), color=PAPER, fontsize=9)
    words = ", ".join(word for word in (panel.curve.initial, panel.curve.delayed) if word)
    axis.set_title(f"kinetics: {words}" if words else "kinetics", color=PAPER, fontsize=9, pad=4)
    if panel.chosen >= 0:
        _mark_chosen(axis, panel)


def _style(axis: Axes) -> None:
    axis.set_facecolor(INK)
    axis.axhline(0.0, color=GREY, linewidth=0.6)
    axis.set_ylabel("enhancement in lesion, %", color=PAPER, fontsize=9)
    axis.tick_params(colors=PAPER, labelsize=8)
    for side in axis.spines.values():
        side.set_color(GREY)


def _mark_chosen(axis: Axes, panel: CurvePanel) -> None:
    times_s = panel.curve.times_s
    at_s, percent = float(times_s[panel.chosen]), float(panel.curve.percent[panel.chosen])
    half_s = float(np.diff(times_s).min()) / 2
    axis.axvspan(at_s - half_s, at_s + half_s, color=AMBER, alpha=0.22)
    axis.plot([at_s], [percent], marker="D", color=AMBER, markersize=7)
    # At the foot of the band, where no curve of a lesion runs.
    name = f"phase {panel.chosen}, {at_s:.0f} s" if panel.time_zero else f"phase {panel.chosen}"
    axis.text(at_s, 0.08, name, transform=axis.get_xaxis_transform(), ha="center", color=AMBER, fontsize=9)


def _time_words(panel: CurvePanel) -> str:
    if not panel.time_zero:
        return "phase number, times unknown"
    return f"seconds after {panel.time_zero.replace('_', ' ')}"
