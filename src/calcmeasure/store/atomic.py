"""Files that are either the old one or the new one, never half of each."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from calcmeasure.errors import ErrorCode, OutputError


def write_atomically(path: str | Path, data: bytes, *, private: bool = False) -> None:
    """Write a file beside its place, flush it to the disk, then put it in place.

    After a crash at any moment the path holds the whole old or the whole new content.

    Parameters
    ----------
    path
        Its folder must exist.
    data
        The whole content.
    private
        Whether only its owner may read the file.

    Raises
    ------
    OutputError
        If it cannot be written; with `ErrorCode.DISK_FULL` when there is no room.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if private:
            temporary.touch(mode=0o600)
        _write_flushed(temporary, data)
        temporary.replace(target)
        _flush_folder(target.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise output_error(error) from error


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the new name itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def output_error(error: OSError) -> OutputError:
    """Say why a file could not be written, with the code of a full disk where that is the cause."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError("the disk is full; free some space and run again", code=ErrorCode.DISK_FULL)
    return OutputError(f"the file cannot be written ({error.strerror}); choose a folder you may write to")
