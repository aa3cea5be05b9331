"""The tools a reader always has, and what to draw under the pointer while one is at work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from calcmeasure.terms import GeometryKind
from napari_calcmeasure.reading.caliper_tool import CaliperTool
from napari_calcmeasure.reading.drafting import MakeId, findings_on, make_id
from napari_calcmeasure.reading.finding import Finding, PatientReading, Point
from napari_calcmeasure.reading.grip import on_slice_of
from napari_calcmeasure.reading.mark_tool import MarksTool
from napari_calcmeasure.reading.nearness import from_path, is_inside, nearest
from napari_calcmeasure.reading.outline_tool import OutlineTool
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import Step, Tool, ToolName

__all__ = ["CaliperTool", "MarksTool", "NavigateTool", "OutlineTool", "drawing_tools", "finding_at", "preview"]


@dataclass(slots=True)
class NavigateTool:
    """Selects what is clicked; the image below pans and zooms meanwhile."""

    _is_click: bool = False

    @property
    def name(self) -> ToolName:
        """Navigate."""
        return ToolName.NAVIGATE

    def handle(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Select the finding under the pointer; a click beside every finding selects none."""
        match event.motion:
            case Motion.PRESS:
                found = finding_at(event, reading)
                self._is_click = found is None
                return None if found is None else Step(replace(reading, selected=found.key))
            case Motion.DRAG:
                self._is_click = False
            case Motion.RELEASE if self._is_click and reading.selected:
                self._is_click = False
                return Step(replace(reading, selected=""))
        return None

    def finish(self, reading: PatientReading) -> Step | None:  # noqa: ARG002
        """Nothing to complete."""
        return None

    def cancel(self, reading: PatientReading) -> Step | None:  # noqa: ARG002
        """Nothing to give up."""
        return None


def drawing_tools(new_id: MakeId = make_id) -> dict[ToolName, Tool]:
    """Give the tools that are always there, by name.

    Parameters
    ----------
    new_id
        Gives annotation ids.
    """
    tools: tuple[Tool, ...] = (NavigateTool(), CaliperTool(new_id), OutlineTool(new_id), MarksTool(new_id))
    return {tool.name: tool for tool in tools}


def finding_at(event: PointerEvent, reading: PatientReading) -> Finding | None:
    """Find what lies under the pointer: the nearest point or line within reach, or else the outline around it."""
    drawn = [f for f in findings_on(reading, event.target, at=event.point) if f.annotation.points]
    reached = [(_distance(event.point, finding), finding) for finding in drawn]
    best = min(reached, key=lambda one: one[0], default=None)
    if best is not None and best[0] <= event.reach:
        return best[1]
    outlines = (f for f in drawn if f.annotation.geometry is GeometryKind.OUTLINE)
    return next((finding for finding in outlines if is_inside(event.point, finding.annotation.points)), None)


def preview(reading: PatientReading, point: Point) -> tuple[Point, ...]:
    """Give the points to draw of a drawing that is not finished, the place under the pointer last.

    Parameters
    ----------
    point
        Under the pointer, on the image drawn on; in a volume it is put on the slice of the drawing.

    Returns
    -------
    tuple of Point
        Empty when nothing is unfinished.
    """
    begun = reading.unfinished
    if begun is None or not begun.points:
        return ()
    return (*begun.points, on_slice_of(begun.points[0], point))


def _distance(place: Point, finding: Finding) -> float:
    points = finding.annotation.points
    match finding.annotation.geometry:
        case GeometryKind.MARKS:
            return nearest(points, place)[0]
        case GeometryKind.CALIPER | GeometryKind.OUTLINE as geometry:
            return from_path(place, points, is_closed=geometry is GeometryKind.OUTLINE)
    return inf
