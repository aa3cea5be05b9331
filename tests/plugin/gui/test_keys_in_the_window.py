"""Keys in the window of a reading: every one arrives, and none takes anything away that it should not."""

from __future__ import annotations

import time

import pytest
from qtpy.QtWidgets import QApplication

from napari_calcmeasure.keys import BLOCKED, SHORTCUTS
from napari_calcmeasure.widgets.keyboard import bind
from plugin.gui.mouse import pump

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.timeout(600)]


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
    check_every_key(reader)


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
                if key in ("?", "Tab", "Shift-Tab") or (
                    place == "tree" and key.split("-")[-1] in ("Up", "Down", "Space")
                ):
                    continue
                called.clear()
                reader.hand.key(key)
                until = time.monotonic() + 2
                while not called and time.monotonic() < until:
                    pump()
                assert called[:1] == [one.action], (place, key, called, QApplication.focusWidget())
    keyboard.release()
