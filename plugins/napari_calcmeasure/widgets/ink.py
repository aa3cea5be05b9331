"""Drawings of one cell as napari layers: lines with the outlines of lesion masks, and rings with words.

The layers are flat: on a volume they hold what lies on the slice that is shown, and a layer is seen only once it holds
something. A change of slice or of one line then costs little, and an empty layer nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from calcmeasure.report.palette import AMBER, PAPER
from napari_calcmeasure.display.captions import LETTER_SHARE
from napari_calcmeasure.display.drawings import Drawing, Ring, Stroke, lifted, words_corner
from napari_calcmeasure.display.panel import LayerData, Panel
from napari_calcmeasure.reading.finding import LesionMask, Point
from napari_calcmeasure.widgets.rack import Place, Rack, fill
from napari_calcmeasure.widgets.segments import Segments, join, outline, thicken

if TYPE_CHECKING:
    from napari.layers import Layer, Points, Vectors

CELL_MARKS = "marks in cells"
"""Layers of marks for cells are others than for a shared canvas: to move words there and back has vispy build their
shader anew, which takes a tenth of a second."""
TEXT_SIZE, LINE_PX = 11, 20
"""Of words: their size, and the height of a line on the screen."""
RING_WIDTH = 0.12
"""Border of a ring as a share of its diameter."""
LEAST_RING_PX, LEAST_LINE_PX = 9, 1.6
"""On the screen, at any zoom: thinner lines break up."""
ZOOM_CHANGE = 1.3
"""Lines are made anew when the zoom has changed by this factor."""
CELL_EDGE_PX = 24
"""A cell of a grid may cut its picture by this much: words stay clear of it."""
HALF_SLICE = 0.5
"""Slices on either side of the one shown from which drawings are seen."""
SPECK = 0.01
"""Diameter of the unseen point that words stand at."""
_CLEAR = "transparent"


class Ink:
    """The drawing layers of one cell of the canvas.

    Parameters
    ----------
    panels
        Pictures of the cell.
    rack
        The layers are taken from.
    shares_canvas
        Whether several pictures lie on the canvas: drawings are then kept in world coordinates.
    zoom
        Screen pixels per mm, until `rescale` says otherwise.
    """

    KINDS: ClassVar[tuple[str, ...]] = ("lines", "marks")

    def __init__(self, panels: Sequence[Panel], rack: Rack, *, shares_canvas: bool, zoom: float = 1.0) -> None:
        self._panels = list(panels)
        self._in_world = shares_canvas
        self._visible_keys = {panel.key for panel in panels}
        self._is_shown = True
        self._drawings: Mapping[str, Drawing] = {}
        self._drawn: dict[str, object] = {}
        self._slices: dict[str, float] = {}
        self._zoom = self._drawn_zoom = zoom
        self._rack = rack
        self._layers = self._take(rack)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Bottom to top."""
        return tuple(self._layers.values())

    def draw(self, drawings: Mapping[str, Drawing]) -> None:
        """Replace what is drawn; what is the same as before is left alone."""
        self._drawings = drawings
        strokes, rings, masks = self._strokes(), self._rings(), self._masks()
        outlines = [(id(mask), level) for _, mask, level in masks]
        if self._is_new("lines", [*((panel.key, stroke) for panel, stroke in strokes), *outlines]):
            self._draw_lines(strokes, masks)
        words = [(panel, stroke) for panel, stroke in strokes if stroke.words]
        if self._is_new("marks", [(panel.key, one) for panel, one in (*rings, *words)]):
            self._draw_marks(rings, words)
        self._show()

    def turn(self, world: Sequence[float]) -> None:
        """Draw what lies on another slice.

        Parameters
        ----------
        world
            Position of the sliders, all axes.
        """
        for panel in self._panels:
            if len(panel.shape) == 3:
                self._slices[panel.key] = (world[-3] - panel.placement.origin[0]) / panel.placement.scale[0]
        self.draw(self._drawings)

    def rescale(self, zoom: float) -> None:
        """Keep lines visible at another zoom (screen pixels per mm)."""
        # What is drawn next is drawn for this zoom in any case: words must not reach beyond their picture.
        self._zoom = zoom
        if not 1 / ZOOM_CHANGE < zoom / self._drawn_zoom < ZOOM_CHANGE:
            self._drawn_zoom = zoom
            self._drawn = {}
            self.draw(self._drawings)

    def show_only(self, keys: set[str]) -> None:
        """Draw on these panels only."""
        self._visible_keys = keys
        self.draw(self._drawings)

    def set_visible(self, visible: bool) -> None:
        """Show or hide everything."""
        self._is_shown = visible
        self._show()

    # -- what is drawn -------------------------------------------------------------------------------------------------

    def _mine(self) -> list[tuple[Panel, Drawing]]:
        keys = self._visible_keys & set(self._drawings)
        return [(panel, self._drawings[panel.key]) for panel in self._panels if panel.key in keys]

    def _strokes(self) -> list[tuple[Panel, Stroke]]:
        strokes = ((panel, stroke) for panel, drawing in self._mine() for stroke in drawing.strokes)
        return [(panel, stroke) for panel, stroke in strokes if self._is_here(panel, stroke.points)]

    def _rings(self) -> list[tuple[Panel, Ring]]:
        rings = ((panel, ring) for panel, drawing in self._mine() for ring in drawing.rings)
        return [(panel, ring) for panel, ring in rings if self._is_here(panel, [ring.centre])]

    def _masks(self) -> list[tuple[Panel, LesionMask, int]]:
        levels = {panel.key: round(self._slices.get(panel.key, 0.0)) for panel in self._panels}
        masks = ((panel, mask, levels[panel.key]) for panel, drawing in self._mine() for mask in drawing.masks)
        return [
            (panel, mask, level) for panel, mask, level in masks if 0 <= level - mask.offset_zrc[0] < len(mask.voxels)
        ]

    def _is_here(self, panel: Panel, points: Sequence[Point]) -> bool:
        """Whether something lies on the slice that is shown, or runs through it."""
        level = self._slices.get(panel.key)
        levels = [point[0] for point in points]
        return level is None or min(levels) - HALF_SLICE <= level <= max(levels) + HALF_SLICE

    def _is_new(self, name: str, what: object) -> bool:
        if self._drawn.get(name, []) == what:
            return False
        self._drawn[name] = what
        return True

    # -- layers --------------------------------------------------------------------------------------------------------

    def _take(self, rack: Rack) -> dict[str, Any]:
        first = self._panels[0]
        own = Place.of(first)
        place = Place(units=own.units) if self._in_world else own
        uses = {kind: kind if self._in_world or kind != "marks" else CELL_MARKS for kind in self.KINDS}
        return {
            kind: rack.reserve(use, blank(kind, place, name=f"{kind} {first.key}"), place) for kind, use in uses.items()
        }

    def _show(self) -> None:
        """Show what holds something; what has become empty stays as it is, to be used again soon."""
        held = [name for name in self._layers if self._drawn.get(name)]
        self._set_visible(held if self._is_shown else list(self._layers))

    def _set_visible(self, names: Sequence[str]) -> None:
        changed = [self._layers[name] for name in names if self._layers[name].visible is not self._is_shown]
        if changed:
            with self._rack.at_once():
                for layer in changed:
                    layer.visible = self._is_shown

    def _draw_lines(
        self, strokes: Sequence[tuple[Panel, Stroke]], masks: Sequence[tuple[Panel, LesionMask, int]]
    ) -> None:
        """Draw strokes, and on them the outlines of masks."""
        layer: Vectors = self._layers["lines"]
        thin = LEAST_LINE_PX / self._zoom
        drawn = [
            (self._segments(panel, stroke), self._size(panel, max(stroke.width_mm, thin)), stroke.colour)
            for panel, stroke in strokes
        ]
        drawn += [(_outline(mask, level), self._size(panel, thin), AMBER) for panel, mask, level in masks]
        pen = min((width for _, width, _ in drawn), default=layer.edge_width)
        laid = [thicken(segments, width=width, pen=pen) for segments, width, _ in drawn]
        colours = [colour for (*_, colour), part in zip(drawn, laid, strict=True) for _ in part]
        with layer.events.set_data.blocker():
            fill(layer, np.concatenate([np.empty((0, 2, 2)), *laid]))
            layer.edge_width = pen
        if colours:
            layer.edge_color = colours
        layer.refresh(thumbnail=False, extent=False)

    def _draw_marks(self, rings: Sequence[tuple[Panel, Ring]], words: Sequence[tuple[Panel, Stroke]]) -> None:
        """Rings around points, and beside lines their words; words stand clear of the ring at the end of their line."""
        layer: Points = self._layers["marks"]
        centres = [self._placed(panel, [ring.centre])[0] for panel, ring in rings]
        corners = self._corners(words)
        sizes = [self._size(panel, max(ring.size_mm, LEAST_RING_PX / self._zoom)) for panel, ring in rings]
        with layer.events.set_data.blocker(), layer.text.events.blocker_all():
            fill(layer, np.asarray([*centres, *corners], dtype=float).reshape(-1, 2))
            if len(layer.data):
                layer.size = [*sizes, *(SPECK for _ in words)]
                layer.border_color = [*(ring.colour for _, ring in rings), *(_CLEAR for _ in words)]
                layer.features = {"words": [*("" for _ in rings), *(stroke.words for _, stroke in words)]}
                layer.text.color = [*(ring.colour for _, ring in rings), *(stroke.colour for _, stroke in words)]
                layer.text.translation = self._above()
        layer.refresh(thumbnail=False, extent=False)

    def _segments(self, panel: Panel, stroke: Stroke) -> Segments:
        return join(self._placed(panel, stroke.points), is_closed=stroke.kind == "polygon")

    def _placed(self, panel: Panel, points: Sequence[Point]) -> NDArray[np.float64]:
        placed = [panel.placement.to_world(point) for point in points] if self._in_world else points
        return np.asarray(placed, dtype=float)[:, -2:]

    def _words_corner(self, panel: Panel, stroke: Stroke) -> Point:
        width_mm = (len(stroke.words) * TEXT_SIZE * LETTER_SHARE + CELL_EDGE_PX) / self._zoom
        return words_corner(panel, stroke.points, width_mm=width_mm)

    def _corners(self, words: Sequence[tuple[Panel, Stroke]]) -> NDArray[np.float64]:
        """Where words begin, in layer coordinates, clear of each other."""
        pixel = self._size(self._panels[0], 1 / self._zoom)
        corners = [self._placed(panel, [self._words_corner(panel, stroke)])[0] for panel, stroke in words]
        widths = [len(stroke.words) * TEXT_SIZE * LETTER_SHARE * pixel for _, stroke in words]
        return lifted(corners, widths, height=LINE_PX * pixel)

    def _above(self) -> tuple[float, float]:
        return (-self._size(self._panels[0], LEAST_RING_PX / self._zoom), 0.0)

    def _size(self, panel: Panel, size_mm: float) -> float:
        """Size in the units of the layer: mm in world coordinates, pixels in the picture's own."""
        return size_mm if self._in_world else size_mm / abs(panel.placement.scale[-1])


def blank(kind: str, place: Place, *, name: str) -> LayerData:
    """Describe a layer that shows nothing.

    Parameters
    ----------
    kind
        One of `Ink.KINDS`, `CELL_MARKS`, or ``image``.
    place, name
        Of the layer.
    """
    frame: dict[str, Any] = {**place.keywords, "name": name}
    if kind == "image":
        return (np.zeros((1, 1), np.uint16), {**frame, "colormap": "gray", "contrast_limits": (0, 1)}, "image")
    if kind == "lines":
        return (np.empty((0, 2, 2)), {**frame, "vector_style": "line", "opacity": 1.0}, "vectors")
    words = {"string": "{words}", "size": TEXT_SIZE, "anchor": "upper_left", "color": PAPER}
    rings = {"face_color": _CLEAR, "border_width": RING_WIDTH, "opacity": 1.0}
    return (np.empty((0, 2)), {**frame, **rings, "features": {"words": np.empty(0, object)}, "text": words}, "points")


def _outline(mask: LesionMask, level: int) -> Segments:
    """Outline a mask on a slice, in its pixel indices: masks lie on volumes, which have a cell of their own."""
    return outline(mask.voxels[level - mask.offset_zrc[0]], at=mask.offset_zrc[1:])
