"""Puts a hanging on napari's canvas and keeps drawings on it; needs a viewer model, not a window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from napari_calcmeasure.display.captions import frame_layers
from napari_calcmeasure.display.drawings import Drawing
from napari_calcmeasure.display.panel import Hanging, Panel
from napari_calcmeasure.display.windows import WindowPreset
from napari_calcmeasure.widgets.camera import Camera
from napari_calcmeasure.widgets.cells import Cells
from napari_calcmeasure.widgets.ink import Ink
from napari_calcmeasure.widgets.rack import Place, Rack
from napari_calcmeasure.widgets.segments import as_vectors
from napari_calcmeasure.widgets.shown import Shown, image_of, with_all_axes

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
        self._hanging: Hanging | None = None
        self._shown: list[Shown] = []
        self._inks: dict[tuple[int, int], Ink] = {}
        self._frames: list[Layer] = []
        self.rack, self.cells = Rack(viewer), Cells(viewer)
        self.camera = Camera(viewer, lambda: self._hanging)
        self.is_inverted = False
        self.shows_drawings = True
        viewer.scene.camera.events.zoom.connect(self._rescale)

    # -- showing -------------------------------------------------------------------------------------------------------

    @property
    def hanging(self) -> Hanging | None:
        """What is on the canvas."""
        return self._hanging

    @property
    def has_cells(self) -> bool:
        """Whether pictures hang in cells of their own: then whatever is shown anew has napari arrange all cells."""
        return self._hanging is not None and self._hanging.grid is not None

    @property
    def is_blank(self) -> bool:
        """Whether nothing is seen, of others' layers neither."""
        return not any(layer.visible for layer in self._viewer.layers)

    def show(self, hanging: Hanging) -> None:
        """Replace what was shown before."""
        pictures = chain(self.hang_in_steps(hanging), self.frame_in_steps(), self.uncover_in_steps())
        for _ in chain(pictures, self.name_in_steps()):
            pass

    def hang_in_steps(self, hanging: Hanging) -> Iterator[None]:
        """Put pictures in place of those before, hidden, one layer at a time: the window breathes between the steps."""
        with self.rack.at_once():
            yield from self._put_back()
            self._hanging = hanging
            for cell in _cells(hanging):
                yield
                yield from self._fill(cell, hanging)
            for data in frame_layers(hanging.panels) if hanging.grid is None else ():
                yield
                data = as_vectors(data) if data[2] == "shapes" else data
                self._frames.append(self.rack.take(str(data[1]["name"]), data))
            yield from self.rack.put_in_order(Place.of(hanging.panels[0]) if hanging.panels else Place())
            yield
            self._turn_to_first(hanging)
            if hanging.grid is not None:
                depth = 1 + max((len(ink.layers) for ink in self._inks.values()), default=0)
                self.cells.set_out(hanging.grid, depth=depth)
            yield

    def uncover_in_steps(self) -> Iterator[None]:
        """Show the pictures and their names, one at a time; of a flickering pair only the current one."""
        if self._hanging is None:
            return
        yield from self._uncover(self._hanging)
        self._draw_visible_only()
        selection = self._viewer.layers.selection
        if self._shown and selection.active is not self._shown[0].layer:
            selection.active = self._shown[0].layer

    def frame_in_steps(self) -> Iterator[None]:
        """Show the names and scale bars of pictures that share the canvas, one layer at a time."""
        self.camera.fit()
        for layer in self._frames:
            layer.visible = True
            yield

    def lay_out_in_steps(self) -> Iterator[None]:
        """Show the empty drawing layers, one at a time: the first stroke would wait for that."""
        for ink in self._inks.values():
            for layer in ink.layers:
                layer.visible = self.shows_drawings
                yield

    def name_in_steps(self) -> Iterator[None]:
        """Write the names above pictures in cells, one at a time; on a shared canvas they stand there already."""
        if self._hanging is None or not self.has_cells:
            return
        for shown in self._shown:
            shown.caption(shown.panel.caption)
            yield
        self.cells.show_bars(in_each=self._hanging.ndim == 2)
        yield

    def clear(self) -> None:
        """Take away what `show` put there; its layers stay, hidden."""
        for _ in self.clear_in_steps():
            pass

    def clear_in_steps(self) -> Iterator[None]:
        """Take it away unseen; the scene is built anew in a turn of its own."""
        with self.rack.at_once():
            yield from self._put_back()
            yield

    def let_go(self) -> None:
        """Take no click any more on what is seen: it is about to be taken away."""
        self._hanging = None

    def remove(self) -> None:
        """Take every layer out of the viewer."""
        self.clear()
        self.rack.remove()

    def draw(self, drawings: Mapping[str, Drawing]) -> None:
        """Replace all drawings.

        Parameters
        ----------
        drawings
            Panel key to what is drawn on it, in its pixel indices; panels not named are wiped.
        """
        for _ in self.draw_in_steps(drawings):
            pass

    def draw_in_steps(self, drawings: Mapping[str, Drawing]) -> Iterator[None]:
        """Replace all drawings, one cell at a time."""
        for ink in self._inks.values():
            ink.draw(drawings)
            yield

    def turn(self) -> None:
        """Draw what lies on the slice that the sliders show."""
        for ink in self._inks.values():
            ink.turn(self._viewer.dims.point)

    def show_drawings(self, *, visible: bool) -> None:
        """Show or hide all drawings, as long as a key is held."""
        self.shows_drawings = visible
        for ink in self._inks.values():
            ink.set_visible(visible)

    def caption(self, panel: Panel, words: str) -> None:
        """Write other words above one picture of a grid that has its name there."""
        shown = self._find(panel)
        if shown is not None and shown.layer.name_overlay.visible:
            shown.caption(words)

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
            shown.apply(preset, is_inverted=self.is_inverted)
        return chosen[0][1].name if chosen else ""

    def apply(self, panel: Panel, preset: WindowPreset) -> None:
        """Window one picture."""
        shown = self._find(panel)
        if shown is not None:
            shown.apply(preset, is_inverted=self.is_inverted)

    def window_of(self, panel: Panel) -> WindowPreset | None:
        """Say how a picture is windowed now; None where it has no presets."""
        shown = self._find(panel)
        return None if shown is None else shown.window_now

    def shift_window(self, panel: Panel, *, level: float, width: float) -> None:
        """Move one picture's window by shares of its width."""
        shown = self._find(panel)
        if shown is not None:
            shown.shift(level=level, width=width)

    def invert(self) -> None:
        """Black for white, on every picture."""
        self.is_inverted = not self.is_inverted
        for shown in self._shown:
            shown.invert()

    def flicker(self) -> bool:
        """Swap the pictures that lie on each other (current and prior); says whether there is such a pair."""
        priors = [shown for shown in self._shown if shown.panel.is_prior]
        if self._hanging is None or "flicker" not in self._hanging.protocol or not priors:
            return False
        show_prior = not priors[0].layer.visible
        for shown in self._shown:
            shown.layer.visible = shown.panel.is_prior is show_prior
        self._draw_visible_only()
        return True

    # -- inside --------------------------------------------------------------------------------------------------------

    def _put_back(self) -> Iterator[None]:
        for shown in self._shown:
            # Before the grid goes: a name that stays in its cell is not built anew when the cells come back.
            shown.caption("")
        yield
        self._shown, self._inks, self._frames, self._hanging = [], {}, [], None
        self.cells.close()
        self.rack.put_back()

    def _fill(self, cell: tuple[int, int], hanging: Hanging) -> Iterator[None]:
        """Put the pictures of a cell on the canvas, and above them the layers to draw on."""
        panels = [panel for panel in hanging.panels if panel.cell == cell]
        for panel in panels:
            picture = image_of(panel, is_inverted=self.is_inverted)
            # One picture has all axes, so that the viewer keeps them: napari makes all sliders anew when their number
            # changes, and takes a tenth of a second for it.
            layer = yield from self.rack.take_in_steps("image", picture if self._shown else with_all_axes(picture))
            self._shown.append(Shown(panel, layer, next(iter(panel.presets), None)))
            yield
        if cell in _cells_with_ink(hanging):
            # The camera may stand already as this hanging wants it, and then tells nothing.
            zoom = self._viewer.scene.camera.zoom
            self._inks[cell] = Ink(panels, self.rack, shares_canvas=hanging.grid is None, zoom=zoom)

    def _find(self, panel: Panel) -> Shown | None:
        return next((shown for shown in self._shown if shown.panel.key == panel.key), None)

    def _rescale(self, _event: object = None) -> None:
        for ink in self._inks.values():
            ink.rescale(self._viewer.scene.camera.zoom)

    def _draw_visible_only(self) -> None:
        for ink in self._inks.values():
            ink.show_only({panel.key for panel in self.visible_panels})

    def _turn_to_first(self, hanging: Hanging) -> None:
        """Turn the sliders before anything is seen: each turn cuts what is visible anew."""
        dims = self._viewer.dims
        lead = dims.ndim - hanging.ndim
        dims.order = (*range(lead), *(lead + axis for axis in hanging.axis_order or range(hanging.ndim)))
        for axis, step in hanging.first_step:
            dims.set_current_step(lead + axis, step)
        self.turn()

    def _uncover(self, hanging: Hanging) -> Iterator[None]:
        is_flicker = "flicker" in hanging.protocol
        pictures = [shown.layer for shown in self._shown if not (is_flicker and shown.panel.is_prior)]
        for layer in pictures:
            layer.visible = True
            if layer is pictures[0]:
                yield
                if self.has_cells:
                    self.cells.open()
                self.camera.fit()
            yield


def _cells(hanging: Hanging) -> list[tuple[int, int]]:
    return sorted({panel.cell for panel in hanging.panels})


def _cells_with_ink(hanging: Hanging) -> list[tuple[int, int]]:
    """Cells up to the last one that can be drawn on: napari fills a grid with as many layers in each cell."""
    drawn_on = [panel.cell for panel in hanging.panels if panel.target is not None]
    return [cell for cell in _cells(hanging) if drawn_on and cell <= max(drawn_on)]
