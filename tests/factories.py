"""Annotations and measurements with sensible defaults, for tests that care about one field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import Annotation, ImageReference, PhaseReference
from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import GeometryKind, Laterality, Method, Modality, Quantity, View

MG_SPACING = Spacing(0.1, 0.09, SpacingSource.MAGNIFICATION_CORRECTED, magnification=1.06)
MR_SPACING = Spacing(0.9, 0.8, SpacingSource.PATIENT, slice_mm=2.5)


def marks(**changes: Any) -> Annotation:
    """A calcification annotation on a right CC view at baseline."""
    image = ImageReference("1.2.3.4", "1.2.3", 0, 1000, 800, MG_SPACING, "1.2")
    annotation = Annotation(
        annotation_id="a1",
        lesion_id="R-C1",
        timepoint="baseline",
        study_date="2021-03-04",
        modality=Modality.MG,
        laterality=Laterality.RIGHT,
        quantity=Quantity.CALCIFICATION_EXTENT,
        geometry=GeometryKind.MARKS,
        points=((10.0, 10.0), (110.0, 10.0), (60.0, 40.0)),
        image=image,
        view=View.CC,
        created_utc="2026-01-01T00:00:00Z",
        software="calcmeasure test",
    )
    return replace(annotation, **changes)


def outline(**changes: Any) -> Annotation:
    """A rectangular lesion outline, 18 mm by 8 mm, on slice 7 of a dynamic series."""
    image = ImageReference("1.9.1", "1.9", 7, 112, 176, MR_SPACING, "1.2")
    annotation = Annotation(
        annotation_id="l1",
        lesion_id="R-L1",
        timepoint="baseline",
        study_date="2021-03-04",
        modality=Modality.MR,
        laterality=Laterality.RIGHT,
        quantity=Quantity.LESION_DIAMETER,
        geometry=GeometryKind.OUTLINE,
        points=((7.0, 30.0, 40.0), (7.0, 50.0, 40.0), (7.0, 50.0, 50.0), (7.0, 30.0, 50.0)),
        image=image,
        phase=PhaseReference(1, 62.5, "k-space-centre-90s", "injection"),
        created_utc="2026-01-01T00:00:00Z",
        software="calcmeasure test",
    )
    return replace(annotation, **changes)


def measured(value_mm: float | None = 10.0, **changes: Any) -> Measurement:
    """A lesion diameter at baseline."""
    measurement = Measurement(
        patient_id="P1",
        timepoint="baseline",
        quantity=Quantity.LESION_DIAMETER,
        value_mm=value_mm,
        laterality=Laterality.RIGHT,
        lesion_id="R-L1",
        study_date="2021-03-04",
        method=Method.AUTO,
    )
    return replace(measurement, **changes)
