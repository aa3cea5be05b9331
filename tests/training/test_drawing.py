"""Drawing of training scenes: batch by batch, each file whole, none drawn twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the extra 'train' is not installed")

import drawing
import train_kind_model
import train_mark_model
from calcmeasure.terms import MarkLabel
from mark_samples import Samples


@pytest.fixture
def drawn_seeds(monkeypatch: pytest.MonkeyPatch, samples: Samples) -> list[int]:
    """Seeds that were asked for; each scene is one that was measured before."""
    asked: list[int] = []

    def measure(scene: object, *, seed: int) -> Samples:
        asked.append(seed)
        measured = np.unique(samples.seeds)
        of_one = samples.take(np.flatnonzero(samples.seeds == measured[seed % len(measured)]))
        of_one.seeds[:] = seed
        return of_one

    monkeypatch.setattr(drawing, "measure_scene", measure)
    monkeypatch.setitem(drawing.SCENES, "mixed", lambda seed: None)
    return asked


def test_an_interrupted_drawing_goes_on_where_it_stopped(drawn_seeds: list[int], tmp_path: Path):
    drawing.draw_batches(range(25), tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["000000.npz", "000010.npz", "000020.npz"]
    (tmp_path / "000010.npz").unlink()
    drawn_seeds.clear()
    drawing.draw_batches(range(25), tmp_path)
    assert drawn_seeds == list(range(10, 20))
    assert np.unique(drawing.load_folders([tmp_path]).seeds).tolist() == list(range(25))


def test_an_empty_folder_is_refused(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="nothing was drawn"):
        drawing.load_folders([tmp_path])


def test_scenes_of_groups_hold_nothing_that_resembles_them():
    assert set(drawing.draw_groups(3000).labels) == {MarkLabel.SUSPICIOUS}


def test_models_are_made_from_what_was_drawn(
    drawn_seeds: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Both commands, from drawing to weights."""
    folder, weights = str(tmp_path / "drawn"), [str(tmp_path / f"{name}.npz") for name in ("mark", "kind", "context")]
    for command in (
        ["draw", "--seeds", "5", "26", folder],
        ["grow", folder, "--calibrate", folder, "--rounds", "2", "--output", weights[0]],
    ):
        monkeypatch.setattr("sys.argv", ["train_mark_model.py", *command])
        train_mark_model.main()
    kinds = [folder, "--rounds", "2", "--kinds", weights[1], "--context", weights[2]]
    monkeypatch.setattr("sys.argv", ["train_kind_model.py", *kinds])
    train_kind_model.main()
    told = capsys.readouterr().out
    assert all(path in told for path in weights)
    assert drawn_seeds == list(range(5, 26))
