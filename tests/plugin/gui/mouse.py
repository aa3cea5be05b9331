"""A person's hand: the pointer and the keys of the X server, moved by xdotool."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

from qtpy.QtCore import QEvent, QObject, QPoint
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QApplication

PAUSE_S = 0.02
"""Long enough for X to hand an event over."""
_SPELLED = {
    "PageDown": "Next",
    "PageUp": "Prior",
    "Enter": "Return",
    "Control": "ctrl",
    "Backspace": "BackSpace",
    "Space": "space",
    ".": "period",
    ",": "comma",
    "[": "bracketleft",
    "]": "bracketright",
    "=": "equal",
    "?": "question",
    "/": "slash",
}


def has_xdotool():
    return shutil.which("xdotool") is not None and bool(os.environ.get("DISPLAY"))


def pump(seconds=PAUSE_S):
    """Let Qt work for a while."""
    until = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        if time.monotonic() >= until:
            return
        time.sleep(0.001)


class _Arrivals(QObject):
    """Counts what has come from the X server: on a busy machine it takes its time."""

    KINDS = (QEvent.Type.KeyRelease, QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease)

    def __init__(self):
        super().__init__()
        self.count = 0
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, _watched, event):
        self.count += event.type() in self.KINDS
        return False

    def wait(self, before):
        until = time.monotonic() + 5.0
        while self.count == before and time.monotonic() < until:
            pump(0.005)
        pump()


class XHand:
    """Moves the pointer of the X server and presses its keys."""

    clicks = keystrokes = 0
    _arrivals = None

    def _do(self, *words):
        self._arrivals = self._arrivals or _Arrivals()
        before = self._arrivals.count
        _xdotool(*words)
        self._arrivals.wait(before)

    def move(self, widget, place):
        at = widget.mapToGlobal(QPoint(*place))
        _xdotool("mousemove", at.x(), at.y())
        until = time.monotonic() + 2
        while QCursor.pos() != at and time.monotonic() < until:
            pump(0.005)
        pump()

    def press(self, shift=False):
        self.clicks += 1
        self._do(*(("keydown", "shift") if shift else ()), "mousedown", 1)

    def release(self, shift=False):
        self._do("mouseup", 1, *(("keyup", "shift") if shift else ()))

    def key(self, key):
        self.keystrokes += 1
        self._do("key", spelled(key))

    def hold(self, key):
        self.keystrokes += 1
        _xdotool("keydown", spelled(key))
        pump()

    def let_go(self, key):
        _xdotool("keyup", spelled(key))
        pump()

    def type(self, text):
        self.keystrokes += len(text)
        self._do("type", "--delay", 1, text)

    def focus(self, window):
        """There is no window manager to give a window the keys."""
        _xdotool("windowfocus", int(window.winId()))
        pump()


def spelled(key):
    """A key of the printed table as xdotool calls it."""
    *modifiers, last = key.split("-")
    if len(last) == 1 and last.isalpha():
        last = last.lower()
    return "+".join(_SPELLED.get(part, part) for part in [*(one.lower() for one in modifiers), last]).replace(
        "control", "ctrl"
    )


def _xdotool(*words):
    """Run without waiting in Qt's way: what it does must be answered meanwhile."""
    running = subprocess.Popen(["xdotool", *map(str, words)])
    while running.poll() is None:
        QApplication.processEvents()
        time.sleep(0.001)
    assert running.returncode == 0
