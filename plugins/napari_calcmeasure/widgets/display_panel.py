"""How the images are shown: hanging, window, flips and marks, and the facts about the image under the cursor."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QFormLayout, QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_calcmeasure.keys import shortcut, with_key
from napari_calcmeasure.widgets.controls import Choice, label, say
from napari_calcmeasure.widgets.theme import PANEL_STYLE

SWITCHES: tuple[tuple[str, str], ...] = (
    ("invert", "&Invert"),
    ("sigmoid", "Si&gmoid"),
    ("flip_horizontal", "Mirror ↔"),
    ("flip_vertical", "Mirror ↕"),
    ("marks_shown", "&Drawings"),
    ("prior_marks", "&Earlier drawings"),
)
"""Switch and its words; the switches that have a key carry the name of its action."""
_ACTION_OF = {"marks_shown": "hide_marks"}
_HELP = {"marks_shown": "Show what is drawn; hold the key to hide it for a moment"}


@dataclass(frozen=True, slots=True)
class DisplayState:
    """What the panel shows.

    Parameters
    ----------
    protocols, protocol
        Names of hanging protocols that fit, and the one applied.
    presets, preset
        Names of windows, and the one applied; an empty name after the window was moved by hand.
    switched_on
        Names of `SWITCHES` that are on.
    disabled
        Names of `SWITCHES` that make no sense now, such as the prior's drawings in a blinded reading.
    facts
        Sentences about the active image.
    problems
        Sentences about what cannot be shown.
    """

    protocols: tuple[str, ...] = ()
    protocol: str = ""
    presets: tuple[str, ...] = ()
    preset: str = ""
    switched_on: frozenset[str] = frozenset({"marks_shown"})
    disabled: frozenset[str] = frozenset()
    facts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class DisplayPanel(QWidget):
    """Shows a `DisplayState` and tells what the reader wants; itself it changes nothing.

    Signals: ``protocol_chosen(str)``, ``preset_chosen(str)``, ``switched(str, bool)`` with a name of `SWITCHES`.
    """

    protocol_chosen = Signal(str)
    preset_chosen = Signal(str)
    switched = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(PANEL_STYLE)
        self.setAccessibleName("Display")
        self.protocol = Choice("Hanging protocol", self.protocol_chosen.emit)
        self.protocol.setToolTip(f"{with_key('Next', 'next_hanging')}, {with_key('previous', 'previous_hanging')}")
        self.preset = Choice("Window", self.preset_chosen.emit)
        self.preset.setToolTip("F1 to F5 choose from this list, F6 the full range, F7 the header's window")
        self.switches = {name: self._switch(name, words) for name, words in SWITCHES}
        self.facts = label(role="quiet", name="About the active image")
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problems = label(role="warning", name="What cannot be shown")
        self._lay_out()
        self.show_state(DisplayState())

    def show_state(self, state: DisplayState) -> None:
        """Show a state, without telling it back."""
        self.protocol.put(tuple((name, name) for name in state.protocols), value=state.protocol)
        self.protocol.setEnabled(len(state.protocols) > 1)
        self.preset.put(tuple((name, name) for name in state.presets), value=state.preset)
        self.preset.setEnabled(bool(state.presets))
        for name, switch in self.switches.items():
            switch.blockSignals(True)
            switch.setChecked(name in state.switched_on)
            switch.blockSignals(False)
            switch.setEnabled(name not in state.disabled)
        say(self.facts, "\n".join(state.facts))
        say(self.problems, "\n".join(f"⚠ {problem}" for problem in state.problems))

    def _switch(self, name: str, words: str) -> QCheckBox:
        switch = QCheckBox(words)
        action = _ACTION_OF.get(name, name)
        switch.setToolTip(with_key(_HELP.get(name, shortcut(action).words), action))
        switch.setAccessibleName(_HELP.get(name, shortcut(action).words))
        switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        switch.toggled.connect(lambda is_on: self.switched.emit(name, is_on))
        return switch

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(6)
        for text, control in (("Ha&nging", self.protocol), ("Wind&ow", self.preset)):
            caption = QLabel(text)
            caption.setBuddy(control)
            form.addRow(caption, control)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        for place, switch in enumerate(self.switches.values()):
            row, column = divmod(place, 2)
            grid.addWidget(switch, row, column)
            grid.setColumnStretch(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(form)
        layout.addLayout(grid)
        layout.addWidget(self.problems)
        layout.addWidget(self.facts)
        layout.addStretch(1)
