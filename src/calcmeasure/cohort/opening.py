"""A table of one row per patient and side, opened: its columns are there, and the unit of its lengths is settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from calcmeasure.cohort.cells import Cells
from calcmeasure.cohort.row import TableProblem
from calcmeasure.cohort.units import LengthUnit, looks_like_centimetres
from calcmeasure.errors import ErrorCode, TableError
from calcmeasure.tables import Row, TextTable, as_number, read_text_table


@dataclass(frozen=True, slots=True)
class OpenTable:
    """Rows to read cell by cell.

    Parameters
    ----------
    rows
        Without the lengths of columns whose unit nobody confirmed.
    problems
        Of the table as a whole; those of a row are with its cells.
    """

    rows: tuple[Cells, ...]
    problems: tuple[TableProblem, ...]


def open_table(path: Path, *, needed: Sequence[str], used: Sequence[str], unit: LengthUnit | None) -> OpenTable:
    """Open a table and settle the unit of its lengths.

    Parameters
    ----------
    path
        CSV text in any usual encoding, separator and locale.
    needed, used
        Columns that must be there, and all that are looked at. Names ending in ``_mm`` are lengths.
    unit
        Of the lengths that look like centimetres; None leaves them out and asks.

    Raises
    ------
    TableError
        If the file is no table, a column is missing or given twice, or centimetres are claimed where none are.
    """
    table = read_text_table(path)
    _check_header(table.header, needed=needed, used=used)
    lines = list(table.rows)
    suspected = _suspected(table, [cells for _, cells in lines], columns=used)
    if unit is LengthUnit.CM and not suspected:
        raise TableError("no column of lengths looks like centimetres; give the unit only where one does")
    left_out = suspected if unit is None else ()
    centimetres = suspected if unit is LengthUnit.CM else ()
    rows = tuple(_row(table, row, left_out=left_out, centimetres=centimetres) for row in lines)
    return OpenTable(rows, tuple(_unit_problems(left_out)))


def _row(table: TextTable, row: Row, *, left_out: Collection[str], centimetres: Collection[str]) -> Cells:
    line, texts = row
    record = {name: text for name, text in zip(table.header, texts, strict=False) if name not in left_out}
    cells = Cells(record, line=line, decimal=table.decimal, centimetres=centimetres)
    if len(texts) != len(table.header):
        advice = "quote texts that hold the separator" if len(texts) > len(table.header) else "give every cell"
        reason = f"has {len(texts)} cells under {len(table.header)} columns; {advice}"
        cells.refuse("", ErrorCode.TABLE, reason)
    return cells


def _check_header(header: Sequence[str], *, needed: Sequence[str], used: Sequence[str]) -> None:
    missing = [column for column in needed if column not in header]
    if missing:
        raise TableError(f"the table lacks the column(s) {', '.join(missing)}; needed are {', '.join(needed)}")
    twice = [column for column in used if header.count(column) > 1]
    if twice:
        raise TableError(f"the table has the column(s) {', '.join(twice)} twice; keep one of each")


def _suspected(table: TextTable, lines: Sequence[Sequence[str]], *, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns of lengths that look like centimetres."""
    places = {name: table.header.index(name) for name in columns if name.endswith("_mm") and name in table.header}
    return tuple(
        name
        for name, place in places.items()
        if looks_like_centimetres(
            _numbers((cells[place] for cells in lines if len(cells) > place), decimal=table.decimal)
        )
    )


def _numbers(texts: Iterable[str], *, decimal: str) -> Iterator[float]:
    for text in texts:
        with suppress(ValueError):
            yield as_number(text, decimal=decimal)


def _unit_problems(columns: Sequence[str]) -> Iterator[TableProblem]:
    for column in columns:
        reason = (
            "looks like centimetres under a heading of millimetres, and is left out; "
            "confirm with --unit cm, or with --unit mm if it is millimetres after all"
        )
        yield TableProblem(0, column, ErrorCode.UNIT_SUSPECTED, reason)
