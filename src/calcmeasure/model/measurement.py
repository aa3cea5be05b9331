"""What was measured: one number in mm with everything needed to explain it."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any, NamedTuple

from calcmeasure.model.annotation import ImageReference, PhaseReference
from calcmeasure.terms import (
    Distribution,
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
from calcmeasure.terms.enhancement import BackgroundLevel, DelayedCourse, InitialRise

AUTO_READER = "auto"
"""Reader name of automatic measurements."""


@dataclass(frozen=True)
class Measurement:
    """One row of ``measurements.csv``.

    Parameters
    ----------
    value_mm
        Greatest extent or in-plane diameter; 0 when nothing is there; None when not measurable (reason in `flags`).
    short_axis_mm
        Longest chord perpendicular to the long axis, same slice; None for extents.
    ends
        The two defining points in pixel indices of the image, (row, column) or (slice, row, column); empty for 0 mm.
    image
        None for a row read from a bare table.
    n_marks
        Number of calcification marks.
    relation, from_lesions
        How a reader linked it to the visits before, and the identifiers meant; None when no reader said.
    role, site
        What the lesion is followed as, and the organ it lies in; None means that the criteria choose, and the breast.
    status
        What became of a non-target lesion, as a reader judged it; None when no reader said.
    independent_mm, linked_mm
        Extent of the group as found on this image alone, and as found with the same view of another visit in mind;
        None when no other visit was looked at.
    diameter_3d_mm
        Greatest distance within the mask; never a substitute for `value_mm`.
    neighbours_low_mm, neighbours_high_mm
        Smallest and largest diameter at the phases beside the early one.
    early_percent ... background_level
        Uptake of the lesion and of the tissue around it, as in `LesionUptake` and `BackgroundEnhancement`.
    motion_before, motion_after
        Mismatch of the phase that had moved most.
    volume_change_percent
        Of the lesion, by the motion correction.
    detector, mask_sha256
        What found it, and the hash of its mask.
    """

    patient_id: str
    timepoint: str
    quantity: Quantity
    value_mm: float | None
    laterality: Laterality | None = None
    lesion_id: str = ""
    study_uid: str = ""
    study_date: str = ""
    modality: Modality | None = None
    view: View | None = None
    short_axis_mm: float | None = None
    reader: str = AUTO_READER
    method: Method | None = Method.AUTO
    confidence: float | None = None
    morphology: Morphology | None = None
    distribution: Distribution | None = None
    n_marks: int | None = None
    ends: tuple[tuple[float, ...], ...] = ()
    image: ImageReference | None = None
    phase: PhaseReference | None = None
    volume_mm3: float | None = None
    annotation_id: str = ""
    flags: tuple[str, ...] = ()
    software: str = ""
    created_utc: str = ""
    lesion_type: LesionType | None = None
    relation: LesionRelation | None = None
    from_lesions: tuple[str, ...] = ()
    role: LesionRole | None = None
    site: LesionSite | None = None
    status: NonTargetStatus | None = None
    independent_mm: float | None = None
    linked_mm: float | None = None
    diameter_3d_mm: float | None = None
    neighbours_low_mm: float | None = None
    neighbours_high_mm: float | None = None
    early_percent: float | None = None
    peak_percent: float | None = None
    ser: float | None = None
    washout_percent: float | None = None
    time_to_peak_s: float | None = None
    initial_rise: InitialRise | None = None
    delayed_course: DelayedCourse | None = None
    functional_volume_mm3: float | None = None
    background_percent: float | None = None
    background_level: BackgroundLevel | None = None
    motion_before: float | None = None
    motion_after: float | None = None
    volume_change_percent: float | None = None
    detector: str = ""
    mask_sha256: str = ""

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Give the fields that need not be stated, and what they are then."""
        return {field.name: field.default for field in fields(cls) if field.default is not MISSING}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Measurement:
        """Make one of a million: from the values of all fields, which are checked already and given away."""
        made = object.__new__(cls)
        object.__setattr__(made, "__dict__", values)
        return made


class ResponseRow(NamedTuple):
    """One row of ``responses.csv``: a category and the rule that fired.

    Parameters
    ----------
    criteria
        Profile name.
    baseline_mm, reference_mm
        Value at baseline, and the value the change is taken against (baseline or nadir).
    change_mm, change_percent
        Against the reference; percent is None when the reference is 0.
    category
        `ExtentChange` or `Response` value; by iRECIST an `ImmuneResponse` value; with non-target lesions alone
        possibly ``non-CR/non-PD``.
    rule
        Sentence-like identifier of the rule that fired.
    reader
        Whose measurements were scored.
    target_response, non_target_response
        What the target lesions alone and the non-target lesions alone amount to; empty where there are none.
    new_lesions
        Lesions that count as new, and are there.
    new_lesion_sum_mm
        Sum of the new lesions that are measurable, kept apart from the targets (iRECIST); else None.
    best_response
        Best overall response from the start of treatment up to this time point.
    unit
        UCUM unit of the value judged: ``mm``, ``mm2`` or ``mm3``.
    baseline_value, reference_value, value
        The values judged where they are no lengths: products or volumes. The columns in mm are then empty.
    criteria_sha256
        Hash of the profile.
    """

    patient_id: str
    laterality: Laterality | None
    quantity: Quantity
    criteria: str
    timepoint: str
    baseline_mm: float | None
    reference_mm: float | None
    reference_timepoint: str
    value_mm: float | None
    change_mm: float | None
    change_percent: float | None
    category: str
    rule: str
    flags: tuple[str, ...] = ()
    reader: str = ""
    target_response: str = ""
    non_target_response: str = ""
    new_lesions: tuple[str, ...] = ()
    new_lesion_sum_mm: float | None = None
    best_response: str = ""
    unit: str = "mm"
    baseline_value: float | None = None
    reference_value: float | None = None
    value: float | None = None
    criteria_sha256: str = ""
