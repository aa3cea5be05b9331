"""Noise against signal level, and around each place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calcmeasure.detect.calcifications.noise import NOISE_GRID_MM, NoiseCurve, local_noise, measure_noise_curve
from calcmeasure.geometry import Spacing, SpacingSource

SQUARE = Spacing(0.1, 0.1, SpacingSource.DETECTOR)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_local_noise_is_the_standard_deviation(scale: float):
    rng = np.random.default_rng(0)
    band = (scale * rng.standard_normal((400, 300))).astype(np.float32)
    noise, robust = local_noise(band, inside=np.ones(band.shape, bool), spacing=SQUARE, sigma_mm=2.8)
    assert_allclose(noise, scale, rtol=0.12)
    assert robust == pytest.approx(scale, rel=0.05)


def test_local_noise_follows_the_place_and_ignores_what_lies_outside():
    rng = np.random.default_rng(0)
    band = rng.standard_normal((400, 400)).astype(np.float32)
    band[:, 200:] *= 3.0
    band[:100] = 1e3
    inside = np.ones(band.shape, bool)
    inside[:100] = False
    noise, _ = local_noise(band, inside=inside, spacing=SQUARE, sigma_mm=2.0)
    row, quiet, loud = (round(n * 0.1 / NOISE_GRID_MM) for n in (250, 80, 320))
    assert noise[row, quiet] == pytest.approx(1.0, rel=0.15)
    # Clipping at three robust deviations of the whole lowers the louder half a little.
    assert 2.0 < noise[row, loud] < 3.3


def test_local_noise_is_hardly_raised_by_bright_marks():
    rng = np.random.default_rng(0)
    band = rng.standard_normal((400, 400)).astype(np.float32)
    marked = band.copy()
    marked[100:300:20, 100:300:20] = 50.0
    first, second = (
        local_noise(b, inside=np.ones(b.shape, bool), spacing=SQUARE, sigma_mm=2.8)[0] for b in (band, marked)
    )
    assert_allclose(second, first, rtol=0.03)


def _ramp(noise_of: np.ufunc, *, seed: int = 0) -> np.ndarray:
    level = np.linspace(1.0, 4.0, 900)[None, :] * np.ones((900, 1))
    return (level + noise_of(level) * np.random.default_rng(seed).standard_normal(level.shape)).astype(np.float32)


@pytest.mark.parametrize(
    "noise_of", [lambda s: 0.02 * np.exp(s / 2), lambda s: 0.05 * np.sqrt(s), lambda s: 0.1 + 0 * s]
)
def test_the_curve_is_the_noise_at_each_level(noise_of):
    curve = measure_noise_curve(_ramp(noise_of), inside=np.ones((900, 900), bool))
    middle = slice(3, -3)
    assert_allclose(curve.sigmas[middle], noise_of(curve.levels)[middle], rtol=0.1)


def test_stabilised_noise_is_one_at_every_level_and_leads_back():
    image = _ramp(lambda s: 0.02 * np.exp(s / 2))
    everywhere = np.ones(image.shape, bool)
    curve = measure_noise_curve(image, inside=everywhere)
    even = curve.stabilise(image, valid=everywhere)
    steps = np.diff(even, axis=0)
    for part in np.array_split(steps, 6, axis=1):
        assert part.std() / np.sqrt(2) == pytest.approx(1.0, rel=0.08)
    assert curve.sigma_at(even[:50]).mean() == pytest.approx(curve.sigmas.mean(), rel=0.1)


def test_stabilising_keeps_the_order_of_grey_levels_beyond_the_curve_too():
    curve = NoiseCurve(np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.0, 2.0]))
    levels = np.linspace(-5.0, 9.0, 200, dtype=np.float32)[None]
    even = curve.stabilise(levels, valid=np.ones(levels.shape, bool))[0]
    assert (np.diff(even) > 0).all()
    # Straight beyond the ends: the slope is one over the noise at the end.
    assert even[-1] - even[-2] == pytest.approx((levels[0, -1] - levels[0, -2]) / 2.0, rel=1e-3)
    assert even[1] - even[0] == pytest.approx((levels[0, 1] - levels[0, 0]) / 0.5, rel=1e-3)


def test_what_is_not_valid_is_neither_read_nor_bright():
    curve = NoiseCurve(np.array([0.0, 2.0]), np.ones(2))
    image = np.array([[1.0, np.nan, 1e30]], dtype=np.float32)
    even = curve.stabilise(image, valid=np.array([[True, False, False]]))
    assert_allclose(even, [[0.0, 0.0, 0.0]], atol=1e-5)


@pytest.mark.parametrize("image", [np.zeros((60, 60)), np.full((900, 900), 7.0)])
def test_without_noise_grey_levels_are_left_as_they_are(image: np.ndarray):
    curve = measure_noise_curve(image.astype(np.float32), inside=np.ones(image.shape, bool))
    assert curve.sigmas.tolist() == [1.0, 1.0]
