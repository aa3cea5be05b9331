"""Measurements read from tables: ours, one with the six needed columns, or another program's through a mapping."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from calcmeasure.cohort.units import LARGEST_CM, looks_like_centimetres
from calcmeasure.errors import ErrorCode, TableError
from calcmeasure.model.imaging import Skipped
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.mapping import UNITS_MM, TableMapping, visits_of
from calcmeasure.report.row_reader import Column, RowReader
from calcmeasure.report.workbook import is_workbook, read_sheet
from calcmeasure.tables import FIND_OUT, Line, Row, TextTable, as_number, read_text_table
from calcmeasure.terms import Quantity

NEEDED_COLUMNS = ("patient_id", "timepoint", "laterality", "lesion_id", "quantity", "value_mm")
"""Without these a table cannot be scored."""


@dataclass(frozen=True, slots=True)
class MeasurementTable:
    """A table and how its rows become measurements.

    Parameters
    ----------
    readers
        One for a table with a row per measurement; one per visit where visits stand side by side.
    rows
        As in the file; every reader reads every row.
    lines
        The same rows as text.
    is_unit_stated
        Whether somebody said what the lengths are in.
    notes
        What had to be guessed to read it.
    """

    path: Path
    readers: tuple[RowReader, ...]
    rows: Iterable[Row]
    lines: Iterable[Line]
    is_unit_stated: bool
    notes: tuple[str, ...] = ()


def open_measurement_table(
    path: Path, *, mapping: TableMapping | None = None, unit: str | None = None
) -> MeasurementTable:
    """Read the header of a measurements table; its rows are read when they are gone through.

    Parameters
    ----------
    path
        CSV text in any usual encoding and locale, or a workbook (``.xlsx``).
    mapping
        Names its columns; without one the table has our own names, at least `NEEDED_COLUMNS`.
    unit
        What its lengths are in, one of `mapping.UNITS_MM`; None where nobody said so. A mapping states its own.

    Raises
    ------
    TableError
        If it cannot be read, lacks a column, or has one twice.
    """
    table = _read(path, mapping)
    _check_header(table.header)
    if mapping is not None:
        visits = tuple(visits_of(mapping, table, path=path))
        return MeasurementTable(path, visits, table.rows, table.lines, is_unit_stated=True, notes=table.notes)
    missing = [column for column in NEEDED_COLUMNS if column not in table.header]
    if missing:
        raise TableError(f"the table lacks the column(s) {', '.join(missing)}; needed are {', '.join(NEEDED_COLUMNS)}")
    reader = RowReader(
        path,
        tuple(Column(name, index, name) for index, name in enumerate(table.header) if name),
        len(table.header),
        decimal=table.decimal,
        mm_per_unit=UNITS_MM[unit or "mm"],
        separator=table.separator,
    )
    is_stated = unit is not None
    return MeasurementTable(path, (reader,), table.rows, table.lines, is_unit_stated=is_stated, notes=table.notes)


def read_measurements(path: Path) -> list[Measurement]:
    """Read a measurements table that has to be whole.

    Parameters
    ----------
    path
        CSV with at least `NEEDED_COLUMNS`; an empty ``value_mm`` means not measurable.

    Raises
    ------
    TableError
        Naming the column or the line that cannot be used.
    """
    measurements = []
    for measurement, problems in _all_rows(open_measurement_table(path)):
        for problem in problems:
            if problem.code is not ErrorCode.VALUE_DISAGREES:
                raise TableError(problem.reason, code=problem.code)
        measurements += [] if measurement is None else [measurement]
    return measurements


def _all_rows(table: MeasurementTable) -> Iterator[tuple[Measurement | None, tuple[Skipped, ...]]]:
    return (reader.read(row) for row in table.rows for reader in table.readers)


def _read(path: Path, mapping: TableMapping | None) -> TextTable:
    layout = FIND_OUT if mapping is None else mapping.layout
    if is_workbook(path):
        return read_sheet(path, sheet="" if mapping is None else mapping.sheet, header_row=layout.header_row)
    return read_text_table(path, layout=layout)


def _check_header(header: tuple[str, ...]) -> None:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise TableError(f"the table has two columns called {', '.join(twice)}; rename or remove one")


def with_units_asked(table: MeasurementTable) -> tuple[MeasurementTable, list[Skipped]]:
    """Leave out quantities whose lengths look like centimetres where nobody said what they are in.

    Where somebody said centimetres, quantities that cannot be in them are left out. Rows with end points are not
    looked at: their lengths follow from points and spacing.

    Parameters
    ----------
    table
        As opened.

    Returns
    -------
    table, problems
        One problem for every quantity left out: it asks for the unit.
    """
    if table.is_unit_stated:
        return _without_millimetres(table)
    suspected = {quantity: values for quantity, values in _bare_lengths(table) if looks_like_centimetres(values)}
    return _without(
        table,
        suspected,
        "look like centimetres, and their rows were left out; say --unit cm, or --unit mm if they are millimetres "
        "after all",
    )


def _without_millimetres(table: MeasurementTable) -> tuple[MeasurementTable, list[Skipped]]:
    """Leave out quantities of a table in centimetres whose lengths are far too long for that."""
    columns = {column.name for reader in table.readers for column in reader.columns}
    if not columns.issuperset(NEEDED_COLUMNS) or all(r.mm_per_unit != UNITS_MM["cm"] for r in table.readers):
        return table, []
    lengths = _bare_lengths(table, longest=math.inf)
    too_long = {quantity: values for quantity, values in lengths if values and median(values) > LARGEST_CM}
    return _without(
        table,
        too_long,
        "are no centimetres, and their rows were left out; give a table for each unit, that of millimetres without "
        "--unit cm",
    )


def _without(
    table: MeasurementTable, doubtful: Mapping[Quantity, Sequence[float]], words: str
) -> tuple[MeasurementTable, list[Skipped]]:
    readers = tuple(replace(reader, left_out=frozenset(doubtful)) for reader in table.readers)
    return replace(table, readers=readers), [
        Skipped(
            table.path,
            ErrorCode.UNIT_SUSPECTED,
            f"column value_mm: {len(values)} lengths of {quantity}, {min(values):g} to {max(values):g}, {words}",
        )
        for quantity, values in doubtful.items()
    ]


def _bare_lengths(table: MeasurementTable, *, longest: float = LARGEST_CM) -> list[tuple[Quantity, list[float]]]:
    """Lengths above 0 of rows without end points, by quantity, as long as none of them is longer than the longest."""
    at = {column.name: column.index for reader in table.readers for column in reader.columns}
    lengths: dict[str, list[float]] = {quantity: [] for quantity in Quantity}
    for _, cells in table.rows:
        if len(cells) <= max(at[name] for name in NEEDED_COLUMNS) or ("end1_row" in at and cells[at["end1_row"]]):
            continue
        own = lengths.get(cells[at["quantity"]])
        if own is None:
            continue
        value = _length_or_zero(cells[at["value_mm"]], decimal=table.readers[0].decimal)
        if value > longest:
            del lengths[cells[at["quantity"]]]
            if not lengths:
                break
        elif value > 0:
            own.append(value)
    return [(Quantity(quantity), own) for quantity, own in lengths.items()]


def _length_or_zero(text: str, *, decimal: str) -> float:
    try:
        return as_number(text, decimal=decimal)
    except ValueError:
        return 0.0
