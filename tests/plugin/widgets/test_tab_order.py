"""Tab goes through every control of a panel once, as one reads: row by row, from left to right."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("napari")

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox

from calcmeasure.terms import LesionRole, Modality
from napari_calcmeasure.display.phases import phase_choices
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.widgets.case_tree import CaseTree, PatientRow
from napari_calcmeasure.widgets.display_panel import DisplayPanel, DisplayState
from napari_calcmeasure.widgets.kinetics_panel import KineticsPanel
from napari_calcmeasure.widgets.measure_panel import MeasurePanel
from napari_calcmeasure.widgets.response_panel import ResponsePanel
from plugin.widgets.pictures import children
from plugin.widgets.readings import lesion, reading

pytestmark = pytest.mark.gui

CONTROLS = (QAbstractButton, QComboBox, QAbstractSlider, QAbstractItemView)
ROW_PX = 12
"""Controls whose middles differ by less stand in one row."""


def case_tree(_dynamic):
    made = CaseTree()
    made.show_cases((PatientRow("P1", "", ()),))
    return made


def display_panel(_dynamic):
    made = DisplayPanel()
    made.show_state(DisplayState(protocols=("MG 4-up", "MG single"), protocol="MG 4-up", presets=("full range",)))
    return made


def measure_panel_with(selected, *, tool, modality):
    made = MeasurePanel()
    made.offer_tools(modality)
    made.show_reading(replace(reading(), selected=selected), tool=tool, can_undo=True, can_redo=True)
    return made


def non_target_panel():
    made = MeasurePanel()
    found = lesion(timepoint="followup-1", role=LesionRole.NON_TARGET)
    made.show_reading(replace(reading(), findings=(found,), selected="l1"))
    return made


def kinetics_panel(dynamic):
    made = KineticsPanel()
    made.show_phases(phase_choices(dynamic))
    return made


PANELS = {
    "cases": case_tree,
    "display": display_panel,
    "measure calcifications": lambda _: measure_panel_with("a1", tool=ToolName.MARKS, modality=Modality.MG),
    "measure a lesion": lambda _: measure_panel_with("l1", tool=ToolName.BRUSH, modality=Modality.MR),
    "measure a non-target": lambda _: non_target_panel(),
    "kinetics": kinetics_panel,
    "response": lambda _: ResponsePanel(),
}


def by_tab(panel):
    """Controls that Tab reaches in a panel, in its order."""
    found, one = [], panel.nextInFocusChain()
    while one is not panel:
        if one.isVisible() and one.isEnabled() and one.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(one)
        one = one.nextInFocusChain()
    return [one for one in found if panel.isAncestorOf(one)]


def as_read(panel, controls):
    """The same row by row: a control begins a new row where it stands lower than the one before."""
    places = sorted(((one.mapTo(panel, QPoint(0, one.height() // 2)), one) for one in controls), key=lambda p: p[0].y())
    rows = []
    for place, one in places:
        if not rows or place.y() - rows[-1][0][0].y() > ROW_PX:
            rows.append([])
        rows[-1].append((place, one))
    return [one for row in rows for _, one in sorted(row, key=lambda p: p[0].x())]


@pytest.mark.parametrize("name", PANELS)
def test_tab_goes_as_one_reads(name, qtbot, dynamic):
    panel = PANELS[name](dynamic)
    qtbot.addWidget(panel)
    panel.resize(380, 900)
    with qtbot.waitExposed(panel):
        panel.show()
    reached = by_tab(panel)
    assert reached == as_read(panel, reached)
    usable = [one for one in children(panel, *CONTROLS) if one.isVisible() and one.isEnabled()]
    inner = {one for one in usable if any(other.isAncestorOf(one) for other in usable)}
    assert {one.accessibleName() or one.text() for one in set(usable) - inner - set(reached)} == set()
