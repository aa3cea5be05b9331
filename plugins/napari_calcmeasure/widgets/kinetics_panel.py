"""The kinetic curve under the cursor or of the lesion, and the choice of the early phase."""

from __future__ import annotations

from typing import Any

from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget
from superqt.utils import qthrottled

from calcmeasure.report.curves import CurveDrawing
from calcmeasure.report.palette import INK
from calcmeasure.report.panels import CurvePanel
from napari_calcmeasure.display.kinetics import Kinetics
from napari_calcmeasure.display.phases import PhaseChoices

REDRAW_MS = 100
"""At most ten redraws per second: the curve follows the cursor, the cursor never waits for the curve."""
EMPTY = "Point at a place in a dynamic series to see its curve."
NO_SERIES = "No dynamic series is shown."
TOP_PERCENT, BOTTOM_PERCENT = 100.0, -25.0
"""Ends of the percent axis; it doubles where a curve leaves it, so that most places are seen on one and the same."""


class CurvePlot:
    """A plot that repaints only the curve while its axes stay as they are: a new picture would take too long."""

    def __init__(self) -> None:
        figure = Figure(figsize=(4.2, 2.6), dpi=100, facecolor=INK)
        self.widget: Any = FigureCanvasQTAgg(figure)  # type: ignore[no-untyped-call]
        self._figure = figure
        self._axis = figure.add_axes((0.14, 0.19, 0.83, 0.7))
        self._axis.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 3, 6, 10]))
        self._axis.yaxis.set_major_locator(MaxNLocator(5))
        self._drawing = CurveDrawing(self._axis)
        self._axis.set_ylabel("enhancement, %")
        for artist in self._drawing.moving:
            artist.set_animated(True)
        self._axes_shown: tuple[object, ...] = ()
        self._background: object = None
        self.full_draws = 0
        self.widget.mpl_connect("draw_event", self._on_drawn)

    def show_curve(self, panel: CurvePanel) -> None:
        """Draw a curve in place of the one before; new axes in the next turn, once for all that asks for them."""
        self._drawing.show(panel)
        axes = self._fit(panel)
        if axes != self._axes_shown or self._background is None:
            self._axes_shown, self._background = axes, None
            self.widget.draw_idle()
            return
        self.widget.restore_region(self._background)
        self._paint()
        self.widget.blit(self._figure.bbox)

    def _fit(self, panel: CurvePanel) -> tuple[object, ...]:
        """Set the ends of the axes; what they show."""
        times_s, percent = panel.curve.times_s, panel.curve.percent
        margin_s = 0.06 * float(times_s[-1] - times_s[0])
        span_s = (float(times_s[0]) - margin_s, float(times_s[-1]) + margin_s)
        high = _doubled(TOP_PERCENT, reach=float(percent.max()))
        low = -_doubled(-BOTTOM_PERCENT, reach=-float(percent.min()))
        self._axis.set_xlim(span_s)
        self._axis.set_ylim(low, high)
        return (span_s, low, high, self._axis.get_xlabel())

    def _on_drawn(self, _event: object) -> None:
        """Keep the axes without the curve (after every resize and new axis as well), and put the curve on them."""
        self.full_draws += 1
        self._background = self.widget.copy_from_bbox(self._figure.bbox)
        self._paint()

    def _paint(self) -> None:
        for artist in self._drawing.moving:
            self._figure.draw_artist(artist)


class KineticsPanel(QWidget):
    """Draws one curve with the early phase shaded, and lets the reader take another phase as the early one."""

    phase_chosen = Signal(object)
    """Index of the phase the reader took, or None to go back to the rule's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.phase_box = QComboBox(self)
        self.phase_words = QLabel(NO_SERIES, self)
        self.place_words = QLabel(EMPTY, self)
        self.plot = CurvePlot()
        self._kinetics: Kinetics | None = None
        self._build()
        self.show_phases(None)

    def show_phases(self, choices: PhaseChoices | None) -> None:
        """List the phases to choose from and say which is measured and why; None without a dynamic series."""
        self.phase_box.blockSignals(True)
        self.phase_box.clear()
        if choices is not None:
            by_rule = "none" if choices.by_rule is None else f"phase {choices.by_rule}"
            self.phase_box.addItem(f"By the rule: {by_rule}", None)
            for index, words in zip(choices.indices, choices.words, strict=True):
                self.phase_box.addItem(words, index)
            self.phase_box.setCurrentIndex(_row_of(choices))
        self.phase_box.blockSignals(False)
        self.phase_box.setEnabled(choices is not None and bool(choices.indices))
        self.phase_words.setText(NO_SERIES if choices is None else choices.sentence)
        self.show_curve(None)

    def show_curve(self, kinetics: Kinetics | None) -> None:
        """Draw a curve, or say why there is none; of curves that come too quickly the last one is drawn."""
        self._kinetics = kinetics
        self._redraw()

    @qthrottled(timeout=REDRAW_MS, leading=True)
    def _redraw(self) -> None:
        kinetics = self._kinetics
        self.place_words.setText(EMPTY if kinetics is None else _words(kinetics))
        panel = kinetics.panel if kinetics is not None else None
        self.plot.widget.setVisible(panel is not None)
        if panel is not None:
            self.plot.show_curve(panel)

    def _on_phase(self, row: int) -> None:
        self.phase_chosen.emit(self.phase_box.itemData(row))

    def _build(self) -> None:
        self.setAccessibleName("Kinetics")
        self.phase_box.setAccessibleName("Early phase")
        self.phase_box.setToolTip("Phase that is measured: the rule's, or another one of your choice (it is recorded).")
        self.phase_box.activated.connect(self._on_phase)
        self.plot.widget.setAccessibleName("Kinetic curve")
        self.plot.widget.setToolTip("Mean enhancement over time; the early phase is shaded.")
        self.plot.widget.setMinimumSize(240, 195)
        # What it would like to have is the size of a figure on paper: the choices above it come first.
        self.plot.widget.setMaximumHeight(210)
        self.place_words.setAccessibleName("About the curve")
        self.phase_words.setAccessibleName("About the early phase")
        layout = QVBoxLayout(self)
        for words in (self.place_words, self.phase_words):
            words.setWordWrap(True)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self.phase_box)
        layout.addWidget(self.phase_words)
        layout.addWidget(self.plot.widget, stretch=1)
        layout.addWidget(self.place_words)


def _doubled(end: float, *, reach: float) -> float:
    """Double an end until it lies a little beyond the reach."""
    while reach > 0.97 * end:
        end *= 2
    return end


def _row_of(choices: PhaseChoices) -> int:
    """Row of the box; the first is the rule."""
    return (
        0
        if choices.chosen is None or choices.chosen not in choices.indices
        else 1 + choices.indices.index(choices.chosen)
    )


def _words(kinetics: Kinetics) -> str:
    parts = (kinetics.words, kinetics.place, kinetics.problem)
    return "\n".join(part[:1].upper() + part[1:] for part in parts if part)
