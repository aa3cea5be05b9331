"""A displacement on a coarse grid of control points: what it does to an image and to a lesion, and how it is found.

A displaced image shows at x what the moving one shows at x + shift(x).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.geometry import Spacing

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Displacement:
    """Shift at evenly spaced control points, linear between them.

    Parameters
    ----------
    shift_mm
        (3, n, m, k) along slice, row and column.
    step_mm
        (3,) distance of the control points; the first lies at the centre of voxel (0, 0, 0).
    """

    shift_mm: FloatArray
    step_mm: FloatArray

    @property
    def largest_mm(self) -> float:
        """Length of the longest shift."""
        return float(np.sqrt((self.shift_mm**2).sum(axis=0)).max())

    def apply(self, image: FloatImage, spacing: Spacing) -> FloatImage:
        """Sample an image where every voxel came from: linear, edges repeated."""
        frame_mm = np.stack([np.asarray(spacing.zrc_mm), np.zeros(3), self.step_mm])
        moved: FloatImage = warp(image, self.shift_mm, frame_mm)
        return moved

    def at(self, places_mm: FloatArray) -> FloatArray:
        """(3, ...) shift at (3, ...) places, mm from the centre of voxel (0, 0, 0)."""
        index = places_mm / self.step_mm.reshape(3, *[1] * (places_mm.ndim - 1))
        shifts = [ndimage.map_coordinates(part, index, order=1, mode="nearest") for part in self.shift_mm]
        return np.stack(shifts)


def volume_change(
    displacement: Displacement, mask: BoolImage, *, spacing: Spacing, offset_zrc: tuple[int, int, int] = (0, 0, 0)
) -> float:
    """Relative change of a lesion's volume by a motion correction.

    What fills the mask in the displaced image filled the integral of the Jacobian determinant of x + shift(x) over
    the mask in the moving one; the change is one over its mean, less one.

    Parameters
    ----------
    mask
        (slices, rows, columns) of the box that starts at `offset_zrc` in the volume.

    Returns
    -------
    Fraction, negative where the lesion was made smaller; 0 for an empty mask.
    """
    if not mask.any():
        return 0.0
    steps_mm = np.asarray(spacing.zrc_mm)
    index = np.argwhere(mask) + np.asarray(offset_zrc)
    centres_mm = index.T * steps_mm[:, None]
    columns = []
    for axis in range(3):
        half_mm = np.zeros((3, 1))
        half_mm[axis] = 0.5 * displacement.step_mm[axis]
        columns.append(
            (displacement.at(centres_mm + half_mm) - displacement.at(centres_mm - half_mm)) / (2 * half_mm.sum())
        )
    jacobian = np.stack(columns, axis=1).transpose(2, 0, 1) + np.eye(3)
    return float(1 / np.linalg.det(jacobian).mean() - 1)


@njit(cache=True, inline="always")
def _cell(position: float, count: int) -> tuple[int, float]:
    """Lower control point and the fraction beyond it."""
    low = min(max(int(np.floor(position)), 0), max(count - 2, 0))
    return low, min(max(position - low, 0.0), 1.0)


@njit(cache=True, inline="always")
def _sample(volume: FloatImage, z: float, r: float, c: float) -> float:
    """Trilinear value at a fractional index; edges repeated."""
    nz, nr, nc = volume.shape
    z0, fz = _cell(z, nz)
    r0, fr = _cell(r, nr)
    c0, fc = _cell(c, nc)
    z1, r1, c1 = min(z0 + 1, nz - 1), min(r0 + 1, nr - 1), min(c0 + 1, nc - 1)
    near0 = volume[z0, r0, c0] * (1 - fc) + volume[z0, r0, c1] * fc
    near1 = volume[z0, r1, c0] * (1 - fc) + volume[z0, r1, c1] * fc
    far0 = volume[z1, r0, c0] * (1 - fc) + volume[z1, r0, c1] * fc
    far1 = volume[z1, r1, c0] * (1 - fc) + volume[z1, r1, c1] * fc
    value: float = (near0 * (1 - fr) + near1 * fr) * (1 - fz) + (far0 * (1 - fr) + far1 * fr) * fz
    return value


@njit(cache=True, fastmath=True)
def warp(volume: FloatImage, shift_mm: FloatArray, frame_mm: FloatArray) -> FloatImage:
    """Sample `volume` where every voxel came from; trilinear, edges repeated."""
    voxel_mm, offset_mm, step_mm = frame_mm
    nz, nr, nc = volume.shape
    _, gz, gr, gc = shift_mm.shape
    out = np.empty(volume.shape, np.float32)
    line = np.empty((3, gc))
    for z in range(nz):
        z0, fz = _cell((z * voxel_mm[0] + offset_mm[0]) / step_mm[0], gz)
        z1 = min(z0 + 1, gz - 1)
        for r in range(nr):
            r0, fr = _cell((r * voxel_mm[1] + offset_mm[1]) / step_mm[1], gr)
            r1 = min(r0 + 1, gr - 1)
            for d in range(3):
                for g in range(gc):
                    near = shift_mm[d, z0, r0, g] * (1 - fr) + shift_mm[d, z0, r1, g] * fr
                    far = shift_mm[d, z1, r0, g] * (1 - fr) + shift_mm[d, z1, r1, g] * fr
                    line[d, g] = (near * (1 - fz) + far * fz) / voxel_mm[d]
            for c in range(nc):
                c0, fc = _cell((c * voxel_mm[2] + offset_mm[2]) / step_mm[2], gc)
                c1 = min(c0 + 1, gc - 1)
                out[z, r, c] = _sample(
                    volume,
                    z + line[0, c0] * (1 - fc) + line[0, c1] * fc,
                    r + line[1, c0] * (1 - fc) + line[1, c1] * fc,
                    c + line[2, c0] * (1 - fc) + line[2, c1] * fc,
                )
    return out


@njit(cache=True, fastmath=True)
def normal_equations(
    moved: FloatImage, fixed: FloatImage, region: BoolImage, frame_mm: FloatArray, shape: tuple[int, int, int]
) -> FloatArray:
    """Sum gradient products (6) and gradient times mismatch (3) at the nearest control point."""
    voxel_mm, offset_mm, step_mm = frame_mm
    nz, nr, nc = fixed.shape
    sums = np.zeros((9, shape[0], shape[1], shape[2]))
    for z in range(nz):
        gz = min(int((z * voxel_mm[0] + offset_mm[0]) / step_mm[0] + 0.5), shape[0] - 1)
        za, zb = max(z - 1, 0), min(z + 1, nz - 1)
        for r in range(nr):
            gr = min(int((r * voxel_mm[1] + offset_mm[1]) / step_mm[1] + 0.5), shape[1] - 1)
            ra, rb = max(r - 1, 0), min(r + 1, nr - 1)
            for c in range(nc):
                if not region[z, r, c]:
                    continue
                gc = min(int((c * voxel_mm[2] + offset_mm[2]) / step_mm[2] + 0.5), shape[2] - 1)
                ca, cb = max(c - 1, 0), min(c + 1, nc - 1)
                dz = (fixed[zb, r, c] - fixed[za, r, c]) / (max(zb - za, 1) * voxel_mm[0])
                dr = (fixed[z, rb, c] - fixed[z, ra, c]) / (max(rb - ra, 1) * voxel_mm[1])
                dc = (fixed[z, r, cb] - fixed[z, r, ca]) / (max(cb - ca, 1) * voxel_mm[2])
                gap = moved[z, r, c] - fixed[z, r, c]
                weight = 1.0 / (1.0 + gap * gap)
                sums[0, gz, gr, gc] += weight * dz * dz
                sums[1, gz, gr, gc] += weight * dz * dr
                sums[2, gz, gr, gc] += weight * dz * dc
                sums[3, gz, gr, gc] += weight * dr * dr
                sums[4, gz, gr, gc] += weight * dr * dc
                sums[5, gz, gr, gc] += weight * dc * dc
                sums[6, gz, gr, gc] += weight * dz * gap
                sums[7, gz, gr, gc] += weight * dr * gap
                sums[8, gz, gr, gc] += weight * dc * gap
    return sums
