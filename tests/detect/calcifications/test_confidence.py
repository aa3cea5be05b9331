"""How probable it is that a group is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.detect.calcifications.confidence import FEATURES, OFFSET, WEIGHTS, group_confidence, group_features
from calcmeasure.detect.calcifications.membership import Group, WeighedMarks
from calcmeasure.detect.contract import CalcificationMarks


def group_of(n, *, share=0.9, snr=8.0, odds=20.0, evidence=None):
    points_mm = np.random.default_rng(n).uniform(0.0, 10.0, (n, 2))
    marks = replace(
        CalcificationMarks.plain(points_mm * 10.0, np.full(n, 0.3)),
        suspicious_chances=np.full(n, share),
        snr=np.full(n, snr),
    )
    group = Group(np.arange(n), np.full(n, 0.9), np.full(n, 4.0 if evidence is None else evidence / n))
    return group, WeighedMarks(points_mm, np.full(n, odds), np.log(marks.snr), np.zeros(n)), marks


@pytest.mark.parametrize(
    ("likely", "unlikely"),
    [
        ({"n": 12}, {"n": 3}),
        ({"n": 6, "share": 0.95}, {"n": 6, "share": 0.2}),
        ({"n": 6, "snr": 6.0}, {"n": 6, "snr": 60.0}),
        ({"n": 6, "odds": 50.0}, {"n": 6, "odds": 0.5}),
        ({"n": 6, "evidence": 40.0}, {"n": 6, "evidence": 1.0}),
    ],
)
def test_what_speaks_for_a_group(likely, unlikely):
    assert group_confidence(*group_of(**likely)) > group_confidence(*group_of(**unlikely))


def test_features_of_a_small_group_by_hand():
    features = group_features(*group_of(3, share=0.5, snr=np.e**2, odds=4.0, evidence=np.e - 1.0))
    expected = {"evidence": 1.0, "members": np.log(2.7), "third": np.log(4.0), "looks": 0.0, "strength": 2.0}
    assert dict(zip(FEATURES, features, strict=True)) == pytest.approx(expected)


def test_confidence_is_the_logistic_of_the_weighted_sum():
    members = group_of(5)
    total = OFFSET + sum(w * f for w, f in zip(WEIGHTS, group_features(*members), strict=True))
    assert group_confidence(*members) == pytest.approx(1.0 / (1.0 + np.exp(-total)))


def test_unknown_strength_is_taken_for_typical():
    group, weighed, marks = group_of(5)
    assert 0.0 < group_confidence(group, weighed, replace(marks, snr=np.full(5, np.nan))) < 1.0


def test_hundreds_of_members_are_less_probable_than_dozens():
    """As many were never learned from: whatever their evidence, it is not for certain."""
    dozens, hundreds, thousand = (group_confidence(*group_of(n)) for n in (50, 250, 1200))
    assert dozens > hundreds > thousand
    assert thousand < 0.5
