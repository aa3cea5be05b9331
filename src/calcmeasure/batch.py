"""Many patients: a process of their own each, recorded one by one, nothing lost when one of them fails."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from calcmeasure.errors import CalcMeasureError, ErrorCode, OutputError
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import Patient, Skipped
from calcmeasure.model.measurement import AUTO_READER
from calcmeasure.model.names import file_key
from calcmeasure.pipeline.patient import analyse_patient
from calcmeasure.pipeline.pictures import pictures_complete, write_pictures
from calcmeasure.pipeline.settings import RunSettings, fingerprint
from calcmeasure.store.database import MeasurementStore, Reading

logger = logging.getLogger(__name__)

MEMORY_LIMIT_BYTES = 12 * 1024**3
"""Address space of one worker: a hostile file ends in an error here, not in a machine without memory."""

SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
                   "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")  # fmt: skip
"""Set to 1 in workers: one process per core is faster than threads fighting for it."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PatientOutcome:
    """What is known of one patient when it is done (or was given up).

    Parameters
    ----------
    added
        Rows new in the store; 0 when everything was there already.
    resumed
        Taken from the store without touching a pixel.
    """

    patient_id: str
    skipped: tuple[Skipped, ...]
    timings_s: dict[str, float]
    peak_mib: float
    added: int = 0
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class _Analysed:
    """What a worker sends back: small, no pixels."""

    annotations: tuple[Annotation, ...]
    values_mm: dict[str, float | None]
    outcome: PatientOutcome


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Where a batch writes and how many processes it uses.

    Parameters
    ----------
    pictures
        Folder of the pictures; None for measuring without pictures.
    """

    settings: RunSettings
    store: MeasurementStore
    pictures: Path | None
    jobs: int = 1


def run_batch(
    patients: Sequence[Patient], plan: BatchPlan, *, on_progress: Progress | None = None
) -> list[PatientOutcome]:
    """Analyse patients and record each as soon as it is done.

    Parameters
    ----------
    patients
        From the index.
    plan
        Settings, store and place of the pictures.
    on_progress
        Called with (patients done, patients in all).

    Returns
    -------
    list of PatientOutcome
        In the order of `patients`.

    Notes
    -----
    A patient already finished with the same inputs and settings is skipped, so an interrupted batch goes on where it
    stopped. A worker that dies takes no other patient with it: those in flight are tried again alone.
    """
    outcomes: dict[str, PatientOutcome] = {}
    todo: list[Patient] = []
    for patient in patients:
        done = _resume(patient, plan)
        if done is None:
            todo.append(patient)
        else:
            outcomes[patient.key] = done
    _report(on_progress, outcomes, patients)
    with _single_threaded_children():
        for patient, analysed in _analyse_all(todo, plan):
            recorded = _record(patient, analysed, plan) if isinstance(analysed, _Analysed) else analysed
            outcomes[patient.key] = recorded
            _report(on_progress, outcomes, patients)
    return [outcomes[patient.key] for patient in patients]


def _report(on_progress: Progress | None, outcomes: dict[str, PatientOutcome], patients: Sequence[Patient]) -> None:
    if on_progress is not None:
        on_progress(len(outcomes), len(patients))


def _resume(patient: Patient, plan: BatchPlan) -> PatientOutcome | None:
    mark = fingerprint(patient, plan.settings)
    stored = plan.store.outcome_of(patient.patient_id, fingerprint=mark)
    if stored is None or (
        plan.pictures and not pictures_complete(plan.pictures / file_key(patient.patient_id), fingerprint=mark)
    ):
        return None
    content = json.loads(stored)
    skipped = tuple(Skipped(Path(p), ErrorCode(code), reason) for p, code, reason in content["skipped"])
    return PatientOutcome(patient.patient_id, skipped, content["timings_s"], content["peak_mib"], resumed=True)


def _record(patient: Patient, analysed: _Analysed, plan: BatchPlan) -> PatientOutcome:
    outcome = analysed.outcome
    content = {
        "skipped": [[str(s.path), s.code, s.reason] for s in outcome.skipped],
        "timings_s": outcome.timings_s,
        "peak_mib": outcome.peak_mib,
    }
    found = Reading(patient.patient_id, AUTO_READER, analysed.annotations, analysed.values_mm, complete=True)
    mark = fingerprint(patient, plan.settings)
    added = plan.store.record(found, fingerprint=mark, outcome=json.dumps(content))
    return PatientOutcome(outcome.patient_id, outcome.skipped, outcome.timings_s, outcome.peak_mib, added=added)


def _analyse_all(patients: Sequence[Patient], plan: BatchPlan) -> Iterator[tuple[Patient, _Analysed | PatientOutcome]]:
    """Results as they come; after a worker died, the suspects one by one in processes of their own."""
    suspects: list[Patient] = []
    waiting = list(patients)
    while waiting:
        try:
            for patient, result in _analyse_in_pool(waiting, plan):
                waiting.remove(patient)
                yield patient, result
        except _WorkerDied as died:
            suspects += died.in_flight
            waiting = [patient for patient in waiting if patient not in died.in_flight]
    for patient in suspects:
        try:
            yield from _analyse_in_pool([patient], plan, jobs=1)
        except _WorkerDied:
            yield patient, _given_up(patient, ErrorCode.WORKER_DIED, "the process working on this patient died")


class _WorkerDied(Exception):
    def __init__(self, in_flight: list[Patient]) -> None:
        super().__init__("a worker process died")
        self.in_flight = in_flight


def _analyse_in_pool(
    patients: Sequence[Patient], plan: BatchPlan, *, jobs: int | None = None
) -> Iterator[tuple[Patient, _Analysed | PatientOutcome]]:
    workers = max(1, min(jobs or plan.jobs, len(patients)))
    queue = list(patients)
    running: dict[Future[_Analysed], Patient] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_limit_worker) as pool:
        while queue or running:
            try:
                # No more than the workers can hold, so that a death names few suspects.
                while queue and len(running) < workers:
                    running[pool.submit(_work, queue[0], plan.settings, plan.pictures)] = queue[0]
                    queue.pop(0)
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                results = {future: _result_of(future, running[future]) for future in finished}
            except BrokenProcessPool as error:
                raise _WorkerDied(list(running.values())) from error
            yield from ((running.pop(future), result) for future, result in results.items())


def _result_of(future: Future[_Analysed], patient: Patient) -> _Analysed | PatientOutcome:
    """Take what a worker sent back; whatever went wrong with one patient costs that patient only.

    A dead worker and an output folder that cannot be written concern everyone and are raised.
    """
    try:
        return future.result()
    except (BrokenProcessPool, OutputError):
        raise
    except CalcMeasureError as error:
        return _given_up(patient, error.code, error.message)
    except MemoryError:
        return _given_up(patient, ErrorCode.WORKER_DIED, "not enough memory for this patient")
    except Exception as error:  # noqa: BLE001 - any detector may come from elsewhere
        # A defect of ours or of a detector from elsewhere. Its text may hold header values: only its kind is told.
        return _given_up(patient, ErrorCode.INTERNAL, f"an unexpected {type(error).__name__}; please report it")


@contextmanager
def _single_threaded_children() -> Iterator[None]:
    """Numerical libraries read these variables once, when a worker imports them: before any code of ours runs there."""
    before = {name: os.environ.get(name) for name in SINGLE_THREADED}
    os.environ.update(dict.fromkeys(SINGLE_THREADED, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _limit_worker() -> None:
    # An interrupt from the keyboard reaches the whole group: the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _work(patient: Patient, settings: RunSettings, pictures: Path | None) -> _Analysed:
    analysis = analyse_patient(patient, settings)
    timings = dict(analysis.timings_s)
    if pictures is not None:
        timings["pictures"] = write_pictures(
            pictures / file_key(patient.patient_id), analysis.panels, fingerprint=fingerprint(patient, settings)
        )
    values = {m.annotation_id: m.value_mm for m in analysis.measurements}
    outcome = PatientOutcome(patient.patient_id, analysis.skipped, timings, analysis.peak_mib)
    return _Analysed(analysis.annotations, values, outcome)


def _given_up(patient: Patient, code: ErrorCode, reason: str) -> PatientOutcome:
    frames = [m.image.path for s in patient.studies for m in s.mammograms]
    frames += [p.frames[0].path for s in patient.studies for d in s.dynamic_series for p in d.phases if p.frames]
    place = frames[0] if frames else Path("patients", f"{file_key(patient.patient_id)}.csv")
    return PatientOutcome(patient.patient_id, (Skipped(place, code, reason),), {}, 0.0)
