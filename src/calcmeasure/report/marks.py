"""Marks of a mammogram drawn into a picture by what they are taken for, with a legend that counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from calcmeasure.geometry import FloatArray, Spacing, to_mm
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.mark_styles import JOINED, MARK_STYLES, MarkStyle
from calcmeasure.report.palette import PAPER
from calcmeasure.report.panels import MammogramPanel
from calcmeasure.report.text import format_mm
from calcmeasure.terms import MarkLabel

MEMBER_SIZE = 6.5
"""Points across a ring around a member."""


def draw_members(axis: Axes, panel: MammogramPanel, spacing: Spacing) -> None:
    """Ring every mark of the group; those that another visit brought in have rings of their own kind."""
    points_rc = np.asarray(panel.annotation.points, dtype=float).reshape(-1, 2)
    joined = _joined(panel)
    _draw(axis, points_rc[~joined], spacing, style=MARK_STYLES[MarkLabel.SUSPICIOUS], size=MEMBER_SIZE)
    _draw(axis, points_rc[joined], spacing, style=JOINED, size=1.25 * MEMBER_SIZE)


def draw_left_out(axis: Axes, panel: MammogramPanel, spacing: Spacing, *, size: float) -> None:
    """Draw what was seen and left out on purpose, each kind with its own shape, `size` points across."""
    points_rc = panel.left_out_rc.reshape(-1, 2)
    for label in dict.fromkeys(panel.left_out_labels):
        own = np.array([one is label for one in panel.left_out_labels], dtype=bool)
        _draw(axis, points_rc[own], spacing, style=MARK_STYLES[label], size=size)


def add_legend(figure: Figure, panel: MammogramPanel) -> None:
    """Name the shapes that are in the picture below it, with their numbers."""
    entries = [_line(style, size=MEMBER_SIZE, words=f"{style.words} {n}") for style, n in _kinds(panel)]
    if entries:
        figure.legend(
            handles=entries,
            loc="outside lower left",
            ncols=len(entries),
            frameon=False,
            labelcolor=PAPER,
            fontsize=8,
            handletextpad=0.1,
            columnspacing=1.4,
        )


def read_together(measurement: Measurement) -> str:
    """Say what the extent would be without the other visit, where that was looked at and makes a difference."""
    alone, together = measurement.independent_mm, measurement.linked_mm
    if alone is None or together is None or format_mm(alone) == format_mm(together):
        return ""
    return f"this image alone {format_mm(alone)}, with the other visit {format_mm(together)}"


def _kinds(panel: MammogramPanel) -> Iterator[tuple[MarkStyle, int]]:
    """Styles in the picture and how many marks have each, in the order of the labels."""
    counts = Counter(panel.left_out_labels)
    counts[MarkLabel.SUSPICIOUS] = len(panel.annotation.points)
    for label, style in MARK_STYLES.items():
        if counts[label]:
            yield style, counts[label]
        if label is MarkLabel.SUSPICIOUS and _joined(panel).any():
            yield JOINED, int(_joined(panel).sum())


def _joined(panel: MammogramPanel) -> NDArray[np.bool_]:
    """Tell which marks of the group were not in it on this image alone."""
    points, alone = panel.annotation.points, panel.annotation.independent_points
    if alone is None:
        return np.zeros(len(points), dtype=bool)
    known = set(alone)
    return np.array([point not in known for point in points], dtype=bool)


def _draw(axis: Axes, points_rc: FloatArray, spacing: Spacing, *, style: MarkStyle, size: float) -> None:
    line = _line(style, size=size)
    line.set_data(*to_mm(points_rc, spacing)[:, ::-1].T)
    axis.add_line(line)


def _line(style: MarkStyle, *, size: float, words: str = "") -> Line2D:
    is_glyph = style.shape.startswith("$")
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=style.shape,
        markersize=size,
        markerfacecolor=style.colour if is_glyph else "none",
        markeredgecolor=style.colour,
        markeredgewidth=0.2 if is_glyph else 0.9,
        label=words,
    )
