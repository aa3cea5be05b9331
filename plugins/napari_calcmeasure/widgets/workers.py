"""Jobs in threads of napari's own pool: it waits for them when the window closes.

The window comes first. Its thread asks for Python's lock again after each call of OpenGL, and gets it from a busy job
only after the switch interval; and what nobody waits for goes on only while nothing happens in the window.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QTimer

from napari_calcmeasure.jobs import Cancelled, Progress
from napari_calcmeasure.widgets.timers import timer

MOST_WAIT_MS = 250
"""How long a job waits at most for a window in which something happens."""
SWITCH_S = 0.0005
"""A job lets go of Python's lock this soon, a tenth of what is usual."""
LOOK_MS, REST_LOOKS = 50, 4
"""How often it is looked whether anything happens in the window, and how many such looks in a row make a rest."""


class ThreadRunner:
    """Runs jobs in worker threads; results come back in the thread of the window.

    Parameters
    ----------
    on_change
        Called in the window's thread with the jobs that are running, whenever one starts or ends.
    is_still
        Tells whether nothing happens in the window; jobs without words wait until it has been so for a while.
    """

    def __init__(
        self, on_change: Callable[[tuple[Progress, ...]], None], *, is_still: Callable[[], bool] = lambda: True
    ) -> None:
        self._on_change, self._is_still = on_change, is_still
        self._running: list[Progress] = []
        self._usual_switch_s = sys.getswitchinterval()
        self._is_over = False
        self._still_looks = 0
        self._looking = timer(self._look, interval_ms=LOOK_MS, repeats=True)

    @property
    def running(self) -> tuple[Progress, ...]:
        """Jobs under way, oldest first."""
        return tuple(self._running)

    def start(
        self,
        words: str,
        work: Callable[[Progress], Any],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> Progress:
        """Start a job in a thread."""
        progress = Progress(words)
        worker = create_worker(_outcome, work, progress, _start_thread=False)
        worker.returned.connect(lambda outcome: self._end(progress, outcome, done=done, failed=failed))
        self._running.append(progress)
        self._adjust()
        self._on_change(self.running)
        self._begin_soon(worker.start)
        return progress

    def cancel_all(self) -> None:
        """Ask every job to stop."""
        for progress in self._running:
            progress.cancel()

    def stop(self) -> None:
        """Ask every job to stop, and hear of none any more: the window closes."""
        self._is_over = True
        self.cancel_all()
        self._running = []
        self._adjust()

    def _begin_soon(self, begin: Callable[[], object], *, waited_ms: int = 0) -> None:
        """Begin a job once what its click or key changes in the window is painted."""

        def look() -> None:
            if waited_ms >= MOST_WAIT_MS or self._is_still():
                begin()
            else:
                self._begin_soon(begin, waited_ms=waited_ms + LOOK_MS)

        QTimer.singleShot(LOOK_MS, lambda: None if self._is_over else look())

    def _adjust(self) -> None:
        """Share Python's lock in short turns while there are jobs, and look after those that nobody waits for."""
        sys.setswitchinterval(min(SWITCH_S, self._usual_switch_s) if self._running else self._usual_switch_s)
        if any(not progress.words for progress in self._running):
            self._still_looks = 0
            self._let_unawaited_go_on()
            self._looking.start()
        else:
            self._looking.stop()

    def _look(self) -> None:
        self._still_looks = self._still_looks + 1 if self._is_still() else 0
        self._let_unawaited_go_on()

    def _let_unawaited_go_on(self) -> None:
        for progress in self._running:
            if not progress.words:
                progress.pause(is_paused=self._still_looks < REST_LOOKS)

    def _end(
        self,
        progress: Progress,
        outcome: tuple[Any, Exception | None],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        if self._is_over:
            return
        self._running.remove(progress)
        self._adjust()
        self._on_change(self.running)
        result, error = outcome
        if progress.is_cancelled() or isinstance(error, Cancelled):
            return
        if error is not None:
            failed(error)
        else:
            done(result)


def _outcome(work: Callable[[Progress], Any], progress: Progress) -> tuple[Any, Exception | None]:
    """Give result or error as a value: napari would show a traceback for an error in a worker."""
    if progress.is_cancelled():
        return None, Cancelled()
    try:
        return work(progress), None
    except Exception as error:  # noqa: BLE001 - told to the reader as a sentence by whoever started the job
        return None, error
