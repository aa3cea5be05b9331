"""Leaves the images on the screen as they are while the scene behind them is rebuilt."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QOpenGLWidget, QWidget


class Stillness:
    """Holds back the painting of a window's images: half a hanging is not worth a tenth of a second.

    Parameters
    ----------
    inside
        Gives a widget of the window.
    """

    def __init__(self, inside: Callable[[], QWidget]) -> None:
        self._inside = inside
        self._held: list[QOpenGLWidget] = []

    @property
    def is_held(self) -> bool:
        """Whether the images stay as they are."""
        return bool(self._held)

    def hold(self) -> None:
        """Leave the images as they are until `release`."""
        if not self._held:
            self._held = self._inside().window().findChildren(QOpenGLWidget)
            self._enable(False)

    def paint_once(self) -> None:
        """Show how they are now, at once, and leave them so again."""
        self._enable(True)
        for widget in self._held:
            widget.repaint()
        self._enable(False)

    def paint_unseen(self) -> None:
        """Paint the images beside the screen: what is painted for the first time there is ready for the screen."""
        for widget in self._inside().window().findChildren(QOpenGLWidget):
            if widget.isVisible():
                widget.grabFramebuffer()

    def release(self) -> None:
        """Paint them anew."""
        self._enable(True)
        self._held = []

    def _enable(self, is_enabled: bool) -> None:
        for widget in self._held:
            widget.setUpdatesEnabled(is_enabled)
