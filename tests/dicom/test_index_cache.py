from __future__ import annotations

import sqlite3

import pytest

from calcmeasure.dicom import index as index_module
from calcmeasure.dicom.index import index_folder


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
    assert index_folder([folder], cache=cache) == first


def test_only_changed_files_are_read_again(folder, tmp_path, monkeypatch):
    cache = tmp_path / "cache.sqlite"
    index_folder([folder], cache=cache)
    (folder / "b").write_text("something longer")
    seen = []
    real = index_module.scan_files
    monkeypatch.setattr(
        index_module, "scan_files", lambda files, **options: seen.extend(files) or real(files, **options)
    )
    index_folder([folder], cache=cache)
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
