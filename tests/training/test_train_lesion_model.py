"""Fitting the lesion model: what counts as a lesion, and that the fit finds what was put in."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pytest

import train_lesion_model
from calcmeasure.detect.lesions.evidence import FEATURES
from calcmeasure.detect.lesions.weighing import model_of
from calcmeasure.phantom.dynamic.exam_settings import TRAINING, Disease
from train_lesion_model import Samples, as_toml, draw, fit, ranges_of, settings_of, targets

UPWARDS = {"mean": 0.0, "spread": 1.0, "linear": 0.0, "squared": 0.8}


def samples(count=600):
    """Lesions have more of the first column and an average value of the second."""
    rng = np.random.default_rng(4)
    table = rng.normal(size=(count, len(FEATURES)))
    odds = 3 * table[:, 0] - 2 * table[:, 1] ** 2
    is_lesion = rng.random(count) < 1 / (1 + np.exp(-odds))
    return Samples(table, 0.8 * is_lesion, np.where(is_lesion, np.arange(count), -1), np.arange(count) // 20)


def test_of_several_candidates_of_one_lesion_only_those_near_the_best_count():
    overlap = np.array([0.8, 0.5, 0.3, 0.15, 0.0, 0.2])
    lesion = np.array([7, 7, 7, 8, -1, -1])
    drawn = Samples(np.zeros((6, len(FEATURES))), overlap, lesion, np.zeros(6, int))
    np.testing.assert_array_equal(targets(drawn), [1, 1, 0, np.nan, 0, np.nan])


def test_the_fit_finds_what_decides():
    model = fit(samples())
    assert model.linear[0] > 1.5
    assert model.squared[1] < -0.7
    assert np.abs(model.linear[2:]).max() < 0.6


def test_what_the_candidates_do_not_tell_is_kept_of_the_earlier_model():
    column = {"mean": 2.0, "spread": 4.0, "linear": -1.5, "squared": 0.25}
    one = Samples(np.zeros((1, len(FEATURES))), np.zeros(1), np.full(1, -1), np.zeros(1, int))
    model = fit(one, earlier={"bias": -40.0, "columns": {FEATURES[3]: column}})
    assert (model.mean[3], model.spread[3]) == (2.0, 4.0)
    assert (model.linear[3], model.squared[3]) == (pytest.approx(-1.5), pytest.approx(0.25))
    assert not np.delete(model.linear, 3).any()


def test_what_lies_beside_a_candidate_never_speaks_for_it_at_its_extremes():
    """Where lesions have extreme values of two columns, only the column that may bend upwards learns it."""
    drawn = samples()
    beside, free = FEATURES.index("any_side"), FEATURES.index("washout")
    table = drawn.table.copy()
    table[:, [beside, free]] = (np.where(drawn.lesion >= 0, 2.5, 0.5) * np.sign(table[:, 2]))[:, None]
    model = fit(replace(drawn, table=table), earlier={"bias": 0.0, "columns": {"any_side": UPWARDS}})
    assert model.squared[beside] == 0
    assert model.squared[free] > 0.3


def test_lesions_count_more(monkeypatch):
    often = fit(samples()).bias
    monkeypatch.setattr(train_lesion_model, "COUNTS", 1.0)
    assert often > fit(samples()).bias + 0.5


def test_what_was_drawn_is_told_in_batches():
    assert ranges_of(np.array([0, 5, 12, 39, 33, 25, 121, 130])) == "0-39, 120-139"


def test_every_third_examination_shows_a_residue_and_every_sixth_non_mass_enhancement():
    shares = [settings_of(seed).diseases for seed in range(6)]
    assert shares[0] == shares[3] == ((Disease.RESIDUAL, 1.0),)
    assert shares[1] == ((Disease.NON_MASS, 1.0),)
    assert {shares[k] for k in (2, 4, 5)} == {TRAINING.diseases}


def test_batches_that_were_drawn_are_not_drawn_again(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(train_lesion_model, "draw_exam", lambda seed, *, settings: drawn.append(seed))
    monkeypatch.setattr(train_lesion_model, "measure_exam", lambda exam, *, seed: samples(20))
    draw(range(20), tmp_path)
    (tmp_path / "samples_000010.npz").unlink()
    draw(range(25), tmp_path)
    assert drawn == [*range(20), *range(10, 20), *range(20, 25)]
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"samples_0000{k}0.npz" for k in range(3)]


def test_weights_go_through_the_file_unchanged():
    drawn = samples()
    model = fit(drawn)
    again = model_of(tomllib.loads(as_toml(model, drawn)))
    np.testing.assert_allclose(again.log_odds(drawn.table), model.log_odds(drawn.table), atol=1e-3)


def test_samples_are_kept_in_a_file(tmp_path):
    drawn = samples(40)
    drawn.save(tmp_path / "drawn.npz")
    both = Samples.join([Samples.load(tmp_path / "drawn.npz"), drawn])
    assert both.table.shape == (80, len(FEATURES))
    np.testing.assert_array_equal(both.lesion[:40], drawn.lesion)
