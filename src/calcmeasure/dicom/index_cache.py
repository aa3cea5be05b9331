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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from calcmeasure.dicom.compact import CompactValues, unpack_header
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.scan import FoundFile, Scanned
from calcmeasure.errors import ErrorCode
from calcmeasure.model.imaging import FolderIndex, FrameReference, Skipped

FORMAT = "calcmeasure-index-4"
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

    def find_result(self, digest: str, *, n_files: int) -> FolderIndex | None:
        """Look up the whole index of an unchanged folder; its count of cached files is then `n_files`."""
        with suppress(*_DAMAGE):
            row = self._connection.execute("SELECT payload FROM results WHERE digest = ?", (digest,)).fetchone()
            if row is not None:
                restored: FolderIndex = _restorer(FolderIndex)(json.loads(zlib.decompress(row[0])))
                return replace(restored, counts={**restored.counts, "cached": n_files})
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


class _StoredFrame(FrameReference):
    """A frame from the cache: equal to any other, but its path is made when asked for, as most never are."""

    __slots__ = ("_file",)
    _file: str | Path

    def __init__(self, path: str | Path, sop_uid: str, frame: int = 0) -> None:
        _set(self, "_file", path)
        _set(self, "sop_uid", sop_uid)
        _set(self, "frame", frame)

    @property
    def path(self) -> Path:
        """The file."""
        file = self._file
        if isinstance(file, str):
            file = Path(file)
            _set(self, "_file", file)
        return file

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrameReference) and (self.path, self.sop_uid, self.frame) == (
            other.path,
            other.sop_uid,
            other.frame,
        )

    def __hash__(self) -> int:
        return hash((self.path, self.sop_uid, self.frame))

    def __reduce__(self) -> tuple[object, ...]:
        return (FrameReference, (self.path, self.sop_uid, self.frame))


_set = object.__setattr__  # the base class is frozen


def _plain(value: object) -> object:
    """Turn frozen values into JSON: a dataclass becomes the list of its fields, many frames three columns."""
    if is_dataclass(value):
        return [_plain(getattr(value, f.name)) for f in fields(value)]
    if isinstance(value, tuple) and value and isinstance(value[0], FrameReference):
        return [[str(f.path) for f in value], [f.sop_uid for f in value], [f.frame for f in value]]
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


@lru_cache(maxsize=256)
def _restorer(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401  (any type of a field)
    """Inverse of `_plain` for one type, worked out once: a folder holds thousands of each."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        restore = _restorer(next(a for a in arguments if a is not type(None)))
        return lambda data: None if data is None else restore(data)
    if origin is tuple:
        return _tuple_restorer(arguments)
    if kind is FrameReference:
        return lambda data: _StoredFrame(*data)
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass_restorer(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {member.value: member for member in kind}.__getitem__
    if kind is Path:
        return Path
    return date.fromisoformat if kind is date else _unchanged


def _tuple_restorer(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if arguments[0] is FrameReference:
        return lambda columns: tuple(map(_StoredFrame, *columns)) if columns else ()
    if arguments[-1] is Ellipsis:
        restore = _restorer(arguments[0])
        return lambda data: tuple(map(restore, data))
    restorers = tuple(map(_restorer, arguments))
    return lambda data: tuple(restore(item) for restore, item in zip(restorers, data, strict=True))


def _dataclass_restorer(kind: type) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    restorers = tuple(_restorer(hints[f.name]) for f in fields(kind))
    return lambda data: kind(*[restore(item) for restore, item in zip(restorers, data, strict=True)])


def _unchanged(data: Any) -> Any:  # noqa: ANN401  (a plain JSON value)
    return data
