"""The verb ``score`` from end to end: any source, any order, any number of processes, the same bytes."""

from __future__ import annotations

import json
import random
import shutil

import pytest

from calcmeasure.cli import main
from calcmeasure.cli.exits import ExitCode
from calcmeasure.response.criteria import profile_toml
from calcmeasure.store.annotation_files import write_annotations
from factories import marks
from program import table

HEADER = "patient_id,timepoint,study_date,laterality,lesion_id,quantity,value_mm"
FOLLOWUP = {"timepoint": "followup-1", "study_date": "2021-08-09"}


def cohort(n_patients: int, *, seed: int = 3) -> list[str]:
    """Rows of patients with three visits, both quantities, zeros and missing visits."""
    rng = random.Random(seed)
    rows = []
    for i in range(n_patients):
        for visit, name in enumerate(("baseline", "followup-1", "followup-2")):
            if visit == 1 and rng.random() < 0.1:
                continue
            for quantity, lesion in (("calcification_extent", "C1"), ("lesion_diameter", "L1")):
                value = rng.choice(["0", f"{rng.uniform(8, 90):.1f}", f"{rng.uniform(8, 90):.1f}"])
                rows.append(f"P{i:03d},{name},2024-0{1 + 2 * visit}-03,L,L-{lesion},{quantity},{value}")
    return rows


def write(path, rows, header=HEADER):
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def scored(tmp_path, name, *words, code=0):
    out = tmp_path / name
    assert main(["score", *map(str, words), "--out", str(out)]) == code
    return {path.name: path.read_bytes() for path in out.glob("*.csv")}


@pytest.mark.parametrize("only", [(), ("--only-responses",)])
def test_order_of_rows_and_repeats_change_nothing(tmp_path, only):
    rows = cohort(40)
    first = scored(tmp_path, "a", write(tmp_path / "t.csv", rows), *only)
    random.Random(1).shuffle(rows)
    write(tmp_path / "t.csv", rows)
    again = scored(tmp_path, "b", tmp_path / "t.csv", *only)
    assert again == first == scored(tmp_path, "b", tmp_path / "t.csv", *only)
    assert first["responses.csv"].count(b"\n") > 200


def test_processes_change_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("calcmeasure.pipeline.score_input.ROWS_PER_CHUNK", 40)
    path = write(tmp_path / "t.csv", [*cohort(40), "P9,pre,,L,L1,lesion_diameter,3"])
    one = scored(tmp_path, "one", path, code=ExitCode.PARTIAL)
    two = scored(tmp_path, "two", path, "--jobs", "2", "--only-responses", code=ExitCode.PARTIAL)
    assert two == {name: one[name] for name in ("responses.csv", "skipped.csv")}


def test_only_responses_writes_the_same_responses_and_nothing_else(tmp_path):
    path = write(tmp_path / "t.csv", cohort(5))
    whole, alone = scored(tmp_path, "whole", path), scored(tmp_path, "alone", path, "--only-responses")
    assert alone["responses.csv"] == whole["responses.csv"]
    counts = json.loads((tmp_path / "alone" / "run.json").read_text(encoding="utf-8"))["counts"]
    assert counts["response_rows"] == len(table(tmp_path / "alone" / "responses.csv"))
    assert {p.name for p in (tmp_path / "alone").iterdir()} == {"responses.csv", "skipped.csv", "run.json"}


def test_bad_rows_are_told_and_the_rest_is_scored(tmp_path, capsys):
    rows = cohort(3)
    clean = scored(tmp_path, "clean", write(tmp_path / "t.csv", rows), "--only-responses")
    bad = ["P7,baseline,,L,L1,lesion_diameter,abc", "P7,followup-1,,L,L1,tumour,3", rows[0]]
    path = write(tmp_path / "bad.csv", [*rows, *bad])
    capsys.readouterr()
    partial = scored(tmp_path, "partial", path, "--only-responses", code=ExitCode.PARTIAL)
    assert partial["responses.csv"] == clean["responses.csv"]
    codes = [row["code"] for row in table(tmp_path / "partial" / "skipped.csv")]
    assert codes == ["E_DUPLICATE_ROW", "E_NOT_A_NUMBER", "E_UNKNOWN_CATEGORY"]
    told = capsys.readouterr().err
    assert f"bad.csv: line {len(rows) + 2}, column value_mm: must be a number, found 'abc' [E_NOT_A_NUMBER]" in told


def test_nothing_usable_is_3(tmp_path):
    path = write(tmp_path / "t.csv", ["P7,baseline,,L,L1,lesion_diameter,abc"])
    scored(tmp_path, "out", path, code=ExitCode.INPUT_REFUSED)


def test_a_patient_far_out_in_the_table_is_one_patient(tmp_path):
    """Visits in two tables, one of them of another locale."""
    rows = [row for row in cohort(6) if "followup" not in row], [row for row in cohort(6) if "followup" in row]
    write(tmp_path / "first.csv", rows[0])
    text = "\r\n".join([HEADER, *rows[1], ""]).replace(".", "\0").replace(",", ";").replace("\0", ",")
    (tmp_path / "second.csv").write_bytes(text.encode("utf-16"))
    together = scored(tmp_path, "together", write(tmp_path / "t.csv", cohort(6)), "--only-responses")
    apart = scored(tmp_path, "apart", tmp_path / "first.csv", tmp_path / "second.csv", "--only-responses")
    assert apart["responses.csv"] == together["responses.csv"]


def test_a_folder_tree_of_annotations_at_any_depth(tmp_path):
    for patient, folder in (("P1", "a"), ("P2", "a/b/c")):
        (tmp_path / "tree" / folder).mkdir(parents=True, exist_ok=True)
        drawn = [marks(), marks(annotation_id="m2", points=((10.0, 10.0), (60.0, 10.0)), **FOLLOWUP)]
        path = tmp_path / "tree" / folder / f"{patient}.mk.annotations.json"
        write_annotations(path, patient_id=patient, reader="mk", annotations=drawn)
    (tmp_path / "tree" / "x.annotations.json").write_text("[", encoding="utf-8")
    scored(tmp_path, "out", tmp_path / "tree", "--criteria", "extent-10", code=ExitCode.PARTIAL)
    assert [row["patient_id"] for row in table(tmp_path / "out" / "responses.csv")] == ["P1", "P2"]
    assert [row["code"] for row in table(tmp_path / "out" / "skipped.csv")] == ["E_ANNOTATION"]


def test_a_folder_of_tables_and_the_outputs_of_a_run(tmp_path):
    rows = cohort(4)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    half = len(rows) // 2
    write(tmp_path / "in" / "one.csv", rows[:half])
    write(tmp_path / "in" / "deep" / "two.csv", rows[half:])
    first = scored(tmp_path, "first", tmp_path / "in")
    assert first["responses.csv"] == scored(tmp_path, "second", tmp_path / "first")["responses.csv"]


def test_a_folder_without_anything_to_score(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    scored(tmp_path, "out", tmp_path / "in", code=ExitCode.INPUT_REFUSED)
    assert "[E_ANNOTATION]" in capsys.readouterr().err


PAIR = ("P1,baseline,,L,L1,lesion_diameter,40", "P1,followup-1,,L,L1,lesion_diameter,30")
OTHER = ("P2,baseline,,L,L1,lesion_diameter,50", "P2,followup-1,,L,L1,lesion_diameter,20")


def test_differences_from_an_earlier_run(tmp_path, capsys):
    words = ("--criteria", "recist-1.1")
    scored(tmp_path, "old", write(tmp_path / "t.csv", [*PAIR, *OTHER]), *words)
    write(tmp_path / "t.csv", [PAIR[0], PAIR[1].replace("30", "28"), *PAIR[:0], "P3,baseline,,L,L1,lesion_diameter,9"])
    capsys.readouterr()
    scored(tmp_path, "new", tmp_path / "t.csv", *words, "--against", tmp_path / "old", code=ExitCode.PARTIAL)
    rows = table(tmp_path / "new" / "diff.csv")
    assert [(r["patient_id"], r["why"], r["category_before"], r["category_after"]) for r in rows] == [
        ("P1", "value", "SD", "PR"),
        ("P2", "gone_row", "PR", ""),
    ]
    assert rows[0]["rule_after"].startswith("PR: 40.0 → 28.0 mm is -30.0 %")
    told = capsys.readouterr().err
    assert "2 rows differ from the earlier run; 1 of them changed class" in told
    assert "recist-1.1: SD → PR: 1" in told


def test_the_same_run_again_differs_in_nothing(tmp_path):
    path = write(tmp_path / "t.csv", cohort(10))
    scored(tmp_path, "out", path)
    again = scored(tmp_path, "out", path, "--against", tmp_path / "out")
    assert again["diff.csv"].count(b"\n") == 1


def test_a_changed_profile_is_told_by_its_hash(tmp_path):
    lengths = {"baseline": 50, "followup-1": 47}
    path = write(tmp_path / "t.csv", [f"P1,{v},,L,C1,calcification_extent,{mm}" for v, mm in lengths.items()])
    scored(tmp_path, "old", path, "--criteria", "extent-10")
    own = tmp_path / "own.toml"
    own.write_text(profile_toml("extent-10").replace("decrease_percent = 10", "decrease_percent = 5"), encoding="utf-8")
    scored(tmp_path, "new", path, "--criteria", own, "--against", tmp_path / "old")
    (row,) = table(tmp_path / "new" / "diff.csv")
    assert (row["why"], row["category_before"], row["category_after"]) == ("profile", "unchanged", "decrease")
    assert row["criteria_sha256_before"] != row["criteria_sha256_after"]


def test_a_source_that_cannot_be_used_is_named_and_the_others_are_scored(tmp_path, capsys):
    path, nowhere = write(tmp_path / "t.csv", cohort(1)), tmp_path / "nowhere.csv"
    alone = scored(tmp_path, "alone", path)
    both = scored(tmp_path, "both", nowhere, path, code=ExitCode.PARTIAL)
    assert both["responses.csv"] == alone["responses.csv"]
    assert b"nowhere.csv,E_TABLE,the table cannot be read: No such file or directory" in both["skipped.csv"]
    assert "nowhere.csv: the table cannot be read: No such file" in capsys.readouterr().err


def test_nothing_but_sources_that_cannot_be_used(tmp_path, capsys):
    nowhere = tmp_path / "nowhere.csv"
    scored(tmp_path, "out", nowhere, code=ExitCode.INPUT_REFUSED)
    assert capsys.readouterr().err.startswith(f"calcmeasure: {nowhere}: the table cannot be read: No such file")


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("--criteria", ExitCode.USAGE),
        ("--mapping", ExitCode.INPUT_REFUSED),
        ("--against", ExitCode.INPUT_REFUSED),
    ],
)
def test_a_missing_file_is_named_as_it_was_typed(tmp_path, capsys, option, code):
    missing = tmp_path / "missing.toml"
    scored(tmp_path, "out", write(tmp_path / "t.csv", cohort(1)), option, missing, code=code)
    assert capsys.readouterr().err.startswith(f"calcmeasure: {missing}: ")


def test_two_profiles_of_one_name_are_refused(tmp_path, capsys):
    own = tmp_path / "own.toml"
    own.write_text(profile_toml("extent-10").replace("decrease_percent = 10", "decrease_percent = 5"), encoding="utf-8")
    path = write(tmp_path / "t.csv", cohort(1))
    scored(tmp_path, "out", path, "--criteria", "extent-10", "--criteria", own, code=ExitCode.USAGE)
    assert "two different criteria profiles are called extent-10" in capsys.readouterr().err


def test_the_unit_is_asked_for(tmp_path, capsys):
    rows = [
        f"P{i},{v},,L,L1,lesion_diameter,{n}.{i}" for i in range(4) for v, n in (("baseline", 4), ("followup-1", 2))
    ]
    path = write(tmp_path / "t.csv", rows)
    scored(tmp_path, "asked", path, code=ExitCode.INPUT_REFUSED)
    assert "say --unit cm" in capsys.readouterr().err
    scored(tmp_path, "cm", path, "--unit", "cm", "--criteria", "recist-1.1")
    assert table(tmp_path / "cm" / "responses.csv")[1]["baseline_mm"] == "41.0"
    scored(tmp_path, "mm", path, "--unit", "mm", "--criteria", "recist-1.1")


def test_a_stated_length_that_its_points_do_not_give_is_told_and_scored(tmp_path, capsys):
    ends = "end1_row,end1_col,end2_row,end2_col,spacing_row_mm,spacing_col_mm"
    extents = {"baseline": 300, "followup-1": 200}
    rows = [f"P1,{visit},,L,C1,calcification_extent,30,0,0,{n},0,0.1,0.1" for visit, n in extents.items()]
    scored(tmp_path, "out", write(tmp_path / "t.csv", rows, f"{HEADER},{ends}"), "--criteria", "extent-10")
    assert table(tmp_path / "out" / "responses.csv")[0]["value_mm"] == "20.0"
    assert "line 3, column value_mm: states 30 mm; points and spacing give 20 mm" in capsys.readouterr().err
    assert table(tmp_path / "out" / "measurements.csv")[1]["flags"] == "stated_value_differs"


def test_repeated_readings_say_what_they_would_change(tmp_path, capsys, monkeypatch):
    """Readings 2 mm apart: 1.96 · √2 · √2 = 3.9 mm, so that 36 mm of 50 may be the PR of 35; 20 is none but PR."""
    monkeypatch.setattr("calcmeasure.pipeline.score_input.ROWS_PER_CHUNK", 1)
    twice = [f"P1,baseline,,L,L1,lesion_diameter,{mm},{reader}" for mm, reader in ((50, "mk"), (52, "mk-2"))]
    rows = [f"P{i},{visit},,L,L1,lesion_diameter,{mm},mk"
            for i, course in ((2, (50, 36)), (3, (50, 20)))
            for visit, mm in zip(("baseline", "followup-1"), course, strict=True)]  # fmt: skip
    words = ("--criteria", "recist-1.1", "--only-responses")
    path = write(tmp_path / "t.csv", rows, f"{HEADER},reader")
    scored(tmp_path, "once", path, *words)
    path = write(tmp_path / "t.csv", [*twice, *rows], f"{HEADER},reader")
    capsys.readouterr()
    one = scored(tmp_path, "one", path, *words, code=ExitCode.PARTIAL)
    told = capsys.readouterr().err
    assert "lesion_diameter: read more than once 1 ×; readings differ by up to 3.9 mm" in told
    before, after = (table(tmp_path / name / "responses.csv") for name in ("once", "one"))
    said = "; 1.0 mm less would be PR, and readings differ by up to 3.9 mm"
    assert [row["flags"] for row in after] == ["within_reader_error", ""]
    assert [row["rule"] for row in after] == [before[0]["rule"] + said, before[1]["rule"]]
    info = json.loads((tmp_path / "one" / "run.json").read_text(encoding="utf-8"))
    assert info["reader_errors"] == {"lesion_diameter": {"n_repeated": 1, "repeatability_mm": 3.92}}
    assert scored(tmp_path, "two", path, *words, "--jobs", "2", code=ExitCode.PARTIAL) == one


@pytest.mark.realdata
def test_ispy1_from_its_workbook(realdata, tmp_path):
    """Against one lesion's RECIST in four lines: 30 % from baseline, 20 % and 5 mm from nadir, PR until progression."""
    source = realdata / "ispy1_table" / "I-SPY_1_All_Patient_Clinical_and_Outcome_Data.xlsx"
    shutil.copy(source, tmp_path / "t.xlsx")
    words = ("--mapping", "ispy1", "--criteria", "recist-1.1", "--only-responses")
    scored(tmp_path, "out", tmp_path / "t.xlsx", *words, code=ExitCode.PARTIAL)
    rows = table(tmp_path / "out" / "responses.csv")
    assert len(rows) == 620
    nadir: dict[str, float] = {}
    for row in rows:
        patient, before, value = row["patient_id"], float(row["baseline_mm"]), float(row["value_mm"])
        least = nadir.get(patient, before)
        grown = value >= 1.2 * least - 1e-9 and value - least >= 5 if least else value > 0
        responded = value <= 0.7 * before + 1e-9 or least <= 0.7 * before + 1e-9
        plain = "PD" if grown else "CR" if value == 0 else "PR" if responded else "SD"
        assert row["category"] == plain, row
        nadir[patient] = min(least, value)
    assert {row["code"] for row in table(tmp_path / "out" / "skipped.csv")} == {"E_NO_FOLLOWUP"}


def test_a_table_without_rows_says_so(tmp_path, capsys):
    empty = tmp_path / "empty.csv"
    empty.write_text("patient_id,timepoint,laterality,lesion_id,quantity,value_mm\n", encoding="utf-8")
    assert main(["score", str(empty), "--out", str(tmp_path / "out")]) == 3
    assert "no measurement was left to score" in capsys.readouterr().err
