"""Truth tables: the larger view stands for a side, per cent of nothing is blank, and numbers survive the file."""

from __future__ import annotations

import csv

import pytest

from calcmeasure.phantom.sample.plan import plan_cohort
from calcmeasure.phantom.sample.truth import (
    CHANGE_COLUMNS,
    TrueChange,
    TrueMeasurement,
    change_of,
    response_of,
    write_truth,
)
from calcmeasure.terms import ExtentChange, Modality, Quantity

EXTENT, DIAMETER = Quantity.CALCIFICATION_EXTENT, Quantity.LESION_DIAMETER


@pytest.fixture(scope="module")
def plan():
    return plan_cohort(7)[0]


def row(value_mm, *, timepoint="baseline", laterality="L", view="CC", quantity=EXTENT):
    modality = Modality.MG if quantity is EXTENT else Modality.MR
    short_mm, n_marks = (None, 5) if quantity is EXTENT else (value_mm / 2, None)
    return TrueMeasurement(
        "P1", timepoint, modality, laterality, view, "", quantity, "", value_mm, short_mm, n_marks, "patient", "1.2"
    )  # fmt: skip


def change(baseline_mm, followup_mm):
    return TrueChange("P1", "L", EXTENT, "followup-1", "L-C1", baseline_mm, followup_mm, "increase", "", "increase")


@pytest.mark.parametrize(
    ("baseline_mm", "followup_mm", "percent"),
    [(20.0, 10.0, -50.0), (20.0, 22.0, 10.0), (20.0, 0.0, -100.0), (5.0, 5.0, 0.0), (0.0, 5.0, None), (0.0, 0.0, None)],
)
def test_change_is_against_baseline(baseline_mm, followup_mm, percent):
    found = change(baseline_mm, followup_mm).change_percent
    assert found == (percent if percent is None else pytest.approx(percent))


def test_the_larger_view_of_the_side_counts(plan):
    side, other = str(plan.laterality), str(plan.other_laterality)
    rows = [
        row(30.0, laterality=side),
        row(34.0, laterality=side, view="MLO"),
        row(99.0, laterality=other),
        row(77.0, laterality=side, quantity=DIAMETER),
        row(12.0, laterality=side, timepoint="followup-1"),
        row(11.0, laterality=side, timepoint="followup-1", view="MLO"),
        row(1.0, laterality=other, timepoint="followup-1"),
        row(33.0, laterality=side, timepoint="followup-1", quantity=DIAMETER),
    ]
    affected, normal, lesion = (
        change_of(rows, plan, laterality=side), change_of(rows, plan, laterality=other), response_of(rows, plan)
    )  # fmt: skip
    assert (affected.baseline_mm, affected.followup_mm) == (34.0, 12.0)
    assert (affected.paper, affected.extent, affected.recist) == (plan.extent_class, plan.extent_class, "")
    assert (normal.baseline_mm, normal.followup_mm, normal.paper) == (99.0, 1.0, ExtentChange.UNCHANGED)
    assert (lesion.baseline_mm, lesion.followup_mm, lesion.quantity) == (77.0, 33.0, DIAMETER)
    assert (lesion.paper, lesion.recist, lesion.extent) == (plan.response, plan.response, "")
    assert lesion.lesion_id == plan.visits[0].dce.lesions[0].lesion_id
    assert {found.timepoint for found in (affected, normal, lesion)} == {"followup-1"}


def test_a_missing_visit_is_an_error_not_a_zero(plan):
    with pytest.raises(KeyError, match="followup-1"):
        change_of([row(3.0, laterality=str(plan.laterality))], plan, laterality=str(plan.laterality))


def test_tables_read_back(tmp_path):
    write_truth(
        tmp_path,
        changes=[change(20.0, 22.5), change(0.0, 3.0)],
        measurements=[row(12.34567), row(8.0, quantity=DIAMETER)],
    )
    with (tmp_path / "truth.csv").open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert tuple(first) == CHANGE_COLUMNS
    assert (first["baseline_mm"], first["followup_mm"], first["change_percent"]) == ("20.000", "22.500", "12.500")
    assert (first["paper-2023"], first["recist-1.1"], first["extent-10"]) == ("increase", "", "increase")
    assert (first["lesion_id"], first["laterality"], first["quantity"]) == ("L-C1", "L", "calcification_extent")
    assert second["change_percent"] == ""
    with (tmp_path / "truth_measurements.csv").open(encoding="utf-8", newline="") as stream:
        extent, lesion = csv.DictReader(stream)
    assert (extent["value_mm"], extent["short_axis_mm"], extent["n_marks"]) == ("12.346", "", "5")
    assert (lesion["value_mm"], lesion["short_axis_mm"], lesion["n_marks"]) == ("8.000", "4.000", "")
    assert b"\r" not in (tmp_path / "truth.csv").read_bytes()
