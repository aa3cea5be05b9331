"""Takes pictures of a reading-room window: all of it, a part, a question."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QDialog, QWidget
from reader_hand import ReaderHand
from small_png import shrink

WIDTH = 1280
"""Columns of a picture of the whole window."""


class Camera:
    """Takes pictures into a folder.

    Parameters
    ----------
    hand
        On an open window.
    images
        Folder for the pictures.
    scratch
        Folder for what lasts only as long as the script.
    """

    def __init__(self, hand: ReaderHand, *, images: Path, scratch: Path) -> None:
        self._hand, self._images, self._scratch = hand, images, scratch

    def window(self, name: str) -> None:
        """Take the whole window."""
        self._keep(self._window(), name, width=WIDTH)

    def part(self, name: str, widget: QWidget) -> None:
        """Take a part of the window, pixel for pixel."""
        corner = widget.mapTo(widget.window(), QPoint(0, 0))
        box = (corner.x(), corner.y(), corner.x() + widget.width(), corner.y() + widget.height())
        self._keep(self._window().crop(box), name, width=widget.width())

    def dialog(self, name: str, dialog: QDialog) -> None:
        """Take a question."""
        path = self._scratch / name
        dialog.grab().save(str(path))
        self._keep(Image.open(path), name, width=dialog.width())

    def accepting(self, name: str) -> Callable[[QDialog], None]:
        """Give an answer that takes a picture of the question, and accepts what it proposes."""

        def answer(dialog: QDialog) -> None:
            self.dialog(name, dialog)
            dialog.accept()

        return answer

    def _window(self) -> Image.Image:
        path = self._scratch / "window.png"
        self._hand.save(path)
        return Image.open(path)

    def _keep(self, picture: Image.Image, name: str, *, width: int) -> None:
        path = self._images / name
        shrink(picture, path, width=width)
        sys.stderr.write(f"{name}  {path.stat().st_size / 1000:.0f} kB\n")
