"""Tables of other programs: CSV text in any usual encoding, separator and locale, and sheets of a workbook.

A cell stays text until somebody asks for a number, so that every complaint can name its line and column.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from calcmeasure.errors import TableError

Row = tuple[int, list[str]]
"""Line number in the file (the header is usually line 1) and the cells."""

Line = tuple[int, str]
"""Line number in the file and the text of a row, not yet cut into cells."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins with one of these would run as a formula in a spreadsheet; a leading ``'`` keeps it a text."""

_NOT_PLAIN = frozenset(("'", *FORMULA_STARTS))
_SAMPLE_BYTES = 1 << 20
_SAMPLE_ROWS = 1000
_SEPARATORS = (",", ";", "\t", "|")
_WITH_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_WITH_POINT = re.compile(r"\s*[+-]?\d+\.\d+\s*")
_POINTED = re.compile(r"\s*[+-]?[\d.,]*\.[\d.,]*\s*")
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
    rows = _TextRows(path, encoding, separator, skipped=layout.header_row - 1 + hinted)
    header = next(rows.all_rows(), None)
    if header is None:
        raise TableError("the table is empty")
    decimal = layout.decimal or _decimal(islice(rows, _SAMPLE_ROWS), separator)
    names = tuple(name.strip() for name in header[1])
    return TextTable(names, rows, decimal, _notes(encoding, separator, decimal), _TextLines(rows), separator)


def cells_of(text: str, separator: str) -> list[str]:
    """Cut the text of one row into its cells.

    Examples
    --------
    >>> cells_of('P1,"12.5, about"', ",")
    ['P1', '12.5, about']
    """
    if '"' in text:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    return text.rstrip("\r\n").split(separator)


def as_text_cell(text: str) -> str:
    """Write a text so that no spreadsheet runs it.

    Examples
    --------
    >>> as_text_cell("=1+1"), as_text_cell("IDC")
    ("'=1+1", 'IDC')
    """
    return f"'{text}" if text[:1] in _NOT_PLAIN and text.lstrip("'").startswith(FORMULA_STARTS) else text


def text_of_cell(cell: str) -> str:
    """Read back what `as_text_cell` wrote.

    Examples
    --------
    >>> text_of_cell("'=1+1"), text_of_cell("'n' P1")
    ('=1+1', "'n' P1")
    """
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS) else cell


def as_number(text: str, *, decimal: str = ".") -> float:
    """Read a number as a table of one locale writes it.

    Raises
    ------
    ValueError
        In words that fit behind the name of a column; also for what is a number in another locale only.

    Examples
    --------
    >>> as_number("12,5", decimal=",")
    12.5
    """
    if decimal == "," and _POINTED.fullmatch(text):
        raise ValueError(f"{text[:20]!r} has a point where this table has decimal commas")
    if decimal == "." and _WITH_COMMA.fullmatch(text):
        raise ValueError(f"{text[:20]!r} has a comma where this table has decimal points")
    try:
        value = float(text.replace(",", ".") if decimal == "," else text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise ValueError(f"must be a number, found {text[:20]!r}")
    return value


@dataclass(frozen=True, slots=True)
class _TextRows:
    """The rows below the header, read anew each time."""

    path: Path
    encoding: str
    separator: str
    skipped: int

    def __iter__(self) -> Iterator[Row]:
        return islice(self.all_rows(), 1, None)

    def all_rows(self) -> Iterator[Row]:
        """Header and rows."""
        return ((line, cells_of(text, self.separator)) for line, text in self.all_lines())

    def all_lines(self) -> Iterator[Line]:
        """Header and rows as text."""
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                yield from self._records(file)
        except (OSError, UnicodeError, csv.Error) as error:
            raise TableError(f"the table cannot be read: {_why(error)}") from error

    def _records(self, file: Iterable[str]) -> Iterator[Line]:
        """Cut a file into rows: a line each, but for cells in quotes, which may hold ends of lines."""
        lines, nothing = iter(file), f"{self.separator}\r\n"
        line = 1 + sum(1 for _ in islice(lines, self.skipped))
        most = csv.field_size_limit()
        for text in lines:
            if '"' in text or len(text) > most:
                parts = _Parts(text, lines)
                if any(next(csv.reader(parts, delimiter=self.separator), ())):
                    yield line, "".join(parts.taken)
                line += len(parts.taken)
            else:
                if text.strip(nothing):
                    yield line, text
                line += 1


@dataclass(frozen=True, slots=True)
class _TextLines:
    """The rows below the header as text, read anew each time."""

    rows: _TextRows

    def __iter__(self) -> Iterator[Line]:
        return islice(self.rows.all_lines(), 1, None)


class _Parts:
    """Lines of one row, as many as its reader asks for."""

    def __init__(self, first: str, others: Iterator[str]) -> None:
        self._lines = chain((first,), others)
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for text in self._lines:
            self.taken.append(text)
            yield text


def _guess(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _encoding(file.read(4096), iter(lambda: file.read(_SAMPLE_BYTES), b""))
    except OSError as error:
        raise TableError(f"the table cannot be read: {_why(error)}") from error


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
        raise TableError(f"the table cannot be read: {_why(error)}") from error


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
    return "," if _any(_WITH_COMMA, cells) and not _any(_WITH_POINT, cells) else "."


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


def _why(error: Exception) -> str:
    """Say what went wrong without the path."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not text in one encoding" if isinstance(error, UnicodeError) else str(error)
