"""The tables: columns others query by name, what the database itself refuses, and what it lets through."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import create_engine

from calcmeasure.store.schema import SCHEMA_VERSION, metadata

VERSION = {
    "patient_id": "P1",
    "reader": "auto",
    "annotation_id": "a1",
    "version": 1,
    "supersedes": None,
    "retracted": 0,
    "reason": "measured",
    "content": "{}",
    "value_mm": 12.5,
    "content_sha256": "c",
    "chain_sha256": "d",
    "recorded_utc": "2026-01-01T00:00:00Z",
}
FINISHED = {"patient_id": "P1", "fingerprint": "f", "outcome": "{}", "recorded_utc": "2026-01-01T00:00:00Z"}


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "m.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = ON")
    yield connection
    connection.close()


def insert(database, table, row):
    places = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values()))


def columns(database, table):
    return {name: bool(required) for _, name, _, required, _, _ in database.execute(f"PRAGMA table_info({table})")}


def test_columns_are_those_that_queries_rely_on(database):
    """Plain SQL is a public interface of the store: a renamed column needs a new schema version."""
    assert SCHEMA_VERSION == 1
    assert set(columns(database, "annotation_version")) == {"seq", *VERSION}
    assert set(columns(database, "finished_patient")) == {"seq", *FINISHED}
    assert set(columns(database, "store_info")) == {"key", "value"}


@pytest.mark.parametrize("name", sorted(set(VERSION) - {"supersedes", "value_mm"}))
def test_a_version_must_say_everything_but_a_value_and_a_predecessor(database, name):
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        insert(database, "annotation_version", VERSION | {name: None})


@pytest.mark.parametrize("name", ["supersedes", "value_mm"])
def test_a_first_or_unmeasurable_version_is_taken(database, name):
    insert(database, "annotation_version", VERSION | {name: None})
    assert database.execute("SELECT count(*) FROM annotation_version").fetchone() == (1,)


@pytest.mark.parametrize("name", sorted(FINISHED))
def test_a_finished_patient_must_say_everything(database, name):
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        insert(database, "finished_patient", FINISHED | {name: None})


def test_one_version_number_is_given_once(database):
    insert(database, "annotation_version", VERSION)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        insert(database, "annotation_version", VERSION | {"content": "other"})


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"reader": "R2"}, {"patient_id": "P2"}, {"annotation_id": "a2"}], ids=str
)
def test_each_part_of_the_key_tells_versions_apart(database, change):
    insert(database, "annotation_version", VERSION)
    insert(database, "annotation_version", VERSION | change)
    assert database.execute("SELECT max(seq) FROM annotation_version").fetchone() == (2,)


def test_a_patient_may_be_finished_again_with_inputs_seen_before(database):
    for fingerprint in ("f", "g", "f"):
        insert(database, "finished_patient", FINISHED | {"fingerprint": fingerprint})
    rows = database.execute("SELECT fingerprint FROM finished_patient ORDER BY seq").fetchall()
    assert rows == [("f",), ("g",), ("f",)]


def test_a_version_supersedes_one_that_exists(database):
    insert(database, "annotation_version", VERSION)
    insert(database, "annotation_version", VERSION | {"version": 2, "supersedes": 1})
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        insert(database, "annotation_version", VERSION | {"version": 3, "supersedes": 99})


@pytest.mark.parametrize("table", ["annotation_version", "finished_patient"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET patient_id = 'P9'", "DELETE FROM {}"])
def test_rows_are_only_ever_added(database, table, statement):
    insert(database, table, VERSION if table == "annotation_version" else FINISHED)
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
        database.execute(statement.format(table))
    assert database.execute(f"SELECT patient_id FROM {table}").fetchall() == [("P1",)]


def test_lookups_by_patient_use_an_index(database):
    query = "EXPLAIN QUERY PLAN SELECT * FROM annotation_version WHERE patient_id = 'P1' AND reader = 'auto'"
    assert "INDEX" in str(database.execute(query).fetchall())
