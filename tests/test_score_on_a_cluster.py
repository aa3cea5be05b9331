"""Scoring on a real local cluster, one of its workers killed half-way: the same bytes as in one process."""

from __future__ import annotations

import os
import signal

import pytest

from calcmeasure.cli import main
from calcmeasure.executors.dask_cluster import DaskCluster

distributed = pytest.importorskip("distributed", reason="the cluster extra is not installed")

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_a_worker_killed_half_way(tmp_path, monkeypatch):
    monkeypatch.setattr("calcmeasure.pipeline.score_input.ROWS_PER_CHUNK", 40)
    header = "patient_id,timepoint,laterality,lesion_id,quantity,value_mm"
    rows = [
        f"P{i:03d},{visit},L,L1,{quantity},{10 + (i * factor) % 40}"
        for i in range(150)
        for visit, factor in (("baseline", 7), ("followup-1", 11))
        for quantity in ("lesion_diameter", "calcification_extent")
    ]
    table = tmp_path / "t.csv"
    table.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    assert main(["score", str(table), "--out", str(tmp_path / "here"), "--quiet"]) == 0
    killed: list[int] = []
    run = DaskCluster.run

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=True
    ) as cluster:
        victim = cluster.workers[0].pid

        def run_and_kill(self, work, items):
            for done, outcome in enumerate(run(self, work, items)):
                if done == 1:
                    os.kill(victim, signal.SIGKILL)
                    killed.append(len(items))
                yield outcome

        monkeypatch.setattr(DaskCluster, "run", run_and_kill)
        words = ["score", str(table), "--out", str(tmp_path / "there"), "--quiet"]
        assert main([*words, "--cluster", cluster.scheduler_address]) == 0
    assert killed == [15]
    here, there = ((tmp_path / name / "responses.csv").read_bytes() for name in ("here", "there"))
    assert there == here
    assert here.count(b"\n") == 1 + 150 * 4
