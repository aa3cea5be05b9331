"""A reading session on the small cohort, and a hand that draws in it."""

from __future__ import annotations

from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import ToolName

MR_LINE = ((1.0, 10.0, 10.0), (1.0, 20.0, 10.0))


def draw_line(session, *, panel=0, points=((20.0, 10.0), (40.0, 10.0))):
    """Press, move and release with the caliper; the finding drawn."""
    target = session.hanging.panels[panel].target
    session.desk.hold(ToolName.CALIPER)
    for motion, point in ((Motion.PRESS, points[0]), (Motion.DRAG, points[1]), (Motion.RELEASE, points[1])):
        session.desk.pointer(PointerEvent(motion, target, point))
    return session.desk.reading.selected_finding


def click(session, point):
    target = session.hanging.panels[0].target
    for motion in (Motion.PRESS, Motion.RELEASE):
        session.desk.pointer(PointerEvent(motion, target, point))
