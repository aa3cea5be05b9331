"""Everything ``run``, ``score`` and ``export`` write into their output folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from calcmeasure.model.imaging import Skipped
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.model.names import file_key
from calcmeasure.report.differences import DIFFERENCE_COLUMNS
from calcmeasure.report.files import make_folder, write_bytes, write_text
from calcmeasure.report.html import render_report
from calcmeasure.report.tables import (
    RESPONSE_COLUMNS,
    measurement_order,
    write_measurements,
    write_responses,
    write_skipped,
)
from calcmeasure.store.annotation_files import write_annotations
from calcmeasure.store.database import StoredAnnotation


@dataclass(frozen=True, slots=True)
class Results:
    """What there is to write.

    Parameters
    ----------
    annotations
        Empty when the measurements came from a bare table.
    run
        Content of ``run.json``.
    """

    measurements: Sequence[Measurement]
    responses: Sequence[ResponseRow]
    skipped: Sequence[Skipped] = ()
    annotations: Sequence[StoredAnnotation] = ()
    run: Mapping[str, Any] = field(default_factory=dict)


def prepare_folder(out: Path) -> None:
    """Create the output folder and prove that it can be written, before any work is done.

    Raises
    ------
    OutputError
        When it cannot.
    """
    make_folder(out)
    probe = out / ".writable"
    write_bytes(probe, b"")
    probe.unlink(missing_ok=True)


def write_results(out: Path, results: Results) -> None:
    """Write tables, annotations, the page and ``run.json`` (last: its presence says that the rest is whole).

    Raises
    ------
    OutputError
        When something cannot be written.
    """
    write_measurements(out / "measurements.csv", results.measurements)
    for patient_id, own in groupby(sorted(results.measurements, key=measurement_order), key=lambda m: m.patient_id):
        write_measurements(out / "patients" / f"{file_key(patient_id)}.csv", own)
    write_responses(out / "responses.csv", results.responses)
    write_skipped(out / "skipped.csv", results.skipped)
    _write_annotation_files(out / "annotations", results.annotations)
    write_text(out / "report.html", render_report(results.measurements, results.responses, out=out))
    write_text(out / "run.json", json.dumps(results.run, indent=2, sort_keys=True) + "\n")


def write_responses_only(
    out: Path, lines: Iterable[str], *, skipped: Iterable[Skipped], run: Mapping[str, Any]
) -> None:
    """Write ``responses.csv`` from its lines, ``skipped.csv`` and ``run.json``: what is left of a million rows.

    Raises
    ------
    OutputError
        When something cannot be written.
    """
    _write_lines(out / "responses.csv", RESPONSE_COLUMNS, lines)
    write_skipped(out / "skipped.csv", skipped)
    write_text(out / "run.json", json.dumps(run, indent=2, sort_keys=True) + "\n")


def write_differences(out: Path, lines: Iterable[str]) -> None:
    """Write ``diff.csv`` from its lines.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    _write_lines(out / "diff.csv", DIFFERENCE_COLUMNS, lines)


def _write_lines(path: Path, columns: Sequence[str], lines: Iterable[str]) -> None:
    write_text(path, "".join((",".join(columns), "\n", *lines)))


def _write_annotation_files(folder: Path, stored: Sequence[StoredAnnotation]) -> None:
    ordered = sorted(stored, key=lambda s: (s.patient_id, s.reader))
    for (patient_id, reader), own in groupby(ordered, key=lambda s: (s.patient_id, s.reader)):
        make_folder(folder)
        path = folder / f"{file_key(patient_id)}.{file_key(reader)}.annotations.json"
        drawn = [s.annotation for s in own]
        visits = sorted({(a.timepoint, a.study_date) for a in drawn}, key=lambda visit: (visit[1], visit[0]))
        write_annotations(path, patient_id=patient_id, reader=reader, annotations=drawn, timepoints=visits)
