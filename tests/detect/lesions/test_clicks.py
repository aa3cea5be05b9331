"""What lies under a click: the voxel it snaps to, background and noise around it, cuts at the border."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.lesions.boundary import smoothed
from calcmeasure.detect.lesions.clicks import smooth_cut, snapped, surroundings

VOXEL_MM = np.array([2.0, 1.0, 1.0])
SHAPE = (24, 80, 80)


def noise(sigma, *, shape=SHAPE):
    return np.random.default_rng(2).normal(0, sigma, shape).astype(np.float32)


@pytest.mark.parametrize("sigma", [3.0, 25.0])
def test_a_lesion_changes_neither_background_nor_noise(sigma):
    volume = 30 + noise(sigma)
    volume[8:16, 30:50, 30:50] += 400
    background, spread = surroundings(volume, np.array([12, 40, 40]), VOXEL_MM)
    assert background == pytest.approx(30, abs=0.2 * sigma)
    assert spread == pytest.approx(sigma, rel=0.1)


def test_a_volume_one_column_wide_has_no_noise_to_judge():
    assert surroundings(np.full((3, 4, 1), 7, np.float32), np.array([1, 1, 0]), VOXEL_MM) == (7, 0)


def test_a_click_snaps_to_the_brightest_voxel_within_2_mm():
    volume = np.zeros(SHAPE, np.float32)
    volume[12, 42, 40] = 50  # 2 mm away
    volume[12, 40, 43] = 90  # 3 mm away
    volume[14, 40, 40] = 80  # 4 mm away
    brightest, level = snapped(volume, np.array([12, 40, 40]), VOXEL_MM)
    np.testing.assert_array_equal(brightest, (12, 42, 40))
    assert level == 0


def test_how_bright_it_is_around_is_told_by_more_than_one_voxel():
    volume = np.where(np.indices(SHAPE)[1] < 42, 100, 0) + noise(5.0)
    _, level = snapped(volume, np.array([12, 40, 40]), VOXEL_MM)
    assert level == pytest.approx(100, abs=8)


def test_a_cut_at_the_border_ends_there():
    volume = noise(10.0)
    smooth, first = smooth_cut(volume, np.array([-4, 10, 70]), stop=np.array([6, 30, 95]), voxel_mm=VOXEL_MM)
    np.testing.assert_array_equal(first, (0, 10, 70))
    assert smooth.shape == (6, 20, 10)
    np.testing.assert_allclose(smooth[:3, 3:-3, 3:], smoothed(volume, VOXEL_MM)[:3, 13:27, 73:], atol=1e-4)
