"""The caliper: a line drawn by press, drag and release or by two clicks; its ends and the line can be dragged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from calcmeasure.terms import GeometryKind
from napari_calcmeasure.reading.drafting import Drawing, MakeId, add_drawing, findings_on, make_id, placeholder
from napari_calcmeasure.reading.finding import Finding, PatientReading, Unfinished
from napari_calcmeasure.reading.grip import (
    CLICK_FRACTION,
    Grip,
    Hand,
    is_click,
    on_slice_of,
    place_on,
    take_point,
    unfinished_of,
)
from napari_calcmeasure.reading.nearness import distance, from_path
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import Step, ToolName

OTHER_IMAGE = "The drawing was begun on another image: go on there, or give it up with Escape."
NO_LENGTH = "Both ends are at the same place: click the other end of the finding."


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a line that is in the hand was before it was a finding."""

    unfinished: Unfinished
    placeholder: Finding | None


@dataclass(slots=True)
class CaliperTool:
    """Two ends of a line.

    Parameters
    ----------
    new_id
        Gives annotation ids.
    """

    new_id: MakeId = make_id
    _hand: Hand = field(default_factory=Hand)
    _begun: _Begun | None = None

    @property
    def name(self) -> ToolName:
        """Caliper."""
        return ToolName.CALIPER

    def handle(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Answer a pointer event."""
        match event.motion:
            case Motion.PRESS | Motion.DOUBLE_CLICK:
                return self._press(event, reading)
            case Motion.DRAG:
                return self._drag(event, reading)
            case Motion.RELEASE:
                return self._release(event, reading)
        return None

    def finish(self, reading: PatientReading) -> Step | None:
        """Say what is missing: a line ends with its second end only."""
        begun = unfinished_of(reading, self.name)
        return None if begun is None else Step(reading, message=NO_LENGTH)

    def cancel(self, reading: PatientReading) -> Step | None:
        """Give up a line begun, or put back what is dragged."""
        begun, self._begun = self._begun, None
        grip, self._hand.grip = self._hand.grip, None
        if grip is not None and grip.finding is not None:
            before = grip.put_back(reading) if begun is None else _unmake(grip.finding, begun, reading)
            return Step(replace(before, unfinished=None), is_done=True)
        if unfinished_of(reading, self.name) is None:
            return None
        return Step(replace(reading, unfinished=None), is_done=True)

    def _press(self, event: PointerEvent, reading: PatientReading) -> Step:
        self._begun = None
        unfinished = unfinished_of(reading, self.name)
        if unfinished is not None:
            return self._end(event, reading, unfinished=unfinished)
        calipers = [f for f in findings_on(reading, event.target, at=event.point) if _is_caliper(f)]
        self._hand.grip = take_point(event, calipers) or _take_line(event, calipers)
        if self._hand.grip is not None and self._hand.grip.finding is not None:
            return Step(replace(reading, selected=self._hand.grip.finding.key))
        first = place_on(event.target, event.point)
        self._hand.grip = Grip(event.target, first, (first,), ())
        return Step(replace(reading, unfinished=Unfinished(self.name, event.target, (first,))))

    def _end(self, event: PointerEvent, reading: PatientReading, *, unfinished: Unfinished) -> Step:
        """Answer the second click of a line begun before."""
        if unfinished.target.identity != event.target.identity:
            return Step(reading, message=OTHER_IMAGE)
        if is_click(unfinished.points[0], event):
            return Step(reading, message=NO_LENGTH)
        return Step(self._draw(event, reading, unfinished=unfinished))

    def _draw(self, event: PointerEvent, reading: PatientReading, *, unfinished: Unfinished) -> PatientReading:
        """Make the finding; its second end stays in the hand."""
        target, first = unfinished.target, unfinished.points[0]
        second = on_slice_of(first, place_on(target, event.point))
        self._begun = _Begun(unfinished, placeholder(reading, target))
        drawing = Drawing(GeometryKind.CALIPER, (first, second))
        drawn = add_drawing(replace(reading, unfinished=None), target, drawing=drawing, new_id=self.new_id)
        self._hand.grip = Grip(target, second, (first, second), (1,), drawn.selected_finding, is_moving=True)
        return drawn

    def _drag(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        grip, unfinished = self._hand.grip, unfinished_of(reading, self.name)
        if grip is None or grip.finding is not None or unfinished is None:
            return self._hand.drag(event, reading)
        return Step(self._draw(event, reading, unfinished=unfinished) if grip.is_pulled(event) else reading)

    def _release(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        moved = self._drag(event, reading)
        grip, self._hand.grip = self._hand.grip, None
        begun, self._begun = self._begun, None
        if grip is None or moved is None:
            return None
        drawn = None if grip.finding is None else moved.reading.find(grip.finding.key)
        if grip.finding is None or drawn is None or _length(drawn) >= _shortest(event, begun):
            return replace(moved, is_done=True)
        before = grip.put_back(reading) if begun is None else _unmake(drawn, begun, moved.reading)
        return Step(before, is_done=True, message=NO_LENGTH)


def _unmake(drawn: Finding, begun: _Begun, reading: PatientReading) -> PatientReading:
    """Make a line that came to nothing an unfinished one again."""
    if begun.placeholder is not None:
        return replace(reading.put(begun.placeholder), unfinished=begun.unfinished)
    others = tuple(finding for finding in reading.findings if finding.key != drawn.key)
    return replace(reading, findings=others, unfinished=begun.unfinished, selected="")


def _shortest(event: PointerEvent, begun: _Begun | None) -> float:
    """Length of a line, in pixels, that is meant: a new one must be longer than the tremor of a click."""
    return 1e-6 if begun is None else CLICK_FRACTION * event.reach


def _length(finding: Finding) -> float:
    return distance(*finding.annotation.points)


def _is_caliper(finding: Finding) -> bool:
    return finding.annotation.geometry is GeometryKind.CALIPER and len(finding.annotation.points) == 2


def _take_line(event: PointerEvent, calipers: list[Finding]) -> Grip | None:
    """Take the whole line nearest to the pointer, if one is within reach."""
    reached = [(from_path(event.point, f.annotation.points, is_closed=False), f) for f in calipers]
    found = min(reached, key=lambda one: one[0], default=None)
    if found is None or found[0] > event.reach:
        return None
    return Grip(event.target, event.point, found[1].annotation.points, (0, 1), found[1])
