"""A Dask cluster: the same work on other machines that see the same folders."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from calcmeasure import __version__
from calcmeasure.errors import ClusterError, ErrorCode
from calcmeasure.executors.executor import Failure, Item, Result, attempt, delivered, died

if TYPE_CHECKING:
    from distributed import Client

_POLL_S = 0.02

CONNECT_S = 30.0
"""How long a scheduler, and its first worker, are waited for."""


@dataclass(frozen=True, slots=True)
class DaskCluster:
    """An executor on a Dask cluster.

    Every item is one task. The scheduler gives the tasks of a worker that died to another one. Tasks it gives up after
    several deaths (``distributed.scheduler.allowed-failures``, 3 by default) are tried once more, each alone.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.5:8786``, or the name of a scheduler file.
    connect_s
        Seconds to wait for the scheduler, for a first worker, and for another one when the last is lost.

    Notes
    -----
    Workers need the same version of calcmeasure, and the same paths as this machine: images are not sent.
    ``dask worker ADDRESS --nworkers 4 --nthreads 1`` is one process per core, as on one machine.
    """

    address: str
    connect_s: float = CONNECT_S

    def run(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result | Failure]]:
        """Work on every item; see `Executor.run`.

        Raises
        ------
        ClusterError
            When no scheduler answers or no worker comes, when the scheduler or the last worker is lost, or when a
            worker has another version.
        """
        if not items:
            return
        client = self._connect()
        try:
            _check_workers(client, wait_s=self.connect_s)
            yield from _finished(client, work, items, wait_s=self.connect_s)
        finally:
            # Tasks that nobody waits for any more are forgotten by the scheduler.
            client.close(timeout=self.connect_s)

    def _connect(self) -> Client:
        try:
            from distributed import Client
        except ImportError as error:
            raise ClusterError(
                "the cluster extra is not installed; run: pip install 'calcmeasure[cluster]'",
                code=ErrorCode.CLUSTER_NOT_INSTALLED,
            ) from error
        # A lost scheduler is told once, by us: not with a trace of its own for every attempt to come back.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        place = {"scheduler_file": self.address} if self.address.endswith(".json") else {"address": self.address}
        try:
            return Client(**place, timeout=self.connect_s, set_as_default=False, name="calcmeasure")
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                f"no Dask scheduler answered within {self.connect_s:g} s; check the address and that it runs"
            ) from error


def _check_workers(client: Client, *, wait_s: float) -> None:
    try:
        client.wait_for_workers(1, timeout=wait_s)
    except TimeoutError as error:
        raise ClusterError("the cluster has no worker; start one with: dask worker ADDRESS --nthreads 1") from error
    found = client.run(_version)
    others = sorted({str(version) for version in found.values() if version != __version__})
    if others:
        raise ClusterError(
            f"workers have calcmeasure {', '.join(others)} and this machine has {__version__}; install one version",
            code=ErrorCode.CLUSTER_VERSION,
        )


def _version() -> str:
    return __version__


def _finished(
    client: Client, work: Callable[[Item], Result], items: Sequence[Item], *, wait_s: float
) -> Iterator[tuple[int, Result | Failure]]:
    suspects: list[int] = []
    for index, outcome in _as_completed(client, work, dict(enumerate(items)), wait_s=wait_s):
        if outcome == died():
            suspects.append(index)
        else:
            yield index, outcome
    # The scheduler blames every task that waited on a dead worker. Alone there, only the guilty one dies again.
    for suspect in suspects:
        yield from _as_completed(client, work, {suspect: items[suspect]}, wait_s=wait_s)


def _as_completed(
    client: Client, work: Callable[[Item], Result], items: Mapping[int, Item], *, wait_s: float
) -> Iterator[tuple[int, Result | Failure]]:
    """Results as they come; `died` for tasks the scheduler gave up."""
    from distributed.scheduler import KilledWorker

    run = uuid4().hex
    # A key of its own for every task: equal items are not one task, and a key tells nothing about a patient.
    index_of: dict[Any, int] = {
        client.submit(attempt, work, item, key=f"calcmeasure-{run}-{i}", pure=False): i for i, item in items.items()
    }
    for future in _while_worked_on(client, list(index_of), wait_s=wait_s):
        index = index_of.pop(future)
        try:
            yield index, delivered(future.result())
        except KilledWorker:
            yield index, died()
        except CancelledError as error:
            raise ClusterError("the Dask scheduler was lost; what was done is kept: run again to go on") from error
        # The scheduler may forget the result now.
        future.release()


def _while_worked_on(client: Client, futures: Sequence[Any], *, wait_s: float) -> Iterator[Any]:
    """Futures as they are done; without a worker nothing more will be, and nobody waits for ever."""
    from distributed import as_completed

    finished = as_completed(futures, loop=client.loop)
    seen = monotonic()
    while not finished.is_empty():
        if finished.has_ready():
            yield from finished.next_batch(block=False)
            seen = monotonic()
            continue
        sleep(_POLL_S)
        if monotonic() - seen < wait_s:
            continue
        if not client.ncores():
            raise ClusterError("the cluster lost its last worker; what was done is kept: start a worker and run again")
        seen = monotonic()
