"""When a finished patient counts as finished."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.imaging import DynamicSeries, FrameReference, Mammogram, Patient, Phase, Study
from calcmeasure.pipeline import settings as settings_module
from calcmeasure.pipeline.settings import RunSettings, fingerprint
from calcmeasure.terms import Laterality, View

SETTINGS = RunSettings()


def a_file(folder: Path, name: str = "image") -> Path:
    path = folder / name
    path.write_bytes(b"pixels")
    os.utime(path, ns=(10**18, 10**18))
    return path


def patient(path: Path, **changes: object) -> Patient:
    image = Mammogram(
        FrameReference(path, "1.2.3"),
        "1.2",
        "1",
        Laterality.RIGHT,
        View.CC,
        None,
        10,
        10,
        Spacing(0.1, 0.1, SpacingSource.DETECTOR),
    )
    study = Study("1", date(2024, 1, 1), "baseline", "study_date", (replace(image, **changes),))
    return Patient("P", "P", (study,))


def test_the_same_input_has_the_same_mark(tmp_path):
    path = a_file(tmp_path)
    assert fingerprint(patient(path), SETTINGS) == fingerprint(patient(path), RunSettings())


def test_the_place_does_not_matter(tmp_path):
    path = a_file(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    moved = Path(shutil.copy2(path, tmp_path / "elsewhere" / "other-name"))
    assert fingerprint(patient(path), SETTINGS) == fingerprint(patient(moved), SETTINGS)


@pytest.mark.parametrize(
    "changed",
    [
        RunSettings(calcification_detector="other"),
        RunSettings(lesion_detector="other"),
        RunSettings(early_phase_rule="first-post-contrast"),
        RunSettings(false_marks_per_image=1.0),
    ],
)
def test_every_setting_matters(tmp_path, changed):
    path = a_file(tmp_path)
    assert fingerprint(patient(path), SETTINGS) != fingerprint(patient(path), changed)


@pytest.mark.parametrize(
    "changes",
    [
        {"spacing": Spacing(0.2, 0.1, SpacingSource.DETECTOR)},
        {"spacing": Spacing(0.1, 0.1, SpacingSource.GEOMETRY)},
        {"spacing": None},
    ],
)
def test_a_recalibrated_image_is_another_input(tmp_path, changes):
    path = a_file(tmp_path)
    assert fingerprint(patient(path), SETTINGS) != fingerprint(patient(path, **changes), SETTINGS)


def test_a_moved_time_point_is_another_input(tmp_path):
    before = patient(a_file(tmp_path))
    after = replace(before, studies=(replace(before.studies[0], timepoint="followup-1"),))
    assert fingerprint(before, SETTINGS) != fingerprint(after, SETTINGS)


def test_a_changed_or_missing_file_is_another_input(tmp_path):
    path = a_file(tmp_path)
    marks = [fingerprint(patient(path), SETTINGS)]
    os.utime(path, ns=(2 * 10**18, 2 * 10**18))
    marks.append(fingerprint(patient(path), SETTINGS))
    path.write_bytes(b"more pixels")
    os.utime(path, ns=(2 * 10**18, 2 * 10**18))
    marks.append(fingerprint(patient(path), SETTINGS))
    path.unlink()
    marks.append(fingerprint(patient(path), SETTINGS))
    assert len(set(marks)) == 4


def test_slices_of_a_dynamic_series_count(tmp_path):
    base = patient(a_file(tmp_path))
    frames = tuple(FrameReference(a_file(tmp_path, f"s{i}"), f"9.{i}") for i in range(3))
    phase = Phase(0, 0.0, 0.0, None, frames)
    series = DynamicSeries(("9",), "1", "GE", "TriggerTime", "", "injection", (phase,), None, None)
    study = replace(base.studies[0], dynamic_series=(series,))
    whole = replace(base, studies=(study,))
    less = replace(phase, frames=frames[:2])
    fewer = replace(whole, studies=(replace(study, dynamic_series=(replace(series, phases=(less,)),)),))
    assert len({fingerprint(p, SETTINGS) for p in (base, whole, fewer)}) == 3


def test_another_version_of_the_program_measures_again(tmp_path, monkeypatch):
    path = a_file(tmp_path)
    before = fingerprint(patient(path), SETTINGS)
    monkeypatch.setattr(settings_module, "SOFTWARE", "calcmeasure 9.9")
    assert fingerprint(patient(path), SETTINGS) != before
