"""The outline: a polygon clicked vertex by vertex; finished ones are corrected vertex by vertex."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from calcmeasure.terms import GeometryKind
from napari_calcmeasure.reading.caliper_tool import OTHER_IMAGE
from napari_calcmeasure.reading.drafting import Drawing, MakeId, add_drawing, findings_on, make_id, redraw
from napari_calcmeasure.reading.finding import Finding, PatientReading, Point, Unfinished
from napari_calcmeasure.reading.grip import (
    Grip,
    Hand,
    is_click,
    nearest_finding,
    on_slice_of,
    place_on,
    take_point,
    unfinished_of,
)
from napari_calcmeasure.reading.nearness import crosses_itself, distance, nearest, span_across
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import Step, ToolName

THINNEST = 0.5
"""Pixels: corners that lie within this of one line enclose nothing."""

TOO_FEW = "An outline needs at least three corners: click more, or give it up with Escape."
ON_A_LINE = "All corners lie on one line and enclose nothing: add a corner beside it, or use the caliper."
CROSSED = "The outline crosses itself: take the last corner back with Undo, or move it."


@dataclass(slots=True)
class OutlineTool:
    """A polygon around a finding.

    Parameters
    ----------
    new_id
        Gives annotation ids.
    """

    new_id: MakeId = make_id
    _hand: Hand = field(default_factory=Hand)

    @property
    def name(self) -> ToolName:
        """Outline."""
        return ToolName.OUTLINE

    def handle(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Answer a pointer event."""
        match event.motion:
            case Motion.PRESS:
                return self._remove(event, reading) if event.shift else self._press(event, reading)
            case Motion.DOUBLE_CLICK:
                return self._close(event, reading)
            case Motion.DRAG:
                return self._hand.drag(event, reading)
            case Motion.RELEASE:
                return self._release(event, reading)
        return None

    def finish(self, reading: PatientReading) -> Step | None:
        """Close the polygon."""
        unfinished = unfinished_of(reading, self.name)
        if unfinished is None:
            return None
        fault = find_fault(unfinished.points)
        if fault:
            return Step(reading, message=fault)
        self._hand.grip = None
        drawing = Drawing(GeometryKind.OUTLINE, unfinished.points)
        without = replace(reading, unfinished=None)
        return Step(add_drawing(without, unfinished.target, drawing=drawing, new_id=self.new_id), is_done=True)

    def cancel(self, reading: PatientReading) -> Step | None:
        """Give up the polygon begun, or put back the vertex that is dragged."""
        put_back = self._hand.put_back(reading)
        if put_back is not None or unfinished_of(reading, self.name) is None:
            return put_back
        return Step(replace(reading, unfinished=None), is_done=True)

    def _press(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        self._hand.grip = None
        unfinished = unfinished_of(reading, self.name)
        if unfinished is not None:
            return self._go_on(event, reading, unfinished=unfinished)
        self._hand.grip = take_point(event, _outlines(event, reading))
        if self._hand.grip is not None and self._hand.grip.finding is not None:
            return Step(replace(reading, selected=self._hand.grip.finding.key))
        first = place_on(event.target, event.point)
        return Step(self._add(first, reading, unfinished=Unfinished(self.name, event.target, ())))

    def _go_on(self, event: PointerEvent, reading: PatientReading, *, unfinished: Unfinished) -> Step | None:
        points = unfinished.points
        if unfinished.target.identity != event.target.identity:
            return Step(reading, message=OTHER_IMAGE)
        # Where a double-click arrives as two presses before it, the second is the same corner.
        if is_click(points[-1], event):
            return Step(reading)
        if len(points) > 1 and distance(points[0], event.point) <= event.reach:
            return self.finish(reading)
        corner = on_slice_of(points[0], place_on(unfinished.target, event.point))
        return Step(self._add(corner, reading, unfinished=unfinished))

    def _close(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Close the polygon with a double-click, wherever on its own image."""
        unfinished = unfinished_of(reading, self.name)
        if unfinished is not None and unfinished.target.identity != event.target.identity:
            return Step(reading, message=OTHER_IMAGE)
        return self.finish(reading)

    def _add(self, corner: Point, reading: PatientReading, *, unfinished: Unfinished) -> PatientReading:
        """Add a corner, which stays in the hand."""
        points = (*unfinished.points, corner)
        self._hand.grip = Grip(unfinished.target, corner, points, (len(points) - 1,))
        return replace(reading, unfinished=replace(unfinished, points=points))

    def _release(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        grip = self._hand.grip
        step = self._hand.release(event, reading)
        if grip is None or step is None or grip.finding is None:
            return step
        moved = step.reading.find(grip.finding.key)
        fault = "" if moved is None or moved == grip.finding else find_fault(moved.annotation.points)
        # What was at fault before may still be corrected, vertex by vertex.
        if not fault or find_fault(grip.points):
            return step
        return Step(grip.put_back(reading), is_done=True, message=fault)

    def _remove(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Take the vertex under the pointer away."""
        unfinished = unfinished_of(reading, self.name)
        if unfinished is not None:
            return _remove_corner(event, reading, unfinished=unfinished)
        found = nearest_finding(event, _outlines(event, reading))
        if found is None:
            return None
        finding, number = found
        points = _without(finding.annotation.points, number)
        fault = find_fault(points)
        if fault:
            return Step(replace(reading, selected=finding.key), message=fault)
        return Step(reading.change(finding.key, lambda one: redraw(one, points, target=event.target)), is_done=True)


def find_fault(points: tuple[Point, ...]) -> str:
    """Say in a sentence why corners make no outline; empty when they do."""
    if len(set(points)) < 3:
        return TOO_FEW
    if span_across(points) < THINNEST:
        return ON_A_LINE
    return CROSSED if crosses_itself(points) else ""


def _remove_corner(event: PointerEvent, reading: PatientReading, *, unfinished: Unfinished) -> Step | None:
    away, number = nearest(unfinished.points, event.point)
    if away > event.reach or unfinished.target.identity != event.target.identity:
        return None
    points = _without(unfinished.points, number)
    return Step(replace(reading, unfinished=replace(unfinished, points=points) if points else None), is_done=True)


def _outlines(event: PointerEvent, reading: PatientReading) -> list[Finding]:
    on_image = findings_on(reading, event.target, at=event.point)
    return [finding for finding in on_image if finding.annotation.geometry is GeometryKind.OUTLINE]


def _without(points: tuple[Point, ...], number: int) -> tuple[Point, ...]:
    return (*points[:number], *points[number + 1 :])
