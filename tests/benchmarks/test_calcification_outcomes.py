"""What counts as found, as false and as neither; extents; round trip through the disk."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from calcifications.examples import plain_successes, worst_extents, worst_false, worst_misses
from calcifications.outcomes import NO_CLUSTER, Outcome, extents_of, found_groups, group_answers, mark_answers
from calcifications.summaries import EVERY_SIZE, count_groups, extent_errors, is_measurable

NONE = np.empty((0, 2))


def outcome(**changes: object) -> Outcome:
    """Three calcifications in a group (two large, one faint) on a line of 10 mm, and a benign one 20 mm away."""
    plain = Outcome(
        name="For Processing 7",
        breast="7",
        area_cm2=50.0,
        truth_mm=np.array([[0.0, 0.0], [0.0, 9.5], [0.0, 10.0], [20.0, 0.0]]),
        truth_diameters_mm=np.array([0.4, 0.3, 0.15, 2.0]),
        truth_dprime=np.array([20.0, 10.0, 1.0, 90.0]),
        truth_clusters=np.array([0, 0, 0, NO_CLUSTER]),
        marks_mm=np.array([[0.0, 0.1], [0.0, 9.4], [20.0, 1.2], [30.0, 30.0], [5.0, 5.0]]),
        probabilities=np.array([0.9, 0.8, 0.95, 0.7, 0.6]),
        snr=np.array([9.0, 8.0, 30.0, 7.0, 6.0]),
        labels=np.array(["suspicious", "suspicious", "suspicious", "scattered", "vascular"]),
        on_benign=np.array([False, False, True, False, False]),
        members_mm=np.array([[0.0, 0.1], [0.0, 9.4]]),
        member_clusters=np.array([0, 0]),
        confidences=np.array([0.9]),
        wider_mm=np.array([[0.0, 0.1], [0.0, 9.4], [30.0, 30.0]]),
        wider_clusters=np.array([0, 0, 0]),
        named_mm=np.array([[0.0, 0.1], [0.0, 9.4], [0.0, 0.1], [0.0, 9.4], [40.0, 40.0]]),
        named_clusters=np.array([0, 0, 1, 1, 2]),
        named_points=np.array([1, 2, 2]),
        named_confidences=np.array([0.9, 0.95, 0.3]),
        flags=np.array([], dtype=str),
        seconds=0.5,
    )
    return replace(plain, **changes)


def test_marks_on_benign_calcifications_and_those_set_aside_count_neither_way() -> None:
    own = outcome()
    answers = mark_answers(own, own.probabilities, sizes_mm=EVERY_SIZE, answers=own.counted)
    assert answers.truth_scores.tolist() == [0.9, 0.8, -np.inf]
    assert answers.false_scores.tolist() == [0.7]


def test_a_mark_on_a_calcification_of_another_size_is_no_false_one() -> None:
    own = outcome()
    answers = mark_answers(own, own.snr, sizes_mm=(0.35, np.inf), answers=np.isfinite(own.snr))
    assert answers.truth_scores.tolist() == [9.0]
    assert sorted(answers.false_scores.tolist()) == [6.0, 7.0]


@pytest.mark.parametrize(("point", "owners"), [(0, []), (1, [{0}]), (2, [{0}, set()])])
def test_each_operating_point_has_its_groups(point: int, owners: list[set[int]]) -> None:
    shown = outcome().at(point)
    assert found_groups(shown) == owners
    assert len(shown.confidences) == len(owners)


def test_a_group_belongs_to_the_one_that_most_of_its_marks_lie_on() -> None:
    assert found_groups(outcome()) == [frozenset({0})]
    half = outcome(members_mm=np.array([[0.0, 0.1], [40.0, 40.0]]))
    assert found_groups(half) == [frozenset()]
    assert group_answers(half).truth_scores.tolist() == [-np.inf]
    assert group_answers(half).false_scores.tolist() == [0.9]


def test_neighbours_taken_for_one_group_are_found_together() -> None:
    line = np.array([[0.0, float(k)] for k in range(8)])
    merged = outcome(
        truth_mm=line,
        truth_diameters_mm=np.full(8, 0.3),
        truth_dprime=np.full(8, 9.0),
        truth_clusters=np.array([0, 0, 0, 0, 1, 1, 1, 2]),
        members_mm=line,
        member_clusters=np.zeros(8, int),
    )
    assert found_groups(merged) == [frozenset({0, 1})]
    assert group_answers(merged).truth_scores.tolist() == [0.9, 0.9, -np.inf]
    assert group_answers(merged).false_scores.tolist() == []


def test_two_pieces_of_one_group_are_one_answer_and_none_is_false() -> None:
    pieces = outcome(member_clusters=np.array([0, 1]), confidences=np.array([0.6, 0.9]))
    assert group_answers(pieces).truth_scores.tolist() == [0.9]
    assert group_answers(pieces).false_scores.tolist() == []
    counted = count_groups(
        [pieces, outcome(confidences=np.empty(0), members_mm=NONE, member_clusters=np.empty(0, int))]
    )
    assert (counted.found, counted.there, counted.visible) == (1, 2, 0)


def test_extents_of_truth_answers_and_ideal_observer() -> None:
    extents = extents_of(outcome())
    assert extents.truth == 10.0
    assert extents.found == pytest.approx(9.3)
    assert extents.wider == pytest.approx(np.hypot(30.0, 29.9))
    assert extents.ideal == 9.5
    assert is_measurable(outcome())
    errors = extent_errors([outcome()], "found")
    assert errors.relative.tolist() == pytest.approx([0.07])


def test_what_comes_back_from_the_disk_is_what_was_kept(tmp_path) -> None:
    outcome().save(tmp_path / "a.npz")
    back = Outcome.load(tmp_path / "a.npz")
    for field in fields(Outcome):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(outcome(), field.name))
    assert isinstance(back.breast, str)


def test_examples_show_the_gravest_of_each_breast_once() -> None:
    better = outcome(breast="8", members_mm=np.array([[0.0, 0.0], [0.0, 10.0]]))
    both = [outcome(), outcome(), better]
    assert [e.number for e in worst_extents(both)] == [0, 2]
    assert [e.number for e in plain_successes(both)] == [2]
    assert [e.words for e in worst_misses(both, 0.85)] == ["0.30 mm, d′ 10"] * 2
    assert [e.words for e in worst_false(both)] == ["mark, 0.700"] * 2
