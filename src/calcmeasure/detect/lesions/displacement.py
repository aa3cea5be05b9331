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
        """Sample an image where every voxel came from: cubic, edges repeated, never below 0."""
        frame_mm = np.stack([np.asarray(spacing.zrc_mm), np.zeros(3), self.step_mm])
        moved: FloatImage = warp(np.ascontiguousarray(image, np.float32), self.shift_mm, frame_mm, True)
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
    z0, beyond_z = _cell(z, nz)
    r0, beyond_r = _cell(r, nr)
    c0, beyond_c = _cell(c, nc)
    fz, fr, fc = np.float32(beyond_z), np.float32(beyond_r), np.float32(beyond_c)
    z1, r1, c1 = min(z0 + 1, nz - 1), min(r0 + 1, nr - 1), min(c0 + 1, nc - 1)
    near0 = volume[z0, r0, c0] + (volume[z0, r0, c1] - volume[z0, r0, c0]) * fc
    near1 = volume[z0, r1, c0] + (volume[z0, r1, c1] - volume[z0, r1, c0]) * fc
    far0 = volume[z1, r0, c0] + (volume[z1, r0, c1] - volume[z1, r0, c0]) * fc
    far1 = volume[z1, r1, c0] + (volume[z1, r1, c1] - volume[z1, r1, c0]) * fc
    near, far = near0 + (near1 - near0) * fr, far0 + (far1 - far0) * fr
    value: float = near + (far - near) * fz
    return value


@njit(cache=True, inline="always")
def _keys(fraction: float) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Cubic convolution with a = -0.5 (Keys, IEEE Trans Acoust Speech Signal Process 1981;29:1153-1160)."""
    f = np.float32(fraction)
    one, two, three, four = np.float32(1), np.float32(2), np.float32(3), np.float32(4)
    first = (f * (two - f) - one) * f / two
    third = (f * (four - three * f) + one) * f / two
    last = (f - one) * f * f / two
    return first, one - first - third - last, third, last


@njit(cache=True, inline="always")
def _sample_cubic(volume: FloatImage, z: float, r: float, c: float) -> float:
    """Tricubic value at a fractional index; edges repeated."""
    nz, nr, nc = volume.shape
    z0, fz = _cell(z, nz)
    r0, fr = _cell(r, nr)
    c0, fc = _cell(c, nc)
    wz, wr, wc = _keys(fz), _keys(fr), _keys(fc)
    ca, cb, cd = max(c0 - 1, 0), min(c0 + 1, nc - 1), min(c0 + 2, nc - 1)
    value = 0.0
    for i in range(4):
        plane = volume[min(max(z0 + i - 1, 0), nz - 1)]
        part = np.float32(0)
        for j in range(4):
            line = plane[min(max(r0 + j - 1, 0), nr - 1)]
            part += wr[j] * (wc[0] * line[ca] + wc[1] * line[c0] + wc[2] * line[cb] + wc[3] * line[cd])
        value += float(wz[i] * part)
    return max(value, 0.0)


@njit(cache=True, inline="always")
def _shifts(line: FloatArray, shift_mm: FloatArray, place: tuple[float, float], voxel_mm: FloatArray) -> None:
    """Fill (3, points) with the shift, in voxels, along the columns at a fractional (slice, row) of the points."""
    _, gz, gr, gc = shift_mm.shape
    z0, fz = _cell(place[0], gz)
    r0, fr = _cell(place[1], gr)
    z1, r1 = min(z0 + 1, gz - 1), min(r0 + 1, gr - 1)
    for d in range(3):
        for g in range(gc):
            near = shift_mm[d, z0, r0, g] * (1 - fr) + shift_mm[d, z0, r1, g] * fr
            far = shift_mm[d, z1, r0, g] * (1 - fr) + shift_mm[d, z1, r1, g] * fr
            line[d, g] = (near * (1 - fz) + far * fz) / voxel_mm[d]


@njit(cache=True, fastmath=True)
def warp(volume: FloatImage, shift_mm: FloatArray, frame_mm: FloatArray, cubic: bool = False) -> FloatImage:
    """Sample `volume` where every voxel came from; trilinear, or tricubic and never below 0; edges repeated."""
    voxel_mm, offset_mm, step_mm = frame_mm
    nz, nr, nc = volume.shape
    out = np.empty(volume.shape, np.float32)
    line = np.empty((3, shift_mm.shape[3]))
    for z in range(nz):
        for r in range(nr):
            place = (z * voxel_mm[0] + offset_mm[0]) / step_mm[0], (r * voxel_mm[1] + offset_mm[1]) / step_mm[1]
            _shifts(line, shift_mm, place, voxel_mm)
            for c in range(nc):
                c0, fc = _cell((c * voxel_mm[2] + offset_mm[2]) / step_mm[2], line.shape[1])
                c1 = min(c0 + 1, line.shape[1] - 1)
                at_z = z + line[0, c0] * (1 - fc) + line[0, c1] * fc
                at_r = r + line[1, c0] * (1 - fc) + line[1, c1] * fc
                at_c = c + line[2, c0] * (1 - fc) + line[2, c1] * fc
                if cubic:
                    out[z, r, c] = _sample_cubic(volume, at_z, at_r, at_c)
                else:
                    out[z, r, c] = _sample(volume, at_z, at_r, at_c)
    return out


@njit(cache=True, fastmath=True)
def normal_equations(
    moved: FloatImage, fixed: FloatImage, region: BoolImage, frame_mm: FloatArray, shape: tuple[int, int, int]
) -> FloatArray:
    """Sum products of gradients (6), and of gradients with the mismatch (3), at the nearest point.

    The gradient is the mean of both images', so that neither leads (Malis, IEEE ICRA 2004: 1843-1848).
    """
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
                dz = 0.5 * (fixed[zb, r, c] - fixed[za, r, c] + moved[zb, r, c] - moved[za, r, c])
                dr = 0.5 * (fixed[z, rb, c] - fixed[z, ra, c] + moved[z, rb, c] - moved[z, ra, c])
                dc = 0.5 * (fixed[z, r, cb] - fixed[z, r, ca] + moved[z, r, cb] - moved[z, r, ca])
                dz /= max(zb - za, 1) * voxel_mm[0]
                dr /= max(rb - ra, 1) * voxel_mm[1]
                dc /= max(cb - ca, 1) * voxel_mm[2]
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
