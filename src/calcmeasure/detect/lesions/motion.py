"""Motion between two phases: a local-contrast-normalised Lucas-Kanade pyramid.

The earlier phase is moved onto the later one, so the image a lesion is measured in is never resampled. Brightness is
normalised first (logarithm, minus the local mean, over the local spread): contrast uptake, which is smooth on that
scale, drops out and a least-squares force works. The displacement lives on a control grid of about 12 mm and its
gradient is limited, so no lesion can be swallowed by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.chest import block_mean
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import Spacing
from calcmeasure.terms import Flag

FloatArray = NDArray[np.float64]

NORMALISE_MM = 5.0
"""Standard deviation of the window that local mean and spread are taken over."""
CONTROL_MM = 12.0
"""Distance between the control points that carry the displacement."""
LEVELS_MM = (4.0, 2.0)
"""Voxel size of the pyramid's levels, coarse to fine. Below 2 mm noise grows faster than information."""
ROUNDS = (6, 4)
"""Gauss-Newton rounds at each level."""
MAX_SHIFT_MM = 12.0
"""No control point moves further."""
MAX_STRAIN = 0.15
"""Largest change of displacement per mm between neighbouring control points: a 20 mm lesion keeps its size to 3 mm at
the very worst, and to a small part of that with the smoothing below."""
MIN_GAIN = 0.02
"""The mismatch must fall by this fraction, or nothing is moved."""


@dataclass(frozen=True, slots=True)
class MotionCorrection:
    """What was moved, how far, and whether it helped.

    Parameters
    ----------
    moved
        (slices, rows, columns) float32 the moving phase on the fixed one's grid.
    shift_mm
        (3, n, m, k) displacement at the control points along slice, row and column, mm.
    mismatch_before, mismatch_after
        Mean absolute difference of the normalised phases inside the region.
    flags
        ``motion_corrected`` or ``motion_not_corrected``.
    """

    moved: FloatImage
    shift_mm: FloatArray
    mismatch_before: float
    mismatch_after: float
    flags: tuple[str, ...]

    @property
    def largest_mm(self) -> float:
        """Length of the largest displacement."""
        return float(np.sqrt((self.shift_mm**2).sum(axis=0)).max())


def correct_motion(moving: FloatImage, fixed: FloatImage, *, spacing: Spacing, region: BoolImage) -> MotionCorrection:
    """Move one phase onto another.

    Parameters
    ----------
    moving, fixed
        (slices, rows, columns) signal of the two phases on one grid.
    spacing
        mm per voxel; voxels may be anisotropic.
    region
        (slices, rows, columns) where agreement matters: the breasts.

    Returns
    -------
    MotionCorrection
        With `moving` itself when a displacement would not help.

    Raises
    ------
    DetectorError
        `ErrorCode.DETECTION` if the shapes differ.
    """
    if not moving.shape == fixed.shape == region.shape:
        raise DetectorError(
            f"phases and region differ in shape: {moving.shape}, {fixed.shape}, {region.shape}",
            code=ErrorCode.DETECTION,
        )
    grid = _Control.over(moving.shape, spacing)
    shift_mm = np.zeros((3, *grid.shape))
    before = after = 0.0
    for level_mm, rounds in zip(LEVELS_MM, ROUNDS, strict=True):
        level = _Level.of(moving, fixed, spacing=spacing, region=region, voxel_mm=level_mm)
        start = level.mismatch(np.zeros_like(shift_mm), grid)
        for _ in range(rounds):
            shift_mm = _tame(shift_mm + level.step(shift_mm, grid), grid)
        before, after = start, level.mismatch(shift_mm, grid)
    if not after < (1 - MIN_GAIN) * before:
        return MotionCorrection(moving, np.zeros_like(shift_mm), before, before, (Flag.MOTION_NOT_CORRECTED.value,))
    moved = _warp(moving, shift_mm, np.stack([np.asarray(spacing.zrc_mm), np.zeros(3), grid.step_mm]))
    return MotionCorrection(moved, shift_mm, before, after, (Flag.MOTION_CORRECTED.value,))


@dataclass(frozen=True, slots=True)
class _Control:
    """Grid of control points, mm from the centre of voxel (0, 0, 0)."""

    shape: tuple[int, int, int]
    step_mm: FloatArray

    @classmethod
    def over(cls, shape: tuple[int, ...], spacing: Spacing) -> _Control:
        extent_mm = (np.asarray(shape) - 1) * np.asarray(spacing.zrc_mm)
        cells = np.maximum(1, np.round(extent_mm / CONTROL_MM)).astype(int)
        step_mm = np.maximum(extent_mm, 1e-3) / cells
        return cls((int(cells[0]) + 1, int(cells[1]) + 1, int(cells[2]) + 1), step_mm)


@dataclass(frozen=True, slots=True)
class _Level:
    """Both phases normalised on one level of the pyramid."""

    moving: FloatImage
    fixed: FloatImage
    region: BoolImage
    voxel_mm: FloatArray
    offset_mm: FloatArray

    @classmethod
    def of(
        cls, moving: FloatImage, fixed: FloatImage, *, spacing: Spacing, region: BoolImage, voxel_mm: float
    ) -> _Level:
        z, r, c = (max(1, int(voxel_mm / step + 1e-6)) for step in spacing.zrc_mm)
        factors = (z, r, c)
        size_mm = np.multiply(factors, spacing.zrc_mm)
        inside = block_mean(region.astype(np.float32), factors) > 0.5
        still = _normalise(block_mean(fixed, factors), inside, voxel_mm=size_mm)
        movable = _normalise(block_mean(moving, factors), inside, voxel_mm=size_mm)
        return cls(movable, still, inside, size_mm, (np.asarray(factors) - 1) / 2 * np.asarray(spacing.zrc_mm))

    def frame_mm(self, grid: _Control) -> FloatArray:
        """(3, 3) voxel size, position of voxel (0, 0, 0) and control point distance."""
        return np.stack([self.voxel_mm, self.offset_mm, grid.step_mm])

    def mismatch(self, shift_mm: FloatArray, grid: _Control) -> float:
        if not self.region.any():
            return 0.0
        moved = _warp(self.moving, shift_mm, self.frame_mm(grid))
        return float(np.abs(moved - self.fixed)[self.region].mean())

    def step(self, shift_mm: FloatArray, grid: _Control) -> FloatArray:
        """One Gauss-Newton step of the displacement, mm, (3, ...)."""
        moved = _warp(self.moving, shift_mm, self.frame_mm(grid))
        sums = _normal_equations(moved, self.fixed, self.region, self.frame_mm(grid), grid.shape)
        sums = ndimage.gaussian_filter(
            sums, sigma=(0, *np.minimum(1.0, (np.asarray(grid.shape) - 1) / 2)), mode="nearest"
        )
        return _solve(sums)


def _normalise(image: FloatImage, inside: BoolImage, *, voxel_mm: FloatArray) -> FloatImage:
    """Logarithm minus local mean over local spread."""
    tissue = image[inside]
    floor = 0.1 * float(np.percentile(tissue, 90)) if tissue.size else 1.0
    logs = np.log(np.maximum(image, 0) + max(floor, 1e-6))
    sigma = NORMALISE_MM / voxel_mm
    mean = ndimage.gaussian_filter(logs, sigma, truncate=3)
    spread = np.sqrt(np.maximum(ndimage.gaussian_filter(logs**2, sigma, truncate=3) - mean**2, 0))
    usual = float(np.median(spread[inside])) if tissue.size else 0.0
    normalised: FloatImage = ((logs - mean) / (spread + 0.5 * usual + 1e-6)).astype(np.float32)
    return normalised


def _solve(sums: FloatArray) -> FloatArray:
    """Solve the 3x3 normal equations of every control point, held back where there is no structure."""
    zz, zr, zc, rr, rc, cc = sums[:6]
    matrix = np.stack([np.stack(row, axis=-1) for row in ((zz, zr, zc), (zr, rr, rc), (zc, rc, cc))], axis=-2)
    trace = zz + rr + cc
    held = 0.02 * trace + 0.02 * trace.max() + 1e-12
    matrix = matrix + held[..., None, None] * np.eye(3)
    step = np.linalg.solve(matrix, -np.moveaxis(sums[6:9], 0, -1)[..., None])[..., 0]
    moved: FloatArray = np.moveaxis(step, -1, 0)
    return moved


def _tame(shift_mm: FloatArray, grid: _Control) -> FloatArray:
    """Keep the displacement smooth, short and nearly rigid over a lesion."""
    sigma = (0, *np.minimum(0.6, (np.asarray(grid.shape) - 1) / 2))
    smooth: FloatArray = ndimage.gaussian_filter(shift_mm, sigma, mode="nearest")
    length = np.sqrt((smooth**2).sum(axis=0))
    smooth = smooth * np.minimum(1, MAX_SHIFT_MM / np.maximum(length, 1e-9))
    for _ in range(8):
        if _strain(smooth, grid) <= MAX_STRAIN:
            return smooth
        smooth = ndimage.gaussian_filter(smooth, sigma, mode="nearest")
    return smooth * min(1.0, MAX_STRAIN / _strain(smooth, grid))


def _strain(shift_mm: FloatArray, grid: _Control) -> float:
    """Largest change of displacement per mm between neighbouring control points."""
    strains = [np.abs(np.diff(shift_mm, axis=k + 1)).max(initial=0) / grid.step_mm[k] for k in range(3)]
    return float(max(strains))


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
def _warp(volume: FloatImage, shift_mm: FloatArray, frame_mm: FloatArray) -> FloatImage:
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
def _normal_equations(
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
