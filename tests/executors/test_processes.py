"""Processes of this machine: bounded, single-threaded, and none taken down by another."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from calcmeasure.errors import AnnotationError, ErrorCode, OutputError
from calcmeasure.executors.executor import Failure, in_order
from calcmeasure.executors.processes import SINGLE_THREADED, LocalProcesses


def square(number: int) -> int:
    return number**2


def refuse(number: int) -> int:
    if number == 2:
        raise AnnotationError("it says no")
    if number == 3:
        raise ZeroDivisionError("Doe^Jane")
    if number == 4:
        raise MemoryError
    return number


def full_disk(number: int) -> int:
    raise OutputError("the disk is full", code=ErrorCode.DISK_FULL)


def threads(_: int) -> list[str | None]:
    return [os.environ.get(name) for name in SINGLE_THREADED]


def die(number: int, *, mark: Path, always: bool) -> int:
    """Kill the own process on item 1: always, or the first time only (told by a file)."""
    if number == 1 and (always or not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def late_first(number: int) -> int:
    time.sleep(0.3 if number == 0 else 0.0)
    return number


def test_every_item_is_worked_on_once():
    assert sorted(LocalProcesses(2).run(square, [1, 2, 3])) == [(0, 1), (1, 4), (2, 9)]


def test_no_item_starts_no_process():
    assert list(LocalProcesses(2).run(square, [])) == []


def test_results_come_as_they_are_ready_and_can_be_put_in_order():
    assert [result for _, result in LocalProcesses(2).run(late_first, [0, 1, 2])][-1] == 0
    assert list(in_order(LocalProcesses(2).run(late_first, [0, 1, 2]))) == [0, 1, 2]


def test_trouble_with_one_item_is_a_failure_of_that_item_and_quotes_nothing_unexpected():
    outcomes = dict(LocalProcesses(1).run(refuse, [1, 2, 3, 4]))
    assert outcomes[0] == 1
    assert outcomes[1] == Failure(AnnotationError.default_code, "it says no")
    assert (outcomes[2].code, "Doe" in outcomes[2].reason) == (ErrorCode.INTERNAL, False)
    assert outcomes[3].code is ErrorCode.WORKER_DIED


def test_a_full_disk_concerns_everyone():
    with pytest.raises(OutputError, match="full"):
        list(LocalProcesses(1).run(full_disk, [1, 2]))


def test_workers_are_single_threaded_and_the_parent_is_not_changed(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    ((_, seen),) = LocalProcesses(1).run(threads, [0])
    assert set(seen) == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.mark.parametrize("always", [False, True])
def test_a_worker_killed_from_outside(tmp_path, always):
    """The suspect is tried again alone; whoever dies again is given up; the others are done either way."""
    work = partial(die, mark=tmp_path / "died", always=always)
    outcomes = dict(LocalProcesses(2).run(work, list(range(5))))
    assert {i: outcomes[i] for i in (0, 2, 3, 4)} == {0: 0, 2: 2, 3: 3, 4: 4}
    assert outcomes[1] == 1 if not always else outcomes[1].code is ErrorCode.WORKER_DIED
