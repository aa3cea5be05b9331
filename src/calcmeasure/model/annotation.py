"""What was drawn or detected: pixel coordinates bound to one image. Millimetres are derived, never stored alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from calcmeasure.geometry import Spacing
from calcmeasure.model.enhancement import LesionEnhancement
from calcmeasure.terms import (
    Distribution,
    GeometryKind,
    Laterality,
    LesionRelation,
    LesionRole,
    LesionSite,
    LesionType,
    Method,
    Modality,
    Morphology,
    NonTargetStatus,
    Quantity,
    View,
)

MASK_FIELD = "mask"
"""Where `Annotation.extra` holds the voxels of a segmented lesion."""


@dataclass(frozen=True, slots=True)
class ImageReference:
    """The image an annotation belongs to.

    Parameters
    ----------
    sop_uid
        For a projection image.
    series_uid
        DICOM series; for a dynamic series the one of the phase measured.
    frame
        0-based frame (multi-frame file) or slice index (volume); 0 for a projection.
    rows, columns
        Matrix size, to recognise a changed image.
    spacing
        None when the image has no millimetres.
    """

    sop_uid: str
    series_uid: str
    frame: int
    rows: int
    columns: int
    spacing: Spacing | None
    study_uid: str = ""


@dataclass(frozen=True, slots=True)
class PhaseReference:
    """The phase of a dynamic series that was measured.

    Parameters
    ----------
    index
        0-based phase.
    time_s
        k-space centre after time zero; None when unknown.
    rule
        Name of the early-phase rule, or ``reader`` when overridden.
    time_zero
        What second 0 is.
    """

    index: int
    time_s: float | None
    rule: str
    time_zero: str = ""


class MarkEvidence(NamedTuple):
    """What a detector knows of one mark.

    Parameters
    ----------
    probability
        Chance of being a calcification, 0-1, by this image and by another visit where one was looked at.
    contrast
        Attenuation above the surroundings, in the units of the image; None where unknown.
    snr
        Contrast over the local noise at the mark's own size; None where unknown.
    """

    probability: float
    contrast: float | None = None
    snr: float | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """One finding drawn on one image by one reader (or detected).

    Parameters
    ----------
    annotation_id
        Unique within the patient and reader; stable for the same finding on the same image.
    lesion_id
        Stable across views and visits: the longitudinal link.
    points
        (n, 2) row, column on a projection; (n, 3) slice, row, column in a volume; pixel centres.
        Marks: one per calcification. Caliper: two ends. Outline: polygon vertices on one slice.
        Empty means: looked for, and nothing was there (a measurement of 0 mm).
    relation, from_lesions
        How a reader linked it to the visits before, and the identifiers meant; None when no reader said.
    role, site, status
        What the lesion is followed as, where it lies, what became of a non-target lesion; None when no reader said.
    mark_diameters_mm, mark_evidence
        One per mark where the detector knows them; empty otherwise.
    independent_points
        Marks of the group (or outline of the lesion) as found on this image alone, where `points` were found with
        another visit in mind; empty when alone nothing was found there, None when no other visit was looked at.
    enhancement
        Of an enhancing lesion: uptake, background, motion, and how it was found; None where nobody measured it.
    volume_mm3, diameter_3d_mm
        Of the mask the outline was taken from, where there was one.
    confidence
        0-1, or None.
    flags
        Advisory and reason codes. A reason code ``E_...`` makes the annotation not measurable.
    extra
        Unknown fields of a saved file, kept for the round trip, and ``mask``: the voxels of a segmented lesion.
    """

    annotation_id: str
    lesion_id: str
    timepoint: str
    study_date: str
    modality: Modality
    laterality: Laterality | None
    quantity: Quantity
    geometry: GeometryKind
    points: tuple[tuple[float, ...], ...]
    image: ImageReference
    view: View | None = None
    phase: PhaseReference | None = None
    method: Method = Method.AUTO
    morphology: Morphology | None = None
    distribution: Distribution | None = None
    lesion_type: LesionType | None = None
    relation: LesionRelation | None = None
    from_lesions: tuple[str, ...] = ()
    confidence: float | None = None
    mark_diameters_mm: tuple[float, ...] = ()
    volume_mm3: float | None = None
    diameter_3d_mm: float | None = None
    flags: tuple[str, ...] = ()
    software: str = ""
    created_utc: str = ""
    role: LesionRole | None = None
    site: LesionSite | None = None
    status: NonTargetStatus | None = None
    mark_evidence: tuple[MarkEvidence, ...] = ()
    independent_points: tuple[tuple[float, ...], ...] | None = None
    enhancement: LesionEnhancement | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def measurable(self) -> bool:
        """Whether millimetres may be derived from it."""
        return self.image.spacing is not None and not any(f.startswith("E_") for f in self.flags)
