"""Cohort tables: what is taken, what is refused, with which code, at which line and column."""

from __future__ import annotations

import pytest

from calcmeasure.cohort.reading import read_cohort
from calcmeasure.cohort.units import LengthUnit
from calcmeasure.errors import CriteriaError, ErrorCode, TableError
from calcmeasure.model.pathology import CompleteResponse, Residual, Subtype
from calcmeasure.terms import Distribution, ExtentChange, Laterality, LesionType, Morphology, Response
from cohort_tables import COHORT, write_rows


@pytest.fixture
def read(tmp_path):
    """Read rows that name only what differs from a good one."""
    return lambda *rows, **choices: read_cohort(write_rows(tmp_path / "cohort.csv", *rows), **choices)


def told(cohort):
    return [(problem.line, problem.column, problem.code) for problem in cohort.problems]


def test_a_row_with_the_needed_columns(read):
    (row,) = read({}).rows
    assert (row.patient_id, row.laterality, row.excluded) == ("P1", Laterality.LEFT, "")
    assert row.imaging.extent_followup_mm == 36.3
    assert row.subtype is Subtype.LUMINAL
    assert row.pathology.residual is Residual.INVASIVE
    assert row.clinical.age_years is None


def test_optional_columns_whatever_their_capitals(read):
    (row,) = read({
        "age_years": "50.5", "grade": "3", "histology": "IDC + DCIS", "surgery": "mastectomy", "n_lesions": "2",
        "lesion_type_mg": "Calcifications + mass", "morphology_baseline": "Fine-Pleomorphic",
        "distribution_baseline": "clustered", "distribution_followup": "scattered", "lesion_type_mri": "non-mass",
        "something else": "ignored",
    }).rows  # fmt: skip
    assert (row.clinical.age_years, row.clinical.grade, row.clinical.histology) == (50.5, 3, "IDC + DCIS")
    assert row.imaging.lesion_type_mg == "calcifications+mass"
    assert row.imaging.morphology_baseline is Morphology.FINE_PLEOMORPHIC
    assert (row.imaging.distribution_baseline, row.imaging.distribution_followup) == (
        Distribution.GROUPED,
        Distribution.DIFFUSE,
    )
    assert (row.imaging.lesion_type_mri, row.imaging.n_lesions) == (LesionType.NON_MASS, 2)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("33", "36.3", ExtentChange.INCREASE),  # exactly 10 %; in floating point 9.999999999999991 %
        ("33", "36.29", ExtentChange.UNCHANGED),
        ("33", "29.7", ExtentChange.DECREASE),
        ("33", "29.71", ExtentChange.UNCHANGED),
        ("0", "0", ExtentChange.UNCHANGED),
        ("0", "4", ExtentChange.INCREASE),
        ("33", "", None),
        ("", "33", None),
    ],
)
def test_change_of_extent_is_computed_exactly(read, before, after, change):
    (row,) = read({"extent_baseline_mm": before, "extent_followup_mm": after}).rows
    assert row.imaging.extent_change is change


@pytest.mark.parametrize(
    ("before", "after", "criteria", "response"),
    [
        ("50", "35", "paper-2023", Response.SD),  # exactly 30 % is no PR in the study ...
        ("50", "35", "recist-1.1", Response.PR),  # ... and is one by RECIST
        ("50", "34.9", "paper-2023", Response.PR),
        ("50", "60", "paper-2023", Response.SD),
        ("50", "60.1", "paper-2023", Response.PD),
        ("50", "0", "paper-2023", Response.CR),
        ("0", "0", "paper-2023", None),
        ("0", "12", "paper-2023", None),
        ("", "12", "paper-2023", None),
        ("50", "20", "extent-10", None),
    ],
)
def test_response_is_computed_by_the_profile(read, before, after, criteria, response):
    cohort = read({"diameter_baseline_mm": before, "diameter_followup_mm": after}, criteria=criteria)
    assert cohort.criteria == criteria
    assert cohort.rows[0].imaging.response is response


def test_categories_in_the_table_are_not_read(read):
    (row,) = read({"extent_change": "decrease", "response": "PD"}).rows
    assert (row.imaging.extent_change, row.imaging.response) == (ExtentChange.INCREASE, Response.PR)


def test_immune_criteria_give_no_response(read):
    assert read({}, criteria="irecist").rows[0].imaging.response is None


def test_empty_is_not_zero(read):
    (row,) = read(
        {"diameter_followup_mm": "", "pathology_size_mm": "", "er": "", "miller_payne": "", "residual": ""}
    ).rows
    assert (row.imaging.diameter_followup_mm, row.pathology.size_mm, row.subtype) == (None, None, None)
    assert row.pathology.is_complete_response() is None
    assert not row.excluded


BAD_CELLS = [
    ("extent_baseline_mm", "large", ErrorCode.NOT_A_NUMBER),
    ("extent_followup_mm", "=2+3", ErrorCode.NOT_A_NUMBER),
    ("pathology_size_mm", "nan", ErrorCode.NOT_A_NUMBER),
    ("pathology_size_mm", "1e999", ErrorCode.NOT_A_NUMBER),
    ("diameter_baseline_mm", '"12,5"', ErrorCode.NOT_A_NUMBER),
    ("diameter_baseline_mm", "-3", ErrorCode.OUT_OF_RANGE),
    ("diameter_baseline_mm", "3300", ErrorCode.OUT_OF_RANGE),
    ("miller_payne", "6", ErrorCode.OUT_OF_RANGE),
    ("miller_payne", "2.5", ErrorCode.UNKNOWN_CATEGORY),
    ("residual", "some", ErrorCode.UNKNOWN_CATEGORY),
    ("her2", "2", ErrorCode.UNKNOWN_CATEGORY),
    ("er", "+", ErrorCode.UNKNOWN_CATEGORY),
    ("patient_id", "", ErrorCode.EMPTY_CELL),
    ("patient_id", "=HYPERLINK()", ErrorCode.FORMULA),
    ("patient_id", "@SUM(A1)", ErrorCode.FORMULA),
]


@pytest.mark.parametrize(("column", "text", "code"), BAD_CELLS)
def test_a_needed_cell_that_cannot_be_taken_leaves_out_its_row(read, column, text, code):
    cohort = read({column: text}, {"patient_id": "P2"})
    assert told(cohort) == [(2, column, code)]
    assert sorted((row.patient_id in ("P1", ""), row.excluded) for row in cohort.rows) == [
        (False, ""),
        (True, str(code)),
    ]
    assert [row.patient_id for row in cohort.included] == ["P2"]


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("age_years", "fifty", ErrorCode.NOT_A_NUMBER),
        ("age_years", "250", ErrorCode.OUT_OF_RANGE),
        ("grade", "4", ErrorCode.OUT_OF_RANGE),
        ("n_lesions", "1.5", ErrorCode.UNKNOWN_CATEGORY),
        ("lesion_type_mg", "mass", ErrorCode.UNKNOWN_CATEGORY),
        ("morphology_baseline", "popcorn", ErrorCode.UNKNOWN_CATEGORY),
        ("regimen", "+1-800", ErrorCode.FORMULA),
        ("histology", "-IDC", ErrorCode.FORMULA),
    ],
)
def test_another_cell_that_cannot_be_taken_counts_as_empty(read, column, text, code):
    cohort = read({column: text})
    assert told(cohort) == [(2, column, code)]
    assert cohort.rows == read({}).rows


@pytest.mark.parametrize("text", ["", "B", "both", "=L"])
def test_a_row_without_a_side_is_told_and_not_kept(read, text):
    cohort = read({"laterality": text}, {"patient_id": "P2"})
    assert [(problem.line, problem.column) for problem in cohort.problems] == [(2, "laterality")]
    assert [row.patient_id for row in cohort.rows] == ["P2"]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"residual": "none", "pathology_size_mm": "0"}, "miller_payne"),
        ({"residual": "dcis"}, "miller_payne"),
        ({"miller_payne": "5"}, "miller_payne"),
        ({"residual": "none", "miller_payne": "5"}, "pathology_size_mm"),
        ({"pathology_size_mm": "0"}, "pathology_size_mm"),
    ],
)
def test_pathology_that_contradicts_itself(read, cells, column):
    cohort = read(cells)
    assert told(cohort) == [(2, column, ErrorCode.CONTRADICTION)]
    assert not cohort.included


@pytest.mark.parametrize(
    "cells",
    [
        {"residual": "dcis", "miller_payne": "5"},
        {"residual": "dcis", "miller_payne": "5", "pathology_size_mm": "0"},  # some give the size of invasive tumour
        {"residual": "none", "miller_payne": "5", "pathology_size_mm": "0"},
        {"residual": "none", "miller_payne": "", "pathology_size_mm": ""},
    ],
)
def test_pathology_that_does_not(read, cells):
    assert told(read(cells)) == []


def test_what_counts_as_complete_response_is_kept(read):
    cohort = read({"residual": "dcis", "miller_payne": "5"}, complete_response=CompleteResponse.YPT0)
    assert cohort.complete_response is CompleteResponse.YPT0
    assert cohort.rows[0].pathology.is_complete_response(cohort.complete_response) is False


def test_rows_that_say_the_same_count_once(read):
    cohort = read({}, {"patient_id": "P2"}, {})
    assert told(cohort) == [(4, "", ErrorCode.DUPLICATE_ROW)]
    assert [row.patient_id for row in cohort.included] == ["P1", "P2"]


def test_rows_that_differ_do_not_count(read):
    cohort = read({}, {"patient_id": "P2"}, {"er": "0"})
    assert told(cohort) == [(2, "", ErrorCode.CONFLICTING_ROWS), (4, "", ErrorCode.CONFLICTING_ROWS)]
    assert "lines 2, 4" in cohort.problems[0].reason
    assert [row.patient_id for row in cohort.included] == ["P2"]


def test_both_sides_of_a_patient_are_two_rows(read):
    cohort = read({}, {"laterality": "right"})
    assert cohort.problems == ()
    assert [row.laterality for row in cohort.included] == [Laterality.LEFT, Laterality.RIGHT]


def test_a_row_left_out_by_its_table_is_not_complained_about(read):
    cohort = read({"excluded": "distant_metastases", "extent_baseline_mm": "?"}, {})
    assert cohort.problems == ()
    assert [row.excluded for row in cohort.rows] == ["distant_metastases", ""]


def test_the_reason_to_leave_out_is_a_code(read):
    cohort = read({"excluded": "moved away, sadly".replace(",", ""), "er": "1"})
    assert told(cohort) == [(2, "excluded", ErrorCode.UNKNOWN_CATEGORY)]
    assert not cohort.included


def test_rows_are_in_order_of_patient_and_side(read):
    cohort = read({"patient_id": "P2"}, {"laterality": "R"}, {})
    assert [(row.patient_id, row.laterality) for row in cohort.rows] == [("P1", "L"), ("P1", "R"), ("P2", "L")]


def test_fewer_cells_than_columns(tmp_path):
    path = tmp_path / "t.csv"
    write_rows(path, COHORT)
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n").rpartition(",")[0] + "\n", encoding="utf-8")
    (problem,) = [one for one in read_cohort(path).problems if not one.column]
    assert (problem.line, problem.code) == (2, ErrorCode.TABLE)
    assert problem.reason.endswith("give every cell")


def test_more_cells_than_columns(tmp_path):
    path = write_rows(tmp_path / "t.csv", {"her2": "0,1"}, {"patient_id": "P2"})
    cohort = read_cohort(path)
    assert told(cohort) == [(2, "", ErrorCode.TABLE)]
    assert [row.patient_id for row in cohort.included] == ["P2"]


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("patient_id,laterality\nP1,L\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"lacks the column.*extent_baseline_mm, .*her2; needed are"):
        read_cohort(path)


def test_a_column_given_twice_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",".join([*COHORT, "er"]) + "\n", encoding="utf-8")
    with pytest.raises(TableError, match="er twice"):
        read_cohort(path)


def test_unknown_criteria(read):
    with pytest.raises(CriteriaError):
        read({}, criteria="mine")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_excel_of_another_country(tmp_path, encoding, newline):
    """Semicolons, decimal commas, quoted cells; with a byte order mark or in an old code page."""
    good = {**COHORT, "extent_followup_mm": '"36,3"', "pathology_size_mm": "12,5", "histology": "Mammakarzinom, früh"}
    text = newline.join([";".join(good), ";".join(good.values()), ""])
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    cohort = read_cohort(path)
    assert cohort.problems == ()
    (row,) = cohort.rows
    assert (row.imaging.extent_followup_mm, row.pathology.size_mm) == (36.3, 12.5)
    assert row.clinical.histology == "Mammakarzinom, früh"


IN_CM = [
    {"patient_id": f"P{i}", "extent_followup_mm": text} for i, text in enumerate(("3.63", "0", "2.8", "10.4", "1"))
]


def test_centimetres_are_suspected_and_asked_about(read):
    cohort = read(*IN_CM)
    assert told(cohort) == [(0, "extent_followup_mm", ErrorCode.UNIT_SUSPECTED)]
    assert "--unit cm" in cohort.problems[0].reason
    assert {row.imaging.extent_followup_mm for row in cohort.included} == {None}
    assert {row.imaging.extent_baseline_mm for row in cohort.included} == {33.0}


def test_centimetres_that_are_confirmed_are_converted_exactly(read):
    cohort = read(*IN_CM, unit=LengthUnit.CM)
    assert cohort.problems == ()
    assert [row.imaging.extent_followup_mm for row in cohort.rows] == [36.3, 0.0, 28.0, 104.0, 10.0]
    assert cohort.rows[0].imaging.extent_change is ExtentChange.INCREASE


def test_millimetres_that_are_confirmed_stay(read):
    cohort = read(*IN_CM, unit=LengthUnit.MM)
    assert cohort.problems == ()
    assert cohort.rows[0].imaging.extent_followup_mm == 3.63


def test_centimetres_are_confirmed_only_where_they_are_suspected(read):
    with pytest.raises(TableError, match="no column"):
        read({}, unit=LengthUnit.CM)
