"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from calcmeasure.errors import ErrorCode, OutputError


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text so that a crash leaves the old file or the new one, never half of it.

    Raises
    ------
    OutputError
        When the folder cannot be written or the disk is full.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes to a neighbouring file, flush them to the disk, then rename.

    Raises
    ------
    OutputError
        When the folder cannot be written or the disk is full.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True) if error.errno != errno.ENOTDIR else None
        raise output_error(error, path.name) from error


def output_error(error: OSError, name: str) -> OutputError:
    """Say in a sentence why a result could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"the disk is full: {name} was not written", code=ErrorCode.DISK_FULL)
    return OutputError(f"{name} cannot be written ({error.strerror}); choose another output folder")
