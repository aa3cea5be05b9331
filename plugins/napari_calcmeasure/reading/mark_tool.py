"""Marks: one click per calcification; their greatest extent is the measurement."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from calcmeasure.terms import GeometryKind, Quantity
from napari_calcmeasure.reading.drafting import Drawing, MakeId, add_drawing, findings_on, make_id, redraw
from napari_calcmeasure.reading.finding import Finding, PatientReading
from napari_calcmeasure.reading.grip import Grip, Hand, nearest_finding, place_on, take_point
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import Step, ToolName

NOT_HERE = "Marks are for calcifications on a mammogram: use the caliper or the outline here."
LAST_MARK = "The last mark is gone, and the finding with it: say “nothing left” where nothing is left."


@dataclass(slots=True)
class MarksTool:
    """Marks on calcifications.

    Parameters
    ----------
    new_id
        Gives annotation ids.
    """

    new_id: MakeId = make_id
    _hand: Hand = field(default_factory=Hand)

    @property
    def name(self) -> ToolName:
        """Marks."""
        return ToolName.MARKS

    def handle(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Answer a pointer event."""
        match event.motion:
            case Motion.PRESS | Motion.DOUBLE_CLICK:
                return self._press(event, reading)
            case Motion.DRAG:
                return self._hand.drag(event, reading)
            case Motion.RELEASE:
                return self._hand.release(event, reading)
        return None

    def finish(self, reading: PatientReading) -> Step | None:  # noqa: ARG002
        """Nothing: every click is complete."""
        return None

    def cancel(self, reading: PatientReading) -> Step | None:
        """Put back the mark that is dragged."""
        return self._hand.put_back(reading)

    def _press(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        if event.target.quantity is not Quantity.CALCIFICATION_EXTENT:
            return Step(reading, message=NOT_HERE)
        marked = [f for f in findings_on(reading, event.target) if f.annotation.geometry is GeometryKind.MARKS]
        self._hand.grip = None
        if event.shift:
            return _remove(event, reading, marked=marked)
        self._hand.grip = take_point(event, marked)
        if self._hand.grip is not None and self._hand.grip.finding is not None:
            return Step(replace(reading, selected=self._hand.grip.finding.key))
        return Step(self._add(event, reading, marked=marked))

    def _add(self, event: PointerEvent, reading: PatientReading, *, marked: list[Finding]) -> PatientReading:
        """Add a mark to the selected group or begin one; the mark stays in the hand."""
        place = place_on(event.target, event.point)
        group = next((f for f in marked if f.key == reading.selected and f.annotation.points), None)
        if group is None:
            drawing = Drawing(GeometryKind.MARKS, (place,))
            after = add_drawing(reading, event.target, drawing=drawing, new_id=self.new_id)
        else:
            points = (*group.annotation.points, place)
            after = reading.change(group.key, lambda finding: redraw(finding, points))
        finding = after.selected_finding
        if finding is not None:
            points = finding.annotation.points
            self._hand.grip = Grip(event.target, place, points, (len(points) - 1,), finding)
        return after


def _remove(event: PointerEvent, reading: PatientReading, *, marked: list[Finding]) -> Step | None:
    """Take the mark under the pointer away; a group without marks would claim that nothing is there."""
    found = nearest_finding(event, marked)
    if found is None:
        return None
    finding, number = found
    annotation = finding.annotation
    if len(annotation.points) == 1:
        return Step(reading.drop(finding.key), is_done=True, message=LAST_MARK)
    points = (*annotation.points[:number], *annotation.points[number + 1 :])
    known = annotation.mark_diameters_mm
    diameters = (*known[:number], *known[number + 1 :])
    return Step(reading.change(finding.key, lambda one: redraw(one, points, mark_diameters_mm=diameters)), is_done=True)
