"""Volumes of any orientation on one lattice along the patient's own axes, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.geometry import ImageGrid

FloatArray = NDArray[np.float64]

LATTICE_MM = 4.0
"""Distance of lattice points: air and tissue differ far more than their noise in blocks of this size."""


def block_mean(volume: FloatImage | BoolImage, factors: tuple[int, int, int], *, squared: bool = False) -> FloatImage:
    """Mean over blocks of `factors` voxels, or of their squares; the last block of an axis may be smaller."""
    if factors == (1, 1, 1) and not squared:
        return np.asarray(volume, np.float32)
    known = np.ascontiguousarray(volume, None if volume.dtype == np.bool_ else np.float32)
    means: FloatImage = _block_mean(known, factors, squared)
    return means


@njit(cache=True, fastmath=True)
def _block_mean(volume: FloatImage | BoolImage, factors: tuple[int, int, int], squared: bool) -> FloatImage:
    """Lines are added first, whole and so many at a time, then their neighbours."""
    nz, nr, nc = volume.shape
    dz, dr, dc = factors
    out, line = np.empty((-(-nz // dz), -(-nr // dr), -(-nc // dc)), np.float32), np.empty(nc, np.float32)
    for z in range(out.shape[0]):
        for r in range(out.shape[1]):
            box = volume[z * dz : (z + 1) * dz, r * dr : (r + 1) * dr]
            _add_lines(line, box, squared)
            for c in range(out.shape[2]):
                part = line[c * dc : (c + 1) * dc]
                out[z, r, c] = part.sum() / (box.shape[0] * box.shape[1] * part.size)
    return out


@njit(cache=True, fastmath=True)
def _add_lines(line: FloatImage, box: FloatImage | BoolImage, squared: bool) -> None:
    line[:] = 0
    for plane in box:
        for values in plane:
            if squared:
                for c in range(line.size):
                    line[c] += values[c] * values[c]
            else:
                for c in range(line.size):
                    line[c] += values[c]


def unblock(blocks: BoolImage, factors: tuple[int, int, int], shape: tuple[int, ...]) -> BoolImage:
    """Give every voxel of `shape` the value of its block."""
    out = blocks
    for axis, factor in enumerate(factors):
        out = np.repeat(out, factor, axis=axis)
    return np.ascontiguousarray(out[: shape[0], : shape[1], : shape[2]])


@dataclass(frozen=True, slots=True)
class PatientLattice:
    """Points every `LATTICE_MM` along z (up), y (back) and x (left) over the box that holds a volume.

    Whatever the image's orientation, an array on the lattice is indexed (z, y, x): its second axis runs from the front
    of the patient to the back.

    Parameters
    ----------
    grid
        Of the volume.
    origin_zyx_mm
        Patient position of lattice point (0, 0, 0).
    shape
        (z, y, x).
    """

    grid: ImageGrid
    origin_zyx_mm: FloatArray
    shape: tuple[int, int, int]

    @classmethod
    def over(cls, grid: ImageGrid) -> PatientLattice:
        """Lattice centred on the volume, so that a single slice has lattice points in it."""
        corners = np.stack(np.meshgrid(*[(0, n - 1) for n in grid.shape], indexing="ij"), axis=-1).reshape(-1, 3)
        places = grid.to_lps(corners)[:, ::-1]
        counts = np.floor((places.max(axis=0) - places.min(axis=0)) / LATTICE_MM + 1e-6).astype(int) + 1
        origin = (places.max(axis=0) + places.min(axis=0)) / 2 - (counts - 1) / 2 * LATTICE_MM
        return cls(grid, origin, (int(counts[0]), int(counts[1]), int(counts[2])))

    def axis_mm(self, axis: int) -> FloatArray:
        """Patient coordinate of the points along z (0), y (1) or x (2)."""
        places: FloatArray = self.origin_zyx_mm[axis] + LATTICE_MM * np.arange(self.shape[axis])
        return places

    def sample(self, volume: FloatImage) -> FloatImage:
        """Bring a volume onto the lattice: block means, linear between them, edges repeated."""
        z, r, c = (max(1, int(LATTICE_MM / step + 1e-6)) for step in self.grid.spacing.zrc_mm)
        blocks = block_mean(volume, (z, r, c))
        to_voxel, first = self._voxel_of_point()
        factors = np.array([z, r, c])
        matrix = to_voxel / factors[:, None]
        offset = (first - (factors - 1) / 2) / factors
        sampled: FloatImage = ndimage.affine_transform(
            blocks, matrix, offset=offset, output_shape=self.shape, order=1, mode="nearest"
        )
        return sampled

    def seen(self) -> BoolImage:
        """Lattice points within the imaged box, or so close to it that a thin slice has no holes."""
        to_voxel, first = self._voxel_of_point()
        inside = np.ones(self.shape, dtype=np.bool_)
        steps = [np.arange(n, dtype=float) for n in self.shape]
        for axis, (count, step_mm) in enumerate(zip(self.grid.shape, self.grid.spacing.zrc_mm, strict=True)):
            terms = [to_voxel[axis, k] * steps[k] for k in range(3)]
            index = first[axis] + terms[0][:, None, None] + terms[1][None, :, None] + terms[2][None, None, :]
            slack = max(0.5, 0.75 * LATTICE_MM / step_mm)
            inside &= (index >= -slack) & (index <= count - 1 + slack)
        return inside

    def paint(self, keep: FloatImage, depth: FloatImage, *, rim_mm: float) -> NDArray[np.uint8]:
        """Bring two fields back to the volume, linear between lattice points.

        Parameters
        ----------
        keep, depth
            On the lattice.
        rim_mm
            Depth of the skin.

        Returns
        -------
        (slices, rows, columns) uint8 sum of 1 where depth is positive, 2 where also `keep` is, 4 where depth is also
        above `rim_mm`.
        """
        steps = self.grid.steps_lps[:, ::-1] / LATTICE_MM
        start = (np.asarray(self.grid.origin_lps)[::-1] - self.origin_zyx_mm) / LATTICE_MM
        codes: NDArray[np.uint8] = _paint(keep, depth, np.vstack([start, steps]), self.grid.shape, rim_mm)
        return codes

    def _voxel_of_point(self) -> tuple[FloatArray, FloatArray]:
        """(3, 3) voxel index per lattice step, and the voxel index of lattice point (0, 0, 0)."""
        inverse = np.linalg.inv(self.grid.steps_lps)
        matrix = np.asarray(LATTICE_MM * inverse[::-1].T, dtype=float)
        first = np.asarray((self.origin_zyx_mm[::-1] - np.asarray(self.grid.origin_lps)) @ inverse, dtype=float)
        return matrix, first


@njit(cache=True, inline="always")
def _between(position: float, count: int) -> tuple[int, int, np.float32]:
    """Neighbouring points of a fractional index, clamped, and the fraction beyond the lower."""
    clamped = min(max(position, 0.0), count - 1.0)
    low = min(int(clamped), max(count - 2, 0))
    return low, min(low + 1, count - 1), np.float32(clamped - low)


@njit(cache=True, inline="always")
def _value(
    field: FloatImage,
    z: tuple[int, int, np.float32],
    y: tuple[int, int, np.float32],
    x: tuple[int, int, np.float32],
) -> float:
    one = np.float32(1)
    z0, z1, fz = z
    y0, y1, fy = y
    x0, x1, fx = x
    low = (field[z0, y0, x0] * (one - fx) + field[z0, y0, x1] * fx) * (one - fy) + (
        field[z0, y1, x0] * (one - fx) + field[z0, y1, x1] * fx
    ) * fy
    high = (field[z1, y0, x0] * (one - fx) + field[z1, y0, x1] * fx) * (one - fy) + (
        field[z1, y1, x0] * (one - fx) + field[z1, y1, x1] * fx
    ) * fy
    value: float = low * (one - fz) + high * fz
    return value


@njit(cache=True, fastmath=True)
def _paint(
    keep: FloatImage, depth: FloatImage, frame: FloatArray, shape: tuple[int, int, int], rim_mm: float
) -> NDArray[np.uint8]:
    out = np.zeros(shape, np.uint8)
    nz, ny, nx = keep.shape
    for s in range(shape[0]):
        for r in range(shape[1]):
            for c in range(shape[2]):
                z = _between(frame[0, 0] + s * frame[1, 0] + r * frame[2, 0] + c * frame[3, 0], nz)
                y = _between(frame[0, 1] + s * frame[1, 1] + r * frame[2, 1] + c * frame[3, 1], ny)
                x = _between(frame[0, 2] + s * frame[1, 2] + r * frame[2, 2] + c * frame[3, 2], nx)
                below = _value(depth, z, y, x)
                if below > 0:
                    out[s, r, c] = 1
                    if _value(keep, z, y, x) > 0:
                        out[s, r, c] = 7 if below > rim_mm else 3
    return out
