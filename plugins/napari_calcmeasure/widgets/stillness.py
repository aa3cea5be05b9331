"""Leaves the images on the screen as they are while the scene behind them is rebuilt."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QOpenGLWidget, QWidget


class Stillness:
    """Holds back the painting of a window's images: half a hanging is not worth a tenth of a second.

    Parameters
    ----------
    inside
        Gives a widget of the window.
    """

    def __init__(self, inside: Callable[[], QWidget]) -> None:
        self._inside = inside
        self._is_held = False
        self._found: list[QOpenGLWidget] = []

    @property
    def is_held(self) -> bool:
        """Whether the images stay as they are."""
        return self._is_held

    def hold(self) -> None:
        """Leave the images as they are until `release`."""
        if not self._is_held:
            self._is_held = True
            self._enable(False)

    def paint_once(self) -> None:
        """Show how they are now, at once, and leave them so again."""
        self._enable(True)
        for widget in self._canvases():
            widget.repaint()
        self._enable(False)

    def paint_unseen(self) -> None:
        """Paint the images beside the screen: what is painted for the first time there is ready for the screen."""
        for widget in self._canvases():
            if widget.isVisible():
                widget.grabFramebuffer()

    def pick_unseen(self) -> None:
        """Have napari look up what lies in the middle: it paints the scene for that, and the first time takes longest.

        A wheel that stands still is the one event that has it look, and changes nothing.
        """
        for widget in self._canvases():
            middle, nowhere = QPointF(widget.rect().center()), QPoint()
            at = QPointF(widget.mapToGlobal(widget.rect().center()))
            nothing = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
            QApplication.sendEvent(widget, QWheelEvent(middle, at, nowhere, nowhere, *nothing))

    def release(self) -> None:
        """Paint them anew."""
        self._is_held = False
        self._enable(True)

    def _enable(self, is_enabled: bool) -> None:
        for widget in self._canvases():
            widget.setUpdatesEnabled(is_enabled)

    def _canvases(self) -> list[QOpenGLWidget]:
        """Find the canvases once: a window keeps them, and to ask all its widgets takes ten milliseconds."""
        if not self._found:
            self._found = self._inside().window().findChildren(QOpenGLWidget)
        return self._found
