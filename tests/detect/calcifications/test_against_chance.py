"""Sets of marks that would hardly lie so close together by chance."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.calcifications.against_chance import link_against_chance, log_expected_by_chance

AREA_MM2 = 1.0e4


def linked(points_mm, **changed):
    options = {"area_mm2": AREA_MM2, "farthest_mm": 25.0, "most_by_chance": 0.05} | changed
    return [found.tolist() for found in link_against_chance(np.asarray(points_mm, dtype=float), **options)]


def row(count, step_mm):
    return [(10.0, 10.0 + step_mm * k) for k in range(count)]


@pytest.mark.parametrize(("size", "among", "share"), [(3, 3, 0.06), (3, 6, 0.03), (4, 5, 0.08)])
def test_no_more_sets_than_stated_arise_by_chance(size: int, among: int, share: float):
    """Marks strewn over a torus, counted; the bound may be too high, never much too low."""
    rng = np.random.default_rng(0)
    step, found, trials = np.sqrt(share / np.pi), 0, 4000
    for _ in range(trials):
        points = rng.random((among, 2))
        gaps = np.abs(points[:, None] - points)
        near = np.hypot(*np.minimum(gaps, 1.0 - gaps).transpose(2, 0, 1)) <= step
        reached = np.linalg.matrix_power(near.astype(int), among) > 0
        found += int((reached.sum(axis=1) >= size).any())
    assert found / trials <= 1.1 * np.exp(log_expected_by_chance(size, among=among, share=share))


def test_far_apart_is_together_where_there_is_nothing_else():
    assert linked(row(4, 14.0)) == [[0, 1, 2, 3]]


def test_as_far_apart_is_chance_among_many():
    rng = np.random.default_rng(1)
    many = rng.uniform(0.0, 100.0, (12, 2))
    assert linked(many) == []


def test_of_nested_sets_the_largest_is_taken():
    assert linked([*row(4, 8.0), (10.0, 46.0)]) == [[0, 1, 2, 3, 4]]


def test_two_marks_and_steps_too_long_are_none():
    assert linked(row(2, 0.1)) == []
    assert linked(row(4, 14.0), farthest_mm=13.0) == []


def test_smaller_breasts_make_the_same_marks_less_surprising():
    assert linked(row(3, 12.0)) == [[0, 1, 2]]
    assert linked(row(3, 12.0), area_mm2=AREA_MM2 / 4) == []
