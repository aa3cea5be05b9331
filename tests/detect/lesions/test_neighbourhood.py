"""Figures of what surrounds a candidate, on shapes whose values are known."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.lesions.boundary import Outline
from calcmeasure.detect.lesions.neighbourhood import EVERY_SIDE, Neighbourhood

SHAPE = (33, 33, 33)
Z, R, C = np.indices(SHAPE)
AWAY = np.sqrt((Z - 16.0) ** 2 + (R - 16.0) ** 2 + (C - 16.0) ** 2)
BALL = AWAY <= 5
ROD = (np.abs(Z - 16) <= 1) & (np.abs(R - 16) <= 1)


def figures(signal, *, mask=BALL, before=None):
    outline = Outline(mask, (), inside=200.0, outside=0.0)
    flat = np.full(SHAPE, 100.0, np.float32) if before is None else before
    whole = np.ones(SHAPE, dtype=bool)
    smooth = np.asarray(signal, dtype=np.float32)
    return Neighbourhood.of(outline, smooth, flat, breast=whole, voxel_mm=np.ones(3)).figures()


def test_a_ball_alone():
    found = figures(200.0 * BALL)
    assert (found["occupied"], found["in_line"]) == (0, EVERY_SIDE)
    assert (found["shadow"], found["hilum"], found["pieces"], found["solid"]) == (0, 0, 0, 1)
    assert found["near_contrast"] == pytest.approx(np.log(100))
    assert found["edge_before"] == pytest.approx(np.log(0.01))


def test_a_vessel_runs_on_in_line():
    found = figures(200.0 * (BALL | ROD))
    assert 0 < found["occupied"] < 0.1
    assert found["in_line"] > 0.9


def test_gland_runs_on_to_every_side():
    found = figures(np.where(BALL, 200.0, 120.0))
    assert found["occupied"] == 1
    assert found["in_line"] == pytest.approx(EVERY_SIDE, abs=0.02)


def test_motion_leaves_a_shadow():
    assert figures(200.0 * BALL - 100.0 * (C > 21))["shadow"] == pytest.approx(0.5)


def test_a_hilum_is_dark_and_inside():
    assert figures(200.0 * BALL - 150.0 * (AWAY <= 2))["hilum"] == pytest.approx(0.75)


def test_a_notch_lies_on_one_side():
    beside = np.sqrt((Z - 16.0) ** 2 + (R - 16.0) ** 2 + (C - 18.5) ** 2)
    assert figures(200.0 * BALL)["notch"] == 0
    assert figures(200.0 * BALL - 150.0 * (beside <= 2))["notch"] == pytest.approx(0.75, abs=0.1)
    assert figures(200.0 * BALL - 150.0 * (AWAY <= 3.9))["notch"] < 0.3, "a dark middle is no notch"


def test_an_edge_before_contrast_is_told_in_heights():
    before = np.where(C > 16, 300.0, 100.0).astype(np.float32)
    assert figures(200.0 * BALL, before=before)["edge_before"] == pytest.approx(0, abs=0.01)


def test_clumps_are_counted_and_their_share_told():
    clumps = BALL & (np.abs(C - 16) >= 3)
    found = figures(200.0 * clumps)
    assert found["pieces"] == pytest.approx(np.log(2))
    assert found["solid"] == pytest.approx(clumps.sum() / BALL.sum())
