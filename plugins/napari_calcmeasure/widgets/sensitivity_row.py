"""The slider of an automatic search: how many false marks per image are put up with."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from calcmeasure.detect.calcifications.operating_points import OPERATING_POINTS
from napari_calcmeasure.keys import key_words, shortcut
from napari_calcmeasure.reading.sensitivity import words_of
from napari_calcmeasure.widgets.controls import label, say


class SensitivityRow(QWidget):
    """Shows the operating point of a searched image and tells which one the reader wants; hidden before a search.

    Signals: ``moved(float)`` false marks per image.
    """

    moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(OPERATING_POINTS) - 1)
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setAccessibleName("Sensitivity of the search")
        keys = " and ".join(key_words(shortcut(name).keys[0]) for name in ("smaller", "larger"))
        self.slider.setToolTip(
            "How many false marks per image are put up with: right finds more. Groups that were edited, drawn or "
            f"signed stay as they are ({keys})"
        )
        self.slider.valueChanged.connect(self._on_value)
        self._words = QLabel()
        caption = QLabel("Sensitivit&y")
        caption.setBuddy(self.slider)
        self._left_out = label(role="quiet", name="What the search left out")
        row = QHBoxLayout()
        for part in (caption, self.slider, self._words):
            row.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._left_out)
        self.hide()

    def show_point(self, false_marks: float | None, *, left_out: str = "") -> None:
        """Show an operating point without telling it back; None hides the row.

        Parameters
        ----------
        left_out
            What was seen and is not measured, in words.
        """
        self.setVisible(false_marks is not None)
        say(self._left_out, left_out)
        # While the hand is on the slider it is ahead of what comes back.
        if false_marks is None or self.slider.isSliderDown():
            return
        self.slider.blockSignals(True)
        self.slider.setValue(nearest_point(false_marks))
        self.slider.blockSignals(False)
        self._words.setText(words_of(false_marks))

    def _on_value(self, place: int) -> None:
        false_marks = OPERATING_POINTS[place].false_marks
        self._words.setText(words_of(false_marks))
        self.moved.emit(false_marks)


def nearest_point(false_marks: float) -> int:
    """Place of the named operating point that comes nearest."""
    return min(range(len(OPERATING_POINTS)), key=lambda place: abs(OPERATING_POINTS[place].false_marks - false_marks))
