"""A reader at the window: clicks on pixels of an image, presses keys, answers questions."""

from __future__ import annotations

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QOpenGLWidget

from napari_calcmeasure.reading.setup import ReadingSetup
from napari_calcmeasure.widgets.window import build_window, settle
from plugin.gui.mouse import XHand, pump, wait_until

SIZE = (1560, 960)
"""Of every window, whatever the screen: pictures are compared."""


class Reader:
    """One window and the hand in front of it."""

    def __init__(self, source, store, *, reader="mk", asks=False, answers=None, **setup):
        self.answers = dict(answers or {})
        self.questions = []
        self._asked = None
        setup = ReadingSetup(store, reader, **setup)
        self.viewer, self.room = build_window(source, setup=setup, asks=asks)
        self.hand = XHand()
        self._timer = QTimer()
        self._timer.timeout.connect(self._answer)
        self._timer.start(40)
        self.window = self.room.window()
        # Without a window manager a window lands where it likes; the pointer must reach all of it.
        self.window.move(0, 0)
        self.window.resize(*SIZE)
        (self.canvas, *_) = self.window.findChildren(QOpenGLWidget)
        self.settle()
        self.come_to_front()

    def close(self):
        if not self._timer.isActive():
            return
        self._timer.stop()
        self.viewer.close()
        pump(0.05)

    def come_to_front(self):
        """Of two windows, take this one."""
        self.window.raise_()
        self.hand.focus(self.window)
        self.canvas.setFocus()
        self.settle()

    # -- what is there ---------------------------------------------------------------------------------------------

    @property
    def session(self):
        return self.room.session

    @property
    def reading(self):
        return self.session.desk.reading

    @property
    def chosen(self):
        return self.reading.selected_finding

    @property
    def sentence(self):
        return self.room.status.sentence.text()

    def settle(self):
        settle(self.room)
        # A busy machine may need more patience than a picture has; the test has its own limit.
        while not self.room.is_settled:
            settle(self.room)

    def panel(self, words, *, is_prior=False):
        """The visible picture whose caption has these words."""
        panels = self.room.stage.canvas.visible_panels
        return next(one for one in panels if words in one.caption and one.is_prior is is_prior and one.target)

    # -- hand --------------------------------------------------------------------------------------------------------

    def place(self, panel, pixel):
        """Where on the canvas a pixel of a picture is seen."""
        dims, camera = self.viewer.dims, self.viewer.scene.camera
        hidden = dims.ndim - len(panel.shape)
        axes = [axis - hidden for axis in dims.order[-2:]]
        world = panel.placement.to_world(tuple(pixel))
        height, width = self.room.stage.canvas.camera.cell_size
        down, right = (world[axis] - at for axis, at in zip(axes, camera.center[-2:], strict=True))
        vertical, horizontal = (str(way) for way in camera.orientation2d)
        down, right = (down if vertical == "down" else -down), (right if horizontal == "right" else -right)
        row, column = panel.cell
        return (
            round(column * width + width / 2 + right * camera.zoom),
            round(row * height + height / 2 + down * camera.zoom),
        )

    def point(self, panel, pixel):
        """Move the pointer there."""
        x, y = self.place(panel, pixel)
        assert 0 <= x < self.canvas.width(), "not on the canvas"
        assert 0 <= y < self.canvas.height(), "not on the canvas"
        self.hand.move(self.canvas, (x, y))

    def click(self, panel, pixel, *, shift=False):
        self.point(panel, pixel)
        self.hand.press(shift)
        self.hand.release(shift)

    def double_click(self, panel, pixel):
        self.point(panel, pixel)
        for _ in range(2):
            self.hand.press()
            self.hand.release()

    def drag(self, panel, first, last, *, shift=False, steps=4):
        self.point(panel, first)
        self.hand.press(shift)
        for n in range(1, steps + 1):
            self.point(panel, [a + (b - a) * n / steps for a, b in zip(first, last, strict=True)])
        self.hand.release(shift)

    def press(self, *keys):
        for key in keys:
            self.hand.key(key)
            self.settle()

    def push(self, widget):
        """Click a button or a field."""
        self.hand.move(widget, (widget.width() // 2, widget.height() // 2))
        self.hand.press()
        self.hand.release()
        self.settle()

    # -- questions ---------------------------------------------------------------------------------------------------

    def will_answer(self, title, *keys):
        """Answer the dialog of that title with keys, or text in quotes, once it is asked."""
        self.answers[title] = keys

    def _answer(self):
        asking = QApplication.activeModalWidget()
        if asking is None or asking is self._asked or not asking.isVisible():
            return
        if asking.parentWidget() is not None and asking.parentWidget().window() is not self.window:
            return
        self._asked = asking
        title = asking.windowTitle()
        self.questions.append(title)
        keys = self.answers.pop(title, ("Escape",))
        self.hand.focus(asking)
        for key in keys:
            if key.startswith('"'):
                self.hand.type(key[1:])
            else:
                self.hand.key(key)

    def wait_until(self, is_so, words):
        wait_until(is_so, words)
        self.settle()
