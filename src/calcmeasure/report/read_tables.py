"""Measurements read back from a CSV table: ours, or one with the six needed columns."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pandas as pd

from calcmeasure.errors import TableError
from calcmeasure.geometry import Spacing, SpacingSource, line_length_mm
from calcmeasure.model.annotation import ImageReference, PhaseReference
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.tables import FORMULA_STARTS
from calcmeasure.terms import (
    Distribution,
    Laterality,
    LesionRelation,
    LesionType,
    Method,
    Modality,
    Morphology,
    Quantity,
    View,
)

NEEDED_COLUMNS = ("patient_id", "timepoint", "laterality", "lesion_id", "quantity", "value_mm")
"""Without these a table cannot be scored."""

_NOT_EMPTY = re.compile(r".+", re.DOTALL)
_TIMEPOINT = re.compile(r"baseline|followup-[1-9][0-9]*")
_QUANTITY = re.compile("|".join(Quantity))
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?")

Member = TypeVar("Member", bound=StrEnum)


def read_measurements(path: Path) -> list[Measurement]:
    """Read a measurements table.

    Parameters
    ----------
    path
        CSV with at least `NEEDED_COLUMNS`; an empty ``value_mm`` means not measurable.

    Raises
    ------
    TableError
        Naming the column or the line that cannot be used.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise TableError(f"the table cannot be read: {type(error).__name__}") from error
    missing = [column for column in NEEDED_COLUMNS if column not in frame.columns]
    if missing:
        raise TableError(f"the table lacks the column(s) {', '.join(missing)}; needed are {', '.join(NEEDED_COLUMNS)}")
    records: list[Mapping[str, str]] = frame.to_dict(orient="records")  # type: ignore[assignment]
    return [_measurement(record, line=line) for line, record in enumerate(records, start=2)]


def _measurement(record: Mapping[str, str], *, line: int) -> Measurement:
    cell = _Row(record, line)
    image, ends = _image(cell), _ends(cell)
    return Measurement(
        patient_id=cell.matching("patient_id", _NOT_EMPTY, "must not be empty"),
        timepoint=cell.matching("timepoint", _TIMEPOINT, "must be 'baseline', 'followup-1', 'followup-2', ..."),
        quantity=Quantity(cell.matching("quantity", _QUANTITY, f"must be one of {', '.join(Quantity)}")),
        value_mm=_value_mm(cell, ends, image),
        laterality=cell.member(Laterality, "laterality"),
        lesion_id=cell.text("lesion_id"),
        study_uid=cell.text("study_uid"),
        study_date=cell.matching("study_date", _DATE, "must be a date such as 2024-03-31, or empty"),
        modality=cell.member(Modality, "modality"),
        view=cell.member(View, "view"),
        short_axis_mm=cell.length("short_axis_mm"),
        reader=cell.text("reader"),
        method=cell.member(Method, "method"),
        confidence=cell.number("confidence"),
        morphology=cell.member(Morphology, "morphology"),
        distribution=cell.member(Distribution, "distribution"),
        n_marks=cell.count("n_marks"),
        ends=ends,
        image=image,
        phase=_phase(cell),
        volume_mm3=cell.number("volume_mm3"),
        flags=cell.several("flags"),
        software=cell.text("software"),
        created_utc=cell.text("created_utc"),
        lesion_type=cell.member(LesionType, "lesion_type"),
        relation=cell.member(LesionRelation, "relation"),
        from_lesions=cell.several("from_lesions"),
    )


def _value_mm(cell: _Row, ends: tuple[tuple[float, ...], ...], image: ImageReference | None) -> float | None:
    """Recompute the length from its end points where they exist: a corrected spacing then corrects the value."""
    given = cell.length("value_mm")
    if given is None or not ends or image is None or image.spacing is None:
        return given
    if len(ends[0]) == 3 and image.spacing.slice_mm is None:
        return given
    return round(line_length_mm(ends, image.spacing), 3)


def _ends(cell: _Row) -> tuple[tuple[float, ...], ...]:
    """Both end points; empty unless each has row and column, and both a slice or neither."""
    axes = [axis for axis in ("slice", "row", "col") if cell.text(f"end1_{axis}") or cell.text(f"end2_{axis}")]
    values = [[cell.number(f"end{i}_{axis}") for axis in axes] for i in (1, 2)]
    ends = tuple(tuple(value for value in end if value is not None) for end in values)
    return ends if axes[-2:] == ["row", "col"] and all(len(end) == len(axes) for end in ends) else ()


def _image(cell: _Row) -> ImageReference | None:
    spacing = _spacing(cell)
    sop_uid, series_uid = cell.text("sop_uid"), cell.text("series_uid")
    if spacing is None and not sop_uid and not series_uid:
        return None
    return ImageReference(sop_uid, series_uid, cell.count("frame") or 0, 0, 0, spacing, cell.text("study_uid"))


def _spacing(cell: _Row) -> Spacing | None:
    row_mm, col_mm = cell.length("spacing_row_mm"), cell.length("spacing_col_mm")
    if row_mm is None or col_mm is None:
        return None
    source = cell.member(SpacingSource, "spacing_source") or SpacingSource.GIVEN
    return Spacing(row_mm, col_mm, source, cell.length("spacing_slice_mm"), cell.length("magnification"))


def _phase(cell: _Row) -> PhaseReference | None:
    index = cell.count("phase_index")
    if index is None:
        return None
    return PhaseReference(index, cell.number("phase_time_s"), cell.text("phase_rule"), cell.text("phase_time_zero"))


class _Row:
    """Cells of one line, checked as they are read."""

    def __init__(self, record: Mapping[str, str], line: int) -> None:
        self._record = record
        self._line = line

    def text(self, column: str) -> str:
        value = self._record.get(column, "").strip()
        return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA_STARTS) else value

    def several(self, column: str) -> tuple[str, ...]:
        return tuple(part for part in self.text(column).split(";") if part)

    def matching(self, column: str, pattern: re.Pattern[str], rule: str) -> str:
        text = self.text(column)
        if not pattern.fullmatch(text):
            raise TableError(f"line {self._line}: {column} {rule}; found {text[:30]!r}")
        return text

    def count(self, column: str) -> int | None:
        value = self.number(column)
        if value is not None and (value < 0 or value != int(value)):
            raise TableError(f"line {self._line}: {column} must be a whole number, found {value}")
        return None if value is None else int(value)

    def number(self, column: str) -> float | None:
        text = self.text(column)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise TableError(f"line {self._line}: {column} must be a number, found {text[:20]!r}")
        return value

    def length(self, column: str) -> float | None:
        value = self.number(column)
        if value is not None and value < 0:
            raise TableError(f"line {self._line}: {column} must not be negative, found {value}")
        return value

    def member(self, kind: type[Member], column: str) -> Member | None:
        text = self.text(column)
        try:
            return kind(text) if text else None
        except ValueError as error:
            known = ", ".join(kind)
            raise TableError(f"line {self._line}: {column} must be one of {known}; found {text[:30]!r}") from error
