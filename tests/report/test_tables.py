"""Tables: exact columns, exact numbers, safe text, and back again."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.errors import ErrorCode, OutputError, TableError
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.model.imaging import Skipped
from calcmeasure.model.measurement import ResponseRow
from calcmeasure.report.read_tables import read_measurements
from calcmeasure.report.tables import (
    measurement_record,
    response_record,
    write_measurements,
    write_responses,
    write_skipped,
)
from calcmeasure.tables import FORMULA_STARTS
from calcmeasure.terms import Laterality, LesionRelation, LesionType, Quantity
from factories import marks, measured, outline

COLUMNS = (
    "patient_id,study_uid,study_date,timepoint,modality,laterality,view,lesion_id,quantity,value_mm,short_axis_mm,reader,"
    "method,confidence,morphology,distribution,n_marks,series_uid,sop_uid,frame,end1_row,end1_col,end1_slice,end2_row,"
    "end2_col,end2_slice,spacing_row_mm,spacing_col_mm,spacing_slice_mm,spacing_source,magnification,phase_index,"
    "phase_time_s,phase_rule,volume_mm3,flags,software,created_utc,phase_time_zero,"
    "lesion_type,relation,from_lesions,role,site,status,independent_mm,linked_mm,"
    "diameter_3d_mm,neighbours_low_mm,neighbours_high_mm,early_percent,peak_percent,ser,washout_percent,time_to_peak_s,"
    "initial_rise,delayed_course,functional_volume_mm3,background_percent,background_level,motion_before,motion_after,"
    "volume_change_percent,detector,mask_sha256"
)
RESPONSE_COLUMNS = (
    "patient_id,laterality,quantity,criteria,timepoint,baseline_mm,reference_mm,reference_timepoint,value_mm,change_mm,"
    "change_percent,category,rule,flags"
)


def of(annotation, patient_id="P1"):
    return measure_annotation(annotation, patient_id=patient_id, reader="auto")


def response(**changes) -> ResponseRow:
    row = ResponseRow(
        "P1", Laterality.RIGHT, Quantity.LESION_DIAMETER, "recist-1.1", "followup-1", 28.0, 28.0, "baseline",
        16.0, -12.0, -42.857142, "PR", "PR: because", ("view_switched",), "auto",
    )  # fmt: skip
    return row._replace(**changes)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_columns_are_the_published_ones(tmp_path):
    write_measurements(tmp_path / "m.csv", [of(marks())])
    write_responses(tmp_path / "r.csv", [response()])
    assert (tmp_path / "m.csv").read_text(encoding="utf-8").splitlines()[0] == COLUMNS
    assert (tmp_path / "r.csv").read_text(encoding="utf-8").splitlines()[0].startswith(RESPONSE_COLUMNS)


def test_a_row_explains_its_number():
    record = measurement_record(of(marks()))
    assert record["value_mm"] == "10.0"
    assert (record["end1_row"], record["end1_col"], record["end1_slice"]) == ("10.0", "10.0", "")
    assert record["spacing_source"] == "magnification_corrected"
    assert record["magnification"] == "1.06"
    assert record["n_marks"] == "3"
    lesion = measurement_record(of(outline()))
    assert lesion["end1_slice"] == "7.0"
    assert (lesion["phase_index"], lesion["phase_time_s"], lesion["phase_rule"]) == ("1", "62.5", "k-space-centre-90s")
    assert lesion["spacing_slice_mm"] == "2.5"


def test_what_a_reader_said_about_a_lesion_goes_through_the_table(tmp_path):
    said = outline(lesion_type=LesionType.NON_MASS, relation=LesionRelation.MERGED, from_lesions=("R-L1", "=R-L2"))
    formula = outline(annotation_id="l2", relation=LesionRelation.SAME, from_lesions=("=R-L2",))
    write_measurements(tmp_path / "m.csv", [of(said), of(formula), of(marks())])
    silent, first, second = sorted(rows_of(tmp_path / "m.csv"), key=lambda row: row["relation"])
    assert [silent[name] for name in ("lesion_type", "relation", "from_lesions")] == ["", "", ""]
    assert [first[name] for name in ("lesion_type", "relation", "from_lesions")] == ["non-mass", "merged", "R-L1;=R-L2"]
    assert second["from_lesions"] == "'=R-L2"
    back = {(m.lesion_type, m.relation, m.from_lesions) for m in read_measurements(tmp_path / "m.csv")}
    assert back == {(a.lesion_type, a.relation, a.from_lesions) for a in (said, formula, marks())}


def test_nothing_found_is_zero_and_not_measurable_is_empty():
    assert measurement_record(of(marks(points=())))["value_mm"] == "0.0"
    refused = measurement_record(of(marks(flags=(ErrorCode.LATERALITY,))))
    assert refused["value_mm"] == ""
    assert "E_LATERALITY" in refused["flags"]


def test_response_numbers():
    record = response_record(response())
    assert record["change_percent"] == "-42.86"
    assert record["change_mm"] == "-12.0"
    assert response_record(response(change_percent=None))["change_percent"] == ""


def test_order_does_not_depend_on_the_order_given(tmp_path):
    own = [
        of(marks(timepoint=t), patient_id=p) for p in ("P2", "P1") for t in ("followup-10", "followup-2", "baseline")
    ]
    write_measurements(tmp_path / "one.csv", own)
    write_measurements(tmp_path / "two.csv", reversed(own))
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    visits = [(row["patient_id"], row["timepoint"]) for row in rows_of(tmp_path / "one.csv")]
    expected = ["baseline", "followup-2", "followup-10"]
    assert visits == [(p, t) for p in ("P1", "P2") for t in expected]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20))
def test_no_text_cell_runs_as_a_formula(text):
    record = measurement_record(measured(patient_id=text, lesion_id=text))
    assert not record["patient_id"].startswith(FORMULA_STARTS)
    assert record["value_mm"] == "10.0"


def test_negative_numbers_stay_numbers():
    assert response_record(response(change_mm=-3.5))["change_mm"] == "-3.5"


def test_written_rows_are_read_back(tmp_path):
    own = [of(marks()), of(outline()), of(marks(annotation_id="a2", points=(), timepoint="followup-1"))]
    write_measurements(tmp_path / "m.csv", own)
    back = read_measurements(tmp_path / "m.csv")
    keys = ("patient_id", "timepoint", "quantity", "laterality", "lesion_id", "value_mm", "view", "flags")
    rounded = [replace(m, value_mm=round(m.value_mm, 3)) for m in own]
    want = {tuple(getattr(m, key) for key in keys) for m in rounded}
    assert {tuple(getattr(m, key) for key in keys) for m in back} == want
    sources = {m.image.spacing.source for m in back if m.image and m.image.spacing}
    assert sources == {SpacingSource.MAGNIFICATION_CORRECTED, SpacingSource.PATIENT}


def test_a_table_read_and_written_again_is_the_same(tmp_path):
    own = [of(marks()), of(outline()), of(marks(annotation_id="a2", points=(), timepoint="followup-1"))]
    write_measurements(tmp_path / "m.csv", own)
    write_measurements(tmp_path / "again.csv", read_measurements(tmp_path / "m.csv"))
    assert (tmp_path / "again.csv").read_text(encoding="utf-8") == (tmp_path / "m.csv").read_text(encoding="utf-8")


def test_half_an_end_point_is_no_end_point(tmp_path):
    table = tmp_path / "t.csv"
    header = (
        "patient_id,timepoint,laterality,lesion_id,quantity,value_mm,spacing_row_mm,spacing_col_mm,end1_row,end1_col"
    )
    table.write_text(f"{header}\nP,baseline,L,1,calcification_extent,3,0.1,0.1,50,60\n", encoding="utf-8")
    (row,) = read_measurements(table)
    assert (row.value_mm, row.ends) == (3.0, ())


def test_a_date_that_sorts_wrongly_is_refused(tmp_path):
    table = tmp_path / "t.csv"
    header = "patient_id,timepoint,laterality,lesion_id,quantity,value_mm,study_date"
    table.write_text(f"{header}\nP,baseline,L,1,lesion_diameter,3,31.03.2024\n", encoding="utf-8")
    with pytest.raises(TableError, match="line 2, column study_date: must be a date such as"):
        read_measurements(table)


def test_a_corrected_spacing_corrects_the_value(tmp_path):
    write_measurements(tmp_path / "m.csv", [of(marks())])
    text = (tmp_path / "m.csv").read_text(encoding="utf-8").replace(",0.1,0.09,", ",0.2,0.18,")
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    assert read_measurements(tmp_path / "m.csv")[0].value_mm == pytest.approx(20.0)


def test_six_columns_are_enough(tmp_path):
    table = tmp_path / "bare.csv"
    table.write_text(
        "patient_id,timepoint,laterality,lesion_id,quantity,value_mm\n007,baseline,L,1,lesion_diameter,33.0\n"
        "007,followup-1,L,1,lesion_diameter,\n",
        encoding="utf-8",
    )
    first, second = read_measurements(table)
    assert (first.patient_id, first.value_mm, first.image) == ("007", 33.0, None)
    assert second.value_mm is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("P,baseline,L,1,lesion_diameter,abc", "line 2, column value_mm: must be a number"),
        ("P,baseline,L,1,lesion_diameter,nan", "line 2, column value_mm: must be a number"),
        ("P,baseline,L,1,lesion_diameter,-3", "line 2, column value_mm: must not be negative"),
        ("P,baseline,L,1,tumour,3", "line 2, column quantity: must be one of"),
        ("P,baseline,left,1,lesion_diameter,3", "line 2, column laterality: must be one of"),
        ("P,baseline,L,1,,3", "line 2, column quantity: must not be empty"),
        ("P,pre,L,1,lesion_diameter,3", "line 2, column timepoint: must be 'baseline', 'followup-1'"),
        (",baseline,L,1,lesion_diameter,3", "line 2, column patient_id: must not be empty"),
    ],
)
def test_bad_cells_are_named(tmp_path, line, words):
    table = tmp_path / "t.csv"
    table.write_text(f"patient_id,timepoint,laterality,lesion_id,quantity,value_mm\n{line}\n", encoding="utf-8")
    with pytest.raises(TableError, match=words):
        read_measurements(table)


def test_missing_columns_are_named(tmp_path):
    (tmp_path / "t.csv").write_text("patient_id,value_mm\nP,1\n", encoding="utf-8")
    with pytest.raises(TableError, match="timepoint, laterality, lesion_id, quantity"):
        read_measurements(tmp_path / "t.csv")


def test_skipped_are_sorted_and_whole(tmp_path):
    entries = [Skipped(Path("b"), ErrorCode.SCOUT, "a scout"), Skipped(Path("a"), ErrorCode.NOT_DICOM, "text, file")]
    write_skipped(tmp_path / "s.csv", entries)
    assert rows_of(tmp_path / "s.csv") == [
        {"path": "a", "code": "E_NOT_DICOM", "reason": "text, file"},
        {"path": "b", "code": "E_SCOUT", "reason": "a scout"},
    ]


def test_a_place_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError):
        write_measurements(tmp_path / "file" / "m.csv", [])


def test_spacing_without_source_is_as_given(tmp_path):
    table = tmp_path / "t.csv"
    header = "patient_id,timepoint,laterality,lesion_id,quantity,value_mm,spacing_row_mm,spacing_col_mm"
    table.write_text(f"{header}\nP,baseline,L,1,calcification_extent,3,0.1,0.1\n", encoding="utf-8")
    image = read_measurements(table)[0].image
    assert image is not None
    assert image.spacing == Spacing(0.1, 0.1, SpacingSource.GIVEN)
