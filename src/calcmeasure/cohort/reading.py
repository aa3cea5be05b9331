"""A cohort table read from CSV: every cell checked, every category computed, every refused row with its code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from calcmeasure.cohort.categories import judged
from calcmeasure.cohort.cells import Cells
from calcmeasure.cohort.checks import Line, stand_once
from calcmeasure.cohort.columns import COHORT_COLUMNS, MAMMOGRAPHIC_TYPES, MOST_LESIONS, NEEDED_COLUMNS, OLDER_NAMES
from calcmeasure.cohort.opening import open_table
from calcmeasure.cohort.parts import read_clinical, read_exclusion, read_pathology, read_receptors
from calcmeasure.cohort.row import Cohort, CohortRow, Imaging
from calcmeasure.cohort.units import LengthUnit
from calcmeasure.model.pathology import CompleteResponse
from calcmeasure.response.criteria import load_profile
from calcmeasure.terms import Distribution, LesionType, Morphology


def read_cohort(
    path: Path,
    *,
    criteria: str | Path = "paper-2023",
    complete_response: CompleteResponse = CompleteResponse.YPT0_IS,
    unit: LengthUnit | None = None,
) -> Cohort:
    """Read a cohort table.

    Empty cells are not available, never zero. A row of which a needed cell cannot be taken is left out with the code of
    the complaint; another cell that cannot be taken counts as empty. A row without a usable side is told among the
    problems only.

    Parameters
    ----------
    path
        CSV with at least `columns.NEEDED_COLUMNS`, in any usual encoding, separator and locale.
    criteria
        Name or TOML file of the profile that gives the categories.
    complete_response
        What counts as a pathological complete response.
    unit
        Confirms the unit of columns that look like centimetres; while it is None they are left out.

    Raises
    ------
    TableError
        If the file is no table, or a needed column is missing.
    CriteriaError
        If there is no such profile.
    """
    profile = load_profile(criteria)
    table = open_table(path, needed=NEEDED_COLUMNS, used=COHORT_COLUMNS, unit=unit)
    lines = [Line(cells.line, row) for cells in table.rows if (row := _row(cells)) is not None]
    rows, repetitions = stand_once(lines)
    problems = [problem for cells in table.rows for problem in cells.problems] + repetitions
    return Cohort(
        tuple(
            replace(row, imaging=judged(row.imaging, profile))
            for row in sorted(rows, key=lambda row: (row.patient_id, row.laterality))
        ),
        criteria=profile.name,
        criteria_sha256=profile.sha256,
        complete_response=complete_response,
        problems=(*table.problems, *sorted(problems, key=lambda problem: problem.line)),
    )


def _row(cells: Cells) -> CohortRow | None:
    patient_id, side = cells.patient_id(), cells.side()
    if side is None:
        return None
    row = CohortRow(
        patient_id,
        side,
        imaging=_imaging(cells),
        receptors=read_receptors(cells),
        pathology=read_pathology(cells),
        clinical=read_clinical(cells),
    )
    return replace(row, excluded=read_exclusion(cells, needed=NEEDED_COLUMNS))


def _imaging(cells: Cells) -> Imaging:
    return Imaging(
        extent_baseline_mm=cells.length("extent_baseline_mm"),
        extent_followup_mm=cells.length("extent_followup_mm"),
        diameter_baseline_mm=cells.length("diameter_baseline_mm"),
        diameter_followup_mm=cells.length("diameter_followup_mm"),
        lesion_type_mg=cells.category("lesion_type_mg", MAMMOGRAPHIC_TYPES),
        morphology_baseline=cells.member("morphology_baseline", Morphology),
        morphology_followup=cells.member("morphology_followup", Morphology),
        distribution_baseline=cells.member("distribution_baseline", Distribution, also=OLDER_NAMES),
        distribution_followup=cells.member("distribution_followup", Distribution, also=OLDER_NAMES),
        lesion_type_mri=cells.member("lesion_type_mri", LesionType),
        n_lesions=cells.whole("n_lesions", low=0, high=MOST_LESIONS),
    )
