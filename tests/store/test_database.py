"""The store: append-only, superseding, durable, verifiable."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from calcmeasure.errors import ErrorCode, StoreError
from calcmeasure.store.database import MeasurementStore, Reading
from calcmeasure.terms import LesionRelation
from factories import marks, outline


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.sqlite"


def reading(*annotations, patient_id="P1", reader="auto", complete=False, reason="measured") -> Reading:
    values = {a.annotation_id: 10.0 for a in annotations}
    return Reading(patient_id, reader, annotations, values, reason, complete=complete)


def test_what_goes_in_comes_out(path):
    with MeasurementStore(str(path)) as store:
        assert store.record(reading(marks(), outline())) == 2
        back = store.current()
    assert [s.annotation for s in back] == [marks(), outline()]
    assert {(s.patient_id, s.reader, s.version) for s in back} == {("P1", "auto", 1)}


def test_the_same_reading_twice_adds_nothing(path):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks()))
        later = marks(created_utc="2027-01-01T00:00:00Z", software="calcmeasure later")
        assert store.record(reading(later)) == 0
        assert store.current()[0].annotation.created_utc == "2026-01-01T00:00:00Z"


def test_a_correction_supersedes_and_keeps_what_was(path):
    moved = marks(points=((10.0, 10.0), (120.0, 10.0)))
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks()))
        store.record(reading(moved, reason="outer mark was missed"))
        current = store.current()
        history = store.history("a1", patient_id="P1", reader="auto")
    assert [s.annotation for s in current] == [moved]
    assert [(s.version, s.annotation, s.reason) for s in history] == [
        (1, marks(), "measured"),
        (2, moved, "outer mark was missed"),
    ]


def test_a_complete_reading_retracts_what_it_no_longer_finds(path):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks(), outline()))
        assert store.record(reading(outline(), complete=True)) == 1
        assert [s.annotation.annotation_id for s in store.current()] == ["l1"]
        assert store.record(reading(outline(), complete=True)) == 0
        store.record(reading(marks(), outline(), complete=True))
        assert [s.annotation.annotation_id for s in store.current()] == ["a1", "l1"]


def test_readers_do_not_touch_each_other(path):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks()))
        store.record(reading(marks(lesion_id="R-C9"), reader="reader-2", complete=True))
        assert {(s.reader, s.annotation.lesion_id) for s in store.current()} == {
            ("auto", "R-C1"),
            ("reader-2", "R-C9"),
        }
        assert len(store.current(reader="auto")) == 1


@pytest.mark.parametrize("statement", ["UPDATE annotation_version SET value_mm = 1", "DELETE FROM annotation_version",
                                       "DELETE FROM finished_patient"])  # fmt: skip
def test_rows_cannot_be_changed_from_outside(path, statement):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks()), fingerprint="f")
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(("column", "value"), [("value_mm", 11.0), ("content", "{}"), ("reader", "x"), ("reason", "y")])
def test_tampering_is_noticed(path, column, value):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks(), outline()))
        assert store.verify() == 2
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER annotation_version_no_update")
    connection.execute(f"UPDATE annotation_version SET {column} = ? WHERE seq = 1", (value,))
    connection.commit()
    connection.close()
    with MeasurementStore(str(path)) as store, pytest.raises(StoreError, match="row 1") as caught:
        store.verify()
    assert caught.value.code is ErrorCode.STORE_CHANGED


def test_finished_patients_are_known_by_their_fingerprint(path):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks()), fingerprint="abc", outcome='{"a": 1}')
        store.record(reading(marks()), fingerprint="abc", outcome='{"a": 2}')
        assert store.outcome_of("P1", fingerprint="abc") == '{"a": 1}'
        assert store.outcome_of("P1", fingerprint="other") is None
        assert store.outcome_of("P2", fingerprint="abc") is None


def test_only_the_last_finish_counts(path):
    """Settings A, then B, then A again: what B superseded must be measured anew."""
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks()), fingerprint="A")
        store.record(reading(marks(points=((1.0, 1.0), (9.0, 9.0)))), fingerprint="B")
        assert store.outcome_of("P1", fingerprint="A") is None
        assert store.outcome_of("P1", fingerprint="B") == "{}"
        store.record(reading(marks()), fingerprint="A", outcome='{"again": 1}')
        assert store.outcome_of("P1", fingerprint="A") == '{"again": 1}'
        assert store.current()[0].annotation == marks()


def test_durable_settings(path):
    with MeasurementStore(str(path)) as store, store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_a_newer_store_is_left_alone(path):
    MeasurementStore(str(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE store_info SET value = '99'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError) as caught:
        MeasurementStore(str(path))
    assert caught.value.code == ErrorCode.STORE_NEWER


def test_a_file_that_is_no_database_is_refused(tmp_path):
    broken = tmp_path / "x.sqlite"
    broken.write_bytes(b"this is not a database, only bytes" * 100)
    with pytest.raises(StoreError):
        MeasurementStore(str(broken))


def test_a_locked_store_says_so(path, monkeypatch):
    monkeypatch.setattr("calcmeasure.store.engine.BUSY_TIMEOUT_S", 0.1)
    with MeasurementStore(str(path)) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            store.record(reading(marks()))
        other.execute("ROLLBACK")
        other.close()
    assert caught.value.code == ErrorCode.STORE_BUSY


def _write_many(path: str, patient_id: str, count: int) -> None:
    with MeasurementStore(path) as store:
        for i in range(count):
            store.record(reading(marks(annotation_id=f"a{i}"), patient_id=patient_id))


def test_two_processes_write_without_losing_anything(path):
    context = multiprocessing.get_context("spawn")
    MeasurementStore(str(path)).close()
    writers = [context.Process(target=_write_many, args=(str(path), f"P{i}", 15)) for i in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    with MeasurementStore(str(path)) as store:
        assert len(store.current()) == 30
        assert store.verify() == 30


def _write_forever(path: str, log: str) -> None:
    with MeasurementStore(path) as store, Path(log).open("a", encoding="ascii") as acknowledged:
        for i in range(100_000):
            store.record(reading(marks(annotation_id=f"a{i}")))
            acknowledged.write(f"a{i}\n")
            acknowledged.flush()


def test_kill_loses_no_acknowledged_row(path, tmp_path):
    log = tmp_path / "acknowledged"
    MeasurementStore(str(path)).close()
    writer = multiprocessing.get_context("spawn").Process(target=_write_forever, args=(str(path), str(log)))
    writer.start()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not (log.exists() and log.stat().st_size > 60):
        time.sleep(0.02)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    acknowledged = set(log.read_text(encoding="ascii").split())
    assert acknowledged
    with MeasurementStore(str(path)) as store:
        kept = {s.annotation.annotation_id for s in store.current()}
        store.verify()
    assert acknowledged <= kept


def test_postponed_values_are_stored_beside_the_points(path):
    with MeasurementStore(str(path)) as store:
        store.record(replace(reading(marks()), values_mm={"a1": 12.5}))
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT value_mm FROM annotation_version").fetchall() == [(12.5,)]
    connection.close()


def corrected(*annotations, based_on, retract=(), reason="looked again") -> Reading:
    return replace(reading(*annotations, reader="r1", reason=reason), based_on=based_on, retract=retract)


def test_what_a_reader_gives_up_is_retracted_with_her_reason(path):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks(), outline(), reader="r1"))
        assert store.record(corrected(based_on={"a1": 1}, retract=["a1"], reason="an artefact")) == 1
        assert store.record(corrected(based_on={"a1": 1}, retract=["a1"])) == 0, "given up already"
        assert [s.annotation.annotation_id for s in store.current()] == ["l1"]
        assert [s.reason for s in store.history("a1", patient_id="P1", reader="r1")] == ["measured", "an artefact"]
        assert store.record(corrected(marks(), based_on={})) == 1, "nothing was in force: no conflict"
        store.verify()


def test_drawn_and_given_up_at_once_is_drawn(path):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks(), reader="r1"))
        moved = marks(points=((1.0, 1.0), (9.0, 9.0)))
        assert store.record(corrected(moved, based_on={"a1": 1}, retract=["a1"])) == 1
        assert store.current()[0].annotation == moved


def test_giving_up_what_was_never_recorded_is_refused(path):
    with MeasurementStore(str(path)) as store, pytest.raises(StoreError, match="never recorded"):
        store.record(corrected(outline(), based_on=None, retract=["a1"]))
    with MeasurementStore(str(path)) as store:
        assert store.current() == []


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(corrected(marks(lesion_id="mine"), outline(), based_on={"a1": 1}), id="older"),
        pytest.param(corrected(marks(lesion_id="mine"), outline(), based_on={}), id="never seen"),
        pytest.param(corrected(outline(), based_on={"a1": 1}, retract=["a1"]), id="older, given up"),
        pytest.param(corrected(marks(lesion_id="mine"), outline(), based_on={"a1": 3}), id="from elsewhere"),
        pytest.param(corrected(marks(annotation_id="a9"), outline(), based_on={"a9": 2}), id="not in this store"),
    ],
)
def test_what_the_reader_never_saw_is_not_superseded(path, second):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks(), reader="r1"))
        store.record(corrected(marks(lesion_id="theirs"), based_on={"a1": 1}))
        with pytest.raises(StoreError, match=r"signed 1 of these findings as r1.*Load the patient again") as caught:
            store.record(second)
        assert caught.value.code is ErrorCode.STORE_CONFLICT
        assert "P1" not in caught.value.message
        assert [s.annotation.lesion_id for s in store.current()] == ["theirs"], "all or nothing"
        assert store.verify() == 2


def test_a_retracted_finding_is_none_in_force(path):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks(), reader="r1"))
        store.record(corrected(based_on={"a1": 1}, retract=["a1"]))
        with pytest.raises(StoreError) as caught:
            store.record(corrected(marks(lesion_id="mine"), based_on={"a1": 1}))
        assert caught.value.code is ErrorCode.STORE_CONFLICT


def test_recorded_the_same_way_already_is_no_conflict(path):
    """After a crash between the commit and the next click, signing the restored draft again adds nothing."""
    with MeasurementStore(str(path)) as store:
        store.record(corrected(marks(), based_on={}))
        assert store.record(corrected(marks(), based_on={})) == 0


def test_one_finding_twice_in_a_reading_is_refused(path):
    with MeasurementStore(str(path)) as store, pytest.raises(StoreError):
        store.record(reading(marks(), marks(lesion_id="other")))


def _correct_many(path: str, name: str, count: int) -> None:
    """Supersede the same finding again and again, each time what was seen; load again after a conflict."""
    with MeasurementStore(path) as store:
        done = 0
        while done < count:
            seen = store.current(reader="r1")[0]
            mine = replace(seen.annotation, lesion_id=f"{seen.annotation.lesion_id},{name}{done}")
            try:
                store.record(corrected(mine, based_on={"a1": seen.version}))
            except StoreError as error:
                if error.code is not ErrorCode.STORE_CONFLICT:
                    raise
            else:
                done += 1


def test_two_windows_on_one_finding_never_overwrite_each_other(path):
    """Every correction builds on the one before: none is lost, whoever came second had to look again."""
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks(lesion_id="start"), reader="r1"))
    context = multiprocessing.get_context("spawn")
    windows = [context.Process(target=_correct_many, args=(str(path), name, 12)) for name in "AB"]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    assert [window.exitcode for window in windows] == [0, 0]
    with MeasurementStore(str(path)) as store:
        (last,) = store.current()
        assert last.version == store.verify() == 25
    steps = last.annotation.lesion_id.split(",")
    assert sorted(steps) == sorted(["start", *(f"{name}{i}" for name in "AB" for i in range(12))])


OLD_CONTENT = (
    '{"annotation_id":"a1","confidence":null,"created_utc":"2026-01-01T00:00:00Z","diameter_3d_mm":null,'
    '"distribution":null,"flags":[],"geometry":"marks","image":{"columns":800,"frame":0,"rows":1000,"series_uid":'
    '"1.2.3","sop_uid":"1.2.3.4","spacing":{"col_mm":0.09,"magnification":1.06,"row_mm":0.1,"slice_mm":null,"source":'
    '"magnification_corrected"},"study_uid":"1.2"},"laterality":"R","lesion_id":"R-C1","mark_diameters_mm":[],'
    '"method":"auto","modality":"MG","morphology":null,"phase":null,"points":[[10.0,10.0],[110.0,10.0],[60.0,40.0]],'
    '"quantity":"calcification_extent","software":"calcmeasure test","study_date":"2021-03-04","timepoint":"baseline",'
    '"view":"CC","volume_mm3":null}'
)
"""A row as stores held it before readers could say the kind of a lesion and its links."""


def test_rows_from_before_new_fields_keep_their_content(path):
    with MeasurementStore(str(path)) as store:
        store.record(reading(marks()))
        assert store.record(reading(marks())) == 0
        assert store.record(reading(marks(relation=LesionRelation.SAME, from_lesions=("R-C1",)))) == 1
        store.verify()
    connection = sqlite3.connect(path)
    ((content,),) = connection.execute("SELECT content FROM annotation_version WHERE version = 1").fetchall()
    connection.close()
    assert content == OLD_CONTENT
