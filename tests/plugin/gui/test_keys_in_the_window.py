"""Keys in the window of a reading: every one arrives, and none takes anything away that it should not."""

from __future__ import annotations

import time

import pytest
from qtpy.QtWidgets import QApplication

from napari_calcmeasure.keys import BLOCKED, SHORTCUTS
from napari_calcmeasure.widgets.dialogs import KeySheet
from napari_calcmeasure.widgets.keyboard import bind
from plugin.gui.mouse import pump

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.timeout(600)]


OF_THE_WINDOW = ("?", "Tab", "Shift-Tab")
"""Keys that Qt keeps from napari, or that napari has no name for."""


def test_keys(sit_down, patients, tmp_path):
    reader = sit_down(patients, tmp_path / "m.sqlite")
    reader.press("E")
    reader.drag(reader.panel("R-CC"), (300, 500), (420, 600))
    layers = list(reader.viewer.layers)
    for key in (*BLOCKED, "3"):
        reader.hand.key(key.replace("Control-Alt-T", "Control-T"))
    reader.settle()
    assert list(reader.viewer.layers) == layers
    assert len(reader.reading.findings) == 1
    reader.press("Delete", "Delete", "Backspace")
    assert not reader.reading.findings
    assert list(reader.viewer.layers) == layers
    reader.press("Control-Z")
    assert len(reader.reading.findings) == 1
    reader.press("Control-Y")
    assert not reader.reading.findings
    assert list(reader.viewer.layers) == layers
    check_window_keys(reader)
    check_every_key(reader)


def check_window_keys(reader):
    """Tab steps through the images on the canvas, and through the controls elsewhere; the sheet opens everywhere."""
    reader.canvas.setFocus()
    reader.press(".", ",")
    hung = reader.session.look
    looks = [look for look in reader.session.looks if look.protocol == "MG single"]
    for key, look in (("Tab", looks[0]), ("Tab", looks[1]), ("Shift-Tab", looks[0])):
        reader.press(key)
        assert reader.session.look == look, key
    controls = [reader.room.cases.tree, reader.room.display.protocol, reader.room.response.table]
    for place in (reader.canvas, *controls):
        place.setFocus()
        reader.hand.key("?")
        reader.wait_until(lambda: sheets(reader), "the sheet of keys")
        (sheet,) = sheets(reader)
        reader.hand.focus(sheet)
        reader.hand.key("Escape")
        reader.wait_until(lambda: not sheets(reader), "the sheet closed")
        reader.hand.focus(reader.window)
        before = reader.session.look
        if place is not reader.canvas:
            place.setFocus()
            reader.press("Tab")
            assert reader.session.look == before
            assert QApplication.focusWidget() is not place
    reader.session.hang(hung)
    reader.settle()


def sheets(reader):
    return [one for one in reader.window.findChildren(KeySheet) if one.isVisible()]


def check_every_key(reader):
    """On the canvas and after clicks in panels; what is called is noted instead of done."""
    called = []
    reader.room.keyboard.release()
    actions = {name: (lambda *_down, name=name: called.append(name)) for name in reader.room.actions_by_name}
    keyboard = bind(reader.viewer, actions)
    places = {"canvas": reader.canvas, "tool": reader.room.measure.tools["caliper"], "tree": reader.room.cases.tree}
    for place, widget in places.items():
        if place != "canvas":
            reader.push(widget)
        else:
            widget.setFocus()
        for one in SHORTCUTS:
            for key in one.keys:
                is_of_lists = place == "tree" and key.split("-")[-1] in ("Up", "Down", "Space")
                if key in OF_THE_WINDOW or is_of_lists:
                    continue
                called.clear()
                reader.hand.key(key)
                until = time.monotonic() + 2
                while not called and time.monotonic() < until:
                    pump()
                assert called[:1] == [one.action], (place, key, called, QApplication.focusWidget())
    keyboard.release()
