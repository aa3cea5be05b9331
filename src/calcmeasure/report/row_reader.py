"""Cells of one row to one measurement; whatever is wrong is named by its line and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from calcmeasure.errors import ErrorCode, SpacingError
from calcmeasure.geometry import Spacing, SpacingSource, line_length_mm
from calcmeasure.model.annotation import ImageReference, PhaseReference
from calcmeasure.model.imaging import Skipped
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.cell_values import EMPTY, GEOMETRY_COLUMNS, CellError, KnownCells, parsers
from calcmeasure.tables import Row, cells_of, text_of_cell
from calcmeasure.terms import Flag

Cells = dict[str, Any]

_IN_ORDER = ("patient_id", "timepoint", "quantity")
_REQUIRED = frozenset(_IN_ORDER)

ROUNDING_MM = 0.002
"""Points and spacing are written rounded; a length from them may differ by this much from the one they came from."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column that is read.

    Parameters
    ----------
    name
        Ours.
    index
        Position among the cells.
    title
        As the file calls it.
    """

    name: str
    index: int
    title: str


@dataclass(frozen=True)
class RowReader:
    """Reads rows of one table.

    Parameters
    ----------
    path
        The table; for what is left out.
    columns
        Those that are read; others are not looked at.
    width
        Number of cells a row has.
    constants
        Cells, by our name, that the table does not have.
    values
        By our name: what a cell says, and what we say instead.
    decimal
        What separates decimals.
    mm_per_unit
        Factor of the lengths.
    nothing
        Texts that stand for an empty cell.
    is_visit
        An empty length means that the visit did not take place, rather than that nothing could be measured.
    left_out
        Quantities whose unit is in doubt.
    separator
        Of the cells in the text of a row.
    """

    path: Path
    columns: tuple[Column, ...]
    width: int
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decimal: str = "."
    mm_per_unit: Decimal = Decimal(1)
    nothing: frozenset[str] = frozenset()
    is_visit: bool = False
    left_out: frozenset[str] = frozenset()
    separator: str = ","
    _plan: tuple[tuple[int, str, KnownCells], ...] = field(init=False, repr=False, compare=False)
    _given: Cells = field(init=False, repr=False, compare=False)
    _titles: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _patient_at: int = field(init=False, repr=False, compare=False)
    _has_geometry: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        read = parsers(self.decimal, self.mm_per_unit)
        known = [
            (column, KnownCells(read[column.name], self.values.get(column.name, {}), self.nothing))
            for column in self.columns
            if column.name in read
        ]
        given: Cells = {name: read[name](text) for name, text in self.constants.items()}
        object.__setattr__(self, "_plan", tuple((c.index, c.name, cells) for c, cells in known))
        unsaid: Cells = {"value_mm": None, "reader": "", "method": None}
        object.__setattr__(self, "_given", Measurement.defaults() | unsaid | given)
        object.__setattr__(self, "_titles", {column.name: column.title for column in self.columns})
        places = [column.index for column in self.columns if column.name == "patient_id"]
        object.__setattr__(self, "_patient_at", places[0] if places else self.width)
        object.__setattr__(self, "_has_geometry", any(column.name in GEOMETRY_COLUMNS for column, _ in known))

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to other processes as what it was made of: what it found in cells stays here."""
        return RowReader, tuple(getattr(self, one.name) for one in fields(self) if one.init)

    def patient_cell(self, text: str) -> str:
        """Find the cell that names the patient in the text of a row, whether the row can be used or not."""
        return self.cell(text, self._patient_at) or ""

    def patient_id(self, cell: str) -> str:
        """Tell the patient from the cell; empty where it names none."""
        text = cell.strip()
        return text_of_cell(self.values.get("patient_id", {}).get(text, text))

    def cell(self, text: str, index: int) -> str | None:
        """Find one cell in the text of a row; None where the row ends before."""
        cells = cells_of(text, self.separator) if '"' in text else text.split(self.separator, index + 1)
        return cells[index] if index < len(cells) else None

    def read_text(self, line: int, text: str) -> tuple[Measurement | None, tuple[Skipped, ...]]:
        """Read the text of one row; see `read`."""
        return self.read((line, cells_of(text, self.separator)))

    def read(self, row: Row) -> tuple[Measurement | None, tuple[Skipped, ...]]:
        """Read one row.

        Returns
        -------
        measurement
            None where the row cannot be used, or says nothing.
        problems
            One for every cell that is wrong; with a measurement, what to know about it.
        """
        line, cells = row
        if len(cells) != self.width and (len(cells) < self.width or any(cells[self.width :])):
            return None, (self._problem(line, "", f"{len(cells)} cells where the header names {self.width}"),)
        found, problems = self._cells(line, cells)
        if problems:
            return None, tuple(problems)
        if not found.keys() >= _REQUIRED:
            words, empty = "must not be empty", [name for name in _IN_ORDER if name not in found]
            return None, tuple(self._problem(line, name, words, code=ErrorCode.EMPTY_CELL) for name in empty)
        if (self.left_out and found["quantity"] in self.left_out) or (self.is_visit and found["value_mm"] is None):
            return None, ()
        try:
            return self._measurement(line, found)
        except SpacingError as error:
            return None, (self._problem(line, "spacing_row_mm", str(error)),)

    def _cells(self, line: int, cells: Sequence[str]) -> tuple[Cells, list[Skipped]]:
        found, problems = dict(self._given), []
        for index, name, known in self._plan:
            try:
                value = known[cells[index]]
            except CellError as error:
                problems.append(self._problem(line, name, str(error), code=error.code))
            else:
                if value is not EMPTY:
                    found[name] = value
        return found, problems

    def _measurement(self, line: int, found: Cells) -> tuple[Measurement, tuple[Skipped, ...]]:
        if not self._has_geometry:
            return Measurement.of(found), ()
        stated_mm = found["value_mm"]
        measurement = Measurement.of(_with_geometry(found))
        if stated_mm is None or measurement.value_mm is None or not _disagree(stated_mm, measurement.value_mm):
            return measurement, ()
        words = f"states {stated_mm:g} mm; points and spacing give {measurement.value_mm:g} mm, and this was scored"
        return measurement, (self._problem(line, "value_mm", words, code=ErrorCode.VALUE_DISAGREES),)

    def _problem(self, line: int, name: str, words: str, *, code: ErrorCode = ErrorCode.TABLE) -> Skipped:
        place = f"line {line}, column {self._titles.get(name, name)}" if name else f"line {line}"
        return Skipped(self.path, code, f"{place}: {words}")


def _disagree(stated_mm: float, measured_mm: float) -> bool:
    """Whether two lengths differ by more than rounding: half of the last digit stated, and that of the points."""
    digits = Decimal(repr(stated_mm)).as_tuple().exponent
    return abs(stated_mm - measured_mm) > 0.5 * 10.0 ** int(digits) + ROUNDING_MM


def _with_geometry(found: Cells) -> Cells:
    """Put the columns of points, image and phase together; points and spacing decide about the length."""
    cells = {name: found.pop(name) for name in GEOMETRY_COLUMNS if name in found}
    ends, image = _ends(cells), _image(cells, found.get("study_uid", ""))
    spacing = None if image is None else image.spacing
    value_mm = found["value_mm"]
    if value_mm is not None and ends and spacing and (len(ends[0]) == 2 or spacing.slice_mm is not None):
        measured_mm = round(line_length_mm(ends, spacing), 3)
        if _disagree(value_mm, measured_mm):
            found["flags"] = (*found.get("flags", ()), Flag.STATED_VALUE_DIFFERS)
        value_mm = measured_mm
    return found | {"value_mm": value_mm, "ends": ends, "image": image, "phase": _phase(cells)}


def _ends(cells: Cells) -> tuple[tuple[float, ...], ...]:
    """Both end points; empty unless each has row and column, and both a slice or neither."""
    axes = [axis for axis in ("slice", "row", "col") if f"end1_{axis}" in cells or f"end2_{axis}" in cells]
    if axes[-2:] != ["row", "col"] or any(f"end{i}_{axis}" not in cells for i in (1, 2) for axis in axes):
        return ()
    return tuple(tuple(cells[f"end{i}_{axis}"] for axis in axes) for i in (1, 2))


def _image(cells: Cells, study_uid: str) -> ImageReference | None:
    spacing = _spacing(cells)
    sop_uid, series_uid = cells.get("sop_uid", ""), cells.get("series_uid", "")
    if spacing is None and not sop_uid and not series_uid:
        return None
    return ImageReference(sop_uid, series_uid, cells.get("frame", 0), 0, 0, spacing, study_uid)


def _spacing(cells: Cells) -> Spacing | None:
    if "spacing_row_mm" not in cells or "spacing_col_mm" not in cells:
        return None
    source = cells.get("spacing_source", SpacingSource.GIVEN)
    slice_mm, magnification = cells.get("spacing_slice_mm"), cells.get("magnification")
    return Spacing(cells["spacing_row_mm"], cells["spacing_col_mm"], source, slice_mm, magnification)


def _phase(cells: Cells) -> PhaseReference | None:
    if "phase_index" not in cells:
        return None
    rule, time_zero = cells.get("phase_rule", ""), cells.get("phase_time_zero", "")
    return PhaseReference(cells["phase_index"], cells.get("phase_time_s"), rule, time_zero)
