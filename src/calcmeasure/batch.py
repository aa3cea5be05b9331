"""Many patients: a process of their own each, recorded one by one, nothing lost when one of them fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from calcmeasure.errors import ErrorCode
from calcmeasure.executors.executor import Executor, Failure
from calcmeasure.executors.processes import LocalProcesses
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import Patient, Skipped, with_absolute_paths
from calcmeasure.model.measurement import AUTO_READER
from calcmeasure.model.names import file_key
from calcmeasure.pipeline.patient import analyse_patient
from calcmeasure.pipeline.pictures import pictures_complete, write_pictures
from calcmeasure.pipeline.settings import RunSettings, fingerprint
from calcmeasure.store.database import MeasurementStore, Reading

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
    """Where a batch writes and who does the work.

    Parameters
    ----------
    pictures
        Folder of the pictures, which every worker sees; None for measuring without pictures.
    executor
        One process of this machine unless told otherwise.
    """

    settings: RunSettings
    store: MeasurementStore
    pictures: Path | None
    executor: Executor = field(default_factory=LocalProcesses)


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
    work = partial(_work, settings=plan.settings, pictures=plan.pictures)
    for index, analysed in plan.executor.run(work, [with_absolute_paths(patient) for patient in todo]):
        outcomes[todo[index].key] = _outcome(todo[index], analysed, plan)
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


def _outcome(patient: Patient, analysed: _Analysed | Failure, plan: BatchPlan) -> PatientOutcome:
    if isinstance(analysed, Failure):
        return _given_up(patient, analysed.code, analysed.reason)
    return _record(patient, analysed, plan)


def _record(patient: Patient, analysed: _Analysed, plan: BatchPlan) -> PatientOutcome:
    outcome = replace(analysed.outcome, skipped=_as_given(analysed.outcome.skipped, patient))
    content = {
        "skipped": [[str(s.path), s.code, s.reason] for s in outcome.skipped],
        "timings_s": outcome.timings_s,
        "peak_mib": outcome.peak_mib,
    }
    found = Reading(patient.patient_id, AUTO_READER, analysed.annotations, analysed.values_mm, complete=True)
    mark = fingerprint(patient, plan.settings)
    added = plan.store.record(found, fingerprint=mark, outcome=json.dumps(content))
    return replace(outcome, added=added)


def _as_given(skipped: Sequence[Skipped], patient: Patient) -> tuple[Skipped, ...]:
    """Name files as the index does, wherever the worker stood."""
    given = {path.absolute(): path for path in _paths(patient)}
    return tuple(replace(entry, path=given.get(entry.path, entry.path)) for entry in skipped)


def _work(patient: Patient, *, settings: RunSettings, pictures: Path | None) -> _Analysed:
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
    place = next(_paths(patient), Path("patients", f"{file_key(patient.patient_id)}.csv"))
    return PatientOutcome(patient.patient_id, (Skipped(place, code, reason),), {}, 0.0)


def _paths(patient: Patient) -> Iterator[Path]:
    for study in patient.studies:
        yield from (mammogram.image.path for mammogram in study.mammograms)
    for study in patient.studies:
        for series in study.dynamic_series:
            yield from (frame.path for phase in series.phases for frame in phase.frames)
