"""A synthetic cohort table: 127 patients whose table is the study's, and a few that were left out.

Nobody was treated: every number comes from a seed and from the printed tables, see `calcmeasure.phantom.study.targets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import NormalDist
from typing import Any, TypeVar

import numpy as np

from calcmeasure.errors import ErrorCode
from calcmeasure.model.exclusion import Exclusion
from calcmeasure.model.pathology import Subtype
from calcmeasure.phantom.study.patients import PatientSizes, draw_sizes
from calcmeasure.phantom.study.plan import PatientCategories, dealt, plan_patients
from calcmeasure.phantom.study.sizes import DIAMETER, EXTENT, PATHOLOGY
from calcmeasure.phantom.study.targets import (
    AGE_MEAN,
    AGE_SD,
    CONSERVED,
    DISTRIBUTION,
    DISTRIBUTION_CHANGES,
    GRADES,
    HISTOLOGY,
    LESION_TYPES_MG,
    LESION_TYPES_MRI,
    LESIONS,
    MORPHOLOGY,
    MORPHOLOGY_CHANGES,
    N_PATIENTS,
    REGIMENS,
)
from calcmeasure.terms import Laterality

DEFAULT_SEED = 2023
"""Seed of the cohort that ships with the project."""

EXCLUDED = {
    Exclusion.PRIOR_CANCER: 3,
    Exclusion.DISTANT_METASTASES: 2,
    Exclusion.POOR_IMAGE_QUALITY: 2,
    ErrorCode.NO_PATHOLOGY: 2,
    ErrorCode.NO_FOLLOWUP: 2,
}
"""Patients beside the 127, by the reason why they are left out; their number is printed nowhere."""

CONSERVING, MASTECTOMY = "breast-conserving", "mastectomy"
_SHARE_WITH_PR = 0.75
_KNOWN_AT_DIAGNOSIS = {"age_years", "er", "pr", "her2", "histology", "grade"}
_AFTER_SURGERY = ("pathology_size_mm", "miller_payne", "residual")
_AFTER_TREATMENT = ("extent_followup_mm", "diameter_followup_mm", "morphology_followup", "distribution_followup")
_NOT_LOOKED_AT: dict[str, tuple[str, ...]] = {
    ErrorCode.NO_PATHOLOGY: _AFTER_SURGERY,
    ErrorCode.NO_FOLLOWUP: _AFTER_TREATMENT,
}

Column = Sequence[Any]
Item = TypeVar("Item")
Group = TypeVar("Group")


def study_cohort(*, seed: int = DEFAULT_SEED) -> tuple[dict[str, str], ...]:
    """Make the cohort.

    Parameters
    ----------
    seed
        The same one gives the same table; another one gives other patients with the same printed cells.

    Returns
    -------
    tuple of dict
        Rows of the cohort table as text by column, in order of the identifier; empty is not available.
    """
    rng = np.random.default_rng(seed)
    patients = plan_patients(rng)
    columns = {
        **_sizes(draw_sizes(patients, rng)),
        **_pathology(patients),
        **_receptors([patient.subtype for patient in patients], rng),
        **_clinical(patients, rng),
        **_descriptors(rng),
    }
    included = [{name: _cell(column[index]) for name, column in columns.items()} for index in range(N_PATIENTS)]
    everybody = [*({**row, "excluded": ""} for row in included), *_left_out(included, rng)]
    order = rng.permutation(len(everybody))
    sides = rng.choice([str(Laterality.LEFT), str(Laterality.RIGHT)], size=len(everybody))
    return tuple(
        {"patient_id": f"CS-{number:03}", "laterality": str(side), **everybody[index]}
        for number, (index, side) in enumerate(zip(order, sides, strict=True), start=1)
    )


def _sizes(sizes: PatientSizes) -> dict[str, Column]:
    return {
        "extent_baseline_mm": list(sizes.extent_before),
        "extent_followup_mm": list(sizes.after[:, EXTENT]),
        "diameter_baseline_mm": list(sizes.diameter_before),
        "diameter_followup_mm": list(sizes.after[:, DIAMETER]),
        "pathology_size_mm": list(sizes.after[:, PATHOLOGY]),
    }


def _pathology(patients: Sequence[PatientCategories]) -> dict[str, Column]:
    return {
        "miller_payne": [int(patient.miller_payne) for patient in patients],
        "residual": [patient.residual for patient in patients],
    }


def _receptors(subtypes: Sequence[Subtype], rng: np.random.Generator) -> dict[str, Column]:
    """Receptors behind the subtypes: every hormone-receptor-positive tumour has ER, most have PR."""
    hormone = np.array([subtype in (Subtype.LUMINAL, Subtype.LUMINAL_HER2) for subtype in subtypes])
    her2 = [subtype in (Subtype.HER2_ENRICHED, Subtype.LUMINAL_HER2) for subtype in subtypes]
    progesterone = hormone & (rng.random(len(subtypes)) < _SHARE_WITH_PR)
    return {"er": [int(one) for one in hormone], "pr": [int(one) for one in progesterone], "her2": list(map(int, her2))}


def _clinical(patients: Sequence[PatientCategories], rng: np.random.Generator) -> dict[str, Column]:
    subtypes = [patient.subtype for patient in patients]
    complete = [patient.has_complete_response for patient in patients]
    surgery = {one: {CONSERVING: n, MASTECTOMY: complete.count(one) - n} for one, n in CONSERVED.items()}
    return {
        "age_years": _ages(rng),
        "regimen": _dealt_within(subtypes, REGIMENS, rng=rng),
        "histology": dealt(HISTOLOGY, rng),
        "grade": dealt(GRADES, rng),
        "surgery": _dealt_within(complete, surgery, rng=rng),
    }


def _ages(rng: np.random.Generator) -> Column:
    """Whole years in the shape of a normal distribution."""
    scores = [NormalDist(AGE_MEAN, AGE_SD).inv_cdf((index + 0.5) / N_PATIENTS) for index in range(N_PATIENTS)]
    return [round(scores[index]) for index in rng.permutation(N_PATIENTS)]


def _descriptors(rng: np.random.Generator) -> dict[str, Column]:
    morphology, distribution = dealt(MORPHOLOGY, rng), dealt(DISTRIBUTION, rng)
    return {
        "lesion_type_mg": dealt(LESION_TYPES_MG, rng),
        "morphology_baseline": morphology,
        "morphology_followup": _changed(morphology, MORPHOLOGY_CHANGES),
        "distribution_baseline": distribution,
        "distribution_followup": _changed(distribution, DISTRIBUTION_CHANGES),
        "lesion_type_mri": dealt(LESION_TYPES_MRI, rng),
        "n_lesions": dealt(LESIONS, rng),
    }


def _changed(before: Sequence[Item], changes: dict[Item, Item]) -> list[Item]:
    """Let the first of each kind that changes become the other."""
    after = list(before)
    for old, new in changes.items():
        after[before.index(old)] = new
    return after


def _dealt_within(
    groups: Sequence[Group], counts: Mapping[Group, dict[str, int]], *, rng: np.random.Generator
) -> list[str]:
    """Deal out words within each group of patients."""
    hands = {group: dealt(own, rng) for group, own in counts.items()}
    return [hands[group].pop() for group in groups]


def _left_out(included: Sequence[Mapping[str, str]], rng: np.random.Generator) -> Iterator[dict[str, str]]:
    """Patients like others of the cohort, without what was never looked at."""
    codes = [code for code, count in EXCLUDED.items() for _ in range(count)]
    for code, index in zip(codes, rng.choice(len(included), size=len(codes), replace=False), strict=True):
        unknown = _NOT_LOOKED_AT.get(code, included[index].keys() - _KNOWN_AT_DIAGNOSIS)
        yield {**included[index], **dict.fromkeys(unknown, ""), "excluded": str(code)}


def _cell(value: object) -> str:
    return repr(float(value)) if isinstance(value, float) else str(value)
