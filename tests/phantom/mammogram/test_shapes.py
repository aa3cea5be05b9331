"""Chains are smooth and centred, shells are hollow, rasters keep their mass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.phantom.mammogram.deposits import Deposit, stamp_deposit
from calcmeasure.phantom.mammogram.path_map import PathMap
from calcmeasure.phantom.mammogram.shapes import ball, chain, popcorn, shell
from calcmeasure.phantom.mammogram.strokes import letter_strokes, stroke_coverage
from calcmeasure.terms import MarkLabel

PIXEL_MM = (0.08, 0.07)
SHAPE = (160, 180)
MIDDLE = np.array([80.3, 90.6])


def drawn(shape, *, mirrored: bool = False, centre_rc: np.ndarray = MIDDLE) -> np.ndarray:
    deposit = Deposit((0.0, 0.0), shape, 1.0, MarkLabel.COARSE)
    stamp = stamp_deposit(deposit, centre_rc, shape=SHAPE, pixel_mm=PIXEL_MM, mirrored=mirrored)
    image = np.zeros(SHAPE)
    image[stamp.window] = stamp.path_mm
    return image


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    rows, cols = np.indices(image.shape)
    return np.array([(rows * image).sum(), (cols * image).sum()]) / image.sum()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    "shape",
    [
        ball(0.6),
        shell(2.5, wall_mm=0.3, rng=np.random.default_rng(3)),
        popcorn(3.0, rng=np.random.default_rng(5)),
        PathMap(np.array([[0.0, 0.2, 0.4], [0.1, 0.0, 0.3]]), 0.11),
    ],
    ids=["ball", "shell", "popcorn", "raster"],
)
def test_centre_of_mass_falls_on_the_stated_place(shape, mirrored):
    assert centre_of_mass(drawn(shape, mirrored=mirrored)) == pytest.approx(MIDDLE, abs=0.05)


def test_right_breast_shows_the_mirror_image():
    asymmetric = popcorn(3.0, rng=np.random.default_rng(5))
    middle = np.array([80.0, 0.5 * (SHAPE[1] - 1)])
    left, right = drawn(asymmetric, centre_rc=middle), drawn(asymmetric, mirrored=True, centre_rc=middle)
    assert right[:, ::-1] == pytest.approx(left, abs=1e-6)
    assert np.abs(right - left).max() > 0.1


def test_chain_is_even_along_its_length_and_centred():
    line = np.column_stack([np.linspace(2.0, 8.0, 13), np.full(13, 3.0)])
    centre, lobes = chain(line, half_width_mm=0.3, half_depth_mm=0.2)
    assert centre == pytest.approx((5.0, 3.0))
    ridge = drawn(lobes)[80]
    inner = ridge[90 - 28 : 90 + 28]  # 2 mm either side of the middle, well away from the tapering ends
    # Overlapping ellipsoids leave a ripple of a ninth; beads of single ones would be of a half and more.
    assert np.ptp(inner) < 0.13 * inner.mean()
    assert inner.mean() == pytest.approx(0.4, rel=0.1)


def test_shell_is_lucent_in_the_middle():
    image = drawn(shell(3.0, wall_mm=0.2, rng=np.random.default_rng(2)))
    assert image[80, 91] < 0.5 * image.max()


@settings(max_examples=25, deadline=None)
@given(row=st.floats(40, 100), col=st.floats(40, 100), cell=st.floats(0.03, 0.3))
def test_raster_keeps_its_mass_wherever_it_falls(row, col, cell):
    path = np.array([[0.0, 0.5, 1.0], [0.2, 0.0, 0.0], [0.0, 0.0, 0.7]])
    mass = drawn(PathMap(path, cell), centre_rc=np.array([row, col])).sum() * np.prod(PIXEL_MM)
    assert mass == pytest.approx(path.sum() * cell**2, rel=1e-5)


def test_mark_outside_the_image_is_not_drawn():
    deposit = Deposit((0.0, 0.0), ball(0.5), 0.5, MarkLabel.COARSE)
    assert stamp_deposit(deposit, np.array([-1.0, 20.0]), shape=SHAPE, pixel_mm=PIXEL_MM) is None


def test_stroke_covers_length_times_width():
    lines = [np.array([[2.0, 2.0], [2.0, 10.0]])]
    covered = stroke_coverage(lines, SHAPE, width_mm=1.0, pixel_mm=(0.07, 0.07))
    rounded_ends = np.pi * 0.5**2
    assert covered.sum() * 0.07**2 == pytest.approx(8.0 + rounded_ends, rel=0.02)


def test_letters_stand_side_by_side_and_unknown_ones_are_blank():
    assert len(letter_strokes("L", height_mm=6.0)) == 1
    assert letter_strokes("?", height_mm=6.0) == []
    (first,), (second,) = letter_strokes("L", height_mm=6.0), letter_strokes("?L", height_mm=6.0)
    assert second - first == pytest.approx(np.tile([0.0, 5.6], (3, 1)))
