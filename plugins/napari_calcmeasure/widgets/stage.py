"""Keeps the canvas true to the session: pictures step by step, drawings as they change, what lies under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_calcmeasure.display.drawings import (
    OTHERS,
    OWN,
    Drawing,
    belongs_to,
    draw_annotations,
    draw_findings,
    draw_unfinished,
)
from napari_calcmeasure.display.dynamic_panels import AXES
from napari_calcmeasure.display.labelled_marks import draw_left_out
from napari_calcmeasure.display.panel import Hanging, Panel
from napari_calcmeasure.display.prior_marks import laid_over
from napari_calcmeasure.reading.desk import Desk
from napari_calcmeasure.reading.drawing_tools import preview
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.session import Session
from napari_calcmeasure.widgets.canvas import Canvas
from napari_calcmeasure.widgets.frame_keeper import FrameKeeper
from napari_calcmeasure.widgets.hand import Hand
from napari_calcmeasure.widgets.stillness import Stillness
from napari_calcmeasure.widgets.timers import timer

if TYPE_CHECKING:
    import napari

REDRAW_MS, SEED_MS = 30, 20
"""Changes that come faster are drawn together; a lesion grows so long after its click, whose own work comes first."""
DONE = object()


class Stage(QObject):
    """The canvas of one window.

    Parameters
    ----------
    viewer
        Of the window.
    session
        What is shown and read.
    on_open
        Called with the panel that was double-clicked.
    beside
        Gives a widget of the window.
    """

    hovered = Signal(object, tuple)
    """Panel under the cursor, or None, and the pixel index."""
    aimed = Signal(object)
    """The panel that keys mean now."""
    hung = Signal(object)
    """The hanging, once it stands."""

    def __init__(
        self,
        viewer: napari.Viewer,
        session: Session,
        *,
        on_open: Callable[[Panel], None],
        beside: Callable[[], QWidget],
    ) -> None:
        super().__init__()
        self._viewer, self._session = viewer, session
        self.canvas = Canvas(viewer)
        self.stillness = Stillness(beside)
        self.frames = FrameKeeper(viewer, self.canvas)
        self.hand = Hand(viewer, self.canvas, on_pointer=self._pointer, on_hover=self._hover, on_open=on_open)
        self.shows_prior_marks = False
        self.active: Panel | None = None
        self._at: tuple[Panel, tuple[float, ...]] | None = None
        self._steps: Iterator[None] | None = None
        self._hanging_timer = timer(self._next_step, interval_ms=0)
        self._drawing_timer = timer(self.redraw, interval_ms=REDRAW_MS)
        self._cells: Iterator[None] = iter(())
        self._cell_timer = timer(self._draw_cell, interval_ms=0)
        self._desk: Desk | None = None
        self._knows_letters = False
        self._seed: PointerEvent | None = None
        self._seed_timer = timer(self._plant, interval_ms=SEED_MS)
        session.events.hanging.connect(self._show)
        session.readings.events.desk.connect(self._take_desk)
        session.readings.events.others.connect(self.request_redraw)
        viewer.dims.events.current_step.connect(self._turn)

    @property
    def is_hanging(self) -> bool:
        """Whether pictures are on their way to the canvas."""
        return self._steps is not None

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits to be shown or drawn."""
        is_drawn = not any(one.isActive() for one in (self._drawing_timer, self._cell_timer, self._seed_timer))
        return self._steps is None and is_drawn and self.frames.is_settled

    def stop(self) -> None:
        """Leave everything as it is: the window closes, and on a canvas that is gone no hanging can be finished."""
        # At the end of the program Qt may have taken the timers already.
        with suppress(RuntimeError):
            for one in (self._hanging_timer, self._drawing_timer, self._cell_timer, self._seed_timer):
                one.stop()
            self.frames.stop()
        self._steps, self._cells, self._seed = None, iter(()), None

    def request_redraw(self, _value: object = None) -> None:
        """Draw anew, soon."""
        if not self._drawing_timer.isActive():
            self._drawing_timer.start()

    def redraw(self) -> None:
        """Draw anew, now; one cell in each turn of the event loop."""
        if self._steps is None:
            self.stillness.hold()
            self._cells = self._draw()
            self._draw_cell()

    def _draw(self) -> Iterator[None]:
        """Draw unseen; what was drawn is painted in a turn of its own: the window answers in between."""
        try:
            yield from self.canvas.draw_in_steps(self._drawings())
        except Exception:
            # An old picture that looks like the present one would be worse than half a drawing.
            self.stillness.release()
            raise
        if self._steps is None:
            self.stillness.release()

    def _draw_cell(self) -> None:
        if next(self._cells, DONE) is not DONE:
            self._cell_timer.start()

    def toggle_prior_marks(self) -> bool:
        """Lay the earlier visit's marks over the current picture, or take them away; says whether they lie there."""
        self.shows_prior_marks = not self.shows_prior_marks
        self.request_redraw()
        return self.shows_prior_marks

    # -- session to canvas ---------------------------------------------------------------------------------------------

    def _show(self, hanging: Hanging | None) -> None:
        self.active, self._at = None, None
        self.canvas.let_go()
        self.stillness.hold()
        self._steps = self._clear() if hanging is None else self._hang(hanging)
        self._hanging_timer.start()

    def _next_step(self) -> None:
        """One layer per turn of the event loop: the window answers in between, and whatever else is due comes first."""
        if self._steps is None:
            return
        if next(self._steps, DONE) is not DONE:
            self._hanging_timer.start()
            return
        self._steps = None
        if self.canvas.hanging is not None:
            self.request_redraw()
            self.hung.emit(self.canvas.hanging)

    def _hang(self, hanging: Hanging) -> Iterator[None]:
        """Hang and uncover the pictures unseen; once they are seen, draw on them and name them, one thing in each turn.

        What is seen for the first time takes long to paint, letters above all: each thing is painted before the next.
        """
        self._viewer.canvas.overlays.text.visible = False
        yield from self.canvas.hang_in_steps(hanging)
        yield
        framing = self.canvas.frame_in_steps()
        yield from framing if self._knows_letters else self._paint_each(framing)
        self._knows_letters = True
        yield from self.frames.keep_in_steps()
        self.stillness.paint_unseen()
        yield
        # A picture that has just left its cell for a shared canvas must not be painted half-way: the drawing crashes.
        uncovering = self.canvas.uncover_in_steps()
        yield from self._paint_each(uncovering) if self.canvas.has_cells else uncovering
        panels = self.canvas.visible_panels
        # Keys mean the present visit until the cursor says otherwise: what is stated there cannot land on the prior.
        self.active = next((one for one in panels if not one.is_prior), next(iter(panels), None))
        yield
        self.stillness.paint_once()
        yield
        for steps in (self.canvas.lay_out_in_steps(), self.canvas.name_in_steps()):
            yield from self._paint_each(steps)
        self._write_title()
        yield
        self.stillness.paint_unseen()
        yield
        yield from self.canvas.draw_in_steps(self._drawings())
        self.stillness.pick_unseen()
        yield
        self.stillness.release()

    def _paint_each(self, steps: Iterator[None]) -> Iterator[None]:
        for _ in steps:
            yield
            self.stillness.paint_unseen()
            yield

    def _clear(self) -> Iterator[None]:
        yield
        yield from self.canvas.clear_in_steps()
        yield
        self.stillness.release()

    def _take_desk(self, desk: Desk | None) -> None:
        self._seed = None
        if self._desk is not None:
            self._desk.events.reading.disconnect(self.request_redraw)
        self._desk = desk
        if desk is not None:
            desk.events.reading.connect(self.request_redraw)
        self.request_redraw()

    def _drawings(self) -> dict[str, Drawing]:
        hanging = self.canvas.hanging
        return {panel.key: self._drawing(panel, hanging) for panel in hanging.panels} if hanging is not None else {}

    def _drawing(self, panel: Panel, hanging: Hanging) -> Drawing:
        drawing = Drawing()
        if panel.target is None or self._desk is None:
            return drawing
        for one in self._session.readings.others:
            if belongs_to(one.annotation, panel):
                # Two readers may lie on one image: each length says whose it is.
                drawing += draw_annotations([one.annotation], style=replace(OTHERS, origin=one.reader))
        reading = self._desk.reading
        own = [finding for finding in reading.findings if belongs_to(finding.annotation, panel)]
        drawing += draw_findings(own, selected=reading.selected, style=OWN)
        if panel.target.image.spacing is not None:
            seen, labels = self._session.searches.left_out(panel.target)
            drawing += draw_left_out(seen, labels, spacing=panel.target.image.spacing)
        if self.shows_prior_marks and not panel.is_prior:
            everyone = [finding.annotation for finding in reading.findings] + [
                o.annotation for o in self._session.readings.others
            ]
            drawing += laid_over(panel, hanging, everyone)
        if reading.unfinished is not None and reading.unfinished.target.identity == panel.target.identity:
            point = self._at[1] if self._at is not None and self._at[0].key == panel.key else None
            drawing += draw_unfinished(preview(reading, point) if point else reading.unfinished.points)
        return drawing

    def _turn(self, _event: object = None) -> None:
        if self._steps is None:
            self.canvas.turn()
            self._write_title()

    def _write_title(self) -> None:
        """Say what hangs: below pictures that share the canvas, in a grid above the phases."""
        hanging = self.canvas.hanging
        overlay = self._viewer.canvas.overlays.text
        overlay.visible = hanging is not None and hanging.grid is None
        if hanging is None:
            return
        overlay.text, overlay.position, overlay.font_size = hanging.title, "bottom_left", 10
        metadata = hanging.panels[0].image[1].get("metadata", {}) if hanging.panels else {}
        if metadata.get("phase_words") and hanging.ndim == len(AXES):
            step = min(int(self._viewer.dims.current_step[-len(AXES)]), len(metadata["phase_words"]) - 1)
            self.canvas.caption(hanging.panels[0], metadata["phase_words"][step].partition(" after ")[0])

    # -- canvas to session ---------------------------------------------------------------------------------------------

    def _pointer(self, event: PointerEvent) -> bool:
        if self._desk is None:
            return False
        event = self._session.with_side(event)
        if self._desk.tool is ToolName.SEED and event.motion is Motion.PRESS:
            # Napari has painted the scene already to see what lies under the button: the lesion grows afterwards.
            self._seed = event
            self._seed_timer.start()
            return True
        return self._desk.pointer(event)

    def _plant(self) -> None:
        seed, self._seed = self._seed, None
        if seed is not None and self._desk is not None and self._desk.tool is ToolName.SEED:
            self._desk.pointer(seed)

    def _hover(self, panel: Panel | None, point: tuple[float, ...]) -> None:
        self._at = (panel, point) if panel is not None else None
        # The image under the cursor is the one that keys mean, also after the cursor has left for a button.
        if panel is not None and panel is not self.active:
            self.active = panel
            self.aimed.emit(panel)
        if self._desk is not None and self._desk.reading.unfinished is not None:
            self.request_redraw()
        self.hovered.emit(panel, point)
