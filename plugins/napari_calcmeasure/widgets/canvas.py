"""Puts a hanging on napari's canvas and keeps drawings on it; needs a viewer model, not a window."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_calcmeasure.display.captions import frame_layers
from napari_calcmeasure.display.drawings import Drawing
from napari_calcmeasure.display.panel import Hanging, LayerData, Panel
from napari_calcmeasure.display.windows import WindowPreset
from napari_calcmeasure.widgets.camera import Camera
from napari_calcmeasure.widgets.ink import CAPTION, Ink

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from napari.utils.colormaps import Colormap


@dataclass(slots=True)
class _Shown:
    """A panel with its image layer, and how it is windowed now."""

    panel: Panel
    layer: Layer
    window: WindowPreset | None = None


class Canvas:
    """Shows one hanging at a time in a viewer, and leaves layers of others alone.

    Parameters
    ----------
    viewer
        `napari.Viewer`, or the `ViewerModel` without a window.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._hanging: Hanging | None = None
        self._shown: list[_Shown] = []
        self._inks: dict[tuple[int, int], Ink] = {}
        self._layers: list[Layer] = []
        self.camera = Camera(viewer, lambda: self._hanging)
        self.is_inverted = False
        self.shows_drawings = True
        # Once and for all: napari loses count of its overlays when this changes while a grid is shown.
        viewer.canvas.overlays.scale_bar.gridded = True
        viewer.scene.camera.events.zoom.connect(self._rescale)

    # -- showing -------------------------------------------------------------------------------------------------------

    @property
    def hanging(self) -> Hanging | None:
        """What is on the canvas."""
        return self._hanging

    def show(self, hanging: Hanging) -> None:
        """Replace what was shown before."""
        for _ in self.show_in_steps(hanging):
            pass

    def show_in_steps(self, hanging: Hanging) -> Iterator[None]:
        """Replace what was shown before, one layer at a time: the window can breathe between the steps."""
        with self._all_at_once():
            yield from self._clear_in_steps()
            self._hanging = hanging
            for cell in _cells(hanging):
                panels = [panel for panel in hanging.panels if panel.cell == cell]
                for panel in panels:
                    self._shown.append(_Shown(panel, self._add(_with_colormap(panel)), next(iter(panel.presets), None)))
                    yield
                self._inks[cell] = Ink(panels, shares_canvas=hanging.grid is None)
                for layer in self._inks[cell].layers():
                    self._layers.append(self._viewer.add_layer(layer))
                    yield
            for data in frame_layers(hanging.panels) if hanging.grid is None else ():
                self._add(data)
                yield
            self._apply_grid(hanging)
        yield
        self._settle(hanging)

    def clear(self) -> None:
        """Take away what `show` added."""
        with self._all_at_once():
            for _ in self._clear_in_steps():
                pass

    def draw(self, drawings: Mapping[str, Drawing]) -> None:
        """Replace all drawings.

        Parameters
        ----------
        drawings
            Panel key to what is drawn on it, in its pixel indices; panels not named are wiped.
        """
        for ink in self._inks.values():
            ink.draw(drawings)

    def show_drawings(self, *, visible: bool) -> None:
        """Show or hide all drawings, as long as a key is held."""
        self.shows_drawings = visible
        for ink in self._inks.values():
            ink.set_visible(visible)

    def caption(self, panel: Panel, words: str) -> None:
        """Write other words above one picture of a grid."""
        shown = self._find(panel)
        if shown is not None and shown.layer.name != words:
            shown.layer.name = words

    # -- looking -------------------------------------------------------------------------------------------------------

    def panel_at(self, world: Sequence[float]) -> Panel | None:
        """Find the visible panel under a world position."""
        if self._hanging is None:
            return None
        hidden = [shown.panel.key for shown in self._shown if not shown.layer.visible]
        return self._hanging.panel_at(tuple(world), cell=self._viewer.cursor.viewbox, hidden=hidden)

    @property
    def visible_panels(self) -> tuple[Panel, ...]:
        """Panels that are seen now: in a flickering pair only one of the two."""
        return tuple(shown.panel for shown in self._shown if shown.layer.visible)

    def use_preset(self, number: int) -> str:
        """Window every picture by its n-th preset; the name of the first picture's, empty when there is none."""
        chosen = [(one, one.panel.presets[number]) for one in self._shown if number < len(one.panel.presets)]
        for shown, preset in chosen:
            self._apply(shown, preset)
        return chosen[0][1].name if chosen else ""

    def apply(self, panel: Panel, preset: WindowPreset) -> None:
        """Window one picture."""
        shown = self._find(panel)
        if shown is not None:
            self._apply(shown, preset)

    def window_of(self, panel: Panel) -> WindowPreset | None:
        """Say how a picture is windowed now; None where it has no presets."""
        shown = self._find(panel)
        return None if shown is None or shown.window is None else shown.window.with_limits(shown.layer.contrast_limits)

    def shift_window(self, panel: Panel, *, level: float, width: float) -> None:
        """Move one picture's window by shares of its width."""
        shown = self._find(panel)
        if shown is None:
            return
        low, high = shown.layer.contrast_limits
        span = max((high - low) * (1 + width), 1e-3)
        centre = (low + high) / 2 + level * (high - low)
        limits = (centre - span / 2, centre + span / 2)
        shown.layer.contrast_limits_range = _wider(shown.layer.contrast_limits_range, limits)
        shown.layer.contrast_limits = limits

    def invert(self) -> None:
        """Black for white, on every picture."""
        self.is_inverted = not self.is_inverted
        for shown in self._shown:
            shown.layer.colormap = _inverted(shown.layer.colormap)

    def flicker(self) -> bool:
        """Swap the pictures that lie on each other (current and prior).

        Returns
        -------
        bool
            Whether there is such a pair.
        """
        priors = [shown for shown in self._shown if shown.panel.is_prior]
        if self._hanging is None or "flicker" not in self._hanging.protocol or not priors:
            return False
        show_prior = not priors[0].layer.visible
        for shown in self._shown:
            shown.layer.visible = shown.panel.is_prior is show_prior
        self._draw_visible_only()
        return True

    # -- inside --------------------------------------------------------------------------------------------------------

    def _clear_in_steps(self) -> Iterator[None]:
        self._shown, self._inks, self._hanging = [], {}, None
        while self._layers:
            layer = self._layers.pop()
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
                yield

    @contextmanager
    def _all_at_once(self) -> Iterator[None]:
        """Have the scene built once, when all layers are there: napari would for each, and half a grid breaks."""
        layers = self._viewer.layers
        layers.events.begin_batch()
        try:
            yield
        finally:
            # At its end napari collects garbage for a third of a second: it may skip what is older than this.
            gc.freeze()
            try:
                layers.events.end_batch()
            finally:
                gc.unfreeze()

    def _find(self, panel: Panel) -> _Shown | None:
        return next((shown for shown in self._shown if shown.panel.key == panel.key), None)

    def _apply(self, shown: _Shown, preset: WindowPreset) -> None:
        from napari.utils.colormaps import Colormap

        chosen = preset.inverted() if self.is_inverted else preset
        shown.window = preset
        shown.layer.contrast_limits_range = _wider(shown.layer.contrast_limits_range, chosen.limits)
        shown.layer.contrast_limits = chosen.limits
        shown.layer.colormap = Colormap(**chosen.colormap)

    def _rescale(self, _event: object = None) -> None:
        for ink in self._inks.values():
            ink.rescale(self._viewer.scene.camera.zoom)

    def _draw_visible_only(self) -> None:
        for ink in self._inks.values():
            ink.show_only({panel.key for panel in self.visible_panels})

    def _apply_grid(self, hanging: Hanging) -> None:
        grid = self._viewer.canvas.grid
        # The bar before the grid: napari expects one bar for each cell the moment a bar is switched on.
        grid.enabled = False
        self._viewer.canvas.overlays.scale_bar.visible = hanging.grid is not None and bool(hanging.panels)
        grid.enabled = hanging.grid is not None
        if hanging.grid is not None:
            stride = 1 + len(Ink.KINDS if any(len(panel.shape) == 3 for panel in hanging.panels) else Ink.FLAT_KINDS)
            grid.shape, grid.stride = hanging.grid, stride

    def _add(self, data: LayerData) -> Layer:
        from napari.layers import Layer

        layer = self._viewer.add_layer(Layer.create(*data))
        self._layers.append(layer)
        return layer

    def _settle(self, hanging: Hanging) -> None:
        dims = self._viewer.dims
        dims.order = hanging.axis_order or tuple(range(dims.ndim))
        for axis, step in hanging.first_step:
            dims.set_current_step(axis, step)
        for shown in self._shown:
            if hanging.grid is not None:
                _caption(shown.layer, shown.panel)
            if self.is_inverted:
                shown.layer.colormap = _inverted(shown.layer.colormap)
            if shown.panel.is_prior and "flicker" in hanging.protocol:
                shown.layer.visible = False
        self._draw_visible_only()
        self.camera.fit()
        if self._shown:
            self._viewer.layers.selection.active = self._shown[0].layer


def _cells(hanging: Hanging) -> list[tuple[int, int]]:
    return sorted({panel.cell for panel in hanging.panels})


def _with_colormap(panel: Panel) -> LayerData:
    """Turn the colours of a preset into napari's own kind of colour map."""
    from napari.utils.colormaps import Colormap

    data, keywords, kind = panel.image
    colormap = keywords.get("colormap", "gray")
    if isinstance(colormap, dict):
        keywords = {**keywords, "colormap": Colormap(**colormap)}
    return (data, keywords, kind)


def _wider(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    return (min(one[0], other[0]), max(one[1], other[1]))


def _inverted(colormap: Colormap) -> Colormap:
    from napari.utils.colormaps import Colormap

    colours = colormap.colors.copy()
    colours[:, :3] = 1 - colours[:, :3]
    return Colormap(colours, name=f"{colormap.name} inverted")


def _caption(layer: Layer, panel: Panel) -> None:
    overlay = layer.name_overlay
    overlay.visible, overlay.color, overlay.font_size = True, CAPTION, 11
    layer.name = panel.caption
