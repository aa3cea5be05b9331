"""A kinetic curve, painted by Qt: it follows the cursor, and a figure of its own would take a tenth of a second."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from calcmeasure.report.palette import AMBER, GREY, INK, PAPER, SKY
from calcmeasure.report.panels import CurvePanel

TOP_PERCENT, BOTTOM_PERCENT = 100.0, -25.0
"""Ends of the percent axis; it doubles where a curve leaves it, so that most places are seen on one and the same."""
MARGIN = 0.06
"""Of the time axis, left of the first phase and right of the last."""
TIME_STEPS = (1.0, 2.0, 3.0, 6.0, 10.0)
"""Seconds between ticks, times a power of ten: most of them divide a minute."""
MOST_TICKS = 7
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 56.0, 12.0, 24.0, 38.0
MARKER_PX, CHOSEN_PX, TICK_PX = 2.6, 4.8, 4.0
SHADE = 56
"""Opacity of the early phase, of 255."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of a curve span, and where their numbers stand.

    Parameters
    ----------
    times_s, percent
        Ends of each axis.
    """

    times_s: tuple[float, float]
    percent: tuple[float, float]

    @classmethod
    def of(cls, panel: CurvePanel) -> Axes:
        """Axes that a curve fits on."""
        first, last = float(panel.curve.times_s[0]), float(panel.curve.times_s[-1])
        margin = MARGIN * (last - first) or 1.0
        high = _doubled(TOP_PERCENT, reach=float(panel.curve.percent.max()))
        low = -_doubled(-BOTTOM_PERCENT, reach=-float(panel.curve.percent.min()))
        return cls((first - margin, last + margin), (low, high))

    @property
    def time_ticks(self) -> list[float]:
        """Round seconds within the axis."""
        rough = (self.times_s[1] - self.times_s[0]) / MOST_TICKS
        power = 10.0 ** floor(log10(rough))
        return _multiples(next(power * step for step in TIME_STEPS if power * step >= rough), *self.times_s)

    @property
    def percent_ticks(self) -> list[float]:
        """Quarters of a hundred, or twice, four times... as much."""
        step = -BOTTOM_PERCENT
        while (self.percent[1] - self.percent[0]) / step > MOST_TICKS - 1:
            step *= 2
        return _multiples(step, *self.percent)


class CurvePlot(QWidget):
    """Draws mean enhancement over real seconds, the early phase shaded and named."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panel: CurvePanel | None = None
        self.axes: Axes | None = None
        self.setAccessibleName("Kinetic curve")
        self.setToolTip("Mean enhancement over time; the early phase is shaded.")

    def show_curve(self, panel: CurvePanel) -> None:
        """Draw a curve in place of the one before."""
        self._panel, self.axes = panel, Axes.of(panel)
        self.setAccessibleDescription(_title(panel))
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw everything anew."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(INK))
        font = QFont(self.font())
        font.setPointSizeF(8.5)
        painter.setFont(font)
        if self._panel is not None and self.axes is not None:
            area = QRectF(self.rect()).adjusted(LEFT_PX, TOP_PX, -RIGHT_PX, -BOTTOM_PX)
            frame = _Frame(area, self.axes)
            _draw_axes(painter, frame)
            _draw_words(painter, frame, self._panel)
            if self._panel.chosen >= 0:
                _shade_chosen(painter, frame, self._panel)
            _draw_line(painter, frame, self._panel)
        painter.end()


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where seconds and per cent lie on the widget."""

    rect: QRectF
    axes: Axes

    def at(self, time_s: float, percent: float) -> QPointF:
        (first, last), (low, high) = self.axes.times_s, self.axes.percent
        return QPointF(
            self.rect.left() + (time_s - first) / (last - first) * self.rect.width(),
            self.rect.bottom() - (percent - low) / (high - low) * self.rect.height(),
        )


def _draw_axes(painter: QPainter, frame: _Frame) -> None:
    rect = frame.rect
    first, last = frame.axes.times_s
    painter.setPen(QPen(QColor(GREY), 1))
    painter.drawRect(rect)
    painter.drawLine(frame.at(first, 0), frame.at(last, 0))
    for time_s in frame.axes.time_ticks:
        at = QPointF(frame.at(time_s, 0).x(), rect.bottom())
        painter.drawLine(at, at + QPointF(0, TICK_PX))
        _write(painter, QRectF(at.x() - 30, at.y() + TICK_PX, 60, 15), f"{time_s:g}")
    for percent in frame.axes.percent_ticks:
        at = QPointF(rect.left(), frame.at(first, percent).y())
        painter.drawLine(at, at - QPointF(TICK_PX, 0))
        _write(painter, QRectF(at.x() - 40, at.y() - 8, 33, 16), f"{percent:g}", Qt.AlignmentFlag.AlignRight)


def _draw_words(painter: QPainter, frame: _Frame, panel: CurvePanel) -> None:
    rect = frame.rect
    _write(painter, QRectF(rect.left(), rect.bottom() + 19, rect.width(), 16), _time_words(panel))
    _write(painter, QRectF(rect.left(), 3, rect.width(), 18), _title(panel))
    painter.save()
    painter.translate(12, rect.center().y())
    painter.rotate(-90)
    _write(painter, QRectF(-80, -9, 160, 16), "enhancement, %")
    painter.restore()


def _shade_chosen(painter: QPainter, frame: _Frame, panel: CurvePanel) -> None:
    times_s = [float(time_s) for time_s in panel.curve.times_s]
    half = min((later - earlier for earlier, later in pairwise(times_s)), default=1.0) / 2
    (low, high), middle = frame.axes.percent, times_s[panel.chosen]
    veil = QColor(AMBER)
    veil.setAlpha(SHADE)
    shade = QRectF(frame.at(middle - half, high), frame.at(middle + half, low))
    painter.fillRect(shade.intersected(frame.rect), veil)


def _draw_line(painter: QPainter, frame: _Frame, panel: CurvePanel) -> None:
    curve = panel.curve
    points = [frame.at(float(t), float(p)) for t, p in zip(curve.times_s, curve.percent, strict=True)]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(SKY), 1.8))
    painter.drawPolyline(QPolygonF(points))
    painter.setBrush(QColor(SKY))
    for at in points:
        painter.drawEllipse(at, MARKER_PX, MARKER_PX)
    if panel.chosen >= 0:
        _mark_chosen(painter, points, frame=frame, panel=panel)


def _mark_chosen(painter: QPainter, points: list[QPointF], *, frame: _Frame, panel: CurvePanel) -> None:
    """Put a diamond on the early phase, and its name beside it where there is room and the curve does not run."""
    at, after = points[panel.chosen], points[min(panel.chosen + 1, len(points) - 1)]
    painter.setPen(QPen(QColor(AMBER), 1))
    painter.setBrush(QColor(AMBER))
    r = CHOSEN_PX
    painter.drawPolygon(QPolygonF([at + QPointF(x, y) for x, y in ((0, -r), (r, 0), (0, r), (-r, 0))]))
    time_s = float(panel.curve.times_s[panel.chosen])
    words = f"phase {panel.chosen}, {time_s:.0f} s" if panel.time_zero else f"phase {panel.chosen}"
    width = painter.fontMetrics().horizontalAdvance(words)
    right = 8.0 if at.x() + 8 + width < frame.rect.right() else -8.0 - width
    is_room_above, is_room_below = at.y() - 22 > frame.rect.top(), at.y() + 20 < frame.rect.bottom()
    below = 16.0 if is_room_below and (after.y() < at.y() or not is_room_above) else -8.0
    painter.drawText(at + QPointF(right, below), words)


def _write(painter: QPainter, box: QRectF, words: str, align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter) -> None:
    painter.save()
    painter.setPen(QColor(PAPER))
    painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter, words)
    painter.restore()


def _title(panel: CurvePanel) -> str:
    words = ", ".join(word for word in (panel.curve.initial, panel.curve.delayed) if word)
    return f"kinetics: {words}" if words else "kinetics"


def _time_words(panel: CurvePanel) -> str:
    if not panel.time_zero:
        return "phase number, times unknown"
    return f"seconds after {panel.time_zero.replace('_', ' ')}"


def _multiples(step: float, low: float, high: float) -> list[float]:
    return [count * step for count in range(ceil(low / step), floor(high / step) + 1)]


def _doubled(end: float, *, reach: float) -> float:
    """Double an end until it lies a little beyond the reach."""
    while reach > 0.97 * end:
        end *= 2
    return end
