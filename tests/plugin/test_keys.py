"""Keys on a real viewer model with napari's own key handler: ours arrive, and what deletes or rearranges does not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import KeymapHandler, coerce_keybinding
from napari.utils.shortcuts import default_shortcuts

from napari_calcmeasure import keys
from napari_calcmeasure.keys import BLOCKED, SHORTCUTS, Group
from napari_calcmeasure.widgets.keyboard import BEYOND_NAPARI, bind

ACTIVE = ("none", "image", "points", "shapes", "labels")
WINDOW_ONLY = {"toggle_console_visibility", "toggle_theme", "show_shortcuts"}
"""They need a window to be bound at all."""
OURS = [(one.action, key) for one in SHORTCUTS for key in one.keys if key not in BEYOND_NAPARI]


@pytest.fixture(autouse=True, scope="module")
def napari_defaults():
    """Bind napari's own keys, as its window does."""
    for name, bindings in default_shortcuts.items():
        for one in bindings if name.removeprefix("napari:") not in WINDOW_ONLY else ():
            action_manager.bind_shortcut(name, one)


def add_layer(viewer, kind):
    layer = {
        "image": lambda: viewer.add_image(np.zeros((8, 8))),
        "points": lambda: viewer.add_points([[1, 1], [4, 4]]),
        "shapes": lambda: viewer.add_shapes([[[1, 1], [4, 4]]], shape_type="line"),
        "labels": lambda: viewer.add_labels(np.ones((8, 8), dtype=np.uint8)),
    }[kind]()
    if kind in ("points", "shapes"):
        layer.selected_data = {0}
    return layer


class Room:
    """A viewer model with our keys, pressed the way napari's canvas does."""

    def __init__(self, active, *, bind_first=False):
        self.viewer = ViewerModel()
        self.done = []
        actions = {one.action: self._action(one) for one in SHORTCUTS}
        self.keyboard = bind(self.viewer, actions) if bind_first else None
        self.layer = add_layer(self.viewer, active) if active != "none" else None
        self.keyboard = self.keyboard or bind(self.viewer, actions)
        self.handler = KeymapHandler()
        self.handler.keymap_providers = [one for one in (self.layer, self.viewer) if one is not None]

    def _action(self, one):
        return lambda *down: self.done.append((one.action, *down))


def test_no_key_stands_twice():
    spelled = [str(coerce_keybinding(key)) for _, key in OURS] + [str(coerce_keybinding(key)) for key in BLOCKED]
    assert len(set(spelled)) == len(spelled)
    assert "" not in spelled


def test_actions_have_one_line_each():
    assert len({one.action for one in SHORTCUTS}) == len(SHORTCUTS)
    assert {one.group for one in SHORTCUTS} == set(Group)


@pytest.mark.parametrize("bind_first", [True, False])
@pytest.mark.parametrize("active", ACTIVE)
def test_every_key_reaches_its_action(active, bind_first):
    room = Room(active, bind_first=bind_first)
    for action, key in OURS:
        room.done.clear()
        assert room.handler.press_key(key), key
        assert [done[0] for done in room.done] == [action], key
        room.handler.release_key(key)


@pytest.mark.parametrize("key", ["3", "1", "Delete", "Backspace", "Control-Delete", "Control-Backspace", "X"])
@pytest.mark.parametrize("active", ACTIVE[1:])
def test_no_key_deletes_what_napari_holds(active, key):
    room = Room(active)
    mode, before = room.layer.mode, np.array(room.layer.data)
    room.viewer.layers.selection = {room.layer}
    room.handler.press_key(key)
    assert room.layer in room.viewer.layers
    assert np.array_equal(np.array(room.layer.data), before)
    assert room.layer.mode == mode


@pytest.mark.parametrize("bind_first", [True, False])
def test_the_layer_list_deletes_nothing(bind_first):
    room = Room("image", bind_first=bind_first)
    room.viewer.layers.selection = {room.layer}
    room.viewer.layers.remove_selected()
    assert room.layer in room.viewer.layers
    room.keyboard.release()
    room.viewer.layers.remove_selected()
    assert room.layer not in room.viewer.layers


def test_napari_would_delete_without_us():
    """What the test above guards against does happen."""
    viewer = ViewerModel()
    layer = add_layer(viewer, "shapes")
    handler = KeymapHandler()
    handler.keymap_providers = [layer, viewer]
    handler.press_key("3")
    assert len(layer.data) == 0


def test_what_napari_keeps_is_harmless():
    """Defaults of the viewer that are neither ours nor blocked delete nothing and hide no image."""
    room = Room("none")
    taken = set(room.viewer.keymap)
    left = {name for name, bindings in default_shortcuts.items() for one in bindings if one not in taken}
    on_viewer = {name for name in left if any(one in ViewerModel.class_keymap for one in default_shortcuts[name])}
    kept = {"reset_view", "increment_dims_left", "increment_dims_right", "focus_axes_up", "focus_axes_down",
            "select_layer_above", "select_layer_below", "hold_for_pan_zoom"}  # fmt: skip
    assert {name.removeprefix("napari:") for name in on_viewer} <= kept | WINDOW_ONLY


@pytest.mark.parametrize("active", ACTIVE[1:])
def test_layers_keep_no_key_of_their_own(active):
    room = Room(active)
    before = (room.layer.mode, len(room.layer.data), room.layer.visible)
    own = {one for kind in type(room.layer).__mro__ for one in getattr(kind, "class_keymap", {})}
    assert own
    for one in own - {coerce_keybinding(key) for _, key in OURS}:
        assert room.handler.press_key(one), one
    assert room.done == []
    assert (room.layer.mode, len(room.layer.data), room.layer.visible) == before


def test_a_held_key_tells_its_release():
    room = Room("image")
    room.handler.press_key("M")
    assert room.done == [("hide_marks", True)]
    room.handler.release_key("M")
    assert room.done == [("hide_marks", True), ("hide_marks", False)]


def test_keys_go_back_to_napari():
    room = Room("shapes")
    room.keyboard.release()
    room.handler.press_key("3")
    room.handler.press_key("PageDown")
    assert room.done == []
    assert len(room.layer.data) == 0
    later = add_layer(room.viewer, "image")
    assert later.keymap == {}


@pytest.mark.parametrize("change", [lambda a: a.pop("sign"), lambda a: a.update(fly=print)])
def test_a_sheet_that_would_lie_is_refused(change):
    actions = {one.action: print for one in SHORTCUTS}
    change(actions)
    with pytest.raises(ValueError, match=r"sign|fly"):
        bind(ViewerModel(), actions)


@pytest.mark.parametrize("write", [keys.sheet, lambda: keys.sheet(as_html=True), keys.sheet_markdown])
def test_every_action_is_on_the_sheet(write):
    text = write()
    assert all(one.words in text for one in SHORTCUTS)
    assert "while held" in text


def test_the_reference_page_shows_the_same_table():
    page = Path(__file__).parents[2] / "docs" / "reference" / "shortcuts.md"
    assert keys.sheet_markdown() in page.read_text(encoding="utf-8")


def test_the_page_loads_nothing():
    assert not re.search(r"https?:|src=|<link|<script", keys.sheet(as_html=True))


def test_the_table_needs_neither_napari_nor_qt():
    code = "import sys, napari_calcmeasure.keys, napari_calcmeasure.widgets.keyboard; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"napari", "qtpy", "numpy"}.isdisjoint(loaded)
