"""Automatic findings taken over by a reader as drafts, to be corrected and signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import LesionRelation, Method
from napari_calcmeasure.reading.drafting import MakeId, make_id, target_of
from napari_calcmeasure.reading.finding import Finding, PatientReading, Target
from napari_calcmeasure.reading.lesion_names import LesionName, name_lesion
from napari_calcmeasure.reading.tool import Step

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
        after = after.put(Finding(_renamed(annotation, after, key=new_id())))
    count = f"{len(new)} automatic finding{'s' if len(new) > 1 else ''} to check"
    if not any(one.points or not one.measurable for one in new):
        count = "Nothing was found: 0 mm, to check"
    gone = len(reading.findings) + len(new) - len(after.findings)
    return Step(after, is_done=True, message=f"{count}, in place of {gone} of another phase." if gone else f"{count}.")


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
