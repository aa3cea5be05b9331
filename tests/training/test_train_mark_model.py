"""Training of the mark model: the same samples give the same bytes, trees are those of scikit-learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("sklearn", reason="the extra 'train' is not installed")

import boosting
import drawing
import mark_samples
import train_mark_model
from calcmeasure.detect.calcifications.features import FEATURES
from calcmeasure.detect.calcifications.mark_model import save_model


def test_a_model_trained_twice_is_the_same_to_the_byte(samples: mark_samples.Samples, tmp_path: Path):
    for name in ("a.npz", "b.npz"):
        save_model(train_mark_model.train(samples, samples, rounds=4), tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_samples_come_back_from_their_file_and_join_in_order(samples: mark_samples.Samples, tmp_path: Path):
    samples.save(tmp_path / "s.npz")
    back = mark_samples.Samples.load(tmp_path / "s.npz")
    later = replace(back, seeds=back.seeds + 10)
    joined = mark_samples.Samples.join([later, back])
    assert joined.seeds[0] == samples.seeds.min()
    assert joined.marks == 2 * samples.marks
    assert joined.area_cm2 == pytest.approx(2 * samples.area_cm2)
    assert_allclose(joined.table[: len(samples.seeds)], samples.table)


def test_a_scene_of_many_candidates_is_thinned(samples: mark_samples.Samples, monkeypatch: pytest.MonkeyPatch):
    seeds = np.unique(samples.seeds)
    counts = np.bincount(samples.seeds)[seeds]
    monkeypatch.setattr(mark_samples, "MOST_PER_SCENE", int(counts.min()))
    evened = samples.evened()
    assert np.bincount(evened.seeds)[seeds].tolist() == [-(-n // -(-n // counts.min())) for n in counts]
    assert evened.area_cm2 == samples.area_cm2


def test_every_calcification_has_at_most_one_candidate(samples: mark_samples.Samples):
    for seed in np.unique(samples.seeds):
        kinds = samples.kinds[samples.seeds == seed]
        true = len(drawing.draw_mixed(int(seed)).labels)
        assert 0 < (kinds == mark_samples.CALCIFICATION).sum() <= true


def test_what_is_nothing_has_no_owner(samples: mark_samples.Samples):
    assert not samples.labels[samples.kinds == mark_samples.TISSUE].any()
    assert samples.labels[samples.kinds == mark_samples.CALCIFICATION].any()


def test_flat_trees_answer_as_the_library_does():
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    table = rng.standard_normal((3000, 5)).astype(np.float32)
    table[rng.random(table.shape) < 0.1] = np.nan
    positive = np.nan_to_num(table[:, 0]) + np.nan_to_num(table[:, 1]) ** 2 > 1.0
    fitted = HistGradientBoostingClassifier(**boosting.SETTINGS | {"max_iter": 20}, random_state=0).fit(table, positive)
    trees = boosting.grow(table, positive, random_state=0, rounds=20)
    assert_allclose(trees.log_odds(table), fitted.decision_function(table), rtol=1e-5, atol=1e-5)


def test_without_anything_foreign_nothing_is_taken_for_it():
    table = np.zeros((4, len(FEATURES)), np.float32)
    trees = boosting.grow(table, np.zeros(4, bool), random_state=0, rounds=2)
    assert (trees.log_odds(table) < -5.0).all()


def test_calibration_rises_and_meets_the_observed_odds():
    """Scores that are true log-odds, but twice too bold, are brought back."""
    rng = np.random.default_rng(0)
    true = rng.normal(0.0, 2.0, 200_000)
    positive = rng.random(true.size) < 1 / (1 + np.exp(-true))
    scores, calibrated = boosting.calibrate(2.0 * true, positive)
    assert (np.diff(scores) > 0).all()
    assert (np.diff(calibrated) >= 0).all()
    middle = slice(3, -3)
    assert_allclose(calibrated[middle], scores[middle] / 2.0, atol=0.15)
