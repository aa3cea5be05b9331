"""Measurement tables as other people send them: every bad cell by its place, the rest read."""

from __future__ import annotations

import pytest

from calcmeasure.errors import ErrorCode, TableError
from calcmeasure.report.cell_values import readable_columns
from calcmeasure.report.read_tables import open_measurement_table, with_units_asked
from calcmeasure.report.tables import MEASUREMENT_COLUMNS
from calcmeasure.terms import Flag

HEADER = "patient_id,timepoint,laterality,lesion_id,quantity,value_mm"
GOOD = "P1,baseline,L,L1,lesion_diameter,33"


def read_all(path, **choices):
    """Measurements, and (code, reason) of what was wrong."""
    table, asked = with_units_asked(open_measurement_table(path, **choices))
    results = [reader.read(row) for row in table.rows for reader in table.readers]
    problems = [*asked, *(problem for _, own in results for problem in own)]
    assert {problem.path for problem in problems} <= {path}
    return [m for m, _ in results if m is not None], [(problem.code, problem.reason) for problem in problems]


def written(folder, *lines, header=HEADER, encoding="utf-8"):
    path = folder / "t.csv"
    path.write_bytes("\n".join((header, *lines, "")).encode(encoding))
    return path


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("P1,baseline,L,L1,lesion_diameter,3O", ErrorCode.NOT_A_NUMBER, "column value_mm: must be a number"),
        ("P1,baseline,L,L1,lesion_diameter,=1+1", ErrorCode.NOT_A_NUMBER, "column value_mm"),
        ('P1,baseline,L,L1,lesion_diameter,"33,5"', ErrorCode.NOT_A_NUMBER, "column value_mm: '33,5' has a comma"),
        ("P1,baseline,L,L1,lesion_diameter,-3", ErrorCode.OUT_OF_RANGE, "column value_mm: must not be negative"),
        ("P1,baseline,L,L1,lesion_diameter,3300", ErrorCode.OUT_OF_RANGE, "check the unit"),
        ("P1,pre,L,L1,lesion_diameter,33", ErrorCode.UNKNOWN_CATEGORY, "column timepoint"),
        ("P1,baseline,left,L1,lesion_diameter,33", ErrorCode.UNKNOWN_CATEGORY, "column laterality"),
        ("P1,baseline,L,L1,tumour,33", ErrorCode.UNKNOWN_CATEGORY, "column quantity"),
        (",baseline,L,L1,lesion_diameter,33", ErrorCode.EMPTY_CELL, "column patient_id"),
        ("=cmd|' /C calc'!A0,baseline,L,L1,lesion_diameter,33", ErrorCode.FORMULA, "column patient_id"),
        ("P1,baseline,L,@SUM(A1),lesion_diameter,33", ErrorCode.FORMULA, "column lesion_id"),
        ("P1,baseline,L,lesion_diameter,33", ErrorCode.TABLE, "5 cells where the header names 6"),
        ("P1,baseline,L,L1,lesion_diameter,33,x", ErrorCode.TABLE, "7 cells where the header names 6"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(tmp_path, line, code, words):
    measurements, problems = read_all(written(tmp_path, GOOD, line, "P2,baseline,L,L1,lesion_diameter,0"))
    assert [m.value_mm for m in measurements] == [33.0, 0.0]
    ((found, reason),) = problems
    assert found == code
    assert reason.startswith("line 3")
    assert words in reason


def test_every_bad_cell_of_a_row_is_named(tmp_path):
    _, problems = read_all(written(tmp_path, "P1,pre,X,L1,lesion_diameter,abc"))
    assert [reason.split(":")[0] for _, reason in problems] == [
        "line 2, column timepoint",
        "line 2, column laterality",
        "line 2, column value_mm",
    ]


def test_cells_after_the_last_column_may_be_empty(tmp_path):
    measurements, problems = read_all(written(tmp_path, GOOD + ",,"))
    assert (len(measurements), problems) == (1, [])


def test_text_that_was_marked_against_formulas_is_text(tmp_path):
    measurements, problems = read_all(written(tmp_path, "'=P1,baseline,L,'-1,lesion_diameter,33"))
    assert [(m.patient_id, m.lesion_id) for m in measurements] == [("=P1", "-1")]
    assert problems == []


def test_a_table_from_excel_in_another_locale(tmp_path):
    lines = [HEADER, "Müller-7;baseline;L;L1;lesion_diameter;33,5", "Müller-7;followup-1;L;L1;lesion_diameter;0"]
    path = tmp_path / "t.csv"
    path.write_bytes("\r\n".join([lines[0].replace(",", ";"), *lines[1:], ""]).encode("cp1252"))
    measurements, problems = read_all(path)
    assert [(m.patient_id, m.value_mm) for m in measurements] == [("Müller-7", 33.5), ("Müller-7", 0.0)]
    assert problems == []


CM = [f"P{i},baseline,L,L1,lesion_diameter,{i}.{i}" for i in range(1, 7)]


def test_centimetres_are_suspected_and_asked_about(tmp_path):
    path = written(tmp_path, *CM, "P1,baseline,L,C1,calcification_extent,61")
    measurements, ((code, reason),) = read_all(path)
    assert [m.quantity for m in measurements] == ["calcification_extent"]
    assert code == ErrorCode.UNIT_SUSPECTED
    assert "6 lengths of lesion_diameter, 1.1 to 6.6" in reason
    assert "--unit cm" in reason


@pytest.mark.parametrize(("unit", "first"), [("mm", 1.1), ("cm", 11.0)])
def test_the_unit_is_what_somebody_says(tmp_path, unit, first):
    measurements, problems = read_all(written(tmp_path, *CM), unit=unit)
    assert (measurements[0].value_mm, problems) == (first, [])


def test_what_cannot_be_centimetres_is_never_made_ten_times_longer(tmp_path):
    extents = [f"P{i},baseline,L,C1,calcification_extent,{20 + i}" for i in range(1, 7)]
    measurements, ((code, reason),) = read_all(written(tmp_path, *CM, *extents), unit="cm")
    assert [m.value_mm for m in measurements] == [11.0, 22.0, 33.0, 44.0, 55.0, 66.0]
    assert code == ErrorCode.UNIT_SUSPECTED
    assert "6 lengths of calcification_extent, 21 to 26, are no centimetres" in reason


def test_one_long_lesion_is_enough_to_be_millimetres(tmp_path):
    measurements, problems = read_all(written(tmp_path, *CM, "P9,baseline,R,L1,lesion_diameter,15.1"))
    assert (len(measurements), problems) == (7, [])


POINTS = f"{HEADER},end1_row,end1_col,end2_row,end2_col,spacing_row_mm,spacing_col_mm"


@pytest.mark.parametrize(
    ("stated", "agrees"),
    [("35.04", True), ("35.0", True), ("35", True), ("35.1", False), ("34.9", False), ("35.05", False), ("0", False)],
)
def test_points_decide_and_another_stated_length_is_told(tmp_path, stated, agrees):
    """350.4 rows of 0.1 mm are 35.04 mm, which is 35.0 and 35 when rounded."""
    line = f"P1,baseline,L,C1,calcification_extent,{stated},0,0,350.4,0,0.1,0.1"
    ((measurement,), problems) = read_all(written(tmp_path, line, header=POINTS))
    assert measurement.value_mm == pytest.approx(35.04)
    assert (Flag.STATED_VALUE_DIFFERS not in measurement.flags) is agrees
    assert [code for code, _ in problems] == ([] if agrees else [ErrorCode.VALUE_DISAGREES])


def test_an_impossible_spacing_costs_its_row(tmp_path):
    line = "P1,baseline,L,C1,calcification_extent,35,0,0,350,0,0,0.1"
    assert [code for code, _ in read_all(written(tmp_path, line, header=POINTS))[1]] == [ErrorCode.TABLE]


def test_every_column_we_write_is_read():
    assert set(MEASUREMENT_COLUMNS) == readable_columns()


@pytest.mark.parametrize(
    ("header", "words"),
    [("patient_id,value_mm", "lacks the column.* timepoint"), (HEADER + ",value_mm", "two columns called value_mm")],
)
def test_a_header_that_cannot_be_used(tmp_path, header, words):
    with pytest.raises(TableError, match=words):
        open_measurement_table(written(tmp_path, header=header))
