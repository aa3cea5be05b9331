"""The pathology table read from CSV: what the laboratory and the surgeons know, one row per patient and side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from calcmeasure.cohort.cells import Cells
from calcmeasure.cohort.checks import Line, stand_once
from calcmeasure.cohort.columns import MAMMOGRAPHIC_TYPES, PATHOLOGY_TABLE_COLUMNS, PATHOLOGY_TABLE_NEEDED
from calcmeasure.cohort.opening import open_table
from calcmeasure.cohort.parts import read_clinical, read_exclusion, read_pathology, read_receptors
from calcmeasure.cohort.pathology_row import PathologyRow
from calcmeasure.cohort.row import TableProblem
from calcmeasure.cohort.units import LengthUnit


@dataclass(frozen=True, slots=True)
class PathologyTable:
    """All rows, the ones left out included, and what could not be taken."""

    rows: tuple[PathologyRow, ...]
    problems: tuple[TableProblem, ...] = ()


def read_pathology_table(path: Path, *, unit: LengthUnit | None = None) -> PathologyTable:
    """Read a pathology table; cells and rows are checked as those of a cohort table are.

    Parameters
    ----------
    path
        CSV with at least `columns.PATHOLOGY_TABLE_NEEDED`, in any usual encoding, separator and locale.
    unit
        Confirms the unit of a column that looks like centimetres; while it is None the column is left out.

    Raises
    ------
    TableError
        If the file is no table, or a needed column is missing.
    """
    table = open_table(path, needed=PATHOLOGY_TABLE_NEEDED, used=PATHOLOGY_TABLE_COLUMNS, unit=unit)
    lines = [Line(cells.line, row) for cells in table.rows if (row := _row(cells)) is not None]
    rows, repetitions = stand_once(lines)
    problems = [problem for cells in table.rows for problem in cells.problems] + repetitions
    return PathologyTable(tuple(rows), (*table.problems, *sorted(problems, key=lambda problem: problem.line)))


def _row(cells: Cells) -> PathologyRow | None:
    patient_id, side = cells.patient_id(), cells.side()
    if side is None:
        return None
    row = PathologyRow(
        patient_id,
        side,
        receptors=read_receptors(cells),
        pathology=read_pathology(cells),
        clinical=read_clinical(cells),
        lesion_type_mg=cells.category("lesion_type_mg", MAMMOGRAPHIC_TYPES),
        surgery_date=cells.day("surgery_date"),
    )
    return replace(row, excluded=read_exclusion(cells, needed=(*PATHOLOGY_TABLE_NEEDED, "surgery_date")))
