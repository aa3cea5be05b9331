"""``run`` and ``measure``: from a folder of DICOM to a store and an output folder."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.cli.exits import ExitCode, exit_code_for
from calcmeasure.cli.progress import Progress
from calcmeasure.errors import CriteriaError, DicomReadError, ErrorCode

if TYPE_CHECKING:
    from calcmeasure.batch import PatientOutcome
    from calcmeasure.model.imaging import FolderIndex, Skipped
    from calcmeasure.pipeline.settings import RunSettings
    from calcmeasure.store.database import MeasurementStore


def run(options: argparse.Namespace) -> int:
    """Do the main job and write everything into the output folder."""
    from calcmeasure.cli.scoring import load_profiles, write_scored
    from calcmeasure.report.outputs import prepare_folder
    from calcmeasure.store.database import MeasurementStore

    profiles = load_profiles(options.criteria)
    settings_from(options)
    prepare_folder(options.out)
    clock = _Clock()
    with clock.timed("index"):
        index = read_index(options)
    with MeasurementStore(options.store or str(options.out / "measurements.sqlite")) as store:
        with clock.timed("patients"):
            outcomes = _measure_all(index, store, options, pictures=options.out.resolve() / "pictures")
        skipped = [*index.skipped, *(s for outcome in outcomes for s in outcome.skipped)]
        stored = [s for patient in index.patients for s in store.current(patient_id=patient.patient_id)]
    with clock.timed("outputs"):
        info = _run_info(index, outcomes, skipped, options=options, clock=clock)
        rows = write_scored(options.out, stored, profiles, skipped=skipped, run=info)
    if options.json:
        print(json.dumps(info, indent=2, sort_keys=True))
    code = _exit_code(index, skipped)
    if not options.quiet:
        _summarise(outcomes, skipped, n_responses=len(rows), out=options.out)
    return code


def measure(options: argparse.Namespace) -> int:
    """Measure into a store; nothing else is written."""
    from calcmeasure.store.database import MeasurementStore

    settings_from(options)
    index = read_index(options)
    with MeasurementStore(options.store) as store:
        outcomes = _measure_all(index, store, options, pictures=None)
    skipped = [*index.skipped, *(s for outcome in outcomes for s in outcome.skipped)]
    for entry in skipped:
        print(f"{entry.code}\t{entry.path}\t{entry.reason}", file=sys.stderr) if not options.quiet else None
    print(json.dumps({"patients": len(outcomes), "rows_added": sum(o.added for o in outcomes)}))
    return _exit_code(index, skipped)


def read_index(options: argparse.Namespace) -> FolderIndex:
    """Index the sources of a command line.

    Raises
    ------
    DicomReadError
        When a source does not exist.
    """
    from calcmeasure.dicom.index import index_folder
    from calcmeasure.dicom.timepoints import read_timepoints
    from calcmeasure.pipeline.identity import with_distinct_ids

    for source in options.source:
        if not source.exists():
            raise DicomReadError("a source given on the command line does not exist", code=ErrorCode.UNREADABLE)
    table = read_timepoints(options.timepoints) if options.timepoints else None
    with Progress("headers", quiet=options.quiet) as progress:
        found = index_folder(
            options.source, timepoints=table, cache=options.cache, jobs=options.jobs, on_progress=progress
        )
    return with_distinct_ids(found)


def settings_from(options: argparse.Namespace) -> RunSettings:
    """Collect the choices that change a measurement, checked before any work is done."""
    from calcmeasure.detect.registry import CALCIFICATIONS, LESIONS, load_detector
    from calcmeasure.measure.early_phase import EARLY_PHASE_RULES
    from calcmeasure.pipeline.settings import RunSettings

    if options.early_phase not in EARLY_PHASE_RULES:
        known = ", ".join(EARLY_PHASE_RULES)
        raise CriteriaError(
            f"no early-phase rule {options.early_phase!r}; known are {known}", code=ErrorCode.NO_EARLY_PHASE
        )
    load_detector(options.calcification_detector, kind=CALCIFICATIONS)
    load_detector(options.lesion_detector, kind=LESIONS)
    return RunSettings(
        options.calcification_detector,
        options.lesion_detector,
        options.early_phase,
        false_marks_per_image=options.sensitivity,
    )


def false_marks(text: str) -> float:
    """Read an operating point: false marks per image.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is not a number above zero.
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be a number above 0, such as 0.3")
    return number


def _measure_all(
    index: FolderIndex, store: MeasurementStore, options: argparse.Namespace, *, pictures: Path | None
) -> list[PatientOutcome]:
    from calcmeasure.batch import BatchPlan, run_batch
    from calcmeasure.cli.executing import executor_from

    plan = BatchPlan(settings_from(options), store, pictures, executor_from(options))
    with Progress("patients", quiet=options.quiet) as progress:
        return run_batch(index.patients, plan, on_progress=progress)


def _exit_code(index: FolderIndex, skipped: Sequence[Skipped]) -> ExitCode:
    if not index.patients:
        return ExitCode.INPUT_REFUSED
    return exit_code_for(entry.code for entry in skipped)


def _run_info(
    index: FolderIndex,
    outcomes: Sequence[PatientOutcome],
    skipped: Sequence[Skipped],
    *,
    options: argparse.Namespace,
    clock: _Clock,
) -> dict[str, object]:
    from calcmeasure.cli.doctor import versions
    from calcmeasure.pipeline.settings import fingerprint

    settings = settings_from(options)
    return {
        "command": "run",
        "versions": versions(),
        "settings": {
            "early_phase": options.early_phase,
            "calcification_detector": options.calcification_detector,
            "false_marks_per_image": options.sensitivity,
            "lesion_detector": options.lesion_detector,
            "jobs": options.jobs,
        },
        "counts": {
            **index.counts,
            "patients": len(index.patients),
            "patients_resumed": sum(outcome.resumed for outcome in outcomes),
            "rows_added": sum(outcome.added for outcome in outcomes),
            "skipped": len(skipped),
        },
        "timings_s": dict(clock.seconds),
        "peak_mib": max((outcome.peak_mib for outcome in outcomes), default=0.0),
        "patients": {
            patient.key: {
                "inputs_sha256": fingerprint(patient, settings),
                "timings_s": outcome.timings_s,
                "peak_mib": outcome.peak_mib,
                "resumed": outcome.resumed,
            }
            for patient, outcome in zip(index.patients, outcomes, strict=True)
        },
    }


def _summarise(outcomes: Sequence[PatientOutcome], skipped: Sequence[Skipped], *, n_responses: int, out: Path) -> None:
    refused = sum(exit_code_for([entry.code]) != ExitCode.OK for entry in skipped)
    resumed = sum(outcome.resumed for outcome in outcomes)
    lines = [
        f"{len(outcomes)} patients measured" + (f" ({resumed} already done)" if resumed else ""),
        f"{n_responses} response rows",
        f"{len(skipped)} files or series left out, {refused} of them refused (skipped.csv says why)",
        f"open {out / 'report.html'}",
    ]
    print("\n".join(lines), file=sys.stderr)


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - start, 3)
