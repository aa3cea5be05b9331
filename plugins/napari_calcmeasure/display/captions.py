"""Names and scale bars of pictures that share one canvas, as layers; in a grid napari's own overlays do it.

They stay within what is seen of their picture, and have a dark edge: on a light picture they can be read as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from calcmeasure.report.palette import GREY, INK, PAPER
from calcmeasure.terms import Laterality
from napari_calcmeasure.display.panel import LayerData, Panel
from napari_calcmeasure.display.scale_bars import Area, ScaleBar, area_of, scale_bar
from napari_calcmeasure.reading.finding import Point

CAPTION_SIZE, BAR_SIZE = 11, 9
CROWDED, SMALLER = 4, 0.7
"""From more pictures on, words are written smaller by this factor."""
BAR_PX, BAR_EDGE_PX = 2.0, 5.0
"""Width of a bar, and of the dark line below it, on the screen."""
EDGE_PX = 1.2
"""Width of the dark edge of a letter."""
LETTER_SHARE = 0.85
"""Width of a letter on the screen, as a share of the size it is written in."""
USUAL_ZOOM = 4.0
"""Screen pixels per mm, until it is known what the canvas shows."""
_AROUND = ((-1, -1), (-1, 1), (1, -1), (1, 1))


@dataclass(frozen=True, slots=True)
class View:
    """What the canvas shows.

    Parameters
    ----------
    area
        World rows and columns, mm.
    zoom
        Screen pixels per mm.
    """

    area: Area
    zoom: float

    @classmethod
    def around(cls, centre: Sequence[float], *, zoom: float, size: tuple[int, int]) -> View:
        """Look at a place, with a canvas of (height, width) screen pixels."""
        ends = [(at - length / zoom / 2, at + length / zoom / 2) for at, length in zip(centre, size, strict=True)]
        return cls(Area(ends[0], ends[1]), zoom)


def frame_layers(panels: Sequence[Panel], *, view: View | None = None) -> tuple[LayerData, ...]:
    """Name every picture in its outer top corner, and give it a scale bar.

    Parameters
    ----------
    panels
        Mammograms on one canvas; those in the same place (a flickering pair) are named once.
    view
        What of them is seen; None for all. For the same pictures the layers are the same, in the same order.

    Returns
    -------
    tuple of LayerData
        In world coordinates.
    """
    mammograms = [panel for panel in panels if len(panel.shape) == 2]
    flat = [panel for panel in mammograms if not (panel.is_prior and _shares_place(panel, mammograms))]
    factor = SMALLER if len(flat) > CROWDED else 1.0
    zoom = USUAL_ZOOM if view is None else view.zoom
    seen = {panel.key: _seen(panel, view) for panel in flat}
    bars = [bar for bar in (scale_bar(panel, within=seen[panel.key]) for panel in flat) if bar is not None]
    sides = [[panel for panel in flat if _is_right_hand(panel) is right] for right in (False, True)]
    names = [
        _words_layer(
            [(_corner(panel, seen[panel.key]), panel.caption) for panel in side],
            anchor=anchor,
            size=round(CAPTION_SIZE * factor),
            units=_units(flat),
            zoom=zoom,
        )
        for side, anchor in zip(sides, ("lower_left", "lower_right"), strict=True)
        if side
    ]
    return (*_bar_layers(bars, size=round(BAR_SIZE * factor), zoom=zoom), *names)


def _seen(panel: Panel, view: View | None) -> Area:
    """Cut a picture down to what is seen of it; all of it where nothing is."""
    whole = area_of(panel)
    return whole if view is None else whole.within(view.area) or whole


def _shares_place(panel: Panel, panels: Sequence[Panel]) -> bool:
    return any(other is not panel and other.cell == panel.cell and other.contains(_middle(panel)) for other in panels)


def _middle(panel: Panel) -> Point:
    return panel.placement.to_world(tuple(n / 2 for n in panel.shape))


def _is_right_hand(panel: Panel) -> bool:
    """Whether the outer corner is the right one: left breasts hang on the viewer's right."""
    return panel.target is not None and panel.target.laterality is Laterality.LEFT


def _corner(panel: Panel, seen: Area) -> Point:
    return (seen.rows[0], seen.columns[1] if _is_right_hand(panel) else seen.columns[0])


def _units(panels: Sequence[Panel]) -> tuple[str, ...]:
    return tuple(panels[0].image[1].get("units", ("mm", "mm"))) if panels else ("mm", "mm")


def _bar_layers(bars: Sequence[ScaleBar], *, size: int, zoom: float) -> list[LayerData]:
    if not bars:
        return []
    lines = [np.asarray(segment, dtype=float) for bar in bars for segment in bar.segments]
    pens = [(INK, BAR_EDGE_PX / zoom)] * len(lines) + [(GREY, BAR_PX / zoom)] * len(lines)
    drawn = {
        **_frame(("mm", "mm")),
        "name": "scale bars",
        "shape_type": "line",
        "opacity": 1.0,
        "edge_color": [colour for colour, _ in pens],
        "edge_width": [width for _, width in pens],
    }
    words = [(_label_start(bar, size=size, zoom=zoom), bar.label) for bar in bars]
    label = _words_layer(words, anchor="upper_left", size=size, units=("mm", "mm"), zoom=zoom)
    return [([*lines, *lines], drawn, "shapes"), label]


def _label_start(bar: ScaleBar, *, size: int, zoom: float) -> Point:
    """Centre the words over their bar; their point is the left one."""
    return (bar.label_at[0], bar.label_at[1] - len(bar.label) * size * LETTER_SHARE / zoom / 2)


def _words_layer(
    words: Sequence[tuple[Point, str]], *, anchor: str, size: int, units: tuple[str, ...], zoom: float
) -> LayerData:
    """Words as text of invisible points: napari keeps their size on the screen at any zoom. Their edge lies below."""
    step = EDGE_PX / zoom
    shade = [
        ((row + down * step, column + right * step), text) for (row, column), text in words for down, right in _AROUND
    ]
    laid = [(place, text, INK) for place, text in shade] + [(place, text, PAPER) for place, text in words]
    keywords = {
        "name": f"words {anchor.replace('_', ' ')}",
        **_frame(units),
        "size": 0.01,
        "face_color": "transparent",
        "border_color": "transparent",
        "opacity": 1.0,
        "features": {"words": [text for _, text, _ in laid]},
        "text": {"string": "{words}", "color": [colour for _, _, colour in laid], "size": size, "anchor": anchor},
    }
    return (np.asarray([place for place, _, _ in laid], dtype=float), keywords, "points")


def _frame(units: tuple[str, ...]) -> dict[str, Any]:
    return {"units": units, "axis_labels": ("row", "column")}
