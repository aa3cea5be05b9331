"""A reader's measurements as tables and saved annotations, for others to work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.errors import ErrorCode, ReadingError
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.names import file_key
from calcmeasure.terms import Flag, merge_flags
from napari_calcmeasure.reading.draft_json import with_mask
from napari_calcmeasure.reading.finding import PatientReading
from napari_calcmeasure.reading.signing import needs_signature, stored_annotations

if TYPE_CHECKING:
    from calcmeasure.response.criteria import CriteriaProfile


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Parameters
    ----------
    files
        In the order they were written.
    measurements, responses, unsigned
        Number of rows; of the measurements, how many are not signed.
    """

    files: tuple[Path, ...]
    measurements: int
    responses: int
    unsigned: int


def export_readings(
    store_url: str,
    out: Path,
    *,
    reader: str,
    patient_id: str | None = None,
    criteria: Sequence[str] = (),
    unsigned: Sequence[PatientReading] = (),
) -> Exported:
    """Write ``measurements.csv``, ``responses.csv`` and ``annotations/*.annotations.json``.

    Parameters
    ----------
    store_url
        Where the signed findings are.
    out
        Folder; made if need be.
    patient_id
        One patient; None for all of this reader.
    criteria
        Names or files of response profiles; the usual ones when empty.
    unsigned
        Readings whose unsigned findings are to be included: each carries the flag ``unsigned`` and stands in for its
        signed version. Findings given up but not retracted yet stay as they were signed.

    Raises
    ------
    ReadingError
        ``E_NO_READER`` without a reader id.
    StoreError
        When the store cannot be read.
    CriteriaError
        When a profile is unknown.
    OutputError
        When something cannot be written.
    """
    from calcmeasure.measure.annotations import measure_annotation
    from calcmeasure.pipeline.scoring import score_readers
    from calcmeasure.report.tables import write_measurements, write_responses

    if not reader.strip():
        raise ReadingError("an export is of one reader's work; enter your reader id first", code=ErrorCode.NO_READER)
    profiles = _profiles(criteria)
    drawn = _signed(store_url, reader, patient_id) | _unsigned(unsigned, reader, patient_id)
    measurements = [measure_annotation(one, patient_id=patient, reader=reader) for (patient, _), one in drawn.items()]
    responses = score_readers(measurements, profiles)
    tables = (out / "measurements.csv", out / "responses.csv")
    write_measurements(tables[0], measurements)
    write_responses(tables[1], responses)
    files = _write_annotations(out / "annotations", drawn, reader)
    count = sum(Flag.UNSIGNED in measurement.flags for measurement in measurements)
    return Exported((*tables, *files), len(measurements), len(responses), count)


_Drawn = dict[tuple[str, str], Annotation]
"""By patient and annotation id."""


def _profiles(criteria: Sequence[str]) -> list[CriteriaProfile]:
    from calcmeasure.pipeline.scoring import DEFAULT_CRITERIA
    from calcmeasure.response.criteria import load_profile

    return [load_profile(name) for name in dict.fromkeys(criteria or DEFAULT_CRITERIA)]


def _signed(store_url: str, reader: str, patient_id: str | None) -> _Drawn:
    stored = stored_annotations(store_url, patient_id=patient_id, reader=reader)
    return {(one.patient_id, one.annotation.annotation_id): one.annotation for one in stored}


def _unsigned(readings: Sequence[PatientReading], reader: str, patient_id: str | None) -> _Drawn:
    return {
        (reading.patient_id, finding.key): _flagged(with_mask(finding))
        for reading in readings
        if reading.reader == reader and patient_id in (None, reading.patient_id)
        for finding in reading.findings
        if needs_signature(finding)
    }


def _flagged(annotation: Annotation) -> Annotation:
    return replace(annotation, flags=merge_flags(annotation.flags, (Flag.UNSIGNED,)))


def _write_annotations(folder: Path, drawn: _Drawn, reader: str) -> list[Path]:
    from calcmeasure.report.files import make_folder
    from calcmeasure.store.annotation_files import write_annotations

    files = []
    for patient_id, own in groupby(sorted(drawn), key=lambda key: key[0]):
        make_folder(folder)
        path = folder / f"{file_key(patient_id)}.{file_key(reader)}.annotations.json"
        write_annotations(path, patient_id=patient_id, reader=reader, annotations=[drawn[key] for key in own])
        files.append(path)
    return files
