"""The reader's hand: napari's mouse events as pointer events on a picture, in its pixel indices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.widgets.canvas import Canvas

if TYPE_CHECKING:
    from napari.components import ViewerModel

REACH_PX = 9
"""Screen pixels around a handle that count as on it."""
WINDOW_PX = 400
"""A drag this long doubles a window's width or moves its centre by a whole width."""
ZOOM_STEP = 1.15


class MouseEvent(Protocol):
    """What napari says of the mouse; the object stays the same while a button is down, its values change."""

    type: str
    button: int
    position: Sequence[float]
    """World position on the canvas."""
    pos: Sequence[float]
    """Screen pixels on the canvas, across and down."""
    delta: Sequence[float]
    modifiers: Collection[str]


class Hand:
    """Connects the mouse on the canvas to whoever holds the tools.

    Parameters
    ----------
    on_pointer
        Called with every pointer event on a picture; True when a tool took it.
    on_hover
        Called with the panel and pixel index under the cursor; None outside.
    on_open
        Called with the panel that was double-clicked while navigating.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        canvas: Canvas,
        *,
        on_pointer: Callable[[PointerEvent], bool],
        on_hover: Callable[[Panel | None, tuple[float, ...]], None],
        on_open: Callable[[Panel], None],
    ) -> None:
        self._viewer, self._canvas = viewer, canvas
        self._on_pointer, self._on_hover, self._on_open = on_pointer, on_hover, on_open
        self._tool = ToolName.NAVIGATE
        viewer.mouse_drag_callbacks.append(self._drag)
        viewer.mouse_move_callbacks.append(self._move)
        viewer.mouse_double_click_callbacks.append(self._double_click)
        viewer.mouse_wheel_callbacks[:] = [self._wheel]

    def hold(self, tool: ToolName) -> None:
        """Take a tool: while one draws, the left button does not pan."""
        self._tool = tool
        self._viewer.scene.camera.mouse_pan = tool is ToolName.NAVIGATE
        self._viewer.cursor.style = "standard" if tool is ToolName.NAVIGATE else "crosshair"

    def pan(self, *, enabled: bool) -> None:
        """Pan with the left button for as long as a key is held."""
        self._viewer.scene.camera.mouse_pan = enabled or self._tool is ToolName.NAVIGATE

    def _drag(self, _viewer: object, event: MouseEvent) -> Iterator[None]:
        if event.button != 1:
            return
        if "Alt" in event.modifiers:
            yield from self._window(event)
            return
        panel = self._canvas.panel_at(event.position)
        if panel is None or panel.target is None:
            return
        self._send(Motion.PRESS, event, panel)
        yield
        while event.type == "mouse_move":
            self._send(Motion.DRAG, event, panel)
            yield
        self._send(Motion.RELEASE, event, panel)

    def _window(self, event: MouseEvent) -> Iterator[None]:
        """Alt and drag: up and down moves the centre of the window, left and right its width."""
        panel = self._canvas.panel_at(event.position)
        could_pan = self._viewer.scene.camera.mouse_pan
        self._viewer.scene.camera.mouse_pan = False
        before = event.pos
        yield
        while event.type == "mouse_move":
            right, down = event.pos[0] - before[0], event.pos[1] - before[1]
            before = event.pos
            if panel is not None:
                self._canvas.shift_window(panel, level=down / WINDOW_PX, width=right / WINDOW_PX)
            yield
        self._viewer.scene.camera.mouse_pan = could_pan

    def _move(self, _viewer: object, event: MouseEvent) -> None:
        panel = self._canvas.panel_at(event.position)
        point = panel.placement.to_pixel(tuple(event.position)) if panel else ()
        self._on_hover(panel, point)
        if panel is not None and panel.target is not None and self._tool is not ToolName.NAVIGATE:
            self._send(Motion.HOVER, event, panel)

    def _double_click(self, _viewer: object, event: MouseEvent) -> None:
        panel = self._canvas.panel_at(event.position)
        if panel is None:
            return
        if self._tool is ToolName.NAVIGATE:
            self._on_open(panel)
        elif panel.target is not None:
            self._send(Motion.DOUBLE_CLICK, event, panel)

    def _wheel(self, viewer: ViewerModel, event: MouseEvent) -> None:
        """On a volume the wheel turns slices and zooms with Control; on a mammogram it zooms, as napari does."""
        hanging = self._canvas.hanging
        is_volume = hanging is not None and any(len(panel.shape) == 3 for panel in hanging.panels)
        viewer.scene.camera.mouse_zoom = not is_volume
        if not is_volume or not event.delta[1]:
            return
        up = event.delta[1] > 0
        if "Control" in event.modifiers:
            viewer.scene.camera.zoom *= ZOOM_STEP if up else 1 / ZOOM_STEP
        else:
            axis = viewer.dims.order[-3]
            viewer.dims.set_current_step(axis, viewer.dims.current_step[axis] + (1 if up else -1))

    def _send(self, motion: Motion, event: MouseEvent, panel: Panel) -> None:
        if panel.target is None:
            return
        world = tuple(float(value) for value in event.position)
        reach = REACH_PX / self._viewer.scene.camera.zoom / abs(panel.placement.scale[-1])
        point = panel.placement.to_pixel(world)
        if len(point) == 3:
            point = (float(round(point[0])), *point[1:])
        pointer = PointerEvent(motion, panel.target, point, reach=max(reach, 0.5), shift="Shift" in event.modifiers)
        self._on_pointer(pointer)
