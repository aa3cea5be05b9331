"""What the hand holds between press and release: the points of a finding that follow the pointer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from napari_calcmeasure.reading.drafting import redraw
from napari_calcmeasure.reading.finding import Finding, PatientReading, Point, Target, Unfinished
from napari_calcmeasure.reading.nearness import distance, nearest
from napari_calcmeasure.reading.pointer import PointerEvent
from napari_calcmeasure.reading.tool import Step, ToolName

CLICK_FRACTION = 0.5
"""Of the reach: a hand that moves less than this between press and release has clicked."""


@dataclass(slots=True)
class Grip:
    """Points held.

    Parameters
    ----------
    target
        Image they lie on.
    at
        Where they were taken.
    points
        All points of the drawing when it was taken.
    moving
        Which of them follow the pointer.
    finding
        As it was; None for the drawing that is not finished yet.
    is_moving
        Whether the hand has left the place: from then on every pixel counts.
    """

    target: Target
    at: Point
    points: tuple[Point, ...]
    moving: tuple[int, ...]
    finding: Finding | None = None
    is_moving: bool = False

    def follow(self, event: PointerEvent, reading: PatientReading) -> PatientReading:
        """Move what is held after the pointer; over another image it stays where it was."""
        if not self.is_pulled(event):
            return reading
        return self.put(self._moved(event.point), reading)

    def is_pulled(self, event: PointerEvent) -> bool:
        """Whether an event moves what is held: on its image, and more than the tremor of a click."""
        if event.target.identity != self.target.identity:
            return False
        self.is_moving = self.is_moving or not is_click(self.at, event)
        return self.is_moving

    def put_back(self, reading: PatientReading) -> PatientReading:
        """Put back what is held, as if it had never been taken."""
        if self.finding is None:
            return self.put(self.points, reading)
        before = self.finding
        return reading.change(before.key, lambda _: before)

    def put(self, points: tuple[Point, ...], reading: PatientReading) -> PatientReading:
        """Write points into the finding or the unfinished drawing."""
        if self.finding is not None:
            return reading.change(self.finding.key, lambda finding: redraw(finding, points, target=self.target))
        if reading.unfinished is None:
            return reading
        return replace(reading, unfinished=replace(reading.unfinished, points=points))

    def _moved(self, point: Point) -> tuple[Point, ...]:
        held = [self.points[n] for n in self.moving]
        step = tuple(
            _within(point[axis] - self.at[axis], [place[axis] for place in held], size)
            for axis, size in ((-2, self.target.image.rows), (-1, self.target.image.columns))
        )
        return tuple(_shifted(place, step) if n in self.moving else place for n, place in enumerate(self.points))


@dataclass(slots=True)
class Hand:
    """Holds at most one grip; what the tools share between press and release."""

    grip: Grip | None = None

    def drag(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Move what is held; None when nothing is."""
        return None if self.grip is None else Step(self.grip.follow(event, reading))

    def release(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Let go at the last place; None when nothing is held."""
        grip, self.grip = self.grip, None
        return None if grip is None else Step(grip.follow(event, reading), is_done=True)

    def put_back(self, reading: PatientReading) -> Step | None:
        """Let go of a finding and put its points back; None when none is held."""
        grip, self.grip = self.grip, None
        return None if grip is None or grip.finding is None else Step(grip.put_back(reading), is_done=True)


def take_point(event: PointerEvent, findings: Iterable[Finding]) -> Grip | None:
    """Take the nearest point of some findings, if one is within reach."""
    found = nearest_finding(event, findings)
    if found is None:
        return None
    finding, number = found
    return Grip(event.target, event.point, finding.annotation.points, (number,), finding)


def nearest_finding(event: PointerEvent, findings: Iterable[Finding]) -> tuple[Finding, int] | None:
    """Find the finding with a point within reach, and which point; the nearest of several."""
    reached = [(*nearest(finding.annotation.points, event.point), finding) for finding in findings]
    best = min(reached, key=lambda found: found[0], default=None)
    return (best[2], best[1]) if best is not None and best[0] <= event.reach else None


def unfinished_of(reading: PatientReading, tool: ToolName) -> Unfinished | None:
    """Give the drawing that this tool has begun."""
    begun = reading.unfinished
    return begun if begun is not None and begun.tool == tool else None


def is_click(one: Point, event: PointerEvent) -> bool:
    """Whether an event is still at a place, so that hand tremor is not taken for a drag."""
    return distance(one, event.point) < CLICK_FRACTION * event.reach


def place_on(target: Target, point: Point) -> Point:
    """Put a point on the image: inside its border, and in a volume on one slice."""
    image = target.image
    inside = (_inside(point[-2], image.rows), _inside(point[-1], image.columns))
    return (float(round(point[0])), *inside) if target.is_volume else inside


def on_slice_of(first: Point, point: Point) -> Point:
    """Put a point on the slice of a drawing's first point."""
    return (*first[:-2], *point[-2:])


def _inside(value: float, size: int) -> float:
    return float(min(max(value, -0.5), size - 0.5)) if size > 0 else float(value)


def _within(step: float, values: Sequence[float], size: int) -> float:
    """Shorten a step so that nothing held leaves the image."""
    if size <= 0:
        return step
    return max(-0.5 - min(values), min(step, size - 0.5 - max(values)))


def _shifted(place: Point, step: tuple[float, ...]) -> Point:
    return (*place[:-2], place[-2] + step[0], place[-1] + step[1])
