"""The measuring panel shows a reading in words and tells what the hand wants, changing nothing itself."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

pytest.importorskip("napari")

from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox

from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.terms import (
    Distribution,
    Flag,
    GeometryKind,
    Laterality,
    LesionRole,
    LesionSite,
    LesionType,
    NonTargetStatus,
)
from factories import marks
from napari_calcmeasure.reading.finding import Finding, FindingState, PatientReading
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.widgets import finding_words as words
from napari_calcmeasure.widgets.dialogs import NOT_MEASURABLE
from napari_calcmeasure.widgets.measure_panel import TOOLS, MeasurePanel
from napari_calcmeasure.widgets.role_words import OUTLINE_IT, ROLES, SITES, STATUSES
from plugin.widgets.pictures import children
from plugin.widgets.readings import lesion, reading

pytestmark = pytest.mark.gui

DOCK_WIDTH = 420


@pytest.fixture
def panel(qtbot):
    made = MeasurePanel()
    qtbot.addWidget(made)
    made.resize(DOCK_WIDTH, 900)
    made.show()
    qtbot.waitExposed(made)
    return made


def choose(reading, key):
    return replace(reading, selected=key)


def pick(combo, place, qtbot):
    """Choose an entry by keyboard."""
    combo.setFocus()
    step = place - combo.currentIndex()
    for _ in range(abs(step)):
        qtbot.keyClick(combo, Qt.Key.Key_Down if step > 0 else Qt.Key.Key_Up)


def test_the_number_is_the_cores(panel):
    shown = reading()
    for finding in shown.findings[:4]:
        panel.show_reading(choose(shown, finding.key))
        value = measure_annotation(finding.annotation, patient_id="P1", reader="mk").value_mm
        assert panel.card.value.text() == f"{value:.1f} mm"


@pytest.mark.parametrize(
    ("key", "value", "state", "said"),
    [
        ("a1", "10.0 mm", "○ draft", ("3 marks", "R-CC", "magnification-corrected (÷ 1.06)", "found, then corrected")),
        ("a2", "10.0 mm", "✓ signed", ("R-MLO",)),
        ("a3", "7.2 mm", "△ signed, changed since", ("followup-1",)),
        ("l1", "19.7 mm", "○ draft", ("short axis 8.8 mm", "volume 1.23 cm³", "slice 7", "phase 1, 62 s", "drawn")),
        ("a4", "0.0 mm", "○ draft", ("nothing left", "L-CC", "stated")),
        ("a5", "not measurable", "○ draft", ("Not measurable: covered by a clip, scar, implant or artefact.",)),
    ],
)
def test_findings_in_words(panel, key, value, state, said):
    panel.show_reading(choose(reading(), key))
    card = panel.card
    assert card.value.text() == value
    assert card.state.text() == state
    lines = (card.size_line, card.place, card.source, card.warning)
    text = "\n".join(line.text() for line in lines if line.isVisible())
    assert all(part in text for part in said), text


def test_every_reason_has_its_words(panel):
    for flag, sentence in NOT_MEASURABLE:
        finding = Finding(marks(points=(), flags=("E_NOT_MEASURABLE", str(flag))))
        panel.show_reading(PatientReading("P1", "mk", findings=(finding,), selected="a1"))
        assert sentence.lower() in panel.card.warning.text()
        assert "E_NOT" not in panel.card.warning.text()
        assert panel.card.value.text() == ("too small" if flag is Flag.TOO_SMALL_TO_MEASURE else "not measurable")


def test_nothing_selected_says_how_to_begin(panel):
    panel.show_reading(PatientReading("P1", "mk"))
    assert panel.card.value.text() == "Nothing selected"
    assert "A to search" in panel.card.size_line.text()
    assert not panel.card.morphology.isVisible()
    assert not panel.buttons["delete"].isEnabled()
    assert not panel.buttons["sign"].isEnabled()
    assert panel.buttons["auto_detect"].isEnabled()


def test_an_unfinished_outline_has_no_number_yet(panel):
    finding = replace(reading().find("l1"), mask=None)
    finding = replace(finding, annotation=replace(finding.annotation, points=((7.0, 1.0, 1.0), (7.0, 2.0))))
    panel.show_reading(PatientReading("P1", "mk", findings=(finding,), selected="l1"))
    assert panel.card.value.text() == "… mm"


@pytest.mark.parametrize("key", ["a1", "l1"])
def test_descriptors_fit_the_modality(panel, key):
    panel.show_reading(choose(reading(), key))
    card, is_mg = panel.card, key == "a1"
    assert (card.morphology.isVisible(), card.distribution.isVisible()) == (is_mg, is_mg)
    assert (card.lesion_type.isVisible(), card.side.isVisible(), card.level.isVisible()) == (not is_mg,) * 3


def test_descriptors_are_told_and_showing_is_not(panel, qtbot):
    told = []
    panel.described.connect(told.append)
    panel.show_reading(choose(reading(), "a1"))
    panel.show_reading(choose(reading(), "l1"))
    assert told == []
    pick(panel.card.lesion_type, 2, qtbot)
    pick(panel.card.side, 2, qtbot)
    assert told == [{"lesion_type": LesionType.NON_MASS}, {"laterality": Laterality.LEFT}]
    assert all(type(value).__name__ in ("LesionType", "Laterality") for one in told for value in one.values())
    panel.show_reading(choose(reading(), "a1"))
    pick(panel.card.distribution, 3, qtbot)
    assert told[-1] == {"distribution": Distribution.GROUPED}


def choices(combo):
    return [combo.itemText(place) for place in range(combo.count())]


def two_visits(*, before=None, **said):
    """A lesion at baseline and at the first follow-up, which is selected."""
    first = lesion(**(before or {}))
    now = lesion(annotation_id="l2", timepoint="followup-1", **said)
    return PatientReading("P1", "mk", findings=(first, now), selected="l2")


def test_role_and_organ_of_a_lesion_are_told(panel, qtbot):
    told = []
    panel.described.connect(told.append)
    panel.show_reading(choose(reading(), "l1"))
    assert choices(panel.card.role) == ["automatic", "target", "non-target"]
    pick(panel.card.role, 2, qtbot)
    assert told[-1] == {"role": LesionRole.NON_TARGET}
    pick(panel.card.site, 2, qtbot)
    assert told[-1] == {"site": LesionSite.LYMPH_NODE}
    assert not panel.card.status.isVisible()
    panel.show_reading(choose(reading(), "a1"))
    assert not any(one.isVisible() for one in (panel.card.role, panel.card.site, panel.card.status))


def test_the_status_of_a_non_target_is_asked_at_a_followup(panel, qtbot):
    told = []
    panel.described.connect(told.append)
    panel.show_reading(two_visits())
    assert choices(panel.card.role) == ["as at baseline", "non-target", "new lesion"]
    assert not panel.card.status.isVisible()
    panel.show_reading(two_visits(before={"role": LesionRole.NON_TARGET}))
    assert panel.card.status.isVisible()
    pick(panel.card.status, 3, qtbot)
    assert told[-1] == {"status": NonTargetStatus.PD}


def test_what_was_stated_stands_in_the_list(panel):
    said = {"site": LesionSite.LYMPH_NODE, "status": NonTargetStatus.PD}
    panel.show_reading(two_visits(before={"role": LesionRole.NON_TARGET}, **said))
    assert [panel.entries.item(place).text() for place in range(2)] == [
        "○  R-L1 · MR R · baseline · 19.7 mm · non-target",
        "○  R-L1 · MR R · followup-1 · 19.7 mm · non-target · lymph node, short axis 8.8 mm · unequivocal progression",
    ]
    assert "short axis 8.8 mm, which counts for a lymph node" in panel.card.size_line.text()
    assert "R lymph node" in panel.card.place.text()


def test_a_line_across_a_lymph_node_asks_for_an_outline(panel):
    line = replace(lesion(site=LesionSite.LYMPH_NODE).annotation, volume_mm3=None)
    line = replace(line, geometry=GeometryKind.CALIPER, points=((7.0, 1.0, 1.0), (7.0, 30.0, 1.0)))
    panel.show_reading(PatientReading("P1", "mk", findings=(Finding(line),), selected="l1"))
    assert panel.card.size_line.text() == OUTLINE_IT


def test_letters_and_the_wheel_describe_nothing(panel, qtbot):
    told = []
    panel.described.connect(told.append)
    panel.show_reading(choose(reading(), "a1"))
    combo = panel.card.morphology
    combo.setFocus()
    before = combo.currentIndex()
    for key in "ravc":
        qtbot.keyClicks(combo, key)
    for key in (Qt.Key.Key_F4, Qt.Key.Key_PageDown, Qt.Key.Key_Backspace):
        qtbot.keyClick(combo, key)
        assert not combo.view().isVisible()
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(combo, wheel)
    assert combo.currentIndex() == before
    assert told == []


def test_threshold_and_brush(panel):
    levels, radii = [], []
    panel.level_changed.connect(levels.append)
    panel.brush_changed.connect(radii.append)
    panel.show_reading(choose(reading(), "l1"), tool=ToolName.BRUSH)
    panel.show_brush(4.5)
    assert panel.card.level.value() == 40
    assert (levels, radii) == ([], [])
    panel.card.level.setValue(55)
    panel.brush.setValue(4)
    assert (levels, radii) == ([0.55], [2.0])
    panel.show_reading(choose(reading(), "l1"))
    assert not panel.brush.isVisible()


def test_tools_have_their_keys(panel, qtbot):
    chosen = []
    panel.tool_chosen.connect(chosen.append)
    for action, tool, _ in TOOLS:
        if panel.tools[tool].isEnabled():
            qtbot.mouseClick(panel.tools[tool], Qt.MouseButton.LeftButton)
            assert chosen[-1] is tool
            assert panel.tools[tool].isChecked()
        assert panel.tools[tool].toolTip().endswith(")"), action
    panel.show_reading(reading(), tool=ToolName.SEED)
    assert [tool for tool, button in panel.tools.items() if button.isChecked()] == [ToolName.SEED]
    assert chosen.count(ToolName.SEED) == 1


def test_buttons_tell_their_action(panel, qtbot):
    done = []
    panel.action.connect(done.append)
    panel.show_reading(reading(), can_undo=True, can_redo=True)
    for name, button in panel.buttons.items():
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert done[-1] == name


def test_undo_and_redo_are_offered_only_when_there_is_a_step(panel):
    panel.show_reading(reading())
    assert not panel.buttons["undo"].isEnabled()
    panel.show_reading(reading(), can_undo=True)
    assert (panel.buttons["undo"].isEnabled(), panel.buttons["redo"].isEnabled()) == (True, False)


def test_the_list_of_findings(panel, qtbot):
    picked = []
    panel.selected.connect(picked.append)
    panel.show_reading(reading())
    texts = [panel.entries.item(n).text() for n in range(panel.entries.count())]
    assert texts[0] == "○  R-C1 · R-CC · baseline · 10.0 mm"
    assert texts[3] == "○  R-L1 · MR R · baseline · 19.7 mm"
    assert panel.entries.currentRow() == 0
    assert picked == []
    spot = panel.entries.visualItemRect(panel.entries.item(3)).center()
    qtbot.mouseClick(panel.entries.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert picked == ["l1"]
    panel.show_reading(reading().drop("a1"))
    assert panel.entries.count() == 5


def test_everything_fits_the_dock_and_can_be_hit(panel):
    for key in ("a1", "l1", "a5"):
        panel.show_reading(choose(reading(), key), link_words="= R-C1, baseline 44.3 mm")
        assert panel.minimumSizeHint().width() <= DOCK_WIDTH
        for control in children(panel, QAbstractButton, QComboBox):
            if control.isVisible():
                assert control.height() >= 24
                assert control.accessibleName()
                assert control.focusPolicy() == Qt.FocusPolicy.TabFocus


def test_every_state_and_descriptor_has_words():
    assert set(words.STATE_WORDS) == set(FindingState)
    assert {one for one, _ in words.DISTRIBUTIONS} == {None, *Distribution}
    assert {one for one, _ in words.LESION_TYPES} == {None, *LesionType}
    stated = [{one for one, _ in entries} for entries in (ROLES, SITES, STATUSES)]
    assert stated == [{None, *LesionRole}, {None, *LesionSite}, {None, *NonTargetStatus}]


def test_showing_again_while_the_hand_moves_is_quick(panel):
    many = tuple(Finding(marks(annotation_id=f"m{n}")) for n in range(40))
    shown = PatientReading("P1", "mk", findings=many, selected="m0")
    panel.show_reading(shown)
    begun = time.process_time()
    for step in range(20):
        moved = replace(many[0], annotation=marks(annotation_id="m0", points=((1.0, 1.0), (5.0 + step, 9.0))))
        panel.show_reading(shown.put(moved))
    assert (time.process_time() - begun) / 20 < 0.05
