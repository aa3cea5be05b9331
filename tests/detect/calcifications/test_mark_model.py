"""Trees in flat arrays: their sums, their file, their calibration."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from calcmeasure.detect.calcifications.features import FEATURES
from calcmeasure.detect.calcifications.mark_model import MarkModel, Trees, load_model, save_model, shipped_model


def _trees(base: float = 0.5) -> Trees:
    """Asks column 1 <= 2 (NaN goes left), then column 0 <= 0 on the right; and a second tree of one leaf."""
    return Trees(
        feature=np.array([1, -1, 0, -1, -1, -1], np.int16),
        threshold=np.array([2.0, 10.0, 0.0, 20.0, 30.0, 0.25], np.float32),
        left=np.array([1, 0, 3, 0, 0, 0], np.int32),
        right=np.array([2, 0, 4, 0, 0, 0], np.int32),
        missing_left=np.array([True, False, False, False, False, False]),
        roots=np.array([0, 5], np.int32),
        base=base,
    )


def _model() -> MarkModel:
    calibration = np.array([[0.0, 10.0, 40.0], [-1.0, 0.0, 3.0]])
    made = {"features": list(FEATURES[:2]), "prevalence_per_cm2": 0.3}
    raised = calibration + np.array([[0.0], [0.5]])
    return MarkModel(_trees(), _trees(), _trees(-12.0), calibration, raised, made)


@pytest.mark.parametrize(
    ("row", "expected"),
    [((9.0, 2.0), 10.75), ((0.0, 2.1), 20.75), ((0.1, 2.1), 30.75), ((9.0, np.nan), 10.75), ((np.nan, 9.0), 30.75)],
)
def test_log_odds_are_sums_over_the_trees(row: tuple[float, float], expected: float):
    assert _trees().log_odds(np.array([row], np.float32)) == pytest.approx(expected)


def test_chances_are_calibrated_and_share_the_rest():
    table = np.zeros((1, len(FEATURES)), np.float32)
    chances = _model().classify(table)
    logit = 0.0 + (10.75 - 10.0) / 30.0 * 3.0
    assert chances.calcification[0] == pytest.approx(1 / (1 + np.exp(-logit)))
    assert chances.body[0] == pytest.approx(1 / (1 + np.exp(-logit - 0.5)))
    assert chances.foreign[0] == pytest.approx((1 - chances.body[0]) / (1 + np.exp(12.0 - 10.25)))


def test_a_mark_that_stands_for_a_calcification_lies_on_one():
    model = replace(_model(), body_calibration=np.array([[0.0, 40.0], [-9.0, -9.0]]))
    chances = model.classify(np.zeros((1, len(FEATURES)), np.float32))
    assert chances.body[0] == chances.calcification[0]


def test_a_model_comes_back_from_its_file(tmp_path: Path):
    path = tmp_path / "model.npz"
    save_model(_model(), path)
    back = load_model(path)
    for ensemble in ("calcification", "body", "foreign"):
        for name in Trees.__slots__:
            assert_array_equal(getattr(getattr(back, ensemble), name), getattr(getattr(_model(), ensemble), name))
    assert_array_equal(back.calibration, _model().calibration)
    assert_array_equal(back.body_calibration, _model().body_calibration)
    assert back.made == _model().made


def test_the_same_model_gives_the_same_bytes(tmp_path: Path):
    for name in ("a.npz", "b.npz"):
        save_model(_model(), tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_model_that_asks_for_what_is_not_measured_is_refused(tmp_path: Path):
    model = _model()
    save_model(replace(model, made={"features": ["grey"]}), tmp_path / "m.npz")
    with pytest.raises(ValueError, match="train_mark_model"):
        load_model(tmp_path / "m.npz")


def test_the_shipped_model_says_how_it_was_made():
    model = shipped_model()
    assert model.prevalence_per_cm2 > 0.0
    assert set(model.made["features"]) <= set(FEATURES)
    assert model.made["seeds"][1] < 1_000_000, "testing seeds begin there"
    json.dumps(model.made)
    assert (np.diff(model.calibration) >= 0.0).all()
    assert model.calcification.feature.max() < len(FEATURES)
