"""The design of the cohort: no seed brings a change near a cut-off."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.phantom.dynamic.lesions import LesionKind
from calcmeasure.phantom.dynamic.plan import Vendor
from calcmeasure.phantom.mammogram.calcifications import NO_CLUSTER, project
from calcmeasure.phantom.mammogram.writer import Calibration
from calcmeasure.phantom.sample.plan import TIMEPOINTS, plan_cohort, true_extent_mm
from calcmeasure.terms import ExtentChange, Response, View

SEEDS = [0, 1, 7, 42, 2023]


@pytest.fixture(scope="module", params=SEEDS)
def plans(request):
    return plan_cohort(request.param)


def test_vendors_calibrations_and_categories_all_differ_where_they_should(plans):
    assert {plan.mr_vendor for plan in plans} == set(Vendor)
    assert {plan.calibration for plan in plans} == set(Calibration)
    assert {plan.response for plan in plans} == {Response.CR, Response.PR, Response.SD, Response.PD}
    assert {plan.extent_class for plan in plans} == {
        ExtentChange.DECREASE,
        ExtentChange.UNCHANGED,
        ExtentChange.INCREASE,
    }
    assert {plan.visits[0].dce.lesions[0].kind for plan in plans} == set(LesionKind)
    assert len({plan.person.patient_id for plan in plans}) == 4


def test_extents_stay_far_from_ten_percent(plans):
    for plan in plans:
        before, after = (true_extent_mm(visit) for visit in plan.visits)
        change = after / before - 1
        if plan.extent_class is ExtentChange.UNCHANGED:
            assert change == 0
            assert before > 37
        elif plan.extent_class is ExtentChange.INCREASE:
            assert change > 0.5
        else:
            assert change < -0.4


def test_lesions_stay_far_from_the_response_cut_offs(plans):
    for plan in plans:
        before, after = (visit.dce.lesions[0].diameter_mm for visit in plan.visits)
        assert before > 15
        change, step_mm = after / before - 1, after - before
        assert {
            Response.CR: after == 0,
            Response.PR: -0.6 < change < -0.4 and after > 10,
            Response.SD: -0.1 < change < 0.1,
            Response.PD: change > 0.35 and step_mm >= 6,
        }[plan.response]


def test_treatment_removes_and_growth_adds_marks_of_the_same_group(plans):
    for plan in plans:
        first, second = ({tuple(p) for p in v.affected.cluster(0).positions_dlu.tolist()} for v in plan.visits)
        smaller, larger = sorted((first, second), key=len)
        assert smaller <= larger


def test_benign_marks_lie_apart_from_the_group_on_both_views(plans):
    for plan in plans:
        marks = plan.visits[0].affected
        group, single = marks.cluster(0), marks.cluster(NO_CLUSTER)
        if len(group) == 0 or len(single) == 0:
            continue
        for view in (View.CC, View.MLO):
            gaps = project(group.positions_dlu, view)[:, None] - project(single.positions_dlu, view)[None]
            assert np.linalg.norm(gaps, axis=2).min() > 14.0


def test_normal_side_has_no_group(plans):
    for plan in plans:
        assert plan.other_laterality is not plan.laterality
        for visit in plan.visits:
            assert set(visit.other.clusters.tolist()) == {NO_CLUSTER}


def test_visits_are_in_order_and_keep_the_anatomy(plans):
    for plan in plans:
        assert tuple(visit.timepoint for visit in plan.visits) == TIMEPOINTS
        assert plan.visits[0].day < plan.visits[1].day
        assert plan.visits[0].dce.anatomy_seed == plan.visits[1].dce.anatomy_seed


def test_seed_varies_sizes_and_repeats(plans):
    again = plan_cohort(SEEDS[0])
    assert true_extent_mm(again[0].visits[0]) == true_extent_mm(plan_cohort(SEEDS[0])[0].visits[0])
    extents = {round(true_extent_mm(plan_cohort(seed)[0].visits[0]), 6) for seed in SEEDS}
    assert len(extents) == len(SEEDS)
