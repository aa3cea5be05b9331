"""Categories of 127 synthetic patients whose cross tables are those the study printed.

The printed tables leave cells of their joint distribution open. What is chosen here, and printed nowhere: how complete
responses on MRI and in the specimen fall together within each change of extent and each subtype.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from calcmeasure.model.pathology import MillerPayne, Residual, Subtype
from calcmeasure.terms import ExtentChange, Response

Item = TypeVar("Item")
_CHANGES = (ExtentChange.UNCHANGED, ExtentChange.DECREASE, ExtentChange.INCREASE)
_SUBTYPES = tuple(Subtype)


@dataclass(frozen=True, slots=True)
class PatientCategories:
    """What one synthetic patient is."""

    subtype: Subtype
    extent_change: ExtentChange
    response: Response
    residual: Residual
    miller_payne: MillerPayne

    @property
    def has_complete_response(self) -> bool:
        """Whether pathology finds a complete response, residual carcinoma in situ allowed."""
        return self.residual in (Residual.NONE, Residual.DCIS)


@dataclass(frozen=True, slots=True)
class _Complete:
    """Patients without invasive residual tumour and with one answer on MRI, counted twice.

    Parameters
    ----------
    by_change
        Unchanged, decrease, increase.
    by_subtype
        In the order of `Subtype`.
    """

    residual: Residual
    is_gone_on_mri: bool
    by_change: tuple[int, int, int]
    by_subtype: tuple[int, int, int, int]


_COMPLETE = (
    _Complete(Residual.NONE, True, (11, 10, 3), (11, 10, 1, 2)),
    _Complete(Residual.NONE, False, (2, 5, 1), (3, 2, 1, 2)),
    _Complete(Residual.DCIS, True, (8, 3, 1), (4, 6, 2, 0)),
    _Complete(Residual.DCIS, False, (4, 3, 1), (1, 3, 4, 0)),
)


@dataclass(frozen=True, slots=True)
class _Incomplete:
    """Patients with invasive residual tumour and one change of extent, counted three times over.

    Parameters
    ----------
    by_residual
        Invasive only, invasive and in situ.
    by_grade
        Miller-Payne 1 to 4.
    by_response
        SD, PR, CR: the patients with the least answer in the specimen are given the least answer on MRI.
    """

    by_residual: tuple[int, int]
    by_grade: tuple[int, int, int, int]
    by_response: tuple[int, int, int]


_NOT_COMPLETE = {
    ExtentChange.UNCHANGED: _Incomplete((24, 7), (1, 4, 18, 8), (8, 20, 3)),
    ExtentChange.DECREASE: _Incomplete((27, 1), (0, 1, 20, 7), (2, 24, 2)),
    ExtentChange.INCREASE: _Incomplete((14, 2), (0, 3, 13, 0), (5, 10, 1)),
}
_MISSED_SUBTYPE = Subtype.LUMINAL
"""Of all patients whose residual tumour MRI missed: the study found no such patient with HER2+ or TN tumours."""
_SEEN_BY_SUBTYPE = (6, 21, 33, 9)
"""Residual tumours that MRI saw."""


def plan_patients(rng: np.random.Generator) -> tuple[PatientCategories, ...]:
    """Deal out the categories; the order is by chance.

    Parameters
    ----------
    rng
        Source of chance.

    Returns
    -------
    tuple of PatientCategories
        127 patients with exactly the printed counts.
    """
    patients = [patient for block in _COMPLETE for patient in _complete(block, rng)]
    patients += _not_complete(rng)
    return tuple(patients[index] for index in rng.permutation(len(patients)))


def dealt(counts: dict[Item, int], rng: np.random.Generator) -> list[Item]:
    """Deal out as many of each item as counted, in an order by chance."""
    items = [item for item, count in counts.items() for _ in range(count)]
    return [items[index] for index in rng.permutation(len(items))]


def _complete(block: _Complete, rng: np.random.Generator) -> list[PatientCategories]:
    changes = _repeated(_CHANGES, block.by_change)
    subtypes = dealt(dict(zip(_SUBTYPES, block.by_subtype, strict=True)), rng)
    response = Response.CR if block.is_gone_on_mri else Response.PR
    return [
        PatientCategories(subtype, change, response, block.residual, MillerPayne.NO_INVASIVE_CELLS)
        for change, subtype in zip(changes, subtypes, strict=True)
    ]


def _not_complete(rng: np.random.Generator) -> list[PatientCategories]:
    subtypes = dealt(dict(zip(_SUBTYPES, _SEEN_BY_SUBTYPE, strict=True)), rng)
    patients = []
    for change, counts in _NOT_COMPLETE.items():
        grades = _repeated(tuple(MillerPayne)[:4], counts.by_grade)
        responses = _repeated((Response.SD, Response.PR, Response.CR), counts.by_response)
        kinds = dict(zip((Residual.INVASIVE, Residual.INVASIVE_AND_DCIS), counts.by_residual, strict=True))
        for grade, response, residual in zip(grades, responses, dealt(kinds, rng), strict=True):
            subtype = _MISSED_SUBTYPE if response is Response.CR else subtypes.pop()
            patients.append(PatientCategories(subtype, change, response, residual, grade))
    return patients


def _repeated(items: Sequence[Item], counts: Sequence[int]) -> list[Item]:
    return [item for item, count in zip(items, counts, strict=True) for _ in range(count)]
