"""Error of repeated readings, over everything that is scored together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from calcmeasure.model.measurement import AUTO_READER, Measurement
from calcmeasure.pipeline.placed import measurements_of
from calcmeasure.pipeline.score_input import PatientInput, ScoreInput
from calcmeasure.readers.cases import CONSENSUS_READER
from calcmeasure.report.row_reader import RowReader
from calcmeasure.response.reader_error import ReaderError, reader_errors
from calcmeasure.terms import Quantity

_NO_READING = frozenset({AUTO_READER, CONSENSUS_READER})
"""Nobody's own reading: measured automatically, or taken over from the readers it would be compared with."""


def errors_of(measurements: Iterable[Measurement]) -> dict[Quantity, ReaderError]:
    """Work out the error of repeated readings; a consensus repeats one of its readers, and is none."""
    return reader_errors(m for m in measurements if m.reader not in _NO_READING)


def errors_in(found: ScoreInput) -> dict[Quantity, ReaderError]:
    """Work out the error of repeated readings before anything is scored.

    Only patients with two readers are read for it: by two people, or by one under two identifiers.

    Parameters
    ----------
    found
        Everything to be scored.

    Returns
    -------
    dict
        Empty where nobody read anything twice.
    """
    who = [_reader_cell(reader) for reader in found.readers]
    twice = [patient for _, patient in sorted(found.patients.items()) if len(_readers(patient, who)) > 1]
    return errors_of(m for patient in twice for m in measurements_of(patient, found.readers)[0])


def _readers(patient: PatientInput, who: Sequence[Callable[[str], str]]) -> set[str]:
    """Who read a patient, as the cells have it."""
    drew = {stored.reader for stored, _ in patient.annotations}
    return drew.union(who[number](text) for number, _, text in patient.rows) - _NO_READING


def _reader_cell(reader: RowReader) -> Callable[[str], str]:
    """Find the text that names the reader in the text of a row."""
    places = [column.index for column in reader.columns if column.name == "reader"]
    everyone = reader.constants.get("reader", "")
    if not places:
        return lambda _text: everyone
    (place,) = places

    def name(text: str) -> str:
        cell = reader.cell(text, place)
        return everyone if cell is None else cell.strip()

    return name
