"""Numbers behind the figures: what is drawn, counted and left out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.model.measurement import Measurement
from calcmeasure.model.pathology import CompleteResponse, PathologyResult, Residual
from calcmeasure.response.criteria import load_profile
from calcmeasure.stats.roc import roc_curve
from calcmeasure.study.plots import (
    changes,
    courses,
    measured_courses,
    outcomes,
    paired_sizes,
    stacks,
    zero_cut,
)
from calcmeasure.study.variables import Pair
from calcmeasure.terms import Laterality, Modality, Quantity, View
from study_cohorts import cohort, random_cohort, row

EXTENT, DIAMETER = Quantity.CALCIFICATION_EXTENT, Quantity.LESION_DIAMETER


def measured(patient, visit, value_mm, *, quantity=DIAMETER, lesion="L-L1", date="", side=Laterality.LEFT):
    is_extent = quantity is EXTENT
    return Measurement(
        patient, visit, quantity, value_mm, side, lesion, study_date=date,
        modality=Modality.MG if is_extent else Modality.MR, view=View.MLO if is_extent else None,
    )  # fmt: skip


def test_pairs_hold_only_included_rows_with_both_sizes():
    rows = (
        row("A", extent=(30, 20), size_mm=5),
        row("B", extent=(30, 20), size_mm=None),
        row("C", excluded="poor_image_quality"),
        row("D", extent=(30, 0), size_mm=0.0),
    )
    found = paired_sizes(cohort(*rows), Pair.EXTENT_PATHOLOGY)
    assert [(p.patient_id, p.first_mm, p.second_mm) for p in found] == [("A", 20, 5), ("D", 0, 0)]


@pytest.mark.parametrize(
    ("pair", "sizes"),
    [
        (Pair.EXTENT_PATHOLOGY, (28.0, 4.0)),
        (Pair.DIAMETER_PATHOLOGY, (8.0, 4.0)),
        (Pair.EXTENT_DIAMETER, (28.0, 8.0)),
    ],
)
def test_a_pair_takes_the_sizes_after_treatment(pair, sizes):
    (found,) = paired_sizes(cohort(row("A")), pair)
    assert (found.first_mm, found.second_mm) == sizes


def test_changes_are_exact_and_run_from_growth_to_disappearance():
    rows = (row("A", extent=(33.0, 36.3)), row("B", extent=(20, 0)), row("C", extent=(10, 25)), row("D", extent=(9, 9)))
    found = changes(cohort(*rows), EXTENT)
    assert [(c.patient_id, c.percent, c.category) for c in found.bars] == [
        ("C", 150.0, "increase"), ("A", 10.0, "increase"), ("D", 0.0, "unchanged"), ("B", -100.0, "decrease"),
    ]  # fmt: skip
    assert found.counts == {"increase": 2, "unchanged": 1, "decrease": 1}


def test_a_change_from_nothing_has_no_percentage_and_one_from_nowhere_is_counted():
    rows = (row("A", extent=(0, 12)), row("B", extent=(0, 0)), row("C", extent=(None, 3)), row("D"))
    found = changes(cohort(*rows), EXTENT)
    assert [c.patient_id for c in found.bars] == ["D"]
    assert [(c.patient_id, c.percent) for c in found.from_nothing] == [("A", None), ("B", None)]
    assert found.left_out == 1


@given(st.integers(0, 60), st.integers(0, 2**16))
def test_every_included_row_is_drawn_or_accounted_for(n, seed):
    drawn = random_cohort(n, excluded=3, seed=seed)
    for quantity in Quantity:
        found = changes(drawn, quantity)
        assert len(found.bars) + len(found.from_nothing) + found.left_out == n
        percents = [c.percent for c in found.bars]
        assert percents == sorted(percents, reverse=True)


def test_two_visits_give_courses_of_two_points():
    (course,) = courses(cohort(row("A", diameter=(40, 10))), DIAMETER)
    assert [(p.visit, p.timepoint, p.value_mm, p.percent) for p in course.points] == [
        (0, "baseline", 40, 0.0), (1, "followup", 10, -75.0),
    ]  # fmt: skip
    assert course.category == "PR"


def test_measured_courses_have_every_visit_in_weeks():
    visits = (("baseline", 40.0, "2024-01-01"), ("followup-1", 30.0, "2024-02-12"), ("followup-2", 0.0, "2024-05-06"))
    own = [measured("A", name, value, date=date) for name, value, date in visits]
    (course,) = measured_courses(own, DIAMETER, profile=load_profile("paper-2023"))
    assert [(p.weeks, p.percent) for p in course.points] == [(0.0, 0.0), (6.0, -25.0), (18.0, -100.0)]
    assert course.category == "CR"


def test_without_a_date_there_are_no_weeks():
    own = [measured("A", "baseline", 40.0, date="2024-01-01"), measured("A", "followup-1", 30.0)]
    (course,) = measured_courses(own, DIAMETER, profile=load_profile("paper-2023"))
    assert [p.weeks for p in course.points] == [None, None]


def test_either_breast_has_its_own_course_of_calcifications():
    own = [
        measured("A", visit, value, quantity=EXTENT, side=side, lesion=f"{side}-C1")
        for side, values in ((Laterality.RIGHT, (20.0, 10.0)), (Laterality.LEFT, (30.0, 33.0)))
        for visit, value in zip(("baseline", "followup-1"), values, strict=True)
    ]
    found = measured_courses(own, EXTENT, profile=load_profile("paper-2023"))
    assert [(c.laterality, c.points[-1].percent) for c in found] == [("L", 10.0), ("R", -50.0)]


def test_what_was_nothing_before_treatment_or_is_judged_by_volume_has_no_course():
    own = [measured("A", "baseline", 0.0), measured("A", "followup-1", 10.0)]
    assert measured_courses(own, DIAMETER, profile=load_profile("paper-2023")) == ()
    own = [replace(m, volume_mm3=100.0) for m in (measured("A", "baseline", 9.0), measured("A", "followup-1", 10.0))]
    assert measured_courses(own, DIAMETER, profile=load_profile("ftv")) == ()


def test_stacks_name_the_places_with_more_than_one():
    assert stacks([(0, 0), (1, 2), (0, 0), (3, 1), (3, 1), (0, 0)]) == ((0, 0, 3), (3, 1, 2))


def test_the_cut_at_zero_counts_what_is_above_it():
    """By hand: of 3 diseased two are above 0, of 4 healthy one."""
    scores, truth = [5, 2, 0, 0, 0, 0, 9], [True, True, True, False, False, False, False]
    cut = zero_cut(roc_curve(scores, truth, positive="disease"))
    assert (cut.sensitivity.count, cut.sensitivity.total) == (2, 3)
    assert (cut.false_positive_rate.count, cut.false_positive_rate.total) == (1, 4)


@pytest.mark.parametrize(("scores", "counts"), [([0, 0, 0], (0, 0)), ([1, 2, 3], (2, 1))])
def test_the_cut_at_zero_of_nothing_and_of_everything(scores, counts):
    cut = zero_cut(roc_curve(scores, [True, True, False], positive="disease"))
    assert (cut.sensitivity.count, cut.false_positive_rate.count) == counts


def test_without_a_class_there_is_no_cut():
    assert zero_cut(roc_curve([1, 2], [True, True], positive="disease")) is None


def test_outcomes_follow_the_definition():
    in_situ = replace(row("B"), pathology=PathologyResult(3.0, None, Residual.DCIS))
    rows = (row("A", size_mm=0.0), in_situ, row("C"), row("D", size_mm=None), row("E", excluded="prior_cancer"))
    found = outcomes(cohort(*rows))
    assert (found.complete, found.incomplete, found.unknown) == (2, 1, 1)
    strict = outcomes(replace(cohort(*rows), complete_response=CompleteResponse.YPT0))
    assert (strict.complete, strict.incomplete, strict.unknown) == (1, 2, 1)
