"""The window on a real (or virtual) screen: pictures are taken and looked into, clicks are Qt's own."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from qtpy.QtCore import Qt
from skimage.io import imread

from calcmeasure.errors import CalcMeasureError, ErrorCode
from napari_calcmeasure.widgets import window
from napari_calcmeasure.widgets.case_list import CaseListWidget

needs_screen = pytest.mark.skipif(
    sys.platform.startswith("linux") and not os.environ.get("DISPLAY"), reason="no screen and no Xvfb"
)
pytestmark = pytest.mark.gui


@pytest.fixture
def docked(make_napari_viewer, cohort):
    """A window with the case list open on the cohort."""
    viewer = make_napari_viewer(show=True)
    widget = CaseListWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Case list", area="right")
    viewer.window.resize(1000, 700)
    assert widget.open_folder(cohort)
    return viewer, widget


def row_of(widget, title, *, patient="P1"):
    for row in widget.tree.findItems(title, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive):
        top = row
        while top.parent() is not None:
            top = top.parent()
        if top.text(0) == patient:
            return row
    raise LookupError(title)


def click(qtbot, widget, row):
    parent = row.parent()
    while parent is not None:
        parent.setExpanded(True)
        parent = parent.parent()
    widget.tree.scrollToItem(row)
    spot = widget.tree.visualItemRect(row).center()
    qtbot.mouseClick(widget.tree.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def images(viewer):
    return [layer.name for layer in viewer.layers if hasattr(layer, "contrast_limits")]


@needs_screen
def test_clicks_and_buttons_show_images(qtbot, docked):
    viewer, widget = docked
    assert len(images(viewer)) == 4
    click(qtbot, widget, row_of(widget, "Dynamic MR"))
    assert images(viewer) == ["P1 DCE phases baseline", "P1 DCE early − pre baseline"]
    assert viewer.dims.current_step[0] == 1
    assert "85.0 s after injection" in widget.details.text()
    click(qtbot, widget, row_of(widget, "L-MLO"))
    assert images(viewer) == ["P1 L-MLO baseline"]
    click(qtbot, widget, row_of(widget, "P2", patient="P2"))
    assert widget.session.shown.key == "P2/baseline/MG"
    assert widget.tree.currentItem().text(0) == "Mammograms"


@needs_screen
def test_the_picture_of_the_window_is_not_black(docked, tmp_path):
    viewer, _widget = docked
    window.save_window(viewer, tmp_path / "deep" / "window.png")
    whole = imread(tmp_path / "deep" / "window.png")[..., :3]
    canvas = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    assert whole.shape[1] >= 900
    assert canvas.mean() > 5
    assert (canvas.max(axis=2) > 100).mean() > 0.02
    # Chest walls meet in the middle: as much tissue on the left of the canvas as on the right.
    left, right = np.array_split(canvas.max(axis=2) > 60, 2, axis=1)
    assert left.sum() == pytest.approx(right.sum(), rel=0.2)


@needs_screen
def test_keys_walk_through_patients(qtbot, docked):
    viewer, widget = docked
    for key, shown in (("PageDown", "P2/baseline/MG"), ("PageUp", "P1/baseline/MG"), (".", "P1/baseline/MR/0")):
        binding = next(action for pattern, action in viewer.keymap.items() if str(pattern) == key)
        binding(viewer)
        assert widget.session.shown.key == shown


@needs_screen
def test_errors_are_sentences_in_the_list(docked, tmp_path):
    _, widget = docked
    assert not widget.open_folder(tmp_path)
    assert widget.details.text().startswith("⚠ no mammogram or dynamic MR")
    assert "E_NOT_DICOM" in widget.details.text()
    assert not widget.open_results(tmp_path)
    assert "E_STORE" in widget.details.text()


@needs_screen
def test_napari_opens_the_widget_from_its_menu(make_napari_viewer):
    viewer = make_napari_viewer()
    _, widget = viewer.window.add_plugin_dock_widget("calcmeasure", "Case list")
    assert isinstance(widget, CaseListWidget)


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
    command = [sys.executable, "-m", "calcmeasure", "view", str(cohort), "--screenshot", str(picture)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert imread(picture)[..., :3].mean() > 10
