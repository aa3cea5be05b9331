"""Jobs in threads: the window comes first."""

from __future__ import annotations

import sys
import threading

import pytest

from napari_calcmeasure.widgets.workers import REST_LOOKS, SWITCH_S, ThreadRunner


class Room:
    """A window that may be busy, and what it hears of its jobs."""

    def __init__(self):
        self.is_still, self.looks = True, 0
        self.counts, self.results = [], []
        self.runner = ThreadRunner(lambda running: self.counts.append(len(running)), is_still=self.look)

    def look(self):
        self.looks += 1
        return self.is_still

    def start(self, words, work):
        return self.runner.start(words, work, done=self.results.append, failed=self.results.append)


@pytest.fixture
def room(qapp):
    made = Room()
    yield made
    made.runner.stop()


def in_two_steps(progress):
    progress.report(0, 2)
    progress.report(1, 2)
    return "ready"


def test_what_nobody_waits_for_rests_while_anything_happens(room, qtbot):
    room.is_still = False
    room.start("", in_two_steps)
    room.start("Loading", in_two_steps)
    qtbot.waitUntil(lambda: room.results == ["ready"], timeout=20_000)
    looks = room.looks
    qtbot.waitUntil(lambda: room.looks > looks + 2 * REST_LOOKS, timeout=20_000)
    assert room.results == ["ready"], "only the one with words"
    room.is_still = True
    qtbot.waitUntil(lambda: room.results == ["ready", "ready"], timeout=20_000)
    assert room.counts == [1, 2, 1, 0]


def test_jobs_share_the_lock_in_short_turns_and_leave_it_as_it_was(room, qtbot):
    usual, seen = sys.getswitchinterval(), []
    room.start("Loading", lambda _progress: seen.append(sys.getswitchinterval()))
    qtbot.waitUntil(lambda: len(room.results) == 1, timeout=20_000)
    assert seen == [pytest.approx(SWITCH_S)]
    assert sys.getswitchinterval() == usual > SWITCH_S


def test_a_job_cancelled_before_it_begins_does_nothing(room, qtbot):
    done = []
    room.start("Loading", lambda _progress: done.append("work")).cancel()
    qtbot.waitUntil(lambda: room.counts == [1, 0], timeout=20_000)
    assert (done, room.results) == ([], [])


def test_a_window_that_closes_hears_of_no_job_any_more(room, qtbot):
    may_end = threading.Event()
    usual = sys.getswitchinterval()
    began = threading.Event()

    def work(_progress):
        began.set()
        may_end.wait(20)

    room.start("Loading", work)
    qtbot.waitUntil(began.is_set, timeout=20_000)
    room.start("", in_two_steps)
    room.runner.stop()
    may_end.set()
    qtbot.wait(150)
    assert (room.counts, room.results, room.runner.running) == ([1, 2], [], ())
    assert sys.getswitchinterval() >= usual
