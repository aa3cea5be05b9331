"""What is to be scored again, patient by patient: stores, saved annotations and tables, in any mixture.

Databases and schemas are loaded when a source needs them: workers that score tables start without.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.errors import AnnotationError, CalcMeasureError, ErrorCode
from calcmeasure.model.imaging import Skipped
from calcmeasure.report.differences import ResponseCells
from calcmeasure.report.mapping import TableMapping
from calcmeasure.report.read_tables import open_measurement_table, with_units_asked
from calcmeasure.report.row_reader import RowReader
from calcmeasure.report.workbook import is_workbook

if TYPE_CHECKING:
    from calcmeasure.store.database import StoredAnnotation

ROWS_PER_CHUNK = 4000
"""A chunk takes a worker about a second, so that workers end together and a lost one costs little."""

_OWN_OUTPUTS = ("responses.csv", "skipped.csv", "diff.csv")


@dataclass(frozen=True, slots=True)
class TableChoices:
    """What the user said about tables.

    Parameters
    ----------
    mapping
        None for tables with our own column names.
    unit
        ``mm`` or ``cm``; None when nothing was said.
    """

    mapping: TableMapping | None = None
    unit: str | None = None


@dataclass(slots=True)
class PatientInput:
    """What there is of one patient.

    Parameters
    ----------
    annotations
        With the file or store each comes from.
    rows
        Of tables: number of the reader, line and text, not yet cut into cells.
    earlier
        Responses of an earlier run to compare with.
    """

    patient_id: str
    annotations: list[tuple[StoredAnnotation, Path]] = field(default_factory=list)
    rows: list[tuple[int, int, str]] = field(default_factory=list)
    earlier: list[ResponseCells] = field(default_factory=list)


@dataclass(slots=True)
class ScoreInput:
    """Everything to be scored, before a single row was read as a measurement.

    Parameters
    ----------
    patients
        By identifier; rows that name none stand under the empty one.
    readers
        Of all tables.
    skipped
        Files and quantities left out.
    notes
        What had to be guessed to read a table, one sentence each.
    """

    patients: dict[str, PatientInput] = field(default_factory=dict)
    readers: list[RowReader] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def annotations(self) -> list[StoredAnnotation]:
        """Saved annotations of every patient."""
        return [annotation for patient in self.patients.values() for annotation, _ in patient.annotations]

    def of(self, patient_id: str) -> PatientInput:
        """Give the patient of an identifier, new or known."""
        found = self.patients.get(patient_id)
        if found is None:
            found = self.patients[patient_id] = PatientInput(patient_id)
        return found

    def compare_with(self, earlier: Mapping[str, list[ResponseCells]]) -> None:
        """Put the responses of an earlier run beside every patient, those included of whom nothing else is left."""
        for patient_id, rows in earlier.items():
            self.of(patient_id).earlier = rows

    def chunks(self, *, rows_per_chunk: int = 0) -> Iterator[ScoreChunk]:
        """Cut into pieces of whole patients, in order of the identifier; of `ROWS_PER_CHUNK` unless told otherwise."""
        readers, own, n_rows = tuple(self.readers), [], 0
        for _, patient in sorted(self.patients.items()):
            own.append(patient)
            n_rows += len(patient.annotations) + len(patient.rows) + len(patient.earlier)
            if n_rows >= (rows_per_chunk or ROWS_PER_CHUNK):
                yield ScoreChunk(tuple(own), readers)
                own, n_rows = [], 0
        if own:
            yield ScoreChunk(tuple(own), readers)


@dataclass(frozen=True, slots=True)
class ScoreChunk:
    """Patients that one worker scores, with the readers of their rows."""

    patients: tuple[PatientInput, ...]
    readers: tuple[RowReader, ...]


def gather(sources: Sequence[str], choices: TableChoices) -> ScoreInput:
    """Collect what there is, without measuring anything yet.

    Parameters
    ----------
    sources
        Each a folder (of annotation files, or of tables where it has none), a table, or a store.
    choices
        How tables are read.

    Raises
    ------
    CalcMeasureError
        When none of the sources can be used; one of several that cannot is listed in `ScoreInput.skipped`, as is what
        cannot be used inside a folder.
    """
    found = ScoreInput()
    refusals: list[CalcMeasureError] = []
    with collector_paused():
        for source in sources:
            try:
                _add_source(source, choices, found)
            except CalcMeasureError as error:
                refusals.append(type(error)(f"{_told(source)}: {error.message}", code=error.code))
                found.skipped.append(Skipped(Path(_told(source)), error.code, error.message))
    if len(refusals) == len(sources) and refusals:
        raise refusals[0]
    return found


def _told(source: str) -> str:
    """Name a source as the user typed it; the address of a database may hold a password."""
    return "store" if "://" in source else source


@contextmanager
def collector_paused() -> Iterator[None]:
    """Millions of values, none in a cycle: to look through them for garbage again and again takes long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _add_source(source: str, choices: TableChoices, found: ScoreInput) -> None:
    path = Path(source)
    if path.is_dir():
        _add_folder(path, choices, found)
    elif path.suffix.lower() in (".csv", ".tsv", ".txt") or is_workbook(path):
        _add_table(path, choices, found)
    elif source.endswith(".annotations.json"):
        _add_annotation_file(path, found)
    else:
        _add_store(source, found)


def _add_folder(folder: Path, choices: TableChoices, found: ScoreInput) -> None:
    annotation_files = sorted(folder.rglob("*.annotations.json"))
    tables = [] if annotation_files else list(_tables_below(folder, with_workbooks=choices.mapping is not None))
    if not annotation_files and not tables:
        raise AnnotationError("the folder holds no *.annotations.json file and no table")
    for path in (*annotation_files, *tables):
        try:
            if annotation_files:
                _add_annotation_file(path, found)
            else:
                _add_table(path, choices, found)
        except CalcMeasureError as error:
            found.skipped.append(Skipped(path, error.code, error.message))


def _tables_below(folder: Path, *, with_workbooks: bool) -> Iterator[Path]:
    """Tables in a folder, without our other outputs and without the copies by patient beside a ``measurements.csv``."""
    for path in sorted(folder.rglob("*")):
        is_table = path.suffix.lower() == ".csv" or (with_workbooks and is_workbook(path))
        is_copy = path.parent.name == "patients" and (path.parent.parent / "measurements.csv").is_file()
        if is_table and path.is_file() and path.name not in _OWN_OUTPUTS and not is_copy:
            yield path


def _add_table(path: Path, choices: TableChoices, found: ScoreInput) -> None:
    opened = open_measurement_table(path, mapping=choices.mapping, unit=choices.unit)
    table, problems = with_units_asked(opened)
    found.skipped += problems
    found.notes += [f"{path.name}: {note}" for note in table.notes]
    first = len(found.readers)
    found.readers += table.readers
    numbers = range(first, first + len(table.readers))
    reader, rows_of = table.readers[0], dict[str, list[tuple[int, int, str]]]()
    for line, text in table.lines:
        cell = reader.patient_cell(text)
        if cell not in rows_of:
            rows_of[cell] = found.of(reader.patient_id(cell)).rows
        rows_of[cell] += [(number, line, text) for number in numbers]


def _add_annotation_file(path: Path, found: ScoreInput) -> None:
    from calcmeasure.store.annotation_files import read_annotations
    from calcmeasure.store.database import StoredAnnotation

    content = read_annotations(path)
    own = found.of(content.patient_id).annotations
    own += [(StoredAnnotation(content.patient_id, content.reader, a, 1, ""), path) for a in content.annotations]


def _add_store(url: str, found: ScoreInput) -> None:
    from calcmeasure.store.database import MeasurementStore

    if "://" not in url and not Path(url).is_file():
        raise AnnotationError("there is no store, folder or table of this name", code=ErrorCode.UNREADABLE)
    with MeasurementStore(url) as store:
        store.verify()
        for stored in store.current():
            # The address of a database may hold a password: it is named by what it is.
            found.of(stored.patient_id).annotations.append((stored, Path("store" if "://" in url else url)))
