"""The output folder: whole files, run.json last."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from calcmeasure.errors import ErrorCode, OutputError
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.model.imaging import Skipped
from calcmeasure.report import outputs
from calcmeasure.report.outputs import Results, prepare_folder, write_results
from calcmeasure.store.annotation_files import read_annotations
from calcmeasure.store.database import StoredAnnotation
from factories import marks

VISITS = (("baseline", "2021-03-04"), ("followup-1", "2021-08-09"))


def results(value: float = 110.0) -> Results:
    drawn = [
        marks(annotation_id=f"z{9 - i}", points=((10.0, 10.0), (value, 10.0)), timepoint=name, study_date=day)
        for i, (name, day) in enumerate(VISITS)
    ]
    measured = [measure_annotation(a, patient_id=p, reader="auto") for p in ("a/b", "P1") for a in drawn]
    stored = [StoredAnnotation(p, r, a, 1, "") for p in ("a/b", "P1") for r in ("auto", "mk") for a in drawn]
    skipped = [Skipped(Path("x.txt"), ErrorCode.NOT_DICOM, "the file is not DICOM")]
    return Results(measured, (), skipped, stored, {"command": "run"})


def names(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_every_promised_file_is_there(tmp_path):
    write_results(tmp_path, results())
    found = names(tmp_path)
    assert {"measurements.csv", "responses.csv", "skipped.csv", "report.html", "run.json", "patients/P1.csv"} <= found
    assert len([n for n in found if n.startswith("patients/")]) == 2
    assert len([n for n in found if n.startswith("annotations/")]) == 4
    assert "annotations/P1.mk.annotations.json" in found
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8")) == {"command": "run"}


def test_saved_annotations_are_read_back_with_visits_in_time_order(tmp_path):
    write_results(tmp_path, results())
    content = read_annotations(tmp_path / "annotations" / "P1.auto.annotations.json")
    assert content.timepoints == VISITS
    assert (content.patient_id, content.reader, len(content.annotations)) == ("P1", "auto", 2)


def test_writing_twice_gives_the_same_bytes(tmp_path):
    write_results(tmp_path / "one", results())
    write_results(tmp_path / "two", results())
    assert names(tmp_path / "one") == names(tmp_path / "two")
    for name in names(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


class Killed(BaseException):
    """Stands for the end of the process between two system calls."""


@pytest.mark.parametrize("moment", range(1, 8))
def test_killed_between_files_leaves_whole_files(tmp_path, monkeypatch, moment):
    """Every file is the old one or the new one, and run.json is new only when all others are."""
    for folder, value in (("old", 110.0), ("new", 210.0), ("out", 110.0)):
        write_results(tmp_path / folder, results(value))
    replaced = 0
    original = Path.replace

    def replace(self: Path, target: Path) -> Path:
        nonlocal replaced
        replaced += 1
        if replaced == moment:
            raise Killed
        return original(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(Killed):
        write_results(tmp_path / "out", results(210.0))
    monkeypatch.undo()
    for name in names(tmp_path / "old"):
        versions = [(tmp_path / folder / name).read_bytes() for folder in ("old", "new")]
        assert (tmp_path / "out" / name).read_bytes() in versions, name


def test_run_json_is_written_last(tmp_path, monkeypatch):
    order: list[str] = []
    original = outputs.write_text
    monkeypatch.setattr(outputs, "write_text", lambda path, text: (order.append(path.name), original(path, text))[1])
    write_results(tmp_path, results())
    assert order[-1] == "run.json"


def test_a_folder_is_made_and_left_clean(tmp_path):
    prepare_folder(tmp_path / "deep" / "out")
    assert list((tmp_path / "deep" / "out").iterdir()) == []


def test_a_place_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError):
        prepare_folder(tmp_path / "file" / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError):
        prepare_folder(tmp_path)
