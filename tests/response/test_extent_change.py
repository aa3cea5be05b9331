"""The 10 % rule: from below, at and above each cut-off, and every reason not to compare."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import ImageReference
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.criteria import load_profile
from calcmeasure.response.extent_change import classify_extent_change
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import ExtentChange, Flag, Laterality, Quantity, View

PROFILE = load_profile("extent-10")
RULE = PROFILE.extent
CONTACT = Spacing(0.07, 0.07, SpacingSource.DETECTOR)


def extent(
    timepoint: str,
    value_mm: float | None,
    *,
    view: View | None = View.CC,
    flags: tuple[str, ...] = (),
    spacing: Spacing | None = CONTACT,
    **fields: object,
) -> Measurement:
    image = ImageReference("1.2", "1.1", 0, 100, 100, spacing)
    base = Measurement(
        "P1", timepoint, Quantity.CALCIFICATION_EXTENT, value_mm, Laterality.LEFT, view=view, flags=flags, image=image
    )
    return replace(base, **fields)


def bare(timepoint: str, value_mm: float) -> Measurement:
    return extent(timepoint, value_mm, view=None, image=None)


def only_row(*measurements: Measurement) -> ResponseRow:
    (row,) = score_measurements(measurements, profile=PROFILE)
    return row


@dataclass(frozen=True)
class Case:
    before_mm: float
    after_mm: float
    category: str
    percent: float | None


EDGES = [
    Case(33.0, 36.3, "increase", 10.0),  # +9.999999999999991 % in doubles
    Case(33.0, 36.299, "unchanged", 3299 * 100 / 33000),
    Case(33.0, 36.301, "increase", 3301 * 100 / 33000),
    Case(28.0, 25.2, "decrease", -10.0),  # -9.999999999999993 % in doubles
    Case(28.0, 25.201, "unchanged", -2799 * 100 / 28000),
    Case(28.0, 25.199, "decrease", -2801 * 100 / 28000),
    Case(20.0, 20.0, "unchanged", 0.0),
    Case(0.0, 0.0, "unchanged", None),
    Case(0.0, 0.001, "increase", None),
    Case(0.0, 12.0, "increase", None),
    Case(12.0, 0.0, "decrease", -100.0),
    Case(0.01, 0.011, "increase", 10.0),
]


@pytest.mark.parametrize("case", EDGES, ids=str)
def test_category_and_percent_at_the_cut_offs(case):
    row = only_row(bare("baseline", case.before_mm), bare("followup-1", case.after_mm))
    assert row.category == case.category
    assert row.change_percent == (None if case.percent is None else pytest.approx(case.percent, abs=1e-12))
    assert row.rule.startswith(f"{case.category}: ")
    assert (row.baseline_mm, row.reference_mm, row.value_mm) == (case.before_mm, case.before_mm, case.after_mm)
    assert row.reference_timepoint == "baseline"


def test_the_rule_is_a_sentence():
    row = only_row(bare("baseline", 33.0), bare("followup-1", 36.3))
    assert row.rule == "increase: 33.0 → 36.3 mm is +10.0 % from baseline (≥ 10 % increase)"
    near = only_row(bare("baseline", 100.0), bare("followup-1", 109.999))
    assert "is +9.999 % from baseline" in near.rule, "must not read as the cut-off that it misses"


def test_value_is_the_larger_of_both_views_and_all_clusters():
    row = only_row(
        extent("baseline", 20.0, view=View.CC),
        extent("baseline", 25.0, view=View.MLO),
        extent("baseline", 8.0, view=View.MLO),
        extent("followup-1", 24.0, view=View.CC),
        extent("followup-1", 19.0, view=View.MLO),
    )
    assert (row.baseline_mm, row.value_mm, row.category) == (25.0, 24.0, "unchanged")
    assert Flag.VIEW_SWITCHED in row.flags
    assert Flag.ONE_VIEW_ONLY not in row.flags


def test_a_tie_between_views_is_no_switch():
    row = only_row(
        extent("baseline", 25.0, view=View.CC),
        extent("baseline", 25.0, view=View.MLO),
        extent("followup-1", 19.0, view=View.CC),
        extent("followup-1", 24.0, view=View.MLO),
    )
    assert Flag.VIEW_SWITCHED not in row.flags


def test_one_view_only_is_flagged():
    row = only_row(extent("baseline", 20.0), extent("followup-1", 20.0))
    assert Flag.ONE_VIEW_ONLY in row.flags


def test_different_calibration_is_not_comparable():
    corrected = replace(CONTACT, source=SpacingSource.MAGNIFICATION_CORRECTED, magnification=1.06)
    row = only_row(extent("baseline", 20.0), extent("followup-1", 30.0, spacing=corrected))
    assert row.category == "not_comparable"
    assert Flag.GEOMETRY_MISMATCH in row.flags
    assert row.change_percent is None
    assert row.change_mm is None
    assert "detector at baseline" in row.rule


@pytest.mark.parametrize(
    ("before_mm", "after_mm", "category"),
    [(0.0, 0.0, "unchanged"), (0.0, 9.0, "not_comparable"), (9.0, 0.0, "not_comparable")],
)
def test_only_nothing_to_nothing_needs_no_common_calibration(before_mm, after_mm, category):
    corrected = replace(CONTACT, source=SpacingSource.MAGNIFICATION_CORRECTED, magnification=1.06)
    row = only_row(extent("baseline", before_mm), extent("followup-1", after_mm, spacing=corrected))
    assert row.category == category
    assert Flag.GEOMETRY_MISMATCH in row.flags


@pytest.mark.parametrize("flag", [Flag.PARTIAL_VIEW, Flag.SPACING_PLANE_UNKNOWN])
def test_doubts_about_a_length_are_carried_over_to_its_change(flag):
    assert flag in only_row(extent("baseline", 20.0), extent("followup-1", 30.0, flags=(flag,))).flags
    assert flag not in only_row(extent("baseline", 20.0), extent("followup-1", 30.0)).flags


def test_visits_of_unknown_order_are_not_comparable():
    row = only_row(extent("baseline", 20.0), extent("followup-1", 30.0, flags=(Flag.VISIT_ORDER_UNKNOWN,)))
    assert (row.category, row.change_percent) == ("not_comparable", None)
    assert row.rule == "not_comparable: nothing tells in which order the visits were"
    assert Flag.VISIT_ORDER_UNKNOWN in row.flags


def test_pixels_only_is_not_comparable_with_its_reason():
    row = only_row(
        extent("baseline", None, spacing=None, flags=("E_SPACING_UNKNOWN",)),
        extent("followup-1", None, spacing=None, flags=("E_SPACING_UNKNOWN",)),
    )
    assert row.category == "not_comparable"
    assert row.rule == (
        "not_comparable: baseline: not measurable (E_SPACING_UNKNOWN); follow-up: not measurable (E_SPACING_UNKNOWN)"
    )


@pytest.mark.parametrize("flag", [Flag.MAGNIFICATION_VIEW, Flag.SPOT_COMPRESSION_VIEW])
def test_magnification_and_spot_views_are_never_compared(flag):
    row = only_row(
        extent("baseline", 20.0), extent("followup-1", 30.0, flags=(flag,)), extent("followup-1", 20.5, view=View.MLO)
    )
    assert (row.value_mm, row.category) == (20.5, "unchanged")
    alone = only_row(extent("baseline", 20.0), extent("followup-1", 30.0, flags=(flag,)))
    assert alone.category == "not_comparable"
    assert "no plain CC or MLO view" in alone.rule


def test_other_projections_are_not_measured():
    row = only_row(extent("baseline", 20.0), extent("followup-1", 20.0), extent("followup-1", 40.0, view=View.ML))
    assert row.value_mm == 20.0


@pytest.mark.parametrize(
    ("after_mm", "flagged"),
    [(21.85, True), (21.9, True), (22.1, True), (22.2, False), (21.0, False), (18.1, True), (17.7, False)],
)
def test_within_pixel_error(after_mm, flagged):
    """At 0.07 mm two pixels are 0.14 mm; 20 mm -> 22 mm is the cut-off, and 20.14 mm moves it to 22.154 mm."""
    row = only_row(extent("baseline", 20.0), extent("followup-1", after_mm))
    assert (Flag.WITHIN_PIXEL_ERROR in row.flags) is flagged


def test_nothing_there_has_no_ends_to_shift():
    row = only_row(extent("baseline", 0.0), extent("followup-1", 0.0))
    assert Flag.WITHIN_PIXEL_ERROR not in row.flags


def test_one_row_per_side_and_follow_up_in_time_order():
    rows = score_measurements(
        [
            bare("followup-10", 3.0),
            bare("followup-2", 20.0),
            bare("baseline", 10.0),
            replace(bare("baseline", 9.0), laterality=Laterality.RIGHT),
            replace(bare("followup-2", 9.0), laterality=Laterality.RIGHT),
            replace(bare("followup-2", 9.0), patient_id="P2"),
        ],
        profile=PROFILE,
    )
    assert [(r.patient_id, r.laterality, r.timepoint) for r in rows] == [
        ("P1", "R", "followup-2"),
        ("P1", "L", "followup-2"),
        ("P1", "L", "followup-10"),
    ]


def test_a_side_without_baseline_has_no_row():
    assert score_measurements([bare("followup-1", 10.0)], profile=PROFILE) == ()


LENGTHS_UM = st.integers(0, 300_000)


@given(LENGTHS_UM, LENGTHS_UM, st.integers(1, 1000))
def test_the_class_does_not_depend_on_the_unit(before, after, factor):
    assert classify_extent_change(before, after, RULE) is classify_extent_change(before * factor, after * factor, RULE)


@given(LENGTHS_UM, LENGTHS_UM, LENGTHS_UM)
def test_a_longer_follow_up_never_lowers_the_class(before, one, other):
    order = [ExtentChange.DECREASE, ExtentChange.UNCHANGED, ExtentChange.INCREASE]
    low, high = sorted((one, other))
    ranks = [order.index(classify_extent_change(before, value, RULE)) for value in (low, high)]
    assert ranks[0] <= ranks[1]


@given(LENGTHS_UM, LENGTHS_UM)
def test_agrees_with_cross_multiplied_integers(before, after):
    expected = "unchanged"
    if 10 * (after - before) >= before and after > before:
        expected = "increase"
    elif 10 * (before - after) >= before and after < before:
        expected = "decrease"
    assert classify_extent_change(before, after, RULE) == expected
