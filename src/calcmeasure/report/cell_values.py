"""One cell to one value; whatever is wrong with it has a code."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any, Final, get_args, get_origin, get_type_hints

from calcmeasure.errors import ErrorCode
from calcmeasure.geometry import SpacingSource
from calcmeasure.model.measurement import Measurement
from calcmeasure.tables import as_number, text_of_cell

Parse = Callable[[str], object]

LONGEST_MM = 500.0
"""Nothing in a breast is longer: such a length is in another unit, or a slip of the keyboard."""

EMPTY: Final = object()
"""What a cell without anything in it says."""

_MOST_KNOWN = 65536
_TIMEPOINT = re.compile(r"baseline|followup-[1-9][0-9]*")
GEOMETRY_COLUMNS: Final[Mapping[str, Any]] = {
    **{f"end{i}_{axis}": "number" for i in (1, 2) for axis in ("slice", "row", "col")},
    **dict.fromkeys(("spacing_row_mm", "spacing_col_mm", "spacing_slice_mm", "magnification"), "length"),
    **dict.fromkeys(("series_uid", "sop_uid", "phase_rule", "phase_time_zero"), "text"),
    **dict.fromkeys(("frame", "phase_index"), "count"),
    "phase_time_s": "number",
    "spacing_source": SpacingSource,
}
"""Columns that are no field of a measurement of their own, and what they hold."""


class CellError(ValueError):
    """A cell cannot be used.

    Parameters
    ----------
    words
        Fit behind the name of the column.
    code
        For ``skipped.csv``.
    """

    def __init__(self, words: str, *, code: ErrorCode = ErrorCode.TABLE) -> None:
        super().__init__(words)
        self.code = code


class KnownCells(dict[str, object]):
    """What the cells of one column say; one that was seen before is not read again.

    Parameters
    ----------
    parse
        Of the column; raises `CellError` anew for every cell it refuses.
    words
        What a cell says, and what we say instead.
    nothing
        Texts that stand for an empty cell, whose value is `EMPTY`.
    """

    def __init__(self, parse: Parse, words: Mapping[str, str], nothing: frozenset[str]) -> None:
        super().__init__()
        self._parse, self._words, self._nothing = parse, words, nothing

    def __missing__(self, cell: str) -> object:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        text = cell.strip()
        if text:
            text = self._words.get(text, text)
        value = self[cell] = self._parse(text) if text and text not in self._nothing else EMPTY
        return value


def readable_columns() -> frozenset[str]:
    """Names of the columns that are read."""
    return frozenset({*GEOMETRY_COLUMNS, *_FIELDS})


def parsers(decimal: str, mm_per_unit: Decimal) -> dict[str, Parse]:
    """Say how each column is read, by what the field of a measurement holds.

    Parameters
    ----------
    decimal
        What separates decimals.
    mm_per_unit
        Factor of the lengths.

    Returns
    -------
    dict
        Our column to a function of its text, which raises `CellError`.
    """
    stated_mm = partial(_length, decimal=decimal, factor=mm_per_unit)
    by_kind: dict[object, Parse] = {
        "text": text_of_cell,
        "number": partial(_number, decimal=decimal),
        "length": partial(_length, decimal=decimal, factor=Decimal(1)),
        "count": partial(_count, decimal=decimal),
        str: text_of_cell,
        float: partial(_number, decimal=decimal),
        int: partial(_count, decimal=decimal),
    }
    kinds = {**GEOMETRY_COLUMNS, **_FIELDS}
    parsers = {name: by_kind[kind] if kind in by_kind else _parser_of(kind) for name, kind in kinds.items()}
    special: dict[str, Parse] = {
        **dict.fromkeys(("patient_id", "lesion_id", "reader"), _identifier),
        **dict.fromkeys(_STATED_LENGTHS, stated_mm),
        "timepoint": _timepoint,
        "study_date": _iso_date,
    }
    return parsers | special


def _parser_of(kind: object) -> Parse:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return partial(_one_of, {member.value: member for member in kind})
    return _several


_NO_CELL: Final = frozenset({"ends", "image", "phase", "annotation_id"})
"""Fields that are put together from several columns, or are not read."""
_STATED_LENGTHS: Final = (
    "value_mm", "short_axis_mm", "independent_mm", "linked_mm", "diameter_3d_mm",
    "neighbours_low_mm", "neighbours_high_mm",
)  # fmt: skip
"""Columns whose unit is that of the table."""


def _field_kinds() -> dict[str, Any]:
    """Kind of every field that is one cell: the type it is declared with, None left away."""
    hints = get_type_hints(Measurement)
    kinds = {}
    for one in fields(Measurement):
        hint = hints[one.name]
        if get_origin(hint) is types.UnionType:
            (hint,) = (part for part in get_args(hint) if part is not type(None))
        kinds[one.name] = hint
    return {name: kind for name, kind in kinds.items() if name not in _NO_CELL}


_FIELDS: Final = _field_kinds()


def _identifier(text: str) -> str:
    if text.startswith(("=", "@")):
        words = f"holds a formula, {text[:20]!r}; put a ' before it if it is meant as text"
        raise CellError(words, code=ErrorCode.FORMULA)
    return text_of_cell(text)


def _several(text: str) -> tuple[str, ...]:
    return tuple(part for part in text_of_cell(text).split(";") if part)


@lru_cache(maxsize=65536)
def _timepoint(text: str) -> str:
    if not _TIMEPOINT.fullmatch(text):
        words = f"must be 'baseline', 'followup-1', 'followup-2', ...; found {text[:30]!r}"
        raise CellError(words, code=ErrorCode.UNKNOWN_CATEGORY)
    return text


@lru_cache(maxsize=65536)
def _iso_date(text: str) -> str:
    try:
        if len(text) == 10:
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise CellError(f"must be a date such as 2024-03-31, or empty; found {text[:30]!r}")


def _number(text: str, *, decimal: str) -> float:
    try:
        return as_number(text, decimal=decimal)
    except ValueError as error:
        raise CellError(str(error), code=ErrorCode.NOT_A_NUMBER) from None


@lru_cache(maxsize=65536)
def _length(text: str, *, decimal: str, factor: Decimal) -> float:
    value = _number(text, decimal=decimal)
    if factor != 1:
        # Exact: 1.1 cm are 11 mm, and in binary they would not be.
        value = float(Decimal(text.replace(",", ".")) * factor)
    if value < 0:
        raise CellError(f"must not be negative, found {text[:20]}", code=ErrorCode.OUT_OF_RANGE)
    if value > LONGEST_MM:
        words = f"is {value:g} mm, and nothing in a breast is longer than {LONGEST_MM:g} mm; check the unit"
        raise CellError(words, code=ErrorCode.OUT_OF_RANGE)
    return value


def _count(text: str, *, decimal: str) -> int:
    value = _number(text, decimal=decimal)
    if value < 0 or not value.is_integer():
        raise CellError(f"must be a whole number, found {text[:20]}", code=ErrorCode.NOT_A_NUMBER)
    return int(value)


def _one_of(members: Mapping[str, StrEnum], text: str) -> StrEnum:
    if text not in members:
        words = f"must be one of {', '.join(members)}; found {text[:30]!r}"
        raise CellError(words, code=ErrorCode.UNKNOWN_CATEGORY)
    return members[text]
