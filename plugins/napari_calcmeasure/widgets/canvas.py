"""Puts a hanging on napari's canvas; needs a viewer model, not a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_calcmeasure.hanging import Hanging

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


class Canvas:
    """Shows one hanging at a time in a viewer, and leaves layers of others alone.

    Parameters
    ----------
    viewer
        `napari.Viewer`, or the `ViewerModel` without a window.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers: list[Layer] = []
        self._title = ""
        self._phase_words: tuple[str, ...] = ()
        viewer.dims.events.current_step.connect(self._write_title)

    def show(self, hanging: Hanging) -> None:
        """Replace what was shown before."""
        from napari.layers import Layer

        self.clear()
        self._layers = [Layer.create(*layer) for layer in hanging.layers]
        for layer in self._layers:
            self._viewer.add_layer(layer)
        self._title = hanging.title
        if hanging.first_step is not None:
            self._phase_words = self._layers[0].metadata["phase_words"]
            self._viewer.dims.set_current_step((0, 1), hanging.first_step)
        self._viewer.reset_view()
        self._write_title()
        self._viewer.canvas.overlays.scale_bar.visible = bool(self._layers)
        self._viewer.layers.selection.active = self._layers[0] if self._layers else None

    def clear(self) -> None:
        """Take away what `show` added."""
        for layer in self._layers:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self._layers, self._phase_words, self._title = [], (), ""

    def _write_title(self, _event: object = None) -> None:
        words = [self._title]
        if self._phase_words:
            phase = min(int(self._viewer.dims.current_step[0]), len(self._phase_words) - 1)
            words += self._phase_words[phase].split(" · ")
        text = self._viewer.canvas.overlays.text
        text.text, text.position, text.font_size = "\n".join(words), "bottom_left", 11
        text.visible = bool(self._title)
