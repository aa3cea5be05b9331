"""Sheets of an Excel workbook (``.xlsx``) as tables of text."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.errors import ErrorCode, TableError
from calcmeasure.report.files import csv_lines
from calcmeasure.tables import Row, TextTable

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

_MAX_BYTES = 1 << 30
"""More than this when unpacked is no table that a spreadsheet program could open."""


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook, by its name."""
    return path.suffix.lower() in (".xlsx", ".xlsm")


def read_sheet(path: Path, *, sheet: str = "", header_row: int = 1) -> TextTable:
    """Read one sheet; a formula gives the value it had when the file was saved.

    Parameters
    ----------
    path
        Workbook.
    sheet
        Name of the sheet; may be left out where there is one only.
    header_row
        Row of the column names, counted from 1.

    Raises
    ------
    TableError
        If it is no workbook, is damaged, or has no such sheet.
    """
    with warnings.catch_warnings():
        # What openpyxl does not know (pictures, styles of newer versions) is not in the cells.
        warnings.simplefilter("ignore", UserWarning)
        rows = list(_rows(_open(path), sheet, header_row))
    if not rows:
        raise TableError("the sheet is empty")
    lines = tuple((number, csv_lines([cells])) for number, cells in rows[1:])
    return TextTable(tuple(name.strip() for name in rows[0][1]), tuple(rows[1:]), lines=lines)


def _open(path: Path) -> Workbook:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
                raise TableError("the workbook is too large when unpacked", code=ErrorCode.BOMB)
        return load_workbook(path, read_only=True, data_only=True)
    except (OSError, zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError("the workbook cannot be read; save it as .xlsx or CSV") from error


def _rows(book: Workbook, sheet: str, header_row: int) -> Iterator[Row]:
    try:
        names = book.sheetnames
        if sheet not in names and (sheet or len(names) != 1):
            raise TableError(f"say which sheet to read: the workbook has {', '.join(names)}")
        cells = book[sheet or names[0]].iter_rows(min_row=header_row, values_only=True)
        for number, values in enumerate(cells, start=header_row):
            row = [_text(value) for value in values]
            if any(row):
                yield number, row
    finally:
        book.close()


def _text(value: object) -> str:
    """Cell as a CSV export with decimal points would hold it; a date without a time of day is a date alone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
