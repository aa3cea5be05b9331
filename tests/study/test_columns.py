"""What counts as known, as a category, and in which order categories stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.cohort.row import CohortRow, Imaging
from calcmeasure.model.pathology import CompleteResponse, MillerPayne, PathologyResult, Residual
from calcmeasure.study.columns import categories_of, category_column, is_number, number_column
from calcmeasure.study.variables import Comparison, Pair, Variable
from calcmeasure.terms import ExtentChange, Laterality, Morphology, Response

BARE = CohortRow("P1", Laterality.LEFT)
IN_SITU = PathologyResult(12.0, MillerPayne.NO_INVASIVE_CELLS, Residual.DCIS)


def seen(**imaging) -> CohortRow:
    return replace(BARE, imaging=Imaging(**imaging))


@pytest.mark.parametrize(
    ("variable", "row", "category"),
    [
        (Variable.MRI_COMPLETE_RESPONSE, seen(diameter_followup_mm=0.0), "yes"),
        (Variable.MRI_COMPLETE_RESPONSE, seen(diameter_followup_mm=0.1), "no"),
        (Variable.RECIST, seen(response=Response.NE), None),
        (Variable.RECIST, seen(response=Response.PD), Response.PD),
        (Variable.EXTENT_CHANGE, seen(extent_change=ExtentChange.NOT_COMPARABLE), None),
        (Variable.EXTENT_CHANGE, seen(extent_change=ExtentChange.UNCHANGED), ExtentChange.UNCHANGED),
        (Variable.LESIONS, seen(n_lesions=1), "single"),
        (Variable.LESIONS, seen(n_lesions=2), "multiple"),
        (Variable.MORPHOLOGY_CHANGE, seen(morphology_baseline=Morphology.ROUND), None),
        (Variable.MILLER_PAYNE_POOLED, replace(BARE, pathology=PathologyResult(miller_payne=MillerPayne(3))), "1-3"),
        (Variable.MILLER_PAYNE_POOLED, replace(BARE, pathology=PathologyResult(miller_payne=MillerPayne(4))), "4-5"),
        (Variable.PCR, replace(BARE, pathology=IN_SITU), "yes"),
    ],
)
def test_category(variable, row, category):
    assert category_column([row], variable, definition=CompleteResponse.YPT0_IS) == [category]


def test_complete_response_by_the_stricter_definition():
    row = replace(BARE, pathology=IN_SITU)
    assert category_column([row], Variable.PCR, definition=CompleteResponse.YPT0) == ["no"]


@pytest.mark.parametrize("variable", Variable)
def test_nothing_is_known_of_a_bare_row(variable):
    if is_number(variable):
        assert number_column([BARE], variable) == [None]
    else:
        assert category_column([BARE], variable, definition=CompleteResponse.YPT0_IS) == [None]


def test_few_categories_are_listed_without_a_case_wide_vocabularies_are_not():
    assert categories_of(Variable.RECIST, []) == (Response.CR, Response.PR, Response.SD, Response.PD)
    assert categories_of(Variable.MORPHOLOGY, [Morphology.ROUND, None, Morphology.AMORPHOUS]) == (
        Morphology.AMORPHOUS,
        Morphology.ROUND,
    )
    assert categories_of(Variable.REGIMEN, ["b", "c", "a", "c", None]) == ("c", "a", "b")
    assert categories_of(Variable.GRADE, [3, 1, 4]) == (1, 3, 4)


def test_sizes_that_are_compared():
    assert (Pair.EXTENT_DIAMETER.first, Pair.EXTENT_DIAMETER.second) == (
        Variable.EXTENT_FOLLOWUP,
        Variable.DIAMETER_FOLLOWUP,
    )
    assert Pair.DIAMETER_PATHOLOGY.second is Pair.EXTENT_PATHOLOGY.second is Variable.PATHOLOGY_SIZE
    assert Comparison.EXTENT.sides == (Variable.EXTENT_BASELINE, Variable.EXTENT_FOLLOWUP)
