"""A consensus is recorded where readers agree; originals, settled cases and disagreements are never touched."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from calcmeasure.errors import AnnotationError
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.readers.consensus import ORIGIN, find_consensus
from calcmeasure.store.annotation_json import annotation_from_json, annotation_to_json
from calcmeasure.store.database import MeasurementStore, Reading
from calcmeasure.terms import GeometryKind, LesionSite, NonTargetStatus
from factories import outline


def line(length_px: float, **changes: object):
    """A caliper along a column of 0.9 mm pixels."""
    points = ((7.0, 10.0, 40.0), (7.0, 10.0 + length_px, 40.0)) if length_px else ()
    return outline(geometry=GeometryKind.CALIPER, points=points, **changes)


def sign(store: MeasurementStore, reader: str, *annotations, patient_id: str = "P1"):
    values = {
        a.annotation_id: measure_annotation(a, patient_id=patient_id, reader=reader).value_mm for a in annotations
    }
    store.record(Reading(patient_id, reader, annotations, values))


@pytest.fixture
def store(tmp_path):
    """Two readers: they agree before treatment and on P2, and differ after it on P1."""
    with MeasurementStore(str(tmp_path / "m.sqlite")) as opened:
        after = {"annotation_id": "l2", "timepoint": "followup-1", "study_date": "2021-08-01"}
        sign(opened, "ann", line(40), line(20, **after))
        sign(opened, "ben", line(41, annotation_id="b1"), line(30, **after | {"annotation_id": "b2"}))
        sign(opened, "ann", line(0), patient_id="P2")
        sign(opened, "ben", line(0, annotation_id="b1"), patient_id="P2")
        sign(opened, "ann", line(10), patient_id="P3")
        yield opened


def consensus_of(store: MeasurementStore, **options: object):
    return find_consensus(store.current(), readers=("ann", "ben"), **options)


def test_what_both_agree_on_is_the_first_ones_drawing_and_names_both(store):
    found = consensus_of(store)
    assert [(r.patient_id, r.reader, len(r.annotations)) for r in found.readings] == [
        ("P1", "consensus", 1),
        ("P2", "consensus", 1),
    ]
    (annotation,) = found.readings[0].annotations
    assert annotation.points == line(40).points
    assert annotation.extra[ORIGIN] == [
        {"reader": "ann", "annotation_id": "l1", "version": 1},
        {"reader": "ben", "annotation_id": "b1", "version": 1},
    ]
    assert annotation_from_json(annotation_to_json(annotation), study_date="", place="").extra == annotation.extra
    assert found.readings[0].reason == "consensus of ann, ben: within 10 %, drawn by ann"


def test_disagreements_and_cases_of_one_reader_are_left_to_be_settled(store):
    assert [(c.patient_id, c.timepoint) for c in consensus_of(store).open_cases] == [
        ("P1", "followup-1"),
        ("P3", "baseline"),
    ]


@pytest.mark.parametrize(
    "changes", [{}, {"status": NonTargetStatus.PD}, {"site": LesionSite.LYMPH_NODE}], ids=["number", "status", "site"]
)
def test_one_length_of_other_lesions_is_no_agreement(store, changes):
    second = {"annotation_id": "l9", "lesion_id": "R-L2", "timepoint": "followup-2", "study_date": "2021-10-01"}
    visit = {name: second[name] for name in ("timepoint", "study_date")}
    sign(store, "ann", line(40, **visit | {"annotation_id": "l8"}), line(15, **second))
    sign(store, "ben", line(40, **visit | {"annotation_id": "b8"}))
    if changes:
        sign(store, "ben", line(15, **second | changes | {"annotation_id": "b9"}))
    assert ("P1", "followup-2") in [(c.patient_id, c.timepoint) for c in consensus_of(store).open_cases]


def test_recorded_beside_the_originals_and_a_second_time_adds_nothing(store):
    before = [s for s in store.current() if s.reader != "consensus"]
    assert [store.record(reading) for reading in consensus_of(store).readings] == [1, 1]
    assert [s for s in store.current() if s.reader != "consensus"] == before
    again = consensus_of(store)
    assert again.readings == ()
    assert [c.patient_id for c in again.settled] == ["P1", "P2"]
    store.verify()


def test_a_case_settled_by_hand_stays_as_it_was_settled(store):
    settled = line(25, annotation_id="c9", timepoint="followup-1", study_date="2021-08-01")
    sign(store, "consensus", settled)
    found = consensus_of(store, limit_percent=Decimal(200))
    assert [c.timepoint for c in found.settled] == ["followup-1"]
    assert all(a.timepoint == "baseline" for r in found.readings for a in r.annotations)


def test_the_limit_decides(store):
    assert len(consensus_of(store, limit_percent=Decimal(1)).agreed) == 1
    assert len(consensus_of(store, limit_percent=Decimal(50)).agreed) == 3


@pytest.mark.parametrize("readers", [("ann",), ("ann", "ann"), ("ann", "zoe")])
def test_two_readers_who_read_are_needed(store, readers):
    with pytest.raises(AnnotationError, match="there are: ann, ben"):
        find_consensus(store.current(), readers=readers)


def test_what_was_superseded_is_named_by_its_version(store):
    (first,) = [s for s in store.current() if (s.patient_id, s.reader) == ("P2", "ben")]
    changed = replace(first.annotation, flags=("hidden",))
    store.record(Reading("P2", "ben", (changed,), {}, reason="second look"))
    origin = consensus_of(store).readings[1].annotations[0].extra[ORIGIN]
    assert origin[1]["version"] == 2
