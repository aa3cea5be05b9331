"""Measurements with the place they come from, and what no single row can tell: repeats, two baselines, wrong order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from calcmeasure.errors import AnnotationError, ErrorCode
from calcmeasure.model.imaging import Skipped
from calcmeasure.model.measurement import Measurement
from calcmeasure.pipeline.score_input import PatientInput
from calcmeasure.report.row_reader import RowReader
from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import LesionRelation

Finding = tuple[object, ...]

_finding = attrgetter("reader", "timepoint", "quantity", "laterality", "view", "lesion_id")


class Placed(NamedTuple):
    """A measurement and where it stands.

    Parameters
    ----------
    line
        Of a table; 0 for a saved annotation.
    """

    measurement: Measurement
    path: Path
    line: int = 0

    @property
    def place(self) -> str:
        """Say where it stands, by the kind of source; never a path."""
        if self.line:
            return f"line {self.line} of the table {self.path.name}"
        return "a saved annotation" if self.path.suffix == ".json" else "the store"

    def refused(self, code: ErrorCode, words: str) -> Skipped:
        """Say why it is not used."""
        return Skipped(self.path, code, f"line {self.line}: {words}" if self.line else words)


def measurements_of(patient: PatientInput, readers: Sequence[RowReader]) -> tuple[list[Measurement], list[Skipped]]:
    """Read and measure everything there is of one patient, and leave out what cannot stand.

    Parameters
    ----------
    patient
        Annotations and rows.
    readers
        Of the tables the rows come from.

    Returns
    -------
    measurements, problems
        By any number of readers, and one entry per cell, row or annotation left out.
    """
    placed, problems = _placed(patient, readers)
    measurements, contradictions = check_together(placed)
    return measurements, [*problems, *contradictions]


def check_together(rows: Sequence[Placed]) -> tuple[list[Measurement], list[Skipped]]:
    """Leave out what contradicts something else of the same patient; nothing is chosen by guess.

    A row that repeats another counts once. Two bare lengths of one named finding are both left out, as is a baseline
    with two dates (per reader, quantity and side), and a follow-up that is dated before the baseline of its quantity.

    Parameters
    ----------
    rows
        Of one patient, by any number of readers.

    Returns
    -------
    measurements, problems
        What is left, in the order given, and one entry per row left out.
    """
    problems: dict[int, Skipped] = {}
    left = list(enumerate(rows))
    for check in (_repeats, _baselines_with_two_dates, _visits_before_baseline):
        found = dict(check(left))
        if found:
            problems |= found
            left = [(i, row) for i, row in left if i not in found]
    return [row.measurement for _, row in left], list(problems.values())


def _placed(patient: PatientInput, readers: Sequence[RowReader]) -> tuple[list[Placed], list[Skipped]]:
    placed, problems = _drawn(patient) if patient.annotations else ([], [])
    for number, line, text in patient.rows:
        reader = readers[number]
        measurement, found = reader.read_text(line, text)
        if found:
            problems += found
        if measurement is not None:
            placed.append(Placed(measurement, reader.path, line))
    return placed, problems


def _drawn(patient: PatientInput) -> tuple[list[Placed], list[Skipped]]:
    # Compiled geometry is loaded where something was drawn: tables need none of it.
    from calcmeasure.measure.annotations import measure_annotation

    placed: list[Placed] = []
    problems: list[Skipped] = []
    for stored, path in patient.annotations:
        try:
            measured = measure_annotation(stored.annotation, patient_id=stored.patient_id, reader=stored.reader)
            placed.append(Placed(measured, path))
        except AnnotationError as error:
            problems.append(Skipped(path, error.code, error.message))
    return placed, problems


def _repeats(rows: Sequence[tuple[int, Placed]]) -> Iterator[tuple[int, Skipped]]:
    findings = [_finding(row.measurement) for _, row in rows]
    if len(set(findings)) == len(findings):
        return
    groups: dict[Finding, list[tuple[int, Placed]]] = defaultdict(list)
    for finding, numbered in zip(findings, rows, strict=True):
        groups[finding].append(numbered)
    parts = {row.measurement.lesion_id for _, row in rows if row.measurement.relation is LesionRelation.SPLIT}
    alike = [group for group in groups.values() if len(group) > 1]
    for group in alike:
        yield from _equal_ones(group)
        lengths = {row.measurement.value_mm for _, row in group}
        if len(lengths) > 1 and _is_one_finding(group, parts=parts):
            for i, row in group:
                words = f"another length of this finding stands in {_others(group, row)}; neither was used: keep one"
                yield i, row.refused(ErrorCode.CONFLICTING_ROWS, words)


def _others(group: Sequence[tuple[int, Placed]], row: Placed) -> str:
    others = [other for _, other in group if other is not row]
    if all(other.line and other.path == row.path for other in others):
        return f"line {', '.join(str(other.line) for other in others)}"
    return ", ".join(other.place for other in others)


def _equal_ones(group: Sequence[tuple[int, Placed]]) -> Iterator[tuple[int, Skipped]]:
    first: dict[Measurement, Placed] = {}
    for i, row in group:
        before = first.setdefault(row.measurement, row)
        if before is not row:
            if before.path == row.path and before.line:
                words = f"repeats line {before.line}; it counts once"
            else:
                words = f"{row.place} repeats {before.place}; it counts once: give one of these sources"
            yield i, row.refused(ErrorCode.DUPLICATE_ROW, words)


def _is_one_finding(group: Sequence[tuple[int, Placed]], *, parts: set[str]) -> bool:
    """Whether several lengths cannot all be true: one named finding, no parts of it, no points that tell them apart."""
    m = group[0][1].measurement
    return bool(m.lesion_id) and m.lesion_id not in parts and not any(row.measurement.image for _, row in group)


def _baselines_with_two_dates(rows: Iterable[tuple[int, Placed]]) -> Iterator[tuple[int, Skipped]]:
    groups: dict[Finding, list[tuple[int, Placed]]] = defaultdict(list)
    for i, row in rows:
        m = row.measurement
        if m.timepoint == BASELINE and m.study_date:
            groups[m.reader, m.quantity, m.laterality].append((i, row))
    for group in groups.values():
        dates = sorted({row.measurement.study_date for _, row in group})
        if len(dates) > 1:
            words = f"the baseline is dated {' and '.join(dates)}; keep the one that counts"
            yield from ((i, row.refused(ErrorCode.TWO_BASELINES, words)) for i, row in group)


def _visits_before_baseline(rows: Sequence[tuple[int, Placed]]) -> Iterator[tuple[int, Skipped]]:
    baselines: dict[Finding, str] = {}
    for _, row in rows:
        m = row.measurement
        if m.timepoint == BASELINE and m.study_date:
            key = (m.reader, m.quantity)
            baselines[key] = min(m.study_date, baselines.get(key, m.study_date))
    for i, row in rows if baselines else ():
        m = row.measurement
        day = baselines.get((m.reader, m.quantity), "")
        if m.study_date < day and m.study_date and m.timepoint != BASELINE:
            words = f"{m.timepoint} is dated {m.study_date}, before the baseline of {day}"
            yield i, row.refused(ErrorCode.VISIT_DATES, words)
