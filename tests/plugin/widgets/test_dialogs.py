"""Questions by keyboard alone, and the values they answer with."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QTextBrowser

from calcmeasure.terms import Flag, LesionRelation
from napari_calcmeasure.keys import SHORTCUTS
from napari_calcmeasure.widgets import dialogs
from napari_calcmeasure.widgets.dialogs import KeySheet, NotMeasurableDialog, ReaderDialog, ReasonDialog
from napari_calcmeasure.widgets.export_dialog import ExportAnswer, ExportDialog, folder_problem
from napari_calcmeasure.widgets.link_dialog import EarlierLesion, LinkAnswer, LinkDialog, link_problem
from napari_calcmeasure.widgets.restore_dialog import DraftAnswer, DraftRow, RestoreDialog, age_words
from plugin.widgets.pictures import children

pytestmark = pytest.mark.gui

EARLIER = (EarlierLesion("R-C1", "baseline", 44.3, "CC"), EarlierLesion("R-C2", "baseline", None))
DRAFTS = (DraftRow("a", "P1", 60.0, 3), DraftRow("b", "P4", 86400.0, 1))
ALL = {
    "reader": ReaderDialog,
    "reason": lambda: ReasonDialog(("R-C1: 44.3 → 41.0 mm",)),
    "not-measurable": NotMeasurableDialog,
    "link": lambda: LinkDialog("R-C3", EARLIER),
    "export": lambda: ExportDialog(Path("/")),
    "restore": lambda: RestoreDialog(DRAFTS),
    "keys": KeySheet,
}


@pytest.fixture
def open_dialog(qtbot):
    def show(dialog):
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        return dialog

    return show


@pytest.mark.parametrize("name", ALL)
def test_every_control_is_named_reachable_and_large_enough(name, open_dialog):
    dialog = open_dialog(ALL[name]())
    assert dialog.accessibleName()
    assert dialog.width() <= 560
    for control in children(dialog, QAbstractButton, QComboBox, QLineEdit, QTextBrowser):
        if control.isVisible() and control.objectName() != "qt_toolbar_ext_button":
            inside_combo = isinstance(control.parent(), QComboBox)
            assert control.accessibleName() or isinstance(control, QAbstractButton) or inside_combo
            assert isinstance(control, QAbstractButton) is False or control.text()
            assert inside_combo or control.height() >= 24, control
            assert inside_combo or control.focusPolicy() & Qt.FocusPolicy.TabFocus


@pytest.mark.parametrize("name", [name for name in ALL if name != "keys"])
def test_escape_answers_nothing(name, open_dialog, qtbot):
    dialog = open_dialog(ALL[name]())
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert dialog.result() == 0


@pytest.mark.parametrize(
    ("reader", "is_good"),
    [("mk", True), ("reader_2.b-x", True), ("a" * 32, True), ("a" * 33, False), ("", False), ("auto", False),
     ("Dr. M", False), ("-x", False), ("müller", False), ("../x", False), ("a\n", False)],
)  # fmt: skip
def test_reader_ids(reader, is_good):
    assert (dialogs.reader_problem(reader) == "") is is_good


def test_a_reader_types_an_id(open_dialog, qtbot):
    dialog = open_dialog(ReaderDialog())
    assert dialog.answer is None
    assert not dialog.accept_button.isEnabled()
    assert not dialog.problem.isVisible()
    qtbot.keyClicks(dialog.field, "m k")
    assert dialog.problem.isVisible()
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    dialog.field.setText(" mk ")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert (dialog.answer, dialog.result()) == ("mk", 1)


def test_a_reason_by_one_chord_or_in_own_words(open_dialog, qtbot):
    dialog = open_dialog(ReasonDialog(("a", "b")))
    assert dialog.answer is None
    assert not dialog.accept_button.isEnabled()
    dialog.choices[1].click()
    assert dialog.answer == dialogs.REASONS[1]
    dialog.field.clear()
    qtbot.keyClicks(dialog.field, "  x ")
    assert dialog.answer is None
    qtbot.keyClicks(dialog.field, "yz")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert (dialog.answer, dialog.result()) == ("x yz", 1)
    assert dialogs.reason_problem("x" * 201)


@pytest.mark.parametrize(("key", "flag"), list(zip("12345", (flag for flag, _ in dialogs.NOT_MEASURABLE), strict=True)))
def test_a_digit_says_why_not(key, flag, open_dialog, qtbot):
    dialog = open_dialog(NotMeasurableDialog())
    qtbot.keyClicks(dialog, "9")
    assert dialog.isVisible()
    qtbot.keyClicks(dialog, key)
    assert (dialog.answer, dialog.result()) == (flag, 1)


def test_the_reasons_are_the_readers_own_flags():
    assert {flag for flag, _ in dialogs.NOT_MEASURABLE} == {
        Flag.MOTION_BLUR, Flag.CUT_OFF, Flag.HIDDEN, Flag.EDGES_UNCLEAR, Flag.TOO_SMALL_TO_MEASURE
    }  # fmt: skip


def test_the_sheet_shows_every_action(open_dialog):
    sheet = open_dialog(KeySheet())
    text = sheet.findChild(QTextBrowser).toPlainText()
    assert all(one.words in text for one in SHORTCUTS)


# -- earlier lesions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "relation", "lesions"),
    [
        ("\r", LesionRelation.SAME, ("R-C1",)),
        ("2", LesionRelation.SAME, ("R-C2",)),
        ("n", LesionRelation.NEW, ()),
        ("p2\r", LesionRelation.SPLIT, ("R-C2",)),
        ("m2\r", LesionRelation.MERGED, ("R-C1", "R-C2")),
        ("m2s2", LesionRelation.SAME, ("R-C2",)),
        ("g\r", LesionRelation.GONE, ("R-C1",)),
    ],
)
def test_links_by_keyboard(typed, relation, lesions, open_dialog, qtbot):
    dialog = open_dialog(LinkDialog("R-C3", EARLIER))
    for key in typed:
        qtbot.keyClick(dialog, Qt.Key.Key_Return) if key == "\r" else qtbot.keyClicks(dialog, key)
    assert dialog.answer == LinkAnswer(relation, lesions)
    assert dialog.result() == 1


def test_one_lesion_does_not_merge(open_dialog, qtbot):
    dialog = open_dialog(LinkDialog("R-C3", EARLIER))
    qtbot.keyClicks(dialog, "m")
    assert dialog.answer is None
    assert not dialog.accept_button.isEnabled()
    assert "two" in dialog.problem.text()


def test_without_anything_earlier_it_is_new(open_dialog, qtbot):
    dialog = open_dialog(LinkDialog("R-C1", ()))
    assert not dialog.relations[LesionRelation.SAME].isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.answer == LinkAnswer(LesionRelation.NEW, ())


@pytest.mark.parametrize(
    ("stated", "proposed"),
    [
        (LinkAnswer(LesionRelation.SPLIT, ("R-C2",)), LinkAnswer(LesionRelation.SPLIT, ("R-C2",))),
        (LinkAnswer(LesionRelation.MERGED, ("R-C1", "R-C2")), LinkAnswer(LesionRelation.MERGED, ("R-C1", "R-C2"))),
        (LinkAnswer(LesionRelation.NEW, ()), LinkAnswer(LesionRelation.NEW, ())),
        (LinkAnswer(LesionRelation.SAME, ("no longer there",)), LinkAnswer(LesionRelation.SAME, ("R-C1",))),
    ],
)
def test_what_was_stated_before_is_proposed_again(stated, proposed, open_dialog):
    assert open_dialog(LinkDialog("R-C3", EARLIER, stated=stated)).answer == proposed


@pytest.mark.parametrize("relation", LesionRelation)
def test_statements_that_make_sense(relation):
    fits = {LesionRelation.MERGED: {2}, LesionRelation.NEW: {0, 1, 2}}.get(relation, {1})
    assert {n for n in range(3) if not link_problem(relation, ["x"] * n)} == fits


# -- export and drafts -------------------------------------------------------------------------------------------------


def test_export(open_dialog, qtbot, tmp_path):
    dialog = open_dialog(ExportDialog())
    assert dialog.answer is None
    qtbot.keyClicks(dialog.field, str(tmp_path / "new"))
    assert dialog.answer == ExportAnswer(this_patient=True, folder=tmp_path / "new", include_unsigned=False)
    dialog.all_patients.click()
    dialog.unsigned.click()
    assert dialog.answer == ExportAnswer(this_patient=False, folder=tmp_path / "new", include_unsigned=True)


def test_folders_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert folder_problem(str(tmp_path)) == ""
    assert all(folder_problem(str(path)) for path in ("", tmp_path / "file", tmp_path / "a" / "b"))


@pytest.mark.parametrize(
    ("press", "first", "second"),
    [("accept", "restore", "keep"), ("reject", "keep", "keep"), ("discard", "discard", "keep")],
)
def test_drafts(press, first, second, open_dialog):
    dialog = open_dialog(RestoreDialog(DRAFTS))
    dialog.boxes[1].click()
    if press == "discard":
        dialog.discard.click()
        assert dialog.isVisible()
        assert "3 findings" in dialog.question.text()
        dialog.discard.click()
    else:
        getattr(dialog, press)()
    assert dialog.answer == {"a": DraftAnswer(first), "b": DraftAnswer(second)}
    assert not dialog.isVisible()


def test_a_discard_is_confirmed_for_what_was_ticked_then(open_dialog):
    dialog = open_dialog(RestoreDialog(DRAFTS))
    dialog.discard.click()
    dialog.boxes[1].click()
    assert not dialog.question.isVisible()
    dialog.discard.click()
    assert dialog.isVisible()
    dialog.boxes[0].click()
    assert not dialog.discard.isEnabled()


@pytest.mark.parametrize(("age_s", "words"), [(0, "just now"), (61, "1 minute ago"), (7200, "2 hours ago"),
                                              (3 * 86400, "3 days ago")])  # fmt: skip
def test_ages(age_s, words):
    assert age_words(age_s) == words
