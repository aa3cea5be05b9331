"""Parts of a row that the cohort table and the pathology table share."""

from __future__ import annotations

from collections.abc import Sequence

from calcmeasure.cohort.cells import Cells
from calcmeasure.cohort.checks import pathology_contradiction
from calcmeasure.cohort.columns import OLDEST_YEARS
from calcmeasure.cohort.row import Clinical
from calcmeasure.errors import ErrorCode
from calcmeasure.model.pathology import MillerPayne, PathologyResult, Receptors, Residual


def read_receptors(cells: Cells) -> Receptors:
    """Read the receptor status."""
    return Receptors(cells.yes_or_no("er"), cells.yes_or_no("pr"), cells.yes_or_no("her2"))


def read_pathology(cells: Cells) -> PathologyResult:
    """Read what the specimen showed, and complain where it contradicts itself."""
    grade = cells.whole("miller_payne", low=1, high=5)
    result = PathologyResult(
        cells.length("pathology_size_mm"),
        None if grade is None else MillerPayne(grade),
        cells.member("residual", Residual),
    )
    contradiction = pathology_contradiction(result)
    if contradiction is not None:
        cells.refuse(contradiction[0], ErrorCode.CONTRADICTION, contradiction[1])
    return result


def read_clinical(cells: Cells) -> Clinical:
    """Read what is known of the patient and of the treatment."""
    return Clinical(
        age_years=cells.number("age_years", low=0.0, high=OLDEST_YEARS),
        regimen=cells.text("regimen"),
        histology=cells.text("histology"),
        grade=cells.whole("grade", low=1, high=3),
        surgery=cells.text("surgery"),
    )


def read_exclusion(cells: Cells, *, needed: Sequence[str]) -> str:
    """Code of a row that is left out: the table's own, or the first complaint about a needed cell; else empty.

    Ask for it when every other cell has been read: nobody needs to mend the cells of a row that its table leaves out.
    """
    stated = cells.exclusion()
    if stated:
        cells.problems.clear()
    deciding = ("", "excluded", *needed)
    return stated or next((str(problem.code) for problem in cells.problems if problem.column in deciding), "")
