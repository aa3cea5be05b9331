"""Findings made and changed by the hand: what a drawing carries besides its points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from calcmeasure.errors import ErrorCode
from calcmeasure.model.annotation import Annotation, ImageReference
from calcmeasure.pipeline.settings import SOFTWARE
from calcmeasure.store.clock import utc_now
from calcmeasure.terms import (
    FINDING_FLAGS,
    Flag,
    GeometryKind,
    Laterality,
    LesionRelation,
    Method,
    Quantity,
    merge_flags,
)
from napari_calcmeasure.reading.finding import Finding, PatientReading, Point, Target
from napari_calcmeasure.reading.lesion_names import LesionName, name_lesion

MakeId = Callable[[], str]
"""Gives annotation ids, each once."""

OF_DETECTION = frozenset({*FINDING_FLAGS, ErrorCode.NO_BREAST, ErrorCode.DETECTION})
"""Flags that speak of what a detector made of an image; they do not hold for a reader's hand."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What was drawn, before it is a finding.

    Parameters
    ----------
    geometry
        Caliper, outline or marks.
    points
        As in an annotation; empty says that nothing is there.
    flags
        Besides those of the image.
    """

    geometry: GeometryKind
    points: tuple[Point, ...]
    flags: tuple[str, ...] = ()


def make_id() -> str:
    """Name a new finding: 12 hexadecimal digits, never the same twice."""
    return uuid4().hex[:12]


def findings_on(reading: PatientReading, target: Target, *, at: Point | None = None) -> tuple[Finding, ...]:
    """List the findings on an image.

    Parameters
    ----------
    reading, target
        What is on the desk, and the image.
    at
        Of a volume, only those on the slice of this point.
    """
    shown = (finding for finding in reading.findings if target.shows(finding.annotation))
    if at is None or not target.is_volume:
        return tuple(shown)
    return tuple(finding for finding in shown if finding.annotation.image.frame == round(at[0]))


def add_drawing(
    reading: PatientReading, target: Target, *, drawing: Drawing, new_id: MakeId = make_id
) -> PatientReading:
    """Put a new finding on the desk, selected.

    Parameters
    ----------
    reading
        What is on the desk.
    target
        Image drawn on.
    drawing
        Its points; in a volume all on one slice.
    new_id
        Gives its id.

    Notes
    -----
    A finding that said "nothing left" or "not measurable" of this image is the one that is drawn now: it keeps its id
    and its lesion, and what that is followed as.
    """
    empty = placeholder(reading, target)
    if empty is not None:
        target = replace(target, laterality=target.laterality or _one_side(empty.annotation))
        name = _seen_again(empty.annotation) or name_lesion(reading, target, but=empty.key)
        drawn = new_finding(target, drawing, name=name, key=empty.key)
        annotation = replace(drawn.annotation, role=empty.annotation.role, site=empty.annotation.site)
        return reading.put(replace(empty, annotation=annotation, mask=None))
    return reading.put(new_finding(target, drawing, name=name_lesion(reading, target), key=new_id()))


def new_finding(target: Target, drawing: Drawing, *, name: LesionName, key: str) -> Finding:
    """Make a finding drawn by hand.

    Parameters
    ----------
    target, drawing
        What was drawn where.
    name
        Lesion it belongs to.
    key
        Its annotation id.
    """
    annotation = Annotation(
        annotation_id=key,
        lesion_id=name.lesion_id,
        timepoint=target.timepoint,
        study_date=target.study_date,
        modality=target.modality,
        laterality=target.laterality,
        quantity=target.quantity,
        geometry=drawing.geometry,
        points=drawing.points,
        image=_image(target, drawing.points),
        view=target.view,
        phase=target.phase,
        method=Method.MANUAL,
        relation=name.relation,
        from_lesions=name.from_lesions,
        flags=(*target.flags, *drawing.flags),
        software=SOFTWARE,
        created_utc=utc_now(),
    )
    return Finding(annotation)


def empty_geometry(quantity: Quantity) -> GeometryKind:
    """Give the shape of a finding without points: the one an automatic finding has."""
    return GeometryKind.MARKS if quantity is Quantity.CALCIFICATION_EXTENT else GeometryKind.OUTLINE


def placeholder(reading: PatientReading, target: Target) -> Finding | None:
    """Find what says that there is nothing to draw on this image.

    The selected finding comes first; another one counts only if it speaks of the whole image (0 mm), not of one lesion
    that is gone or cannot be measured.
    """
    empty = [finding for finding in findings_on(reading, target) if not finding.annotation.points]
    chosen = next((finding for finding in empty if finding.key == reading.selected), None)
    return chosen or next((finding for finding in empty if _is_nothing(finding.annotation)), None)


def redraw(
    finding: Finding,
    points: Sequence[Point],
    *,
    target: Target | None = None,
    mark_diameters_mm: tuple[float, ...] = (),
) -> Finding:
    """Change the points of a finding by hand.

    Parameters
    ----------
    finding
        Found automatically, it is an edited one from now on.
    points
        The new ones.
    target
        Image they were drawn on: a lesion that is corrected while another phase is measured is measured on that.
    mark_diameters_mm
        Of the marks, where all are still known.

    Notes
    -----
    What was derived from a mask (volume, greatest diameter in space) and what a detector thought of its own outline
    no longer holds.
    """
    annotation = finding.annotation
    if tuple(points) == annotation.points:
        return finding
    changed = replace(
        annotation,
        points=tuple(points),
        method=Method.EDITED if annotation.method is Method.AUTO else annotation.method,
        mark_diameters_mm=mark_diameters_mm,
        mark_evidence=(),
        independent_points=None,
        volume_mm3=None,
        diameter_3d_mm=None,
        confidence=None,
        flags=tuple(flag for flag in annotation.flags if flag not in OF_DETECTION),
        software=SOFTWARE,
        created_utc=utc_now(),
    )
    return replace(finding, annotation=_on_phase_of(target, changed), mask=None)


def target_of(annotation: Annotation) -> Target:
    """Image an annotation was made on, as if to be drawn on again."""
    return Target(
        annotation.timepoint,
        annotation.study_date,
        annotation.modality,
        annotation.quantity,
        annotation.laterality,
        annotation.view,
        annotation.image,
        annotation.phase,
        tuple(flag for flag in annotation.flags if flag not in OF_DETECTION),
    )


def _on_phase_of(target: Target | None, annotation: Annotation) -> Annotation:
    if target is None or not target.is_volume or target.phase == annotation.phase:
        return annotation
    kept = tuple(flag for flag in annotation.flags if flag != Flag.EARLY_PHASE_OUTSIDE_WINDOW)
    flags = merge_flags(target.flags, kept)
    return replace(annotation, image=_image(target, annotation.points), phase=target.phase, flags=flags)


def _is_nothing(annotation: Annotation) -> bool:
    return annotation.measurable and annotation.relation is not LesionRelation.GONE


def _image(target: Target, points: tuple[Point, ...]) -> ImageReference:
    return target.image_at(points[0]) if points else target.image


def _seen_again(annotation: Annotation) -> LesionName | None:
    """Identity of a lesion that was thought gone and is there after all; None for one that never had a name."""
    gone = annotation.relation is LesionRelation.GONE
    relation = LesionRelation.SAME if gone else annotation.relation
    return LesionName(annotation.lesion_id, relation, annotation.from_lesions) if annotation.lesion_id else None


def _one_side(annotation: Annotation) -> Laterality | None:
    return None if annotation.laterality is Laterality.BOTH else annotation.laterality
