"""Band stack and local noise against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calcmeasure.detect.calcifications.bands import blur, build_stack, local_noise
from calcmeasure.geometry import Spacing, SpacingSource

SQUARE = Spacing(0.1, 0.1, SpacingSource.DETECTOR)
FLAT = Spacing(0.2, 0.1, SpacingSource.DETECTOR)


@pytest.mark.parametrize("spacing", [SQUARE, FLAT])
@pytest.mark.parametrize("sigma_mm", [0.2, 0.5])
def test_a_blurred_point_is_a_gaussian_in_millimetres(spacing: Spacing, sigma_mm: float):
    image = np.zeros((81, 81), dtype=np.float32)
    image[40, 40] = 1.0
    blurred = blur(image, sigma_mm, spacing=spacing)
    rows_mm, cols_mm = (np.arange(81) - 40) * spacing.row_mm, (np.arange(81) - 40) * spacing.col_mm
    for axis, positions in enumerate((rows_mm, cols_mm)):
        profile = blurred.sum(axis=1 - axis)
        assert np.sqrt(np.sum(profile * positions**2) / profile.sum()) == pytest.approx(sigma_mm, rel=0.03)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_local_noise_is_the_standard_deviation(scale: float):
    rng = np.random.default_rng(0)
    band = (scale * rng.standard_normal((400, 300))).astype(np.float32)
    noise = local_noise(band, inside=np.ones(band.shape, bool), spacing=SQUARE, sigma_mm=2.8)
    assert_allclose(noise, scale, rtol=0.12)


def test_local_noise_follows_the_place_and_ignores_what_lies_outside():
    rng = np.random.default_rng(0)
    band = rng.standard_normal((400, 400)).astype(np.float32)
    band[:, 200:] *= 3.0
    band[:100] = 1e3
    inside = np.ones(band.shape, bool)
    inside[:100] = False
    noise = local_noise(band, inside=inside, spacing=SQUARE, sigma_mm=2.0)
    assert noise[250, 80] == pytest.approx(1.0, rel=0.15)
    # Clipping at three robust deviations of the whole lowers the louder half a little.
    assert 2.0 < noise[250, 320] < 3.3


def test_local_noise_is_hardly_raised_by_bright_marks():
    rng = np.random.default_rng(0)
    band = rng.standard_normal((400, 400)).astype(np.float32)
    marked = band.copy()
    marked[100:300:20, 100:300:20] = 50.0
    first, second = (
        local_noise(b, inside=np.ones(b.shape, bool), spacing=SQUARE, sigma_mm=2.8) for b in (band, marked)
    )
    assert_allclose(second, first, rtol=0.03)


def test_a_gaussian_blob_answers_most_in_the_band_of_its_width():
    """Differences of s and sqrt(2) s answer most to a Gaussian of 2^(1/4) s."""
    sigmas = (0.1, 0.141, 0.2, 0.283)
    rows, cols = (np.indices((201, 201)) - 100) * 0.1
    blob = 100.0 * np.exp(-(rows**2 + cols**2) / (2 * (0.141 * 2**0.25) ** 2))
    rng = np.random.default_rng(0)
    image = (blob + 1e-3 * rng.standard_normal(blob.shape)).astype(np.float32)
    stack = build_stack(image, inside=np.ones(image.shape, bool), spacing=SQUARE, sigmas_mm=sigmas, noise_sigma_mm=2.8)
    answers = stack.snr[:, 100, 100] * stack.noise
    assert int(answers.argmax()) == 1
    b2, s2 = (0.141 * 2**0.25) ** 2, np.array(sigmas) ** 2
    assert_allclose(stack.sigmas_mm, sigmas)
    ratio = b2 / (b2 + s2) - b2 / (b2 + 2 * s2)
    assert int(ratio.argmax()) == 1


def test_bands_narrower_than_half_a_pixel_are_left_out():
    image = np.random.default_rng(0).standard_normal((100, 100)).astype(np.float32)
    stack = build_stack(
        image, inside=np.ones((100, 100), bool), spacing=FLAT, sigmas_mm=(0.056, 0.09, 0.11, 0.16), noise_sigma_mm=2.8
    )
    assert stack.sigmas_mm.tolist() == [0.11, 0.16]
    assert stack.snr.shape == (2, 100, 100)


def test_a_flat_image_divides_by_no_zero():
    stack = build_stack(
        np.ones((100, 100), np.float32),
        inside=np.ones((100, 100), bool),
        spacing=SQUARE,
        sigmas_mm=(0.1, 0.14),
        noise_sigma_mm=2.8,
    )
    assert np.isfinite(stack.snr).all()
    assert np.abs(stack.snr).max() < 3.0
