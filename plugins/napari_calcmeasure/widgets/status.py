"""One sentence about what just happened, and how far long work has come, with a way out of it."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_calcmeasure.widgets.controls import label, say
from napari_calcmeasure.widgets.theme import PANEL_STYLE


class StatusLine(QWidget):
    """Sentence and progress.

    Signals: ``cancelled()`` when the reader does not want to wait.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(PANEL_STYLE)
        self.sentence = label(name="Status")
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop this work; what is already there stays")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel.clicked.connect(lambda _checked=False: self.cancelled.emit())
        self._work = QWidget()
        row = QHBoxLayout(self._work)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, stretch=1)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.setSpacing(4)
        layout.addWidget(self._work)
        layout.addWidget(self.sentence)
        self.finish()
        self.say("")

    def say(self, sentence: str) -> None:
        """Show a sentence; one that begins with ⚠ stands out."""
        role = "warning" if sentence.startswith("⚠") else ""
        if self.sentence.property("role") != role:
            self.sentence.setProperty("role", role)
            self.sentence.style().polish(self.sentence)
        say(self.sentence, sentence)

    def show_progress(self, words: str, done: int, *, total: int) -> None:
        """Show how far work has come.

        Parameters
        ----------
        words
            What is being done, such as ``Loading mammograms``.
        done, total
            Steps; `total` 0 where the number is not known.
        """
        self.bar.setRange(0, max(total, 0))
        self.bar.setValue(min(done, total) if total > 0 else 0)
        # Words and numbers together, so that the bar's colour says nothing alone.
        percent = f" · {100 * done // total} %" if total > 0 else " …"
        self.bar.setFormat(f"{words}{percent}")
        self._work.show()

    def finish(self) -> None:
        """Take the progress away."""
        self._work.hide()
