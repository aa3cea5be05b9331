"""A volume sampled anew where a displacement says its voxels came from: tricubic, a line of voxels at a time.

Neighbours mostly come from neighbours, all shifted by the same whole voxels. Over such a run the 64 weights and values
of a voxel lie side by side, and compilers turn the sum into instructions that handle several voxels at once.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from calcmeasure.detect.contract import FloatImage
from calcmeasure.detect.lesions.warping import cell, fill_line, in_voxels

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]

SPAN = 256
"""Voxels of a line that are handled together. Fixed, for compilers must see that weights so far apart are apart."""


def warp(volume: FloatImage, shift_mm: FloatArray, frame_mm: FloatArray) -> FloatImage:
    """Sample a volume where every voxel came from: cubic convolution, never below 0, edges repeated.

    Parameters
    ----------
    volume
        (slices, rows, columns).
    shift_mm
        (3, n, m, k) displacement at evenly spaced points, linear between them.
    frame_mm
        (3, 3) voxel size, position of voxel (0, 0, 0) and distance of the points.
    """
    moved: FloatImage = _warp(np.pad(volume, ((1, 2),) * 3, mode="edge"), shift_mm, frame_mm)
    return moved


@njit(cache=True, fastmath=True)
def _warp(padded: FloatImage, shift_mm: FloatArray, frame_mm: FloatArray) -> FloatImage:
    start, step = frame_mm[1] / frame_mm[2], frame_mm[0] / frame_mm[2]
    nz, nr, nc = padded.shape[0] - 3, padded.shape[1] - 3, padded.shape[2] - 3
    shift, line = in_voxels(shift_mm, frame_mm[0]), np.empty((3, shift_mm.shape[3]), np.float32)
    low, fraction, weights = (
        np.empty((3, SPAN), np.int32),
        np.empty((3, SPAN), np.float32),
        np.empty(12 * SPAN, np.float32),
    )
    out = np.empty((nz, nr, nc), np.float32)
    for z in range(nz):
        for r in range(nr):
            fill_line(line, shift, start[0] + z * step[0], start[1] + r * step[1])
            for c in range(0, nc, SPAN):
                part = out[z, r, c : c + SPAN]
                _locate(fraction, line, start[2] + c * step[2], step[2], part.size)
                _split(low, fraction, (z, r, c), (nz, nr, nc), part.size)
                _weigh(weights, fraction, part.size)
                _sample(part, padded, low, weights, (z, r, c))
    return out


@njit(cache=True, fastmath=True)
def _locate(fraction: FloatImage, line: FloatImage, start: float, step: float, count: int) -> None:
    """Shift of each voxel of a span, in voxels."""
    for c in range(count):
        point, beyond = cell(start + c * step, line.shape[1])
        above = min(point + 1, line.shape[1] - 1)
        for axis in range(3):
            fraction[axis, c] = line[axis, point] + (line[axis, above] - line[axis, point]) * np.float32(beyond)


@njit(cache=True, fastmath=True)
def _split(
    low: IndexArray, fraction: FloatImage, first: tuple[int, int, int], sizes: tuple[int, int, int], count: int
) -> None:
    """Turn shifts into whole voxels and what is left, no farther than the volume goes."""
    for axis in range(3):
        last, along = np.int32(max(sizes[axis] - 2, 0)), np.int32(axis == 2)
        for c in range(count):
            shift, here = fraction[axis, c], np.int32(first[axis]) + along * np.int32(c)
            whole = min(max(here + np.int32(np.floor(shift)), np.int32(0)), last) - here
            low[axis, c], fraction[axis, c] = whole, min(max(shift - np.float32(whole), np.float32(0)), np.float32(1))


@njit(cache=True, fastmath=True)
def _weigh(weights: FloatImage, fraction: FloatImage, count: int) -> None:
    """Four weights along each axis: a = -0.5 of Keys, IEEE Trans Acoust Speech Signal Process 1981;29:1153-1160."""
    one, two, three, four = np.float32(1), np.float32(2), np.float32(3), np.float32(4)
    for axis in range(3):
        beyond, own = fraction[axis], weights[4 * axis * SPAN :]
        for c in range(count):
            f = beyond[c]
            first, third = (f * (two - f) - one) * f / two, (f * (four - three * f) + one) * f / two
            last = (f - one) * f * f / two
            own[c], own[c + 2 * SPAN], own[c + 3 * SPAN] = first, third, last
            own[c + SPAN] = one - first - third - last


@njit(cache=True, fastmath=True)
def _sample(
    out: FloatImage, padded: FloatImage, low: IndexArray, weights: FloatImage, start: tuple[int, int, int]
) -> None:
    """Run by run of voxels that are shifted by the same whole voxels."""
    c = 0
    while c < out.size:
        z, r, first = start[0] + low[0, c], start[1] + low[1, c], start[2] + c + low[2, c]
        stop = c + 1
        while stop < out.size and _same(low, c, stop):
            stop += 1
        run = out[c:stop]
        run[:] = 0
        for i in range(4):
            plane = padded[z + i]
            lines = plane[r, first:], plane[r + 1, first:], plane[r + 2, first:], plane[r + 3, first:]
            _add_plane(run, lines, weights[c:], i)
        for k in range(run.size):
            run[k] = max(run[k], np.float32(0))
        c = stop


@njit(cache=True, inline="always")
def _same(low: IndexArray, one: int, other: int) -> bool:
    return bool(low[0, one] == low[0, other] and low[1, one] == low[1, other] and low[2, one] == low[2, other])


@njit(cache=True, fastmath=True)
def _add_plane(run: FloatImage, lines: tuple[FloatImage, ...], weights: FloatImage, plane: int) -> None:
    """Add what four lines of one slice give; weights along the slices come first, along the columns last."""
    a, b, c, d = lines
    for k in range(run.size):
        w0, w1, w2, w3 = weights[k + 8 * SPAN], weights[k + 9 * SPAN], weights[k + 10 * SPAN], weights[k + 11 * SPAN]
        value = weights[k + 4 * SPAN] * (w0 * a[k] + w1 * a[k + 1] + w2 * a[k + 2] + w3 * a[k + 3])
        value += weights[k + 5 * SPAN] * (w0 * b[k] + w1 * b[k + 1] + w2 * b[k + 2] + w3 * b[k + 3])
        value += weights[k + 6 * SPAN] * (w0 * c[k] + w1 * c[k + 1] + w2 * c[k + 2] + w3 * c[k + 3])
        value += weights[k + 7 * SPAN] * (w0 * d[k] + w1 * d[k + 1] + w2 * d[k + 2] + w3 * d[k + 3])
        run[k] += weights[k + plane * SPAN] * value
