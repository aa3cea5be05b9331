"""Export: the tables and files of one reader, unsigned work only when asked for and marked as such."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.report.read_tables import read_measurements
from calcmeasure.store.annotation_files import read_annotations
from calcmeasure.store.database import MeasurementStore, Reading
from calcmeasure.terms import Flag, LesionRole, LesionSite, NonTargetStatus
from factories import marks
from napari_calcmeasure.reading.draft_json import mask_of, same_mask
from napari_calcmeasure.reading.export import export_readings
from napari_calcmeasure.reading.finding import Finding, PatientReading
from napari_calcmeasure.reading.signing import load_reading, sign
from plugin.reading.on_the_desk import finished, lesion

SMALLER = ((10.0, 10.0), (60.0, 10.0))


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = str(tmp_path / "m.sqlite")
    followup = Finding(marks(annotation_id="a2", timepoint="followup-1", study_date="2021-09-04", points=SMALLER))
    sign(finished(findings=(Finding(marks()), followup, lesion())), url)
    sign(PatientReading("P/2", "r1", (Finding(marks()),)), url)
    sign(finished(reader="r2"), url)
    with MeasurementStore(url) as opened:
        opened.record(Reading("CM-0001", "auto", [marks()], {"a1": 10.0}))
    return url


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_one_patient(store, tmp_path):
    out = tmp_path / "out"
    done = export_readings(store, out, reader="r1", patient_id="CM-0001", criteria=["extent-10"])
    measurements, responses = table(out / "measurements.csv"), table(out / "responses.csv")
    assert [(row["patient_id"], row["reader"]) for row in measurements] == [("CM-0001", "r1")] * 3
    assert [(row["criteria"], row["category"], row["change_mm"]) for row in responses] == [
        ("extent-10", "decrease", "-5.0")
    ]
    assert (done.measurements, done.responses, done.unsigned) == (3, 1, 0)
    assert [path.relative_to(out).as_posix() for path in done.files] == [
        "measurements.csv", "responses.csv", "annotations/CM-0001.r1.annotations.json",
    ]  # fmt: skip
    assert all(path.is_file() for path in done.files)


def test_all_of_a_reader_by_the_usual_profiles(store, tmp_path):
    done = export_readings(store, tmp_path, reader="r1")
    rows = table(tmp_path / "measurements.csv")
    assert [row["patient_id"] for row in rows] == ["CM-0001"] * 3 + ["P/2"]
    assert {row["reader"] for row in rows} == {"r1"}
    assert {row["criteria"] for row in table(tmp_path / "responses.csv")} >= {"paper-2023", "extent-10"}
    assert len(done.files) == 4
    assert all(path.parent in (tmp_path, tmp_path / "annotations") for path in done.files)


def test_saved_annotations_are_the_signed_ones_with_their_voxels(store, tmp_path):
    export_readings(store, tmp_path, reader="r1", patient_id="CM-0001")
    saved = read_annotations(tmp_path / "annotations" / "CM-0001.r1.annotations.json")
    signed = load_reading(store, "CM-0001", "r1")
    assert {one.annotation_id: one for one in saved.annotations} == {one.key: one.signed for one in signed.findings}
    (found,) = [one for one in saved.annotations if one.annotation_id == "l1"]
    assert same_mask(mask_of(found), lesion().mask)
    assert ("R-L1",) in [one.from_lesions for one in read_measurements(tmp_path / "measurements.csv")]


def test_what_was_stated_of_a_lesion_is_in_the_files(tmp_path):
    said = {"role": LesionRole.NON_TARGET, "site": LesionSite.LYMPH_NODE, "status": NonTargetStatus.NON_CR_NON_PD}
    url = str(tmp_path / "m.sqlite")
    stated = lesion()
    sign(finished(findings=(replace(stated, annotation=replace(stated.annotation, **said)),)), url)
    export_readings(url, tmp_path / "out", reader="r1", patient_id="CM-0001")
    (row,) = table(tmp_path / "out" / "measurements.csv")
    (saved,) = read_annotations(tmp_path / "out" / "annotations" / "CM-0001.r1.annotations.json").annotations
    assert {name: row[name] for name in said} == said
    assert {name: getattr(saved, name) for name in said} == said


def test_unsigned_work_is_left_out_unless_asked_for(store, tmp_path):
    desk = load_reading(store, "CM-0001", "r1")
    desk = desk.change("a1", lambda one: replace(one, annotation=replace(one.annotation, points=SMALLER)))
    desk = desk.put(Finding(marks(annotation_id="a9", flags=("detector_plane",)))).drop("a2")
    assert export_readings(store, tmp_path / "signed", reader="r1").unsigned == 0
    done = export_readings(store, tmp_path / "all", reader="r1", unsigned=[desk, finished(reader="r2")])
    rows = table(tmp_path / "all" / "measurements.csv")
    assert (done.unsigned, done.measurements) == (2, 5)
    marked = {row["value_mm"]: row["flags"].split(";")[:2] for row in rows if str(Flag.UNSIGNED) in row["flags"]}
    assert marked == {"5.0": ["unsigned", "sensitive_to_one_mark"], "10.0": ["detector_plane", "unsigned"]}
    still_there = [row for row in rows if row["quantity"] == "calcification_extent" and row["timepoint"] != "baseline"]
    assert [row["value_mm"] for row in still_there] == ["5.0"], "given up, and not retracted yet"


def test_an_empty_store_gives_empty_tables(tmp_path):
    done = export_readings(str(tmp_path / "none.sqlite"), tmp_path / "out", reader="r1")
    assert (done.measurements, len(done.files)) == (0, 2)
    assert table(tmp_path / "out" / "measurements.csv") == []
    assert not (tmp_path / "none.sqlite").exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"reader": ""}, ErrorCode.NO_READER), ({"criteria": ["no-such"]}, ErrorCode.CRITERIA_UNKNOWN)],
)
def test_what_cannot_be_exported_says_why_before_anything_is_written(store, tmp_path, changes, code):
    with pytest.raises(CalcMeasureError) as caught:
        export_readings(store, tmp_path / "out", **({"reader": "r1"} | changes))
    assert caught.value.code is code
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_says_so(store, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(CalcMeasureError) as caught:
        export_readings(store, tmp_path / "file" / "out", reader="r1")
    assert caught.value.code is ErrorCode.OUTPUT
