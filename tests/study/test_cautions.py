"""What a reader is told before the numbers, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.cohort.categories import judged
from calcmeasure.model.pathology import MillerPayne, PathologyResult, Residual
from calcmeasure.response.criteria import load_profile
from calcmeasure.study.analysis import analyze_cohort
from calcmeasure.terms import ExtentChange, Laterality
from study_cohorts import cohort, row

QUIET = cohort(
    *(
        row(f"P{i}", extent=(20.0 + i, 15.5 + 1.1 * i), diameter=(30.0, 16.0 + i), size_mm=15.0 + (i * 7 % 10))
        for i in range(10)
    )
)


def warnings(*rows):
    return analyze_cohort(cohort(*rows)).warnings


def test_nothing_to_say():
    assert analyze_cohort(QUIET).warnings == ()


@pytest.mark.parametrize(
    ("criteria", "said"),
    [("paper-2023", []), ("recist-1.1", ["change of extent"]), ("extent-10", ["response"]),
     ("who", ["change of extent", "response"])],
)  # fmt: skip
def test_criteria_that_judge_nothing_of_a_table_are_told(criteria, said):
    profile = load_profile(criteria)
    told = warnings(*(replace(one, imaging=judged(one.imaging, profile)) for one in QUIET.rows))
    assert len(told) == len(said)
    assert all(f"judge no {words}" in sentence for words, sentence in zip(said, told, strict=True))


def test_both_sides():
    first = QUIET.rows[0]
    (said,) = warnings(*QUIET.rows, replace(first, laterality=Laterality.RIGHT))
    assert said.startswith("1 of 10 patients count with both sides")


@pytest.mark.parametrize(("zeros", "told"), [(1, False), (2, True)])
def test_zeros_from_a_fifth_on(zeros, told):
    gone = [replace(r, pathology=PathologyResult(0.0, None, Residual.NONE)) for r in QUIET.rows[:zeros]]
    said = [w for w in warnings(*gone, *QUIET.rows[zeros:]) if "0 mm" in w]
    assert [w.startswith(f"{zeros} of 10 sizes in the specimen") for w in said] == [True] * told


def test_an_offset_that_consistency_forgives():
    shifted = [
        replace(r, pathology=replace(r.pathology, size_mm=r.imaging.diameter_followup_mm - 9.0)) for r in QUIET.rows
    ]
    said = [w for w in warnings(*shifted) if "offset" in w]
    assert any(
        "the diameter on MRI is on average 9.0 mm larger than the size in the specimen (n = 10)" in w for w in said
    )
    assert any("ICC(C,1) = 1.000 forgives this offset, ICC(A,1) = 0." in w for w in said)


def graded(counts: dict[int, tuple[int, int, int]]):
    """One row per case of a table Miller–Payne grade × (unchanged, decrease, increase)."""
    changes = (ExtentChange.UNCHANGED, ExtentChange.DECREASE, ExtentChange.INCREASE)
    cases = [(g, c) for g, line in counts.items() for c, n in zip(changes, line, strict=True) for _ in range(n)]
    return [
        replace(
            template := row(f"P{i}"),
            imaging=replace(template.imaging, extent_change=change),
            pathology=PathologyResult(4.0, MillerPayne(grade), Residual.INVASIVE),
        )
        for i, (grade, change) in enumerate(cases)
    ]


def test_pooling_of_grades_that_turns_the_answer():
    study = {1: (1, 0, 0), 2: (4, 1, 3), 3: (18, 20, 13), 4: (8, 7, 0), 5: (25, 21, 6)}
    (said,) = [w for w in warnings(*graded(study)) if "pooled" in w]
    assert "Pearson chi-square (asymptotic) P = 0.157 and 0.031" in said
    assert "exact Pearson chi-square P = 0.141 and 0.033" in said
    assert "Fisher–Freeman–Halton exact test P = 0.098 and 0.033" in said


def test_pooling_that_changes_nothing_is_not_told():
    assert not [w for w in warnings(*graded({3: (9, 9, 9), 4: (9, 9, 9), 5: (9, 9, 9)})) if "pooled" in w]
