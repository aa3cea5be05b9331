"""Findings as strokes and rings on one picture, in its pixel indices: what the canvas turns into layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calcmeasure.errors import AnnotationError
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.measure.hull_kernels import convex_hull
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.palette import AMBER, GREEN, GREY, SKY
from calcmeasure.report.text import format_mm
from calcmeasure.terms import GeometryKind
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.reading.finding import Finding, FindingState, LesionMask, Point

MARK_MM = 1.6
"""Diameter of the ring around a mark: wider than a microcalcification, so that it stays visible inside."""
HANDLE_MM = 2.0
"""Diameter of the ring around an end of a line or a vertex."""
MOST_HANDLES = 24
"""An outline with more vertices was traced by a segmentation: rings on all of them would hide the lesion."""
LINE_MM, THIN_MM = 0.35, 0.18
_STATE_SIGNS = {FindingState.DRAFT: " · draft", FindingState.SIGNED: " ✓", FindingState.CHANGED: " · changed, unsigned"}


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line, open path or closed polygon.

    Parameters
    ----------
    kind
        ``line``, ``path`` or ``polygon``, as napari's shapes are called.
    words
        Written beside it; empty for none.
    """

    points: tuple[Point, ...]
    kind: str
    colour: str
    width_mm: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring around a point."""

    centre: Point
    colour: str
    size_mm: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything drawn on one picture."""

    strokes: tuple[Stroke, ...] = ()
    rings: tuple[Ring, ...] = ()
    masks: tuple[LesionMask, ...] = ()

    def __add__(self, other: Drawing) -> Drawing:
        return Drawing(self.strokes + other.strokes, self.rings + other.rings, self.masks + other.masks)


@dataclass(frozen=True, slots=True)
class Style:
    """How one set of findings is drawn.

    Parameters
    ----------
    colour
        Of the measured line; None for the reader's own.
    origin
        Written before the number: whose it is. Empty for the reader's own.
    """

    colour: str | None = None
    origin: str = ""


OWN = Style()
OTHERS = Style(GREEN)
PRIOR = Style(GREY, "prior")


def belongs_to(annotation: Annotation, panel: Panel) -> bool:
    """Whether an annotation is drawn on a panel: where a click means it too."""
    return panel.target is not None and panel.target.shows(annotation)


def draw_findings(findings: Iterable[Finding], *, selected: str = "", style: Style = OWN) -> Drawing:
    """Draw findings of one image.

    Parameters
    ----------
    findings
        All of the same image.
    selected
        Key of the finding that is drawn with handles and a bolder line.
    """
    drawing = Drawing()
    for finding in findings:
        if finding.annotation.points:
            drawing += _draw_one(finding, is_selected=finding.key == selected, style=style)
    return drawing


def draw_annotations(annotations: Sequence[Annotation], *, style: Style) -> Drawing:
    """Draw what someone else, or an earlier visit, measured."""
    return draw_findings((Finding(annotation) for annotation in annotations), style=style)


def draw_unfinished(points: Sequence[Point]) -> Drawing:
    """Draw clicks so far, the place under the cursor last."""
    if not points:
        return Drawing()
    rings = tuple(Ring(point, AMBER, HANDLE_MM) for point in points)
    kind = "line" if len(points) == 2 else "path"
    strokes = (Stroke(tuple(points), kind, AMBER, LINE_MM),) if len(points) > 1 else ()
    return Drawing(strokes, rings)


def words_corner(panel: Panel, points: Sequence[Point], *, width_mm: float) -> Point:
    """Say where words of some width begin: at the upper left of what they name, but not beyond their picture.

    Returns
    -------
    Point
        In pixel indices of the panel.
    """
    places = np.asarray([panel.placement.to_world(point) for point in points])
    first, last = ((-0.5,) * len(panel.shape), tuple(size - 0.5 for size in panel.shape))
    ends = sorted(panel.placement.to_world(end)[-1] for end in (first, last))
    *above, left = (float(value) for value in places.min(axis=0))
    return panel.placement.to_pixel((*above, max(min(left, ends[1] - width_mm), ends[0])))


def lifted(corners: ArrayLike, widths: Sequence[float], *, height: float) -> NDArray[np.float64]:
    """Lift words that would cover others; those that come first stay.

    Parameters
    ----------
    corners
        (n, 2) row and column at which words begin.
    widths, height
        Of each, and of a line of words.

    Examples
    --------
    >>> lifted([(50.0, 0.0), (48.0, 20.0), (50.0, 90.0)], [40.0, 40.0, 40.0], height=10.0).tolist()
    [[50.0, 0.0], [40.0, 20.0], [50.0, 90.0]]
    """
    placed = np.array(corners, dtype=float).reshape(-1, 2)
    for n, width in enumerate(widths):
        rows, lefts = placed[:n].T
        is_beside = (lefts < placed[n, 1] + width) & (placed[n, 1] < lefts + np.asarray(widths[:n]))
        for row in sorted(rows[is_beside], reverse=True):
            if abs(placed[n, 0] - row) < height:
                placed[n, 0] = row - height
    return placed


def length_words(measured: Measurement, *, state: FindingState | None = None, origin: str = "") -> str:
    """Write a length as it stands beside its line: both axes where there are two, and where it stands."""
    words = format_mm(measured.value_mm)
    if measured.value_mm is not None and measured.short_axis_mm:
        words = f"{measured.value_mm:.1f} × {format_mm(measured.short_axis_mm)}"
    sign = _STATE_SIGNS[state] if state is not None else ""
    return f"{origin} {words}{sign}".strip()


def _draw_one(finding: Finding, *, is_selected: bool, style: Style) -> Drawing:
    annotation = finding.annotation
    measured = _measured(annotation)
    ends = measured.ends if measured is not None else ()
    ends = ends or (annotation.points if annotation.geometry is GeometryKind.CALIPER else ())
    state = None if style.origin or style.colour else finding.state
    origin = style.origin or (style.colour and _method(annotation)) or ""
    words = length_words(measured, state=state, origin=origin) if measured is not None else ""
    line_colour, edge_colour = style.colour or AMBER, style.colour or SKY
    strokes = [Stroke(ring, "polygon", edge_colour, THIN_MM) for ring in _outlines(annotation)]
    if len(ends) == 2 and ends[0] != ends[1]:
        strokes.append(Stroke(tuple(ends), "line", line_colour, LINE_MM if is_selected else THIN_MM * 1.5, words))
    rings = _mark_rings(annotation, ends, colours=(line_colour, edge_colour))
    if is_selected and annotation.geometry is not GeometryKind.MARKS and len(annotation.points) <= MOST_HANDLES:
        rings += tuple(Ring(point, line_colour, HANDLE_MM) for point in annotation.points)
    return Drawing(tuple(strokes), rings, (finding.mask,) if finding.mask is not None else ())


def _measured(annotation: Annotation) -> Measurement | None:
    """Measure an annotation; None for one that does not measure to anything: its points are drawn all the same."""
    try:
        return measure_annotation(annotation, patient_id="", reader="")
    except AnnotationError:
        return None


def _method(annotation: Annotation) -> str:
    return str(annotation.method)


def _outlines(annotation: Annotation) -> list[tuple[Point, ...]]:
    """Give the closed lines of a finding: the polygon that was drawn, or the hull of its marks."""
    points = annotation.points
    if annotation.geometry is GeometryKind.OUTLINE and len(points) > 2:
        return [points]
    if annotation.geometry is GeometryKind.MARKS and len(points) > 2:
        hull = convex_hull(np.asarray(points, dtype=float))
        return [tuple((float(row), float(col)) for row, col in hull)] if len(hull) > 2 else []
    return []


def _mark_rings(annotation: Annotation, ends: Sequence[Point], *, colours: tuple[str, str]) -> tuple[Ring, ...]:
    """Ring every mark; the two that define the extent in the colour of the line, and larger."""
    if annotation.geometry is not GeometryKind.MARKS:
        return ()
    defining = {tuple(end) for end in ends}
    return tuple(
        Ring(point, colours[0], 1.4 * MARK_MM) if tuple(point) in defining else Ring(point, colours[1], MARK_MM)
        for point in annotation.points
    )
