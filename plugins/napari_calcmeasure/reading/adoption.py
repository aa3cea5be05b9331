"""Findings of an automatic search, or of another reader, taken over as drafts to be corrected and signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import LesionRelation, Method
from napari_calcmeasure.reading.draft_json import sound_mask
from napari_calcmeasure.reading.drafting import MakeId, findings_on, make_id, target_of
from napari_calcmeasure.reading.drawing_tools import finding_at
from napari_calcmeasure.reading.finding import Finding, PatientReading, Point, Target
from napari_calcmeasure.reading.lesion_names import LesionName, name_lesion
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import Step

if TYPE_CHECKING:
    from calcmeasure.store.database import StoredAnnotation

TAKEN_OVER_FROM = "taken_over_from"
"""Field of an annotation: the other reader's annotation it was taken over from."""
NONE_HERE = "No finding of another reader is drawn on this image."
WHICH_ONE = "Several findings of others are on this image: point at the one that is meant, then press the key again."
ON_THE_DESK = "This finding is on the desk already."
NOTHING_NEW = "The automatic search adds nothing that is not on the desk already."


def adopt_annotations(reading: PatientReading, annotations: Sequence[Annotation], *, new_id: MakeId = make_id) -> Step:
    """Take automatic findings over.

    Parameters
    ----------
    reading
        On the desk.
    annotations
        Of this patient; one that is on the desk already (same image, same points) is left out. Automatic drafts of
        another phase of the same examination, which nobody has touched, make room for them.
    new_id
        Gives the ids they have from now on.
    """
    new = [one for one in annotations if not any(_is_same(f.annotation, one) for f in reading.findings)]
    if not new:
        return Step(reading, message=NOTHING_NEW)
    after = replace(reading, findings=tuple(f for f in reading.findings if not _is_outdated(f, new)))
    for annotation in new:
        after = after.put(Finding(_renamed(annotation, after, key=new_id()), sound_mask(annotation)))
    count = f"{len(new)} automatic finding{'s' if len(new) > 1 else ''} to check"
    if not any(one.points or not one.measurable for one in new):
        count = "Nothing was found: 0 mm, to check"
    gone = len(reading.findings) + len(new) - len(after.findings)
    return Step(after, is_done=True, message=f"{count}, in place of {gone} of another phase." if gone else f"{count}.")


def take_over(
    reading: PatientReading,
    others: Sequence[StoredAnnotation],
    *,
    target: Target,
    at: Point | None,
    new_id: MakeId = make_id,
) -> Step:
    """Take another reader's finding over; the original stays as it is, and the draft names it.

    Parameters
    ----------
    reading
        On the desk. What the consensus takes over names its origin as a consensus found by itself does.
    others
        Findings of other readers that may be seen.
    target
        Image looked at.
    at
        Place of the cursor: the nearest finding is meant. Without one, the only finding of the image.
    new_id
        Gives the id it has from now on.
    """
    there = findings_on(_reading_of(others), target)
    meant = _pick(others, target, at=at)
    if meant is None:
        return Step(reading, message=WHICH_ONE if there else NONE_HERE)
    if any(_is_same(finding.annotation, meant.annotation) for finding in reading.findings):
        return Step(reading, message=ON_THE_DESK)
    named = _renamed(meant.annotation, reading, key=new_id())
    annotation = replace(named, extra={**named.extra, **_origin(meant, reader=reading.reader)})
    after = reading.put(Finding(annotation, sound_mask(meant.annotation)))
    return Step(after, is_done=True, message=f"Taken over from {meant.reader}: a draft to check and sign.")


def _pick(others: Sequence[StoredAnnotation], target: Target, *, at: Point | None) -> StoredAnnotation | None:
    there = _reading_of(others)
    listed = findings_on(there, target)
    found = None if at is None else finding_at(PointerEvent(Motion.HOVER, target, at, reach=inf), there)
    if found is None and len(listed) == 1:
        found = listed[0]
    return next((one for one in others if found is not None and one.annotation is found.annotation), None)


def _reading_of(others: Sequence[StoredAnnotation]) -> PatientReading:
    return PatientReading("", "", tuple(Finding(one.annotation) for one in others))


def _origin(stored: StoredAnnotation, *, reader: str) -> dict[str, object]:
    # The core's readers bring pandas and SQLAlchemy along.
    from calcmeasure.readers.cases import CONSENSUS_READER
    from calcmeasure.readers.consensus import ORIGIN

    original = {
        "reader": stored.reader,
        "annotation_id": stored.annotation.annotation_id,
        "version": stored.version,
    }
    return {ORIGIN: [original]} if reader == CONSENSUS_READER else {TAKEN_OVER_FROM: original}


def _is_outdated(finding: Finding, new: Sequence[Annotation]) -> bool:
    before = finding.annotation
    if finding.signed is not None or before.method is not Method.AUTO:
        return False
    return any(target_of(one).shows(before) and one.phase != before.phase for one in new)


def _renamed(annotation: Annotation, reading: PatientReading, *, key: str) -> Annotation:
    """Give it an id of its own, and another lesion than what is on the same image already."""
    adopted = replace(annotation, annotation_id=key)
    if not annotation.lesion_id and not annotation.points:
        return adopted
    target = target_of(annotation)
    suggested = name_lesion(reading, target)
    if (
        annotation.lesion_id
        and suggested.lesion_id != annotation.lesion_id
        and not _is_taken(reading, target, annotation.lesion_id)
    ):
        suggested = LesionName(annotation.lesion_id, annotation.relation, annotation.from_lesions)
    relation = suggested.relation
    if relation is LesionRelation.SAME and not annotation.points and annotation.measurable:
        relation = LesionRelation.GONE
    return replace(adopted, lesion_id=suggested.lesion_id, relation=relation, from_lesions=suggested.from_lesions)


def _is_taken(reading: PatientReading, target: Target, lesion_id: str) -> bool:
    here = (f.annotation for f in reading.findings if f.annotation.lesion_id == lesion_id)
    return any(target_of(annotation).identity == target.identity for annotation in here)


def _is_same(one: Annotation, other: Annotation) -> bool:
    return target_of(one).identity == target_of(other).identity and _what_is_drawn(one) == _what_is_drawn(other)


def _what_is_drawn(annotation: Annotation) -> tuple[object, ...]:
    return (annotation.points, annotation.timepoint, annotation.quantity, annotation.image.frame)
