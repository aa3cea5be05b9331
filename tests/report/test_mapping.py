"""Column mappings: visits side by side, units that are stated, words that are translated, and I-SPY 1."""

from __future__ import annotations

from collections import Counter

import openpyxl
import pytest

from calcmeasure.errors import ErrorCode, TableError
from calcmeasure.report.mapping import MAPPINGS, load_mapping, parse_mapping
from calcmeasure.report.read_tables import open_measurement_table
from calcmeasure.report.workbook import read_sheet
from calcmeasure.terms import Laterality, Quantity

WIDE = """
format = "calcmeasure-mapping"
format_version = 1
name = "clinic"
description = "Two visits side by side"
source = "our own data dictionary"
[table]
header_row = 2
[columns]
patient_id = "Case"
laterality = "Side"
[values.laterality]
left = "L"
right = "R"
[units]
length = "cm"
[defaults]
quantity = "lesion_diameter"
lesion_id = "index"
[missing]
texts = ["n/a"]
empty_length = "no-visit"
[[visits]]
timepoint = "baseline"
value_mm = "Before"
[[visits]]
timepoint = "followup-1"
value_mm = "After"
study_date = "Date after"
"""
TABLE = """Clinic;;;;
Case;Side;Before;After;Date after
A;left;4,53;1,1;2024-05-01
B;right;3;n/a;
C;middle;3;x;
"""


def read_all(path, mapping):
    table = open_measurement_table(path, mapping=mapping)
    results = [reader.read(row) for row in table.rows for reader in table.readers]
    return [m for m, _ in results if m is not None], [problem.reason for _, own in results for problem in own]


@pytest.fixture
def clinic(tmp_path):
    path = tmp_path / "clinic.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_visits_side_by_side_become_rows(clinic):
    measurements, problems = read_all(clinic, parse_mapping(WIDE))
    rows = [(m.patient_id, m.timepoint, m.laterality, m.value_mm, m.study_date) for m in measurements]
    assert rows == [
        ("A", "baseline", Laterality.LEFT, 45.3, ""),
        ("A", "followup-1", Laterality.LEFT, 11.0, "2024-05-01"),
        ("B", "baseline", Laterality.RIGHT, 30.0, ""),
    ]
    assert {(m.quantity, m.lesion_id) for m in measurements} == {(Quantity.LESION_DIAMETER, "index")}
    assert problems == [
        "line 5, column Side: must be one of R, L, B; found 'middle'",
        "line 5, column Side: must be one of R, L, B; found 'middle'",
        "line 5, column After: must be a number, found 'x'",
    ]


def test_an_empty_length_may_mean_not_measurable(clinic):
    measurements, _ = read_all(clinic, parse_mapping(WIDE.replace('"no-visit"', '"not-measurable"')))
    assert [(m.timepoint, m.value_mm) for m in measurements if m.patient_id == "B"] == [
        ("baseline", 30.0),
        ("followup-1", None),
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('length = "cm"', "", "units.length must be one of mm, cm"),
        ('length = "cm"', 'length = "inch"', "units.length"),
        ('laterality = "Side"', 'side = "Side"', "columns.side"),
        ("[table]", "[tables]", "tables must be one of"),
        ("header_row = 2", "header_row = 0", "table.header_row"),
        ('name = "clinic"', "", "name must be a text"),
        ('empty_length = "no-visit"', 'empty_length = "0"', "missing.empty_length"),
        ('left = "L"', "left = 1", "values.laterality"),
        ("format_version = 1", "format_version = 2", "format"),
        ("[units]", "[units", "valid TOML"),
    ],
)
def test_what_does_not_follow_the_schema_is_named(old, new, words):
    with pytest.raises(TableError, match=words) as caught:
        parse_mapping(WIDE.replace(old, new, 1))
    assert caught.value.code == ErrorCode.MAPPING


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('patient_id = "Case"', 'patient_id = "ID"', "lacks the column.*ID"),
        ('value_mm = "Before"', 'value_mm = "MRI"', "no column of the table for value_mm"),
        ('quantity = "lesion_diameter"', 'quantity = "size"', "must be one of"),
    ],
)
def test_a_mapping_of_another_table_is_refused(clinic, old, new, words):
    with pytest.raises(TableError, match=words):
        open_measurement_table(clinic, mapping=parse_mapping(WIDE.replace(old, new, 1)))


def test_an_unknown_name_and_a_missing_file(tmp_path):
    for name in ("ispy9", str(tmp_path / "none.toml")):
        with pytest.raises(TableError) as caught:
            load_mapping(name)
        assert caught.value.code == ErrorCode.MAPPING


def test_the_hash_is_of_the_rules_not_of_the_words(tmp_path):
    (tmp_path / "m.toml").write_text(WIDE.replace("Two visits", "2 visits"), encoding="utf-8")
    assert load_mapping(tmp_path / "m.toml").sha256 == parse_mapping(WIDE).sha256
    assert parse_mapping(WIDE.replace('"cm"', '"mm"')).sha256 != parse_mapping(WIDE).sha256


@pytest.mark.parametrize("name", MAPPINGS)
def test_mappings_that_come_with_the_package_say_where_they_are_from(name):
    mapping = load_mapping(name)
    assert mapping.name == name
    assert mapping.source


def workbook(path, rows, sheets=("data",)):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet in sheets:
        page = book.create_sheet(sheet)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def test_a_workbook_reads_like_its_csv(tmp_path):
    path = workbook(tmp_path / "t.xlsx", [("id ", "mm"), ("P1", 12.5), (None, None), (7, 88), ("P3", True)])
    table = read_sheet(path)
    assert table.header == ("id", "mm")
    assert list(table.rows) == [(2, ["P1", "12.5"]), (4, ["7", "88"]), (5, ["P3", "True"])]


def test_a_sheet_is_named_where_there_are_several(tmp_path):
    path = workbook(tmp_path / "t.xlsx", [("id",), ("P1",)], sheets=("one", "two"))
    assert read_sheet(path, sheet="two").header == ("id",)
    for sheet in ("", "three"):
        with pytest.raises(TableError, match="one, two"):
            read_sheet(path, sheet=sheet)


def test_what_is_no_workbook_is_refused(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04 no")
    (tmp_path / "e.xlsx").write_bytes(workbook(tmp_path / "x.xlsx", []).read_bytes())
    for name in ("t.xlsx", "e.xlsx", "none.xlsx"):
        with pytest.raises(TableError):
            read_sheet(tmp_path / name)


@pytest.mark.realdata
def test_ispy1_reads_as_its_dictionary_says(realdata):
    """Cells counted and compared with openpyxl alone, which knows nothing of the mapping."""
    path = realdata / "ispy1_table" / "I-SPY_1_All_Patient_Clinical_and_Outcome_Data.xlsx"
    measurements, problems = read_all(path, load_mapping("ispy1"))
    assert problems == []
    with pytest.warns(UserWarning, match="extension"):
        book = openpyxl.load_workbook(path, data_only=True)
    header, *rows = book["predictors"].iter_rows(values_only=True)
    titles = ("MRI LD Baseline", "MRI LD 1-3dAC", "MRI LD InterReg", "MRI LD PreSurg")
    visits = ("baseline", "followup-1", "followup-2", "followup-3")
    expected = Counter(
        (str(row[0]), visit, {1: "L", 2: "R"}[row[header.index("Laterality")]], float(row[header.index(title)]))
        for row in rows
        if row[0] is not None
        for title, visit in zip(titles, visits, strict=True)
        if row[header.index(title)] is not None
    )
    assert Counter((m.patient_id, m.timepoint, str(m.laterality), m.value_mm) for m in measurements) == expected
    assert len(measurements) == 839
