"""One row of the pathology table: what the laboratory and the surgeons know of one side."""

from __future__ import annotations

from dataclasses import dataclass, field

from calcmeasure.cohort.row import Clinical
from calcmeasure.model.pathology import PathologyResult, Receptors
from calcmeasure.terms import Laterality


@dataclass(frozen=True, slots=True)
class PathologyRow:
    """One side of one patient.

    Parameters
    ----------
    lesion_type_mg
        ``calcifications`` or ``calcifications+mass``; empty when not given.
    surgery_date
        ISO 8601; empty when not given. Images of later days are no follow-up.
    excluded
        Code of the reason why it is left out of the study; empty when it counts.
    """

    patient_id: str
    laterality: Laterality
    receptors: Receptors = field(default_factory=Receptors)
    pathology: PathologyResult = field(default_factory=PathologyResult)
    clinical: Clinical = field(default_factory=Clinical)
    lesion_type_mg: str = ""
    surgery_date: str = ""
    excluded: str = ""
