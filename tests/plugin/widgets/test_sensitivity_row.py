"""The slider of an automatic search: named operating points, by keyboard as well, told only when the hand moves it."""

from __future__ import annotations

import pytest

pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from calcmeasure.detect.calcifications.operating_points import OPERATING_POINTS
from calcmeasure.terms import MarkLabel
from napari_calcmeasure.display.labelled_marks import left_out_words
from napari_calcmeasure.widgets.sensitivity_row import SensitivityRow, nearest_point

POINTS = [point.false_marks for point in OPERATING_POINTS]


@pytest.fixture
def row(qtbot):
    made = SensitivityRow()
    qtbot.addWidget(made)
    return made


def test_it_is_hidden_until_an_image_was_searched(row):
    row.show_point(None)
    assert row.isHidden()
    row.show_point(1.0)
    assert not row.isHidden()
    assert row.slider.value() == POINTS.index(1.0)


def test_showing_a_point_is_not_telling_it(row, qtbot):
    with qtbot.assertNotEmitted(row.moved):
        for point in POINTS:
            row.show_point(point)


def test_keys_step_through_the_named_points(row, qtbot):
    row.show_point(1.0)
    row.show()
    row.slider.setFocus()
    with qtbot.waitSignal(row.moved) as told:
        qtbot.keyClick(row.slider, Qt.Key.Key_Right)
    assert told.args == [POINTS[POINTS.index(1.0) + 1]]


def test_it_says_what_it_is(row):
    assert row.slider.accessibleName() == "Sensitivity of the search"
    assert "false marks per image" in row.slider.toolTip()
    assert row.slider.focusPolicy() == Qt.FocusPolicy.TabFocus


@pytest.mark.parametrize(("asked", "nearest"), [(0.01, 0), (0.1, 0), (0.9, 2), (50.0, len(POINTS) - 1)])
def test_any_number_has_a_nearest_point(asked, nearest):
    assert nearest_point(asked) == nearest


def test_what_was_left_out_is_said_below(row):
    row.show_point(1.0, left_out=left_out_words([MarkLabel.SCATTERED]))
    assert [one.text() for one in row.findChildren(QLabel) if "scattered" in one.text()] == [
        "Not measured: × scattered 1"
    ]
    row.show_point(1.0)
    assert not any("scattered" in one.text() for one in row.findChildren(QLabel))
