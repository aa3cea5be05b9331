"""Result files, written whole or not at all; their folders are made as needed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from calcmeasure.store.atomic import output_error, write_atomically


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text.

    Raises
    ------
    OutputError
        When the folder cannot be written or the disk is full.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes.

    Raises
    ------
    OutputError
        When the folder cannot be written or the disk is full.
    """
    make_folder(path.parent)
    write_atomically(path, content)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents.

    Raises
    ------
    OutputError
        When it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error) from error


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    r"""Write rows as the text of a CSV file, quoted where needed.

    Examples
    --------
    >>> csv_lines([("P1", "12.5, about")])
    'P1,"12.5, about"\n'
    """
    return "".join([_csv_line(cells) for cells in rows])


def _csv_line(cells: Sequence[str]) -> str:
    line = ",".join(cells)
    if line and line.count(",") < len(cells) and not ('"' in line or "\n" in line or "\r" in line):
        return line + "\n"
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
