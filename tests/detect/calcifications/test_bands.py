"""Band stack against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calcmeasure.detect.calcifications.bands import SIGMAS_MM, BandStack, blur, build_stack
from calcmeasure.geometry import Spacing, SpacingSource

SQUARE = Spacing(0.1, 0.1, SpacingSource.DETECTOR)
FLAT = Spacing(0.2, 0.1, SpacingSource.DETECTOR)


def _stack(image: np.ndarray, spacing: Spacing = SQUARE) -> BandStack:
    everywhere = np.ones(image.shape, dtype=bool)
    return build_stack(image.astype(np.float32), valid=everywhere, inside=everywhere, spacing=spacing)


def _noise(shape: tuple[int, int] = (400, 400), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("spacing", [SQUARE, FLAT])
@pytest.mark.parametrize("sigma_mm", [0.2, 0.5])
def test_a_blurred_point_is_a_gaussian_in_millimetres(spacing: Spacing, sigma_mm: float):
    image = np.zeros((81, 81), dtype=np.float32)
    image[40, 40] = 1.0
    blurred = blur(image, sigma_mm, step_mm=spacing.rc_mm)
    rows_mm, cols_mm = (np.arange(81) - 40) * spacing.row_mm, (np.arange(81) - 40) * spacing.col_mm
    for axis, positions in enumerate((rows_mm, cols_mm)):
        profile = blurred.sum(axis=1 - axis)
        assert np.sqrt(np.sum(profile * positions**2) / profile.sum()) == pytest.approx(sigma_mm, rel=0.03)


@pytest.mark.parametrize("pixel_mm", [0.05, 0.07, 0.1, 0.2])
def test_bands_of_white_noise_have_unit_noise_at_every_scale(pixel_mm: float):
    stack = _stack(_noise((600, 600)), Spacing(pixel_mm, pixel_mm, SpacingSource.DETECTOR))
    for band in stack.bands[:4]:
        assert band.snr.std() == pytest.approx(1.0, abs=0.12)


def test_noise_of_a_band_is_that_of_a_difference_of_gaussians():
    """White noise of density 1 per pixel, filtered: sum of squares 1 / (24 pi s²) with s in pixels (s large)."""
    stack = _stack(_noise((600, 600)), Spacing(0.05, 0.05, SpacingSource.DETECTOR))
    for band in stack.bands[1:5]:
        width_px = band.sigma_mm / 0.05
        assert band.robust_noise == pytest.approx(1.0 / np.sqrt(24 * np.pi) / width_px, rel=0.12)


@pytest.mark.parametrize(
    ("pixel_mm", "first", "steps"),
    [(0.05, 0, [1, 1, 2, 2, 4, 4, 8]), (0.07, 0, [1, 1, 1, 2, 2, 4, 4]), (0.2, 2, [1, 1, 1, 1, 2])],
)
def test_wide_bands_keep_fewer_samples(pixel_mm: float, first: int, steps: list[int]):
    stack = _stack(_noise(), Spacing(pixel_mm, pixel_mm, SpacingSource.DETECTOR))
    assert stack.first == first
    assert [band.step for band in stack.bands] == steps
    assert [band.sigma_mm for band in stack.bands] == list(SIGMAS_MM[first:])
    for band in stack.bands:
        assert band.snr.shape == tuple(-(-400 // band.step) for _ in range(2))


def test_a_gaussian_blob_answers_most_in_the_band_of_its_width():
    """Differences of s and sqrt(2) s answer most to a Gaussian of 2^(1/4) s; thinned samples lie where they say."""
    spacing = Spacing(0.05, 0.05, SpacingSource.DETECTOR)
    rows, cols = (np.indices((401, 401)) - 200) * 0.05
    width_mm = SIGMAS_MM[3] * 2**0.25
    blob = 300.0 * np.exp(-(rows**2 + cols**2) / (2 * width_mm**2))
    stack = _stack(blob + _noise((401, 401)), spacing)
    centre = np.array([[200.0, 200.0]])
    answers = stack.answers(centre)[0] * [float(stack.noise_at(band, centre)[0]) for band in stack.bands]
    s2 = np.array(SIGMAS_MM) ** 2
    expected = width_mm**2 / (width_mm**2 + s2) - width_mm**2 / (width_mm**2 + 2 * s2)
    assert int(answers.argmax()) == int(expected.argmax()) == 3
    assert_allclose(answers[1:6] / answers.max(), expected[1:6] / expected.max(), atol=0.05)


def test_covariance_of_white_noise_bands_follows_from_their_filters():
    """Neighbouring bands share sum(g1 g2) of their noise: closed form for differences of Gaussians."""
    stack = _stack(_noise((800, 800), seed=3), Spacing(0.05, 0.05, SpacingSource.DETECTOR))

    def overlap(a: float, b: float) -> float:
        return 1 / (a + b) - 1 / (a + 2 * b) - 1 / (2 * a + b) + 1 / (2 * a + 2 * b)

    s2 = np.array(SIGMAS_MM) ** 2
    products = np.array([[overlap(a, b) for b in s2] for a in s2])
    expected = products / np.sqrt(np.outer(np.diag(products), np.diag(products)))
    measured = stack.covariance / np.sqrt(np.outer(np.diag(stack.covariance), np.diag(stack.covariance)))
    assert_allclose(measured[1:5, 1:5], expected[1:5, 1:5], atol=0.12)


def test_padding_makes_no_edge():
    image = 50.0 + _noise()
    valid = np.ones(image.shape, dtype=bool)
    valid[:, 300:] = False
    image[:, 300:] = -1e6
    stack = build_stack(image.astype(np.float32), valid=valid, inside=valid, spacing=SQUARE)
    assert np.abs(stack.bands[0].snr).max() < 7.0


def test_a_flat_image_divides_by_no_zero():
    stack = _stack(np.ones((100, 100)))
    for band in stack.bands:
        assert np.isfinite(band.snr).all()
        assert np.abs(band.snr).max() < 3.0
