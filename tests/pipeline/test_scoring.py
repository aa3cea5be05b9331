"""Readers and profiles side by side, in one stable order."""

from __future__ import annotations

import random
from dataclasses import replace

from calcmeasure.errors import ErrorCode
from calcmeasure.model.measurement import Measurement
from calcmeasure.pipeline.scoring import DEFAULT_CRITERIA, not_compared, score_readers
from calcmeasure.response.criteria import load_profile
from calcmeasure.terms import Laterality, Quantity
from factories import measured

PROFILES = [load_profile(name) for name in DEFAULT_CRITERIA]
BOTH_READERS = [
    measured(value, timepoint=visit, patient_id=person, reader=reader, laterality=side)
    for person, side in (("P1", Laterality.RIGHT), ("P2", Laterality.LEFT))
    for reader, last in (("auto", 20.0), ("mk", 33.0))
    for visit, value in (("baseline", 30.0), ("followup-1", 30.0), ("followup-2", 25.0), ("followup-10", last))
]


def keys(rows):
    return [(r.patient_id, r.timepoint, r.reader, r.criteria) for r in rows]


def test_rows_stand_by_patient_visit_reader_and_profile():
    rows = score_readers(BOTH_READERS, PROFILES)
    assert keys(rows) == [
        (person, visit, reader, criteria)
        for person in ("P1", "P2")
        for visit in ("followup-1", "followup-2", "followup-10")
        for reader in ("auto", "mk")
        for criteria in ("paper-2023", "recist-1.1")
    ]


def test_the_order_of_the_input_does_not_matter():
    shuffled = list(BOTH_READERS)
    random.Random(5).shuffle(shuffled)
    assert score_readers(shuffled, PROFILES) == score_readers(BOTH_READERS, PROFILES)


def test_readers_are_never_mixed():
    last = {
        (r.patient_id, r.reader): r.category
        for r in score_readers(BOTH_READERS, [load_profile("paper-2023")])
        if r.timepoint == "followup-10"
    }
    assert last == {("P1", "auto"): "PR", ("P1", "mk"): "SD", ("P2", "auto"): "PR", ("P2", "mk"): "SD"}


def test_profiles_stand_in_the_order_asked_for():
    rows = score_readers(BOTH_READERS, PROFILES[::-1])
    assert [r.criteria for r in rows[:2]] == ["recist-1.1", "paper-2023"]


def test_extents_are_scored_by_the_profiles_that_know_them():
    sizes = [
        measured(value, timepoint=visit, quantity=Quantity.CALCIFICATION_EXTENT)
        for visit, value in (("baseline", 20.0), ("followup-1", 10.0))
    ]
    assert [r.criteria for r in score_readers(sizes, PROFILES)] == ["paper-2023", "extent-10"]


def test_nothing_measured_gives_nothing():
    assert score_readers([], PROFILES) == []


def test_what_was_looked_at_once_is_said_once_per_patient():
    def extent(patient_id, timepoint, side):
        return Measurement(patient_id, timepoint, Quantity.CALCIFICATION_EXTENT, 10.0, side)

    right, left = Laterality.RIGHT, Laterality.LEFT
    pair = [extent("PAIR", "baseline", right), extent("PAIR", "followup-1", right)]
    once = [extent("ONCE", "baseline", right), extent("ONCE", "baseline", left)]
    late = [extent("a/b", "followup-1", left), *(replace(m, patient_id="a/b") for m in pair)]
    first, second = not_compared([*pair, *once, *late])
    assert (first.path.name, first.code) == ("ONCE.csv", ErrorCode.NO_FOLLOWUP)
    assert first.reason.endswith("calcification_extent L at baseline only; calcification_extent R at baseline only")
    assert (second.code, second.path.parent.name) == (ErrorCode.NO_BASELINE, "patients")
    assert second.reason.endswith("calcification_extent L at follow-up only")
