"""Kernels that hold a phase against another where a displacement says its voxels came from.

Fields (a displacement, a local mean) are given at evenly spaced points and are linear between them. A frame is (3, 3):
voxel size, position of voxel (0, 0, 0) and distance of the points, where the first point lies at 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage

FloatArray = NDArray[np.float64]


@njit(cache=True, inline="always")
def cell(position: float, count: int) -> tuple[int, float]:
    """Lower point and the fraction beyond it."""
    low = min(max(int(np.floor(position)), 0), max(count - 2, 0))
    return low, min(max(position - low, 0.0), 1.0)


@njit(cache=True, inline="always")
def fill_line(line: FloatArray, fields: FloatArray, z: float, r: float) -> None:
    """Fill (n, points) with the values of (n, ...) fields along the columns, at a fractional (slice, row) of points."""
    count, gz, gr, gc = fields.shape
    z0, fz = cell(z, gz)
    r0, fr = cell(r, gr)
    z1, r1 = min(z0 + 1, gz - 1), min(r0 + 1, gr - 1)
    for n in range(count):
        for g in range(gc):
            near = fields[n, z0, r0, g] * (1 - fr) + fields[n, z0, r1, g] * fr
            far = fields[n, z1, r0, g] * (1 - fr) + fields[n, z1, r1, g] * fr
            line[n, g] = near * (1 - fz) + far * fz


@njit(cache=True)
def in_voxels(shift_mm: FloatArray, voxel_mm: FloatArray) -> FloatArray:
    """(3, ...) shift in voxels."""
    shift = np.empty_like(shift_mm)
    for axis in range(3):
        shift[axis] = shift_mm[axis] / voxel_mm[axis]
    return shift


@njit(cache=True, inline="always")
def _on_line(values: FloatArray, place: float) -> float:
    low, beyond = cell(place, values.size)
    value: float = values[low] * (1 - beyond) + values[min(low + 1, values.size - 1)] * beyond
    return value


@njit(cache=True, fastmath=True)
def standardise(logs: FloatImage, fields: FloatImage, frame: FloatArray) -> None:
    """Take (2, ...) fields, mean and spread, from an image and divide it by them, in place."""
    voxel, offset, step = frame
    nz, nr, nc = logs.shape
    line, mean, spread = np.empty((2, fields.shape[3]), np.float32), np.empty(nc, np.float32), np.empty(nc, np.float32)
    for z in range(nz):
        for r in range(nr):
            fill_line(line, fields, (z * voxel[0] + offset[0]) / step[0], (r * voxel[1] + offset[1]) / step[1])
            for c in range(nc):
                at_c = (c * voxel[2] + offset[2]) / step[2]
                mean[c], spread[c] = _on_line(line[0], at_c), _on_line(line[1], at_c)
            values = logs[z, r]
            for c in range(nc):
                values[c] = (values[c] - mean[c]) / spread[c]


@njit(cache=True, fastmath=True)
def _between(line: FloatImage, low: int, beyond: float) -> float:
    value: float = line[low] + (line[min(low + 1, line.size - 1)] - line[low]) * beyond
    return value


@njit(cache=True, fastmath=True)
def _slope(line: FloatImage, low: int, beyond: float) -> float:
    """Twice the slope along a line: central differences at the two voxels around, and linear between."""
    high, last = min(low + 1, line.size - 1), line.size - 1
    here, there = line[high] - line[max(low - 1, 0)], line[min(low + 2, last)] - line[low]
    value: float = here + (there - here) * beyond
    return value


@njit(cache=True, fastmath=True)
def _look(volume: FloatImage, z: float, r: float, c: float) -> tuple[float, float, float, float]:
    """Trilinear value at a fractional index, and twice its slopes from the values one voxel away; edges repeated."""
    nz, nr, nc = volume.shape
    z0, fz = cell(z, nz)
    r0, fr = cell(r, nr)
    c0, fc = cell(c, nc)
    za, z1, zb = max(z0 - 1, 0), min(z0 + 1, nz - 1), min(z0 + 2, nz - 1)
    ra, r1, rb = max(r0 - 1, 0), min(r0 + 1, nr - 1), min(r0 + 2, nr - 1)
    v00, v01 = _between(volume[z0, r0], c0, fc), _between(volume[z0, r1], c0, fc)
    v10, v11 = _between(volume[z1, r0], c0, fc), _between(volume[z1, r1], c0, fc)
    near, far = v00 + (v01 - v00) * fr, v10 + (v11 - v10) * fr
    before, after = _between(volume[za, r0], c0, fc), _between(volume[zb, r0], c0, fc)
    before += (_between(volume[za, r1], c0, fc) - before) * fr
    after += (_between(volume[zb, r1], c0, fc) - after) * fr
    dz = (far - before) * (1 - fz) + (after - near) * fz
    low = (v01 - _between(volume[z0, ra], c0, fc)) * (1 - fr) + (_between(volume[z0, rb], c0, fc) - v00) * fr
    high = (v11 - _between(volume[z1, ra], c0, fc)) * (1 - fr) + (_between(volume[z1, rb], c0, fc) - v10) * fr
    left = _slope(volume[z0, r0], c0, fc) * (1 - fr) + _slope(volume[z0, r1], c0, fc) * fr
    right = _slope(volume[z1, r0], c0, fc) * (1 - fr) + _slope(volume[z1, r1], c0, fc) * fr
    return near + (far - near) * fz, dz, low + (high - low) * fz, left + (right - left) * fz


@njit(cache=True, fastmath=True)
def normal_equations(
    moving: FloatImage,
    fixed: FloatImage,
    matched: BoolImage,
    shift_mm: FloatArray,
    frame_mm: FloatArray,
    every: int,
) -> FloatArray:
    """Sum products of gradients (6), and of gradients with the mismatch (3), at the nearest point.

    The gradient is the mean of both images', so that neither leads (Malis, IEEE ICRA 2004: 1843-1848). Of the voxels
    those count whose indices add up to a multiple of `every`.
    """
    voxel_mm, offset_mm, step_mm = frame_mm
    shift, line = in_voxels(shift_mm, voxel_mm), np.empty((3, shift_mm.shape[3]))
    nz, nr, nc = fixed.shape
    _, gz, gr, gc = shift.shape
    sums = np.zeros((9, gz, gr, gc))
    for z in range(nz):
        at_z = (z * voxel_mm[0] + offset_mm[0]) / step_mm[0]
        pz, za, zb = min(int(at_z + 0.5), gz - 1), max(z - 1, 0), min(z + 1, nz - 1)
        for r in range(nr):
            at_r = (r * voxel_mm[1] + offset_mm[1]) / step_mm[1]
            pr, ra, rb = min(int(at_r + 0.5), gr - 1), max(r - 1, 0), min(r + 1, nr - 1)
            fill_line(line, shift, at_z, at_r)
            for c in range(-(z + r) % every, nc, every):
                if not matched[z, r, c]:
                    continue
                at_c = (c * voxel_mm[2] + offset_mm[2]) / step_mm[2]
                pc, ca, cb = min(int(at_c + 0.5), gc - 1), max(c - 1, 0), min(c + 1, nc - 1)
                places = z + _on_line(line[0], at_c), r + _on_line(line[1], at_c), c + _on_line(line[2], at_c)
                value, dz, dr, dc = _look(moving, places[0], places[1], places[2])
                dz = (dz + fixed[zb, r, c] - fixed[za, r, c]) / (4 * voxel_mm[0])
                dr = (dr + fixed[z, rb, c] - fixed[z, ra, c]) / (4 * voxel_mm[1])
                dc = (dc + fixed[z, r, cb] - fixed[z, r, ca]) / (4 * voxel_mm[2])
                gap = value - fixed[z, r, c]
                weight = every / (1.0 + gap * gap)
                for n, product in enumerate((dz * dz, dz * dr, dz * dc, dr * dr, dr * dc, dc * dc)):
                    sums[n, pz, pr, pc] += weight * product
                for n, slope in enumerate((dz, dr, dc)):
                    sums[6 + n, pz, pr, pc] += weight * slope * gap
    return sums


@njit(cache=True, fastmath=True)
def mean_square_gap(
    moving: FloatImage, fixed: FloatImage, region: BoolImage, shift_mm: FloatArray, frame_mm: FloatArray, every: int
) -> float:
    """Mean squared difference inside a region, over the voxels that `normal_equations` counts."""
    voxel_mm, offset_mm, step_mm = frame_mm
    shift, line = in_voxels(shift_mm, voxel_mm), np.empty((3, shift_mm.shape[3]))
    nz, nr, nc = fixed.shape
    total, count = 0.0, 0
    for z in range(nz):
        for r in range(nr):
            at_z, at_r = (z * voxel_mm[0] + offset_mm[0]) / step_mm[0], (r * voxel_mm[1] + offset_mm[1]) / step_mm[1]
            fill_line(line, shift, at_z, at_r)
            for c in range(-(z + r) % every, nc, every):
                if region[z, r, c]:
                    at_c = (c * voxel_mm[2] + offset_mm[2]) / step_mm[2]
                    places = z + _on_line(line[0], at_c), r + _on_line(line[1], at_c), c + _on_line(line[2], at_c)
                    gap = _look(moving, places[0], places[1], places[2])[0] - fixed[z, r, c]
                    total += gap * gap
                    count += 1
    return total / max(count, 1)
