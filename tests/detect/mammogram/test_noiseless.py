"""Tissue whose noise was cut off, wherever on the scale it lies, against tissue that is only dark, coarse or busy."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from calcmeasure.detect.contract import FloatImage
from calcmeasure.detect.mammogram.noiseless import find_noiseless
from calcmeasure.geometry import Spacing, SpacingSource

SHAPE = (600, 500)
SPACING = Spacing(0.07, 0.07, SpacingSource.DETECTOR)
EVERYWHERE = np.ones(SHAPE, dtype=bool)


def _quantum_noise(sigma: float = 20.0) -> FloatImage:
    return np.random.default_rng(5).normal(1000.0, sigma, SHAPE).astype(np.float32)


def _ramp() -> FloatImage:
    """What evens out the edge of a breast: slow, and far more than the noise."""
    rows, cols = np.indices(SHAPE)
    ramp: FloatImage = (0.9 * cols + 0.4 * rows).astype(np.float32)
    return ramp


def _compressed(image: FloatImage, quality: int) -> FloatImage:
    eight_bit = np.clip((image - 900.0) * 1.2, 0.0, 255.0).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", eight_bit, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded: NDArray[np.uint8] = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)
    return decoded.astype(np.float32)


def test_saturated_tissue_that_was_evened_out_is_found():
    image = _quantum_noise()
    image[:, 250:] = 1000.0
    found = find_noiseless(np.rint(image + _ramp()), EVERYWHERE, spacing=SPACING)
    assert found is not None
    assert found[:, 280:].mean() > 0.95
    assert not found[:, :220].any()


def test_noise_of_which_only_peaks_are_left_is_found():
    image = _quantum_noise()
    image[:, 250:] = np.maximum(image[:, 250:], 1030.0)
    found = find_noiseless(np.rint(image), EVERYWHERE, spacing=SPACING)
    assert found is not None
    assert found[:, 280:].mean() > 0.95
    assert not found[:, :220].any()


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(_quantum_noise() + _ramp(), id="noise on a slope"),
        pytest.param(np.where(np.arange(500) < 250, 1.0, 0.15) * _quantum_noise(), id="little noise in a half"),
        pytest.param(np.rint(_quantum_noise(0.5)), id="grey levels wider than the noise"),
        pytest.param(np.full(SHAPE, 1000.0), id="no noise anywhere"),
        pytest.param(_compressed(_quantum_noise(), 30), id="strongly compressed"),
    ],
)
def test_what_is_dark_flat_or_coarse_has_its_noise(image: FloatImage):
    assert find_noiseless(image.astype(np.float32), EVERYWHERE, spacing=SPACING) is None


def test_a_dense_group_of_calcifications_hides_no_noise():
    image = _quantum_noise()
    points_rc = np.random.default_rng(6).integers(200, 320, (60, 2))
    for row, col in points_rc:
        image[row - 2 : row + 3, col - 2 : col + 3] += 600.0
    assert find_noiseless(image, EVERYWHERE, spacing=SPACING) is None


def test_a_small_patch_is_an_artefact():
    image = _quantum_noise()
    image[300:350, 200:250] = 1000.0
    assert find_noiseless(image, EVERYWHERE, spacing=SPACING) is None


def test_an_image_of_a_few_pixels_is_not_judged():
    assert find_noiseless(np.zeros((15, 15), np.float32), np.ones((15, 15), bool), spacing=SPACING) is None


def test_outside_the_breast_nothing_is_judged():
    image = _quantum_noise()
    image[:, 250:] = 1000.0
    assert find_noiseless(image, EVERYWHERE & (np.arange(500) < 240), spacing=SPACING) is None
