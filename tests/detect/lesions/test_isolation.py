"""A ball ends on every side, a piece of a tube runs on; partial volume takes nothing of the uptake that is told."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from calcmeasure.detect.lesions.boundary import Outline
from calcmeasure.detect.lesions.isolation import Isolation, uptake

SHAPE = (21, 41, 41)
VOXEL_MM = np.array([2.0, 1.0, 1.0])
Z, R, C = (np.indices(SHAPE) - np.array([10, 20, 20])[:, None, None, None]) * VOXEL_MM[:, None, None, None]
BALL = Z**2 + R**2 + C**2 <= 3.5**2
TUBE = (Z**2 + (R - 6 * np.sin(C / 9)) ** 2) <= 2.0**2
"""A vessel that winds along the columns."""


def figures(bright, mask, *, diameter_mm=7.0):
    signal = ndimage.gaussian_filter(100.0 * bright, 0.6 / VOXEL_MM).astype(np.float32) + 10
    outline = Outline(mask, (), 110.0, 10.0, 1.0)
    return Isolation.of(outline, signal, diameter_mm=diameter_mm, voxel_mm=VOXEL_MM).figures()


def test_a_ball_ends_on_every_side():
    found = figures(BALL, BALL)
    assert found["any_side"] < 0.3
    assert found["both_sides"] < 0.3
    assert abs(found["runs_far"]) < 0.25


def test_a_piece_of_a_vessel_runs_on_however_it_winds():
    found = figures(TUBE, TUBE & (np.abs(C) < 3.5))
    assert found["any_side"] > 0.5
    assert found["runs_far"] > 1.0


def test_a_ball_on_a_vessel_that_ends_in_it_has_one_side_only():
    found = figures(BALL | (TUBE & (C > 0)), BALL)
    assert found["any_side"] > 0.4 > 0.3 > found["both_sides"]


@pytest.mark.parametrize("blur_mm", [0.3, 0.8, 1.1])
def test_the_uptake_of_a_small_lesion_is_told_whatever_the_blur(blur_mm):
    percent = 15 + 120 * ndimage.gaussian_filter(BALL.astype(float), blur_mm / VOXEL_MM)
    breast = np.ones(SHAPE, dtype=bool)
    assert uptake(BALL, percent, breast=breast, voxel_mm=VOXEL_MM) == pytest.approx(120, rel=0.16)


def test_what_enhances_less_than_its_surroundings_has_no_uptake():
    percent = np.where(BALL, 0.0, 50.0)
    assert uptake(BALL, percent, breast=np.ones(SHAPE, dtype=bool), voxel_mm=VOXEL_MM) == 1.0
