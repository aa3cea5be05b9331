"""What every reader said, side by side."""

from __future__ import annotations

import random

import pytest

from calcmeasure.readers.cases import Seen, read_cases, readers_of
from calcmeasure.terms import Laterality, LesionSite, Modality, Quantity, View
from factories import measured


def lesion(value_mm: float | None, reader: str = "ann", **fields: object):
    return measured(value_mm, reader=reader, modality=Modality.MR, **fields)


def extent(value_mm: float | None, view: View, reader: str = "ann", **fields: object):
    kind = {"quantity": Quantity.CALCIFICATION_EXTENT, "modality": Modality.MG}
    return measured(value_mm, reader=reader, view=view, **kind, **fields)


def only(readings):
    ((case, findings),) = readings.items()
    return case, findings


def test_the_largest_lesion_of_a_side_stands_for_it():
    _, findings = only(read_cases([lesion(12.0), lesion(31.5, lesion_id="R-L2"), lesion(30.0, "ben")]))
    assert (findings["ann"].value_mm, findings["ben"].value_mm) == (31.5, 30.0)
    assert [m.lesion_id for m in findings["ann"].measurements] == ["R-L1", "R-L2"]


def test_the_larger_view_stands_for_an_extent():
    _, findings = only(read_cases([extent(20.0, View.CC), extent(24.0, View.MLO)]))
    assert findings["ann"].value_um == 24000


@pytest.mark.parametrize(
    ("lengths", "seen"),
    [([0.0], Seen.NOTHING), ([None], Seen.NOT_MEASURABLE), ([5.0], Seen.SOMETHING), ([5.0, None], Seen.NOT_MEASURABLE)],
)
def test_what_a_length_says(lengths, seen):
    _, findings = only(read_cases([lesion(v, lesion_id=f"L{i}") for i, v in enumerate(lengths)]))
    assert findings["ann"].seen is seen


def test_sides_visits_and_quantities_are_cases_of_their_own_in_time_order_whatever_the_order_of_the_rows():
    rows = [
        lesion(1.0, timepoint="followup-10"),
        lesion(2.0, timepoint="followup-2"),
        lesion(3.0),
        lesion(4.0, "ben", laterality=Laterality.LEFT),
        extent(5.0, View.CC, "ben"),
        lesion(6.0, patient_id="P0"),
    ]
    wanted = [
        ("P0", "lesion_diameter", "R", "baseline"),
        ("P1", "calcification_extent", "R", "baseline"),
        ("P1", "lesion_diameter", "L", "baseline"),
        ("P1", "lesion_diameter", "R", "baseline"),
        ("P1", "lesion_diameter", "R", "followup-2"),
        ("P1", "lesion_diameter", "R", "followup-10"),
    ]
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        readings = read_cases(rows)
        assert [(c.patient_id, c.quantity, c.laterality, c.timepoint) for c in readings] == wanted
        assert readers_of(readings) == ("ann", "ben")


def test_of_a_lymph_node_the_short_axis_is_compared():
    node = {"site": LesionSite.LYMPH_NODE}
    _, findings = only(read_cases([lesion(20.0, short_axis_mm=12.0, **node), lesion(26.0, "ben", **node)]))
    assert (findings["ann"].value_mm, findings["ben"].value_mm) == (12.0, None)
    _, gone = only(read_cases([lesion(0.0, **node)]))
    assert gone["ann"].value_mm == 0.0
