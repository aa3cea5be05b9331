"""Measurements and pathology joined: which length counts, which visit, and why a side is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.cohort.joining import join_cohort
from calcmeasure.cohort.pathology_row import PathologyRow
from calcmeasure.cohort.pathology_table import PathologyTable
from calcmeasure.cohort.writing import cohort_csv
from calcmeasure.errors import ErrorCode
from calcmeasure.model.pathology import MillerPayne, PathologyResult, Receptors, Residual
from calcmeasure.response.criteria import load_profile
from calcmeasure.terms import (
    Distribution,
    ExtentChange,
    Flag,
    Laterality,
    LesionRelation,
    LesionSite,
    LesionType,
    Morphology,
    Quantity,
    Response,
    View,
)
from factories import measured

PROFILE = load_profile("paper-2023")
BEFORE, AFTER = "2021-03-04", "2021-08-01"


def extent(value_mm, *, view=View.CC, **changes):
    values = {"quantity": Quantity.CALCIFICATION_EXTENT, "view": view, "lesion_id": "R-C1", **changes}
    return measured(value_mm, **values)


def at_followup(build, value_mm, **changes):
    return build(value_mm, **{"timepoint": "followup-1", "study_date": AFTER, **changes})


COMPLETE = [
    extent(30.0, morphology=Morphology.AMORPHOUS),
    extent(33.0, view=View.MLO, morphology=Morphology.FINE_PLEOMORPHIC, distribution=Distribution.GROUPED),
    measured(30.0, lesion_type=LesionType.NON_MASS),
    measured(12.0, lesion_id="R-L2", lesion_type=LesionType.MASS),
    at_followup(extent, 36.3),
    at_followup(extent, 20.0, view=View.MLO),
    at_followup(measured, 10.0),
    at_followup(measured, 14.5, lesion_id="R-L2"),
]
"""One right breast at both visits."""


def report(**changes):
    values = {
        "receptors": Receptors(er=True, pr=False, her2=False),
        "pathology": PathologyResult(9.0, MillerPayne.REDUCTION, Residual.INVASIVE),
        **changes,
    }
    return PathologyRow("P1", values.pop("laterality", Laterality.RIGHT), **values)


def join(measurements, *reports, **choices):
    return join_cohort(measurements, PathologyTable(tuple(reports or (report(),))), profile=PROFILE, **choices)


def test_the_larger_view_and_the_largest_lesion():
    (row,) = join(COMPLETE).rows
    assert row.excluded == ""
    imaging = row.imaging
    assert (imaging.extent_baseline_mm, imaging.extent_followup_mm) == (33.0, 36.3)
    assert (imaging.diameter_baseline_mm, imaging.diameter_followup_mm) == (30.0, 14.5)
    assert (imaging.extent_change, imaging.response) == (ExtentChange.INCREASE, Response.PR)
    assert (imaging.morphology_baseline, imaging.distribution_baseline) == (
        Morphology.FINE_PLEOMORPHIC,
        Distribution.GROUPED,
    )
    assert (imaging.lesion_type_mri, imaging.n_lesions) == (LesionType.NON_MASS, 2)


def test_what_pathology_says_is_carried_over():
    (row,) = join(COMPLETE, report(lesion_type_mg="calcifications+mass", excluded="prior_cancer")).rows
    assert row.receptors.er
    assert row.pathology.miller_payne is MillerPayne.REDUCTION
    assert row.imaging.lesion_type_mg == "calcifications+mass"
    assert row.excluded == "prior_cancer"


def only(*kept):
    """Measurements of the complete side at these (visit, quantity)."""
    return [m for m in COMPLETE if (m.timepoint, m.quantity) in kept]


E0 = ("baseline", Quantity.CALCIFICATION_EXTENT)
D0 = ("baseline", Quantity.LESION_DIAMETER)
E1 = ("followup-1", Quantity.CALCIFICATION_EXTENT)
D1 = ("followup-1", Quantity.LESION_DIAMETER)


@pytest.mark.parametrize(
    ("measurements", "code"),
    [
        ([], ErrorCode.NO_BASELINE),
        (only(E1, D1), ErrorCode.NO_BASELINE),
        (only(E0, E1, D1), ErrorCode.NO_BASELINE),
        (only(E0, D0), ErrorCode.NO_FOLLOWUP),
        (only(E0, D0, E1), ErrorCode.NO_FOLLOWUP),
        ([*only(E0, D0, E1), at_followup(measured, None)], ErrorCode.NOT_MEASURABLE),
        ([*only(D0, E1, D1), extent(None)], ErrorCode.NOT_MEASURABLE),
        ([*COMPLETE, extent(31.0, study_date="2021-03-20")], ErrorCode.TWO_BASELINES),
        ([*only(E0, D0), *(at_followup(one, 9.0, study_date="2020-01-01") for one in (extent, measured))],
         ErrorCode.VISIT_DATES),
        ([*only(E0, D0, D1), at_followup(extent, 9.0, flags=(Flag.VISIT_ORDER_UNKNOWN,))], ErrorCode.VISIT_DATES),
    ],
)  # fmt: skip
def test_why_a_side_is_left_out(measurements, code):
    assert [row.excluded for row in join(measurements).rows] == [str(code)]


def test_mammography_and_mr_of_one_baseline_may_be_days_apart():
    moved = [measured(30.0, study_date="2021-03-20"), *only(E0, E1, D1)]
    assert join(moved).rows[0].excluded == ""


def test_lengths_are_kept_of_a_side_that_is_left_out():
    (row,) = join(only(E0, D0)).rows
    assert row.imaging.extent_baseline_mm == 33.0
    assert row.imaging.extent_followup_mm is None


def test_nothing_there_is_zero():
    clear = at_followup(measured, 0.0, laterality=Laterality.BOTH, lesion_id="")
    gone = [*only(E0, D0), at_followup(extent, 0.0), clear]
    (row,) = join(gone).rows
    assert (row.imaging.extent_followup_mm, row.imaging.diameter_followup_mm) == (0.0, 0.0)
    assert (row.imaging.extent_change, row.imaging.response) == (ExtentChange.DECREASE, Response.CR)


@pytest.mark.parametrize(
    ("changes", "expected_mm"),
    [({"relation": LesionRelation.GONE}, 0.0), ({"flags": (Flag.TOO_SMALL_TO_MEASURE,)}, 5.0)],
)
def test_a_lesion_without_a_length(changes, expected_mm):
    both = [at_followup(measured, None, lesion_id=lesion, **changes) for lesion in ("R-L1", "R-L2")]
    (row,) = join([*only(E0, D0, E1), *both]).rows
    assert row.imaging.diameter_followup_mm == expected_mm
    assert row.excluded == ""


@pytest.mark.parametrize(
    ("followups", "expected_mm"),
    [
        ([at_followup(measured, 8.0, lesion_id="R-L2")], None),
        ([at_followup(measured, None), at_followup(measured, 0.0, lesion_id="R-L2")], None),
        ([at_followup(measured, 5.0)], None),
        ([at_followup(measured, 13.0)], 13.0),
        ([at_followup(measured, 13.0), at_followup(measured, None, lesion_id="R-L3", relation=LesionRelation.NEW)],
         None),
        ([at_followup(measured, 0.0, lesion_id="")], 0.0),
    ],
    ids=["largest not looked at", "largest not measurable", "one longer than what is left not looked at",
         "one shorter than what is left", "new one not measurable", "whole side clear"],
)  # fmt: skip
@pytest.mark.parametrize("criteria", ["paper-2023", "recist-1.1", "extent-10"])
def test_a_lesion_that_was_not_measured_is_never_passed_over(followups, expected_mm, criteria):
    before = [one for one in COMPLETE if one.timepoint == "baseline"]
    visits = [*before, *only(E1), *followups]
    (row,) = join_cohort(visits, PathologyTable((report(),)), profile=load_profile(criteria)).rows
    assert row.imaging.diameter_followup_mm == expected_mm
    assert row.excluded == ("E_NOT_MEASURABLE" if expected_mm is None else "")


def test_a_lymph_node_is_no_lesion_of_the_breast():
    node = measured(55.0, lesion_id="R-N1", site=LesionSite.LYMPH_NODE)
    (row,) = join([*COMPLETE, node]).rows
    assert (row.imaging.diameter_baseline_mm, row.imaging.n_lesions) == (30.0, 2)


LATER = [
    at_followup(build, 5.0, timepoint="followup-2", study_date="2021-10-01", **changes)
    for build, changes in ((extent, {}), (measured, {}), (measured, {"lesion_id": "R-L2"}))
]


@pytest.mark.parametrize(
    ("choices", "surgery_date", "expected_mm"),
    [
        ({}, "", 5.0),
        ({}, "2021-10-01", 5.0),
        ({}, "2021-09-30", 36.3),
        ({"followup": "followup-1"}, "", 36.3),
        ({"followup": "followup-2"}, "", 5.0),
        ({"followup": "followup-2"}, "2021-09-30", None),
        ({"followup": "followup-3"}, "", None),
    ],
)
def test_which_followup_counts(choices, surgery_date, expected_mm):
    (row,) = join([*COMPLETE, *LATER], report(surgery_date=surgery_date), **choices).rows
    assert row.imaging.extent_followup_mm == expected_mm
    assert row.excluded == ("" if expected_mm else "E_NO_FOLLOWUP")


def test_sides_are_kept_apart():
    left = [
        build(value, laterality=Laterality.LEFT, lesion_id="L-1") for build, value in ((extent, 80.0), (measured, 70.0))
    ]
    right, other = join([*COMPLETE, *left], report(), report(laterality=Laterality.LEFT)).rows[::-1]
    assert (right.laterality, right.imaging.extent_baseline_mm) == (Laterality.RIGHT, 33.0)
    assert (other.laterality, other.imaging.extent_baseline_mm) == (Laterality.LEFT, 80.0)


def test_a_diseased_side_without_pathology_is_told_and_a_normal_one_is_not():
    healthy = [extent(0.0, laterality=Laterality.LEFT), measured(0.0, laterality=Laterality.BOTH)]
    rows = join([*COMPLETE, *healthy], PathologyRow("P0", Laterality.LEFT, pathology=report().pathology)).rows
    assert [(row.patient_id, row.laterality, row.excluded) for row in rows] == [
        ("P0", "L", "E_NO_BASELINE"),
        ("P1", "R", "E_NO_PATHOLOGY"),
    ]


def test_an_empty_report_is_no_pathology():
    assert join(COMPLETE, report(pathology=PathologyResult())).rows[0].excluded == "E_NO_PATHOLOGY"


def test_a_side_with_two_reports_is_one_row():
    rows = join(COMPLETE, report(excluded="E_CONFLICTING_ROWS"), report(excluded="E_CONFLICTING_ROWS")).rows
    assert [row.excluded for row in rows] == ["E_CONFLICTING_ROWS"]


def test_readers_are_never_mixed():
    with pytest.raises(ValueError, match="one reader"):
        join([*COMPLETE, measured(3.0, reader="mk")])


@given(st.permutations(COMPLETE + LATER))
def test_the_order_of_measurements_does_not_matter(shuffled):
    assert cohort_csv(join(shuffled)) == cohort_csv(join(COMPLETE + LATER))
