"""Score saved annotations and tables again, in chunks of whole patients that any executor can work on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from calcmeasure.errors import ErrorCode
from calcmeasure.executors.executor import Failure, attempt, delivered
from calcmeasure.model.imaging import Skipped
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.model.names import file_key
from calcmeasure.pipeline.placed import measurements_of
from calcmeasure.pipeline.score_input import PatientInput, ScoreChunk, collector_paused
from calcmeasure.pipeline.scoring import not_compared, score_readers
from calcmeasure.report.differences import Difference, DifferenceCounts, ResponseCells, find_differences
from calcmeasure.report.files import csv_lines
from calcmeasure.report.tables import RESPONSE_COLUMNS, response_cells
from calcmeasure.response.criteria import CriteriaProfile
from calcmeasure.response.reader_error import ReaderError
from calcmeasure.terms import Quantity

MapOrdered = Callable[[Callable[[ScoreChunk], "ScoredChunk"], Sequence[ScoreChunk]], Iterable["ScoredChunk | Failure"]]
"""Applies a function to every item, anywhere; results in the order of the items."""

_COMPARED = [RESPONSE_COLUMNS.index(name) for name in ResponseCells._fields]


@dataclass(frozen=True, slots=True)
class ScorePlan:
    """What is made of every chunk.

    Parameters
    ----------
    profiles
        Criteria, in the order of the rows of one time point.
    compare
        Whether rows are compared with those of an earlier run.
    keep
        Whether measurements and rows come back as well as text: for a report, not for a million of them.
    errors
        Of repeated readings, over all chunks.
    """

    profiles: tuple[CriteriaProfile, ...]
    compare: bool = False
    keep: bool = False
    errors: Mapping[Quantity, ReaderError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """What came of some patients.

    Parameters
    ----------
    responses, differences
        Lines of ``responses.csv`` and ``diff.csv``.
    counts
        Of the differences.
    measurements, rows
        Empty unless they were asked for.
    """

    n_measurements: int
    n_rows: int
    responses: str
    skipped: tuple[Skipped, ...] = ()
    differences: str = ""
    counts: DifferenceCounts = field(default_factory=DifferenceCounts)
    measurements: tuple[Measurement, ...] = ()
    rows: tuple[ResponseRow, ...] = ()


@dataclass(slots=True)
class Rescored:
    """All chunks together.

    Parameters
    ----------
    responses, differences
        Lines of the tables, chunk by chunk.
    skipped
        Files, rows and patients left out.
    """

    n_measurements: int = 0
    n_rows: int = 0
    responses: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    counts: DifferenceCounts = field(default_factory=DifferenceCounts)
    skipped: list[Skipped] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    rows: list[ResponseRow] = field(default_factory=list)

    @classmethod
    def of(cls, chunks: Iterable[ScoredChunk], *, skipped: Iterable[Skipped] = ()) -> Rescored:
        """Put chunks together in the order they come."""
        whole = cls(skipped=list(skipped))
        for chunk in chunks:
            whole.n_measurements += chunk.n_measurements
            whole.n_rows += chunk.n_rows
            whole.responses.append(chunk.responses)
            whole.differences.append(chunk.differences)
            whole.counts.merge(chunk.counts)
            whole.skipped += chunk.skipped
            whole.measurements += chunk.measurements
            whole.rows += chunk.rows
        return whole


def score_in_chunks(
    chunks: Sequence[ScoreChunk], plan: ScorePlan, *, map_ordered: MapOrdered | None = None
) -> Iterator[ScoredChunk]:
    """Score every chunk; the result does not depend on how the work is spread.

    Parameters
    ----------
    chunks
        From `ScoreInput.chunks`.
    plan
        What is wanted.
    map_ordered
        Where the work is done: here and one after the other unless told otherwise.

    Yields
    ------
    ScoredChunk
        In the order given. Patients that cannot be scored are listed as skipped.
    """
    work = partial(score_chunk, plan=plan)
    for chunk, done in zip(chunks, (map_ordered or _here)(work, chunks), strict=True):
        if not isinstance(done, Failure):
            yield done
        elif done.code is ErrorCode.WORKER_DIED or len(chunk.patients) == 1:
            yield _given_up(chunk, done)
        else:
            # Whatever is wrong costs the patient it is wrong with.
            yield from score_in_chunks([ScoreChunk((one,), chunk.readers) for one in chunk.patients], plan)


def _here(work: Callable[[ScoreChunk], ScoredChunk], chunks: Sequence[ScoreChunk]) -> Iterator[ScoredChunk | Failure]:
    return (delivered(attempt(work, chunk)) for chunk in chunks)


def score_chunk(chunk: ScoreChunk, *, plan: ScorePlan) -> ScoredChunk:
    """Read, check, measure and score some patients, and compare their rows with those of an earlier run."""
    found = _Found()
    with collector_paused():
        # Patient by patient, from cells to text, while all there is of one is at hand in the processor's cache.
        responses = csv_lines(
            cells for patient in chunk.patients for cells in _lines(patient, chunk, plan=plan, found=found)
        )
    counts = DifferenceCounts()
    counts.add(found.differences)
    return ScoredChunk(
        found.n_measurements,
        found.n_rows,
        responses,
        tuple(found.skipped),
        csv_lines([one.cells for one in found.differences]),
        counts,
        tuple(found.measurements),
        tuple(found.rows),
    )


@dataclass(slots=True)
class _Found:
    """What there is beside the lines of ``responses.csv``."""

    n_measurements: int = 0
    n_rows: int = 0
    skipped: dict[Skipped, None] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    rows: list[ResponseRow] = field(default_factory=list)


def _lines(patient: PatientInput, chunk: ScoreChunk, *, plan: ScorePlan, found: _Found) -> list[tuple[str, ...]]:
    measurements, problems = measurements_of(patient, chunk.readers)
    rows = score_readers(measurements, plan.profiles, errors=plan.errors)
    lines = [response_cells(row) for row in rows]
    found.n_measurements += len(measurements)
    found.n_rows += len(rows)
    found.skipped.update(dict.fromkeys([*problems, *not_compared(measurements)]))
    if plan.compare:
        found.differences += _differences(patient, lines)
    if plan.keep:
        found.measurements += measurements
        found.rows += rows
    return lines


def _differences(patient: PatientInput, lines: Iterable[Sequence[str]]) -> list[Difference]:
    return find_differences(patient.earlier, [ResponseCells(*[line[i] for i in _COMPARED]) for line in lines])


def _given_up(chunk: ScoreChunk, failure: Failure) -> ScoredChunk:
    places = [Path("patients", f"{file_key(patient.patient_id)}.csv") for patient in chunk.patients]
    return ScoredChunk(0, 0, "", tuple(Skipped(place, failure.code, failure.reason) for place in places))
