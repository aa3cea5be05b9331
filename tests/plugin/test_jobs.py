from __future__ import annotations

import pytest

from napari_calcmeasure.jobs import Cancelled, ImmediateRunner, Progress


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
