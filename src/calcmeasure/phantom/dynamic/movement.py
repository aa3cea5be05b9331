"""What moves between two acquisitions: shift, turn and a smooth wave, sampled by cubic convolution.

The interpolation kernel is Keys' (IEEE Trans Acoust Speech Signal Process 1981;29:1153-1160) with a = -0.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from calcmeasure.geometry import ImageGrid

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Triple = tuple[float, float, float]

WAVE_MM = 90.0
"""Length of the waves of a smooth displacement."""
_STILL: Triple = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class PhaseMovement:
    """Where what is seen at each voxel lies in the unmoved picture.

    Parameters
    ----------
    shift_mm
        Along slices, rows and columns.
    turn_deg
        About the slice, row and column axis through the centre of the volume; small angles.
    wave_mm
        Height of the smooth part along slices, rows and columns.
    wave_phases
        (3, 3) radians: one row per direction of displacement, one column per axis.
    """

    shift_mm: Triple = _STILL
    turn_deg: Triple = _STILL
    wave_mm: Triple = _STILL
    wave_phases: tuple[Triple, Triple, Triple] = (_STILL, _STILL, _STILL)

    @property
    def is_still(self) -> bool:
        """Whether nothing moves."""
        return not any((*self.shift_mm, *self.turn_deg, *self.wave_mm))

    def displacement_mm(self, points_zrc: FloatArray, grid: ImageGrid) -> FloatArray:
        """(n, 3) voxel positions to mm along slices, rows and columns."""
        ramps, waves = self._terms(grid)
        scaled = points_zrc * np.asarray(grid.spacing.zrc_mm)
        linear = scaled @ ramps[:, :3].T + ramps[:, 3]
        angles = 2 * np.pi / WAVE_MM * scaled[:, None, :] + waves[:, 1:]
        smooth: FloatArray = linear + waves[:, 0] * np.cos(angles).mean(axis=-1)
        return smooth

    def seen_at(self, points_zrc: FloatArray, grid: ImageGrid) -> FloatArray:
        """(n, 3) where points of the unmoved picture are seen."""
        seen = points_zrc.copy()
        for _ in range(12):
            seen = points_zrc - self.displacement_mm(seen, grid) / np.asarray(grid.spacing.zrc_mm)
        return seen

    def applied_to(self, volume: FloatImage, grid: ImageGrid) -> FloatImage:
        """Move a picture."""
        if self.is_still:
            return volume
        ramps, waves = self._terms(grid)
        moved: FloatImage = _warp(
            np.ascontiguousarray(volume, np.float32), np.asarray(grid.spacing.zrc_mm), ramps, _wave_tables(waves, grid)
        )
        return moved

    def _terms(self, grid: ImageGrid) -> tuple[FloatArray, FloatArray]:
        """(3, 4) linear displacement of mm positions and its constant; (3, 4) wave heights and phases."""
        about_slice, about_row, about_column = np.deg2rad(self.turn_deg)
        turn = np.array(
            [
                [0.0, -about_column, about_row],
                [about_column, 0.0, -about_slice],
                [-about_row, about_slice, 0.0],
            ]
        )
        centre_mm = (np.asarray(grid.shape) - 1) / 2 * np.asarray(grid.spacing.zrc_mm)
        constant = np.asarray(self.shift_mm) - turn @ centre_mm
        return np.column_stack([turn, constant]), np.column_stack([self.wave_mm, self.wave_phases])


def breathing(
    signal: FloatImage, spacing_zrc_mm: Triple, *, motion_mm: float, rng: np.random.Generator, is_still: bool
) -> FloatImage:
    """Move a picture by a smooth random field of breathing size, by cubic splines; draws even when it stays still."""
    amplitudes = rng.normal(size=3) * np.array([0.4, 1.0, 0.6]) * motion_mm
    phases = rng.uniform(0, 2 * np.pi, (3, 3))
    if is_still or motion_mm == 0:
        return signal
    spacing = np.asarray(spacing_zrc_mm)
    moved = np.empty_like(signal)
    margin = 6
    for first in range(0, signal.shape[0], 16):
        last = min(first + 16, signal.shape[0])
        low, high = max(0, first - margin), min(signal.shape[0], last + margin)
        axes = np.ix_(*_axes(first, last, signal.shape))
        offsets = _offsets(axes, spacing, amplitudes_mm=amplitudes, phases=phases)
        coordinates = np.stack([axis + offset for axis, offset in zip(axes, offsets, strict=True)])
        coordinates[0] -= low
        moved[first:last] = map_coordinates(signal[low:high], coordinates, order=3, mode="nearest")
    return np.maximum(moved, 0)


def _axes(first: int, last: int, shape: tuple[int, ...]) -> tuple[NDArray[np.float32], ...]:
    ranges = ((first, last), (0, shape[1]), (0, shape[2]))
    return tuple(np.arange(*pair, dtype=np.float32) for pair in ranges)


def _offsets(
    axes: tuple[NDArray[np.float32], ...], spacing_mm: FloatArray, *, amplitudes_mm: FloatArray, phases: FloatArray
) -> list[FloatImage]:
    """Voxels to move along each axis: long waves around a constant, the same for any slab of the volume."""
    angles = [np.float32(2 * np.pi * step / WAVE_MM) * axis for axis, step in zip(axes, spacing_mm, strict=True)]
    offsets: list[FloatImage] = []
    for amplitude, shifts, step in zip(amplitudes_mm, phases, spacing_mm, strict=True):
        wave = sum(np.cos(angle + np.float32(shift)) for angle, shift in zip(angles, shifts, strict=True)) / 3
        offsets.append(np.asarray(amplitude / step * (0.6 + wave), dtype=np.float32))
    return offsets


def _wave_tables(waves: FloatArray, grid: ImageGrid) -> FloatArray:
    """(3, 3, longest axis) part of each displacement, mm, that each index of each axis adds."""
    tables = np.zeros((3, 3, max(grid.shape)))
    for axis, (count, step) in enumerate(zip(grid.shape, grid.spacing.zrc_mm, strict=True)):
        angles = 2 * np.pi / WAVE_MM * step * np.arange(count) + waves[:, 1 + axis, None]
        tables[:, axis, :count] = waves[:, :1] * np.cos(angles) / 3
    return tables


@njit(cache=True, inline="always")
def _weights(fraction: float) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Keys' cubic convolution."""
    f = np.float32(fraction)
    half, one = np.float32(0.5), np.float32(1.0)
    first = half * f * (f * (np.float32(2.0) - f) - one)
    last = half * f * f * (f - one)
    third = half * f * (f * (np.float32(4.0) - np.float32(3.0) * f) + one)
    return first, one - first - third - last, third, last


@njit(cache=True, inline="always")
def _clamped(index: int, count: int) -> int:
    return min(max(index, 0), count - 1)


@njit(cache=True, fastmath=True)
def _warp(volume: FloatImage, step_mm: FloatArray, ramps: FloatArray, tables: FloatArray) -> FloatImage:
    """Sample where every voxel came from; edges repeated, never below 0."""
    nz, nr, nc = volume.shape
    out = np.empty(volume.shape, np.float32)
    base = np.empty(3)
    for z in range(nz):
        for r in range(nr):
            for d in range(3):
                base[d] = ramps[d, 0] * z * step_mm[0] + ramps[d, 1] * r * step_mm[1] + ramps[d, 3]
                base[d] += tables[d, 0, z] + tables[d, 1, r]
            for c in range(nc):
                column_mm = c * step_mm[2]
                pz = z + (base[0] + ramps[0, 2] * column_mm + tables[0, 2, c]) / step_mm[0]
                pr = r + (base[1] + ramps[1, 2] * column_mm + tables[1, 2, c]) / step_mm[1]
                pc = c + (base[2] + ramps[2, 2] * column_mm + tables[2, 2, c]) / step_mm[2]
                iz, ir, ic = int(np.floor(pz)), int(np.floor(pr)), int(np.floor(pc))
                wz, wr, wc = _weights(pz - iz), _weights(pr - ir), _weights(pc - ic)
                c0, c1 = _clamped(ic - 1, nc), _clamped(ic, nc)
                c2, c3 = _clamped(ic + 1, nc), _clamped(ic + 2, nc)
                value = np.float32(0.0)
                for k in range(4):
                    zk = _clamped(iz - 1 + k, nz)
                    plane = np.float32(0.0)
                    for j in range(4):
                        line = volume[zk, _clamped(ir - 1 + j, nr)]
                        plane += wr[j] * (wc[0] * line[c0] + wc[1] * line[c1] + wc[2] * line[c2] + wc[3] * line[c3])
                    value += wz[k] * plane
                out[z, r, c] = max(value, np.float32(0.0))
    return out
