"""Lines one or two pixels wide, and everything that must not be taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from calcmeasure.detect.mammogram.scanner_lines import find_lines, take_out_lines

MM = (0.1, 0.1)


def _tissue(seed: int = 0, shape: tuple[int, int] = (500, 400)) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    rows, cols = np.indices(shape)
    smooth = 10.0 * np.sin(rows / 90.0) * np.cos(cols / 70.0)
    return (100.0 + smooth + rng.standard_normal(shape)).astype(np.float32)


@pytest.mark.parametrize("height", [-8.0, 1.5, 8.0])
@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("along_row", [False, True])
def test_a_straight_line_is_subtracted(height: float, width: int, along_row: bool):
    clean = _tissue()
    image = clean.copy()
    (image.T if along_row else image)[100:400, 150 : 150 + width] += np.float32(height)
    lines = find_lines(image, spacing_mm=MM)
    assert {(line.is_row, line.start, line.width) for line in lines} == {(along_row, 150, width)}
    changed = take_out_lines(image, lines)
    left = image - clean
    line = left.T[100:400, 150] if along_row else left[100:400, 150]
    assert abs(line.mean()) < 0.1 * abs(height) + 0.1
    assert changed.sum() <= 450 * width
    assert_allclose(image[~changed], clean[~changed])


def test_a_calcification_under_a_line_stays():
    image = _tissue()
    spot = np.exp(-((np.arange(-5, 6)[:, None] ** 2 + np.arange(-5, 6)[None] ** 2) / (2 * 1.5**2)))
    image[245:256, 145:156] += 30.0 * spot.astype(np.float32)
    expected = image.copy()
    image[:, 150] += 5.0
    take_out_lines(image, find_lines(image, spacing_mm=MM))
    assert_allclose(image[245:256, 145:156], expected[245:256, 145:156], atol=2.0)


def test_a_line_of_one_value_is_filled_from_both_sides():
    clean = _tissue()
    image = clean.copy()
    image[:, 150] = 255.0
    take_out_lines(image, find_lines(image, spacing_mm=MM))
    assert_allclose(image[:, 150], 0.5 * (clean[:, 149] + clean[:, 151]), rtol=1e-6)


def _with(change: str) -> NDArray[np.float32]:
    image = _tissue()
    rows, cols = np.indices(image.shape)
    if change == "short line":
        image[100:180, 150] += 8.0
    elif change == "oblique line":
        image[np.abs(cols - 150 - 0.05 * rows) < 0.7] += 8.0
    elif change == "vessel":
        image += (8.0 * np.exp(-((cols - 150 - 6 * np.sin(rows / 60.0)) ** 2) / (2 * 3.0**2))).astype(np.float32)
    elif change == "step":
        image[:, 150:] += 8.0
    elif change == "constant background":
        image[:, 200:] = 0.0
        image[:300] = 0.0
    elif change == "column of calcifications":
        image[40:460:40, 150] += 60.0
    return image


@pytest.mark.parametrize(
    "change",
    ["nothing", "short line", "oblique line", "vessel", "step", "constant background", "column of calcifications"],
)
def test_what_is_no_line_is_left_alone(change: str):
    assert find_lines(_with(change), spacing_mm=MM) == ()


def test_an_image_shorter_than_a_line_has_none():
    assert find_lines(np.zeros((100, 30), np.float32), spacing_mm=MM) == ()
