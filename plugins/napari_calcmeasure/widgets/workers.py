"""Jobs in threads of napari's own pool: it waits for them when the window closes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.qt.threading import create_worker

from napari_calcmeasure.jobs import Cancelled, Progress


class ThreadRunner:
    """Runs jobs in worker threads; results come back in the thread of the window.

    Parameters
    ----------
    on_change
        Called in the window's thread with the jobs that are running, whenever one starts or ends.
    """

    def __init__(self, on_change: Callable[[tuple[Progress, ...]], None]) -> None:
        self._on_change = on_change
        self._running: list[Progress] = []

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
        self._on_change(self.running)
        worker.start()
        return progress

    def cancel_all(self) -> None:
        """Ask every job to stop."""
        for progress in self._running:
            progress.cancel()

    def _end(
        self,
        progress: Progress,
        outcome: tuple[Any, Exception | None],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._running.remove(progress)
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
    try:
        return work(progress), None
    except Exception as error:  # noqa: BLE001 - told to the reader as a sentence by whoever started the job
        return None, error
