"""Short questions with one answer each: who reads, why a value changes, why it cannot be measured; and the key sheet.

Every dialog works by keyboard alone. `answer` gives the present answer as a value, so that nothing has to be clicked to
test one; the `ask_...` functions show a dialog and wait.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtGui import QIcon, QKeyEvent
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from calcmeasure.model.measurement import AUTO_READER
from calcmeasure.terms import Flag
from napari_calcmeasure import keys
from napari_calcmeasure.widgets.controls import label, say
from napari_calcmeasure.widgets.theme import DIALOG_STYLE

REASONS = (
    "Ends placed more exactly",
    "Another lesion was meant",
    "Wrong image, view or phase",
    "Agreed in consensus",
    "Slip of the hand",
)
"""Quick answers to why a signed value changes."""
MAX_REASON = 200
NOT_MEASURABLE: tuple[tuple[Flag, str], ...] = (
    (Flag.MOTION_BLUR, "Blurred by movement"),
    (Flag.CUT_OFF, "Part of it lies outside the image"),
    (Flag.HIDDEN, "Covered by a clip, scar, implant or artefact"),
    (Flag.EDGES_UNCLEAR, "No edge that can be followed"),
    (Flag.TOO_SMALL_TO_MEASURE, "There, but too small to measure (counts 5 mm in RECIST)"),
)
"""Reasons why something is there and still has no length."""
_READER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


class Question(QDialog):
    """A dialog with a heading, a body, and OK and Cancel.

    Parameters
    ----------
    title
        Of the window, and its accessible name.
    heading
        What is asked, in a sentence.
    accept
        Words on the button that answers.
    """

    def __init__(self, title: str, heading: str, *, accept: str = "OK", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setStyleSheet(DIALOG_STYLE)
        self.setMinimumWidth(400)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        layout.addWidget(label(heading, role="title"))
        self.body = QVBoxLayout()
        self.body.setSpacing(6)
        layout.addLayout(self.body)
        self.problem = label(role="warning", name="What is missing")
        layout.addWidget(self.problem)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setIcon(QIcon())
        self.accept_button = QPushButton(accept)
        self.accept_button.setProperty("role", "main")
        self.accept_button.setDefault(True)
        self.buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        self.show_problem("")

    def show_problem(self, problem: str, *, is_said: bool = True) -> None:
        """Block the answer while something is wrong with it.

        Parameters
        ----------
        problem
            A sentence; empty for none.
        is_said
            False where nothing was typed yet, and a sentence would only be noise.
        """
        say(self.problem, f"⚠ {problem}" if problem and is_said else "")
        self.accept_button.setEnabled(not problem)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer with Enter from any field; Qt would take Cancel while the answer is blocked."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
        elif self.accept_button.isEnabled() and self.accept_button.isVisible():
            self.accept()


def reader_problem(reader: str) -> str:
    """Say what is wrong with a reader id; empty when it can be used.

    Examples
    --------
    >>> reader_problem("mk-2")
    ''
    >>> reader_problem("auto")
    'auto is the name of automatic measurements; choose another.'
    """
    if not reader:
        return "A reader id is needed: each reader's measurements are kept apart."
    if reader == AUTO_READER:
        return f"{AUTO_READER} is the name of automatic measurements; choose another."
    if len(reader) > 32:
        return "At most 32 characters."
    if not _READER_ID.fullmatch(reader):
        return "Letters, digits, - _ and . only, beginning with a letter or digit."
    return ""


class ReaderDialog(Question):
    """Asks who reads; other readers are not offered, so that none of them is taken by a slip."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__("Reader", "Who is reading? Initials or a study code, not a full name.", parent=parent)
        self.field = QLineEdit()
        self.field.setAccessibleName("Reader id")
        self.field.textChanged.connect(self._check)
        self.body.addWidget(self.field)
        self.body.addWidget(label("Letters, digits, - _ and . · at most 32 characters", role="quiet"))
        self.field.setFocus()
        self._check("")

    @property
    def answer(self) -> str | None:
        """The reader id; None while it cannot be used."""
        reader = self.field.text().strip()
        return None if reader_problem(reader) else reader

    def _check(self, text: str) -> None:
        self.show_problem(reader_problem(text.strip()), is_said=bool(text))


def ask_reader(*, parent: QWidget | None = None) -> str | None:
    """Ask who reads; None when she would rather not say."""
    dialog = ReaderDialog(parent=parent)
    return dialog.answer if dialog.exec() else None


def reason_problem(reason: str) -> str:
    """Say what is wrong with a reason for a change; empty when it can be recorded."""
    if len(reason.strip()) < 3:
        return "A reason is needed: it is kept beside the old and the new value."
    return f"At most {MAX_REASON} characters." if len(reason) > MAX_REASON else ""


class ReasonDialog(Question):
    """Asks why signed values change.

    Parameters
    ----------
    changes
        One line for each, such as ``R-C1: 44.3 → 41.0 mm``.
    """

    def __init__(self, changes: Sequence[str], *, parent: QWidget | None = None) -> None:
        many = "this signed value" if len(changes) == 1 else f"these {len(changes)} signed values"
        super().__init__("Reason for the change", f"Why do you change {many}?", accept="Sign", parent=parent)
        self.body.addWidget(label("\n".join(changes), role="quiet", name="What changes"))
        self.choices = [self._choice(number, reason) for number, reason in enumerate(REASONS, start=1)]
        self.field = QLineEdit()
        self.field.setAccessibleName("Reason")
        self.field.setPlaceholderText("or in your own words, without names")
        self.field.textChanged.connect(self._check)
        self.body.addWidget(self.field)
        self.field.setFocus()
        self._check("")

    @property
    def answer(self) -> str | None:
        """The reason; None while there is none."""
        reason = self.field.text().strip()
        return None if reason_problem(reason) else reason

    def _choice(self, number: int, reason: str) -> QPushButton:
        button = QPushButton(f"&{number}  {reason}")
        button.setAccessibleName(reason)
        button.setToolTip(f"Alt + {number}")
        button.setStyleSheet("text-align: left;")
        button.clicked.connect(lambda: self.field.setText(reason))
        self.body.addWidget(button)
        return button

    def _check(self, text: str) -> None:
        self.show_problem(reason_problem(text), is_said=bool(text))


def ask_reason(changes: Sequence[str], *, parent: QWidget | None = None) -> str | None:
    """Ask why signed values change; None when they should not after all."""
    dialog = ReasonDialog(changes, parent=parent)
    return dialog.answer if dialog.exec() else None


class NotMeasurableDialog(Question):
    """Asks why something cannot be measured; a digit answers at once."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__("Not measurable", "Why can it not be measured? Press 1 to 5.", parent=parent)
        self.answer: Flag | None = None
        self.choices = [self._choice(number) for number in range(1, len(NOT_MEASURABLE) + 1)]
        self.accept_button.hide()
        self.choices[0].setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer by digit."""
        if event.text().isdecimal() and 1 <= int(event.text()) <= len(NOT_MEASURABLE):
            self._choose(int(event.text()))
        else:
            super().keyPressEvent(event)

    def _choice(self, number: int) -> QPushButton:
        words = NOT_MEASURABLE[number - 1][1]
        button = QPushButton(f"{number}   {words}")
        button.setAccessibleName(words)
        button.setStyleSheet("text-align: left;")
        button.clicked.connect(lambda: self._choose(number))
        self.body.addWidget(button)
        return button

    def _choose(self, number: int) -> None:
        self.answer = NOT_MEASURABLE[number - 1][0]
        self.accept()


def ask_not_measurable(*, parent: QWidget | None = None) -> Flag | None:
    """Ask why something cannot be measured; None when it can after all."""
    dialog = NotMeasurableDialog(parent=parent)
    return dialog.answer if dialog.exec() else None


class KeySheet(QDialog):
    """All keys, to look at while reading: stays open beside the image until Escape."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys of the reading room")
        self.setAccessibleName("Keys of the reading room")
        self.setStyleSheet(DIALOG_STYLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(540, 720)
        layout = QVBoxLayout(self)
        text = QTextBrowser()
        text.setAccessibleName("All keys")
        text.document().setDefaultStyleSheet("td { padding: 3px 14px 3px 0; } kbd { font-family: monospace; }")
        text.setHtml(keys.sheet_body())
        layout.addWidget(text)
        layout.addWidget(label("To print: calcmeasure keys --print > keys.html", role="quiet"))
