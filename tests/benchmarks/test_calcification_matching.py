"""Marks and true calcifications are paired one to one, the better mark first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from calcifications.matching import FREE, REACH_MM, found_together, match_marks, near_any


def test_the_better_mark_takes_the_calcification_and_the_other_stands_for_nothing() -> None:
    truth = np.array([[0.0, 0.0]])
    points = np.array([[0.0, 0.1], [0.0, 0.3]])
    assert match_marks(points, np.array([1.0, 2.0]), truth).tolist() == [FREE, 0]


def test_a_mark_takes_the_nearest_that_is_free() -> None:
    truth = np.array([[0.0, 0.0], [0.0, 0.4]])
    points = np.array([[0.0, 0.05], [0.0, 0.1]])
    assert match_marks(points, np.array([2.0, 1.0]), truth).tolist() == [0, 1]


def test_half_a_millimetre_counts_and_a_hair_more_does_not() -> None:
    truth = np.zeros((1, 2))
    for gap, partner in ((REACH_MM, 0), (REACH_MM + 1e-6, FREE)):
        assert match_marks(np.array([[gap, 0.0]]), np.ones(1), truth).tolist() == [partner]


def test_nothing_found_and_nothing_there() -> None:
    none = np.empty((0, 2))
    assert match_marks(none, np.empty(0), np.zeros((2, 2))).tolist() == []
    assert match_marks(np.zeros((1, 2)), np.ones(1), none).tolist() == [FREE]


@given(st.integers(0, 2**32 - 1))
def test_pairs_are_one_to_one_and_near_half_as_many_as_possible_at_least(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, truth = rng.uniform(0, 3, (12, 2)), rng.uniform(0, 3, (9, 2))
    partners = match_marks(points, rng.random(12), truth)
    taken = partners[partners != FREE]
    assert len(set(taken.tolist())) == len(taken)
    gaps = np.linalg.norm(points[:, None] - truth[None], axis=2)
    assert (gaps[np.flatnonzero(partners != FREE), taken] <= REACH_MM).all()
    rows, columns = linear_sum_assignment(gaps > REACH_MM)
    assert 2 * len(taken) >= (gaps[rows, columns] <= REACH_MM).sum()


@given(st.integers(0, 2**32 - 1))
def test_a_higher_threshold_changes_no_pair_that_remains(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, truth, scores = rng.uniform(0, 2, (12, 2)), rng.uniform(0, 2, (9, 2)), rng.random(12)
    kept = scores >= 0.5
    assert match_marks(points, scores, truth)[kept].tolist() == match_marks(points[kept], scores[kept], truth).tolist()


def test_calcifications_that_overlap_are_found_together() -> None:
    truth = np.array([[0.0, 0.0], [0.0, 0.29], [0.0, 0.6]])
    diameters = np.full(3, 0.3)
    found = found_together(np.array([0.7, -np.inf, -np.inf]), truth, diameters)
    assert found.tolist() == [0.7, 0.7, -np.inf]
    assert found_together(np.array([0.7, 0.2, -np.inf]), truth, diameters).tolist() == [0.7, 0.2, -np.inf]
    assert found_together(np.empty(0), np.empty((0, 2)), np.empty(0)).tolist() == []


def test_near_any_knows_a_reach_of_each() -> None:
    points, others = np.array([[0.0, 0.0], [0.0, 2.0]]), np.array([[0.0, 1.0], [0.0, 3.5]])
    assert near_any(points, others, reach_mm=np.array([0.9, 1.5])).tolist() == [False, True]
    assert near_any(points, np.empty((0, 2)), reach_mm=1.0).tolist() == [False, False]
