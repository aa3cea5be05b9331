"""The binding of Qt that is installed: PyQt6, or PySide6 with ``QT_API=pyside6``."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("napari")

from qtpy.QtCore import QObject, Signal

TIMES = 200


class Teller(QObject):
    told = Signal(object)


def counts():
    return [sys.getrefcount(one) for one in (None, True, False)]


def test_none_true_and_false_stay(qapp):
    """A binding that gives away what it never took (PySide6 6.12 on Python 3.11) aborts after some thousand clicks."""
    heard = []
    teller = Teller()
    teller.told.connect(heard.append)
    before = counts()
    for n in range(TIMES):
        teller.told.emit(n)
        assert teller.parent() is None
    assert heard == list(range(TIMES))
    assert all(now > then - TIMES / 2 for now, then in zip(counts(), before, strict=True))
