"""The channelised Hotelling observer against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from calcmeasure.detect.calcifications.observer import SIZES_MM, channel_covariance, observe, speck_profile

SIGMAS = np.array([0.056, 0.079, 0.112, 0.158])


def _correlated(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    root = np.array([[1.0, 0, 0, 0], [0.7, 0.7, 0, 0], [0.3, 0.6, 0.7, 0], [0.1, 0.3, 0.6, 0.7]])
    return np.random.default_rng(seed).standard_normal((n, 4)) @ root.T, root @ root.T


def test_covariance_is_that_of_the_noise():
    values, truth = _correlated(200_000)
    assert_allclose(channel_covariance(values), truth, atol=0.05)


def test_of_noise_the_observer_is_normal_and_of_a_speck_as_great_as_its_detectability():
    noise, truth = _correlated(100_000)
    expected = speck_profile(SIZES_MM[2], SIGMAS)
    ideal = np.sqrt(expected @ np.linalg.inv(truth) @ expected)
    for amount in (0.0, 5.0):
        seen = observe(noise + amount * expected / ideal, noise=np.ones_like(noise), sigmas_mm=SIGMAS, covariance=truth)
        assert seen.by_size[:, 2].mean() == pytest.approx(amount, abs=0.05)
        assert seen.by_size[:, 2].std() == pytest.approx(1.0, rel=0.03)


def test_a_speck_of_a_size_is_best_seen_at_that_size_and_fits():
    _, truth = _correlated(1)
    for number, size_mm in enumerate(SIZES_MM[:3]):
        speck = 20.0 * speck_profile(size_mm, SIGMAS)[None]
        seen = observe(speck, noise=np.ones((1, 4)), sigmas_mm=SIGMAS, covariance=truth)
        assert int(seen.by_size[0].argmax()) == number
        assert seen.misfit[0] == pytest.approx(0.0, abs=1e-5)
        odd = observe(speck * [[1.0, -1.0, 1.0, -1.0]], noise=np.ones((1, 4)), sigmas_mm=SIGMAS, covariance=truth)
        assert odd.misfit[0] > 5.0
