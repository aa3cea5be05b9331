"""The case tree shows plain rows in words and symbols and tells what was chosen."""

from __future__ import annotations

import pytest

pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_calcmeasure.widgets.case_tree import CaseTree, ItemRow, PatientRow, VisitRow, patient_words, progress_words

pytestmark = pytest.mark.gui


def patient(name="P1", *, n_signed=2, n_waiting=1, is_signed=False):
    views = (ItemRow(f"{name}/R-CC", "R-CC"), ItemRow(f"{name}/R-MLO", "R-MLO"))
    mammograms = ItemRow(f"{name}/MG", "Mammograms", "R-CC R-MLO", n_signed, n_waiting, ("At detector.",), views)
    dynamic = ItemRow(f"{name}/MR", "Dynamic MR", "early phase 1, 94 s")
    visit = VisitRow("baseline", "2021-03-04", (mammograms, dynamic))
    return PatientRow(name, f"ID-{name}", (visit,), is_signed)


@pytest.fixture
def tree(qtbot):
    made = CaseTree()
    qtbot.addWidget(made)
    made.resize(420, 500)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def chosen(tree):
    keys = []
    tree.chosen.connect(keys.append)
    return keys


def texts(tree):
    return [tuple(row.text(column) for column in range(3)) for row in tree._rows()]


def row(tree, title):
    return next(one for one in tree._rows() if one.text(0) == title)


@pytest.mark.parametrize(
    ("signed", "waiting", "words"),
    [(0, 0, ""), (2, 1, "○ 1 unsigned"), (0, 1, "○ 1 unsigned"), (2, 0, "✓ 2 signed")],
)
def test_progress_in_words(signed, waiting, words):
    assert progress_words(signed, waiting) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "○ 1 unsigned"),
        ({"n_waiting": 0}, "✓ 2 signed"),
        ({"n_waiting": 0, "is_signed": True}, "✓ signed"),
        ({"is_signed": True}, "○ 1 unsigned"),
        ({"n_signed": 0, "n_waiting": 0}, "not read"),
    ],
)
def test_patients_in_words(changes, words):
    assert patient_words(patient(**changes)) == words


def test_rows(tree):
    assert tree.empty.isVisible()
    tree.show_cases((patient(), patient("P2", n_waiting=0)))
    assert not tree.empty.isVisible()
    found = texts(tree)
    assert ("P1", "ID-P1", "○ 1 unsigned") in found
    assert ("baseline", "2021-03-04", "") in found
    assert ("Dynamic MR", "early phase 1, 94 s", "") in found
    assert row(tree, "Mammograms").toolTip(1) == "At detector."
    assert not row(tree, "Mammograms").isExpanded()
    assert row(tree, "P1").isExpanded()


def test_a_click_tells_the_item(tree, chosen, qtbot):
    tree.show_cases((patient(),))
    spot = tree.tree.visualItemRect(row(tree, "Dynamic MR")).center()
    qtbot.mouseClick(tree.tree.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert chosen == ["P1/MR"]


@pytest.mark.parametrize("title", ["P1", "baseline"])
def test_a_patient_stands_for_its_first_item(title, tree, chosen, qtbot):
    tree.show_cases((patient(),))
    tree.tree.setCurrentItem(row(tree, title))
    qtbot.keyClick(tree.tree, Qt.Key.Key_Return)
    assert chosen == ["P1/MG"]


def test_showing_again_keeps_the_place(tree, chosen):
    tree.show_cases((patient(), patient("P2")))
    tree.select("P2/R-CC")
    row(tree, "P1").setExpanded(False)
    tree.show_cases((patient(n_waiting=0), patient("P2")))
    assert tree.current == "P2/R-CC"
    assert not row(tree, "P1").isExpanded()
    assert row(tree, "P2").isExpanded()
    assert chosen == []


def test_blinded_and_shuffled_are_said_and_hide_the_id(tree):
    tree.show_cases((patient(),), is_blinded=True, seed=7)
    assert "Blinded" in tree.badge.text()
    assert "seed 7" in tree.badge.text()
    assert not any("ID-P1" in text for line in texts(tree) for text in line)
    tree.show_cases((patient(),))
    assert not tree.badge.isVisible()


def test_letters_and_page_keys_are_left_to_the_reading(tree, qtbot):
    tree.show_cases((patient(), patient("P2")))
    tree.select("P1/MR")
    for key in (Qt.Key.Key_P, Qt.Key.Key_PageDown, Qt.Key.Key_D):
        qtbot.keyClick(tree.tree, key)
    assert tree.current == "P1/MR"
    qtbot.keyClick(tree.tree, Qt.Key.Key_Up)
    assert tree.current == "P1/MG"


def test_steps_to_the_next_patient(tree, qtbot):
    done = []
    tree.action.connect(done.append)
    for button in tree.findChildren(QPushButton):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == ["previous_patient", "next_patient"]


def test_a_long_list_is_shown_at_once(tree):
    import time

    begun = time.process_time()
    tree.show_cases(tuple(patient(f"P{n}") for n in range(300)))
    assert time.process_time() - begun < 5.0, "rows are laid out one by one"
