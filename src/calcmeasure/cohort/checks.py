"""What cells of one row, and rows of one table, say against each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from calcmeasure.cohort.pathology_row import PathologyRow
from calcmeasure.cohort.row import CohortRow, TableProblem
from calcmeasure.errors import ErrorCode
from calcmeasure.model.pathology import MillerPayne, PathologyResult, Residual
from calcmeasure.terms import Laterality

Row = TypeVar("Row", CohortRow, PathologyRow)


@dataclass(frozen=True, slots=True)
class Line(Generic[Row]):
    """A row and its line in the file, the header being 1."""

    number: int
    row: Row


def pathology_contradiction(result: PathologyResult) -> tuple[str, str] | None:
    """Column and reason where a report contradicts itself; None where it does not.

    Grade 5 of Miller and Payne means that no invasive cell is left, with or without carcinoma in situ; so a complete
    response without grade 5, or grade 5 with invasive tumour, cannot be.

    Parameters
    ----------
    result
        Of one side.
    """
    if result.residual is None:
        return None
    invasive = result.residual in (Residual.INVASIVE, Residual.INVASIVE_AND_DCIS)
    grade, size_mm = result.miller_payne, result.size_mm
    if grade is not None and invasive is (grade is MillerPayne.NO_INVASIVE_CELLS):
        words = "invasive tumour is left" if invasive else "no invasive tumour is left"
        return "miller_payne", f"is {int(grade)}, but by the column residual {words}; correct one of them"
    if size_mm and result.residual is Residual.NONE:
        return "pathology_size_mm", f"is {size_mm:g}, but residual is none; correct one of them"
    if size_mm == 0 and invasive:
        return "pathology_size_mm", f"is 0, but residual is {result.residual}; correct one of them"
    return None


def stand_once(lines: Sequence[Line[Row]]) -> tuple[list[Row], list[TableProblem]]:
    """Leave out rows that speak of one side again; rows that are left out already do not count.

    Of rows that say the same the first one stands; of rows that differ none does.

    Parameters
    ----------
    lines
        Rows in the order of the file.

    Returns
    -------
    list of rows
        All of them, in the same order.
    list of TableProblem
        One for each that was left out.
    """
    groups: dict[tuple[str, Laterality], list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        if not line.row.excluded:
            groups[line.row.patient_id, line.row.laterality].append(index)
    rows = [line.row for line in lines]
    problems: list[TableProblem] = []
    for group in groups.values():
        if len(group) > 1:
            repetitions, code, reason = _repetitions(group, lines)
            for index in repetitions:
                rows[index] = replace(rows[index], excluded=str(code))
                problems.append(TableProblem(lines[index].number, "", code, reason))
    return rows, problems


def _repetitions(group: Sequence[int], lines: Sequence[Line[Row]]) -> tuple[Sequence[int], ErrorCode, str]:
    where = f"this patient and side stand in lines {', '.join(str(lines[index].number) for index in group)}"
    if all(lines[index].row == lines[group[0]].row for index in group):
        return group[1:], ErrorCode.DUPLICATE_ROW, f"{where}, all the same; the first one counts"
    return group, ErrorCode.CONFLICTING_ROWS, f"{where}, and they differ; none counts until one is left"
