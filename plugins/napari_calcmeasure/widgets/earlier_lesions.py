"""Lesions of earlier visits that a finding may continue, the likeliest first."""

from __future__ import annotations

from calcmeasure.terms import LesionRelation
from napari_calcmeasure.reading.finding import Finding, PatientReading
from napari_calcmeasure.widgets.finding_words import try_measure
from napari_calcmeasure.widgets.link_dialog import EarlierLesion


def earlier_lesions(reading: PatientReading, finding: Finding) -> list[EarlierLesion]:
    """List the lesions of the same kind and side that were measured at another, earlier visit.

    Parameters
    ----------
    reading
        Everything on the desk.
    finding
        The one to link; its own identifier comes first where an earlier lesion has it.
    """
    own = finding.annotation
    earlier = [one for one in reading.findings if _may_be_continued(one, finding)]
    newest_first = sorted(earlier, key=lambda one: one.annotation.study_date, reverse=True)
    lesions: dict[str, list[Finding]] = {}
    for one in newest_first:
        lesions.setdefault(one.annotation.lesion_id, []).append(one)
    listed = [_described(found, reading) for found in lesions.values()]
    return sorted(listed, key=lambda one: one.lesion_id != own.lesion_id)


def _may_be_continued(one: Finding, finding: Finding) -> bool:
    before, now = one.annotation, finding.annotation
    is_same_kind = before.quantity is now.quantity and before.laterality == now.laterality
    is_earlier = before.timepoint != now.timepoint and before.study_date <= now.study_date
    return is_same_kind and is_earlier and bool(before.lesion_id)


def _described(found: list[Finding], reading: PatientReading) -> EarlierLesion:
    last = found[0].annotation
    of_visit = [one for one in found if one.annotation.timepoint == last.timepoint]
    measured = [try_measure(one, reading) for one in of_visit]
    known = [one.value_mm for one in measured if one is not None and one.value_mm is not None]
    views = sorted({str(one.annotation.view) for one in of_visit if one.annotation.view})
    place = ", ".join(views) or (f"slice {last.image.frame}" if last.points else "")
    return EarlierLesion(last.lesion_id, last.timepoint, max(known, default=None), place)


def link_words(finding: Finding, reading: PatientReading) -> str:
    """Say what a finding continues.

    Returns
    -------
    str
        Such as ``= R-C1, baseline 44.3 mm``; empty at the first visit.
    """
    annotation = finding.annotation
    earlier = earlier_lesions(reading, finding)
    if annotation.relation is LesionRelation.NEW:
        return "New: not seen before."
    if annotation.relation is LesionRelation.MERGED:
        return f"Merged from {', '.join(annotation.from_lesions)}."
    same = next((one for one in earlier if one.lesion_id == annotation.lesion_id), None)
    if same is None:
        return "Not linked to an earlier lesion yet (L)." if earlier else ""
    length = "not measurable" if same.length_mm is None else f"{same.length_mm:.1f} mm"
    part = "part of " if annotation.relation is LesionRelation.SPLIT else ""
    return f"= {part}{same.lesion_id}, {same.timepoint} {length}"
