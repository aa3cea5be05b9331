"""Tab on the canvas, which Qt would use to leave it."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, Qt


class TabFilter(QObject):
    """Event filter of a canvas: Tab and Shift+Tab step images instead of moving the focus.

    Parameters
    ----------
    parent
        Keeps the filter alive.
    forward, backward
        Called for Tab and Shift+Tab.
    """

    def __init__(self, parent: QObject, *, forward: Callable[[], object], backward: Callable[[], object]) -> None:
        super().__init__(parent)
        self._steps = {Qt.Key.Key_Tab: forward, Qt.Key.Key_Backtab: backward}

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take the two keys, leave everything else.

        Returns
        -------
        bool
            Whether the event ends here.
        """
        if event.type() != QEvent.Type.KeyPress or event.key() not in self._steps:
            return False
        self._steps[event.key()]()
        return True
