"""How a store is opened: durable SQLite settings, one writer at a time, clear errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from calcmeasure.errors import ErrorCode, StoreError
from calcmeasure.store.schema import SCHEMA_VERSION, metadata, store_info

BUSY_TIMEOUT_S = 20.0
"""How long a writer waits for another one before giving up."""


def open_engine(url: str) -> Engine:
    """Open (and if need be create) the store's database.

    Parameters
    ----------
    url
        SQLAlchemy URL, or a file name, which means SQLite.

    Raises
    ------
    StoreError
        When it cannot be opened, is no store, or was written by a newer version.

    Notes
    -----
    SQLite runs with a rollback journal and ``synchronous=FULL``: a committed row survives the process, the power
    supply and, unlike write-ahead logging, a network share. Every write transaction starts with BEGIN IMMEDIATE, so
    that two writers queue instead of failing half-way.
    """
    try:
        engine = create_engine(_as_url(url), connect_args=_connect_args(url))
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"the store address is not usable: {type(error).__name__}; give a file name") from error
    except ImportError as error:
        raise StoreError(f"this kind of store needs the Python package {error.name}; install it") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _make_durable)
        event.listen(engine, "begin", _begin)
    with translated_errors(), engine.begin() as connection:
        metadata.create_all(connection)
        _check_version(connection)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that does not take the write lock."""
    with translated_errors(), engine.connect() as plain:
        connection = plain.execution_options(calcmeasure_read_only=True)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that holds the write lock from its first statement; committed on leaving."""
    with translated_errors(), engine.begin() as connection:
        yield connection


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn database errors into `StoreError` with a code."""
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig)
        code = next((code for word, code in _CAUSES.items() if word in text), ErrorCode.STORE)
        raise StoreError(f"the measurement store failed: {text}", code=code) from error


_CAUSES = {
    "database is locked": ErrorCode.STORE_BUSY,
    "database or disk is full": ErrorCode.DISK_FULL,
    "disk I/O error": ErrorCode.DISK_FULL,
}


def _as_url(url: str) -> str:
    return url if "://" in url else f"sqlite:///{Path(url).absolute()}"


def _connect_args(url: str) -> dict[str, object]:
    is_sqlite = _as_url(url).startswith("sqlite")
    # isolation_level None: the driver starts no transaction of its own, `_begin` does.
    return {"timeout": BUSY_TIMEOUT_S, "isolation_level": None} if is_sqlite else {}


def _make_durable(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("journal_mode=DELETE", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("calcmeasure_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _check_version(connection: Connection) -> None:
    found = connection.execute(select(store_info.c.value).where(store_info.c.key == "schema")).scalar()
    if found is None:
        connection.execute(insert(store_info).values(key="schema", value=str(SCHEMA_VERSION)))
    elif int(found) > SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema {found}, this version knows {SCHEMA_VERSION}; use a newer calcmeasure",
            code=ErrorCode.STORE_NEWER,
        )
