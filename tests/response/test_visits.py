"""Measurements in order: by patient, by visit, and never by the order of the input."""

from __future__ import annotations

import random

import pytest

from calcmeasure.response.visits import by_patient, in_time_order, is_order_known
from calcmeasure.terms import Flag, Laterality, View
from factories import measured


def visits(*names_and_dates):
    return [measured(timepoint=name, study_date=day) for name, day in names_and_dates]


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ([("followup-1", "2021-06-01"), ("baseline", "2021-01-01")], ["baseline", "followup-1"]),
        # Baseline is first whatever its date says.
        ([("followup-1", "2020-06-01"), ("baseline", "2021-01-01")], ["baseline", "followup-1"]),
        # Dates decide between follow-ups, not their numbers.
        ([("followup-1", "2021-09-01"), ("followup-2", "2021-06-01")], ["followup-2", "followup-1"]),
        # One visit without a date: numbers decide, and 10 comes after 9.
        ([("followup-10", ""), ("followup-9", "2022-01-01")], ["followup-9", "followup-10"]),
        ([("followup-10", "2020-01-01"), ("followup-2", "")], ["followup-2", "followup-10"]),
        # Equal dates: numbers decide.
        ([("followup-10", "2021-06-01"), ("followup-9", "2021-06-01")], ["followup-9", "followup-10"]),
        ([("week 12", ""), ("week 3", ""), ("surgery", "")], ["surgery", "week 3", "week 12"]),
    ],
)  # fmt: skip
def test_visits_in_time_order(given, order):
    assert list(in_time_order(visits(*given))) == order


def test_the_earliest_date_of_a_visit_stands_for_it():
    """A visit imaged on two days starts on the first; a row without a date does not undate it."""
    rows = visits(("b", "2021-05-05"), ("b", "2021-01-01"), ("b", ""), ("a", "2021-03-03"))
    assert list(in_time_order(rows)) == ["b", "a"]


def test_rows_of_a_visit_do_not_depend_on_the_order_of_the_input():
    rows = [
        measured(laterality=side, view=view, lesion_id=lesion, value_mm=value)
        for side in (Laterality.RIGHT, Laterality.LEFT, None)
        for view in (View.MLO, View.CC, None)
        for lesion in ("R-L2", "R-L1")
        for value in (3.0, 2.0, None)
    ]
    expected = in_time_order(rows)["baseline"]
    for seed in range(5):
        shuffled = random.Random(seed).sample(rows, len(rows))
        assert in_time_order(shuffled)["baseline"] == expected
    assert [row.laterality for row in expected[::18]] == [None, Laterality.LEFT, Laterality.RIGHT]
    assert [row.view for row in expected[18:36:6]] == [None, View.CC, View.MLO]


def test_annotations_of_one_lesion_are_told_apart():
    rows = [measured(annotation_id="b"), measured(annotation_id="a")]
    assert [row.annotation_id for row in in_time_order(rows)["baseline"]] == ["a", "b"]


def test_patients_in_order_of_their_identifier():
    rows = [measured(patient_id=name, value_mm=value) for name, value in [("P2", 1.0), ("P1", 2.0), ("P2", 3.0)]]
    groups = by_patient(rows)
    assert {name: [row.value_mm for row in group] for name, group in groups.items()} == {"P1": [2.0], "P2": [1.0, 3.0]}
    assert list(groups) == ["P1", "P2"]
    assert by_patient([]) == {}


def test_readers_of_one_patient_are_never_mixed():
    with pytest.raises(ValueError, match="one reader at a time, got R1, R2"):
        by_patient([measured(reader="R2"), measured(reader="R1")])
    assert len(by_patient([measured(reader="R1"), measured(reader="R2", patient_id="P2")])) == 2


@pytest.mark.parametrize(
    ("flags", "known"),
    [
        ([], True),
        ([()], True),
        ([("slice_gap",), ("detector_plane",)], True),
        ([(Flag.VISIT_ORDER_UNKNOWN.value,)], False),
        ([(), ("slice_gap", Flag.VISIT_ORDER_UNKNOWN.value)], False),
    ],
)
def test_one_row_of_unknown_order_makes_the_order_of_its_visit_unknown(flags, known):
    assert is_order_known(measured(flags=row) for row in flags) is known
