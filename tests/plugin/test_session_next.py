"""The next patient is made ready while this one is read."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from napari_calcmeasure.cases import list_cases
from napari_calcmeasure.display.hanging import Pictures
from napari_calcmeasure.display.volumes import DynamicVolumes
from napari_calcmeasure.jobs import Cancelled, ImmediateRunner, Progress
from napari_calcmeasure.session import Session


class LaterRunner(ImmediateRunner):
    """Work that somebody waits for is done at once; the rest waits to be done."""

    def __init__(self):
        self.waiting = []

    def start(self, words, work, *, done, failed):
        if words:
            return super().start(words, work, done=done, failed=failed)
        progress = Progress(words)
        self.waiting.append((progress, work))
        return progress


def is_ready(session, case):
    return [session.pictures.images.is_ready(one) for one in case.items[0].mammograms]


def test_the_next_patient_is_decoded_while_this_one_is_read(cohort):
    runner = LaterRunner()
    session = Session(runner=runner)
    session.open_folder(cohort)
    second = session.cases[1]
    ((progress, work),) = runner.waiting
    assert not any(is_ready(session, second))
    work(progress)
    assert all(is_ready(session, second))
    session.step_patient(1)
    assert len(runner.waiting) == 1, "after the last patient there is none"


def test_the_next_patient_is_left_alone_once_she_goes_elsewhere(cohort):
    runner = LaterRunner()
    session = Session(runner=runner)
    session.open_folder(cohort)
    session.show("P1/baseline/MR/0")
    (progress, work), _ = runner.waiting
    with pytest.raises(Cancelled):
        work(progress)
    assert not any(is_ready(session, session.cases[1]))


def test_what_cannot_be_decoded_is_told_when_it_is_opened(cohort, tmp_path):
    folder = shutil.copytree(cohort, tmp_path / "damaged")
    runner = LaterRunner()
    session = Session(runner=runner)
    session.open_folder(folder)
    damaged = folder / "b" / "1" / "RCC.dcm"
    damaged.write_bytes(damaged.read_bytes()[:-2000])
    ((progress, work),) = runner.waiting
    work(progress)
    assert sorted(is_ready(session, session.cases[1])) == [False, True, True, True]
    assert session.message == ""
    session.step_patient(1)
    assert "[E_" in session.message


def test_a_series_is_prepared_only_where_it_does_not_push_out_what_is_looked_at(index):
    item = list_cases(index)[0].items[1]
    other = replace(item, series=replace(item.series, series_uids=("other",)))
    voxels = 4 * 32 * 40
    one_series = 4 * voxels * (len(item.series.phases) + 1)
    for room, is_loaded in ((2 * one_series - 1, False), (2 * one_series, True)):
        pictures = Pictures(volumes=DynamicVolumes(max_bytes=room))
        pictures.prepare(item, beside=[other], progress=Progress(""))
        assert (pictures.volumes.find(item.series) is not None) is is_loaded
