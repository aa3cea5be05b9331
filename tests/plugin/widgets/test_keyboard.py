"""Keys in a real window: the ones Qt would keep to itself, and layers added by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLineEdit, QOpenGLWidget, QPushButton, QVBoxLayout, QWidget

from napari_calcmeasure.keys import SHORTCUTS
from napari_calcmeasure.widgets.keyboard import bind, catch_window_keys

pytestmark = pytest.mark.gui


class Window:
    """A napari window with a panel of ours and all keys bound."""

    def __init__(self, viewer, qtbot):
        self.viewer, self.qtbot, self.done = viewer, qtbot, []
        self.panel = QWidget()
        layout = QVBoxLayout(self.panel)
        self.line, self.button = QLineEdit(), QPushButton("b")
        layout.addWidget(self.line)
        layout.addWidget(self.button)
        viewer.window.add_dock_widget(self.panel)
        viewer.add_image(np.zeros((8, 8)))
        actions = {one.action: self._action(one.action) for one in SHORTCUTS}
        bind(viewer, actions)
        catch_window_keys(self.panel.window(), actions)
        (self.canvas, *_) = self.panel.window().findChildren(QOpenGLWidget)
        self.panel.window().activateWindow()
        qtbot.wait(50)

    def _action(self, name):
        return lambda *down: self.done.append((name, *down))

    def press(self, target, key, modifier=Qt.KeyboardModifier.NoModifier):
        target.setFocus()
        QApplication.processEvents()
        self.done.clear()
        self.qtbot.keyClick(target, key, modifier)
        QApplication.processEvents()
        return self.done


@pytest.fixture
def window(make_napari_viewer, qtbot):
    return Window(make_napari_viewer(show=True), qtbot)


def test_keys_on_the_canvas(window):
    key, shift, control = Qt.Key, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    cases = [
        (key.Key_Tab, Qt.KeyboardModifier.NoModifier, "next_view"),
        (key.Key_Backtab, shift, "previous_view"),
        (key.Key_Slash, Qt.KeyboardModifier.NoModifier, "help"),
        (key.Key_Return, Qt.KeyboardModifier.NoModifier, "finish"),
        (key.Key_Enter, Qt.KeyboardModifier.KeypadModifier, "finish"),
        (key.Key_Return, control, "sign"),
        (key.Key_Z, control | shift, "redo"),
        (key.Key_P, shift, "prior_marks"),
        (key.Key_Up, shift, "larger"),
        (key.Key_PageDown, shift, "next_item"),
        (key.Key_BracketRight, Qt.KeyboardModifier.NoModifier, "next_phase"),
        (key.Key_F3, Qt.KeyboardModifier.NoModifier, "window_3"),
        (key.Key_1, Qt.KeyboardModifier.NoModifier, "original_pixels"),
    ]
    for pressed, modifier, action in cases:
        assert window.press(window.canvas, pressed, modifier) == [(action,)], action


def test_a_held_key_on_the_canvas(window):
    assert window.press(window.canvas, Qt.Key.Key_M) == [("hide_marks", True), ("hide_marks", False)]


@pytest.mark.parametrize("place", ["canvas", "button"])
def test_the_question_mark_opens_the_sheet_from_anywhere(window, place):
    assert window.press(getattr(window, place), Qt.Key.Key_Question, Qt.KeyboardModifier.ShiftModifier) == [("help",)]


def test_typing_in_a_field_is_typing(window):
    window.line.setFocus()
    window.qtbot.keyClicks(window.line, "e?3")
    assert window.line.text() == "e?3"
    assert window.done == []


def test_tab_moves_through_controls(window):
    assert window.press(window.line, Qt.Key.Key_Tab) == []
    assert QApplication.focusWidget() is not window.line


def test_keys_a_control_does_not_want_reach_the_reading(window):
    assert window.press(window.button, Qt.Key.Key_PageDown) == [("next_patient",)]


def test_the_third_key_keeps_shapes_of_napari_too(window):
    layer = window.viewer.add_shapes([[[1, 1], [4, 4]]], shape_type="line")
    layer.selected_data = {0}
    for key in (Qt.Key.Key_3, Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        window.press(window.canvas, key)
        assert len(layer.data) == 1
    assert layer in window.viewer.layers
