"""Decoded images stay in memory, bounded, and are decoded once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calcmeasure.dicom import presentation
from calcmeasure.errors import CalcMeasureError
from calcmeasure.model.imaging import FrameReference
from napari_calcmeasure.display.decoded import DecodedImages
from plugin.examinations import COLUMNS, ROWS

ONE = ROWS * COLUMNS * 2
"""Bytes of one image of the examination."""


@pytest.fixture
def count(monkeypatch):
    """List of what was really decoded."""
    done: list[str] = []
    real = presentation.load_display_values

    def counting(mammogram):
        done.append(mammogram.image.sop_uid)
        return real(mammogram)

    monkeypatch.setattr(presentation, "load_display_values", counting)
    return done


def missing(mammogram):
    return replace(mammogram, image=FrameReference(Path("/nowhere/at all"), "1.2"))


def test_an_image_is_decoded_once(exam, count):
    cache, mammogram = DecodedImages(), exam.mammograms[0]
    assert not cache.is_ready(mammogram)
    first = cache.load(mammogram)
    assert cache.is_ready(mammogram)
    assert cache.load(mammogram) is first
    assert len(count) == 1
    assert cache.nbytes == first.nbytes == ONE
    cache.clear()
    assert not cache.is_ready(mammogram)


def test_the_least_lately_used_goes_first(exam, count):
    cache = DecodedImages(max_bytes=2 * ONE)
    one, two, three, _ = exam.mammograms
    for mammogram in (one, two, one, three):
        cache.load(mammogram)
    assert [cache.is_ready(m) for m in (one, two, three)] == [True, False, True]
    assert cache.nbytes <= 2 * ONE


def test_an_image_larger_than_the_bound_is_still_kept(exam, count):
    cache = DecodedImages(max_bytes=10)
    cache.load(exam.mammograms[0])
    cache.load(exam.mammograms[0])
    assert len(count) == 1


def test_a_file_written_anew_is_decoded_anew(exam, tmp_path, count):
    path = tmp_path / "a.dcm"
    path.write_bytes(exam.mammograms[0].image.path.read_bytes())
    mammogram = replace(exam.mammograms[0], image=FrameReference(path, "1.2"))
    cache = DecodedImages()
    before = cache.load(mammogram).values
    path.write_bytes(exam.mammograms[2].image.path.read_bytes() + b"")
    assert not np.array_equal(cache.load(mammogram).values, before)
    assert len(count) == 2


def test_two_threads_wait_for_one_decoding(exam, monkeypatch):
    begun, go_on, calls = threading.Event(), threading.Event(), []
    real = presentation.load_display_values

    def slow(mammogram):
        calls.append(mammogram)
        begun.set()
        assert go_on.wait(10)
        return real(mammogram)

    monkeypatch.setattr(presentation, "load_display_values", slow)
    cache, mammogram = DecodedImages(), exam.mammograms[0]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.load, mammogram)
        assert begun.wait(10)
        second = pool.submit(cache.load, mammogram)
        go_on.set()
        assert first.result(10) is second.result(10)
    assert len(calls) == 1


def test_an_image_that_cannot_be_decoded_says_so_each_time(exam):
    cache = DecodedImages()
    for _ in range(2):
        with pytest.raises(CalcMeasureError):
            cache.load(missing(exam.mammograms[0]))
    assert cache.nbytes == 0


@pytest.mark.parametrize(("rows", "is_large"), [(2000, False), (2001, True)])
def test_large_images_are_decoded_elsewhere(exam, rows, is_large):
    asked = []

    def aside(work, *args):
        asked.append(args)
        return work(*args)

    mammogram = replace(exam.mammograms[0], rows=rows, columns=2000)
    assert DecodedImages(do_large=aside).load(mammogram).values.ndim == 2
    assert asked == ([(mammogram,)] if is_large else [])
