"""The sample from files to categories: every number against its truth, every file as promised."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from calcmeasure.errors import LEFT_OUT_BY_DESIGN, ErrorCode
from calcmeasure.terms import Flag
from program import calcmeasure, result_tables, table

pytestmark = pytest.mark.timeout(900)  # a busy machine may need minutes for a whole run

MEASUREMENT_HEADER = (
    "patient_id,study_uid,study_date,timepoint,modality,laterality,view,lesion_id,quantity,value_mm,short_axis_mm,reader,"
    "method,confidence,morphology,distribution,n_marks,series_uid,sop_uid,frame,end1_row,end1_col,end1_slice,end2_row,"
    "end2_col,end2_slice,spacing_row_mm,spacing_col_mm,spacing_slice_mm,spacing_source,magnification,phase_index,"
    "phase_time_s,phase_rule,volume_mm3,flags,software,created_utc,phase_time_zero,"
    "lesion_type,relation,from_lesions"
)
RESPONSE_HEADER = (
    "patient_id,laterality,quantity,criteria,timepoint,baseline_mm,reference_mm,reference_timepoint,value_mm,change_mm,"
    "change_percent,category,rule,flags,reader"
)
PROFILES = ("paper-2023", "recist-1.1", "extent-10")


def allowed_mm(truth_mm: float) -> float:
    """max(2 mm, 10 %): the study's own tolerance."""
    return max(2.0, 0.1 * truth_mm)


def test_it_ends_well(sample_run):
    assert sample_run.done.returncode == 0, sample_run.done.stderr
    assert sample_run.done.stdout == ""
    assert "4 patients measured" in sample_run.done.stderr


def test_every_category_equals_the_truth(sample_run):
    found = {
        (r["patient_id"], r["quantity"], r["laterality"], r["timepoint"], r["criteria"]): r["category"]
        for r in table(sample_run.out / "responses.csv")
    }
    for row in table(sample_run.sample / "truth.csv"):
        for profile in PROFILES:
            key = (row["patient_id"], row["quantity"], row["laterality"], row["timepoint"], profile)
            assert found.pop(key, "") == row[profile], key
    assert not found, "rows nobody expects"


def test_the_demo_check_agrees(sample_run, tmp_path):
    check = [sys.executable, "-m", "calcmeasure.cli.demo"]
    good = subprocess.run(
        [*check, str(sample_run.out), str(sample_run.sample / "truth.csv")], capture_output=True, text=True
    )
    assert good.returncode == 0, good.stdout
    assert "20 of 20 categories equal the truth" in good.stdout
    wrong = tmp_path / "truth.csv"
    wrong.write_text((sample_run.sample / "truth.csv").read_text().replace(",PR,PR,", ",CR,PR,"), encoding="utf-8")
    bad = subprocess.run([*check, str(sample_run.out), str(wrong)], capture_output=True, text=True)
    assert bad.returncode == 1
    assert "WRONG" in bad.stdout


def test_every_view_and_lesion_is_within_tolerance(sample_run):
    rows = table(sample_run.out / "measurements.csv")
    # The row of a view is its largest group; other groups on it come after.
    extents = {r["sop_uid"]: float(r["value_mm"]) for r in reversed(rows) if r["modality"] == "MG"}
    lesions = {(r["patient_id"], r["timepoint"]): float(r["value_mm"]) for r in reversed(rows) if r["modality"] == "MR"}
    left_out = {r["path"] for r in table(sample_run.out / "skipped.csv") if r["code"] == "E_NOT_PREFERRED"}
    truth = table(sample_run.sample / "truth_measurements.csv")
    twins = [row for row in truth if row["modality"] == "MG" and row["uid"] not in extents]
    assert all(row["intent"] == "FOR PROCESSING" for row in twins)
    assert len(twins) == len(left_out)
    for row in truth:
        if row in twins:
            continue
        found = lesions[row["patient_id"], row["timepoint"]] if row["modality"] == "MR" else extents[row["uid"]]
        true_mm = float(row["value_mm"])
        assert abs(found - true_mm) <= allowed_mm(true_mm), (row["patient_id"], row["timepoint"], row["view"])


def test_nothing_is_found_where_nothing_is(sample_run):
    truth = table(sample_run.sample / "truth_measurements.csv")
    empty = {row["uid"] for row in truth if float(row["value_mm"]) == 0 and row["modality"] == "MG"}
    rows = [r for r in table(sample_run.out / "measurements.csv") if r["sop_uid"] in empty]
    assert {r["sop_uid"] for r in rows} == empty
    assert {r["value_mm"] for r in rows} == {"0.0"}
    assert all(r["end1_row"] == "" for r in rows)


def test_a_lesion_that_is_gone_keeps_its_name_and_is_zero(sample_run):
    rows = [
        r
        for r in table(sample_run.out / "measurements.csv")
        if r["patient_id"] == "CM-0002" and r["quantity"] == "lesion_diameter"
    ]
    assert [(r["timepoint"], r["lesion_id"], float(r["value_mm"]) > 0) for r in rows] == [
        ("baseline", "R-L1", True),
        ("followup-1", "R-L1", False),
    ]


def test_columns_are_as_published(sample_run):
    first_lines = {name: content.decode().splitlines()[0] for name, content in result_tables(sample_run.out).items()}
    patients = [f"patients/CM-000{i}.csv" for i in (1, 2, 3, 4)]
    assert sorted(first_lines) == sorted(["measurements.csv", "responses.csv", "skipped.csv", *patients])
    assert first_lines["responses.csv"].startswith(RESPONSE_HEADER)
    assert first_lines["skipped.csv"] == "path,code,reason"
    # Columns may be added at the end, never moved or taken away.
    assert all(first_lines[name].startswith(MEASUREMENT_HEADER) for name in ("measurements.csv", *patients))
    assert len({first_lines[name] for name in ("measurements.csv", *patients)}) == 1


def test_patient_tables_are_the_rows_of_the_whole(sample_run):
    whole = table(sample_run.out / "measurements.csv")
    parts = [row for path in sorted((sample_run.out / "patients").iterdir()) for row in table(path)]
    assert parts == whole


def test_every_row_explains_its_number(sample_run):
    for row in table(sample_run.out / "measurements.csv"):
        assert row["spacing_source"], row
        assert row["software"] == "calcmeasure 0.1.0"
        assert row["created_utc"] == "2023-11-14T22:13:20Z"
        assert row["reader"] == row["method"] == "auto"
        known = {*map(str, Flag), *map(str, ErrorCode)}
        assert set(filter(None, row["flags"].split(";"))) <= known
        if row["modality"] == "MR":
            assert row["phase_rule"] == "k-space-centre-90s"
            assert float(row["phase_time_s"]) > 0
            assert int(row["phase_index"]) > 0


def test_spacing_source_and_magnification_are_the_written_ones(sample_run):
    found = {r["sop_uid"]: r for r in table(sample_run.out / "measurements.csv")}
    for row in table(sample_run.sample / "truth_measurements.csv"):
        if row["uid"] in found and row["modality"] == "MG":
            assert found[row["uid"]]["spacing_source"] == row["spacing_source"]


def test_lengths_follow_from_the_stored_ends(sample_run):
    """Anyone with a calculator gets the same number from the table alone."""
    for row in table(sample_run.out / "measurements.csv"):
        if row["end1_row"] == "":
            continue
        step_mm = [
            (float(row[f"end2_{axis}"]) - float(row[f"end1_{axis}"])) * float(row[f"spacing_{axis}_mm"])
            for axis in ("row", "col")
        ]
        assert (step_mm[0] ** 2 + step_mm[1] ** 2) ** 0.5 == pytest.approx(float(row["value_mm"]), abs=2e-3)


def test_responses_name_their_rule(sample_run):
    for row in table(sample_run.out / "responses.csv"):
        assert row["rule"].startswith(f"{row['category']}:"), row["rule"]
        assert row["reference_timepoint"] == "baseline"
        assert row["reader"] == "auto"


def test_everything_left_out_has_a_code_and_a_reason(sample_run):
    rows = table(sample_run.out / "skipped.csv")
    assert {ErrorCode(row["code"]) for row in rows} <= LEFT_OUT_BY_DESIGN
    assert all(len(row["reason"]) > 10 for row in rows)
    assert len({row["path"] for row in rows}) == len(rows)
    assert Counter(row["code"] for row in rows)["E_NOT_DICOM"] == 6


def test_annotations_follow_the_schema(sample_run):
    schema = json.loads(calcmeasure("schema").stdout)
    files = sorted((sample_run.out / "annotations").iterdir())
    assert [f.name for f in files] == [f"CM-000{i}.auto.annotations.json" for i in (1, 2, 3, 4)]
    validator = jsonschema.Draft202012Validator(schema)
    counted = 0
    for path in files:
        content = json.loads(path.read_text(encoding="utf-8"))
        validator.validate(content)
        counted += len(content["annotations"])
        assert content["reader"] == "auto"
        assert [t["name"] for t in content["timepoints"]] == ["baseline", "followup-1"]
    assert counted == len(table(sample_run.out / "measurements.csv"))


def test_run_json_tells_how(sample_run):
    run = json.loads((sample_run.out / "run.json").read_text(encoding="utf-8"))
    assert {"command", "versions", "settings", "counts", "timings_s", "criteria", "patients", "peak_mib"} <= set(run)
    assert run["counts"]["seen"] == sum(p.is_file() for p in sample_run.sample.rglob("*"))
    assert run["counts"]["patients"] == 4
    assert run["counts"]["rows_added"] == len(table(sample_run.out / "measurements.csv"))
    assert run["counts"]["skipped"] == len(table(sample_run.out / "skipped.csv"))
    assert set(run["criteria"]) == set(PROFILES)
    assert all(len(digest) == 64 for digest in run["criteria"].values())
    assert {"numpy", "pydicom", "calcmeasure", "python"} <= set(run["versions"])
    assert run["settings"]["early_phase"] == "k-space-centre-90s"
    assert 0 < run["peak_mib"] < 4096
    for patient in run["patients"].values():
        assert {"mammography", "dynamic_mr", "pictures"} <= set(patient["timings_s"])
        assert len(patient["inputs_sha256"]) == 64


def test_nothing_temporary_is_left(sample_run):
    hidden = list(sample_run.out.rglob(".*"))
    assert not hidden
    assert not (sample_run.out / "measurements.sqlite-journal").exists()


def test_every_measurement_has_its_picture(sample_run):
    pictures = {p.stem for p in (sample_run.out / "pictures").rglob("*.png")}
    annotations = {
        a["annotation_id"]
        for path in (sample_run.out / "annotations").iterdir()
        for a in json.loads(path.read_text(encoding="utf-8"))["annotations"]
    }
    assert annotations == pictures


def test_again_adds_nothing_and_changes_nothing(sample_run, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(sample_run.out, out)
    again = calcmeasure("run", sample_run.sample, "--out", out, "--jobs", 2, "--json")
    assert again.returncode == 0
    run = json.loads(again.stdout)
    assert run["counts"]["rows_added"] == 0
    assert run["counts"]["patients_resumed"] == 4
    assert result_tables(out) == result_tables(sample_run.out)
    for name in ("report.html", "annotations/CM-0003.auto.annotations.json"):
        assert (out / name).read_bytes() == (sample_run.out / name).read_bytes()


def test_one_patient_alone_in_one_process_gives_the_same_bytes(sample_run, tmp_path):
    done = calcmeasure("run", sample_run.sample / "CM-0004", "--out", tmp_path, "--jobs", 1)
    assert done.returncode == 0, done.stderr
    name = "patients/CM-0004.csv"
    assert (tmp_path / name).read_bytes() == (sample_run.out / name).read_bytes()
    mine = [r for r in table(sample_run.out / "responses.csv") if r["patient_id"] == "CM-0004"]
    assert table(tmp_path / "responses.csv") == mine
    pictures = "pictures/CM-0004"
    for picture in sorted((tmp_path / pictures).glob("*.png")):
        assert picture.read_bytes() == (sample_run.out / pictures / picture.name).read_bytes()


def test_the_source_is_only_read(sample_run):
    assert not [p for p in Path(sample_run.sample).rglob("*") if p.suffix in (".sqlite", ".tmp")]
