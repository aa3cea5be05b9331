"""Puts the keys of the reading room on a viewer, above napari's own, and takes them off again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from napari_calcmeasure.keys import BLOCKED, SHORTCUTS, Shortcut

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from qtpy.QtWidgets import QWidget

Actions = Mapping[str, Callable[..., object]]
"""Action to function: without arguments, or with the one argument "is down" for a key that is held."""

BEYOND_NAPARI = ("?",)
"""Keys napari's bindings cannot name; `catch_window_keys` has them."""


class Keyboard:
    """The keys of one viewer, from the making of this object until `release`.

    napari asks the active layer before the viewer, and its layers come with keys that delete (3, Delete, Backspace) or
    switch editing modes. So every layer, also one added later, gets our keys too, and what is left of its own keys is
    blocked. Layers are locked, so that Delete in napari's layer list takes none away.

    Parameters
    ----------
    viewer
        `napari.Viewer`, or the `ViewerModel` without a window.
    actions
        One function for every action of `keys.SHORTCUTS`.

    Raises
    ------
    ValueError
        When an action is missing or unknown: the printed sheet would not be true.
    """

    def __init__(self, viewer: ViewerModel, actions: Actions) -> None:
        wrong = {one.action for one in SHORTCUTS} ^ set(actions)
        if wrong:
            raise ValueError(f"actions missing or unknown: {', '.join(sorted(wrong))}")
        self._viewer = viewer
        self._calls = {key: _call(one, actions[one.action]) for one in SHORTCUTS for key in _napari_keys(one)}
        for key, call in self._calls.items():
            viewer.bind_key(key, call, overwrite=True)
        for key in BLOCKED:
            viewer.bind_key(key, _nothing, overwrite=True)
        for layer in viewer.layers:
            self._bind_layer(layer)
        # A bound method would be held weakly, and the keys gone with this object.
        self._on_inserted = lambda event: self._bind_layer(event.value)
        viewer.layers.events.inserted.connect(self._on_inserted)

    def release(self) -> None:
        """Give all keys back to napari."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        for key in (*self._calls, *BLOCKED):
            self._viewer.bind_key(key, None)
        for layer in self._viewer.layers:
            layer.keymap, layer.locked = {}, False

    def _bind_layer(self, layer: Layer) -> None:
        # The layer list deletes with keys of its own; its lock is the only way to stop them.
        layer.locked = True
        for key in _class_keys(layer):
            layer.bind_key(key, _nothing, overwrite=True)
        for key, call in self._calls.items():
            layer.bind_key(key, call, overwrite=True)


def bind(viewer: ViewerModel, actions: Actions) -> Keyboard:
    """Put the keys of the reading room on a viewer; arguments and errors as of `Keyboard`."""
    return Keyboard(viewer, actions)


def catch_window_keys(window: QWidget, actions: Actions) -> None:
    """Catch the keys that Qt keeps from napari or napari has no name for: Tab between images, and ``?``.

    Tab still moves through the controls when one of them has the focus; only on the canvas it steps the images.

    Parameters
    ----------
    window
        The main window with its canvas, after our panels were docked.
    actions
        As for `bind`.
    """
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QDockWidget, QOpenGLWidget

    from napari_calcmeasure.widgets.key_filter import KeyFilter

    everywhere = {Qt.Key.Key_Question: actions["help"]}
    steps = {Qt.Key.Key_Tab: actions["next_view"], Qt.Key.Key_Backtab: actions["previous_view"]}
    on_canvas, on_docks = KeyFilter(window, {**everywhere, **steps}), KeyFilter(window, everywhere)
    for canvas in window.findChildren(QOpenGLWidget):
        canvas.installEventFilter(on_canvas)
    for dock in window.findChildren(QDockWidget):
        dock.installEventFilter(on_docks)


def _nothing(_provider: object) -> None:
    """Take a key and do nothing; napari's own way to block one, ``...``, breaks every key press on the canvas."""


def _napari_keys(one: Shortcut) -> Iterator[str]:
    return (key for key in one.keys if key not in BEYOND_NAPARI)


def _class_keys(layer: Layer) -> set[object]:
    """Keys that come with the kind of layer."""
    return {key for kind in type(layer).__mro__ for key in getattr(kind, "class_keymap", {})}


def _call(one: Shortcut, action: Callable[..., object]) -> Callable[[object], object]:
    """Wrap an action as napari calls it: with the viewer or layer, as a generator where the release counts."""

    def press(_provider: object) -> None:
        action()

    def hold(_provider: object) -> Iterator[None]:
        action(True)
        yield
        action(False)

    return hold if one.is_held else press
