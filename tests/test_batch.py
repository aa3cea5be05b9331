"""Many patients: recorded one by one, resumed, and none lost to another one's trouble."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from calcmeasure import batch
from calcmeasure.batch import BatchPlan, run_batch
from calcmeasure.detect.registry import load_detector
from calcmeasure.dicom.index import index_folder
from calcmeasure.errors import DetectorError, ErrorCode, OutputError
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


@pytest.fixture
def plan(tmp_path):
    """A store and no pictures."""
    with MeasurementStore(str(tmp_path / "s.sqlite")) as store:
        yield BatchPlan(RunSettings(), store, None)


class InThisProcess:
    """Stands in for the pool: runs at submit, no process is started."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work: Callable[..., object], *arguments: object):
        from concurrent.futures import Future

        future: Future[object] = Future()
        try:
            future.set_result(work(*arguments))
        except BaseException as error:  # noqa: BLE001 - a future carries whatever was raised
            future.set_exception(error)
        return future


@pytest.fixture
def here(monkeypatch):
    """Work in this process; returns the patients worked on, in order."""
    worked: list[str] = []
    original = batch._work

    def work(patient: Patient, settings: RunSettings, pictures: Path | None):
        worked.append(patient.key)
        return original(patient, settings, pictures)

    monkeypatch.setattr(batch, "ProcessPoolExecutor", InThisProcess)
    monkeypatch.setattr(batch, "_work", work)
    return worked


def failing(name: str, error: BaseException):
    """A `_work` that fails for one patient."""
    original = batch._work

    def work(patient: Patient, settings: RunSettings, pictures: Path | None):
        if patient.key == name:
            raise error
        return original(patient, settings, pictures)

    return work


def test_outcomes_stand_in_the_order_of_the_patients(patients, plan, here):
    calls: list[tuple[int, int]] = []
    outcomes = run_batch(patients, plan, on_progress=lambda done, total: calls.append((done, total)))
    assert [o.patient_id for o in outcomes] == list(NAMES)
    assert [o.added for o in outcomes] == [2, 2, 2]
    assert calls == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_second_time_touches_no_pixel(patients, plan, here):
    run_batch(patients, plan)
    here.clear()
    again = run_batch(patients, plan)
    assert here == []
    assert [(o.resumed, o.added) for o in again] == [(True, 0)] * 3


def test_other_settings_measure_again_and_add_nothing_equal(patients, plan, here):
    run_batch(patients, plan)
    here.clear()
    other = BatchPlan(RunSettings(early_phase_rule="first-post-contrast"), plan.store, None)
    assert [(o.resumed, o.added) for o in run_batch(patients, other)] == [(False, 0)] * 3
    assert here == list(NAMES)


def test_missing_pictures_are_drawn_again(patients, plan, here, tmp_path):
    with_pictures = BatchPlan(plan.settings, plan.store, tmp_path / "pictures")
    run_batch(patients[:1], with_pictures)
    here.clear()
    assert run_batch(patients[:1], with_pictures)[0].resumed
    next((tmp_path / "pictures" / "AA").glob("*.png")).unlink()
    assert not run_batch(patients[:1], with_pictures)[0].resumed
    assert here == ["AA"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DetectorError("it says no", code=ErrorCode.DETECTION), ErrorCode.DETECTION),
        (MemoryError(), ErrorCode.WORKER_DIED),
        (ZeroDivisionError("Doe^Jane"), ErrorCode.INTERNAL),
    ],
)
def test_one_patients_trouble_is_its_own(patients, plan, here, monkeypatch, error, code):
    monkeypatch.setattr(batch, "_work", failing("BB", error))
    outcomes = run_batch(patients, plan)
    assert [o.added for o in outcomes] == [2, 0, 2]
    (entry,) = outcomes[1].skipped
    assert entry.code == code
    assert "Doe" not in entry.reason
    assert entry.path.parent.name == "BB"


def test_who_failed_is_tried_again_next_time(patients, plan, here, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(batch, "_work", failing("BB", ValueError("once")))
        run_batch(patients, plan)
    here.clear()
    outcomes = run_batch(patients, plan)
    assert here == ["BB"]
    assert [o.resumed for o in outcomes] == [True, False, True]


def test_a_full_disk_ends_the_batch(patients, plan, here, monkeypatch):
    full = OutputError("the disk is full", code=ErrorCode.DISK_FULL)
    monkeypatch.setattr(batch, "_work", failing("BB", full))
    with pytest.raises(OutputError, match="full"):
        run_batch(patients, plan)
    assert {s.patient_id for s in plan.store.current()} == {"AA"}


def test_children_are_single_threaded_and_the_parent_is_not_changed(patients, plan, here, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    seen: dict[str, str | None] = {}
    monkeypatch.setattr(batch, "_work", lambda *_: seen.update({n: os.environ.get(n) for n in batch.SINGLE_THREADED}))
    run_batch(patients[:0], plan)
    with batch._single_threaded_children():
        batch._work()
    assert set(seen.values()) == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def dies_once_or_always(image: object) -> object:
    """A detector that kills its own process: always, or the first time only (told by a file)."""
    mark = Path(os.environ["CALCMEASURE_TEST_MARK"])
    if os.environ["CALCMEASURE_TEST_DEATHS"] == "always" or not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return load_detector("band-snr", kind="calcifications")(image)


@pytest.mark.slow
@pytest.mark.parametrize("deaths", ["once", "always"])
def test_a_worker_killed_from_outside(patients, plan, monkeypatch, tmp_path, deaths):
    """The suspect is tried again alone; whoever dies again is given up, with a code, and is not marked as finished."""
    monkeypatch.setenv("CALCMEASURE_TEST_MARK", str(tmp_path / "died"))
    monkeypatch.setenv("CALCMEASURE_TEST_DEATHS", deaths)
    monkeypatch.setattr(batch, "_limit_worker", _replace_detector)
    outcomes = run_batch(patients[:1], plan)
    if deaths == "once":
        assert (outcomes[0].added, outcomes[0].skipped) == (2, ())
    else:
        assert [s.code for s in outcomes[0].skipped] == [ErrorCode.WORKER_DIED]
        assert plan.store.current() == []


def _replace_detector() -> None:
    from calcmeasure.pipeline import mammography

    mammography.load_detector = lambda *_, **__: dies_once_or_always  # type: ignore[assignment]


def test_two_visits_are_one_patient(tmp_path, plan, here):
    for day in (BASELINE, FOLLOWUP):
        write_mammograms(tmp_path / "in", TinyPatient("DD", seed=9), day)
    (outcome,) = run_batch(index_folder([tmp_path / "in"]).patients, plan)
    assert outcome.added == 4
    assert {s.annotation.timepoint for s in plan.store.current()} == {"baseline", "followup-1"}
