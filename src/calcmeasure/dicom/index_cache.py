"""Remember headers and whole results of unchanged folders in one SQLite file.

A file is unchanged when path, size and time of change are. The cache only saves time: it can be deleted at any moment,
and a damaged or older one is replaced without a word. It holds what the headers hold, patient names included: keep it
where the images are kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import struct
import types
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from calcmeasure.dicom.compact import CompactValues, unpack_header
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.scan import FoundFile, Scanned
from calcmeasure.errors import ErrorCode
from calcmeasure.model.imaging import FolderIndex, Skipped

FORMAT = "calcmeasure-index-3"
"""Changes whenever a header, a rule or the model does: an older cache is then rebuilt."""

_DAMAGE = (sqlite3.Error, zlib.error, ValueError, TypeError, KeyError, struct.error)
_log = logging.getLogger(__name__)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (format TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS headers (path TEXT PRIMARY KEY, mtime_ns INTEGER, size INTEGER, kind TEXT, payload BLOB);
CREATE TABLE IF NOT EXISTS results (digest TEXT PRIMARY KEY, payload BLOB);
"""


class IndexCache:
    """An open cache file. Failures of the cache are never failures of the index.

    Parameters
    ----------
    connection
        From `open_cache`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find_headers(self, files: Sequence[FoundFile]) -> dict[str, Scanned]:
        """Look up unchanged files, by path."""
        known: dict[str, Scanned] = {}
        wanted = {f.path: f for f in files}
        with suppress(*_DAMAGE):
            for path, mtime_ns, size, kind, payload in self._connection.execute("SELECT * FROM headers"):
                file = wanted.get(path)
                if file is not None and (file.mtime_ns, file.size) == (mtime_ns, size):
                    known[path] = _unpack(Path(path), kind, payload)
        return known

    def keep_headers(self, scanned: Iterable[tuple[FoundFile, Scanned]]) -> None:
        """Remember newly read files. What could not be read is not remembered: a permission may change."""
        rows = (
            (file.path, file.mtime_ns, file.size, *_pack(result))
            for file, result in scanned
            if not (isinstance(result, Skipped) and result.code is ErrorCode.UNREADABLE)
        )
        with suppress(sqlite3.Error), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO headers VALUES (?, ?, ?, ?, ?)", rows)

    def find_result(self, digest: str) -> FolderIndex | None:
        """Look up the whole index of an unchanged folder."""
        with suppress(*_DAMAGE):
            row = self._connection.execute("SELECT payload FROM results WHERE digest = ?", (digest,)).fetchone()
            if row is not None:
                return cast("FolderIndex", _restore(FolderIndex, json.loads(zlib.decompress(row[0]))))
        return None

    def keep_result(self, digest: str, index: FolderIndex) -> None:
        """Remember the whole index; only the latest results are kept."""
        payload = zlib.compress(json.dumps(_plain(index)).encode(), 1)
        with suppress(sqlite3.Error), self._connection:
            self._connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (digest, payload))
            self._connection.execute(
                "DELETE FROM results WHERE rowid NOT IN (SELECT rowid FROM results ORDER BY rowid DESC LIMIT 8)"
            )


@contextmanager
def open_cache(path: Path | None) -> Iterator[IndexCache | None]:
    """Open or create a cache.

    Parameters
    ----------
    path
        None for no cache. A file that is not a usable cache of this version is replaced; one that cannot be
        written is done without.
    """
    connection = None if path is None else _connect(path)
    try:
        yield None if connection is None else IndexCache(connection)
    finally:
        if connection is not None:
            connection.close()


def digest_folder(entries: Sequence[FoundFile | Skipped], *, settings: object) -> str:
    """Digest of everything a result depends on: the files as listed, and the settings by their text form."""
    lines = [
        f"{e.path}\0{e.mtime_ns}\0{e.size}" if isinstance(e, FoundFile) else f"{e.path}\0{e.code}" for e in entries
    ]
    text = "\n".join((FORMAT, repr(settings), *lines))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _connect(path: Path) -> sqlite3.Connection | None:
    for _attempt in range(2):
        try:
            return _open_checked(path)
        except sqlite3.OperationalError:
            break
        except sqlite3.DatabaseError:
            with suppress(OSError):
                path.unlink()
    _log.warning("the index cache cannot be used; the folder is read without it")
    return None


def _open_checked(path: Path) -> sqlite3.Connection:
    """Raise ``sqlite3.DatabaseError`` for a file that is no cache of this version."""
    connection = sqlite3.connect(path, timeout=5.0)
    try:
        connection.executescript(_SCHEMA)
        known = [row[0] for row in connection.execute("SELECT format FROM about")]
        if known not in ([], [FORMAT]):
            raise sqlite3.DatabaseError("a cache of another version")
        with connection:
            connection.execute("INSERT OR IGNORE INTO about VALUES (?)", (FORMAT,))
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _pack(result: Scanned) -> tuple[str, bytes]:
    if isinstance(result, Skipped):
        return "skipped", json.dumps([result.code, result.reason]).encode()
    if isinstance(result.values, CompactValues):
        return "compact", result.values.raw
    return "whole", zlib.compress(json.dumps(_pack_header(result)).encode(), 1)


def _unpack(path: Path, kind: str, payload: bytes) -> Scanned:
    if kind == "skipped":
        code, reason = json.loads(payload)
        return Skipped(path, ErrorCode(code), reason)
    if kind == "compact":
        return unpack_header(path, payload)
    return _unpack_header(path, json.loads(zlib.decompress(payload)))


def _pack_header(header: Header) -> list[object]:
    items = {keyword: [_pack_header(item) for item in found] for keyword, found in header.sequences.items()}
    return [header.transfer_syntax, dict(header.values), items]


def _unpack_header(path: Path, packed: Sequence[Any]) -> Header:
    syntax, values, sequences = packed
    return Header(
        path,
        syntax,
        {keyword: tuple(texts) for keyword, texts in values.items()},
        {keyword: tuple(_unpack_header(path, item) for item in items) for keyword, items in sequences.items()},
    )


def _plain(value: object) -> object:
    """Turn frozen values into JSON: a dataclass becomes the list of its fields."""
    if is_dataclass(value):
        return [_plain(getattr(value, f.name)) for f in fields(value)]
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _restore(kind: Any, data: Any) -> Any:  # noqa: ANN401  (any field type, any JSON value)
    """Inverse of `_plain`, guided by the type of the field."""
    if data is None:
        return None
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _restore(next(a for a in arguments if a is not type(None)), data)
    if origin is tuple:
        return _restore_tuple(arguments, data)
    if is_dataclass(kind) and isinstance(kind, type):
        return kind(*map(_restore, _field_types(kind), data))
    if kind is Path or (isinstance(kind, type) and issubclass(kind, Enum)):
        return kind(data)
    return date.fromisoformat(data) if kind is date else data


def _restore_tuple(arguments: tuple[Any, ...], data: Sequence[Any]) -> tuple[Any, ...]:
    if arguments[-1] is Ellipsis:
        return tuple(_restore(arguments[0], item) for item in data)
    return tuple(map(_restore, arguments, data))


@lru_cache(maxsize=64)
def _field_types(kind: type) -> tuple[Any, ...]:
    hints = get_type_hints(kind)
    return tuple(hints[f.name] for f in fields(kind))
