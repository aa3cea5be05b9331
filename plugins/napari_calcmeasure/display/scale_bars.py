"""A scale bar beside every view, in millimetres of that view's own spacing: for canvases that show several images."""

from __future__ import annotations

from dataclasses import dataclass

from calcmeasure.terms import Laterality
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.reading.finding import Point

LENGTHS_MM = (50, 20, 10, 5, 2, 1)
"""What a bar may measure, longest first."""
LARGEST_SHARE = 0.3
"""Of the width of its picture that a bar may take."""
MARGIN_SHARE = 0.03
"""Of the picture's height and width between a bar and the picture's edges."""
TICK_SHARE = 0.015
"""Of the picture's height that the strokes at a bar's ends reach up."""


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of known length.

    Parameters
    ----------
    panel
        Key of the panel it measures.
    length_mm
        Between its ends.
    segments
        Pairs of ends in world coordinates: the bar and the stroke at either end.
    label
        Words such as ``20 mm``.
    label_at
        World position of the middle of the bar; the words go above it.
    """

    panel: str
    length_mm: float
    segments: tuple[tuple[Point, Point], ...]
    label: str
    label_at: Point


def scale_bar(panel: Panel) -> ScaleBar | None:
    """Make the scale bar of a panel, in its lower corner away from the chest wall.

    Parameters
    ----------
    panel
        Of a mammogram, placed in millimetres.

    Returns
    -------
    ScaleBar or None
        None where the image has no millimetres, or is smaller than the shortest bar.
    """
    if "mm" not in panel.image[1].get("units", ()):
        return None
    (top, bottom), (left, right) = _edges(panel)
    fitting = [length for length in LENGTHS_MM if length <= LARGEST_SHARE * (right - left)]
    if not fitting:
        return None
    length, margin = float(fitting[0]), MARGIN_SHARE * (right - left)
    row = bottom - MARGIN_SHARE * (bottom - top)
    lies_left = panel.target is None or panel.target.laterality is not Laterality.LEFT
    begin = left + margin if lies_left else right - margin - length
    end, tick = begin + length, row - TICK_SHARE * (bottom - top)
    segments = (((row, begin), (row, end)), ((row, begin), (tick, begin)), ((row, end), (tick, end)))
    return ScaleBar(panel.key, length, segments, f"{length:.0f} mm", (row, (begin + end) / 2))


def _edges(panel: Panel) -> list[tuple[float, float]]:
    """World range of each axis between the outer edges of the pixels."""
    ends = (panel.placement.to_world((-0.5, -0.5)), panel.placement.to_world(tuple(n - 0.5 for n in panel.shape)))
    return [(min(axis), max(axis)) for axis in zip(*ends, strict=True)]
