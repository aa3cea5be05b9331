"""Linking marks into clusters, completing and trimming them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.detect.calcifications.clustering import (
    hint_distribution,
    join_at_rim,
    link_by_density,
    merge_close,
    trim_outliers,
    typical_gap_mm,
)
from calcmeasure.terms import Distribution


def _line(n: int, gap_mm: float, *, start_mm: float = 0.0) -> np.ndarray:
    return np.column_stack([np.zeros(n), start_mm + np.arange(n) * gap_mm])


def _link(points: np.ndarray) -> list[list[int]]:
    return [g.tolist() for g in link_by_density(points, nearest_mm=5.0, farthest_mm=7.5)]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param(np.empty((0, 2)), [], id="none"),
        pytest.param(_line(2, 1.0), [], id="two"),
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


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 6.28))
def test_links_do_not_depend_on_order_turn_or_place(seed: int, angle: float):
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 30, (25, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    order = rng.permutation(25)
    first = {frozenset(g) for g in _link(points)}
    again = {frozenset(order[g].tolist()) for g in _link((points @ turn + 3.0)[order])}
    assert first == again


def test_merging_unites_groups_that_are_close():
    points = np.vstack([_line(3, 1.0), _line(3, 1.0, start_mm=8), _line(3, 1.0, start_mm=40)])
    groups = [np.arange(3), np.arange(3, 6), np.arange(6, 9)]
    assert [g.tolist() for g in merge_close(groups, points, gap_mm=7.5)] == [[0, 1, 2, 3, 4, 5], [6, 7, 8]]
    assert len(merge_close(groups, points, gap_mm=5.0)) == 3
    assert merge_close([], points, gap_mm=5.0) == []


@pytest.mark.parametrize(("gap_mm", "joins"), [(0.9, True), (1.9, True), (2.1, False), (3.9, False)])
def test_the_rim_of_a_dense_group_is_narrow(gap_mm: float, joins: bool):
    members = _line(10, 0.5)  # second neighbours 1 mm apart at the ends, 0.5 mm inside: typical gap 0.5 mm
    reach = max(1.0, 2 * typical_gap_mm(members))
    found = join_at_rim(members, np.array([[gap_mm / 1.9 * reach * 0.95, 2.0]]), reach_mm=4.0)
    assert bool(len(found)) is joins


def test_the_rim_reach_is_bounded():
    members = _line(5, 5.0)
    assert join_at_rim(members, np.array([[4.1, 0.0]]), reach_mm=4.0).size == 0
    assert join_at_rim(members, np.array([[3.9, 0.0]]), reach_mm=4.0).tolist() == [0]
    assert join_at_rim(members, np.empty((0, 2)), reach_mm=4.0).size == 0


def test_a_weak_mark_far_out_is_let_go_and_a_strong_one_stays():
    points = np.vstack([_line(8, 1.0), [[0.0, 12.0]]])
    weak = np.zeros(9, dtype=bool)
    assert trim_outliers(points, weak=weak, fewest=4).tolist() == list(range(9))
    weak[8] = True
    assert trim_outliers(points, weak=weak, fewest=4).tolist() == list(range(8))
    assert trim_outliers(points, weak=weak, fewest=9).tolist() == list(range(9))


@pytest.mark.parametrize(
    ("points", "gap_mm"),
    [(np.empty((0, 2)), 0.0), (_line(1, 1), 0.0), (_line(2, 3.0), 3.0), (_line(9, 2.0), 2.0)],
)
def test_typical_gap(points: np.ndarray, gap_mm: float):
    assert typical_gap_mm(points) == pytest.approx(gap_mm)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (_line(3, 1.0), Distribution.GROUPED),
        (_line(10, 1.5), Distribution.LINEAR),
        (np.column_stack([np.tile([0.0, 8.0], 6), np.arange(12.0)]), Distribution.GROUPED),
        (np.column_stack([np.tile([0.0, 20.0], 6), np.arange(12.0) * 2]), Distribution.REGIONAL),
    ],
)
def test_distribution_hint(points: np.ndarray, expected: Distribution):
    assert hint_distribution(points) is expected


def _square(side_mm: float = 1.0) -> np.ndarray:
    return np.array([(0.0, 0.0), (0.0, side_mm), (side_mm, 0.0), (side_mm, side_mm)])


def test_a_mark_that_is_no_core_hangs_on_its_nearest_core():
    """Only the last core is within 7.5 mm of it; that core reaches 1.75 times its second gap of 4 mm, 7 mm."""
    cores = _line(3, 2.0)
    assert _link(np.vstack([cores, [[0, 10.9]]])) == [[0, 1, 2, 3]]
    assert _link(np.vstack([cores, [[0, 11.1]]])) == [[0, 1, 2]]


def test_a_mark_that_is_no_core_joins_one_of_two_groups():
    """6.0 mm from the last of one group, 5.8 mm from the first of the other: both reach it, the nearer has it."""
    points = np.vstack([_line(3, 2.0), _line(3, 2.0, start_mm=15.8), [[0, 10.0]]])
    assert _link(points) == [[0, 1, 2], [3, 4, 5, 6]]


@pytest.mark.parametrize(("far", "linked"), [(7.4, True), (7.6, False)])
def test_three_marks_within_the_far_distance_make_a_core(far, linked):
    angles = np.array([0.0, 2.1, 4.2])
    star = np.vstack([[[0.0, 0.0]], far * np.column_stack([np.sin(angles), np.cos(angles)])])
    assert bool(_link(star)) is linked


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
def test_typical_gap_is_to_the_second_nearest(points, gap_mm):
    assert typical_gap_mm(np.array(points, dtype=float).reshape(-1, 2)) == pytest.approx(gap_mm)


@pytest.mark.parametrize(("gap_mm", "groups"), [(1.9, [[0, 1], [2, 3], [4, 5]]), (2.0, [[0, 1, 2, 3], [4, 5]])])
def test_groups_are_united_by_their_nearest_marks(gap_mm, groups):
    points = np.array([(0, 0), (0, 10), (0, 12), (0, 30), (50, 0), (60, 0)], dtype=float)
    united = merge_close([np.array([0, 1]), np.array([2, 3]), np.array([4, 5])], points, gap_mm=gap_mm)
    assert [group.tolist() for group in united] == groups


def test_groups_are_united_in_a_chain_and_sorted():
    points = np.array([(0, k) for k in (0, 4, 2)], dtype=float)
    groups = [np.array([1]), np.array([0]), np.array([2])]
    assert [g.tolist() for g in merge_close(groups, points, gap_mm=2.0)] == [[0, 1, 2]]
    assert [g.tolist() for g in merge_close(groups[:1], points, gap_mm=2.0)] == [[1]]


@pytest.mark.parametrize(
    ("side_mm", "away_mm", "joined"),
    [
        (0.2, 0.9, True),  # the reach is never below 1 mm
        (0.2, 1.1, False),
        (1.0, 1.9, True),  # twice the typical gap
        (1.0, 2.1, False),
        (4.0, 4.9, True),  # never more than asked for
        (4.0, 5.1, False),
    ],
)
def test_weak_marks_join_at_the_rim_by_the_density_of_members(side_mm, away_mm, joined):
    candidate = np.array([(0.0, side_mm + away_mm)])
    found = join_at_rim(_square(side_mm), candidate, reach_mm=5.0)
    assert found.tolist() == ([0] if joined else [])


def test_nothing_joins_nothing():
    assert join_at_rim(np.empty((0, 2)), _square(), reach_mm=5.0).size == 0
    assert join_at_rim(_square(), np.empty((0, 2)), reach_mm=5.0).size == 0


@pytest.mark.parametrize(
    ("points", "hint"),
    [
        (_line(4, 3.0), Distribution.LINEAR),
        (_line(3, 4.0), Distribution.GROUPED),  # three marks are no line yet
        (_line(4, 2.5), Distribution.GROUPED),  # 7.5 mm is too short for a line
        (np.vstack([_line(4, 3.0), [[2.2, 4.0]]]), Distribution.LINEAR),
        (np.vstack([_line(4, 3.0), [[2.3, 4.0]]]), Distribution.GROUPED),
        (_square(14.0), Distribution.GROUPED),
        (_square(14.5), Distribution.REGIONAL),
        (np.empty((0, 2)), Distribution.GROUPED),
        (_square()[:1], Distribution.GROUPED),
    ],
    ids=str,
)
@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_hinted_distribution_by_span_and_width(points, hint, angle):
    """A line is four times longer than wide; the width is that of the narrowest strip, at any angle."""
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    assert hint_distribution(np.asarray(points) @ turn) is hint
