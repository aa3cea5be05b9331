"""One level of the registration pyramid: a phase with its contrast normalised, and how far another is off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.lattice import block_mean, unblock
from calcmeasure.detect.lesions.warping import mean_square_gap, normal_equations, standardise
from calcmeasure.geometry import Spacing

FloatArray = NDArray[np.float64]

NORMALISE_MM = 4.0
"""Standard deviation of the window that local mean and spread are taken over."""
WINDOW_VOXEL_MM = 2.0
"""Voxel size on which the window slides: half its standard deviation shows all of it."""
COUNTED_MM3 = 8.0
"""Of smaller voxels only as many are matched as make one in this volume: neighbours tell the same."""
POINT_MM = 5.0
"""Distance of the points that carry the displacement: between them it is linear, far finer than it can bend."""
EDGE_MM = 6.0
"""Tissue and air this far around the region are matched as well: the skin line tells most of a shift."""
MAX_SHIFT_MM = 12.0
"""No control point moves further."""


@dataclass(frozen=True, slots=True)
class ControlGrid:
    """Grid of points that carry a displacement; the first lies at the centre of voxel (0, 0, 0)."""

    shape: tuple[int, int, int]
    step_mm: FloatArray

    @classmethod
    def over(cls, shape: tuple[int, ...], spacing: Spacing) -> ControlGrid:
        """Spread points about `POINT_MM` apart over a volume, its corners included."""
        extent_mm = (np.asarray(shape) - 1) * np.asarray(spacing.zrc_mm)
        cells = np.maximum(1, np.round(extent_mm / POINT_MM)).astype(int)
        step_mm = np.maximum(extent_mm, 1e-3) / cells
        return cls((int(cells[0]) + 1, int(cells[1]) + 1, int(cells[2]) + 1), step_mm)


@dataclass(frozen=True, slots=True)
class Level:
    """The fixed phase normalised on one level of the pyramid."""

    fixed: FloatImage
    region: BoolImage
    matched: BoolImage
    factors: tuple[int, int, int]
    voxel_mm: FloatArray
    offset_mm: FloatArray

    @classmethod
    def of(
        cls, fixed: FloatImage, *, spacing: Spacing, region: BoolImage, voxel_mm: float, start_zrc: FloatArray
    ) -> Level:
        """Prepare a box of a phase on voxels no larger than `voxel_mm`, as far as its own allow.

        Parameters
        ----------
        fixed, region
            (slices, rows, columns) of the box.
        start_zrc
            First voxel of the box in the volume.
        """
        steps_mm = np.asarray(spacing.zrc_mm)
        factors = _blocks(steps_mm, voxel_mm)
        size_mm: FloatArray = np.multiply(factors, steps_mm)
        inside = block_mean(region, factors) > 0.5
        still = _normalise(block_mean(fixed, factors), inside, voxel_mm=size_mm)
        offset_mm = (start_zrc + (np.asarray(factors) - 1) / 2) * steps_mm
        return cls(still, inside, _grown(inside, size_mm), factors, size_mm, offset_mm)

    @property
    def every(self) -> int:
        """One voxel of so many is matched."""
        return max(1, round(COUNTED_MM3 / float(np.prod(self.voxel_mm))))

    def normalised(self, moving: FloatImage) -> FloatImage:
        """Bring the same box of another phase onto this level."""
        return _normalise(block_mean(moving, self.factors), self.region, voxel_mm=self.voxel_mm)

    def frame_mm(self, grid: ControlGrid) -> FloatArray:
        """(3, 3) voxel size, position of voxel (0, 0, 0) and control point distance."""
        return np.stack([self.voxel_mm, self.offset_mm, grid.step_mm])

    def mismatch(self, moving: FloatImage, shift_mm: FloatArray, grid: ControlGrid) -> float:
        """Root mean square difference inside the region to a phase on this level, displaced."""
        return float(
            np.sqrt(mean_square_gap(moving, self.fixed, self.region, shift_mm, self.frame_mm(grid), self.every))
        )

    def places_mm(self) -> FloatArray:
        """(3, n) centres of the region's voxels, from the centre of the volume's voxel (0, 0, 0)."""
        centres: FloatArray = np.argwhere(self.region).T * self.voxel_mm[:, None] + self.offset_mm[:, None]
        return centres

    def translation_mm(self, moving: FloatImage) -> FloatArray:
        """(3,) whole-voxel shift at which the phases correlate best: puts large motion within the pyramid's reach."""
        reach = np.minimum((MAX_SHIFT_MM / 2 / self.voxel_mm + 0.5).astype(int), np.asarray(self.fixed.shape) - 1)
        shape = [fft.next_fast_len(int(n + k), real=True) for n, k in zip(self.fixed.shape, reach, strict=True)]
        still = fft.rfftn(np.where(self.region, self.fixed, np.float32(0)), shape)
        products = fft.irfftn(np.conj(still) * fft.rfftn(moving, shape), shape)
        window = products[np.ix_(*[np.arange(-k, k + 1) for k in reach])]
        best = np.unravel_index(np.argmax(window), window.shape)
        shift_mm: FloatArray = (np.asarray(best) - reach) * self.voxel_mm
        return shift_mm

    def equations(self, moving: FloatImage, shift_mm: FloatArray, grid: ControlGrid) -> FloatArray:
        """(9, ...) sums at the points, for one Gauss-Newton step of the displacement."""
        sums: FloatArray = normal_equations(moving, self.fixed, self.matched, shift_mm, self.frame_mm(grid), self.every)
        return sums


def _blocks(voxel_mm: FloatArray, size_mm: float) -> tuple[int, int, int]:
    """Voxels along each axis of blocks no larger than a size, at least one."""
    z, r, c = (max(1, int(size_mm / step + 1e-6)) for step in voxel_mm)
    return z, r, c


def _thinned(factors: tuple[int, int, int]) -> tuple[slice, ...]:
    """Every block's first voxel."""
    return tuple(slice(None, None, factor) for factor in factors)


def _grown(inside: BoolImage, voxel_mm: FloatArray) -> BoolImage:
    """Add what lies within `EDGE_MM` of the region, to the blocks that the window slides over."""
    blocks = _blocks(voxel_mm, WINDOW_VOXEL_MM)
    coarse = inside[_thinned(blocks)]
    if not coarse.any():
        return inside
    return unblock(_within(EDGE_MM, coarse, voxel_mm * blocks), blocks, inside.shape)


def _within(reach_mm: float, mask: BoolImage, steps_mm: FloatArray) -> BoolImage:
    """Voxels no farther than this from a mask's: squared distances axis by axis, as far as they may reach."""
    square = np.where(mask, np.float32(0), np.float32(np.inf))
    for axis, step_mm in enumerate(steps_mm):
        nearest = square.copy()
        from_start, to_nearest = np.moveaxis(square, axis, 0), np.moveaxis(nearest, axis, 0)
        for k in range(1, int(reach_mm / step_mm) + 1):
            away = np.float32((k * step_mm) ** 2)
            np.minimum(to_nearest[k:], from_start[:-k] + away, out=to_nearest[k:])
            np.minimum(to_nearest[:-k], from_start[k:] + away, out=to_nearest[:-k])
        square = nearest
    near: BoolImage = square <= reach_mm**2
    return near


def _normalise(image: FloatImage, inside: BoolImage, *, voxel_mm: FloatArray) -> FloatImage:
    """Logarithm minus local mean over local spread; the window slides over blocks, for it is far wider than voxels."""
    blocks = _blocks(voxel_mm, WINDOW_VOXEL_MM)
    thin = _thinned(blocks)
    tissue = image[thin][inside[thin]]
    floor = 0.1 * float(np.percentile(tissue, 90)) if tissue.size else 1.0
    logs: FloatImage = np.maximum(image, 0)
    logs += np.float32(max(floor, 1e-6))
    np.log(logs, out=logs)
    sigma = NORMALISE_MM / (voxel_mm * blocks)
    coarse = [block_mean(logs, blocks, squared=squared) for squared in (False, True)]
    mean, spread = fields = np.empty((2, *coarse[0].shape), np.float32)
    for part, field in zip(coarse, fields, strict=True):
        ndimage.gaussian_filter(part, sigma, truncate=3, output=field)
    np.sqrt(np.maximum(spread - mean**2, 0), out=spread)
    spread += 0.5 * float(np.median(spread[inside[thin]])) + 1e-6 if tissue.size else 1e-6
    standardise(logs, fields, np.stack([np.ones(3), (1 - np.asarray(blocks)) / 2, np.asarray(blocks, np.float64)]))
    return logs
