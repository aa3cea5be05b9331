"""The kinetic curve under the cursor or of the lesion, and the choice of the early phase."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget
from superqt.utils import qthrottled

from napari_calcmeasure.display.kinetics import Kinetics
from napari_calcmeasure.display.phases import PhaseChoices
from napari_calcmeasure.widgets.curve_plot import CurvePlot

REDRAW_MS = 100
"""At most ten redraws per second: the curve follows the cursor, the cursor never waits for the curve."""
EMPTY = "Point at a place in a dynamic series to see its curve."
NO_SERIES = "No dynamic series is shown."


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
        self.plot.setVisible(panel is not None)
        if panel is not None:
            self.plot.show_curve(panel)

    def _on_phase(self, row: int) -> None:
        self.phase_chosen.emit(self.phase_box.itemData(row))

    def _build(self) -> None:
        self.setAccessibleName("Kinetics")
        self.phase_box.setAccessibleName("Early phase")
        self.phase_box.setToolTip("Phase that is measured: the rule's, or another one of your choice (it is recorded).")
        self.phase_box.activated.connect(self._on_phase)
        self.plot.setMinimumSize(240, 195)
        # The choices above it come first.
        self.plot.setMaximumHeight(210)
        self.place_words.setAccessibleName("About the curve")
        self.phase_words.setAccessibleName("About the early phase")
        layout = QVBoxLayout(self)
        for words in (self.place_words, self.phase_words):
            words.setWordWrap(True)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self.phase_box)
        layout.addWidget(self.phase_words)
        layout.addWidget(self.plot, stretch=1)
        layout.addWidget(self.place_words)


def _row_of(choices: PhaseChoices) -> int:
    """Row of the box; the first is the rule."""
    return (
        0
        if choices.chosen is None or choices.chosen not in choices.indices
        else 1 + choices.indices.index(choices.chosen)
    )


def _words(kinetics: Kinetics) -> str:
    parts = (kinetics.words, kinetics.figures, kinetics.place, kinetics.problem)
    return "\n".join(part[:1].upper() + part[1:] for part in parts if part)
