"""The pathology table: checked as a cohort table is, with the day of surgery."""

from __future__ import annotations

import pytest

from calcmeasure.cohort.pathology_table import read_pathology_table
from calcmeasure.cohort.units import LengthUnit
from calcmeasure.errors import ErrorCode, TableError
from calcmeasure.model.pathology import MillerPayne, Residual, Subtype

HEADER = (
    "patient_id,laterality,pathology_size_mm,miller_payne,residual,er,pr,her2,surgery_date,lesion_type_mg,age_years"
)
GOOD = "P1,L,12.5,3,invasive,1,0,0,2024-03-31,calcifications,50"


@pytest.fixture
def read(tmp_path):
    """Read lines under the header."""

    def read_lines(*lines, **choices):
        path = tmp_path / "pathology.csv"
        path.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
        return read_pathology_table(path, **choices)

    return read_lines


def test_a_row(read):
    table = read(GOOD)
    (row,) = table.rows
    assert table.problems == ()
    assert (row.patient_id, row.laterality, row.surgery_date, row.excluded) == ("P1", "L", "2024-03-31", "")
    assert (row.pathology.size_mm, row.pathology.miller_payne) == (12.5, MillerPayne.REDUCTION)
    assert (row.pathology.residual, row.receptors.subtype) == (Residual.INVASIVE, Subtype.LUMINAL)
    assert (row.lesion_type_mg, row.clinical.age_years) == ("calcifications", 50.0)


@pytest.mark.parametrize(
    ("before", "after", "column", "code"),
    [
        ("12.5", "much", "pathology_size_mm", ErrorCode.NOT_A_NUMBER),
        ("2024-03-31", "31.03.2024", "surgery_date", ErrorCode.UNKNOWN_CATEGORY),
        ("2024-03-31", "2024-02-30", "surgery_date", ErrorCode.UNKNOWN_CATEGORY),
        ("3,invasive", "5,invasive", "miller_payne", ErrorCode.CONTRADICTION),
        ("1,0,0", "yes,0,0", "er", ErrorCode.UNKNOWN_CATEGORY),
    ],
)
def test_a_cell_that_cannot_be_taken(read, before, after, column, code):
    table = read(GOOD.replace(before, after), GOOD.replace("P1", "P2"))
    assert [(problem.line, problem.column, problem.code) for problem in table.problems] == [(2, column, code)]
    assert [row.excluded for row in table.rows] == [str(code), ""]


def test_rows_of_one_side(read):
    table = read(GOOD, GOOD, GOOD.replace("P1,L", "P1,R"))
    assert [row.excluded for row in table.rows] == ["", "E_DUPLICATE_ROW", ""]


def test_centimetres(read):
    lines = [GOOD.replace("P1", f"P{i}").replace("12.5", text) for i, text in enumerate(("1.25", "0.4", "2.5"))]
    suspected = read(*lines)
    assert [problem.code for problem in suspected.problems] == [ErrorCode.UNIT_SUSPECTED]
    assert {row.pathology.size_mm for row in suspected.rows} == {None}
    assert [row.pathology.size_mm for row in read(*lines, unit=LengthUnit.CM).rows] == [12.5, 4.0, 25.0]


def test_a_missing_column(tmp_path):
    path = tmp_path / "pathology.csv"
    path.write_text("patient_id,laterality,er\nP1,L,1\n", encoding="utf-8")
    with pytest.raises(TableError, match="pathology_size_mm, miller_payne, residual, pr, her2; needed"):
        read_pathology_table(path)
