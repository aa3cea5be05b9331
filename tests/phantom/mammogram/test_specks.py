"""Drawn calcifications: centre of mass, volume and area are those of the specification."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.phantom.mammogram.specks import draw_specks
from calcmeasure.terms import Morphology


def draw(
    centres: list[tuple[float, float]],
    diameter: float,
    morphology: Morphology = Morphology.ROUND,
    *,
    seed: int = 0,
    shape: tuple[int, int] = (60, 70),
    pixel_mm: tuple[float, float] = (0.1, 0.09),
) -> np.ndarray:
    n = len(centres)
    return draw_specks(
        np.array(centres, float),
        np.full(n, diameter),
        morphologies=(morphology,) * n,
        seeds=np.arange(seed, seed + n),
        shape=shape,
        pixel_mm=pixel_mm,
    )


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    return np.array([np.sum(index * image) for index in np.indices(image.shape)]) / image.sum()


@settings(max_examples=40, deadline=None)
@given(
    morphology=st.sampled_from(list(Morphology)),
    row=st.floats(25, 35),
    col=st.floats(25, 45),
    diameter=st.floats(0.3, 1.0),
    seed=st.integers(0, 10_000),
)
def test_centre_of_mass_is_the_stated_position(morphology, row, col, diameter, seed):
    drawn = draw([(row, col)], diameter, morphology, seed=seed)
    np.testing.assert_allclose(centre_of_mass(drawn), (row, col), atol=0.06)


@pytest.mark.parametrize("diameter", [0.3, 0.5, 1.0, 2.0])
def test_round_mark_has_the_volume_of_its_sphere(diameter):
    drawn = draw([(30.3, 35.7)], diameter)
    assert drawn.sum() * 0.1 * 0.09 == pytest.approx(math.pi / 6 * diameter**3, rel=0.03)
    assert drawn.max() == pytest.approx(diameter, rel=0.12)


def test_round_mark_is_round_in_mm_on_pixels_that_are_not_square():
    drawn = draw([(30, 35)], 2.0, pixel_mm=(0.1, 0.05), shape=(60, 100))
    rows, cols = (np.ptp(np.nonzero(drawn)[axis]) + 1 for axis in (0, 1))
    assert cols / rows == pytest.approx(2.0, rel=0.1)


def test_linear_is_long_and_amorphous_is_faint():
    rod = draw([(30, 35)], 0.5, Morphology.FINE_LINEAR, pixel_mm=(0.05, 0.05))
    points = np.argwhere(rod > 0.05) * 0.05
    spread = np.sqrt(np.linalg.eigvalsh(np.cov(points.T)))
    assert spread[1] > 2.2 * spread[0]
    assert draw([(30, 35)], 0.5, Morphology.AMORPHOUS).max() < 0.6 * draw([(30, 35)], 0.5).max()


def test_shape_follows_the_seed():
    one = draw([(30, 35)], 0.8, Morphology.FINE_PLEOMORPHIC, seed=1)
    np.testing.assert_array_equal(one, draw([(30, 35)], 0.8, Morphology.FINE_PLEOMORPHIC, seed=1))
    assert not np.array_equal(one, draw([(30, 35)], 0.8, Morphology.FINE_PLEOMORPHIC, seed=2))


def test_marks_add_up_and_may_leave_the_image():
    both = draw([(20, 20), (40, 50)], 0.6)
    np.testing.assert_allclose(both, draw([(20, 20)], 0.6) + draw([(40, 50)], 0.6), atol=1e-6)
    half = draw([(-0.5, 35)], 1.0, pixel_mm=(0.1, 0.1))
    assert half.sum() == pytest.approx(0.5 * draw([(30, 35)], 1.0, pixel_mm=(0.1, 0.1)).sum(), rel=0.12)
    assert not draw([(500, 500)], 0.5).any()
    assert not draw([], 0.5).any()
