"""A person's hand: the pointer and the keys of the X server, moved by xdotool."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

from qtpy.QtCore import QEvent, QObject, QPoint, Qt
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QApplication

PAUSE_S = 0.02
"""Long enough for X to hand an event over."""
PATIENCE_S = 60.0
"""How long a busy machine may take; only a test that fails waits for so long."""
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


def wait_until(is_so, words):
    """Let Qt work until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, f"waited too long: {words}"
        pump(0.005)


class _Arrivals(QObject):
    """Counts what has come from the X server: on a busy machine it takes its time."""

    BUTTONS = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease)
    # A key that is a shortcut arrives as an override and a release; one that closes a dialog is released in nobody's.
    KEYS = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
    MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt)

    def __init__(self):
        super().__init__()
        self.count = 0
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, _watched, event):
        kind = event.type()
        self.count += kind in self.BUTTONS or (kind in self.KEYS and event.key() not in self.MODIFIERS)
        return False


class XHand:
    """Moves the pointer of the X server and presses its keys."""

    clicks = keystrokes = 0

    def __init__(self):
        self._arrivals = _Arrivals()
        self.open()

    def open(self):
        """Let go of everything: what a killed window held down the server holds down for all, and ignores a press."""
        _xdotool("mouseup", 1, "keyup", "shift", "keyup", "ctrl", "keyup", "alt")

    def _do(self, *words):
        before = self._arrivals.count
        _xdotool(*words)
        wait_until(lambda: self._arrivals.count > before, words)
        pump()

    def move(self, widget, place):
        at = widget.mapToGlobal(QPoint(*place))
        _xdotool("mousemove", at.x(), at.y())
        wait_until(lambda: QCursor.pos() == at, f"pointer at {at}")
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
        """There is no window manager to give a window the keys, and none to a window that is not on the screen yet."""
        wait_until(lambda: window.windowHandle().isExposed(), f"{window} on the screen")
        _xdotool("windowfocus", int(window.winId()))
        wait_until(window.isActiveWindow, f"{window} has the keys")
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
