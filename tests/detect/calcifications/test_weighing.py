"""Odds of marks, held against their image and their looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.detect.calcifications.weighing import (
    NO_MARK_LOG_ODDS,
    USUAL_LOG_ODDS,
    benign_odds,
    in_question,
    odds,
    odds_on_image,
    suspicious_share,
    usual_score,
)
from calcmeasure.detect.contract import CalcificationMarks
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import MarkLabel

SPACING = Spacing(0.1, 0.1, SpacingSource.DETECTOR)
BREAST = np.ones((800, 800), dtype=bool)


def marks_with(probabilities, *, points_rc=None, diameters_mm=0.2, **more):
    n = len(probabilities)
    points_rc = np.random.default_rng(0).uniform(0, 800, (n, 2)) if points_rc is None else points_rc
    plain = CalcificationMarks.plain(points_rc, np.full(n, diameters_mm), probabilities=np.array(probabilities))
    return replace(plain, **more)


def peppered(probability, *, per_tile=4):
    """As many equal specks in every square centimetre."""
    corners = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(-1, 1, 2) * 100.0
    points_rc = (corners + np.linspace(10.0, 90.0, per_tile)[:, None]).reshape(-1, 2)
    return marks_with([probability] * len(points_rc), points_rc=points_rc)


def test_odds_are_those_of_the_probability_and_bounded():
    assert odds(np.array([0.5, 0.75])) == pytest.approx([1.0, 3.0])
    assert np.isfinite(odds(1.0))


def test_an_ordinary_image_leaves_the_odds_alone():
    marks = replace(marks_with([0.9, 0.5]), suspicious_chances=np.ones(2))
    assert odds_on_image(marks, breast=BREAST, spacing=SPACING) == pytest.approx([9.0, 1.0])


def test_a_mark_that_lies_on_a_calcification_counts_half_even_if_another_stands_for_it():
    marks = replace(marks_with([0.2, 0.5]), suspicious_chances=np.ones(2), body_chances=np.array([0.9, 0.5]))
    assert odds_on_image(marks, breast=BREAST, spacing=SPACING) == pytest.approx([1.5, 1.0])


def test_specks_all_over_the_breast_lose_what_lies_above_the_usual():
    marks = peppered(0.5)
    assert usual_score(marks, np.zeros(len(marks)), breast=BREAST, spacing=SPACING) == 0.0
    weighed = odds_on_image(replace(marks, suspicious_chances=np.ones(len(marks))), breast=BREAST, spacing=SPACING)
    assert weighed == pytest.approx(np.exp(USUAL_LOG_ODDS))


def test_two_specks_in_every_square_centimetre_are_no_noise():
    marks = peppered(0.5, per_tile=2)
    assert usual_score(marks, np.zeros(len(marks)), breast=BREAST, spacing=SPACING) == NO_MARK_LOG_ODDS


def test_without_a_breast_nothing_is_usual():
    marks = peppered(0.5)
    none = np.zeros_like(BREAST)
    assert usual_score(marks, np.zeros(len(marks)), breast=none, spacing=SPACING) == NO_MARK_LOG_ODDS


def test_large_marks_are_rather_benign_where_a_detector_does_not_tell():
    shares = [suspicious_share(marks_with([0.9], diameters_mm=d))[0] for d in (0.2, 0.5, 1.0)]
    assert shares[0] > 0.99
    assert shares[1] == pytest.approx(0.5)
    assert shares[2] < 0.02
    told = replace(marks_with([0.9], diameters_mm=1.0), suspicious_chances=np.array([0.7]))
    assert suspicious_share(told).tolist() == [0.7]


@pytest.mark.parametrize(
    ("label", "asked"),
    [(label, label in (MarkLabel.SUSPICIOUS, MarkLabel.SCATTERED)) for label in MarkLabel],
)
def test_what_may_belong_to_a_group(label, asked):
    assert in_question(marks_with([0.9], labels=(label,))).tolist() == [asked]


def test_odds_of_a_benign_kind_are_bounded():
    told = marks_with([0.9] * 3, suspicious_chances=np.array([1.0, 0.25, 0.0]))
    assert benign_odds(told) == pytest.approx([0.0, 3.0, 99.0])
