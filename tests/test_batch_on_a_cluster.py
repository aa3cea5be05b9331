"""Patients on a real local cluster, one of its workers killed half-way: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest

from calcmeasure.batch import BatchPlan, run_batch
from calcmeasure.dicom.index import index_folder
from calcmeasure.executors.dask_cluster import DaskCluster
from calcmeasure.executors.processes import LocalProcesses
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.store.database import MeasurementStore
from tiny_patients import BASELINE, TinyPatient, write_mammograms

distributed = pytest.importorskip("distributed", reason="the cluster extra is not installed")

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_a_worker_killed_half_way(tmp_path):
    for seed in range(4):
        write_mammograms(tmp_path / "in" / f"P{seed}", TinyPatient(f"P{seed}", seed=seed), BASELINE)
    patients = index_folder([tmp_path / "in"]).patients
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=True
    ) as cluster:
        victim = cluster.workers[0].pid
        killed: list[int] = []

        def kill_one(done: int, _total: int) -> None:
            if done == 1:
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

        with MeasurementStore(str(tmp_path / "cluster.sqlite")) as store:
            plan = BatchPlan(RunSettings(), store, tmp_path / "pictures", DaskCluster(cluster.scheduler_address))
            outcomes = run_batch(patients, plan, on_progress=kill_one)
            there = _content(store)
            again = run_batch(patients, plan)
    with MeasurementStore(str(tmp_path / "local.sqlite")) as store:
        run_batch(patients, BatchPlan(RunSettings(), store, None, LocalProcesses(2)))
        here = _content(store)
    assert killed
    assert [(o.added, o.skipped) for o in outcomes] == [(2, ())] * 4
    assert there == here
    assert all(o.resumed for o in again)
    assert sorted(p.name for p in (tmp_path / "pictures").iterdir()) == [f"P{seed}" for seed in range(4)]


def _content(store: MeasurementStore) -> list[object]:
    """What is stored, without the times of writing."""
    return [(s.patient_id, s.reader, s.version, replace(s.annotation, created_utc="")) for s in store.current()]
