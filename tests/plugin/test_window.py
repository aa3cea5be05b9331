"""The window on a real (or virtual) screen: pictures are taken and looked into."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QLabel, QMenuBar, QOpenGLWidget
from skimage.io import imread

from calcmeasure.errors import CalcMeasureError, ErrorCode, OutputError
from napari_calcmeasure.reading.preferences import remember
from napari_calcmeasure.reading.setup import ReadingSetup, own_store, records_of
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.widgets import entrance, window

MOST_TABS = 200
needs_screen = pytest.mark.skipif(
    sys.platform.startswith("linux") and not os.environ.get("DISPLAY"), reason="no screen and no Xvfb"
)


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Nothing of this computer's user is read or written."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def opened(make_napari_viewer, cohort, tmp_path, monkeypatch):
    """A window on the cohort, made by the same function as the command line's."""
    monkeypatch.setattr("napari.Viewer", lambda **_options: make_napari_viewer(show=True))
    setup = ReadingSetup(tmp_path / "measurements.sqlite", "mk", shows_ids=False)
    viewer, room = window.build_window(cohort, setup=setup)
    window.settle(room)
    return viewer, room


@pytest.mark.gui
@needs_screen
def test_the_picture_of_the_window_is_not_black(opened, tmp_path):
    viewer, room = opened
    window.save_window(viewer, room, tmp_path / "deep" / "window.png")
    whole = imread(tmp_path / "deep" / "window.png")[..., :3]
    canvas = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    assert whole.shape[1] >= 1200
    assert canvas.mean() > 3
    # Chest walls meet in the middle: as much tissue on the left of the canvas as on the right.
    left, right = np.array_split(canvas.max(axis=2) > 60, 2, axis=1)
    assert left.sum() == pytest.approx(right.sum(), rel=0.25)


@pytest.mark.gui
@needs_screen
def test_nothing_in_the_window_names_the_patient(opened, cohort):
    viewer, room = opened
    from napari.settings import get_settings

    texts = [layer.name for layer in viewer.layers] + [str(layer.metadata.keys()) for layer in viewer.layers]
    rows = room.cases.tree
    texts += [rows.topLevelItem(n).text(column) for n in range(rows.topLevelItemCount()) for column in range(3)]
    texts += [viewer.title, viewer.canvas.overlays.text.text, room.status.sentence.text()]
    assert not any("SECRET" in text or "Roe" in text for text in texts)
    history = get_settings().application
    assert not any(str(cohort) in path for path in (*history.open_history, *history.save_history))


def letters_of(window):
    """Letter that acts together with Alt, to the words it stands in: of menus, captions and buttons."""
    texts = [action.text() for bar in window.findChildren(QMenuBar) for action in bar.actions()]
    texts += [one.text() for one in window.findChildren(QLabel) if one.buddy() is not None]
    texts += [one.text() for one in window.findChildren(QAbstractButton)]
    letters = [(match.group(1).upper(), text) for text in texts for match in re.finditer(r"&(\w)", text)]
    return {letter: sorted(text for one, text in letters if one == letter) for letter, _ in letters}


@pytest.mark.gui
@needs_screen
def test_letters_are_given_once(opened):
    _viewer, room = opened
    letters = letters_of(room.window())
    assert set("FVWH") | set("NOIGDERMBKSTACUY") <= set(letters)
    assert {letter: texts for letter, texts in letters.items() if len(texts) > 1} == {}


@pytest.mark.gui
@needs_screen
def test_tab_leads_through_the_window(opened):
    """On the canvas it steps through the images instead; Shift and Tab lead back to it from what comes after."""
    _viewer, room = opened
    tree, canvas = room.cases.tree, room.window().findChild(QOpenGLWidget)
    navigate, entries, table = room.measure.tools[ToolName.NAVIGATE], room.measure.entries, room.response.table
    places = [tree, room.display.protocol, canvas, navigate, entries, table]
    assert walked(tree, Qt.Key.Key_Tab, among=places, until=canvas) == places[1:3]
    assert walked(navigate, Qt.Key.Key_Tab, among=places, until=tree) == [entries, table, tree]
    assert walked(navigate, Qt.Key.Key_Backtab, among=places, until=canvas) == [canvas]


def walked(start, key, *, among, until):
    """Press a key until a widget has the focus; those on the way. The chain of widgets itself must not be asked for:
    PySide6 keeps each widget for ever whose successor was."""
    start.setFocus()
    reached = []
    while not reached or reached[-1] is not until:
        QTest.keyClick(start.window().focusWidget(), key)
        reached.append(start.window().focusWidget())
        assert len(reached) < MOST_TABS, "the focus stays where it is"
    return [one for one in reached if one in among]


@pytest.mark.gui
@needs_screen
def test_looks_change_between_one_canvas_and_a_grid(opened):
    """That has crashed the drawing before."""
    _viewer, room = opened
    room.session.show("P1/followup-1/MG")
    window.settle(room)
    by_protocol = {look.protocol: look for look in room.session.looks}
    for protocol in ("MG compare", "MG current over prior", "MG compare", "MG flicker"):
        room.session.hang(by_protocol[protocol])
        window.settle(room)
        assert room.stage.canvas.hanging.protocol == protocol
    for key, count in (("P1/baseline/MR/0", 3), ("P1/baseline/MG", 4)):
        room.session.show(key)
        window.settle(room)
        assert len(room.stage.canvas.visible_panels) == count


@pytest.mark.gui
@needs_screen
def test_a_window_that_closes_while_pictures_are_hung_leaves_them(opened):
    viewer, room = opened
    room.session.show("P1/baseline/MR/0")
    while not room.stage.is_hanging:
        QApplication.processEvents()
    for _ in range(3):
        QApplication.processEvents()
    assert room.stage.is_hanging
    viewer.close()
    assert not room.stage.is_hanging
    QApplication.processEvents()


@pytest.mark.gui
@needs_screen
def test_napari_opens_the_room_from_its_menu(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    _, room = viewer.window.add_plugin_dock_widget("calcmeasure", "Reading room")
    assert room.session.readings.records.store == own_store()
    assert room.cases.empty.isVisibleTo(room)


def test_a_folder_that_cannot_be_made_is_said_and_one_can_still_look(tmp_path, monkeypatch):
    (tmp_path / "data").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        records_of(ReadingSetup())
    readings = entrance.usual_readings()
    assert readings.records is None
    assert readings.message.startswith("⚠ the file cannot be written")
    assert readings.message.endswith(f"[{caught.value.code}]")


def test_criteria_are_remembered_beside_the_reader():
    usual = entrance.usual_criteria()
    remember(reader="mk")
    remember(criteria=("recist-1.1", "irecist", "no-longer-there"))
    assert entrance.usual_criteria() == ("recist-1.1", "irecist")
    assert len(usual) == 3


def test_without_a_screen_a_window_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(window, "_has_screen", lambda: False)
    with pytest.raises(CalcMeasureError, match="--screenshot") as caught:
        window.open_viewer(None)
    assert caught.value.code is ErrorCode.NO_SCREEN
    monkeypatch.setattr(window.shutil, "which", lambda _name: None)
    with pytest.raises(CalcMeasureError, match="apt-get install xvfb"):
        window.open_viewer(None, screenshot=window.Path("x.png"))


@pytest.mark.slow
@pytest.mark.skipif(window.shutil.which("xvfb-run") is None, reason="xvfb-run is not installed")
def test_a_screenshot_starts_its_own_screen(cohort, tmp_path):
    """`calcmeasure view FOLDER --screenshot PNG` on a machine without a screen."""
    picture = tmp_path / "window.png"
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-m", "calcmeasure", "view", str(cohort), "--blinded", "--screenshot", str(picture)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert imread(picture)[..., :3].mean() > 10
