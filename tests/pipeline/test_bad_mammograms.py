"""Images that are no ordinary mammogram, through detection and measurement: a result or a code, and soon."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from calcmeasure.dicom.pixels import MammogramPixels
from calcmeasure.errors import ErrorCode
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.model.imaging import FrameReference, Mammogram, Study
from calcmeasure.pipeline import mammography
from calcmeasure.pipeline.mammography import read_mammograms
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import Flag, Laterality, View

SHAPE = (900, 700)
PITCH_MM = 0.1
BOUND_S = 5.0
"""Processor time for one small image, however strange."""
RNG = np.random.default_rng(7)


def breast(*, level=1000.0, spread=20.0):
    """A half ellipse of noise at the left edge, on a background of one value."""
    rows, cols = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    inside = ((rows - 450) / 380) ** 2 + (cols / 560) ** 2 < 1
    texture = cv2.GaussianBlur(RNG.normal(size=SHAPE), (0, 0), 12) * 12 * spread
    return np.where(inside, level + texture + RNG.normal(size=SHAPE) * spread, 0.0).astype(np.float32)


def with_specks(image, n=12):
    """Bright specks of 0.5 mm within 2 cm."""
    shown = image.copy()
    for row, col in RNG.uniform((350, 150), (550, 350), (n, 2)).astype(int):
        cv2.circle(shown, (int(col), int(row)), 2, color=float(image.max() + 400), thickness=-1)
    return shown


def photograph():
    """Everywhere something, nowhere a background."""
    large = cv2.resize(RNG.normal(size=(9, 7)), SHAPE[::-1], interpolation=cv2.INTER_CUBIC)
    return (500 + 200 * large + 30 * RNG.normal(size=SHAPE)).astype(np.float32)


@pytest.fixture
def read(monkeypatch):
    """Read one picture as the only mammogram of a patient; also gives the seconds it took."""

    def read_one(picture, *, valid=None, **changes):
        inside = np.ones(picture.shape, bool) if valid is None else valid
        display = np.clip(np.nan_to_num(picture) / max(float(np.nanmax(picture)), 1.0) * 255, 0, 255).astype(np.uint8)
        pixels = MammogramPixels(picture.astype(np.float32), display, inside, ())
        monkeypatch.setattr(mammography, "load_mammogram", lambda _mammogram: pixels)
        spacing = Spacing(PITCH_MM, PITCH_MM, SpacingSource.DETECTOR)
        image = Mammogram(
            FrameReference(Path("mg"), "1"), "1", "1", Laterality.LEFT, View.CC, None, *picture.shape, spacing
        )
        study = Study("1", None, "baseline", "assumed", (replace(image, **changes),), ())
        start = time.process_time()
        ((result,),) = read_mammograms([study], RunSettings(), patient_id="X")
        seconds = time.process_time() - start
        rows = [measure_annotation(a, patient_id="X", reader="auto") for a in result.annotations]
        return result, rows, seconds

    read_one(with_specks(breast()))  # the first detection loads what it needs: not the image's fault
    return read_one


NO_BREAST_ON_IT = {
    "one grey": np.full(SHAPE, 700, np.float32),
    "nothing": np.zeros(SHAPE, np.float32),
    "noise": RNG.normal(500, 50, SHAPE).astype(np.float32),
    "photograph": photograph(),
    "a few pixels": np.full((12, 9), 5, np.float32),
}


@pytest.mark.parametrize("picture", NO_BREAST_ON_IT.values(), ids=NO_BREAST_ON_IT)
def test_what_is_no_breast_has_no_length(read, picture):
    result, rows, seconds = read(picture)
    assert seconds < BOUND_S
    doubt = {ErrorCode.NO_BREAST, Flag.NO_BREAST, Flag.BREAST_MASK_UNCERTAIN, Flag.TOO_MANY_MARKS}
    assert rows
    for row in rows:
        assert not row.value_mm
        assert doubt.intersection(row.flags) or result.skipped


def test_eight_bits_measure_like_twelve(read):
    image = with_specks(breast())
    coarse = np.round(image / image.max() * 255).astype(np.float32)
    (_, fine_rows, _), (_, coarse_rows, seconds) = read(image), read(coarse)
    assert seconds < BOUND_S
    longest = [max(row.value_mm for row in rows) for rows in (fine_rows, coarse_rows)]
    assert longest[1] == pytest.approx(longest[0], rel=0.1)


@pytest.mark.parametrize("flag", [Flag.MAGNIFICATION_VIEW, Flag.SPOT_COMPRESSION_VIEW])
def test_a_part_of_a_breast_is_shown_and_not_measured(read, flag):
    result, rows, _ = read(with_specks(breast()), usable=False, flags=(str(ErrorCode.NOT_PREFERRED), str(flag)))
    assert rows == []
    assert flag.replace("_", " ") in result.skipped[0].reason


def test_without_spacing_there_is_no_length(read):
    result, (row,), _ = read(with_specks(breast()), spacing=None, flags=(ErrorCode.SPACING_UNKNOWN,))
    assert row.value_mm is None
    assert result.skipped[0].code is ErrorCode.SPACING_UNKNOWN


@pytest.mark.parametrize("pitch_mm", [0.005, 1.0])
def test_a_pixel_size_that_no_detector_has_is_refused(read, pitch_mm):
    spacing = Spacing(pitch_mm, pitch_mm, SpacingSource.DETECTOR)
    result, (row,), seconds = read(with_specks(breast()), spacing=spacing)
    assert (row.value_mm, seconds < BOUND_S) == (None, True)
    assert result.skipped[0].code in (ErrorCode.DETECTION, ErrorCode.NO_BREAST)


def test_an_implant_by_the_header_is_told_with_every_length(read):
    _, rows, seconds = read(with_specks(breast()), flags=(Flag.IMPLANT_PRESENT,))
    assert seconds < BOUND_S
    assert all(Flag.IMPLANT_PRESENT in row.flags for row in rows)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda image: np.minimum(image, np.percentile(image[image > 0], 30)),
        lambda image: np.where(image > 1000, np.nan, image),
        lambda image: image[:, :60],
        lambda image: image[300:360],
        lambda image: -image,
    ],
    ids=["saturated", "not a number", "a narrow strip", "a flat strip", "turned dark for bright"],
)
def test_a_spoiled_image_gives_a_length_or_a_code(read, spoil):
    _, rows, seconds = read(spoil(with_specks(breast())).astype(np.float32))
    assert seconds < BOUND_S
    assert rows
    for row in rows:
        is_explained = any(str(flag).startswith("E_") for flag in row.flags)
        assert (row.value_mm is None) == is_explained
        assert row.value_mm is None or 0.0 <= row.value_mm < 100.0
