"""Training of what tells kinds: honest chances for the context model, the same samples give the same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("sklearn", reason="the extra 'train' is not installed")

import mark_samples
import train_kind_model
from calcmeasure.detect.calcifications import kinds
from calcmeasure.detect.calcifications.context import CONTEXT, LEAST_ASKED, save_context_model

ROUNDS = 4


@pytest.fixture(scope="module")
def spread_out(samples: mark_samples.Samples) -> mark_samples.Samples:
    """The same candidates as if of scenes of three decades of seeds, which are left out in turn."""
    return replace(samples, seeds=np.arange(len(samples.seeds)) % 3 * 10)


def test_kinds_are_learned_from_the_same_samples(samples: mark_samples.Samples):
    model = train_kind_model.train(samples, rounds=ROUNDS)
    assert len(model.ensembles) == len(kinds.KINDS)
    names = train_kind_model.kind_names(samples.labels)
    assert model.made["marks"] == {str(kind): int((names == kind).sum()) for kind in kinds.KINDS}
    assert model.made["marks"]["suspicious"] > 0


def test_a_scene_is_judged_by_what_others_have_taught(spread_out: mark_samples.Samples):
    """Whatever the labels of one scene are, its own chances stay."""
    chances = train_kind_model.kinds_from_others(spread_out, rounds=ROUNDS)
    first = spread_out.seeds == spread_out.seeds[0]
    others = np.where(first, spread_out.labels[::-1], spread_out.labels)
    again = train_kind_model.kinds_from_others(replace(spread_out, labels=others), rounds=ROUNDS)
    assert_allclose(chances[first], again[first])
    assert not np.allclose(chances[~first], again[~first])


def test_the_most_probable_candidates_are_kept(samples: mark_samples.Samples, monkeypatch: pytest.MonkeyPatch):
    _, every_chance = train_kind_model.most_probable(samples)
    monkeypatch.setattr(train_kind_model, "MOST_PER_SCENE", 50)
    kept, chances = train_kind_model.most_probable(samples)
    for seed in np.unique(samples.seeds):
        likeliest = np.sort(every_chance[samples.seeds == seed])[-50:]
        assert_allclose(np.sort(chances[kept.seeds == seed]), likeliest)


def test_context_is_described_of_likely_calcifications(spread_out: mark_samples.Samples):
    chances = np.where(spread_out.labels > 0, 0.9, LEAST_ASKED / 2.0)
    same = np.full((len(chances), len(kinds.KINDS)), 0.25)
    table, names = train_kind_model.describe_scenes(spread_out, chances, same)
    known = np.isin(train_kind_model.kind_names(spread_out.labels), kinds.KINDS)
    assert table.shape == (known.sum(), len(CONTEXT))
    assert set(names.tolist()) <= {str(kind) for kind in kinds.KINDS}


def test_a_context_model_trained_twice_is_the_same_to_the_byte(spread_out: mark_samples.Samples, tmp_path: Path):
    kept, chances = train_kind_model.most_probable(spread_out)
    by_looks = train_kind_model.kinds_from_others(kept, rounds=ROUNDS)
    for name in ("a.npz", "b.npz"):
        save_context_model(train_kind_model.train_context(kept, chances, by_looks, rounds=ROUNDS), tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_runs_of_seeds_are_told():
    assert train_kind_model._runs([1, 2, 3, 7, 9, 10]) == [[1, 3], [7, 7], [9, 10]]
