"""Automatic findings taken over by a reader as drafts, to be corrected and signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import LesionRelation
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
        Of this patient; one that is on the desk already (same image, same points) is left out.
    new_id
        Gives the ids they have from now on.
    """
    after = reading
    for annotation in annotations:
        if not any(_is_same(finding.annotation, annotation) for finding in after.findings):
            after = after.put(Finding(_renamed(annotation, after, key=new_id())))
    if after is reading:
        return Step(reading, message=NOTHING_NEW)
    count = len(after.findings) - len(reading.findings)
    return Step(after, is_done=True, message=f"{count} automatic finding{'s' if count > 1 else ''} to check.")


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
    return any(f.annotation.lesion_id == lesion_id and target.shows(f.annotation) for f in reading.findings)


def _is_same(one: Annotation, other: Annotation) -> bool:
    return target_of(other).shows(one) and (one.points, one.timepoint, one.quantity, one.image.frame) == (
        other.points,
        other.timepoint,
        other.quantity,
        other.image.frame,
    )
