"""Verbs one by one: what goes to stdout, what to stderr, and the exit code."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from calcmeasure.cli import main
from calcmeasure.cli.exits import ExitCode
from calcmeasure.cli.parser import build_parser
from calcmeasure.store.database import MeasurementStore, Reading
from factories import marks
from program import calcmeasure, table
from tiny_patients import BASELINE, TinyPatient, write_dynamic, write_mammograms

VERBS = (
    "run", "index", "measure", "score", "export", "readers", "cohort", "study", "criteria", "schema", "phantom", "view",
    "keys", "doctor",
)  # fmt: skip
FOLLOWUP = {"timepoint": "followup-1", "study_date": "2021-08-09"}


@pytest.fixture
def store(tmp_path):
    """Two visits of one patient, two readers."""
    path = tmp_path / "study.sqlite"
    with MeasurementStore(str(path)) as opened:
        for reader, last in (("auto", 60.0), ("mk", 108.0)):
            found = (
                marks(annotation_id=f"{reader}1"),
                marks(annotation_id=f"{reader}2", points=((10.0, 10.0), (last, 10.0)), **FOLLOWUP),
            )
            opened.record(Reading("P1", reader, found, {}))
    return path


@pytest.fixture
def folder(tmp_path):
    """One visit of one patient and a note."""
    source = tmp_path / "in"
    write_mammograms(source, TinyPatient("P9"), BASELINE)
    (source / "note.txt").write_text("hello", encoding="utf-8")
    return source


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert re.search(rf"example:\n  calcmeasure {verb}\b", shown)


def test_help_lists_every_verb_and_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert all(f" {verb} " in shown for verb in VERBS)
    for code in ExitCode:
        assert f" {code.value} " in shown, code
    assert "not a medical device" in shown


def test_examples_in_the_help_are_accepted_by_the_parser(capsys):
    for verb in VERBS:
        with pytest.raises(SystemExit):
            main([verb, "--help"])
        example = capsys.readouterr().out.split("example:\n  calcmeasure ")[1].splitlines()[0]
        words = example.partition(" > ")[0].split()
        assert build_parser().parse_args(words).verb == verb


BAD_SENSITIVITY = [["run", "x", "--out", "y", "--sensitivity", text] for text in ("0", "-1", "inf", "nan", "high")]


@pytest.mark.parametrize(
    "words", [[], ["fly"], ["run", "x"], ["run", "x", "--out", "y", "--jobs", "0"], *BAD_SENSITIVITY, ["score"]]
)
def test_wrong_usage_is_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "usage:" in streams.err


def test_version_is_data(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("calcmeasure ")


def test_criteria_are_listed_and_printed(capsys):
    assert main(["criteria"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert set(names) >= {"paper-2023", "recist-1.1", "extent-10"}
    for name in names:
        assert main(["criteria", name]) == 0
        assert f'name = "{name}"' in capsys.readouterr().out


def test_a_profile_of_ones_own_is_checked(tmp_path, capsys):
    main(["criteria", "extent-10"])
    mine = tmp_path / "mine.toml"
    mine.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["criteria", str(mine)]) == 0
    assert capsys.readouterr().out == mine.read_text(encoding="utf-8")
    mine.write_text(mine.read_text(encoding="utf-8").replace("increase_percent", "more_percent"), encoding="utf-8")
    assert main(["criteria", str(mine)]) == 2
    assert "extent.more_percent" in capsys.readouterr().err


def test_a_printed_profile_is_a_profile(store, tmp_path, capsys):
    main(["criteria", "extent-10"])
    mine = tmp_path / "mine.toml"
    mine.write_text(capsys.readouterr().out.replace('"extent-10"', '"mine"'), encoding="utf-8")
    assert main(["score", str(store), "--out", str(tmp_path / "out"), "--criteria", str(mine)]) == 0
    assert {row["criteria"] for row in table(tmp_path / "out" / "responses.csv")} == {"mine"}


def test_an_unknown_profile_is_2_and_names_the_known_ones(store, tmp_path, capsys):
    assert main(["score", str(store), "--out", str(tmp_path / "out"), "--criteria", "recist-9"]) == 2
    said = capsys.readouterr().err
    assert "[E_CRITERIA_UNKNOWN]" in said
    assert "recist-1.1" in said
    assert not (tmp_path / "out").exists()


def test_an_unknown_detector_is_2_before_any_work(folder, tmp_path, capsys):
    words = ["run", str(folder), "--out", str(tmp_path / "out"), "--lesion-detector", "nobody"]
    assert main(words) == 2
    assert "largest-lesion" in capsys.readouterr().err


def test_an_unknown_early_phase_rule_is_refused_and_named(folder, tmp_path, capsys):
    words = ["run", str(folder), "--out", str(tmp_path / "out"), "--early-phase", "whenever"]
    assert main(words) == 2
    assert "k-space-centre-90s" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["run", "index", "measure"])
def test_a_source_that_is_not_there_is_3(verb, tmp_path, capsys):
    more = {"run": ["--out", str(tmp_path / "o")], "measure": ["--store", str(tmp_path / "s.sqlite")], "index": []}
    assert main([verb, str(tmp_path / "nowhere"), *more[verb]]) == 3
    assert "[E_UNREADABLE]" in capsys.readouterr().err


def test_a_folder_without_images_is_3(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("x", encoding="utf-8")
    assert main(["run", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 3
    assert "0 patients" in capsys.readouterr().err
    assert table(tmp_path / "out" / "skipped.csv")[0]["code"] == "E_NOT_DICOM"


@pytest.mark.parametrize("name", ["nowhere.sqlite", "nowhere.csv", "nowhere"])
def test_scoring_what_is_not_there(name, tmp_path, capsys):
    code = main(["score", str(tmp_path / name), "--out", str(tmp_path / "out")])
    assert code in (ExitCode.INPUT_REFUSED, ExitCode.STORE_BUSY)
    assert "calcmeasure: " in capsys.readouterr().err


def test_a_file_that_is_no_store_is_said(tmp_path, capsys):
    (tmp_path / "x.sqlite").write_bytes(b"not a database, only long enough to look like one" * 20)
    assert main(["score", str(tmp_path / "x.sqlite"), "--out", str(tmp_path / "out")]) == ExitCode.INPUT_REFUSED
    assert "[E_STORE]" in capsys.readouterr().err


def test_an_empty_annotation_folder_is_said(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert main(["score", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 3
    assert "[E_ANNOTATION]" in capsys.readouterr().err


def test_every_source_of_a_score_gives_the_same_answer(store, tmp_path):
    first = tmp_path / "from-store"
    assert main(["score", str(store), "--out", str(first)]) == 0
    sources = {"annotations": first / "annotations", "table": first / "measurements.csv"}
    for name, source in sources.items():
        assert main(["score", str(source), "--out", str(tmp_path / name)]) == 0
        assert (tmp_path / name / "responses.csv").read_bytes() == (first / "responses.csv").read_bytes()
    assert main(["export", str(store), "--out", str(tmp_path / "export")]) == 0
    for name in ("responses.csv", "measurements.csv", "patients/P1.csv", "skipped.csv"):
        assert (tmp_path / "export" / name).read_bytes() == (first / name).read_bytes()
    rows = [r for r in table(first / "responses.csv") if r["criteria"] == "extent-10"]
    assert {r["reader"]: r["category"] for r in rows} == {"auto": "decrease", "mk": "unchanged"}


def test_one_bad_annotation_file_leaves_the_others(store, tmp_path, capsys):
    main(["score", str(store), "--out", str(tmp_path / "one")])
    (tmp_path / "one" / "annotations" / "bad.auto.annotations.json").write_text("{", encoding="utf-8")
    assert main(["score", str(tmp_path / "one" / "annotations"), "--out", str(tmp_path / "two")]) == ExitCode.PARTIAL
    assert len(table(tmp_path / "two" / "responses.csv")) == len(table(tmp_path / "one" / "responses.csv"))
    assert [row["code"] for row in table(tmp_path / "two" / "skipped.csv")] == ["E_ANNOTATION"]


def test_a_table_that_cannot_be_used_is_3(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("patient_id,value_mm\nP,1\n", encoding="utf-8")
    assert main(["score", str(tmp_path / "t.csv"), "--out", str(tmp_path / "out")]) == 3
    assert "[E_TABLE]" in capsys.readouterr().err


def test_criteria_are_asked_for_once_each(store, tmp_path):
    words = ["--criteria", "recist-1.1", "--criteria", "extent-10", "--criteria", "extent-10"]
    assert main(["score", str(store), "--out", str(tmp_path / "out"), *words]) == 0
    assert [r["criteria"] for r in table(tmp_path / "out" / "responses.csv")] == ["extent-10"] * 2


def test_quiet_says_nothing(store, tmp_path, capsys):
    assert main(["score", str(store), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_index_prints_the_published_object(folder, capsys):
    write_dynamic(folder / "MR", TinyPatient("P9"), BASELINE)
    assert main(["index", str(folder), "--json"]) == 0
    streams = capsys.readouterr()
    content = json.loads(streams.out)
    assert streams.err == ""
    assert set(content) == {"patients", "skipped", "counts"}
    (patient,) = content["patients"]
    assert patient["patient_id"] == "P9"
    views = [m for study in patient["studies"] for m in study["mammograms"]]
    assert {(m["laterality"], m["view"], m["usable"]) for m in views} == {("R", "CC", True), ("R", "MLO", True)}
    assert set(views[0]) == {"sop_uid", "path", "laterality", "view", "intent", "rows", "columns", "spacing", "usable",
                             "flags"}  # fmt: skip
    assert views[0]["spacing"]["source"] == "magnification_corrected"
    (series,) = [s for study in patient["studies"] for s in study["dynamic_series"]]
    assert [phase["n_slices"] for phase in series["phases"]] == [8, 8, 8]
    assert series["early_phase"]["index"] == 1
    assert series["early_phase"]["rule"] == "k-space-centre-90s"
    assert {"series_uids", "vendor", "sort_key", "time_zero", "spacing", "usable", "flags"} <= set(series)
    assert [(Path(s["path"]).name, s["code"]) for s in content["skipped"]] == [("note.txt", "E_NOT_DICOM")]
    assert content["counts"]["seen"] == 2 + 24 + 1


def test_index_for_people(folder, capsys):
    assert main(["index", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "P9"
    assert lines[1].split() == ["baseline", "2024-01-10"]
    assert "R-CC" in lines[2]
    assert lines[-1].startswith("left out: E_NOT_DICOM")


def test_time_points_from_a_table(folder, tmp_path, capsys):
    main(["index", str(folder), "--json"])
    study = json.loads(capsys.readouterr().out)["patients"][0]["studies"][0]
    rows = f"patient_id,study_uid,timepoint\nP9,{study['study_uid']},followup-2\n"
    (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    assert main(["index", str(folder), "--json", "--timepoints", str(tmp_path / "t.csv")]) == 0
    again = json.loads(capsys.readouterr().out)["patients"][0]["studies"][0]
    assert (again["timepoint"], again["timepoint_source"]) == ("followup-2", "table")


def test_measure_fills_a_store_and_writes_nothing_else(folder, tmp_path):
    done = calcmeasure("measure", folder, "--store", tmp_path / "s.sqlite", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"patients": 1, "rows_added": 2}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "s.sqlite"]
    again = calcmeasure("measure", folder, "--store", tmp_path / "s.sqlite", "--quiet")
    assert json.loads(again.stdout)["rows_added"] == 0
    assert again.stderr == ""


def test_a_run_prints_json_only_when_asked(folder, tmp_path):
    done = calcmeasure("run", folder, "--out", tmp_path / "out", "--json", "--quiet")
    assert done.returncode == 0
    assert done.stderr == ""
    shown = json.loads(done.stdout)
    written = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert shown["counts"] == written["counts"]


def test_doctor(capsys):
    code = main(["doctor"])
    shown = capsys.readouterr().out
    assert code in (ExitCode.OK, ExitCode.PARTIAL)
    assert all(word in shown for word in ("calcmeasure", "codec", "sqlite", "display"))
    main(["doctor", "--json"])
    checks = json.loads(capsys.readouterr().out)
    assert all({"name", "ok", "found", "advice", "optional"} == set(check) for check in checks)
    missing = [check for check in checks if not check["ok"] and not check["optional"]]
    assert bool(missing) == (code == ExitCode.PARTIAL)


def test_schema_is_json(capsys):
    assert main(["schema"]) == 0
    assert "$schema" in json.loads(capsys.readouterr().out)


def test_phantom_refuses_a_place_it_cannot_write(tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["phantom", "--out", str(tmp_path / "file" / "x")]) == 3
    assert "[E_OUTPUT]" in capsys.readouterr().err


def test_view_without_napari_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [])
    assert main(["view"]) == 2
    assert "pip install 'calcmeasure[napari]'" in capsys.readouterr().err


def test_keys_as_text_and_as_a_page(capsys):
    pytest.importorskip("napari_calcmeasure.keys")
    assert main(["keys"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"Ctrl \+ Enter +Sign", text)
    assert main(["keys", "--print"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("<!DOCTYPE html>")
    assert "<kbd>Ctrl + Enter</kbd>" in page
    assert not re.search(r"https?:|src=|<link", page)


def test_keys_without_the_plugin_say_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [])
    assert main(["keys"]) == 2
    assert "pip install 'calcmeasure[napari]'" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error():
    read_end, write_end = os.pipe()
    os.close(read_end)
    import subprocess

    from program import command, environment

    done = subprocess.run(
        command("criteria", "recist-1.1"), env=environment(), stdout=write_end, stderr=subprocess.PIPE, text=True
    )
    os.close(write_end)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
