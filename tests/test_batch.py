"""Many patients: recorded one by one, resumed, and none lost to another one's trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from calcmeasure.batch import BatchPlan, run_batch
from calcmeasure.dicom.index import index_folder
from calcmeasure.errors import DetectorError, ErrorCode, OutputError
from calcmeasure.executors.executor import attempt, delivered
from calcmeasure.model.imaging import Patient
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.store.database import MeasurementStore
from tiny_patients import BASELINE, FOLLOWUP, TinyPatient, write_mammograms

NAMES = ("AA", "BB", "CC")


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Three indexed patients with one view each."""
    root = tmp_path_factory.mktemp("batch")
    for seed, name in enumerate(NAMES):
        write_mammograms(root / name, TinyPatient(name, seed=seed), BASELINE)
    return index_folder([root]).patients


@dataclass
class Here:
    """An executor in this process, which notes what it worked on; one patient may raise instead."""

    worked: list[str] = field(default_factory=list)
    trouble: dict[str, BaseException] = field(default_factory=dict)

    def run(self, work: Callable[..., object], items: Sequence[Patient]) -> Iterator[tuple[int, object]]:
        for index, patient in enumerate(items):
            self.worked.append(patient.key)
            yield index, delivered(attempt(partial(self._do, work), patient))

    def _do(self, work: Callable[..., object], patient: Patient) -> object:
        if patient.key in self.trouble:
            raise self.trouble[patient.key]
        return work(patient)


@pytest.fixture
def here():
    """Work in this process."""
    return Here()


@pytest.fixture
def plan(tmp_path, here):
    """A store and no pictures."""
    with MeasurementStore(str(tmp_path / "s.sqlite")) as store:
        yield BatchPlan(RunSettings(), store, None, here)


def test_outcomes_stand_in_the_order_of_the_patients(patients, plan, here):
    calls: list[tuple[int, int]] = []
    outcomes = run_batch(patients, plan, on_progress=lambda done, total: calls.append((done, total)))
    assert [o.patient_id for o in outcomes] == list(NAMES)
    assert [o.added for o in outcomes] == [2, 2, 2]
    assert calls == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_second_time_touches_no_pixel(patients, plan, here):
    run_batch(patients, plan)
    here.worked.clear()
    again = run_batch(patients, plan)
    assert here.worked == []
    assert [(o.resumed, o.added) for o in again] == [(True, 0)] * 3


def test_other_settings_measure_again_and_add_nothing_equal(patients, plan, here):
    run_batch(patients, plan)
    here.worked.clear()
    other = replace(plan, settings=RunSettings(early_phase_rule="first-post-contrast"))
    assert [(o.resumed, o.added) for o in run_batch(patients, other)] == [(False, 0)] * 3
    assert here.worked == list(NAMES)


def test_missing_pictures_are_drawn_again(patients, plan, here, tmp_path):
    with_pictures = replace(plan, pictures=tmp_path / "pictures")
    run_batch(patients[:1], with_pictures)
    here.worked.clear()
    assert run_batch(patients[:1], with_pictures)[0].resumed
    next((tmp_path / "pictures" / "AA").glob("*.png")).unlink()
    assert not run_batch(patients[:1], with_pictures)[0].resumed
    assert here.worked == ["AA"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DetectorError("it says no", code=ErrorCode.DETECTION), ErrorCode.DETECTION),
        (MemoryError(), ErrorCode.WORKER_DIED),
        (ZeroDivisionError("Doe^Jane"), ErrorCode.INTERNAL),
    ],
)
def test_one_patients_trouble_is_its_own(patients, plan, here, error, code):
    here.trouble["BB"] = error
    outcomes = run_batch(patients, plan)
    assert [o.added for o in outcomes] == [2, 0, 2]
    (entry,) = outcomes[1].skipped
    assert entry.code == code
    assert "Doe" not in entry.reason
    assert entry.path.parent.name == "BB"


def test_who_failed_is_tried_again_next_time(patients, plan, here):
    here.trouble["BB"] = ValueError("once")
    run_batch(patients, plan)
    here.trouble.clear()
    here.worked.clear()
    outcomes = run_batch(patients, plan)
    assert here.worked == ["BB"]
    assert [o.resumed for o in outcomes] == [True, False, True]


def test_a_full_disk_ends_the_batch(patients, plan, here):
    here.trouble["BB"] = OutputError("the disk is full", code=ErrorCode.DISK_FULL)
    with pytest.raises(OutputError, match="full"):
        run_batch(patients, plan)
    assert {s.patient_id for s in plan.store.current()} == {"AA"}


def test_two_visits_are_one_patient(tmp_path, plan, here):
    for day in (BASELINE, FOLLOWUP):
        write_mammograms(tmp_path / "in", TinyPatient("DD", seed=9), day)
    (outcome,) = run_batch(index_folder([tmp_path / "in"]).patients, plan)
    assert outcome.added == 4
    assert {s.annotation.timepoint for s in plan.store.current()} == {"baseline", "followup-1"}


def test_workers_get_paths_they_can_use_anywhere_and_reports_keep_those_given(tmp_path, plan, here, monkeypatch):
    write_mammograms(tmp_path / "in", TinyPatient("EE", seed=3), BASELINE)
    monkeypatch.chdir(tmp_path)
    patients = index_folder([Path("in")]).patients
    patients[0].studies[0].mammograms[0].image.path.unlink()
    seen: list[Patient] = []
    monkeypatch.setattr(here, "_do", lambda work, patient: (seen.append(patient), work(patient))[1])
    (outcome,) = run_batch(patients, plan)
    assert all(m.image.path.is_absolute() for m in seen[0].studies[0].mammograms)
    assert outcome.skipped
    assert {entry.path.parts[0] for entry in outcome.skipped} == {"in"}
