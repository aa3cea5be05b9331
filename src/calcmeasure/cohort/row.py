"""One row of the cohort: a patient's side before and after treatment, and what pathology said."""

from __future__ import annotations

from dataclasses import dataclass, field

from calcmeasure.model.pathology import CompleteResponse, PathologyResult, Receptors, Subtype
from calcmeasure.terms import Distribution, ExtentChange, Laterality, LesionType, Morphology, Response


@dataclass(frozen=True, slots=True)
class Clinical:
    """What is known of the patient and of the treatment; texts as the table spells them, empty when not given."""

    age_years: float | None = None
    regimen: str = ""
    histology: str = ""
    grade: int | None = None
    surgery: str = ""


@dataclass(frozen=True, slots=True)
class Imaging:
    """What the images showed of one side.

    Parameters
    ----------
    extent_baseline_mm, extent_followup_mm
        Extent of calcifications, the larger of both views; 0 is nothing left, None not measured.
    diameter_baseline_mm, diameter_followup_mm
        Greatest diameter of the enhancing lesion at the early phase.
    extent_change, response
        Category by the criteria of the cohort; None where it cannot be judged.
    lesion_type_mg
        ``calcifications`` or ``calcifications+mass``; empty when not given.
    n_lesions
        Enhancing lesions before treatment.
    """

    extent_baseline_mm: float | None = None
    extent_followup_mm: float | None = None
    diameter_baseline_mm: float | None = None
    diameter_followup_mm: float | None = None
    extent_change: ExtentChange | None = None
    response: Response | None = None
    lesion_type_mg: str = ""
    morphology_baseline: Morphology | None = None
    morphology_followup: Morphology | None = None
    distribution_baseline: Distribution | None = None
    distribution_followup: Distribution | None = None
    lesion_type_mri: LesionType | None = None
    n_lesions: int | None = None


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One side of one patient.

    Parameters
    ----------
    excluded
        Code of the reason why it is left out of the study; empty when it counts.
    """

    patient_id: str
    laterality: Laterality
    imaging: Imaging = field(default_factory=Imaging)
    receptors: Receptors = field(default_factory=Receptors)
    pathology: PathologyResult = field(default_factory=PathologyResult)
    clinical: Clinical = field(default_factory=Clinical)
    excluded: str = ""

    @property
    def subtype(self) -> Subtype | None:
        """Molecular subtype."""
        return self.receptors.subtype


@dataclass(frozen=True, slots=True)
class TableProblem:
    """One cell, or one row, that could not be taken as it stands.

    Parameters
    ----------
    line
        Line of the file, the header being 1; 0 when the whole table is meant.
    column
        Its name; empty when the whole row is meant.
    code, reason
        Stable code, and what was found, what was expected and what to do.
    """

    line: int
    column: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """All rows, and how they were judged.

    Parameters
    ----------
    rows
        In order of patient and side, the excluded ones included.
    criteria
        Name of the profile behind `Imaging.extent_change` and `Imaging.response`.
    criteria_sha256
        Its hash.
    complete_response
        What counts as a pathological complete response.
    problems
        Of the table it was read from.
    """

    rows: tuple[CohortRow, ...]
    criteria: str
    criteria_sha256: str
    complete_response: CompleteResponse = CompleteResponse.YPT0_IS
    problems: tuple[TableProblem, ...] = ()

    @property
    def included(self) -> tuple[CohortRow, ...]:
        """Rows that count."""
        return tuple(row for row in self.rows if not row.excluded)
