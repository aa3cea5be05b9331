"""``score`` and ``export``: from saved annotations or tables to categories, without pixels."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calcmeasure.cli.exits import ExitCode, exit_code_for
from calcmeasure.errors import AnnotationError, CalcMeasureError, ErrorCode

if TYPE_CHECKING:
    from calcmeasure.model.imaging import Skipped
    from calcmeasure.model.measurement import Measurement, ResponseRow
    from calcmeasure.response.criteria import CriteriaProfile
    from calcmeasure.store.database import StoredAnnotation


def score(options: argparse.Namespace) -> int:
    """Score a store, a folder of annotation files or a CSV again."""
    profiles = load_profiles(options.criteria)
    _prepare(options.out)
    source = Path(options.source)
    if source.is_dir():
        stored, skipped = _read_annotation_folder(source)
        return _finish(options, stored, profiles, skipped=skipped)
    if source.suffix.lower() == ".csv":
        return _score_table(source, options, profiles)
    return _finish(options, _read_store(options.source), profiles)


def export(options: argparse.Namespace) -> int:
    """Write everything a store holds."""
    profiles = load_profiles(options.criteria)
    _prepare(options.out)
    return _finish(options, _read_store(options.source), profiles)


def load_profiles(names: Sequence[str] | None) -> list[CriteriaProfile]:
    """Load profiles by name or file; the built-in ones when none is asked for."""
    from calcmeasure.pipeline.scoring import DEFAULT_CRITERIA
    from calcmeasure.response.criteria import load_profile

    return [load_profile(name) for name in dict.fromkeys(names or DEFAULT_CRITERIA)]


def write_scored(
    out: Path,
    stored: Sequence[StoredAnnotation],
    profiles: Sequence[CriteriaProfile],
    *,
    skipped: Sequence[Skipped] = (),
    run: Mapping[str, Any] | None = None,
) -> list[ResponseRow]:
    """Measure stored annotations, score them and write every output file."""
    from calcmeasure.measure.annotations import measure_annotation

    measurements = [measure_annotation(s.annotation, patient_id=s.patient_id, reader=s.reader) for s in stored]
    return _write(out, measurements, profiles, stored=stored, skipped=skipped, run=run or {})


def _finish(
    options: argparse.Namespace,
    stored: Sequence[StoredAnnotation],
    profiles: Sequence[CriteriaProfile],
    *,
    skipped: Sequence[Skipped] = (),
) -> int:
    rows = write_scored(options.out, stored, profiles, skipped=skipped, run=_run_info(options, profiles))
    return _end(options, rows, skipped, n_measurements=len(stored))


def _score_table(source: Path, options: argparse.Namespace, profiles: Sequence[CriteriaProfile]) -> int:
    from calcmeasure.report.read_tables import read_measurements

    measurements = read_measurements(source)
    rows = _write(options.out, measurements, profiles, run=_run_info(options, profiles))
    return _end(options, rows, (), n_measurements=len(measurements))


def _write(
    out: Path,
    measurements: Sequence[Measurement],
    profiles: Sequence[CriteriaProfile],
    *,
    stored: Sequence[StoredAnnotation] = (),
    skipped: Sequence[Skipped] = (),
    run: Mapping[str, Any],
) -> list[ResponseRow]:
    from calcmeasure.pipeline.scoring import not_compared, score_readers
    from calcmeasure.report.outputs import Results, write_results

    rows = score_readers(measurements, profiles)
    run = {**run, "criteria": {profile.name: profile.sha256 for profile in profiles}}
    write_results(out, Results(measurements, rows, [*skipped, *not_compared(measurements)], stored, run))
    return rows


def _end(
    options: argparse.Namespace, rows: Sequence[ResponseRow], skipped: Sequence[Skipped], *, n_measurements: int
) -> int:
    if not options.quiet:
        print(f"{n_measurements} measurements, {len(rows)} response rows in {options.out}", file=sys.stderr)
    if not n_measurements:
        return ExitCode.INPUT_REFUSED
    return exit_code_for(entry.code for entry in skipped)


def _read_store(url: str) -> list[StoredAnnotation]:
    from calcmeasure.store.database import MeasurementStore

    if "://" not in url and not Path(url).is_file():
        raise AnnotationError("there is no store, folder or table of this name", code=ErrorCode.UNREADABLE)
    with MeasurementStore(url) as store:
        store.verify()
        return store.current()


def _read_annotation_folder(folder: Path) -> tuple[list[StoredAnnotation], list[Skipped]]:
    from calcmeasure.model.imaging import Skipped
    from calcmeasure.store.annotation_files import read_annotations
    from calcmeasure.store.database import StoredAnnotation

    stored: list[StoredAnnotation] = []
    skipped: list[Skipped] = []
    for path in sorted(folder.rglob("*.annotations.json")):
        try:
            content = read_annotations(path)
        except CalcMeasureError as error:
            skipped.append(Skipped(path, error.code, error.message))
            continue
        stored += [StoredAnnotation(content.patient_id, content.reader, a, 1, "") for a in content.annotations]
    if not stored and not skipped:
        raise AnnotationError("the folder holds no *.annotations.json file")
    return stored, skipped


def _prepare(out: Path) -> None:
    from calcmeasure.report.outputs import prepare_folder

    prepare_folder(out)


def _run_info(options: argparse.Namespace, profiles: Sequence[CriteriaProfile]) -> dict[str, Any]:
    from calcmeasure.cli.doctor import versions

    return {
        "command": options.verb,
        "versions": versions(),
        "criteria": {profile.name: profile.sha256 for profile in profiles},
    }
