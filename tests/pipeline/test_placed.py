"""Rows that contradict each other: nothing is chosen by guess, whatever their order."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from calcmeasure.errors import ErrorCode
from calcmeasure.model.measurement import Measurement
from calcmeasure.pipeline.placed import Placed, check_together
from calcmeasure.terms import Laterality, LesionRelation, Quantity

FIRST = Measurement("P", "baseline", Quantity.LESION_DIAMETER, 40.0, Laterality.LEFT, "L1", study_date="2024-02-01")
LATER = replace(FIRST, timepoint="followup-1", value_mm=20.0, study_date="2024-06-01")


def check(*measurements):
    """Lengths that are left, and (code, line) of what is not; the same for any order."""
    placed = [Placed(m, Path("t.csv"), line) for line, m in enumerate(measurements, start=2)]
    left, problems = check_together(placed)
    result = sorted(str(m.value_mm) for m in left), sorted(str(problem.code) for problem in problems)
    shuffled = random.Random(4).sample(placed, len(placed))
    again, other = check_together(shuffled)
    assert (sorted(str(m.value_mm) for m in again), sorted(str(problem.code) for problem in other)) == result
    return result


def test_what_agrees_is_left_alone():
    other_reader = replace(FIRST, reader="mk", value_mm=41.0)
    extent = replace(FIRST, quantity=Quantity.CALCIFICATION_EXTENT, lesion_id="C1", study_date="2024-02-20")
    assert check(FIRST, LATER, other_reader, extent) == (["20.0", "40.0", "40.0", "41.0"], [])


def test_a_repeated_row_counts_once():
    assert check(FIRST, LATER, FIRST, FIRST) == (["20.0", "40.0"], [ErrorCode.DUPLICATE_ROW] * 2)


def test_two_lengths_of_one_finding_are_both_left_out():
    assert check(FIRST, replace(FIRST, value_mm=4.0), LATER) == (["20.0"], [ErrorCode.CONFLICTING_ROWS] * 2)


@pytest.mark.parametrize(
    "other",
    [
        replace(FIRST, value_mm=4.0, lesion_id="L2"),
        replace(FIRST, value_mm=4.0, laterality=Laterality.RIGHT),
        replace(FIRST, value_mm=4.0, relation=LesionRelation.SPLIT),
    ],
)
def test_several_findings_are_no_contradiction(other):
    assert check(FIRST, other) == (["4.0", "40.0"], [])


def test_unnamed_findings_of_one_side_may_be_several():
    assert check(replace(FIRST, lesion_id=""), replace(FIRST, lesion_id="", value_mm=4.0))[1] == []


def test_two_dates_of_one_baseline():
    second = replace(FIRST, study_date="2024-02-09", lesion_id="L2", value_mm=44.0)
    assert check(FIRST, second, LATER) == (["20.0"], [ErrorCode.TWO_BASELINES] * 2)


def test_a_followup_before_the_baseline():
    early = replace(LATER, study_date="2024-01-01")
    assert check(FIRST, early) == (["40.0"], [ErrorCode.VISIT_DATES])
    assert check(FIRST, replace(early, study_date=FIRST.study_date))[1] == []
    assert check(FIRST, replace(early, study_date=""))[1] == []


def test_a_problem_names_its_line_and_the_other():
    table = Path("t.csv")
    (repeat,) = check_together([Placed(FIRST, table, 4), Placed(FIRST, table, 11)])[1]
    assert repeat.reason == "line 11: repeats line 4; it counts once"
    first, second = check_together([Placed(FIRST, table, 4), Placed(replace(FIRST, value_mm=1.0), table, 9)])[1]
    assert first.reason.startswith("line 4: another length of this finding stands in line 9")
    assert second.reason.startswith("line 9: another length of this finding stands in line 4")
    (copy,) = check_together([Placed(FIRST, table, 4), Placed(FIRST, Path("copies", "u.csv"), 4)])[1]
    words = (
        "line 4: line 4 of the table u.csv repeats line 4 of the table t.csv; it counts once: give one of these sources"
    )
    assert copy.reason == words


def test_saved_twice_is_told_by_the_kinds_of_both_sources():
    store, file = Path("study.sqlite"), Path("ann.annotations.json")
    (copy,) = check_together([Placed(FIRST, store), Placed(FIRST, file)])[1]
    words = "a saved annotation repeats the store; it counts once: give one of these sources"
    assert (copy.code, copy.reason) == (ErrorCode.DUPLICATE_ROW, words)
    drawn, typed = check_together([Placed(FIRST, store), Placed(replace(FIRST, value_mm=1.0), Path("t.csv"), 4)])[1]
    assert "stands in line 4 of the table t.csv" in drawn.reason
    assert "stands in the store" in typed.reason
