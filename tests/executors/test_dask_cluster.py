"""A real local cluster: equal results, a killed worker, and every way in which there is no cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from calcmeasure.errors import AnnotationError, ClusterError, ErrorCode, OutputError
from calcmeasure.executors import dask_cluster
from calcmeasure.executors.dask_cluster import DaskCluster
from calcmeasure.executors.executor import Failure
from calcmeasure.executors.processes import LocalProcesses

dask = pytest.importorskip("dask", reason="the cluster extra is not installed")
distributed = pytest.importorskip("distributed", reason="the cluster extra is not installed")

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def scheduler():
    """Address of a scheduler with two workers, processes of this machine."""
    settings = {"distributed.scheduler.allowed-failures": 1, "distributed.worker.daemon": False}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=True
        ) as cluster,
    ):
        # Tests of this folder are functions of modules that a worker has to find.
        with distributed.Client(cluster, set_as_default=False) as client:
            client.run(sys.path.append, str(Path(__file__).parent))
        yield cluster.scheduler_address


def work(item: dict[str, object], *, folder: str) -> str:
    """Leave one line per execution; on its first item a worker is killed, once or always."""
    with Path(folder, str(item["name"])).open("a") as log:
        log.write("x")
    times = Path(folder, str(item["name"])).stat().st_size
    if item["name"] == "b" and (item["deaths"] == "always" or times <= int(item["deaths"])):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    if item["name"] == "refused":
        raise AnnotationError("it says no")
    if item["name"] == "defect":
        raise ZeroDivisionError("Doe^Jane")
    if item["name"] == "full":
        raise OutputError("the disk is full", code=ErrorCode.DISK_FULL)
    return str(item["name"]) * 2


def named(*names: str, deaths: object = 0) -> list[dict[str, object]]:
    return [{"name": name, "deaths": deaths} for name in names]


def do(executor, items, folder):
    return dict(executor.run(partial(work, folder=str(folder)), items))


def test_a_cluster_and_local_processes_give_the_same(scheduler, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    items = named("p", "q", "refused", "defect", "p")
    there = do(DaskCluster(scheduler), items, tmp_path / "a")
    assert there == do(LocalProcesses(2), items, tmp_path / "b")
    assert there[2] == Failure(AnnotationError.default_code, "it says no")
    assert "Doe" not in there[3].reason
    assert there[0] == there[4] == "pp"


def test_a_killed_worker_loses_nothing_and_doubles_nothing(scheduler, tmp_path):
    items = named("a", "b", *(f"item{i}" for i in range(20)), deaths=1)
    outcomes = list(DaskCluster(scheduler).run(partial(work, folder=str(tmp_path)), items))
    assert sorted(outcomes) == [(i, str(item["name"]) * 2) for i, item in enumerate(items)]
    assert (tmp_path / "b").read_text() == "xx"


def test_an_item_that_kills_every_worker_is_given_up_alone(scheduler, tmp_path):
    outcomes = do(DaskCluster(scheduler), named("a", "b", "c", deaths="always"), tmp_path)
    assert outcomes[1].code is ErrorCode.WORKER_DIED
    assert (outcomes[0], outcomes[2]) == ("aa", "cc")


def test_a_full_disk_concerns_everyone(scheduler, tmp_path):
    with pytest.raises(OutputError, match="full"):
        do(DaskCluster(scheduler), named("full"), tmp_path)


def test_workers_of_another_version_are_refused(scheduler, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "__version__", "0.0.0-here")
    monkeypatch.setattr(dask_cluster, "_version", _other_version)
    with pytest.raises(ClusterError, match="install one version") as error:
        do(DaskCluster(scheduler), named("a"), tmp_path)
    assert error.value.code is ErrorCode.CLUSTER_VERSION
    assert list(tmp_path.iterdir()) == []


def _other_version() -> str:
    return "9.9"


def test_nobody_answers(tmp_path):
    with pytest.raises(ClusterError, match="no Dask scheduler answered"):
        do(DaskCluster("tcp://127.0.0.1:9", connect_s=0.5), named("a"), tmp_path)


def test_a_cluster_without_workers(tmp_path):
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=True) as empty,
        pytest.raises(ClusterError, match="no worker"),
    ):
        do(DaskCluster(empty.scheduler_address, connect_s=0.5), named("a"), tmp_path)


def test_without_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match="calcmeasure\\[cluster\\]") as error:
        do(DaskCluster("tcp://127.0.0.1:9"), named("a"), tmp_path)
    assert error.value.code is ErrorCode.CLUSTER_NOT_INSTALLED


def test_nothing_to_do_needs_no_cluster(tmp_path):
    assert do(DaskCluster("tcp://127.0.0.1:9"), [], tmp_path) == {}


def slowly(number: int) -> int:
    time.sleep(0.5)
    return number


def test_a_lost_scheduler_is_said_and_what_came_before_stands(tmp_path):
    place = tmp_path / "scheduler.json"
    with _process("scheduler", "--port", "0", "--scheduler-file", str(place)) as scheduler:
        _wait_for(place)
        with _process("worker", "--nthreads", "1", "--no-nanny", "--scheduler-file", str(place)):
            came = DaskCluster(str(place), connect_s=20).run(slowly, list(range(40)))
            assert next(came) == (0, 0)
            scheduler.kill()
            with pytest.raises(ClusterError, match="was lost"):
                list(came)


def test_a_lost_last_worker_is_waited_for_no_longer_than_told(tmp_path):
    place = tmp_path / "scheduler.json"
    with _process("scheduler", "--port", "0", "--scheduler-file", str(place)):
        _wait_for(place)
        with _process("worker", "--nthreads", "1", "--no-nanny", "--scheduler-file", str(place)) as worker:
            came = DaskCluster(str(place), connect_s=5).run(slowly, list(range(40)))
            assert next(came) == (0, 0)
            worker.kill()
            with pytest.raises(ClusterError, match="lost its last worker"):
                list(came)


@contextmanager
def _process(kind: str, *arguments: str):
    python_path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    program = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(program, env=os.environ | {"PYTHONPATH": python_path}, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_for(path: Path, *, limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not path.exists():
        assert time.monotonic() < end, "the scheduler did not start"
        time.sleep(0.05)
