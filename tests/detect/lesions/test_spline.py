"""Cubic B-spline displacements: what they can follow, what bends them, and what one step solves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline

from calcmeasure.detect.lesions.spline import KNOT_MM, Spline, bending

SHAPE, STEP_MM = (16, 21, 26), np.array([4.0, 4.1, 3.9])


@pytest.fixture(scope="module")
def spline():
    return Spline.over(SHAPE, STEP_MM)


def _greville(count):
    """Coefficients of the identity lie at the knots themselves."""
    return np.arange(count) - 1.0


def _affine(spline, matrix, constant):
    places = np.stack(np.meshgrid(*map(_greville, spline.shape), indexing="ij"))
    return np.einsum("ij,jabc->iabc", matrix, places) + np.reshape(constant, (3, 1, 1, 1))


def test_values_are_those_of_scipy(spline):
    """Along one axis; `scipy.interpolate.BSpline` on the same uniform knots."""
    points, count = spline.bases[1].shape
    coefficients = np.random.default_rng(0).normal(size=count)
    reference = BSpline(np.arange(count + 4) - 3.0, coefficients, 3)
    places = np.linspace(0, count - 3, points)
    places[-1] -= 1e-9  # the last knot closes the interval
    np.testing.assert_allclose(spline.bases[1] @ coefficients, reference(places), atol=1e-6)


def test_knots_lie_about_twenty_millimetres_apart(spline):
    spacing_mm = (np.array(SHAPE) - 1) * STEP_MM / (np.array(spline.shape) - 3)
    np.testing.assert_allclose(spacing_mm, KNOT_MM, rtol=0.2)


def test_gathering_is_the_transpose_of_spreading(spline):
    rng = np.random.default_rng(1)
    coefficients, sums = rng.normal(size=(2, *spline.shape)), rng.normal(size=(2, *SHAPE))
    spread = np.vdot(spline.at_points(coefficients), sums)
    assert spread == pytest.approx(np.vdot(coefficients, spline.gathered(sums)))


def test_shift_turn_and_stretch_do_not_bend(spline):
    matrix = np.array([[0.02, 0.1, 0.0], [-0.1, 0.0, 0.05], [0.0, -0.05, -0.03]])
    np.testing.assert_allclose(bending(_affine(spline, matrix, (1, -2, 3))), 0, atol=1e-12)


def test_bending_is_the_gradient_of_squared_second_differences(spline):
    coefficients = np.random.default_rng(2).normal(size=(3, *spline.shape))
    axes = [(a, b) for a in (1, 2, 3) for b in (1, 2, 3)]
    energy = sum(np.square(np.diff(np.diff(coefficients, axis=a), axis=b)).sum() for a, b in axes)
    assert np.vdot(coefficients, bending(coefficients)) == pytest.approx(energy)


def test_steps_lead_to_the_displacement_that_the_equations_state(spline):
    """With unit gradients the mismatch left after a displacement u of a true one t is u - t."""
    true = _affine(spline, 0.1 * np.eye(3), (0.5, -0.25, 1.0))
    found = np.zeros_like(true)
    for _ in range(60):
        sums = np.zeros((9, *SHAPE))
        sums[[0, 3, 5]] = 1
        sums[6:] = spline.at_points(found - true)
        found += spline.step(sums, found)
    inner = (slice(None), *[slice(4, -4)] * 3)  # a corner's knots see little of the volume
    np.testing.assert_allclose(spline.at_points(found)[inner], spline.at_points(true)[inner], atol=0.02)


def test_without_structure_nothing_moves(spline):
    assert not spline.step(np.zeros((9, *SHAPE)), np.zeros((3, *spline.shape))).any()


def test_one_slice_is_a_grid_too():
    thin = Spline.over((2, 20, 20), np.array([1e-3, 4.0, 4.0]))
    np.testing.assert_allclose(thin.at_points(np.ones((3, *thin.shape))), 1)
