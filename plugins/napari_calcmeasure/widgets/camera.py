"""Where the canvas looks: fit, pixel for pixel, a place, mirrored. Only the camera moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from napari_calcmeasure.display.panel import Hanging, Panel
from napari_calcmeasure.reading.finding import Point

if TYPE_CHECKING:
    from napari.components import ViewerModel

MARGIN = 0.96
"""Share of the canvas that a fitted picture fills."""


class Camera:
    """The camera over one canvas.

    Parameters
    ----------
    viewer
        With the canvas.
    hanging
        Gives what hangs now.
    """

    def __init__(self, viewer: ViewerModel, hanging: Callable[[], Hanging | None]) -> None:
        self._viewer, self._hanging_now = viewer, hanging

    @property
    def cell_size(self) -> tuple[int, int]:
        """(height, width) of one cell of the canvas, screen pixels."""
        hanging = self._hanging_now()
        height, width = self._viewer.canvas.size
        rows, columns = hanging.grid if hanging is not None and hanging.grid else (1, 1)
        return (max(int(height) // rows, 1), max(int(width) // columns, 1))

    def fit(self) -> None:
        """Show everything."""
        hanging = self._hanging_now()
        if hanging is None or not hanging.panels:
            return
        low, high = self._bounds(hanging.panels)
        height, width = self.cell_size
        spans = [max(b - a, 1e-6) for a, b in zip(low, high, strict=True)]
        middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
        self.look_at(middle, MARGIN * min(height / spans[0], width / spans[1]))

    def one_to_one(self, panel: Panel | None = None, *, at: Sequence[float] | None = None) -> None:
        """One screen pixel for one image pixel; around a world position, or where the canvas looks now."""
        hanging = self._hanging_now()
        chosen = panel or next(iter(hanging.panels if hanging is not None else ()), None)
        if chosen is not None:
            pixel_mm = abs(chosen.placement.scale[self._displayed(chosen)[1]])
            self.look_at(at if at is not None else self._viewer.scene.camera.center[-2:], 1 / pixel_mm)

    def look_at(self, centre: Sequence[float], zoom: float) -> None:
        """Go to a place: world (row, column) and screen pixels per mm."""
        camera = self._viewer.scene.camera
        camera.center = (0.0, float(centre[-2]), float(centre[-1]))
        camera.zoom = zoom

    def flip(self, *, horizontally: bool) -> None:
        """Mirror the whole canvas; layers, and with them measurements, stay as they are."""
        camera = self._viewer.scene.camera
        vertical, horizontal = (str(way) for way in camera.orientation2d)
        if horizontally:
            camera.orientation2d = (vertical, "left" if horizontal == "right" else "right")
        else:
            camera.orientation2d = ("up" if vertical == "down" else "down", horizontal)

    def is_flipped(self, *, horizontally: bool) -> bool:
        """Whether the whole canvas is mirrored."""
        vertical, horizontal = (str(way) for way in self._viewer.scene.camera.orientation2d)
        return horizontal == "left" if horizontally else vertical == "up"

    def _displayed(self, panel: Panel) -> tuple[int, int]:
        """Tell which axes of a picture run down and across the screen now."""
        dims = self._viewer.dims
        hidden = dims.ndim - len(panel.shape)
        down, across = (axis - hidden for axis in dims.order[-2:])
        return down, across

    def _bounds(self, panels: Sequence[Panel]) -> tuple[Point, Point]:
        """Corners of all pictures, world positions along the axes displayed."""
        corners = []
        for panel in panels:
            axes = self._displayed(panel)
            for edge in ([-0.5] * len(panel.shape), [n - 0.5 for n in panel.shape]):
                world = panel.placement.to_world(tuple(edge))
                corners.append(tuple(world[axis] for axis in axes))
        downs, acrosses = zip(*corners, strict=True)
        return (min(downs), min(acrosses)), (max(downs), max(acrosses))
