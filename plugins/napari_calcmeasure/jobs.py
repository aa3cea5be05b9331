"""Long work with progress and cancel, without saying where it runs: at once in tests, in a thread in the window.

Some of it belongs into neither: a decoder in C may keep Python's lock until a whole image is done, and a window whose
thread waits for the lock stands still. It is done in a Python of its own (`SideProcess`).
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, Protocol, TypeVar

from calcmeasure.errors import CalcMeasureError, ErrorCode

T = TypeVar("T")
Do = Callable[..., Any]
"""Does work, somewhere: called with a function and its arguments."""
LARGE_PX = 4_000_000
"""Pixels of an image whose decoding may keep Python's lock for longer than a window should wait."""
SIDE_NICENESS = 10
"""How much a process beside the window gives way to it."""
_SERVE = "from napari_calcmeasure.jobs import serve; serve()"


class Cancelled(Exception):
    """Raised inside a job once it has been cancelled."""


class Progress:
    """How far a job is, and whether it is still wanted; safe to use from any thread.

    Parameters
    ----------
    words
        What is being done, for the status line; empty for work that nobody waits for.
    """

    def __init__(self, words: str) -> None:
        self.words = words
        self.done, self.total = 0, 0
        self._cancelled, self._may_go_on = threading.Event(), threading.Event()
        self._may_go_on.set()

    def report(self, done: int, total: int) -> None:
        """Say how far the job is; while it is paused, wait.

        Raises
        ------
        Cancelled
            When the job is not wanted any more: the quickest way out of a long loop.
        """
        self.done, self.total = done, total
        self._may_go_on.wait()
        if self.is_cancelled():
            raise Cancelled

    def cancel(self) -> None:
        """Ask the job to stop; its result is not used any more."""
        self._cancelled.set()
        self._may_go_on.set()

    def pause(self, *, is_paused: bool) -> None:
        """Have the job wait at its next report, or go on."""
        if is_paused and not self.is_cancelled():
            self._may_go_on.clear()
        else:
            self._may_go_on.set()

    def is_cancelled(self) -> bool:
        """Whether the job was asked to stop."""
        return self._cancelled.is_set()


class Runner(Protocol):
    """Runs jobs; `done` and `failed` are always called in the thread of the window, and never after a cancel."""

    def start(
        self,
        words: str,
        work: Callable[[Progress], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> Progress:
        """Start a job and return its progress."""
        ...


class ImmediateRunner:
    """Runs every job at once, where it is started: for tests and scripts."""

    def start(
        self,
        words: str,
        work: Callable[[Progress], Any],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> Progress:
        """Do the work now."""
        progress = Progress(words)
        try:
            result = work(progress)
        except Cancelled:
            return progress
        except Exception as error:  # noqa: BLE001 - whatever went wrong is told to the reader, the window stays
            failed(error)
            return progress
        if not progress.is_cancelled():
            done(result)
        return progress


def here(work: Callable[..., T], *args: object) -> T:
    """Do work where it is asked for."""
    return work(*args)


class SideProcess:
    """A second Python beside the window; one piece of work at a time.

    It starts with the first work and ends with `close`, or with the window. Where it cannot start, work is done in the
    window's own process.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = threading.Event()

    def do(self, work: Callable[..., T], *args: object) -> T:
        """Do work there, and wait for it; what it raises is raised here.

        Parameters
        ----------
        work, args
            A function of a module, and what can be pickled.

        Raises
        ------
        CalcMeasureError
            ``E_WORKER_DIED`` when the work took the process with it; the next work gets another one.
        Cancelled
            When it was closed meanwhile.
        """
        with self._turn:
            if self._closed.is_set():
                raise Cancelled
            if self._process is None and not self._start():
                return work(*args)
            try:
                result, error = self._ask((work, args))
            except (OSError, EOFError) as lost:
                self._end()
                raise (Cancelled() if self._closed.is_set() else _died()) from lost
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process, also in the middle of its work."""
        self._closed.set()
        process = self._process
        if process is not None:
            process.kill()
        with self._turn:
            self._end()

    def _start(self) -> bool:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self._ask((here, (_give_way,)))
        except (OSError, EOFError):
            self._end()
            return False
        return True

    def _ask(self, question: tuple[Callable[..., object], tuple[object, ...]]) -> Any:  # noqa: ANN401 - of any work
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise EOFError
        self._process.stdin.write(pickle.dumps(question))
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)  # noqa: S301 - from a process of our own

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            # The pipes are closed, and the end of the process is waited for.
            with suppress(OSError), process:
                pass


def _died() -> CalcMeasureError:
    return CalcMeasureError(
        "the process that worked on this image died; the image may be damaged, or the memory too small",
        code=ErrorCode.WORKER_DIED,
    )


def _give_way() -> None:
    """Let the window have the processor first."""
    if hasattr(os, "nice"):
        os.nice(SIDE_NICENESS)


def serve() -> None:
    """Do what is asked for on the standard input until it ends."""
    # What a library prints must not stand between the answers; Ctrl-C in a terminal is meant for the window.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while _serve_one(sys.stdin.buffer, answers):
        answers.flush()


def _serve_one(questions: BinaryIO, answers: BinaryIO) -> bool:
    try:
        work, args = pickle.load(questions)  # noqa: S301 - from the process that started this one
    except EOFError:
        return False
    outcome: tuple[object, Exception | None]
    try:
        outcome = (work(*args), None)
    except Exception as error:  # noqa: BLE001 - raised again where it was asked for
        outcome = (None, error)
    answers.write(pickle.dumps(outcome, protocol=pickle.HIGHEST_PROTOCOL))
    return True
