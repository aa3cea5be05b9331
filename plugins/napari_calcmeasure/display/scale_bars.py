"""A scale bar beside every view, in millimetres of that view's own spacing: for canvases that show several images."""

from __future__ import annotations

from dataclasses import dataclass

from calcmeasure.terms import Laterality
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.reading.finding import Point

LENGTHS_MM = (50.0, 20.0, 10.0, 5.0, 2.0, 1.0)
"""What a bar may measure, longest first."""
SHORTER_MM = (0.5, 0.2, 0.1)
"""And where less than the whole picture is seen."""
LARGEST_SHARE = 0.3
"""Of the width of its picture that a bar may take."""
MARGIN_SHARE = 0.03
"""Of the picture's height and width between a bar and the picture's edges."""
TICK_SHARE = 0.015
"""Of the picture's height that the strokes at a bar's ends reach up."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on the canvas: world rows and columns between which it lies."""

    rows: tuple[float, float]
    columns: tuple[float, float]

    def within(self, other: Area) -> Area | None:
        """Cut down to what two areas have in common; None where they do not meet."""
        pairs = ((self.rows, other.rows), (self.columns, other.columns))
        rows, columns = ((max(one[0], two[0]), min(one[1], two[1])) for one, two in pairs)
        return Area(rows, columns) if rows[0] < rows[1] and columns[0] < columns[1] else None


def area_of(panel: Panel) -> Area:
    """Give the place of a picture, to the outer edges of its pixels."""
    ends = (panel.placement.to_world((-0.5, -0.5)), panel.placement.to_world(tuple(n - 0.5 for n in panel.shape)))
    rows, columns = ((min(axis), max(axis)) for axis in zip(*ends, strict=True))
    return Area(rows, columns)


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


def scale_bar(panel: Panel, *, within: Area | None = None) -> ScaleBar | None:
    """Make the scale bar of a panel, in its lower corner away from the chest wall.

    Parameters
    ----------
    panel
        Of a mammogram, placed in millimetres.
    within
        Part of it that is seen; None for all.

    Returns
    -------
    ScaleBar or None
        None where the image has no millimetres, or is smaller than the shortest bar.
    """
    if "mm" not in panel.image[1].get("units", ()):
        return None
    whole = area_of(panel)
    (top, bottom), (left, right) = (within or whole).rows, (within or whole).columns
    if LENGTHS_MM[-1] > LARGEST_SHARE * (whole.columns[1] - whole.columns[0]):
        return None
    lengths = (*LENGTHS_MM, *SHORTER_MM)
    length = next((one for one in lengths if one <= LARGEST_SHARE * (right - left)), lengths[-1])
    margin = MARGIN_SHARE * (right - left)
    row = bottom - MARGIN_SHARE * (bottom - top)
    lies_left = panel.target is None or panel.target.laterality is not Laterality.LEFT
    begin = left + margin if lies_left else right - margin - length
    end, tick = begin + length, row - TICK_SHARE * (bottom - top)
    segments = (((row, begin), (row, end)), ((row, begin), (tick, begin)), ((row, end), (tick, end)))
    return ScaleBar(panel.key, length, segments, f"{length:g} mm", (row, (begin + end) / 2))
