"""Drawings of one cell as napari layers: lines, rings, and on a volume the lesion masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from calcmeasure.report.palette import AMBER, PAPER
from napari_calcmeasure.display.drawings import Drawing, Ring, Stroke
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.reading.finding import LesionMask, Point

if TYPE_CHECKING:
    from napari.layers import Layer

CAPTION = PAPER
TEXT_SIZE = 11
RING_WIDTH = 0.12
"""Border of a ring as a share of its diameter."""
LEAST_RING_PX, LEAST_LINE_PX = 9, 1.6
"""On the screen, at any zoom: thinner lines break up."""
ZOOM_CHANGE = 1.3
"""Lines are made anew when the zoom has changed by this factor."""


class Ink:
    """The drawing layers of one cell of the canvas.

    Parameters
    ----------
    panels
        Pictures of the cell.
    shares_canvas
        Whether several pictures lie on the canvas: drawings are then kept in world coordinates.
    """

    KINDS: ClassVar[tuple[str, ...]] = ("mask", "lines", "marks")
    FLAT_KINDS: ClassVar[tuple[str, ...]] = ("lines", "marks")

    def __init__(self, panels: Sequence[Panel], *, shares_canvas: bool) -> None:
        self._panels = list(panels)
        self._in_world = shares_canvas
        self._visible_keys = {panel.key for panel in panels}
        self._drawings: Mapping[str, Drawing] = {}
        self._mask_boxes: list[tuple[slice, ...]] = []
        self._zoom = 1.0
        self._layers = self._make()

    def layers(self) -> tuple[Layer, ...]:
        """Bottom to top."""
        return tuple(self._layers.values())

    def draw(self, drawings: Mapping[str, Drawing]) -> None:
        """Replace what is drawn."""
        self._drawings = drawings
        self._draw_lines(self._strokes())
        self._draw_rings(self._rings())
        if "mask" in self._layers:
            self._draw_masks([mask for _, drawing in self._mine() for mask in drawing.masks])

    def rescale(self, zoom: float) -> None:
        """Keep lines visible at another zoom (screen pixels per mm)."""
        if not 1 / ZOOM_CHANGE < zoom / self._zoom < ZOOM_CHANGE:
            self._zoom = zoom
            widths = [self._size(panel, self._line_mm(stroke)) for panel, stroke in self._strokes()]
            if widths:
                self._layers["lines"].edge_width = widths
            sizes = [self._size(panel, self._ring_mm(ring)) for panel, ring in self._rings()]
            if sizes:
                self._layers["marks"].size = sizes

    def show_only(self, keys: set[str]) -> None:
        """Draw on these panels only."""
        self._visible_keys = keys
        self.draw(self._drawings)

    def set_visible(self, visible: bool) -> None:
        """Show or hide everything."""
        for layer in self._layers.values():
            layer.visible = visible

    # -- inside --------------------------------------------------------------------------------------------------------

    def _mine(self) -> list[tuple[Panel, Drawing]]:
        keys = self._visible_keys & set(self._drawings)
        return [(panel, self._drawings[panel.key]) for panel in self._panels if panel.key in keys]

    def _strokes(self) -> list[tuple[Panel, Stroke]]:
        return [(panel, stroke) for panel, drawing in self._mine() for stroke in drawing.strokes]

    def _rings(self) -> list[tuple[Panel, Ring]]:
        return [(panel, ring) for panel, drawing in self._mine() for ring in drawing.rings]

    def _ring_mm(self, ring: Ring) -> float:
        return max(ring.size_mm, LEAST_RING_PX / self._zoom)

    def _line_mm(self, stroke: Stroke) -> float:
        return max(stroke.width_mm, LEAST_LINE_PX / self._zoom)

    def _make(self) -> dict[str, Layer]:
        from napari.layers import Labels, Points, Shapes
        from napari.utils.colormaps import DirectLabelColormap

        first = self._panels[0]
        ndim = len(first.shape)
        units = tuple(first.image[1].get("units", ("mm",) * ndim))[-ndim:]
        frame: dict[str, Any] = {"units": units, "axis_labels": tuple(first.image[1]["axis_labels"])[-ndim:]}
        if not self._in_world:
            frame |= {"scale": first.placement.scale, "translate": first.placement.origin}
        layers: dict[str, Layer] = {}
        if ndim == 3:
            colours = DirectLabelColormap(color_dict={None: "transparent", 0: "transparent", 1: AMBER})
            empty = np.zeros(first.shape, np.uint8)
            layers["mask"] = Labels(empty, name=f"mask {first.key}", colormap=colours, opacity=0.7, **frame)
            layers["mask"].contour = 1
        layers["lines"] = Shapes(None, ndim=ndim, name=f"lines {first.key}", face_color="transparent", **frame)
        layers["marks"] = Points(
            None, ndim=ndim, name=f"marks {first.key}", face_color="transparent", border_width=RING_WIDTH, **frame
        )
        layers["marks"].opacity = layers["lines"].opacity = 1.0
        return layers

    def _draw_lines(self, strokes: Sequence[tuple[Panel, Stroke]]) -> None:
        layer = self._layers["lines"]
        layer.data = [(np.asarray(self._placed(p, s.points), dtype=float), s.kind) for p, s in strokes]
        if not strokes:
            return
        layer.edge_color = [stroke.colour for _, stroke in strokes]
        layer.edge_width = [self._size(panel, self._line_mm(stroke)) for panel, stroke in strokes]
        layer.face_color = "transparent"
        layer.features = {"words": [stroke.words for _, stroke in strokes]}
        layer.text = {
            "string": "{words}",
            "size": TEXT_SIZE,
            "anchor": "upper_left",
            "color": [stroke.colour for _, stroke in strokes],
            "translation": self._above(strokes[0][0]),
        }

    def _draw_rings(self, rings: Sequence[tuple[Panel, Ring]]) -> None:
        layer = self._layers["marks"]
        ndim = layer.ndim
        centres = [self._placed(panel, [ring.centre])[0] for panel, ring in rings]
        layer.data = np.asarray(centres, dtype=float).reshape(-1, ndim)
        if rings:
            layer.size = [self._size(panel, self._ring_mm(ring)) for panel, ring in rings]
            layer.border_color = [ring.colour for _, ring in rings]
            layer.face_color = "transparent"
        layer.selected_data = set()

    def _draw_masks(self, masks: Sequence[LesionMask]) -> None:
        layer = self._layers["mask"]
        for box in self._mask_boxes:
            layer.data[box] = 0
        self._mask_boxes = []
        for mask in masks:
            box = tuple(slice(o, o + n) for o, n in zip(mask.offset_zrc, mask.voxels.shape, strict=True))
            layer.data[box][mask.voxels] = 1
            self._mask_boxes.append(box)
        layer.refresh()

    def _placed(self, panel: Panel, points: Sequence[Point]) -> list[Point]:
        return [panel.placement.to_world(point) for point in points] if self._in_world else list(points)

    def _above(self, panel: Panel) -> tuple[float, ...]:
        """Words stand clear of the ring at the end of their line."""
        up = -self._size(panel, LEAST_RING_PX / self._zoom)
        return (*(0.0 for _ in range(self._layers["lines"].ndim - 2)), up, 0.0)

    def _size(self, panel: Panel, size_mm: float) -> float:
        """Size in the units of the layer: mm in world coordinates, pixels in the picture's own."""
        return size_mm if self._in_world else size_mm / abs(panel.placement.scale[-1])
