"""Smooth displacements: a uniform cubic B-spline, and the bending energy that keeps it stiff.

After Rueckert et al., IEEE Trans Med Imaging 1999;18:712-721. The energy is nought for every shift, turn and stretch of
the whole, so stiffness holds nothing back that a breast does at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

KNOT_MM = 20.0
"""Distance of the knots: nothing narrower than about two of them is displaced by itself."""
STIFFNESS = 0.002
"""Weight of the bending energy, in units of the strongest structure around a knot."""
INERTIA = 0.01
"""Weight of a step's own length, in the same units: holds still what no structure speaks for."""
SOLVER_ROUNDS = 12
_SECOND_DIFFERENCE_NORM = 36.0
"""About the diagonal of the bending energy's matrix in three dimensions."""


@dataclass(frozen=True, slots=True)
class Spline:
    """Displacements at the points of a grid, as coefficients of a uniform cubic B-spline.

    Parameters
    ----------
    bases
        For each axis, (points, coefficients) weights of the coefficients at the points.
    """

    bases: tuple[FloatArray, FloatArray, FloatArray]

    @classmethod
    def over(cls, shape: tuple[int, int, int], step_mm: FloatArray) -> Spline:
        """Spread knots about `KNOT_MM` apart over a grid of points, its corners included."""
        cells = np.maximum(1, np.round((np.asarray(shape) - 1) * step_mm / KNOT_MM)).astype(int)
        z, r, c = (_basis(points, int(count)) for points, count in zip(shape, cells, strict=True))
        return cls((z, r, c))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Coefficients along each axis."""
        z, r, c = (basis.shape[1] for basis in self.bases)
        return z, r, c

    def at_points(self, coefficients: FloatArray) -> FloatArray:
        """(n, ...) coefficients to (n, ...) values at the points."""
        return _along_axes(coefficients, self.bases)

    def gathered(self, sums: FloatArray) -> FloatArray:
        """(n, ...) sums at the points to (n, ...) sums weighted by every coefficient's share in them."""
        return _along_axes(sums, [basis.T for basis in self.bases])

    def step(self, sums: FloatArray, coefficients: FloatArray) -> FloatArray:
        """One Gauss-Newton step towards the least mismatch and bending together.

        Parameters
        ----------
        sums
            (9, ...) at the points: products of gradients (6) and of gradients with the mismatch (3).
        coefficients
            (3, ...) mm, so far.

        Returns
        -------
        (3, ...) mm to add.
        """
        gathered = self.gathered(sums)
        structure = _matrices(gathered[:6])
        unit = float(np.trace(structure).max()) + 1e-12
        stiff, inert = STIFFNESS * unit, INERTIA * unit

        def resistance(step: FloatArray) -> FloatArray:
            pulled: FloatArray = np.einsum("ij...,j...->i...", structure, step)
            return pulled + stiff * bending(step) + inert * step

        own = np.moveaxis(structure, (0, 1), (-2, -1)) + (inert + _SECOND_DIFFERENCE_NORM * stiff) * np.eye(3)
        inverse = np.linalg.inv(own).astype(np.float64, copy=False)
        return _conjugate_gradients(resistance, -(gathered[6:] + stiff * bending(coefficients)), inverse=inverse)


def bending(coefficients: FloatArray) -> FloatArray:
    """(3, ...) gradient of half the squared second differences of coefficients, the mixed ones twice."""
    sizes = coefficients.shape[1:]
    slopes, bends = ([_squared_differences(size, order) for size in sizes] for order in (1, 2))
    total = np.zeros_like(coefficients)
    for axis in range(3):
        total += _along(coefficients, bends[axis], axis=axis + 1)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        total += 2 * _along(_along(coefficients, slopes[one], axis=one + 1), slopes[other], axis=other + 1)
    return total


@cache
def _squared_differences(size: int, order: int) -> FloatArray:
    """(size, size) matrix of the sum of squared differences of an order."""
    differences: FloatArray = np.diff(np.eye(size), order, axis=0)
    return differences.T @ differences


def _basis(points: int, cells: int) -> FloatArray:
    """(points, cells + 3) cubic B-spline weights at evenly spaced points, the outermost on the outermost knots."""
    place = np.linspace(0, cells, points)
    low = np.minimum(place.astype(int), cells - 1)
    f = place - low
    weights = np.stack([(1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3]) / 6
    basis = np.zeros((points, cells + 3))
    for k, weight in enumerate(weights):
        basis[np.arange(points), low + k] = weight
    return basis


def _along_axes(values: FloatArray, matrices: Iterable[FloatArray]) -> FloatArray:
    for axis, matrix in enumerate(matrices, start=1):
        values = _along(values, matrix, axis=axis)
    return values


def _along(values: FloatArray, matrix: FloatArray, *, axis: int) -> FloatArray:
    """Multiply a (n, z, r, c) array by a matrix along one axis."""
    out: FloatArray
    if axis == 3:
        out = values @ matrix.T
    elif axis == 2:
        out = matrix @ values
    else:
        count, depth, *plane = values.shape
        out = (matrix @ values.reshape(count, depth, -1)).reshape(count, len(matrix), *plane)
    return out


def _matrices(products: FloatArray) -> FloatArray:
    """(3, 3, ...) symmetric matrices of (6, ...) products zz, zr, zc, rr, rc, cc."""
    zz, zr, zc, rr, rc, cc = products
    return np.stack([np.stack(row) for row in ((zz, zr, zc), (zr, rr, rc), (zc, rc, cc))])


def _conjugate_gradients(
    resistance: Callable[[FloatArray], FloatArray], force: FloatArray, *, inverse: FloatArray
) -> FloatArray:
    """Step under which the resistance balances the force: a fixed number of rounds, each coefficient preconditioned."""
    step, rest = np.zeros_like(force), force.copy()
    eased = np.einsum("...ij,j...->i...", inverse, rest)
    search, strength = eased, float((rest * eased).sum())
    for _ in range(SOLVER_ROUNDS):
        if strength <= 0:
            break
        pull = resistance(search)
        length = strength / float((search * pull).sum())
        step, rest = step + length * search, rest - length * pull
        eased = np.einsum("...ij,j...->i...", inverse, rest)
        before, strength = strength, float((rest * eased).sum())
        search = eased + strength / before * search
    return step
