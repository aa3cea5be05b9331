"""What reading error would change a class, beside the error of repeated readings."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.criteria import load_profile
from calcmeasure.response.reader_error import ReaderError, flag_reader_error, reader_errors, smallest_error_um
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import Flag, Laterality, Quantity, View
from response.timelines import IRECIST, NODE, RECIST, Lesion, timeline

EXTENT, DIAMETER = Quantity
EXTENT_10 = load_profile("extent-10")


def extent(timepoint: str, value_mm: float | None, reader: str = "a", *, view: View = View.CC) -> Measurement:
    return Measurement("P1", timepoint, EXTENT, value_mm, Laterality.LEFT, view=view, reader=reader)


def flagged(measurements: list[Measurement], error_mm: float, profile=RECIST):
    rows = score_measurements(measurements, profile=profile)
    errors = dict.fromkeys(Quantity, ReaderError(error_mm, 10))
    return flag_reader_error(rows, measurements, profile=profile, errors=errors)


def test_repeatability_by_hand():
    """Pairs (10, 12) and (20, 20): the variance within is (2 + 0) / 2 = 1, so that wSD = 1 mm."""
    pairs = [
        extent("baseline", 10),
        extent("baseline", 12, "b"),
        extent("followup-1", 20),
        extent("followup-1", 20, "b"),
    ]
    error = reader_errors(pairs)[EXTENT]
    assert error.repeatability_mm == pytest.approx(1.96 * math.sqrt(2))
    assert error.n_repeated == 2


def test_three_readers_weigh_by_their_degrees_of_freedom():
    """(10, 11, 12) has 2 about its mean with 2 degrees of freedom, (20, 22) has 2 with 1: 4 / 3 together."""
    triple = [extent("baseline", mm, reader) for mm, reader in [(10, "a"), (11, "b"), (12, "c")]]
    pair = [extent("followup-1", 20, "a"), extent("followup-1", 22, "b")]
    assert reader_errors(triple + pair)[EXTENT].repeatability_mm == pytest.approx(1.96 * math.sqrt(2 * 4 / 3))


def test_only_what_readers_read_twice_counts():
    once = [extent("baseline", 10), extent("baseline", 12, "b", view=View.MLO), extent("followup-1", None, "b")]
    assert reader_errors(once) == {}
    assert reader_errors([extent("baseline", 10), extent("baseline", 12, "auto")]) == {}
    several = [extent("baseline", 10), extent("baseline", 6), extent("baseline", 10, "b")]
    assert reader_errors(several)[EXTENT] == ReaderError(0.0, 1)


@given(st.integers(1, 60_000), st.integers(0, 60_000), st.integers(0, 30_000))
def test_the_smallest_error_by_trying_every_one(cutoff_um, value_um, most_um):
    found = smallest_error_um(lambda um: um >= cutoff_um, value_um, most_um=most_um)
    needed = cutoff_um - value_um if value_um < cutoff_um else cutoff_um - 1 - value_um
    is_possible = abs(needed) <= most_um and value_um and value_um + needed > 0
    assert found == ((needed, value_um < cutoff_um) if is_possible else None)


@pytest.mark.parametrize(
    ("course_mm", "error_mm", "says"),
    [
        ((30, 20), 1.0, "; 1.0 mm more would be SD, and readings differ by up to 1.0 mm"),  # 21 mm is still PR
        ((30, 20), 0.9, ""),
        ((50, 58), 2.0, "; 2.0 mm more would be PD"),
        ((50, 36), 1.0, "; 1.0 mm less would be PR"),
        ((50, 35.03), 1.0, "; 0.03 mm less would be PR"),  # never "0.0 mm less"
        ((30, 0), 10.0, ""),  # nothing left has no length to be wrong
        ((30, 1), 5.0, ""),  # and no error makes a lesion vanish
    ],
)
def test_lesions(course_mm, error_mm, says):
    (row,) = flagged(timeline(Lesion("A", course_mm)), error_mm + 0.001)
    assert (says in row.rule) if says else ("readings differ" not in row.rule)
    assert (Flag.WITHIN_READER_ERROR in row.flags) is bool(says)


def test_a_sum_of_two_errs_more():
    """A sum of 50 from 70 mm lies 0.001 mm under PR's edge of 49: 1 mm away, within √2 · 0.8 but not within 0.8 mm."""
    two = timeline(Lesion("A", (40, 30)), Lesion("B", (30, 20)))
    one = timeline(Lesion("A", (70, 50)))
    assert Flag.WITHIN_READER_ERROR in flagged(two, 0.8)[0].flags
    assert Flag.WITHIN_READER_ERROR not in flagged(one, 0.8)[0].flags


@pytest.mark.parametrize(("node_mm", "says"), [(9.5, "0.5 mm more would be PR"), (10.4, "would be CR")])
def test_a_node_at_the_edge_of_normal_size(node_mm, says):
    (row,) = flagged(timeline(Lesion("N", (20, node_mm), NODE)), 1.0)
    assert says in row.rule


@pytest.mark.parametrize(
    ("after_mm", "says"), [(21.5, "0.5 mm more would be increase"), (22.3, "0.3 mm less"), (20, "")]
)
def test_extents(after_mm, says):
    (row,) = flagged([extent("baseline", 20), extent("followup-1", after_mm)], 1.0, EXTENT_10)
    assert says in row.rule
    assert (Flag.WITHIN_READER_ERROR in row.flags) is bool(says)


def test_what_rests_on_no_length_stays_as_it_is():
    pair = [extent("baseline", 20), replace(extent("followup-1", 20), value_mm=None)]
    assert flagged(pair, 5.0, EXTENT_10) == score_measurements(pair, profile=EXTENT_10)
    lesions = timeline(Lesion("A", (30, 20)))
    assert flagged(lesions, 5.0, IRECIST) == score_measurements(lesions, profile=IRECIST)
    rows = score_measurements(lesions, profile=RECIST)
    assert flag_reader_error(rows, lesions, profile=RECIST, errors={}) == rows


def test_scoring_flags_every_patient_when_errors_are_given():
    own = timeline(Lesion("A", (30, 20)))
    two = [*own, *(replace(m, patient_id="P2") for m in own)]
    errors = {DIAMETER: ReaderError(1.001, 10)}
    rows = score_measurements(two, profile=RECIST, errors=errors)
    assert [(row.patient_id, Flag.WITHIN_READER_ERROR in row.flags) for row in rows] == [("P1", True), ("P2", True)]
    assert score_measurements(two, profile=RECIST, errors={}) == score_measurements(two, profile=RECIST)
