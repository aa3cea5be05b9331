"""Linking marks over a distance that follows their density."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.detect.calcifications.clustering import link_by_density, merge_close, part_at_gaps, typical_gap_mm


def _line(n: int, gap_mm: float, *, start_mm: float = 0.0) -> np.ndarray:
    return np.column_stack([np.zeros(n), start_mm + np.arange(n) * gap_mm])


def _link(points: np.ndarray, weights: np.ndarray | None = None) -> list[list[int]]:
    weights = np.full(len(points), 0.85) if weights is None else weights
    return [g.tolist() for g in link_by_density(points, weights=weights, nearest_mm=5.0, farthest_mm=7.5)]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param(np.empty((0, 2)), [], id="none"),
        pytest.param(_line(1, 1.0), [], id="one"),
        pytest.param(_line(2, 1.0), [], id="two that are not sure"),
        pytest.param(_line(5, 1.0), [[0, 1, 2, 3, 4]], id="dense"),
        pytest.param(_line(5, 9.0), [], id="scattered"),
        pytest.param(
            np.vstack([_line(4, 1.0), _line(4, 1.0, start_mm=20)]), [[0, 1, 2, 3], [4, 5, 6, 7]], id="two groups"
        ),
        pytest.param(np.vstack([_line(4, 1.0), [[0, 7.9]]]), [[0, 1, 2, 3, 4]], id="outer mark within 5 mm"),
        pytest.param(np.vstack([_line(4, 1.0), [[0, 8.1]]]), [[0, 1, 2, 3]], id="outer mark beyond 5 mm"),
    ],
)
def test_links(points: np.ndarray, expected: list[list[int]]):
    assert _link(points) == expected


@pytest.mark.parametrize(("gap_mm", "weight", "linked"), [(2.4, 0.95, True), (2.6, 0.95, False), (2.4, 0.85, False)])
def test_two_marks_are_linked_when_both_are_all_but_certain_and_close(gap_mm: float, weight: float, linked: bool):
    assert bool(_link(_line(2, gap_mm), np.full(2, weight))) is linked


def test_what_is_improbable_carries_no_group():
    assert _link(_line(4, 2.0), np.full(4, 0.4)) == []
    assert _link(_line(4, 2.0), np.full(4, 0.8)) == [[0, 1, 2, 3]]


def test_sparse_groups_link_farther_than_dense_ones():
    rows, cols = np.meshgrid(np.arange(4) * 4.8, np.arange(4) * 4.8)
    sparse = np.column_stack([rows.ravel(), cols.ravel()])
    beyond = sparse + np.array([0, 4.8 * 3 + 6.5])
    assert len(_link(np.vstack([sparse, beyond]))) == 1
    dense = sparse / 4.8
    assert len(_link(np.vstack([dense, dense + np.array([0, 3 + 6.5])]))) == 2


def test_a_lonely_mark_between_two_groups_does_not_join_them():
    points = np.vstack([_line(4, 1.0), _line(4, 1.0, start_mm=14.0), [[0.0, 7.9]]])
    assert len(_link(points)) == 2


def test_a_mark_that_is_no_core_joins_one_of_two_groups():
    """6.0 mm from the last of one group, 5.8 mm from the first of the other: both reach it, the nearer has it."""
    points = np.vstack([_line(3, 2.0), _line(3, 2.0, start_mm=15.8), [[0, 10.0]]])
    assert _link(points) == [[0, 1, 2], [3, 4, 5, 6]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 6.28))
def test_links_do_not_depend_on_order_turn_or_place(seed: int, angle: float):
    rng = np.random.default_rng(seed)
    points, weights = rng.uniform(0, 30, (25, 2)), rng.uniform(0.3, 1.0, 25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    order = rng.permutation(25)
    first = {frozenset(g) for g in _link(points, weights)}
    again = {frozenset(order[g].tolist()) for g in _link((points @ turn + 3.0)[order], weights[order])}
    assert first == again


@pytest.mark.parametrize(("gap_mm", "groups"), [(1.9, [[0, 1], [2, 3], [4, 5]]), (2.0, [[0, 1, 2, 3], [4, 5]])])
def test_groups_are_united_by_their_nearest_marks(gap_mm: float, groups: list[list[int]]):
    points = np.array([(0, 0), (0, 10), (0, 12), (0, 30), (50, 0), (60, 0)], dtype=float)
    united = merge_close([np.array([0, 1]), np.array([2, 3]), np.array([4, 5])], points, gap_mm=gap_mm)
    assert [group.tolist() for group in united] == groups


def test_groups_are_united_in_a_chain_and_when_they_share_marks():
    points = np.array([(0, k) for k in (0, 4, 2)], dtype=float)
    groups = [np.array([1]), np.array([0]), np.array([2])]
    assert [g.tolist() for g in merge_close(groups, points, gap_mm=2.0)] == [[0, 1, 2]]
    assert [g.tolist() for g in merge_close([np.array([0, 1]), np.array([1])], points, gap_mm=0.5)] == [[0, 1]]
    assert merge_close([], points, gap_mm=5.0) == []


@pytest.mark.parametrize(
    ("points", "parts"),
    [
        pytest.param(_line(1, 1.0), [[0]], id="one"),
        pytest.param(
            np.vstack([_line(4, 1.0), _line(4, 1.0, start_mm=8.1)]), [[0, 1, 2, 3], [4, 5, 6, 7]], id="5.1 mm"
        ),
        pytest.param(np.vstack([_line(4, 1.0), _line(4, 1.0, start_mm=7.9)]), [list(range(8))], id="4.9 mm"),
        pytest.param(
            np.vstack([_line(4, 1.0), _line(4, 4.0, start_mm=10.1)]), [[0, 1, 2, 3], [4, 5, 6, 7]], id="7.1 mm"
        ),
        pytest.param(np.vstack([_line(4, 1.0), _line(4, 4.0, start_mm=9.9)]), [list(range(8))], id="6.9 of steps of 4"),
        pytest.param(np.vstack([_line(6, 1.0), _line(2, 1.0, start_mm=14)]), [list(range(8))], id="two make no part"),
        pytest.param(
            np.vstack([_line(3, 1.0, start_mm=20.0 * k) for k in range(3)]),
            [[0, 1, 2], [3, 4, 5], [6, 7, 8]],
            id="three",
        ),
        pytest.param(np.zeros((8, 2)), [list(range(8))], id="all in one place"),
    ],
)
def test_groups_side_by_side_are_parted_at_gaps_far_longer_than_their_steps(points: np.ndarray, parts: list[list[int]]):
    assert sorted(part.tolist() for part in part_at_gaps(points, least_mm=5.0, fewest=3)) == parts


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_parts_hold_every_mark_once_in_whatever_order_they_come(seed: int, groups: int):
    rng = np.random.default_rng(seed)
    points = np.vstack([rng.uniform(0, 6, (7, 2)) + rng.uniform(0, 60, 2) for _ in range(groups)])
    order = rng.permutation(len(points))
    parts = part_at_gaps(points, least_mm=5.0, fewest=3)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(points)))
    again = part_at_gaps(points[order], least_mm=5.0, fewest=3)
    assert {frozenset(p.tolist()) for p in parts} == {frozenset(order[p].tolist()) for p in again}


@pytest.mark.parametrize(
    ("points", "gap_mm"),
    [
        ([], 0.0),
        ([(3, 3)], 0.0),
        ([(0, 0), (3, 4)], 5.0),
        ([(0, 0), (0, 1), (0, 3)], 3.0),  # second-nearest: 3, 2, 3
        ([(0, 0), (0, 1), (0, 2), (0, 3)], 1.5),  # 2, 1, 1, 2
    ],
)
def test_typical_gap_is_to_the_second_nearest(points: list[tuple[int, int]], gap_mm: float):
    assert typical_gap_mm(np.array(points, dtype=float).reshape(-1, 2)) == pytest.approx(gap_mm)
