"""Chunks of whole patients: any size, any executor, one bad patient."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.errors import ErrorCode
from calcmeasure.executors.executor import Failure
from calcmeasure.pipeline import rescoring
from calcmeasure.pipeline.rescoring import Rescored, ScorePlan, score_chunk, score_in_chunks
from calcmeasure.pipeline.score_input import TableChoices, gather
from calcmeasure.report.tables import RESPONSE_COLUMNS, response_record
from calcmeasure.response.criteria import load_profile

HEADER = "patient_id,timepoint,laterality,lesion_id,quantity,value_mm"
PLAN = ScorePlan((load_profile("recist-1.1"), load_profile("extent-10")), keep=True)


@pytest.fixture
def found(tmp_path):
    rows = [
        f"P{i},{visit},L,L1,{quantity},{20 + i + grown}"
        for grown, visit in enumerate(("baseline", "followup-1", "followup-2"))
        for i in range(7)
        for quantity in ("lesion_diameter", "calcification_extent")
    ]
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return gather([str(path)], TableChoices())


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_the_size_of_chunks_changes_nothing(found, size):
    whole = Rescored.of(score_in_chunks(list(found.chunks()), PLAN))
    cut = Rescored.of(score_in_chunks(list(found.chunks(rows_per_chunk=size)), PLAN))
    assert ("".join(cut.responses), cut.rows) == ("".join(whole.responses), whole.rows)
    assert (cut.n_measurements, cut.n_rows, len(cut.measurements)) == (42, 28, 42)


def test_lines_are_the_rows_as_the_table_writes_them(found):
    (done,) = score_in_chunks(list(found.chunks()), PLAN)
    assert all(tuple(response_record(row)) == RESPONSE_COLUMNS for row in done.rows)
    assert done.responses.count("\n") == done.n_rows == len(done.rows)


def test_rows_come_back_only_when_they_are_asked_for(found):
    (done,) = score_in_chunks(list(found.chunks()), replace(PLAN, keep=False))
    assert (done.measurements, done.rows, done.n_rows) == ((), (), 28)


def test_a_patient_that_fails_takes_no_other_along(found, monkeypatch):
    real = rescoring.score_readers

    def fails(measurements, profiles, **others):
        if any(m.patient_id == "P3" for m in measurements):
            raise ZeroDivisionError
        return real(measurements, profiles, **others)

    whole = "".join(Rescored.of(score_in_chunks(list(found.chunks()), PLAN)).responses)
    monkeypatch.setattr(rescoring, "score_readers", fails)
    left = Rescored.of(score_in_chunks(list(found.chunks()), PLAN))
    assert "".join(left.responses) == "".join(line for line in whole.splitlines(keepends=True) if line[:2] != "P3")
    ((path, code),) = [(entry.path.name, entry.code) for entry in left.skipped]
    assert (path, code) == ("P3.csv", ErrorCode.INTERNAL)


def test_patients_of_a_process_that_died_are_listed(found):
    def died(work, chunks):
        return [Failure(ErrorCode.WORKER_DIED, "the process died"), *map(work, chunks[1:])]

    chunks = list(found.chunks(rows_per_chunk=12))
    left = Rescored.of(score_in_chunks(chunks, PLAN, map_ordered=died))
    assert [entry.path.name for entry in left.skipped] == ["P0.csv", "P1.csv"]
    assert "".join(left.responses) == "".join(score_chunk(chunk, plan=PLAN).responses for chunk in chunks[1:])
