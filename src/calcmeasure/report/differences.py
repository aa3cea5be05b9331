"""Two runs side by side: which rows of ``responses.csv`` differ, and why."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from calcmeasure.errors import TableError
from calcmeasure.tables import read_text_table, text_of_cell
from calcmeasure.terms import Quantity

DIFFERENCE_COLUMNS = (
    "patient_id", "laterality", "quantity", "criteria", "timepoint", "reader", "why", "category_before",
    "category_after", "value_before_mm", "value_after_mm", "baseline_before_mm", "baseline_after_mm", "rule_before",
    "rule_after", "criteria_sha256_before", "criteria_sha256_after",
)  # fmt: skip
"""Columns of ``diff.csv`` in order."""

_NEEDED = ("patient_id", "laterality", "quantity", "criteria", "timepoint", "category", "rule")


class Why(StrEnum):
    """Why a row is not what it was."""

    NEW_ROW = "new_row"
    """There was no such row before."""
    GONE_ROW = "gone_row"
    """There is no such row any more."""
    PROFILE = "profile"
    """The criteria of that name are others, by their hash."""
    BASELINE = "baseline"
    """The value at baseline is another one."""
    VALUE = "value"
    """The value at the time point is another one."""
    COURSE = "course"
    """Same values and criteria: something else the rule looks at is different, or the version of calcmeasure."""


class ResponseCells(NamedTuple):
    """The cells of a response row that are compared, as text."""

    patient_id: str
    laterality: str
    quantity: str
    criteria: str
    timepoint: str
    reader: str
    category: str
    value_mm: str
    baseline_mm: str
    rule: str
    criteria_sha256: str

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same row in another run; lesions are judged together, whatever their side."""
        side = self.laterality if self.quantity == Quantity.CALCIFICATION_EXTENT else ""
        return (self.quantity, side, self.timepoint, self.reader, self.criteria)


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs; None where a run has no such row."""

    before: ResponseCells | None
    after: ResponseCells | None

    @property
    def why(self) -> tuple[Why, ...]:
        """Every reason that can be told from the two rows."""
        if self.before is None:
            return (Why.NEW_ROW,)
        if self.after is None:
            return (Why.GONE_ROW,)
        pairs = {
            Why.PROFILE: (self.before.criteria_sha256, self.after.criteria_sha256),
            Why.BASELINE: (self.before.baseline_mm, self.after.baseline_mm),
            Why.VALUE: (self.before.value_mm, self.after.value_mm),
        }
        return tuple(why for why, (old, new) in pairs.items() if old != new and (why, old) != (Why.PROFILE, "")) or (
            Why.COURSE,
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """One row of ``diff.csv``."""
        before, after = self.before or _NO_ROW, self.after or _NO_ROW
        either = self.after or self.before or _NO_ROW
        return (
            *either[:6], ";".join(self.why), before.category, after.category, before.value_mm, after.value_mm,
            before.baseline_mm, after.baseline_mm, before.rule, after.rule, before.criteria_sha256,
            after.criteria_sha256,
        )  # fmt: skip


_NO_ROW = ResponseCells(*("",) * len(ResponseCells._fields))


@dataclass(slots=True)
class DifferenceCounts:
    """How much differs.

    Parameters
    ----------
    classes
        (criteria, class before, class after) of the rows whose class is another one.
    why
        Rows by reason; a row may have several.
    rows
        All rows that differ.
    """

    classes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    why: Counter[Why] = field(default_factory=Counter)
    rows: int = 0

    def add(self, differences: Iterable[Difference]) -> None:
        """Count more rows."""
        for one in differences:
            self.rows += 1
            self.why.update(one.why)
            if one.before and one.after and one.before.category != one.after.category:
                self.classes[one.after.criteria, one.before.category, one.after.category] += 1

    def merge(self, other: DifferenceCounts) -> None:
        """Take in what was counted elsewhere."""
        self.classes += other.classes
        self.why += other.why
        self.rows += other.rows

    def lines(self) -> Iterator[str]:
        """Say it in words."""
        changed = sum(self.classes.values())
        yield f"{self.rows} rows differ from the earlier run; {changed} of them changed class"
        for (criteria, before, after), count in sorted(self.classes.items()):
            yield f"  {criteria}: {before} → {after}: {count}"
        yield from (f"  {why}: {self.why[why]}" for why in Why if self.why[why])


def find_differences(before: Iterable[ResponseCells], after: Iterable[ResponseCells]) -> list[Difference]:
    """Compare the rows of one patient; a row of which only the hash differs is the same.

    Parameters
    ----------
    before, after
        By the same criteria.

    Returns
    -------
    list of Difference
        In a stable order.
    """
    old, new = ({row.key: row for row in rows} for rows in (before, after))
    pairs = ((old.get(key), new.get(key)) for key in sorted({*old, *new}))
    return [Difference(one, other) for one, other in pairs if _told(one) != _told(other)]


def read_earlier(place: Path, *, criteria: Iterable[str]) -> dict[str, list[ResponseCells]]:
    """Read the responses of an earlier run.

    Parameters
    ----------
    place
        Its ``responses.csv``, or the folder that holds it; the hashes of its criteria may stand in ``run.json`` beside.
    criteria
        Names of the profiles to compare; rows by others are left out.

    Returns
    -------
    dict
        Rows by patient.

    Raises
    ------
    TableError
        If there is no such table, or it lacks a column.
    """
    path = place / "responses.csv" if place.is_dir() else place
    table = read_text_table(path)
    missing = [name for name in _NEEDED if name not in table.header]
    if missing:
        raise TableError(f"the earlier responses lack the column(s) {', '.join(missing)}")
    at = [table.header.index(name) if name in table.header else -1 for name in ResponseCells._fields]
    wanted, hashes = frozenset(criteria), _hashes(path.with_name("run.json"))
    rows: dict[str, list[ResponseCells]] = defaultdict(list)
    for line, cells in table.rows:
        if len(cells) != len(table.header):
            raise TableError(f"line {line} of the earlier responses has {len(cells)} cells; {len(table.header)} needed")
        row = ResponseCells(*("" if i < 0 else cells[i] for i in at))
        if row.criteria in wanted:
            known = row if row.criteria_sha256 else row._replace(criteria_sha256=hashes.get(row.criteria, ""))
            rows[text_of_cell(row.patient_id)].append(known)
    return rows


def _told(row: ResponseCells | None) -> tuple[str, ...]:
    return () if row is None else (row.category, row.value_mm, row.baseline_mm, row.rule)


def _hashes(path: Path) -> Mapping[str, str]:
    """Hashes by criteria that an earlier run wrote down; none where it did not."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    criteria = content.get("criteria") if isinstance(content, dict) else None
    return {str(k): str(v) for k, v in criteria.items()} if isinstance(criteria, dict) else {}
