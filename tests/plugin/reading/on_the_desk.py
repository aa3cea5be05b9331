"""Readings in every state a desk can have, and their comparison voxel by voxel."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from calcmeasure.model.annotation import ImageReference, PhaseReference
from calcmeasure.terms import Laterality, LesionRelation, LesionType, Modality, Quantity, View
from factories import MG_SPACING, MR_SPACING, marks, outline
from napari_calcmeasure.reading.draft_json import same_mask
from napari_calcmeasure.reading.finding import Finding, LesionMask, PatientReading, Target, Unfinished

MAMMOGRAM = Target(
    timepoint="baseline",
    study_date="2021-03-04",
    modality=Modality.MG,
    quantity=Quantity.CALCIFICATION_EXTENT,
    laterality=Laterality.RIGHT,
    view=View.CC,
    image=ImageReference("1.2.3.4", "1.2.3", 0, 1000, 800, MG_SPACING, "1.2"),
    flags=("detector_plane",),
)
VOLUME = Target(
    timepoint="followup-1",
    study_date="2021-09-04",
    modality=Modality.MR,
    quantity=Quantity.LESION_DIAMETER,
    laterality=None,
    view=None,
    image=ImageReference("", "1.9", 0, 112, 176, MR_SPACING, "1.2"),
    phase=PhaseReference(1, 62.5, "k-space-centre-90s", "injection"),
    slice_uids=("1.9.0", "1.9.1"),
)


def mask(shape=(3, 5, 7), *, seed: int = 1, **changes: Any) -> LesionMask:
    """Voxels that no compression can guess."""
    voxels = np.random.default_rng(seed).random(shape) < 0.5
    return replace(LesionMask((2, 30, 40), voxels, seed_zrc=(3.0, 32.5, 44.0), level=0.45), **changes)


def lesion(**changes: Any) -> Finding:
    """A segmented lesion, never signed."""
    said = {"lesion_type": LesionType.NON_MASS, "relation": LesionRelation.SAME, "from_lesions": ("R-L1",)}
    return replace(Finding(outline(timepoint="followup-1", volume_mm3=123.456, **said), mask()), **changes)


def reading(**changes: Any) -> PatientReading:
    """One mammogram extent and one segmented lesion, nothing signed, a polygon begun."""
    begun = Unfinished("outline", VOLUME, ((7.0, 30.1, 40.2), (7.0, 50.3, 1 / 3)))
    whole = PatientReading(
        patient_id="CM-0001",
        reader="r1",
        findings=(Finding(marks()), lesion()),
        unfinished=begun,
        selected="l1",
        phase_choices={"1.9": 2},
    )
    return replace(whole, **changes)


def finished(**changes: Any) -> PatientReading:
    """The same without the polygon: ready to be signed."""
    return reading(unfinished=None, **changes)


def same(one: PatientReading, other: PatientReading) -> bool:
    """Whether two readings hold the same, masks compared voxel by voxel."""
    plain = [field.name for field in fields(PatientReading) if field.name not in ("findings", "given_up")]
    return all(getattr(one, name) == getattr(other, name) for name in plain) and all(
        len(ours) == len(theirs) and all(map(_same_finding, ours, theirs))
        for ours, theirs in ((one.findings, other.findings), (one.given_up, other.given_up))
    )


def _same_finding(one: Finding, other: Finding) -> bool:
    return same_mask(one.mask, other.mask) and replace(one, mask=None) == replace(other, mask=None)
