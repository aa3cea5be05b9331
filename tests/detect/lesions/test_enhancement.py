"""Percent enhancement, its floor, the background of fibroglandular tissue and the working grid."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.lesions.enhancement import (
    FLOOR_SHARE,
    Background,
    background_of,
    map_enhancement,
    shrunk,
)
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource

GRID = ImageGrid(
    (8, 24, 30),
    (0.0, 0.0, 0.0),
    ((0, 0, 1), (0, 1, 0), (1, 0, 0)),
    Spacing(1.0, 0.7, SpacingSource.PATIENT, slice_mm=2.5),
)
WHOLE = np.ones(GRID.shape, bool)


@pytest.mark.parametrize(
    ("high", "demand"), [(0.0, 45.0), (28.0, 45.0), (30.0, 48.0), (90.0, 144.0)], ids=["none", "quiet", "usual", "busy"]
)
def test_the_demand_follows_the_background_above_a_floor(high, demand):
    assert Background(10.0, 3.0, high).demand == pytest.approx(demand)


@pytest.mark.parametrize("gland_signal", [300.0, 40.0], ids=["fat suppressed", "fat bright"])
def test_background_is_that_of_the_tissue_that_takes_up_more(gland_signal):
    """Whether gland is brighter or darker than fat before contrast; what exceeds 100 % is no background."""
    gland = np.indices(GRID.shape)[2] < 12
    before = np.where(gland, gland_signal, 120.0).astype(np.float32)
    percent = np.where(gland, 20.0 + np.indices(GRID.shape)[1], 2.0).astype(np.float32)  # 20-43 %, median 31.5
    percent[4, 4:8, 4:8] = 250.0
    found = background_of(percent, before, inside=WHOLE, block_mm3=8.0)
    assert found.median == pytest.approx(31.5, abs=0.6)
    assert found.spread == pytest.approx(1.4826 * 6, abs=0.8)
    assert found.tissue_ml == pytest.approx((gland.sum() - 16) * 8 / 1000)


def test_one_kind_of_tissue_is_all_background():
    percent = np.linspace(0, 40, WHOLE.size, dtype=np.float32).reshape(WHOLE.shape)
    found = background_of(percent, np.full(WHOLE.shape, 100.0, np.float32), inside=WHOLE)
    assert found.median == pytest.approx(20, abs=0.1)
    assert found.high == pytest.approx(38, abs=0.1)


def test_without_tissue_there_is_no_background():
    nothing = np.zeros((2, 2, 2), np.float32)
    assert background_of(nothing, nothing, inside=nothing > 0) == Background(0.0, 0.0, 0.0)


def test_percent_enhancement_is_taken_over_a_floored_signal():
    pre = np.full(GRID.shape, 200.0, np.float32)
    pre[:, :, ::2] = 4.0  # suppressed fat
    early = pre + 20
    maps = map_enhancement(pre, early, breast=WHOLE, grid=GRID)
    assert maps.floor == pytest.approx(FLOOR_SHARE * 200)
    np.testing.assert_allclose(maps.percent[:, :, 1::2], 10.0, rtol=1e-6)
    np.testing.assert_allclose(maps.percent[:, :, ::2], 100 * 20 / 50, rtol=1e-6)
    np.testing.assert_array_equal(maps.subtraction, 20.0)


def test_blocks_of_the_working_grid_are_at_most_2_mm():
    maps = map_enhancement(*np.ones((2, *GRID.shape), np.float32), breast=WHOLE, grid=GRID)
    assert maps.factors == (1, 2, 2)
    np.testing.assert_allclose(maps.working_mm, (2.5, 2.0, 1.4))
    assert maps.coarse.shape == (8, 12, 15)


def test_a_block_is_inside_when_all_of_it_is():
    mask = np.zeros((2, 4, 4), bool)
    mask[:, :2, :3] = True
    np.testing.assert_array_equal(shrunk(mask, (1, 2, 2))[0], [[True, False], [False, False]])
