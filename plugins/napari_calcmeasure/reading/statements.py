"""What a reader says instead of drawing: nothing left, not measurable."""

from __future__ import annotations

from dataclasses import replace

from calcmeasure.errors import ErrorCode
from calcmeasure.terms import Flag, LesionRelation
from napari_calcmeasure.reading.drafting import (
    Drawing,
    MakeId,
    add_drawing,
    empty_geometry,
    findings_on,
    make_id,
    placeholder,
    redraw,
)
from napari_calcmeasure.reading.finding import Finding, PatientReading, Target
from napari_calcmeasure.reading.lesion_names import is_before
from napari_calcmeasure.reading.tool import Step

STILL_DRAWN = "Something is drawn on this image: select what is gone, or delete it, and say “nothing left” again."


def say_nothing_left(reading: PatientReading, target: Target, *, new_id: MakeId = make_id) -> Step:
    """Say that nothing is there: 0 mm.

    Parameters
    ----------
    reading
        On the desk. The selected finding becomes 0 mm if it lies on this image.
    target
        Image looked at.
    new_id
        Gives an annotation id.

    Notes
    -----
    Of the one lesion known from before it says that it is gone.
    """
    drawn = any(finding.annotation.points for finding in findings_on(reading, target))
    if drawn and _chosen(reading, target) is None:
        return Step(reading, message=STILL_DRAWN)
    return Step(_state(reading, target, flags=(), new_id=new_id), is_done=True)


def say_not_measurable(reading: PatientReading, target: Target, *, why: Flag, new_id: MakeId = make_id) -> Step:
    """Say that what is there cannot be measured.

    Parameters
    ----------
    reading
        On the desk. The selected finding is meant if it lies on this image.
    target
        Image looked at.
    why
        Reason, such as `Flag.MOTION_BLUR`.
    new_id
        Gives an annotation id.
    """
    flags = (str(ErrorCode.NOT_MEASURABLE), str(why))
    return Step(_state(reading, target, flags=flags, new_id=new_id), is_done=True)


def _chosen(reading: PatientReading, target: Target) -> Finding | None:
    chosen = reading.selected_finding
    return chosen if chosen is not None and target.shows(chosen.annotation) else None


def _state(reading: PatientReading, target: Target, *, flags: tuple[str, ...], new_id: MakeId) -> PatientReading:
    """Put a statement without points in place of the finding meant, or as a new one."""
    meant = _chosen(reading, target) or placeholder(reading, target)
    after = reading
    if meant is None:
        drawing = Drawing(empty_geometry(target.quantity), ())
        after = add_drawing(reading, target, drawing=drawing, new_id=new_id)
        meant = _named_as_before(after, target)
    return after if meant is None else after.put(_emptied(meant, target, flags=flags))


def _named_as_before(reading: PatientReading, target: Target) -> Finding | None:
    """Give the statement just made the name under which nothing was found on that side before."""
    made = reading.selected_finding
    if made is None or made.annotation.relation is not None:
        return made
    here = {
        one.annotation.lesion_id
        for one in reading.findings
        if one.annotation.timepoint == target.timepoint and one is not made
    }
    names = [
        one.annotation.lesion_id
        for one in reading.findings
        if not one.annotation.points
        and is_before(one.annotation, target)
        and (one.annotation.laterality, one.annotation.quantity) == (target.laterality, target.quantity)
        and one.annotation.lesion_id not in here
    ]
    return replace(made, annotation=replace(made.annotation, lesion_id=names[0])) if names else made


def _emptied(finding: Finding, target: Target, *, flags: tuple[str, ...]) -> Finding:
    emptied = redraw(finding, (), target=target)
    relation = emptied.annotation.relation
    # A lesion known from before of which nothing is left is gone; one that cannot be measured is still there.
    if relation in (LesionRelation.SAME, LesionRelation.GONE):
        relation = LesionRelation.SAME if flags else LesionRelation.GONE
    annotation = replace(
        emptied.annotation,
        geometry=empty_geometry(target.quantity),
        relation=relation,
        flags=(*target.flags, *flags),
    )
    return replace(emptied, annotation=annotation)
