"""The variables of a study, the sizes that are compared, and the subgroups everything is asked of."""

from __future__ import annotations

from enum import StrEnum

from calcmeasure.model.pathology import Subtype

ALL = "all"
"""Name of the subgroup that is everybody."""
SUBGROUPS: tuple[str, ...] = (ALL, *(subtype.value for subtype in Subtype))
"""Everybody, then the molecular subtypes, in the order of every table."""
POSITIVE = "residual-disease"
"""The class called positive: pathology found no complete response. The test is positive when an enhancement is left."""


class Variable(StrEnum):
    """What is known of one side of a patient: the columns of a cohort and what follows from them."""

    AGE = "age_years"
    REGIMEN = "regimen"
    HISTOLOGY = "histology"
    SUBTYPE = "subtype"
    PCR = "pcr"
    """Pathological complete response by the definition of the cohort."""
    SURGERY = "surgery"
    GRADE = "grade"
    LESION_TYPE_MG = "lesion_type_mg"
    MORPHOLOGY = "morphology_baseline"
    DISTRIBUTION = "distribution_baseline"
    MORPHOLOGY_CHANGE = "morphology_change"
    """(before, after), of the sides on which the two differ."""
    DISTRIBUTION_CHANGE = "distribution_change"
    EXTENT_BASELINE = "extent_baseline_mm"
    EXTENT_FOLLOWUP = "extent_followup_mm"
    EXTENT_CHANGE = "extent_change"
    LESION_TYPE_MRI = "lesion_type_mri"
    LESIONS = "n_lesions"
    """Single or multiple."""
    DIAMETER_BASELINE = "diameter_baseline_mm"
    DIAMETER_FOLLOWUP = "diameter_followup_mm"
    MRI_COMPLETE_RESPONSE = "mri_complete_response"
    """No enhancement left: a diameter of 0 at the follow-up."""
    RECIST = "recist"
    MILLER_PAYNE = "miller_payne"
    MILLER_PAYNE_POOLED = "miller_payne_pooled"
    """Grades 1 to 3 against 4 and 5."""
    RESIDUAL = "residual"
    PATHOLOGY_SIZE = "pathology_size_mm"


class Pair(StrEnum):
    """Two sizes of what is left after treatment; differences are first minus second."""

    EXTENT_PATHOLOGY = "extent-pathology"
    DIAMETER_PATHOLOGY = "diameter-pathology"
    EXTENT_DIAMETER = "extent-diameter"

    @property
    def first(self) -> Variable:
        """The size differences are taken from."""
        return Variable.DIAMETER_FOLLOWUP if self is Pair.DIAMETER_PATHOLOGY else Variable.EXTENT_FOLLOWUP

    @property
    def second(self) -> Variable:
        """The size that is subtracted."""
        return Variable.DIAMETER_FOLLOWUP if self is Pair.EXTENT_DIAMETER else Variable.PATHOLOGY_SIZE


class Comparison(StrEnum):
    """Two sizes of the same side whose difference is tested."""

    EXTENT = "calcification_extent"
    """Before and after treatment."""
    DIAMETER = "lesion_diameter"
    """Before and after treatment."""
    EXTENT_PATHOLOGY = "extent-pathology"
    """After treatment, and in the specimen."""
    DIAMETER_PATHOLOGY = "diameter-pathology"
    """After treatment, and in the specimen."""

    @property
    def sides(self) -> tuple[Variable, Variable]:
        """First and second; a rise means that the second is larger."""
        return _SIDES[self]


_SIDES = {
    Comparison.EXTENT: (Variable.EXTENT_BASELINE, Variable.EXTENT_FOLLOWUP),
    Comparison.DIAMETER: (Variable.DIAMETER_BASELINE, Variable.DIAMETER_FOLLOWUP),
    Comparison.EXTENT_PATHOLOGY: (Variable.EXTENT_FOLLOWUP, Variable.PATHOLOGY_SIZE),
    Comparison.DIAMETER_PATHOLOGY: (Variable.DIAMETER_FOLLOWUP, Variable.PATHOLOGY_SIZE),
}
