"""CSV text in any usual encoding, separator and locale."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from calcmeasure.errors import TableError
from calcmeasure.tables.cells import WITH_COMMA
from calcmeasure.tables.rows import Line, Row, TextLines, TextRows, why

_SAMPLE_BYTES = 1 << 20
_SAMPLE_ROWS = 1000
_SEPARATORS = (",", ";", "\t", "|")
_WITH_POINT = re.compile(r"\s*[+-]?\d+\.\d+\s*")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table as it stands in its file.

    Parameters
    ----------
    header
        Column names, spaces around them removed.
    rows
        May be gone through any number of times; lines without any text are left out.
    decimal
        What separates decimals: ``.`` or ``,``.
    notes
        What had to be guessed, one sentence each.
    lines
        The same rows as text, to be cut by `cells_of` where they are needed.
    separator
        Of the cells in `lines`.
    """

    header: tuple[str, ...]
    rows: Iterable[Row]
    decimal: str = "."
    notes: tuple[str, ...] = ()
    lines: Iterable[Line] = ()
    separator: str = ","


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How to read the text of a table; what is empty is found out.

    Parameters
    ----------
    encoding
        Python's name of it.
    separator, decimal
        One character each.
    header_row
        Line of the column names, counted from 1.
    """

    encoding: str = ""
    separator: str = ""
    decimal: str = ""
    header_row: int = 1


FIND_OUT = TextFormat()


def read_text_table(path: Path, *, layout: TextFormat = FIND_OUT) -> TextTable:
    """Read CSV text, whoever wrote it.

    A byte order mark decides the encoding; else it is UTF-16 if every other byte is 0, UTF-8 if the whole file is, and
    Windows-1252 if not. The separator is the one that the header holds most of. Commas are decimal where another
    separator is used and the numbers hold commas and no points.

    Parameters
    ----------
    path
        The file; it is read again each time the rows are gone through.
    layout
        What is known beforehand.

    Raises
    ------
    TableError
        If the file cannot be opened or decoded, or has no header.
    """
    encoding = layout.encoding or _guess(path)
    sample = _sample(path, encoding)
    separator, hinted = (layout.separator, 0) if layout.separator else _separator(sample, layout.header_row)
    rows = TextRows(path, encoding, separator, skipped=layout.header_row - 1 + hinted)
    header = next(rows.all_rows(), None)
    if header is None:
        raise TableError("the table is empty")
    decimal = layout.decimal or _decimal(islice(rows, _SAMPLE_ROWS), separator)
    names = tuple(name.strip() for name in header[1])
    return TextTable(names, rows, decimal, _notes(encoding, separator, decimal), TextLines(rows), separator)


def _guess(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _encoding(file.read(4096), iter(lambda: file.read(_SAMPLE_BYTES), b""))
    except OSError as error:
        raise TableError(f"the table cannot be read: {why(error)}") from error


def _encoding(start: bytes, rest: Iterable[bytes]) -> str:
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    for name, other in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if other and other.count(0) > 0.7 * len(other):
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for part in (start, *rest):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _sample(path: Path, encoding: str) -> str:
    try:
        with path.open(encoding=encoding, newline="") as file:
            return file.read(_SAMPLE_BYTES)
    except (OSError, UnicodeError, LookupError) as error:
        raise TableError(f"the table cannot be read: {why(error)}") from error


def _separator(sample: str, header_row: int) -> tuple[str, int]:
    """Separator, and how many lines at the top do nothing but name it (Excel's ``sep=;``)."""
    lines = sample.splitlines()
    hint = re.fullmatch(r'"?sep=(.)"?', lines[0]) if lines else None
    if hint:
        return hint[1], 1
    header = re.sub(r'"[^"]*"', "", lines[header_row - 1] if len(lines) >= header_row else "")
    counts = Counter(character for character in header if character in _SEPARATORS)
    return max(_SEPARATORS, key=lambda separator: counts[separator]), 0


def _decimal(rows: Iterable[Row], separator: str) -> str:
    if separator == ",":
        return "."
    cells = [cell for _, row in rows for cell in row]
    return "," if _any(WITH_COMMA, cells) and not _any(_WITH_POINT, cells) else "."


def _any(pattern: re.Pattern[str], cells: Sequence[str]) -> bool:
    return any(pattern.fullmatch(cell) for cell in cells)


def _notes(encoding: str, separator: str, decimal: str) -> tuple[str, ...]:
    notes = []
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"the text was read as {encoding}")
    if separator != ",":
        notes.append(f"cells are separated by {'tab' if separator == chr(9) else separator!r}")
    if decimal == ",":
        notes.append("numbers have decimal commas")
    return tuple(notes)
