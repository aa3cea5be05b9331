"""Whose images these are stays out of messages, pictures and file names."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from program import calcmeasure, table
from tiny_patients import BASELINE, FOLLOWUP, TinyPatient, write_mammograms

pytestmark = pytest.mark.timeout(900)  # a busy machine may need minutes for a whole run

NAME, BIRTH, PLACE = "CANARYNAME^CANARYFIRST", date(1961, 2, 3), "CANARYHOSPITAL"
HOSTILE_IDS = ("../../CANARYID", "a/b", "a?b", "x" * 64, "Ünïcode 患者", "=cmd|calc", "<b>bold</b>", "CON")
SECRETS = ("CANARYNAME", "CANARYFIRST", PLACE, "19610203", "1961-02-03")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A talkative run over people with difficult identifiers; (folder, finished command)."""
    root = tmp_path_factory.mktemp("privacy")
    for number, patient_id in enumerate(HOSTILE_IDS):
        patient = TinyPatient(patient_id, NAME, BIRTH, PLACE, seed=number)
        for day in (BASELINE, FOLLOWUP)[: 2 if number < 2 else 1]:
            write_mammograms(root / "in" / str(number), patient, day, views=write_views(number))
    (root / "in" / "0" / "broken.dcm").write_bytes((root / "in" / "0" / f"{BASELINE}-CC.dcm").read_bytes()[:9000])
    done = calcmeasure("run", root / "in", "--out", root / "out", "-vv", "--jobs", 2)
    return root, done


def write_views(number: int):
    from calcmeasure.terms import View

    return (View.CC, View.MLO) if number == 0 else (View.CC,)


def test_messages_name_nobody(finished):
    _, done = finished
    assert done.returncode == 5, done.stderr
    for secret in (*SECRETS, "CANARYID", "患者", "x" * 64):
        assert secret not in done.stderr
        assert secret not in done.stdout


def test_only_identifier_columns_name_the_patient(finished):
    root, _ = finished
    for path in (root / "out").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [secret for secret in SECRETS if secret.encode() in content], path.name
    assert "CANARYID" not in (root / "out" / "run.json").read_text(encoding="utf-8").replace('"CANARYID-', "")


def test_pictures_hold_no_words_but_their_own(finished):
    root, _ = finished
    pictures = list((root / "out" / "pictures").rglob("*.png"))
    assert len(pictures) == len(table(root / "out" / "measurements.csv"))
    for path in pictures:
        content = path.read_bytes()
        assert b"CANARY" not in content
        assert not re.search(rb"(tEXt|iTXt|zTXt|eXIf|tIME)", content)


def test_nothing_is_written_outside_the_output_folder(finished):
    root, _ = finished
    assert sorted(p.name for p in root.iterdir()) == ["in", "out"]
    assert sorted(p.name for p in root.parent.glob("*CANARY*")) == []
    names = [p.name for p in (root / "out").rglob("*")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,110}", name) for name in names), names


def test_everybody_has_a_file_of_their_own(finished):
    root, _ = finished
    tables = sorted((root / "out" / "patients").iterdir())
    assert len(tables) == len(HOSTILE_IDS)
    found = [{row["patient_id"] for row in table(path)} for path in tables]
    assert all(len(ids) == 1 for ids in found)
    assert {i.removeprefix("'") for (i,) in found} == set(HOSTILE_IDS)
    assert len(list((root / "out" / "annotations").iterdir())) == len(HOSTILE_IDS)


def test_the_page_escapes_what_it_shows(finished):
    root, _ = finished
    page = (root / "out" / "report.html").read_text(encoding="utf-8")
    assert "<b>bold</b>" not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert page.count("data:image/png") == len(table(root / "out" / "measurements.csv"))


def test_identifiers_survive_the_way_through_a_table(finished, tmp_path: Path):
    root, _ = finished
    done = calcmeasure("score", root / "out" / "measurements.csv", "--out", tmp_path)
    # Some patients have one visit: the rest is scored, and they are told.
    assert done.returncode == 5, done.stderr
    assert {row["code"] for row in table(tmp_path / "skipped.csv")} == {"E_NO_FOLLOWUP"}
    assert (tmp_path / "responses.csv").read_bytes() == (root / "out" / "responses.csv").read_bytes()
    again = {row["patient_id"] for row in table(tmp_path / "measurements.csv")}
    assert again == {row["patient_id"] for row in table(root / "out" / "measurements.csv")}
