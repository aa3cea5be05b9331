"""Millimetres over the visits, drawn: every line with its own colour, dash and marker, named at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from calcmeasure.report.palette import AMBER, GREEN, GREY, INK, PAPER, SKY, VERMILION
from napari_calcmeasure.reading.timeline import Line, Plot

COLOURS = (SKY, AMBER, GREEN, VERMILION, PAPER)
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
MARKERS = ("circle", "square", "triangle", "diamond", "cross")
MARKER_PX = 4.5
DATE_PX, NAME_PX = 84.0, 64.0
"""Room that a visit needs below the axis, with and without its date."""
LABEL_GAP_PX = 13.0
"""Labels at line ends are kept this far apart."""
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 40.0, 124.0, 26.0, 38.0
_CIRCLE = tuple((cos(2 * pi * n / 16), sin(2 * pi * n / 16)) for n in range(16))
PLOT_PX = 150
"""Least height of a plot."""
SIDE_BY_SIDE_PX = 640
"""Narrower than this, plots stand below each other."""
EMPTY = "The timeline appears with the first measurement."


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where data units lie on the widget."""

    rect: QRectF
    span_x: tuple[float, float]
    top_mm: float

    def at(self, x: float, value_mm: float) -> QPointF:
        low, high = self.span_x
        share = 0.5 if high == low else (x - low) / (high - low)
        return QPointF(
            self.rect.left() + share * self.rect.width(),
            self.rect.bottom() - value_mm / self.top_mm * self.rect.height(),
        )


class Timeline(QWidget):
    """One plot per quantity, side by side; where it is narrow, below each other, as many as there is room for.

    It never asks for more room itself: with each new lesion the images would shrink.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plots: tuple[Plot, ...] = ()
        self.setMinimumSize(260, PLOT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Timeline: millimetres over the visits")
        self.setToolTip(
            "Filled markers are signed, hollow ones are drafts. Thin lines: where the category changes. "
            "The plot of the selected row comes first; where the panel is taller, there are more."
        )

    def sizeHint(self) -> QSize:
        """Wide enough for two plots."""
        return QSize(620, 210)

    def show_plots(self, plots: Sequence[Plot]) -> None:
        """Draw plots instead of those shown before."""
        self._plots = tuple(plots)
        self.setAccessibleDescription(describe(self._plots))
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw everything anew."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(INK))
        font = QFont(self.font())
        font.setPointSizeF(8.5)
        painter.setFont(font)
        if not self._plots:
            painter.setPen(QColor(GREY))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, EMPTY)
        for plot, area in zip(self._plots, self._areas(), strict=False):
            _draw_plot(painter, plot, area)
        painter.end()

    def _areas(self) -> list[QRectF]:
        count = len(self._plots)
        if self.width() < SIDE_BY_SIDE_PX:
            count = min(count, self.height() // PLOT_PX)
            height = self.height() / max(count, 1)
            return [QRectF(0, n * height, self.width(), height) for n in range(count)]
        width = self.width() / max(count, 1)
        return [QRectF(n * width, 0, width, self.height()) for n in range(count)]


def describe(plots: Sequence[Plot]) -> str:
    """Say in words what the plots show, for readers who do not see them."""
    return "; ".join(
        f"{line.title}: {', '.join(f'{place.value_mm:.1f} mm' for place in line.places)}"
        for plot in plots
        for line in plot.lines
    )


def _draw_plot(painter: QPainter, plot: Plot, area: QRectF) -> None:
    frame = _frame(plot, area)
    painter.setPen(QColor(PAPER))
    heading = QFontMetricsF(painter.font()).elidedText(_heading(plot), Qt.TextElideMode.ElideRight, area.width() - 20)
    painter.drawText(QPointF(area.left() + 10, area.top() + 15), heading)
    _draw_axes(painter, plot, frame)
    _draw_limits(painter, plot, frame)
    for place, line in enumerate(plot.lines):
        _draw_line(painter, line, frame, style=place)
    _draw_names(painter, plot, frame)


def _frame(plot: Plot, area: QRectF) -> _Frame:
    values = [place.value_mm for line in plot.lines for place in line.places] + [
        limit.value_mm for limit in plot.limits
    ]
    xs = [x for x, _ in plot.ticks]
    top_mm = max(_round_up(max(values) * 1.05), 5.0)
    return _Frame(area.adjusted(LEFT_PX, TOP_PX, -RIGHT_PX, -BOTTOM_PX), (min(xs), max(xs)), top_mm)


def _round_up(value_mm: float) -> float:
    step = _step(value_mm)
    return step * (int(value_mm / step) + 1)


def _step(top_mm: float) -> float:
    """Distance of the grid lines: at most six of them, at round numbers."""
    return next((step for step in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0) if top_mm / step <= 6), 100.0)


def _draw_axes(painter: QPainter, plot: Plot, frame: _Frame) -> None:
    grid = QColor(GREY)
    grid.setAlpha(60)
    step = _step(frame.top_mm)
    for place in range(round(frame.top_mm / step) + 1):
        left = frame.at(frame.span_x[0], place * step)
        painter.setPen(QPen(grid, 1))
        painter.drawLine(left, QPointF(frame.rect.right(), left.y()))
        painter.setPen(QColor(GREY))
        painter.drawText(
            QRectF(left.x() - LEFT_PX, left.y() - 8, LEFT_PX - 8, 16),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            f"{place * step:g}",
        )
    for x, words in _roomy(plot.ticks, frame):
        at = frame.at(x, 0)
        painter.drawLine(at, at + QPointF(0, 4))
        painter.drawText(QRectF(at.x() - 50, at.y() + 6, 100, 30), Qt.AlignmentFlag.AlignHCenter, words)


def _roomy(ticks: Sequence[tuple[float, str]], frame: _Frame) -> list[tuple[float, str]]:
    """Leave out dates, and then visits, that would run into each other; the first and the last visit stay."""
    places = [frame.at(x, 0).x() for x, _ in ticks]
    nearest = min((right - left for left, right in pairwise(places)), default=DATE_PX)
    if nearest >= DATE_PX:
        return list(ticks)
    names = [(x, words.partition("\n")[0]) for x, words in ticks]
    return names if nearest >= NAME_PX else [names[0], names[-1]]


def _heading(plot: Plot) -> str:
    return f"{plot.title}, mm{f' · limits for {plot.limits_of}' if plot.limits else ''}"


def _limit_colour(plot: Plot) -> QColor:
    """Colour of the line that the limits belong to."""
    place = next((n for n, line in enumerate(plot.lines) if line.title == plot.limits_of), 0)
    return QColor(COLOURS[place % len(COLOURS)])


def _draw_limits(painter: QPainter, plot: Plot, frame: _Frame) -> None:
    colour = _limit_colour(plot)
    rows = [(frame.at(limit.from_x, limit.value_mm), limit) for limit in plot.limits]
    if plot.has_band and len(rows) > 1:
        veil = QColor(colour)
        veil.setAlpha(38)
        painter.fillRect(QRectF(rows[0][0], QPointF(frame.rect.right(), rows[1][0].y())), veil)
    painter.setPen(QPen(colour, 1, Qt.PenStyle.DotLine))
    for start, _ in rows:
        painter.drawLine(start, QPointF(frame.rect.right(), start.y()))


def _draw_line(painter: QPainter, line: Line, frame: _Frame, *, style: int) -> None:
    colour = QColor(COLOURS[style % len(COLOURS)])
    points = [frame.at(place.x, place.value_mm) for place in line.places]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.8, DASHES[style % len(DASHES)]))
    painter.drawPolyline(QPolygonF(points))
    painter.setPen(QPen(colour, 1.8))
    for place, at in zip(line.places, points, strict=True):
        painter.setBrush(QColor(INK) if place.is_draft else colour)
        painter.drawPolygon(_marker(MARKERS[style % len(MARKERS)], at))


def _marker(kind: str, at: QPointF) -> QPolygonF:
    r = MARKER_PX
    corners = {
        "square": [(-r, -r), (r, -r), (r, r), (-r, r)],
        "triangle": [(0, -r - 1), (r + 1, r), (-r - 1, r)],
        "diamond": [(0, -r - 1.5), (r + 1.5, 0), (0, r + 1.5), (-r - 1.5, 0)],
        "cross": [(-r, -r), (0, -r / 2), (r, -r), (r / 2, 0), (r, r), (0, r / 2), (-r, r), (-r / 2, 0)],
        "circle": [(r * c, r * s) for c, s in _CIRCLE],
    }[kind]
    return QPolygonF([at + QPointF(x, y) for x, y in corners])


def _draw_names(painter: QPainter, plot: Plot, frame: _Frame) -> None:
    """Name lines and limits at the right, spread so that no name covers another."""
    names = [
        (frame.at(0, line.places[-1].value_mm).y(), line.title, COLOURS[n % len(COLOURS)])
        for n, line in enumerate(plot.lines)
    ]
    names += [(frame.at(0, limit.value_mm).y(), limit.label, PAPER) for limit in plot.limits]
    names.sort()
    ys = spread([y for y, _, _ in names], gap=LABEL_GAP_PX, lowest=frame.rect.bottom() + 4)
    metrics = QFontMetricsF(painter.font())
    for (_, words, colour), y in zip(names, ys, strict=True):
        painter.setPen(QColor(colour))
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, RIGHT_PX - 14)
        painter.drawText(QPointF(frame.rect.right() + 10, y + 4), shown)


def spread(places: Sequence[float], *, gap: float, lowest: float) -> list[float]:
    """Move sorted places apart, as little as a pass down and a pass back up need.

    Examples
    --------
    >>> spread([10.0, 12.0, 40.0], gap=13.0, lowest=100.0)
    [10.0, 23.0, 40.0]
    >>> spread([95.0, 99.0], gap=13.0, lowest=100.0)
    [87.0, 100.0]
    """
    down: list[float] = []
    for place in places:
        down.append(max(place, down[-1] + gap) if down else place)
    up: list[float] = []
    for place in reversed(down):
        up.append(min(place, up[-1] - gap) if up else min(place, lowest))
    return up[::-1]
