"""Rows of a CSV file as text, cut into cells where they are needed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from calcmeasure.errors import TableError

Row = tuple[int, list[str]]
"""Line number in the file (the header is usually line 1) and the cells."""

Line = tuple[int, str]
"""Line number in the file and the text of a row, not yet cut into cells."""


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


@dataclass(frozen=True, slots=True)
class TextRows:
    """The rows below the header, read anew each time.

    Parameters
    ----------
    path, encoding, separator
        Of the file.
    skipped
        Lines above the header.
    """

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
            raise TableError(f"the table cannot be read: {why(error)}") from error

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
class TextLines:
    """The rows below the header as text, read anew each time."""

    rows: TextRows

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


def why(error: Exception) -> str:
    """Say what went wrong without the path."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not text in one encoding" if isinstance(error, UnicodeError) else str(error)
