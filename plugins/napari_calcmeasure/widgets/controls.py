"""Controls that leave the keyboard to the image: single keys typed on them act on the reading, not on the control."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent, QWheelEvent
from qtpy.QtWidgets import QComboBox, QLabel, QListWidget, QPushButton, QTreeWidget, QWidget

from napari_calcmeasure.keys import shortcut, with_key

_NOT_FOR_CONTROLS = frozenset(
    {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_Backspace}
    # F4 would open a choice.
    | {Qt.Key.Key_F1, Qt.Key.Key_F2, Qt.Key.Key_F3, Qt.Key.Key_F4, Qt.Key.Key_F5, Qt.Key.Key_F6, Qt.Key.Key_F7}
)
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)


def belongs_to_reading(event: QKeyEvent) -> bool:
    """Whether a key on a list or choice is a shortcut of the reading room rather than a search for an entry."""
    is_letter = bool(event.text()) and event.text().isprintable() and event.text() != " "
    is_chord = event.modifiers() not in _PLAIN
    return is_letter or is_chord or event.key() in _NOT_FOR_CONTROLS


class Choice(QComboBox):
    """A choice of values with words for each.

    Letters do not search it and the wheel does not turn it, so that nothing is described by accident.

    Parameters
    ----------
    name
        Accessible name.
    on_chosen
        Called with the value a person chose; not when `put` is called.
    """

    def __init__(self, name: str, on_chosen: Callable[[Any], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.activated.connect(lambda place: on_chosen(self.itemData(place)))

    def put(self, entries: tuple[tuple[Any, str], ...], *, value: Any) -> None:  # noqa: ANN401 - whatever is chosen from
        """Show entries and choose one, silently.

        Parameters
        ----------
        entries
            (value, words) of each.
        """
        if [(self.itemData(n), self.itemText(n)) for n in range(self.count())] != list(entries):
            self.clear()
            for one, words in entries:
                self.addItem(words, one)
        place = next((n for n, (one, _) in enumerate(entries) if one == value), -1)
        if place != self.currentIndex():
            self.setCurrentIndex(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hand shortcuts on."""
        if belongs_to_reading(event):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the panel scroll instead."""
        event.ignore()


class Tree(QTreeWidget):
    """A tree whose letters are shortcuts of the reading."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hand shortcuts on."""
        if belongs_to_reading(event):
            event.ignore()
        else:
            super().keyPressEvent(event)


class Entries(QListWidget):
    """A list whose letters are shortcuts of the reading."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hand shortcuts on."""
        if belongs_to_reading(event):
            event.ignore()
        else:
            super().keyPressEvent(event)


def action_button(label: str, action: str, on_click: Callable[[str], object], *, is_main: bool = False) -> QPushButton:
    """Make a button for an action, with its key in the tooltip.

    Parameters
    ----------
    action
        Of `keys.SHORTCUTS`; handed to `on_click`.
    is_main
        Whether it is what one does next.
    """
    button = QPushButton(label)
    button.setToolTip(with_key(shortcut(action).words, action))
    button.setAccessibleName(shortcut(action).words)
    # A click leaves the focus on the image; Tab still reaches the button.
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if is_main:
        button.setProperty("role", "main")
    button.clicked.connect(lambda _checked=False: on_click(action))
    return button


def label(text: str = "", *, role: str = "", name: str = "") -> QLabel:
    """Make a text that wraps.

    Parameters
    ----------
    role
        How it looks: value, title, quiet, warning or link.
    name
        Accessible name.
    """
    made = QLabel(text)
    made.setWordWrap(True)
    made.setIndent(2)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    if name:
        made.setAccessibleName(name)
    return made


def say(target: QLabel, text: str) -> None:
    """Put a text, and hide the line while there is nothing to say."""
    target.setText(text)
    target.setVisible(bool(text))
