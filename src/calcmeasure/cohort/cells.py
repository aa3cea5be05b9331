"""The cells of one row, checked as they are read; every complaint names its line and column."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from calcmeasure.cohort.columns import LONGEST_MM, SIDES
from calcmeasure.cohort.row import TableProblem
from calcmeasure.cohort.units import millimetres_of
from calcmeasure.errors import ErrorCode
from calcmeasure.tables import FORMULA_STARTS, as_number, text_of_cell
from calcmeasure.terms import Laterality

Member = TypeVar("Member", bound=StrEnum)
_EXCLUSION = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


class Cells:
    """One row of a table.

    Parameters
    ----------
    record
        Text by column; a column that the table lacks is empty.
    line
        Of the file, the header being 1.
    decimal
        What separates decimals.
    centimetres
        Columns to read as centimetres, whatever they are called.

    Attributes
    ----------
    problems
        Cells that could not be taken, in the order they were asked for; their values are None or empty.
    """

    def __init__(
        self, record: Mapping[str, str], *, line: int, decimal: str = ".", centimetres: Collection[str] = ()
    ) -> None:
        self._record = record
        self.line = line
        self._decimal = decimal
        self._centimetres = centimetres
        self.problems: list[TableProblem] = []

    def refuse(self, column: str, code: ErrorCode, reason: str) -> None:
        """Add a complaint about a cell, or about the whole row where the column is empty."""
        self.problems.append(TableProblem(self.line, column, code, reason))

    def text(self, column: str) -> str:
        """Read a text; empty when it would run as a formula."""
        value = self._raw(column)
        if value.startswith(FORMULA_STARTS):
            self.refuse(column, ErrorCode.FORMULA, "begins like a formula; write an apostrophe (') before a text")
            return ""
        return text_of_cell(value)

    def patient_id(self) -> str:
        """Read the identifier, which must be there."""
        value = self.text("patient_id")
        if not self._raw("patient_id"):
            self.refuse("patient_id", ErrorCode.EMPTY_CELL, "is empty; every row needs a patient")
        return value

    def side(self) -> Laterality | None:
        """Read the side, which must be there."""
        text = self._raw("laterality")
        if not text:
            self.refuse("laterality", ErrorCode.EMPTY_CELL, "is empty; write R or L")
        elif text.upper() not in SIDES:
            self._unknown("laterality", ("R", "L"))
        return SIDES.get(text.upper())

    def number(self, column: str, *, low: float, high: float) -> float | None:
        """Read a number within limits."""
        text = self._raw(column)
        if not text:
            return None
        try:
            value = as_number(text, decimal=self._decimal)
        except ValueError as error:
            self.refuse(column, ErrorCode.NOT_A_NUMBER, f"{error}; leave the cell empty where nothing is known")
            return None
        return self._within(column, value, low=low, high=high)

    def whole(self, column: str, *, low: int, high: int) -> int | None:
        """Read a whole number within limits."""
        value = self.number(column, low=low, high=high)
        if value is not None and not value.is_integer():
            self._unknown(column, (f"a whole number from {low} to {high}",))
            return None
        return None if value is None else int(value)

    def yes_or_no(self, column: str) -> bool | None:
        """Read 1 for yes and 0 for no."""
        text = self._raw(column)
        if text and text not in ("0", "1", "0.0", "1.0"):
            self._unknown(column, ("0", "1"))
            return None
        return text.startswith("1") if text else None

    def length(self, column: str) -> float | None:
        """Read a length in mm."""
        value = self.number(column, low=0.0, high=LONGEST_MM)
        return millimetres_of(value) if value is not None and column in self._centimetres else value

    def category(self, column: str, known: Iterable[str]) -> str:
        """Read one of some words, whatever its capitals and spaces; empty when there is none."""
        words = tuple(known)
        text = self._raw(column)
        if not text or text in words:
            return text
        same = next((word for word in words if _folded(word) == _folded(text)), "")
        if not same:
            self._unknown(column, words)
        return same

    def member(self, column: str, kind: type[Member], *, also: Mapping[str, Member] | None = None) -> Member | None:
        """Read one member of an enum, or another word for it."""
        others = also or {}
        word = self.category(column, (*kind, *others))
        return others[word] if word in others else kind(word) if word else None

    def day(self, column: str) -> str:
        """Read an ISO date; empty when there is none."""
        text = self._raw(column)
        try:
            return date.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            self._unknown(column, ("a date such as 2024-03-31",))
            return ""

    def exclusion(self) -> str:
        """Read the reason code of a row that is left out."""
        text = self.text("excluded")
        if text and not _EXCLUSION.fullmatch(text):
            self._unknown("excluded", ("a code such as poor_image_quality, without spaces",))
            return ""
        return text

    def _raw(self, column: str) -> str:
        return self._record.get(column, "").strip()

    def _within(self, column: str, value: float, *, low: float, high: float) -> float | None:
        if low <= value <= high:
            return value + 0.0
        limit = "must not be negative" if value < low == 0 else f"must be from {low:g} to {high:g}"
        self.refuse(column, ErrorCode.OUT_OF_RANGE, f"{limit}, found {value:g}; correct it")
        return None

    def _unknown(self, column: str, known: Iterable[str]) -> None:
        reason = f"must be {' or '.join(known)}, found {self._raw(column)[:20]!r}"
        self.refuse(column, ErrorCode.UNKNOWN_CATEGORY, reason)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()
