"""The same lesion at the next visit."""

from __future__ import annotations

from calcmeasure.pipeline.identity import LINK_DISTANCE_MM, KnownLesion, LocatedLesion, link_lesions
from calcmeasure.terms import Laterality

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
