"""A reader's hand for scripts: presses real keys and moves a real pointer on a reading-room window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialog, QOpenGLWidget

from napari_calcmeasure.keys import shortcut
from napari_calcmeasure.widgets import window as windows

if TYPE_CHECKING:
    from pathlib import Path

    import napari

    from napari_calcmeasure.display.panel import Panel
    from napari_calcmeasure.widgets.room import ReadingRoom

DRAG_STEPS = 12
LOOK_MS = 100
"""How often a question is looked for: long enough for it to be painted."""
_NAMED_KEYS = {"PageDown": "PageDown", "PageUp": "PageUp", "Enter": "Return", ".": "Period", ",": "Comma", "=": "Equal"}
_NAMED_KEYS |= {"]": "BracketRight", "[": "BracketLeft", "?": "Question"}
_MODIFIERS = {"Shift": Qt.KeyboardModifier.ShiftModifier, "Control": Qt.KeyboardModifier.ControlModifier}
_NONE = Qt.KeyboardModifier.NoModifier


class ReaderHand:
    """Acts on a window as a reader does: by keys and by the mouse, at places given in pixels of the stored image.

    Parameters
    ----------
    viewer, room
        From `napari_calcmeasure.widgets.window.build_window`.
    """

    def __init__(self, viewer: napari.Viewer, room: ReadingRoom) -> None:
        self.viewer, self.room = viewer, room
        self.wait()
        self._surface = room.window().findChild(QOpenGLWidget)

    def wait(self) -> None:
        """Let everything load and be drawn."""
        windows.settle(self.room)

    # -- keyboard ------------------------------------------------------------------------------------------------------

    def press(self, action: str, *, times: int = 1) -> None:
        """Press the key of an action of the key sheet, on the image."""
        key, modifiers = _qt_key(shortcut(action).keys[0])
        for _ in range(times):
            QTest.keyClick(self._surface, key, modifiers)
            self.wait()

    def hold(self, action: str, during: Callable[[], None]) -> None:
        """Keep the key of an action down while something is done."""
        key, modifiers = _qt_key(shortcut(action).keys[0])
        QTest.keyPress(self._surface, key, modifiers)
        self.wait()
        during()
        QTest.keyRelease(self._surface, key, modifiers)
        self.wait()

    def press_with_dialog(self, action: str, answer: Callable[[QDialog], None]) -> None:
        """Press a key that asks something, and answer it.

        Raises
        ------
        RuntimeError
            When nothing was asked.
        """
        with answering(answer):
            self.press(action)

    # -- mouse ---------------------------------------------------------------------------------------------------------

    def point_at(self, panel: Panel, point: Sequence[float]) -> None:
        """Move the pointer to a pixel of an image."""
        place = self._place(panel, point)
        for offset in (3, 0):
            QTest.mouseMove(self._surface, place + QPoint(offset, 0))
            self._breathe()
        self.wait()

    def click(self, panel: Panel, point: Sequence[float], *, shift: bool = False) -> None:
        """Click on a pixel of an image."""
        self.point_at(panel, point)
        modifiers = _MODIFIERS["Shift"] if shift else _NONE
        QTest.mouseClick(self._surface, Qt.MouseButton.LeftButton, modifiers, self._place(panel, point))
        self.wait()

    def double_click(self, panel: Panel, point: Sequence[float]) -> None:
        """Double-click on a pixel of an image."""
        self.point_at(panel, point)
        QTest.mouseDClick(self._surface, Qt.MouseButton.LeftButton, _NONE, self._place(panel, point))
        self.wait()

    def drag(self, panel: Panel, start: Sequence[float], end: Sequence[float], *, shift: bool = False) -> None:
        """Press the left button on one pixel, and release it on another."""
        self.point_at(panel, start)
        modifiers = _MODIFIERS["Shift"] if shift else _NONE
        first, last = self._place(panel, start), self._place(panel, end)
        QTest.mousePress(self._surface, Qt.MouseButton.LeftButton, modifiers, first)
        for step in range(1, DRAG_STEPS + 1):
            QTest.mouseMove(self._surface, first + (last - first) * step / DRAG_STEPS)
            self._breathe()
        QTest.mouseRelease(self._surface, Qt.MouseButton.LeftButton, modifiers, last)
        self.wait()

    def slide_to(self, panel: Panel, point: Sequence[float]) -> None:
        """Drag the slider of the slices to where a pixel is seen."""
        dims = self.viewer.dims
        axis = dims.order[-3]
        dims.set_point(axis, panel.placement.to_world(tuple(point))[axis - dims.ndim + len(panel.shape)])
        self.wait()

    # -- looking -------------------------------------------------------------------------------------------------------

    def panel(self, words: str) -> Panel:
        """Find a visible picture by a part of its caption, such as ``L-CC``."""
        return next(one for one in self.room.stage.canvas.visible_panels if words in one.caption)

    def save(self, path: Path) -> None:
        """Save a picture of the whole window."""
        windows.save_window(self.viewer, self.room, path)

    def _place(self, panel: Panel, point: Sequence[float]) -> QPoint:
        """Screen position of a pixel on the canvas."""
        order = self.viewer.dims.order[-2:]
        hidden = self.viewer.dims.ndim - len(panel.shape)
        world = panel.placement.to_world(tuple(point))
        camera = self.viewer.scene.camera
        height, width = self.room.stage.canvas.camera.cell_size
        down, across = (world[axis - hidden] for axis in order)
        row, column = panel.cell if self.viewer.canvas.grid.enabled else (0, 0)
        x = column * width + width / 2 + (across - camera.center[-1]) * camera.zoom
        y = row * height + height / 2 + (down - camera.center[-2]) * camera.zoom
        return QPoint(round(x), round(y))

    def _breathe(self) -> None:
        QApplication.processEvents()
        time.sleep(0.01)


@contextmanager
def answering(answer: Callable[[QDialog], None]) -> Iterator[None]:
    """Answer the question that is asked within the block.

    Raises
    ------
    RuntimeError
        When nothing was asked.
    """
    answered: list[QDialog] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QDialog) and not answered:
            answered.append(dialog)
            answer(dialog)

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(LOOK_MS)
    yield
    timer.stop()
    if not answered:
        raise RuntimeError("nothing was asked")


def _qt_key(name: str) -> tuple[Qt.Key, Qt.KeyboardModifier]:
    """Key and modifiers of a napari binding such as ``Control-Shift-E``."""
    *held, key = name.split("-") if name != "-" else [name]
    modifiers = _NONE
    for one in held:
        modifiers |= _MODIFIERS[one]
    return getattr(Qt.Key, f"Key_{_NAMED_KEYS.get(key, key)}"), modifiers
