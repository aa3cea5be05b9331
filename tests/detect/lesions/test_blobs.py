"""Spots brighter than their surroundings: found at any size and any background, none in noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from calcmeasure.detect.lesions.blobs import MAX_SPOTS, bright_spots, least_drop

VOXEL_MM = np.array([2.0, 1.6, 1.6])
SHAPE = (24, 40, 44)
BREAST = np.ones(SHAPE, bool)
CENTRE = np.array([12, 20, 22])


def ball(diameter_mm, percent, *, background=20.0, noise=2.0, seed=3):
    steps = (np.indices(SHAPE) - CENTRE[:, None, None, None]) * VOXEL_MM[:, None, None, None]
    share = np.clip(diameter_mm / 2 - np.sqrt((steps**2).sum(axis=0)) + 0.5, 0, 1)
    values = background + (percent - background) * share
    return (values + np.random.default_rng(seed).normal(0, noise, SHAPE)).astype(np.float32)


@pytest.mark.parametrize("diameter_mm", [3.0, 4.0, 6.0, 10.0, 14.0])
@pytest.mark.parametrize("background", [5.0, 60.0])
def test_a_ball_is_the_strongest_spot_and_its_mask_is_about_its_size(diameter_mm, background):
    mask, box = next(
        bright_spots(ball(diameter_mm, background + 120, background=background), BREAST, voxel_mm=VOXEL_MM)
    )
    centre = np.array(ndimage.center_of_mass(mask)) + [s.start for s in box]
    np.testing.assert_allclose(centre, CENTRE, atol=0.6)
    volume_mm3 = mask.sum() * VOXEL_MM.prod()
    assert 0.3 < volume_mm3 / (np.pi / 6 * diameter_mm**3) < 2.2


def test_noise_and_slopes_have_no_spots():
    slope = np.linspace(0, 60, SHAPE[2], dtype=np.float32) + np.zeros(SHAPE, np.float32)
    slope += np.random.default_rng(5).normal(0, 2, SHAPE).astype(np.float32)
    assert not list(bright_spots(slope, BREAST, voxel_mm=VOXEL_MM))


@pytest.mark.parametrize("line", [(0, 0, 1), (0, 1, 1), (1, 1, 1), (1, -1, 0)])
def test_a_vessel_does_not_drop_along_itself(line):
    steps = np.indices(SHAPE) - CENTRE[:, None, None, None]
    along = np.asarray(line) / np.linalg.norm(line)
    across = steps - along[:, None, None, None] * np.tensordot(along, steps, axes=1)
    vessel = 150 * np.exp(-0.5 * (across**2).sum(axis=0) / 1.2**2)
    drop = least_drop(vessel.astype(np.float32), reach_mm=4.0, voxel_mm=np.full(3, 1.5))
    assert drop[tuple(CENTRE)] == pytest.approx(0, abs=3)


def test_what_lies_outside_the_breast_is_not_sought():
    outside = BREAST.copy()
    outside[:, 12:28, 14:30] = False
    assert not list(bright_spots(ball(8.0, 200.0), outside, voxel_mm=VOXEL_MM))
    assert not list(bright_spots(ball(8.0, 200.0), ~BREAST, voxel_mm=VOXEL_MM))


def test_no_more_than_the_strongest_few_are_given():
    values = np.random.default_rng(1).normal(0, 1, SHAPE).astype(np.float32)
    values[2::5, 2::6, 2::6] = 300.0
    assert len(list(bright_spots(values, BREAST, voxel_mm=VOXEL_MM))) == MAX_SPOTS
