"""Keeps names and scale bars within what is seen of their pictures, wherever the camera looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_calcmeasure.display.captions import View, frame_layers
from napari_calcmeasure.widgets.canvas import Canvas
from napari_calcmeasure.widgets.rack import change
from napari_calcmeasure.widgets.segments import as_vectors
from napari_calcmeasure.widgets.timers import timer

if TYPE_CHECKING:
    from napari.components import ViewerModel

KEEP_MS = 40
"""Moves of the camera that come faster than this are followed together."""


class FrameKeeper(QObject):
    """Moves the names and scale bars of pictures that share the canvas.

    Parameters
    ----------
    viewer, canvas
        With the pictures.
    """

    def __init__(self, viewer: ViewerModel, canvas: Canvas) -> None:
        super().__init__()
        self._viewer, self._canvas = viewer, canvas
        self._timer = timer(self.keep, interval_ms=KEEP_MS)
        for moved in (viewer.scene.camera.events.center, viewer.scene.camera.events.zoom, viewer.canvas.events.size):
            moved.connect(self._keep_soon)

    @property
    def is_settled(self) -> bool:
        """Whether all stand where they belong."""
        return not self._timer.isActive()

    def stop(self) -> None:
        """Move them no more: the window closes."""
        self._timer.stop()

    def keep(self) -> None:
        """Move them now."""
        for _ in self.keep_in_steps():
            pass

    def keep_in_steps(self) -> Iterator[None]:
        """Move them, one layer at a time."""
        hanging, camera = self._canvas.hanging, self._viewer.scene.camera
        if hanging is None or hanging.grid is not None:
            return
        view = View.around(camera.center[-2:], zoom=camera.zoom, size=self._canvas.camera.cell_size)
        layers = {layer.name: layer for layer in self._viewer.layers if layer.visible}
        for data in frame_layers(hanging.panels, view=view):
            layer = layers.get(data[1]["name"])
            if layer is not None:
                change(layer, as_vectors(data) if data[2] == "shapes" else data)
                yield

    def _keep_soon(self, _event: object = None) -> None:
        if not self._timer.isActive():
            self._timer.start()
