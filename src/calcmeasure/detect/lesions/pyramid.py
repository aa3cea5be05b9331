"""One level of the registration pyramid: a phase with its contrast normalised, and how far another is off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.displacement import normal_equations, warp
from calcmeasure.detect.lesions.lattice import block_mean
from calcmeasure.geometry import Spacing

FloatArray = NDArray[np.float64]

NORMALISE_MM = 4.0
"""Standard deviation of the window that local mean and spread are taken over."""
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
    def of(cls, fixed: FloatImage, *, spacing: Spacing, region: BoolImage, voxel_mm: float) -> Level:
        """Prepare a phase on voxels no larger than `voxel_mm`, as far as its own allow."""
        z, r, c = (max(1, int(voxel_mm / step + 1e-6)) for step in spacing.zrc_mm)
        factors = (z, r, c)
        size_mm = np.multiply(factors, spacing.zrc_mm)
        inside = block_mean(region.astype(np.float32), factors) > 0.5
        still = _normalise(block_mean(fixed, factors), inside, voxel_mm=size_mm)
        around = ndimage.distance_transform_edt(~inside, sampling=size_mm) <= EDGE_MM if inside.any() else inside
        return cls(still, inside, around, factors, size_mm, (np.asarray(factors) - 1) / 2 * np.asarray(spacing.zrc_mm))

    def normalised(self, moving: FloatImage) -> FloatImage:
        """Bring another phase onto this level."""
        return _normalise(block_mean(moving, self.factors), self.region, voxel_mm=self.voxel_mm)

    def frame_mm(self, grid: ControlGrid) -> FloatArray:
        """(3, 3) voxel size, position of voxel (0, 0, 0) and control point distance."""
        return np.stack([self.voxel_mm, self.offset_mm, grid.step_mm])

    def mismatch(self, moving: FloatImage) -> float:
        """Root mean square difference inside the region."""
        return float(np.sqrt(np.mean((moving - self.fixed)[self.region] ** 2)))

    def moved(self, moving: FloatImage, shift_mm: FloatArray, grid: ControlGrid) -> FloatImage:
        """Displace a phase that is on this level."""
        moved: FloatImage = warp(moving, shift_mm, self.frame_mm(grid))
        return moved

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
        moved = self.moved(moving, shift_mm, grid)
        sums: FloatArray = normal_equations(moved, self.fixed, self.matched, self.frame_mm(grid), grid.shape)
        return sums


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
