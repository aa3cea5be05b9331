"""Killed, locked, full: what is finished stays, what is not is done again, nothing is half."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from calcmeasure.store.database import MeasurementStore
from program import calcmeasure, command, environment, result_tables, start, table
from tiny_patients import TinyPatient, write_patient

pytestmark = pytest.mark.timeout(900)  # a busy machine may need minutes for a whole run

NAMES = ("AA", "BB", "CC")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Three small patients."""
    root = tmp_path_factory.mktemp("cohort")
    for seed, name in enumerate(NAMES):
        write_patient(root, TinyPatient(name, seed=seed), dynamic_mr=name == "CC")
    return root


@pytest.fixture(scope="module")
def undisturbed(cohort, tmp_path_factory):
    """What a run that nobody interrupts writes."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    done = calcmeasure("run", cohort, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def finished(store: Path) -> int:
    """Patients recorded as done; 0 while the store is being made."""
    if not store.is_file():
        return 0
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=5) as connection:
            return int(connection.execute("SELECT count(*) FROM finished_patient").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def wait_until(condition, *, process: subprocess.Popen[str], limit_s: float = 120.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it took too long"
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """Processes started by `pid` that run Python workers."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid and b"spawn_main" in words:
            found.append(int(entry.name))
    return found


def test_killed_and_run_again(cohort, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = start("run", cohort, "--out", out)
    wait_until(lambda: finished(out / "measurements.sqlite") >= 1, process=process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert not (out / "run.json").exists()
    kept = finished(out / "measurements.sqlite")
    again = calcmeasure("run", cohort, "--out", out, "--json")
    assert again.returncode == 0, again.stderr
    run = json.loads(again.stdout)
    assert run["counts"]["patients_resumed"] == kept
    assert [run["patients"][name]["resumed"] for name in NAMES] == [i < kept for i in range(3)]
    assert result_tables(out) == result_tables(undisturbed)
    with MeasurementStore(str(out / "measurements.sqlite")) as store:
        assert store.verify() == len(table(out / "measurements.csv"))


def test_a_worker_that_dies_takes_nobody_with_it(cohort, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = start("run", cohort, "--out", out)
    wait_until(lambda: finished(out / "measurements.sqlite") >= 1, process=process)
    victims = children(process.pid)
    assert victims
    os.kill(victims[0], signal.SIGKILL)
    _, said = process.communicate(timeout=200)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert result_tables(out) == result_tables(undisturbed)


def test_a_locked_store_is_said_and_nothing_is_lost(undisturbed, tmp_path):
    store = tmp_path / "locked.sqlite"
    store.write_bytes((undisturbed / "measurements.sqlite").read_bytes())
    holder = sqlite3.connect(store, isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        done = calcmeasure("score", store, "--out", tmp_path / "out")
    finally:
        holder.close()
    assert done.returncode == 6, done.stderr
    assert "[E_STORE_BUSY]" in done.stderr
    assert calcmeasure("score", store, "--out", tmp_path / "out").returncode == 0


def test_two_runs_into_one_store_at_a_time(cohort, undisturbed, tmp_path):
    store = tmp_path / "shared.sqlite"
    outs = [tmp_path / "one", tmp_path / "two"]
    running = [start("run", cohort, "--out", out, "--store", store) for out in outs]
    said = [process.communicate(timeout=250)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    for out in outs:
        assert result_tables(out) == result_tables(undisturbed)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 160 KiB: enough for a store, not for pictures."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(place)], capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_said(cohort, small_disk):
    done = calcmeasure("run", cohort / "AA", "--out", small_disk / "out")
    assert done.returncode == 7, done.stderr
    assert "[E_DISK_FULL]" in done.stderr
    assert not (small_disk / "out" / "run.json").exists()
    with MeasurementStore(str(small_disk / "out" / "measurements.sqlite")) as store:
        store.verify()


def test_a_full_disk_keeps_the_old_results_whole(undisturbed, small_disk):
    """Re-scoring into a folder that fills up: every table there is either the old one or the new one."""
    (small_disk / "ballast").write_bytes(b"x" * 100 * 1024)
    done = calcmeasure("score", undisturbed / "measurements.sqlite", "--out", small_disk / "out")
    assert done.returncode == 7, done.stderr
    for path in (small_disk / "out").rglob("*.csv"):
        assert path.read_bytes() == result_tables(undisturbed).get(str(path.relative_to(small_disk / "out")))
    assert not list((small_disk / "out").rglob("*.tmp"))


def test_a_limit_on_file_size_is_no_traceback(undisturbed, tmp_path):
    """RLIMIT_FSIZE stands in for a quota where nothing can be mounted."""
    limited = ["bash", "-c", 'ulimit -f 8; trap "" XFSZ; exec "$@"', "bash"]
    arguments = command("score", undisturbed / "measurements.sqlite", "--out", tmp_path / "out")
    done = subprocess.run([*limited, *arguments], env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode in (3, 7), done.stderr
    assert "Traceback" not in done.stderr
    assert "calcmeasure:" in done.stderr


def test_an_output_folder_that_cannot_be_written_is_said_before_any_work(cohort, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    began = time.monotonic()
    done = calcmeasure("run", cohort, "--out", tmp_path / "file" / "out")
    assert done.returncode == 3
    assert "[E_OUTPUT]" in done.stderr
    assert time.monotonic() - began < 30


def test_a_changed_store_is_refused(undisturbed, tmp_path):
    store = tmp_path / "changed.sqlite"
    store.write_bytes((undisturbed / "measurements.sqlite").read_bytes())
    with sqlite3.connect(store) as connection:
        connection.execute("DROP TRIGGER annotation_version_no_update")
        connection.execute("UPDATE annotation_version SET value_mm = 99 WHERE seq = 2")
    connection.close()
    done = calcmeasure("score", store, "--out", tmp_path / "out")
    assert done.returncode == 4, done.stderr
    assert "row 2" in done.stderr
    assert not (tmp_path / "out" / "responses.csv").exists()


def test_interrupting_keeps_what_is_finished(cohort, tmp_path):
    out = tmp_path / "out"
    process = start("run", cohort, "--out", out)
    wait_until(lambda: finished(out / "measurements.sqlite") >= 1, process=process)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert finished(out / "measurements.sqlite") >= 1
