"""How a store is opened: durable, one writer at a time, and every failure with its code."""

from __future__ import annotations

import sqlite3
import sys

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from calcmeasure.errors import ErrorCode, StoreError
from calcmeasure.store.engine import open_engine, reading, translated_errors, writing
from calcmeasure.store.schema import SCHEMA_VERSION, finished_patient, store_info

ROW = {"patient_id": "P1", "fingerprint": "f", "outcome": "{}", "recorded_utc": "2026-01-01T00:00:00Z"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.sqlite"


@pytest.fixture
def engine(path):
    engine = open_engine(str(path))
    yield engine
    engine.dispose()


def count(engine) -> int:
    with reading(engine) as connection:
        return len(connection.execute(select(finished_patient)).all())


def set_version(path, value: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE store_info SET value = ? WHERE key = 'schema'", (value,))
    connection.commit()
    connection.close()


def test_a_new_store_says_its_version(engine):
    with reading(engine) as connection:
        assert connection.execute(select(store_info)).all() == [("schema", str(SCHEMA_VERSION))]


def test_opening_again_changes_nothing(path, engine):
    before = path.read_bytes()
    open_engine(str(path)).dispose()
    assert path.read_bytes() == before


@pytest.mark.parametrize("address", ["{path}", "sqlite:///{path}"])
def test_a_file_name_means_sqlite(path, address):
    engine = open_engine(address.format(path=path))
    assert engine.dialect.name == "sqlite"
    engine.dispose()
    assert path.exists()


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "delete"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 20000)]
)
def test_durable_settings_hold_for_every_connection(engine, pragma, value):
    with reading(engine) as one, reading(engine) as other:
        for connection in (one, other):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_writing_commits_on_leaving(engine):
    with writing(engine) as connection:
        connection.execute(insert(finished_patient).values(ROW))
    assert count(engine) == 1


def test_a_failure_half_way_leaves_nothing(engine):
    with pytest.raises(StoreError), writing(engine) as connection:  # noqa: PT012 - the second row fails
        connection.execute(insert(finished_patient).values(ROW))
        connection.execute(insert(finished_patient).values(ROW | {"outcome": None}))
    assert count(engine) == 0


def test_a_reader_does_not_hold_up_a_writer(path, engine):
    with reading(engine) as connection:
        connection.execute(select(store_info)).all()
        other = sqlite3.connect(path, isolation_level=None, timeout=0.05)
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        other.close()


def test_a_writer_holds_the_lock_from_its_first_moment(path, engine):
    other = sqlite3.connect(path, isolation_level=None, timeout=0.05)
    with writing(engine), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("database is locked", ErrorCode.STORE_BUSY),
        ("database or disk is full", ErrorCode.DISK_FULL),
        ("disk I/O error", ErrorCode.DISK_FULL),
        ("no such table: x", ErrorCode.STORE),
    ],
)
def test_database_errors_get_a_code(text, code):
    with pytest.raises(StoreError, match="measurement store failed") as caught, translated_errors():
        raise OperationalError("SELECT 1", {}, sqlite3.OperationalError(text))
    assert caught.value.code is code
    assert text in caught.value.message


def test_other_errors_pass_as_they_are():
    with pytest.raises(KeyError), translated_errors():
        raise KeyError("x")


@pytest.mark.parametrize(
    ("value", "opens"), [("0", True), (str(SCHEMA_VERSION), True), (str(SCHEMA_VERSION + 1), False)]
)
def test_only_a_newer_store_is_refused(path, value, opens):
    open_engine(str(path)).dispose()
    set_version(path, value)
    if opens:
        open_engine(str(path)).dispose()
        return
    with pytest.raises(StoreError, match="newer calcmeasure") as caught:
        open_engine(str(path))
    assert caught.value.code is ErrorCode.STORE_NEWER


@pytest.mark.parametrize("address", ["nonsense://x", "://", "sqlite+nothing:///x"])
def test_an_address_that_is_none_is_refused_without_repeating_it(address):
    with pytest.raises(StoreError, match="address is not usable") as caught:
        open_engine(address)
    assert address not in caught.value.message


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(StoreError) as caught:
        open_engine(str(tmp_path / "nowhere" / "m.sqlite"))
    assert caught.value.code is ErrorCode.STORE


def test_a_database_without_its_driver_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="needs the Python package psycopg") as caught:
        open_engine("postgresql+psycopg://user:word@nowhere/db")
    assert "word" not in str(caught.value)
