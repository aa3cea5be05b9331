"""A breast positioned again: places map there and back, and tissue goes where its places go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import pdist

from calcmeasure.phantom.mammogram.anatomy import GRID_MM, Anatomy
from calcmeasure.phantom.mammogram.positioning import AS_DRAWN, draw_positioning

PLACES = np.random.default_rng(0).uniform((5.0, -35.0), (60.0, 35.0), (40, 2))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_push_undoes_pull_and_stretches_little(seed):
    positioning = draw_positioning(65.0, rng=np.random.default_rng(seed))
    assert positioning.pull(positioning.push(PLACES)) == pytest.approx(PLACES, abs=1e-4)
    strain = pdist(positioning.push(PLACES)) / pdist(PLACES) - 1.0
    assert np.abs(strain).max() < 0.15


def test_as_drawn_moves_nothing():
    assert np.array_equal(AS_DRAWN.push(PLACES), PLACES)


def test_tissue_moves_with_its_places():
    spot = np.zeros((400, 350), np.float32)
    spot[180, 150] = 1.0
    spot = gaussian_filter(spot, 3.0)
    anatomy = Anatomy(np.ones_like(spot), spot, across_mm=40.0, thickness_mm=50.0)
    place = np.array([[150 * GRID_MM, 40.0 - 180 * GRID_MM]])
    positioning = draw_positioning(65.0, rng=np.random.default_rng(4))
    row, col = np.unravel_index(positioning.moved(anatomy).extra.argmax(), spot.shape)
    expected = positioning.push(place)[0]
    assert (col * GRID_MM, 40.0 - row * GRID_MM) == pytest.approx(expected, abs=GRID_MM)
    assert np.linalg.norm(expected - place[0]) > 2 * GRID_MM
