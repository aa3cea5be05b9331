"""Names and scale bars of pictures that share one canvas, as layers; in a grid napari's own overlays do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from calcmeasure.report.palette import GREY, PAPER
from calcmeasure.terms import Laterality
from napari_calcmeasure.display.panel import LayerData, Panel
from napari_calcmeasure.display.scale_bars import ScaleBar, scale_bar
from napari_calcmeasure.reading.finding import Point

CAPTION_SIZE, BAR_SIZE = 11, 9
CROWDED, SMALLER = 4, 0.7
"""From more pictures on, words are written smaller by this factor."""
BAR_MM = 0.5


def frame_layers(panels: Sequence[Panel]) -> tuple[LayerData, ...]:
    """Name every picture in its outer top corner, and give it a scale bar.

    Parameters
    ----------
    panels
        Mammograms on one canvas; those in the same place (a flickering pair) are named once.

    Returns
    -------
    tuple of LayerData
        In world coordinates.
    """
    mammograms = [panel for panel in panels if len(panel.shape) == 2]
    flat = [panel for panel in mammograms if not (panel.is_prior and _shares_place(panel, mammograms))]
    factor = SMALLER if len(flat) > CROWDED else 1.0
    bars = [bar for bar in map(scale_bar, flat) if bar is not None]
    sides = [[panel for panel in flat if _is_right_hand(panel) is right] for right in (False, True)]
    names = [
        _words_layer(
            [(_corner(panel), panel.caption) for panel in side],
            anchor=anchor,
            size=round(CAPTION_SIZE * factor),
            units=_units(flat),
        )
        for side, anchor in zip(sides, ("lower_left", "lower_right"), strict=True)
        if side
    ]
    return (*names, *_bar_layers(bars, size=round(BAR_SIZE * factor)))


def _shares_place(panel: Panel, panels: Sequence[Panel]) -> bool:
    return any(other is not panel and other.cell == panel.cell and other.contains(_middle(panel)) for other in panels)


def _middle(panel: Panel) -> Point:
    return panel.placement.to_world(tuple(n / 2 for n in panel.shape))


def _is_right_hand(panel: Panel) -> bool:
    """Whether the outer corner is the right one: left breasts hang on the viewer's right."""
    return panel.target is not None and panel.target.laterality is Laterality.LEFT


def _corner(panel: Panel) -> Point:
    ends = [panel.placement.to_world(tuple(edge)) for edge in ((-0.5, -0.5), tuple(n - 0.5 for n in panel.shape))]
    columns = [end[1] for end in ends]
    return (min(end[0] for end in ends), max(columns) if _is_right_hand(panel) else min(columns))


def _units(panels: Sequence[Panel]) -> tuple[str, ...]:
    return tuple(panels[0].image[1].get("units", ("mm", "mm"))) if panels else ("mm", "mm")


def _bar_layers(bars: Sequence[ScaleBar], *, size: int) -> list[LayerData]:
    if not bars:
        return []
    lines = [np.asarray(segment, dtype=float) for bar in bars for segment in bar.segments]
    keywords = {
        "name": "scale bars",
        **_frame(("mm", "mm")),
        "shape_type": "line",
        "edge_color": GREY,
        "edge_width": BAR_MM,
        "opacity": 1.0,
    }
    words = [(bar.label_at, bar.label) for bar in bars]
    return [(lines, keywords, "shapes"), _words_layer(words, anchor="upper_left", size=size, units=("mm", "mm"))]


def _words_layer(words: Sequence[tuple[Point, str]], *, anchor: str, size: int, units: tuple[str, ...]) -> LayerData:
    """Words as text of invisible points: napari keeps their size on the screen at any zoom."""
    keywords = {
        "name": f"words {anchor.replace('_', ' ')}",
        **_frame(units),
        "size": 0.01,
        "face_color": "transparent",
        "border_color": "transparent",
        "opacity": 1.0,
        "features": {"words": [text for _, text in words]},
        "text": {"string": "{words}", "color": PAPER, "size": size, "anchor": anchor},
    }
    return (np.asarray([place for place, _ in words], dtype=float), keywords, "points")


def _frame(units: tuple[str, ...]) -> dict[str, Any]:
    return {"units": units, "axis_labels": ("row", "column")}
