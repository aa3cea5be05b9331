"""Processes of this machine: a dead one takes no other item with it."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic

from calcmeasure.errors import OutputError
from calcmeasure.executors.executor import Failure, Item, Result, attempt, delivered, died

MEMORY_LIMIT_BYTES = 12 * 1024**3
"""Address space of one worker: a hostile file ends in an error here, not in a machine without memory."""

SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
                   "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")  # fmt: skip
"""Set to 1 in workers: one process per core is faster than threads fighting for it."""


def limit_worker() -> None:
    """Bound the memory of a new worker, and leave interrupts from the keyboard to the parent."""
    # An interrupt from the keyboard reaches the whole group: the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


@dataclass(frozen=True, slots=True)
class LocalProcesses:
    """An executor on this machine.

    Parameters
    ----------
    jobs
        Processes at a time.
    on_start
        Called in every new process before it works.
    """

    jobs: int = 1
    on_start: Callable[[], None] = limit_worker

    def run(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result | Failure]]:
        """Work on every item; see `Executor.run`.

        After a process died, the items in flight are suspects: they are tried again one by one, each alone.
        """
        with _single_threaded_children():
            suspects: list[int] = []
            waiting = list(range(len(items)))
            while waiting:
                try:
                    for index, outcome in self._in_pool(work, {i: items[i] for i in waiting}):
                        waiting.remove(index)
                        yield index, outcome
                except _WorkerDied as death:
                    suspects += death.in_flight
                    waiting = [index for index in waiting if index not in death.in_flight]
            for index in suspects:
                try:
                    yield from self._in_pool(work, {index: items[index]})
                except _WorkerDied:
                    yield index, died()

    def _in_pool(
        self, work: Callable[[Item], Result], items: dict[int, Item]
    ) -> Iterator[tuple[int, Result | Failure]]:
        context = multiprocessing.get_context("spawn")
        workers = max(1, min(self.jobs, len(items)))
        with ProcessPoolExecutor(workers, mp_context=context, initializer=self.on_start) as pool:
            flight = _Flight(work, dict(items), pool, {})
            while flight.queue or flight.running:
                yield from flight.next_finished(workers)


class _WorkerDied(Exception):
    def __init__(self, in_flight: list[int]) -> None:
        super().__init__("a worker process died")
        self.in_flight = in_flight


@dataclass(slots=True)
class _Flight(Generic[Item, Result]):
    """What waits and what runs in one pool."""

    work: Callable[[Item], Result]
    queue: dict[int, Item]
    pool: ProcessPoolExecutor
    running: dict[Future[Result | Failure | OutputError], int]

    def next_finished(self, workers: int) -> list[tuple[int, Result | Failure]]:
        try:
            # No more than the workers can hold, so that a death names few suspects.
            while self.queue and len(self.running) < workers:
                index = next(iter(self.queue))
                self.running[self.pool.submit(attempt, self.work, self.queue[index])] = index
                del self.queue[index]
            finished, _ = wait(self.running, return_when=FIRST_COMPLETED)
            outcomes = {future: future.result() for future in finished}
        except BrokenProcessPool as error:
            raise _WorkerDied(list(self.running.values())) from error
        return [(self.running.pop(future), delivered(outcome)) for future, outcome in outcomes.items()]


@contextmanager
def _single_threaded_children() -> Iterator[None]:
    """Numerical libraries read these variables once, when a worker imports them: before any code of ours runs there."""
    before = {name: os.environ.get(name) for name in SINGLE_THREADED}
    os.environ.update(dict.fromkeys(SINGLE_THREADED, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
