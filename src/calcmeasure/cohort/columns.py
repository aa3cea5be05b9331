"""Columns of the cohort table and of the pathology table, and the words their cells may hold."""

from __future__ import annotations

from calcmeasure.terms import Distribution, Laterality

IMAGING_LENGTHS = ("extent_baseline_mm", "extent_followup_mm", "diameter_baseline_mm", "diameter_followup_mm")
PATHOLOGY_NEEDED = ("pathology_size_mm", "miller_payne", "residual", "er", "pr", "her2")
CLINICAL = ("age_years", "regimen", "histology", "grade", "surgery")
IMAGING_DESCRIPTORS = (
    "lesion_type_mg", "morphology_baseline", "morphology_followup", "distribution_baseline", "distribution_followup",
    "lesion_type_mri", "n_lesions",
)  # fmt: skip

KEY_COLUMNS = ("patient_id", "laterality")
"""One row each."""
NEEDED_COLUMNS = (*KEY_COLUMNS, *IMAGING_LENGTHS, *PATHOLOGY_NEEDED)
"""Without these there is no cohort table."""
COHORT_COLUMNS = (*NEEDED_COLUMNS, *CLINICAL, *IMAGING_DESCRIPTORS, "excluded")
"""All columns of a cohort table, in the order they are written."""

PATHOLOGY_TABLE_NEEDED = (*KEY_COLUMNS, *PATHOLOGY_NEEDED)
"""Without these there is no pathology table."""
PATHOLOGY_TABLE_COLUMNS = (*PATHOLOGY_TABLE_NEEDED, *CLINICAL, "lesion_type_mg", "surgery_date", "excluded")
"""All columns of a pathology table that are used."""

LONGEST_MM = 400.0
"""No breast is longer."""
OLDEST_YEARS = 120.0
MOST_LESIONS = 100

MAMMOGRAPHIC_TYPES = ("calcifications", "calcifications+mass")
"""What `lesion_type_mg` may say."""
SIDES = {"R": Laterality.RIGHT, "RIGHT": Laterality.RIGHT, "L": Laterality.LEFT, "LEFT": Laterality.LEFT}
OLDER_NAMES = {"scattered": Distribution.DIFFUSE, "clustered": Distribution.GROUPED}
"""Words for a distribution from before BI-RADS 5."""
