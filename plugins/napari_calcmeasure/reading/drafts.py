"""Unsigned work on disk, so that a crash costs nothing: one file per window, patient and reader."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from calcmeasure.errors import CalcMeasureError, ErrorCode, ReadingError
from calcmeasure.store.atomic import output_error, write_atomically
from napari_calcmeasure.reading.draft_json import reading_from_bytes, reading_to_bytes
from napari_calcmeasure.reading.finding import FindingState, PatientReading

KEEP_WITHIN_S = 1.0
"""How long `DraftStore.keep_soon` may wait; together with a tick at least every second nothing is 2 s behind."""

_OVERDUE_S = 0.0
"""Due before any time of the clock: what could not be written yet."""
_DRAFT, _LOCK, _DAMAGED = ".draft", ".window", ".damaged"


@dataclass(frozen=True, slots=True)
class Draft:
    """Work that a window left behind when it was closed, killed or crashed.

    Parameters
    ----------
    age_s
        Seconds since it was last written.
    """

    path: Path
    reading: PatientReading
    age_s: float

    @property
    def patient_id(self) -> str:
        """Whose images."""
        return self.reading.patient_id

    @property
    def unsigned(self) -> int:
        """Number of findings that are new, changed or given up since they were signed."""
        waiting = [one for one in self.reading.findings if one.state is not FindingState.SIGNED]
        return len(waiting) + len(self.reading.given_up)

    @property
    def is_unfinished(self) -> bool:
        """Whether a drawing was begun and not completed."""
        return self.reading.unfinished is not None


class DraftStore:
    """Drafts of one window, and those that dead windows left in the same folder.

    Parameters
    ----------
    folder
        Made if need be, for its owner only. Usually beside the store: ``drafts_beside``.

    Attributes
    ----------
    problems
        What the last `orphans` met: damaged drafts, kept aside under another name.

    Raises
    ------
    OutputError
        When the folder cannot be made or written.

    Notes
    -----
    A window holds a lock on a file of its own; the system drops the lock when the process ends, however it ends. A
    draft whose window holds no lock is an orphan, and stays one: names of windows are never used twice. File names are
    made of random numbers and hashes, never of a patient's identity.

    There is no timer inside. `keep` writes now: call it at each click. `keep_soon` is for what moves under the hand:
    call `tick` at least once a second, from any timer.
    """

    def __init__(self, folder: Path) -> None:
        self.problems: list[CalcMeasureError] = []
        self._folder = folder
        self._window = uuid4().hex
        self._waiting: dict[str, tuple[float, PatientReading]] = {}
        with _file_errors():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = self._take_lock()

    # -- this window

    def keep(self, reading: PatientReading) -> None:
        """Have a reading on the disk before returning.

        Raises
        ------
        OutputError
            When it cannot be written; the draft of before is still whole, and every `tick` tries again.
        """
        path = self._path(reading.patient_id, reading.reader)
        self._waiting[path.name] = (_OVERDUE_S, reading)
        write_atomically(path, reading_to_bytes(reading), private=True)
        self._waiting.pop(path.name, None)

    def keep_soon(self, reading: PatientReading, *, now: float) -> float:
        """Remember a reading to be written by `tick`; a later one of the same patient takes its place.

        Parameters
        ----------
        now
            Seconds of `time.monotonic`.

        Returns
        -------
        float
            When it is due, on the same clock: at most `KEEP_WITHIN_S` after the first change not yet written.
        """
        name = self._path(reading.patient_id, reading.reader).name
        due, _ = self._waiting.get(name, (now + KEEP_WITHIN_S, reading))
        self._waiting[name] = (due, reading)
        return due

    def tick(self, now: float) -> float | None:
        """Write what is due.

        Returns
        -------
        float or None
            When the next one is due; None when nothing waits.

        Raises
        ------
        OutputError
            When it cannot be written; it stays due.
        """
        for due, reading in list(self._waiting.values()):
            if due <= now:
                self.keep(reading)
        return min((due for due, _ in self._waiting.values()), default=None)

    def discard(self, patient_id: str, reader: str) -> None:
        """Drop this window's draft of a patient: everything in it is signed, or was given up knowingly."""
        path = self._path(patient_id, reader)
        self._waiting.pop(path.name, None)
        with _file_errors():
            path.unlink(missing_ok=True)

    def release(self) -> None:
        """Write what waits and let go of the drafts: they stay on the disk as orphans."""
        try:
            for _, reading in list(self._waiting.values()):
                self.keep(reading)
        finally:
            if self._lock >= 0:
                self._lock_path.unlink(missing_ok=True)
                os.close(self._lock)
                self._lock = -1

    # -- windows that are gone

    def orphans(self, reader: str) -> list[Draft]:
        """Unsigned work of a reader (and of nobody yet) that a dead window left, newest first.

        Drafts without anything unsigned are removed. A damaged one is kept aside and named in `problems`.
        """
        self.problems = []
        with _file_errors():
            dead = self._dead_windows()
            left = [path for path in sorted(self._folder.glob(f"*{_DRAFT}")) if _window_of(path) in dead]
            found = [draft for path in left if (draft := self._open(path)) and draft.reading.reader in ("", reader)]
        return sorted(found, key=lambda draft: draft.age_s)

    def restore(self, draft: Draft) -> PatientReading:
        """Take a draft over: from now on it is this window's, and no other window can restore it.

        A draft this window has of the same patient becomes an orphan in its place.

        Raises
        ------
        ReadingError
            When another window was faster.
        """
        own = self._path(draft.reading.patient_id, draft.reading.reader)
        with _file_errors():
            try:
                claimed = draft.path.rename(_orphaned(own))
            except FileNotFoundError as error:
                raise ReadingError("another window has restored this draft; nothing is lost, go on there") from error
            if own.exists():
                own.rename(_orphaned(own))
            claimed.rename(own)
        return draft.reading

    def forget(self, draft: Draft) -> None:
        """Remove a draft the reader does not want back."""
        with _file_errors():
            draft.path.unlink(missing_ok=True)

    # -- inside

    @property
    def _lock_path(self) -> Path:
        return self._folder / f"{self._window}{_LOCK}"

    def _path(self, patient_id: str, reader: str) -> Path:
        key = hashlib.sha256(f"{patient_id}\0{reader}".encode()).hexdigest()[:32]
        return self._folder / f"{self._window}.{key}{_DRAFT}"

    def _take_lock(self) -> int:
        """Lock a file before it gets its name: without a lock the name would be that of a dead window."""
        unnamed = self._folder / f".{self._window}.new"
        descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
            unnamed.rename(self._lock_path)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _dead_windows(self) -> set[str]:
        """Names of windows that left something and hold no lock; what else they left is swept up."""
        left = {_window_of(path) for path in self._folder.iterdir() if path.suffix in (_DRAFT, _LOCK, ".tmp")}
        dead = {window for window in left if window != self._window and not self._lives(window)}
        for window in dead:
            (self._folder / f"{window}{_LOCK}").unlink(missing_ok=True)
            for half_written in self._folder.glob(f".{window}.*"):
                half_written.unlink(missing_ok=True)
        return dead

    def _lives(self, window: str) -> bool:
        try:
            descriptor = os.open(self._folder / f"{window}{_LOCK}", os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)

    def _open(self, path: Path) -> Draft | None:
        try:
            age_s = max(0.0, time.time() - path.stat().st_mtime)
            reading = reading_from_bytes(path.read_bytes())
        except FileNotFoundError:
            return None  # another window restored it meanwhile
        except OSError as error:
            self.problems.append(ReadingError(f"a draft of unsigned work cannot be read ({error.strerror})"))
            return None
        except ReadingError as error:
            self.problems.append(error)
            if error.code is not ErrorCode.STORE_NEWER:
                path.rename(path.with_suffix(_DAMAGED))
            return None
        if reading.is_recorded:
            path.unlink(missing_ok=True)
            return None
        return Draft(path, reading, age_s)


def drafts_beside(store: Path) -> Path:
    """Folder for the drafts of a store: beside its file, ``<store file>.drafts``."""
    return store.with_name(f"{store.name}.drafts")


def _window_of(path: Path) -> str:
    return path.name.lstrip(".").partition(".")[0]


def _orphaned(path: Path) -> Path:
    """Name of a draft as of a window that never was."""
    return path.with_name(f"{uuid4().hex}.{path.name.partition('.')[2]}")


@contextlib.contextmanager
def _file_errors() -> Iterator[None]:
    try:
        yield
    except CalcMeasureError:
        raise
    except OSError as error:
        raise output_error(error) from error
