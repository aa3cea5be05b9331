"""Images in their places on the canvas, as plain values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from napari_calcmeasure.display.windows import WindowPreset
from napari_calcmeasure.reading.finding import Point, Target

LayerData = tuple[Any, dict[str, Any], str]
"""Array, keywords of the layer, kind of layer: what napari's readers return."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies on the canvas.

    Parameters
    ----------
    origin
        World position of pixel (0, 0), mm along the last axes.
    scale
        Step from pixel to pixel, mm; negative where the picture is mirrored.
    """

    origin: tuple[float, ...]
    scale: tuple[float, ...]

    def to_world(self, point: Point) -> Point:
        """World position of a pixel index, of the last axes."""
        return tuple(o + s * p for o, s, p in zip(self.origin, self.scale, point, strict=True))

    def to_pixel(self, world: Point) -> Point:
        """Pixel index of a world position; leading world axes the image does not have are ignored."""
        own = world[-len(self.origin) :]
        return tuple((w - o) / s for w, o, s in zip(own, self.origin, self.scale, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One image on the canvas.

    Parameters
    ----------
    key
        Unique within a hanging.
    caption
        Side, view and time point; never patient data.
    image
        The image layer, placed.
    shape
        (rows, columns) or (slices, rows, columns) of the picture drawn on.
    placement
        Of the drawing axes (without the phase axis).
    target
        What findings drawn here belong to; None where nothing is drawn (a projection over slices, an unusable image).
    presets
        Windows to choose from, the header's first; empty where only the limits of the layer can be moved.
    cell
        (row, column) in the grid; (0, 0) without one.
    is_prior
        Whether it shows an earlier visit than the one being read.
    facts
        Sentences about the image: spacing with its source, phase and its reason, flags.
    """

    key: str
    caption: str
    image: LayerData
    shape: tuple[int, ...]
    placement: Placement
    target: Target | None
    presets: tuple[WindowPreset, ...] = ()
    cell: tuple[int, int] = (0, 0)
    is_prior: bool = False
    facts: tuple[str, ...] = ()

    def contains(self, world: Point) -> bool:
        """Whether a world position lies on this picture."""
        pixel = self.placement.to_pixel(world)
        return all(-0.5 <= p <= n - 0.5 for p, n in zip(pixel, self.shape, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Hanging:
    """All images of one look, in their places.

    Parameters
    ----------
    protocol
        Name of the hanging protocol that was applied.
    panels
        In reading order; with a grid, every panel is a cell of its own with a linked camera.
    grid
        (rows, columns) of cells; None when all images share one canvas.
    title
        One line; surrogate name and time point.
    problems
        A sentence with a code for each image that cannot be shown or compared.
    first_step
        World axis to step of the slider, to show first: ``{0: phase, 1: slice}``; empty for flat images.
    axis_order
        Order of the world axes, the last two displayed; empty for the natural one.
    """

    protocol: str
    panels: tuple[Panel, ...]
    title: str
    grid: tuple[int, int] | None = None
    problems: tuple[str, ...] = ()
    first_step: tuple[tuple[int, int], ...] = ()
    axis_order: tuple[int, ...] = ()

    @property
    def ndim(self) -> int:
        """Number of its world axes."""
        return max((panel.image[0].ndim for panel in self.panels), default=2)

    def panel_at(
        self, world: Point, *, cell: tuple[int, int] | None = None, hidden: Collection[str] = ()
    ) -> Panel | None:
        """Find the panel under a world position.

        Parameters
        ----------
        world
            Position on the canvas.
        cell
            Grid cell of the cursor.
        hidden
            Keys of panels that are not seen now: of two panels in one place, only one is.
        """
        wanted = cell if self.grid is not None and cell is not None else (0, 0)
        seen = (one for one in self.panels if one.key not in hidden)
        return next((one for one in seen if one.cell == wanted and one.contains(world)), None)
