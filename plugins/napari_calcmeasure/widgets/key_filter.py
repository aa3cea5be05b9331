"""Keys taken before the widget they were pressed on sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qtpy.QtCore import QEvent, QObject, Qt


class KeyFilter(QObject):
    """Event filter that calls a function instead of delivering a key.

    Parameters
    ----------
    parent
        Keeps the filter alive.
    calls
        Key to function.
    """

    def __init__(self, parent: QObject, calls: Mapping[Qt.Key, Callable[..., object]]) -> None:
        super().__init__(parent)
        self._calls = dict(calls)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take our keys, leave everything else.

        Returns
        -------
        bool
            Whether the event ends here.
        """
        if event.type() != QEvent.Type.KeyPress or event.key() not in self._calls:
            return False
        self._calls[event.key()]()
        return True
