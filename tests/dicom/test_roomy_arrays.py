"""Large arrays lie in a file of their own and behave as arrays do."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from calcmeasure.dicom.roomy_arrays import give_back, roomy_array

SHAPE = (4, 8, 256, 256)
N_BYTES = 4 * 4 * 8 * 256 * 256


def file_pages_kib() -> int:
    """Memory of this process that belongs to files."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssFile", "RssShmem")))


def test_a_small_array_stays_in_memory():
    before = file_pages_kib()
    array = roomy_array(SHAPE)
    array[:] = 1.0
    assert file_pages_kib() - before < N_BYTES / 1024 / 2


def test_a_large_one_gives_its_memory_back_and_keeps_its_values():
    before = file_pages_kib()
    array = roomy_array(SHAPE, largest=0)
    array[:] = np.arange(SHAPE[0], dtype=np.float32).reshape(-1, 1, 1, 1)
    assert file_pages_kib() - before > N_BYTES / 1024 / 2
    give_back(array)
    assert file_pages_kib() - before < N_BYTES / 1024 / 10
    assert [float(phase.mean()) for phase in array] == [0.0, 1.0, 2.0, 3.0]
    give_back(array[1])
    assert float(array[1].mean()) == 1.0


def test_nothing_is_left_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    array = roomy_array((10, 10, 10, 10), largest=0)
    array[:] = 2.0
    assert list(tmp_path.iterdir()) == []


def test_without_room_on_the_disk_it_stays_in_memory(monkeypatch):
    def full(_descriptor, _offset, _length):
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "posix_fallocate", full)
    array = roomy_array((2, 2, 2, 2), largest=0)
    array[:] = 3.0
    assert float(array.sum()) == 48.0


@pytest.mark.parametrize("array", [np.zeros(3, np.float32), np.zeros((2, 2), np.float32)[1:]])
def test_ordinary_arrays_are_left_alone(array):
    give_back(array)
    assert not array.any()
