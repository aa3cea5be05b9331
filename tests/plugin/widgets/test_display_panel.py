"""The display panel shows a state and tells switches; showing tells nothing."""

from __future__ import annotations

import pytest

pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox

from napari_calcmeasure.widgets.display_panel import SWITCHES, DisplayPanel, DisplayState
from napari_calcmeasure.widgets.status import StatusLine
from plugin.widgets.pictures import children

pytestmark = pytest.mark.gui

STATE = DisplayState(
    protocols=("Four views", "CC back to back", "MLO back to back"),
    protocol="CC back to back",
    presets=("NORMAL", "HARDER"),
    preset="HARDER",
    switched_on=frozenset({"marks_shown", "invert"}),
    disabled=frozenset({"prior_marks"}),
    facts=("R-CC: 0.07 × 0.07 mm, at detector.",),
    problems=("L-MLO cannot be shown [E_PIXELS]",),
)


@pytest.fixture
def panel(qtbot):
    made = DisplayPanel()
    qtbot.addWidget(made)
    made.resize(420, 420)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def told(panel):
    heard = []
    panel.protocol_chosen.connect(lambda name: heard.append(("protocol", name)))
    panel.preset_chosen.connect(lambda name: heard.append(("preset", name)))
    panel.switched.connect(lambda name, is_on: heard.append((name, is_on)))
    return heard


def test_a_state_is_shown_and_not_told_back(panel, told):
    panel.show_state(STATE)
    panel.show_state(DisplayState())
    panel.show_state(STATE)
    assert panel.protocol.currentText() == "CC back to back"
    assert panel.preset.currentText() == "HARDER"
    assert {name for name, switch in panel.switches.items() if switch.isChecked()} == STATE.switched_on
    assert {name for name, switch in panel.switches.items() if not switch.isEnabled()} == STATE.disabled
    assert panel.facts.text() == STATE.facts[0]
    assert panel.problems.text() == "⚠ L-MLO cannot be shown [E_PIXELS]"
    assert told == []


def test_a_window_moved_by_hand_has_no_name(panel):
    panel.show_state(DisplayState(presets=("NORMAL",), preset=""))
    assert panel.preset.currentIndex() == -1


def test_choices_are_told(panel, told, qtbot):
    panel.show_state(STATE)
    qtbot.keyClick(panel.protocol, Qt.Key.Key_Down)
    qtbot.keyClick(panel.preset, Qt.Key.Key_Up)
    assert told == [("protocol", "MLO back to back"), ("preset", "NORMAL")]


@pytest.mark.parametrize("name", [name for name, _ in SWITCHES])
def test_switches_are_told(panel, told, name):
    panel.show_state(DisplayState(switched_on=frozenset()))
    panel.switches[name].click()
    panel.switches[name].click()
    assert told == [(name, True), (name, False)]
    assert panel.switches[name].toolTip().endswith(")")


def test_nothing_to_show_leaves_no_gap(panel):
    assert not panel.facts.isVisible()
    assert not panel.problems.isVisible()
    assert not panel.protocol.isEnabled()
    assert not panel.preset.isEnabled()


def test_it_fits_and_can_be_hit(panel):
    panel.show_state(STATE)
    assert panel.minimumSizeHint().width() <= 420
    for control in children(panel, QCheckBox, QComboBox):
        assert control.height() >= 24
        assert control.accessibleName()


# -- status ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def status(qtbot):
    made = StatusLine()
    qtbot.addWidget(made)
    made.resize(600, 60)
    made.show()
    return made


def test_progress_has_words_a_number_and_a_way_out(status, qtbot):
    cancelled = []
    status.cancelled.connect(lambda: cancelled.append(True))
    assert not status.bar.isVisible()
    status.show_progress("Loading 100% of it", 1, total=4)
    assert status.bar.isVisible()
    assert status.bar.text() == "Loading 100% of it · 25 %"
    qtbot.mouseClick(status.cancel, Qt.MouseButton.LeftButton)
    assert cancelled == [True]
    status.show_progress("Searching", 0, total=0)
    assert status.bar.maximum() == 0
    status.finish()
    assert not status.bar.isVisible()


def test_a_warning_stands_out_and_the_next_sentence_does_not(status):
    status.say("⚠ No spacing [E_SPACING_UNKNOWN]")
    assert status.sentence.property("role") == "warning"
    status.say("Signed by mk.")
    assert status.sentence.property("role") == ""
    assert status.sentence.isVisible()
    status.say("")
    assert not status.sentence.isVisible()
