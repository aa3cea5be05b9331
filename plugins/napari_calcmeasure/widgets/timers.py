"""Timers that call one function."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QTimer


def timer(call: Callable[[], None], *, interval_ms: int, repeats: bool = False) -> QTimer:
    """Make a timer; it waits until it is started.

    Parameters
    ----------
    call
        What it calls.
    interval_ms
        After how long.
    repeats
        Whether it goes on; otherwise it calls once for every start.
    """
    made = QTimer()
    made.setInterval(interval_ms)
    made.setSingleShot(not repeats)
    made.timeout.connect(call)
    return made
