from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.response.criteria import load_profile
from napari_calcmeasure.jobs import SIDE_NICENESS, Cancelled, ImmediateRunner, Progress, SideProcess


def run(work):
    done, failed = [], []
    progress = ImmediateRunner().start("Working", work, done=done.append, failed=failed.append)
    return progress, done, failed


def test_a_result_is_handed_over_and_an_error_too():
    assert run(lambda _progress: 7)[1:] == ([7], [])
    error = ValueError("no")

    def fail(_progress):
        raise error

    assert run(fail)[1:] == ([], [error])


def test_a_cancelled_job_hands_nothing_over():
    def work(progress):
        progress.report(1, 4)
        progress.cancel()
        progress.report(2, 4)
        return "never"

    progress, done, failed = run(work)
    assert (done, failed) == ([], [])
    assert (progress.done, progress.total) == (2, 4)


def test_a_job_that_ends_although_it_was_cancelled_is_not_used():
    progress, done, _ = run(lambda progress: progress.cancel())
    assert progress.is_cancelled()
    assert done == []


def test_reporting_after_a_cancel_is_the_way_out():
    progress = Progress("Working")
    progress.cancel()
    with pytest.raises(Cancelled):
        progress.report(1, 2)


def test_a_paused_job_waits_at_its_next_report_until_it_may_go_on_or_is_cancelled():
    for ends, last in ((lambda p: p.pause(is_paused=False), "ready"), (Progress.cancel, "cancelled")):
        progress, heard = Progress(""), []
        progress.pause(is_paused=True)

        def work(progress=progress, heard=heard):
            heard.append("began")
            try:
                progress.report(0, 1)
                heard.append("ready")
            except Cancelled:
                heard.append("cancelled")

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.1)
        assert heard == ["began"]
        ends(progress)
        thread.join(10)
        assert heard == ["began", last]


def test_work_beside_the_window_gives_way_to_it(side):
    assert side.do(os.nice, 0) == min(os.nice(0) + SIDE_NICENESS, 19)


@pytest.fixture
def side():
    process = SideProcess()
    yield process
    process.close()


def test_work_is_done_in_one_process_that_is_not_this_one(side):
    first, second = side.do(os.getpid), side.do(os.getpid)
    assert first == second != os.getpid()


def test_what_work_raises_is_raised_here_with_its_code(side):
    with pytest.raises(ValueError, match="nought"):
        side.do(int, "nought")
    with pytest.raises(CalcMeasureError) as there:
        side.do(load_profile, "nought")
    with pytest.raises(CalcMeasureError) as here:
        load_profile("nought")
    assert (str(there.value), there.value.code) == (str(here.value), here.value.code)
    assert side.do(len, "abc") == 3


def test_what_a_library_prints_does_not_stand_between_the_answers(side):
    assert side.do(print, "a word of its own") is None
    assert side.do(os.write, 1, b"and of one in C") == 15
    assert side.do(len, "abc") == 3


def test_work_that_takes_the_process_with_it_costs_itself_only(side):
    before = side.do(os.getpid)
    with pytest.raises(CalcMeasureError) as caught:
        side.do(os._exit, 3)
    assert caught.value.code is ErrorCode.WORKER_DIED
    assert side.do(os.getpid) not in (before, os.getpid())


def test_without_a_second_python_work_is_done_here(monkeypatch, tmp_path):
    for program in (tmp_path / "no python", "/bin/true"):
        monkeypatch.setattr(sys, "executable", str(program))
        side = SideProcess()
        assert side.do(os.getpid) == os.getpid()
        side.close()


def test_closing_ends_work_under_way(side):
    side.do(len, "")
    raised = []

    def work():
        try:
            side.do(time.sleep, 60)
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.2)
    side.close()
    thread.join(10)
    assert len(raised) == 1
    with pytest.raises(Cancelled):
        side.do(len, "")
