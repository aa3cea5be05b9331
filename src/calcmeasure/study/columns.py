"""One column per variable: what every included case has, with None where it is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence

from calcmeasure.cohort.row import CohortRow
from calcmeasure.model.pathology import CompleteResponse, MillerPayne, Residual, Subtype
from calcmeasure.study.variables import Variable
from calcmeasure.terms import Distribution, ExtentChange, LesionType, Morphology, Response

YES, NO = "yes", "no"
SINGLE, MULTIPLE = "single", "multiple"
POOLED = {grade: "1-3" if grade <= MillerPayne.REDUCTION else "4-5" for grade in MillerPayne}
"""Miller–Payne grades in two groups: up to 90 % of the tumour cells lost, and more."""

Rows = Sequence[CohortRow]

_NUMBERS: dict[Variable, Callable[[CohortRow], float | None]] = {
    Variable.AGE: lambda row: row.clinical.age_years,
    Variable.EXTENT_BASELINE: lambda row: row.imaging.extent_baseline_mm,
    Variable.EXTENT_FOLLOWUP: lambda row: row.imaging.extent_followup_mm,
    Variable.DIAMETER_BASELINE: lambda row: row.imaging.diameter_baseline_mm,
    Variable.DIAMETER_FOLLOWUP: lambda row: row.imaging.diameter_followup_mm,
    Variable.PATHOLOGY_SIZE: lambda row: row.pathology.size_mm,
}
_CATEGORIES: dict[Variable, Callable[[CohortRow], Hashable]] = {
    Variable.REGIMEN: lambda row: row.clinical.regimen or None,
    Variable.HISTOLOGY: lambda row: row.clinical.histology or None,
    Variable.SUBTYPE: lambda row: row.subtype,
    Variable.SURGERY: lambda row: row.clinical.surgery or None,
    Variable.GRADE: lambda row: row.clinical.grade,
    Variable.LESION_TYPE_MG: lambda row: row.imaging.lesion_type_mg or None,
    Variable.MORPHOLOGY: lambda row: row.imaging.morphology_baseline,
    Variable.DISTRIBUTION: lambda row: row.imaging.distribution_baseline,
    Variable.MORPHOLOGY_CHANGE: lambda row: _change(row.imaging.morphology_baseline, row.imaging.morphology_followup),
    Variable.DISTRIBUTION_CHANGE: lambda row: _change(
        row.imaging.distribution_baseline, row.imaging.distribution_followup
    ),
    Variable.EXTENT_CHANGE: lambda row: _unless(row.imaging.extent_change, ExtentChange.NOT_COMPARABLE),
    Variable.LESION_TYPE_MRI: lambda row: row.imaging.lesion_type_mri,
    Variable.LESIONS: lambda row: _either(row.imaging.n_lesions, lambda n: n > 1, (MULTIPLE, SINGLE)),
    Variable.MRI_COMPLETE_RESPONSE: lambda row: _either(row.imaging.diameter_followup_mm, lambda mm: mm == 0),
    Variable.RECIST: lambda row: _unless(row.imaging.response, Response.NE),
    Variable.MILLER_PAYNE: lambda row: row.pathology.miller_payne,
    Variable.MILLER_PAYNE_POOLED: lambda row: POOLED[grade] if (grade := row.pathology.miller_payne) else None,
    Variable.RESIDUAL: lambda row: row.pathology.residual,
}
_KNOWN: dict[Variable, tuple[Hashable, ...]] = {
    Variable.SUBTYPE: tuple(Subtype),
    Variable.PCR: (YES, NO),
    Variable.EXTENT_CHANGE: (ExtentChange.UNCHANGED, ExtentChange.DECREASE, ExtentChange.INCREASE),
    Variable.LESIONS: (SINGLE, MULTIPLE),
    Variable.MRI_COMPLETE_RESPONSE: (YES, NO),
    Variable.RECIST: (Response.CR, Response.PR, Response.SD, Response.PD),
    Variable.MILLER_PAYNE: tuple(MillerPayne),
    Variable.MILLER_PAYNE_POOLED: tuple(dict.fromkeys(POOLED.values())),
    Variable.RESIDUAL: tuple(Residual),
}
_VOCABULARIES: dict[Variable, tuple[Hashable, ...]] = {
    Variable.GRADE: (1, 2, 3),
    Variable.LESION_TYPE_MG: ("calcifications", "calcifications+mass"),
    Variable.MORPHOLOGY: tuple(Morphology),
    Variable.DISTRIBUTION: tuple(Distribution),
    Variable.LESION_TYPE_MRI: tuple(LesionType),
}
"""Wider than any one study: only the categories that occur are listed, in this order."""


def number_column(rows: Rows, variable: Variable) -> list[float | None]:
    """Take a measured variable.

    Parameters
    ----------
    rows
        Cases.
    variable
        Age, or a size in mm.

    Returns
    -------
    list
        One number per case, None where it is not known.

    Raises
    ------
    KeyError
        If the variable is none of these.
    """
    return [_NUMBERS[variable](row) for row in rows]


def category_column(rows: Rows, variable: Variable, *, definition: CompleteResponse) -> list[Hashable | None]:
    """Take a categorical variable.

    Parameters
    ----------
    rows
        Cases.
    variable
        Any that is no number.
    definition
        What counts as a pathological complete response.

    Returns
    -------
    list
        One category per case, None where it is not known or could not be judged.

    Raises
    ------
    KeyError
        If the variable is a number.
    """
    if variable is Variable.PCR:
        return [_either(row.pathology.is_complete_response(definition), bool) for row in rows]
    return [_CATEGORIES[variable](row) for row in rows]


def is_number(variable: Variable) -> bool:
    """Whether the variable is measured rather than a category."""
    return variable in _NUMBERS


def categories_of(variable: Variable, column: Sequence[Hashable | None]) -> tuple[Hashable, ...]:
    """List the categories of a variable in the order of a table.

    Parameters
    ----------
    variable
        Which.
    column
        Its values in the cases at hand.

    Returns
    -------
    tuple
        Of a variable with few categories all of them, of one with a wide vocabulary those that occur in its order, and
        of free text those that occur, the most frequent first.
    """
    if variable in _KNOWN:
        return _KNOWN[variable]
    counts = Counter(category for category in column if category is not None)
    vocabulary = _VOCABULARIES.get(variable, ())
    strangers = sorted((c for c in counts if c not in vocabulary), key=lambda c: (-counts[c], str(c)))
    return (*(category for category in vocabulary if category in counts), *strangers)


def _either(value: float | None, holds: Callable[[float], bool], words: tuple[str, str] = (YES, NO)) -> str | None:
    if value is None:
        return None
    return words[0] if holds(value) else words[1]


def _unless(value: Hashable | None, unjudged: Hashable) -> Hashable | None:
    return None if value == unjudged else value


def _change(before: Hashable | None, after: Hashable | None) -> Hashable | None:
    return None if before is None or after is None else (before, after)
