"""The same lesion at the next visit."""

from __future__ import annotations

from calcmeasure.model.imaging import FolderIndex, Patient
from calcmeasure.pipeline.identity import (
    LINK_DISTANCE_MM,
    KnownLesion,
    LocatedLesion,
    annotation_id,
    link_lesions,
    with_distinct_ids,
)
from calcmeasure.terms import Laterality, Quantity

R, L = Laterality.RIGHT, Laterality.LEFT


def at(side: Laterality, x: float, y: float = 0.0) -> LocatedLesion:
    return LocatedLesion(side, (x, y, 0.0))


def test_first_visit_numbers_by_side():
    linked, new = link_lesions([at(R, 0), at(L, 0), at(R, 50)], [])
    assert [k.lesion_id for k in linked] == ["R-L1", "L-L1", "R-L2"]
    assert new == {"R-L1", "L-L1", "R-L2"}


def test_nearest_pairs_first():
    known = [KnownLesion("R-L1", at(R, 0)), KnownLesion("R-L2", at(R, 30))]
    linked, new = link_lesions([at(R, 26), at(R, 2)], known)
    assert [k.lesion_id for k in linked] == ["R-L2", "R-L1"]
    assert not new


def test_the_other_side_is_never_the_same_lesion():
    linked, new = link_lesions([at(L, 0)], [KnownLesion("R-L1", at(R, 0))])
    assert [k.lesion_id for k in linked] == ["L-L1"]
    assert new == {"L-L1"}


def test_too_far_is_new():
    known = [KnownLesion("R-L1", at(R, 0))]
    assert link_lesions([at(R, LINK_DISTANCE_MM)], known)[1] == set()
    linked, new = link_lesions([at(R, LINK_DISTANCE_MM + 0.1)], known)
    assert [k.lesion_id for k in linked] == ["R-L2"]
    assert new == {"R-L2"}


def test_one_known_lesion_serves_one_found_lesion():
    linked, new = link_lesions([at(R, 1), at(R, 2)], [KnownLesion("R-L1", at(R, 0))])
    assert [k.lesion_id for k in linked] == ["R-L1", "R-L2"]
    assert new == {"R-L2"}


def patient(patient_id: str, key: str) -> Patient:
    return Patient(patient_id, key)


def test_patients_with_an_identifier_of_their_own_keep_it():
    index = FolderIndex((patient("P1", "P1"), patient("a/b", "a_b-1234")), ())
    assert with_distinct_ids(index) == index


def test_blank_and_shared_identifiers_are_replaced_by_the_key():
    people = (
        patient("", "study-1"),
        patient("", "study-2"),
        patient("7", "7-aa"),
        patient("7", "7-bb"),
        patient("8", "8"),
    )
    ids = [p.patient_id for p in with_distinct_ids(FolderIndex(people, ())).patients]
    assert ids == ["study-1", "study-2", "7-aa", "7-bb", "8"]


def test_names_of_findings_do_not_collide():
    names = {
        annotation_id(uid, quantity, rank=rank) for uid in ("1.2", "1.22") for quantity in Quantity for rank in range(9)
    }
    assert len(names) == 2 * len(Quantity) * 9
    assert all(len(name) == 12 and name.isalnum() for name in names)
