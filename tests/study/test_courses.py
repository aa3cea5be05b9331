"""Courses of cases: every visit, in weeks where dates are known."""

from __future__ import annotations

from dataclasses import replace

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.criteria import load_profile
from calcmeasure.study.courses import courses, measured_courses
from calcmeasure.terms import Laterality, Modality, Quantity, View
from study_cohorts import cohort, row

EXTENT, DIAMETER = Quantity.CALCIFICATION_EXTENT, Quantity.LESION_DIAMETER


def measured(patient, visit, value_mm, *, quantity=DIAMETER, lesion="L-L1", date="", side=Laterality.LEFT):
    is_extent = quantity is EXTENT
    return Measurement(
        patient, visit, quantity, value_mm, side, lesion, study_date=date,
        modality=Modality.MG if is_extent else Modality.MR, view=View.MLO if is_extent else None,
    )  # fmt: skip


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
