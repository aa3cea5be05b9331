"""The response panel: cells, drafts, the rule of the selected row, and the way to a finding."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qtpy.QtCore import Qt

from calcmeasure.report.palette import GREEN, PAPER, VERMILION
from calcmeasure.response.criteria import load_profile, profile_names, shipped_names
from calcmeasure.terms import View
from napari_calcmeasure.reading.answers import Answers, answers
from napari_calcmeasure.reading.comparison import Category
from napari_calcmeasure.reading.finding import Finding
from napari_calcmeasure.widgets.response_panel import COLUMNS, EMPTY, TARGET_PX, ResponsePanel
from plugin.reading.courses_of import extent, lesion, reading_of, signed

PROFILES = [load_profile(name) for name in profile_names()]
FINDINGS = (
    signed(extent("a", "baseline", 33.0)),
    signed(extent("b", "baseline", 31.0, view=View.MLO)),
    signed(extent("c", "followup-1", 27.0)),
    lesion("d", "baseline", 30.0),
    lesion("e", "followup-1", 18.0),
)


def ask(*findings: Finding) -> Answers:
    return answers(reading_of(*findings), profiles=PROFILES)


@pytest.fixture
def panel(qtbot) -> ResponsePanel:
    widget = ResponsePanel()
    qtbot.addWidget(widget)
    widget.resize(800, 500)
    return widget


@pytest.fixture
def filled(panel, qtbot) -> ResponsePanel:
    panel.show_answers(ask(*FINDINGS))
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def cells(panel: ResponsePanel, row: int) -> list[str]:
    item = panel.table.topLevelItem(row)
    return [item.text(column) for column in range(panel.table.columnCount())]


def select(panel: ResponsePanel, row: int) -> None:
    panel.table.setCurrentItem(panel.table.topLevelItem(row))


def test_columns_are_the_numbers_and_one_per_profile(filled):
    header = filled.table.headerItem()
    names = [header.text(column) for column in range(filled.table.columnCount())]
    assert names == [*COLUMNS, "paper-2023", "extent-10", "recist-1.1"]


def test_rows_read_as_the_answers(filled):
    assert [cells(filled, row) for row in range(filled.table.topLevelItemCount())] == [
        ["L calcifications", "followup-1", "33.0", "27.0", "−6.0", "−18.2", "▼ decrease", "▼ decrease", ""],
        ["R-L1 · draft", "followup-1", "30.0", "18.0", "−12.0", "−40.0", "▼ PR", "", "▼ PR"],
    ]


def test_drafts_are_italic_and_say_so(filled):
    italics = [filled.table.topLevelItem(row).font(0).italic() for row in (0, 1)]
    assert italics == [False, True]


def test_the_rule_of_the_selected_row_stands_below(filled):
    select(filled, 1)
    assert filled.rule.text().splitlines() == [
        "paper-2023 · PR: 30.0 → 18.0 mm is -40.0 % from baseline (> 30 % decrease)",
        "    would change at ±3 pixels at each end of one line",
        "recist-1.1 · PR: 30.0 → 18.0 mm is -40.0 % from baseline (≥ 30 % decrease)",
        "    would change at ±4 pixels at each end of one line",
    ]
    select(filled, 0)
    assert filled.notes.text().splitlines() == [
        "Baseline: CC 33.0 mm (counts), MLO 31.0 mm",
        "Millimetres: 0.07 × 0.07 mm, at detector",
        "Note: one view only",
        "Missing: MLO not measured at followup-1.",
    ]


def test_a_double_click_and_enter_go_to_the_finding(filled, qtbot):
    row = filled.table.visualItemRect(filled.table.topLevelItem(0)).center()
    qtbot.mouseClick(filled.table.viewport(), Qt.MouseButton.LeftButton, pos=row)
    with qtbot.waitSignal(filled.finding_activated) as went:
        qtbot.mouseDClick(filled.table.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert went.args == ["c"]
    select(filled, 1)
    with qtbot.waitSignal(filled.finding_activated) as went:
        qtbot.keyClick(filled.table, Qt.Key.Key_Return)
    assert went.args == ["e"]


def test_the_selected_row_stays_selected_while_numbers_change(filled):
    select(filled, 1)
    filled.show_answers(ask(*FINDINGS[:4], lesion("e", "followup-1", 19.0)))
    assert filled.table.currentItem().text(0) == "R-L1 · draft"
    assert "30.0 → 19.0 mm" in filled.rule.text()


@pytest.mark.parametrize(("key", "row"), [("e", 1), ("d", 1), ("b", 0), ("c", 0)])
def test_the_row_of_the_selected_finding_is_selected(filled, key, row):
    select(filled, 1 - row)
    filled.follow(key)
    assert filled.table.currentIndex().row() == row
    select(filled, 1 - row)
    filled.follow(key)
    filled.show_answers(ask(*FINDINGS))
    assert filled.table.currentIndex().row() == 1 - row, "what she selects since, stays"


def test_the_row_of_a_finding_is_selected_once_it_is_there(filled):
    filled.show_answers(ask(*FINDINGS[:3]))
    filled.follow("e")
    assert filled.table.currentIndex().row() == 0
    filled.show_answers(ask(*FINDINGS))
    assert filled.table.currentIndex().row() == 1


def test_a_row_tells_which_side_or_lesion_was_selected(filled, qtbot):
    with qtbot.waitSignal(filled.row_selected) as selected:
        select(filled, 1)
    assert selected.args == ["R-L1"]


def test_profiles_are_ticked_in_a_menu(panel, qtbot):
    assert panel.profiles == profile_names()
    extent_10 = panel.criteria.menu().actions()[1]
    with qtbot.waitSignal(panel.profiles_changed) as changed:
        extent_10.trigger()
    assert changed.args == [("paper-2023", "recist-1.1")]
    assert panel.profiles == ("paper-2023", "recist-1.1")


def test_every_profile_that_ships_can_be_ticked(panel, qtbot):
    actions = panel.criteria.menu().actions()
    assert tuple(action.text() for action in actions) == shipped_names()
    assert all(action.toolTip() != action.text() for action in actions)
    with qtbot.waitSignal(panel.profiles_changed) as changed:
        actions[3].trigger()
    assert changed.args == [(*profile_names(), "irecist")]


@pytest.mark.parametrize(
    ("category", "colour"),
    [("iCR", GREEN), ("iUPD", VERMILION), ("iCPD", VERMILION), ("non-CR/non-PD", PAPER), ("of my own", PAPER)],
)
def test_no_category_breaks_the_table(panel, category, colour):
    found = ask(*FINDINGS)
    judged = replace(found.rows[1], categories=(Category("recist-1.1", category, "rule"),))
    panel.show_answers(replace(found, rows=(judged,)))
    item, column = panel.table.topLevelItem(0), len(COLUMNS) + 2
    assert item.text(column)[1:] == f" {category}"
    assert item.foreground(column).color().name() == colour


def test_only_the_profiles_asked_for_have_a_column(panel):
    panel.show_answers(answers(reading_of(*FINDINGS), profiles=PROFILES[2:]))
    assert cells(panel, 1)[len(COLUMNS) :] == ["▼ PR"]
    assert panel.table.columnCount() == len(COLUMNS) + 1


def test_nothing_measured_is_said(panel):
    panel.show_answers(ask(*FINDINGS))
    panel.show_answers(ask())
    assert (panel.table.topLevelItemCount(), panel.rule.text(), panel.notes.text()) == (0, EMPTY, "")


def test_what_does_not_count_yet_is_said(panel):
    panel.show_answers(ask(lesion("a", "baseline", 30.0, points=((7.0, 1.0, 1.0),))))
    assert panel.rule.text().startswith("R-L1 does not count yet")


def test_it_can_be_read_aloud_and_hit(filled):
    named = (filled.table, filled.rule, filled.notes, filled.criteria)
    assert all(widget.accessibleName() for widget in named)
    assert filled.table.toolTip()
    assert filled.criteria.toolTip()
    heights = [filled.table.visualItemRect(filled.table.topLevelItem(row)).height() for row in (0, 1)]
    assert min(*heights, filled.criteria.height()) >= TARGET_PX


def test_no_text_is_cut(filled):
    for column in range(filled.table.columnCount()):
        assert filled.table.columnWidth(column) >= filled.table.sizeHintForColumn(column)
