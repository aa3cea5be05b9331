"""Area under the curve against its definition, and DeLong's error against placements counted one by one."""

from __future__ import annotations

from math import inf, isnan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.errors import TableError
from calcmeasure.stats.roc import RocPoint, roc_curve

scores = st.lists(st.integers(0, 9).map(float), min_size=2, max_size=12)


def curve(diseased, healthy, **options):
    truth = [True] * len(diseased) + [False] * len(healthy)
    return roc_curve([*diseased, *healthy], truth, positive="disease", **options)


def outranks(a: float, b: float) -> float:
    return float(a > b) + 0.5 * (a == b)


@settings(max_examples=60)
@given(scores, scores)
def test_area_and_error_by_definition(diseased, healthy):
    found = curve(diseased, healthy)
    above = [np.mean([outranks(a, b) for b in healthy]) for a in diseased]
    below = [np.mean([outranks(a, b) for a in diseased]) for b in healthy]
    variance = np.var(above, ddof=1) / len(diseased) + np.var(below, ddof=1) / len(healthy)
    assert found.auc == pytest.approx(np.mean(above))
    assert found.standard_error == pytest.approx(sqrt(variance), abs=1e-7)


@settings(max_examples=60)
@given(scores, scores)
def test_the_area_is_the_one_under_the_points(diseased, healthy):
    found = curve(diseased, healthy)
    x, y = ([getattr(p, name) for p in found.points] for name in ("false_positive_rate", "sensitivity"))
    assert np.trapezoid(y, x) == pytest.approx(found.auc)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert x == sorted(x)
    assert y == sorted(y)


@settings(max_examples=40)
@given(scores, scores)
def test_turning_the_scale_turns_the_area(diseased, healthy):
    high, low = curve(diseased, healthy), curve(diseased, healthy, higher_is_positive=False)
    assert high.auc + low.auc == pytest.approx(1)
    assert high.standard_error == pytest.approx(low.standard_error, abs=1e-7)
    assert 0 <= high.interval.low <= high.auc <= high.interval.high <= 1


def test_four_cases_by_hand():
    """Placements 0.5, 1 and 1, 0.5: variance 0.125 / 2 + 0.125 / 2."""
    found = curve([0.35, 0.8], [0.1, 0.4])
    assert (found.auc, found.standard_error) == (0.75, pytest.approx(sqrt(0.125)))
    assert found.interval.high == 1.0
    assert found.points == (
        RocPoint(inf, 0.0, 0.0),
        RocPoint(0.8, 0.5, 0.0),
        RocPoint(0.4, 0.5, 0.5),
        RocPoint(0.35, 1.0, 0.5),
        RocPoint(0.1, 1.0, 1.0),
    )


def test_low_scores_can_be_the_positive_ones():
    found = curve([0.0, 1.0], [5.0, 7.0], higher_is_positive=False)
    assert (found.auc, found.best.threshold, found.best.youden) == (1.0, 1.0, 1.0)
    assert found.points[0].threshold == -inf


def test_the_interval_covers():
    """Binormal scores with an area of 0.8."""
    rng = np.random.default_rng(8)
    held = [0.80 in curve(rng.normal(1.1902, 1, 50), rng.normal(0, 1, 50)).interval for _ in range(600)]
    assert 0.91 <= np.mean(held) <= 0.98


def test_missing_values_are_left_out():
    found = roc_curve([1.0, None, 3.0, 4.0], [False, True, None, True], positive="disease")
    assert (found.n_positive, found.n_negative, found.left_out) == (1, 1, 2)


@pytest.mark.parametrize(
    ("diseased", "healthy", "note"),
    [([], [1.0], "a class has no case"), ([1.0], [2.0, 3.0], "one case only"), ([5.0, 6.0], [1.0, 2.0], "no width")],
)
def test_what_cannot_be_known_is_noted(diseased, healthy, note):
    found = curve(diseased, healthy)
    assert note in found.notes[0]
    assert isnan(found.auc) == (not diseased)


def test_the_positive_class_is_always_named():
    with pytest.raises(TableError, match="positive"):
        roc_curve([1.0, 2.0], [True, False], positive="")


def test_lists_of_different_length():
    with pytest.raises(TableError):
        roc_curve([1.0, 2.0], [True], positive="disease")
