"""Files are the old one or the new one, never half of each."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from calcmeasure.errors import ErrorCode, OutputError
from calcmeasure.store import atomic
from calcmeasure.store.atomic import output_error, write_atomically


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_writes_what_it_is_given(tmp_path):
    target = tmp_path / "a.json"
    write_atomically(target, b"\x00first\r\n")
    assert target.read_bytes() == b"\x00first\r\n"
    write_atomically(str(target), b"")
    assert target.read_bytes() == b""
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_a_private_file_is_its_owners_alone(tmp_path, private, mode):
    before = os.umask(0o022)
    try:
        write_atomically(tmp_path / "a.json", b"x", private=private)
        write_atomically(tmp_path / "a.json", b"y", private=private)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == mode
    assert (tmp_path / "a.json").read_bytes() == b"y"


@pytest.mark.parametrize("step", ["_write_flushed", "_flush_folder"])
def test_the_old_content_or_the_new_survives_a_failure(tmp_path, monkeypatch, step):
    target = tmp_path / "a.json"
    target.write_bytes(b"old")

    def fail(*_args):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(atomic, step, fail)
    with pytest.raises(OutputError):
        write_atomically(target, b"new")
    assert target.read_bytes() == (b"old" if step == "_write_flushed" else b"new")
    assert names(tmp_path) == ["a.json"]


def test_half_a_write_leaves_no_rubbish(tmp_path, monkeypatch):
    target = tmp_path / "a.json"
    target.write_bytes(b"old")

    def half(path: Path, data: bytes) -> None:
        path.write_bytes(data[:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic, "_write_flushed", half)
    with pytest.raises(OutputError) as caught:
        write_atomically(target, b"new content")
    assert caught.value.code is ErrorCode.DISK_FULL
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


def test_data_and_name_are_flushed_to_the_disk_in_that_order(tmp_path, monkeypatch):
    """Content first, then the rename, then the folder: any other order can leave an empty file after a power cut."""
    target = tmp_path / "a.json"
    steps = []
    flush, replace = os.fsync, Path.replace

    def watched_flush(descriptor):
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "data")
        flush(descriptor)

    def watched_replace(self, other):
        steps.append("rename")
        return replace(self, other)

    monkeypatch.setattr(os, "fsync", watched_flush)
    monkeypatch.setattr(Path, "replace", watched_replace)
    write_atomically(target, b"x")
    assert steps == ["data", "rename", "folder"]


def test_the_temporary_file_is_hidden_and_beside_its_place(tmp_path, monkeypatch):
    """Another file system would make the rename a copy."""
    seen = []
    monkeypatch.setattr(atomic, "_write_flushed", lambda path, data: (seen.append(path), path.write_bytes(data)))
    write_atomically(tmp_path / "a.json", b"x")
    assert seen[0].parent == tmp_path
    assert seen[0].name.startswith(".a.json.")


def test_a_missing_folder_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="No such file") as caught:
        write_atomically(tmp_path / "nowhere" / "a.json", b"x")
    assert caught.value.code is ErrorCode.OUTPUT


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, ErrorCode.DISK_FULL),
        (errno.EDQUOT, ErrorCode.DISK_FULL),
        (errno.EACCES, ErrorCode.OUTPUT),
        (errno.EROFS, ErrorCode.OUTPUT),
    ],
)
def test_a_full_disk_is_told_from_a_closed_folder(number, code):
    error = output_error(OSError(number, os.strerror(number), "secret-name"))
    assert error.code is code
    assert "secret-name" not in error.message
