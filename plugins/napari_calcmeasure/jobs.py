"""Long work with progress and cancel, without saying where it runs: at once in tests, in a thread in the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


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
        self._cancelled = threading.Event()

    def report(self, done: int, total: int) -> None:
        """Say how far the job is.

        Raises
        ------
        Cancelled
            When the job is not wanted any more: the quickest way out of a long loop.
        """
        self.done, self.total = done, total
        if self.is_cancelled():
            raise Cancelled

    def cancel(self) -> None:
        """Ask the job to stop; its result is not used any more."""
        self._cancelled.set()

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
