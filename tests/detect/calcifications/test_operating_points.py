"""Operating points named by false marks per image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.detect.calcifications.operating_points import (
    DEFAULT_FALSE_MARKS,
    OPERATING_POINTS,
    least_confidence,
    least_probability,
)


@pytest.mark.parametrize("point", OPERATING_POINTS, ids=lambda point: point.name)
def test_named_points_stand_for_what_they_ask(point):
    assert least_probability(point.false_marks) == pytest.approx(point.least_probability)
    assert least_confidence(point.false_marks) == pytest.approx(point.least_confidence)


def test_the_default_is_a_named_one():
    assert DEFAULT_FALSE_MARKS in {point.false_marks for point in OPERATING_POINTS}


@given(st.floats(0.01, 30.0), st.floats(1.0, 3.0))
def test_more_false_marks_ask_for_less(rate, factor):
    assert least_probability(rate * factor) <= least_probability(rate)
    assert least_confidence(rate * factor) <= least_confidence(rate)


def test_by_default_groups_are_shown_that_are_more_probable_than_not():
    assert least_confidence(DEFAULT_FALSE_MARKS) == pytest.approx(0.5)


def test_beyond_the_named_points_nothing_changes():
    assert least_probability(1e-6) == pytest.approx(OPERATING_POINTS[0].least_probability)
    assert least_probability(1e6) == pytest.approx(OPERATING_POINTS[-1].least_probability)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_no_rate_is_refused(rate):
    with pytest.raises(ValueError, match="more than 0 false marks"):
        least_probability(rate)
