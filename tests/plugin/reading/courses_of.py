"""Readings made of calipers of a known length, for tests of what follows from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import GeometryKind, Laterality, LesionRelation, Method, View
from factories import marks, outline
from napari_calcmeasure.reading.finding import Finding, PatientReading

DATES = {"baseline": "2021-03-04", "followup-1": "2021-05-10", "followup-2": "2021-08-02"}
DETECTOR = Spacing(0.07, 0.07, SpacingSource.DETECTOR)
IN_PATIENT = Spacing(0.5, 0.5, SpacingSource.PATIENT, slice_mm=2.0)


def extent(key: str, visit: str, mm: float, *, view: View = View.CC, **changes: Any) -> Finding:
    """Calcifications of the left breast, a caliper along a column."""
    points = ((10.0, 20.0), (10.0 + mm / 0.07, 20.0)) if mm else ()
    annotation = marks(annotation_id=key, lesion_id="L-C1", laterality=Laterality.LEFT, points=points, view=view)
    return _finding(annotation, visit, DETECTOR, **changes)


def lesion(key: str, visit: str, mm: float, *, name: str = "R-L1", **changes: Any) -> Finding:
    """A lesion on slice 7, a caliper along a column."""
    points = ((7.0, 10.0, 20.0), (7.0, 10.0 + mm / 0.5, 20.0)) if mm else ()
    side = Laterality(name[0])
    return _finding(
        outline(annotation_id=key, lesion_id=name, laterality=side, points=points), visit, IN_PATIENT, **changes
    )


def split(key: str, visit: str, mm: float, *, name: str = "R-L1") -> Finding:
    """One part of a lesion."""
    return lesion(key, visit, mm, name=name, relation=LesionRelation.SPLIT, from_lesions=(name,))


def signed(finding: Finding) -> Finding:
    """As it stands in the store."""
    return replace(finding, signed=finding.annotation, version=1)


def reading_of(*findings: Finding) -> PatientReading:
    """All of one reader."""
    return PatientReading("P1", "reader-a", findings)


def _finding(annotation: Any, visit: str, spacing: Spacing, **changes: Any) -> Finding:
    image = replace(annotation.image, spacing=spacing, sop_uid=annotation.annotation_id)
    fields = {"image": image, "geometry": GeometryKind.CALIPER, "method": Method.MANUAL, "timepoint": visit}
    return Finding(replace(annotation, **{**fields, "study_date": DATES.get(visit, ""), **changes}))
