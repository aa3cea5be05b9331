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
