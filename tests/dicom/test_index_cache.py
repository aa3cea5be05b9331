from __future__ import annotations

import json
import pickle
import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from calcmeasure.dicom import index as index_module
from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.index_cache import _plain, _restorer, _StoredFrame
from calcmeasure.errors import ErrorCode
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.imaging import FrameReference, Phase, Skipped, Study


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    (root / "a").write_text("not DICOM")
    (root / "b").write_text("nor this")
    return root


def test_rescan_reads_nothing_and_gives_the_same(folder, tmp_path, monkeypatch):
    cache = tmp_path / "cache.sqlite"
    first = index_folder([folder], cache=cache)
    monkeypatch.setattr(index_module, "scan_files", None)
    again = index_folder([folder], cache=cache)
    assert (first.counts["cached"], again.counts["cached"]) == (0, 2)
    assert again == replace(first, counts=again.counts)


def test_stored_frames_equal_new_ones():
    new, stored = FrameReference(Path("a/b"), "1.2", 3), _StoredFrame("a/b", "1.2", 3)
    assert stored == new
    assert new == stored
    assert hash(stored) == hash(new)
    assert {new, stored} == {new}
    assert stored.path == Path("a/b")
    assert stored != FrameReference(Path("a/b"), "1.2", 4)
    assert stored != "a/b"
    assert replace(stored, frame=4) == FrameReference(Path("a/b"), "1.2", 4)
    assert type(pickle.loads(pickle.dumps(stored))) is FrameReference


@pytest.mark.parametrize(
    "value",
    [
        Study("1.2", date(2024, 3, 1), "baseline", "table", (), (), ("F",)),
        Phase(0, None, 1.5, None, (FrameReference(Path("a"), "1.2", 1),)),
        Skipped(Path("a b"), ErrorCode.SCOUT, "a localizer"),
        Spacing(0.1, 0.1, SpacingSource.PATIENT, slice_mm=None),
    ],
)
def test_model_survives_the_cache(value):
    assert _restorer(type(value))(json.loads(json.dumps(_plain(value)))) == value


def test_only_changed_files_are_read_again(folder, tmp_path, monkeypatch):
    cache = tmp_path / "cache.sqlite"
    index_folder([folder], cache=cache)
    (folder / "b").write_text("something longer")
    seen = []
    real = index_module.scan_files
    monkeypatch.setattr(
        index_module, "scan_files", lambda files, **options: seen.extend(files) or real(files, **options)
    )
    assert index_folder([folder], cache=cache).counts["cached"] == 1
    assert [f.path.rsplit("/", 1)[1] for f in seen] == ["b"]


@pytest.mark.parametrize("content", [b"garbage" * 1000, b""])
def test_damaged_cache_is_rebuilt(folder, tmp_path, content):
    cache = tmp_path / "cache.sqlite"
    cache.write_bytes(content)
    assert index_folder([folder], cache=cache) == index_folder([folder])
    assert cache.read_bytes().startswith(b"SQLite format 3")


def test_older_cache_is_rebuilt(folder, tmp_path):
    cache = tmp_path / "cache.sqlite"
    index_folder([folder], cache=cache)
    with sqlite3.connect(cache) as connection:
        connection.execute("UPDATE about SET format = 'older'")
    connection.close()
    assert index_folder([folder], cache=cache).counts["seen"] == 2


def test_unwritable_cache_is_done_without(folder, tmp_path):
    assert index_folder([folder], cache=tmp_path / "none" / "cache").counts["seen"] == 2


def test_no_cache_file_unless_asked(folder, tmp_path):
    index_folder([folder])
    assert [p.name for p in tmp_path.iterdir()] == ["in"]
