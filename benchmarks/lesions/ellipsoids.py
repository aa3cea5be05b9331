"""Clean shapes: ellipsoids whose greatest in-plane diameter is known in closed form, outlined at several noises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from accuracy.suites import FIRST_SEED
from calcmeasure.detect.lesions.boundary import outline_lesion
from calcmeasure.detect.lesions.extents import widest_mm
from calcmeasure.geometry import Spacing, SpacingSource

FloatArray = NDArray[np.float64]

CLEAN_COLUMNS = ("noise, % of the lesion", "ellipsoids", "bias mm", "median mm", "p90 mm", "limits of agreement mm")
NOISES = (0.0, 0.05, 0.11)
COUNT = 40
LENGTHS_MM = (6.0, 30.0)
SHARES = (0.6, 1.0)
"""Of the other two axes."""
IN_PLANE_MM, SLICE_MM = (0.6, 1.1), (1.0, 2.5)
MARGIN_MM = 14.0
"""Background is seen all around, as in the cut of a candidate."""
GUESS = 0.8
"""A candidate is an ellipsoid so many times as large."""
LESION, BACKGROUND = 200.0, 20.0
PARTS = 5
"""A voxel is averaged over so many points along each axis..."""
SCANNER_MM = 0.34
"""...and blurred in the plane by so much (standard deviation), as the phantom's scanner does: 0.8 mm at half height."""


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """An ellipsoid in a grid of its own.

    Parameters
    ----------
    form
        (3, 3) positive definite, per mm²: inside is where ``x @ form @ x <= 1``.
    centre_zrc
        Index of its centre, between voxels.
    voxel_mm
        (3,) voxel size.
    shape
        (slices, rows, columns) of the grid.
    """

    form: FloatArray
    centre_zrc: FloatArray
    voxel_mm: FloatArray
    shape: tuple[int, ...]

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Ellipsoid:
        """Draw size, shape, direction, voxels and place."""
        length_mm = rng.uniform(*LENGTHS_MM)
        semi_axes_mm = length_mm / 2 * np.array([1.0, *rng.uniform(*SHARES, size=2)])
        turned, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        in_plane_mm = rng.uniform(*IN_PLANE_MM)
        voxel_mm = np.array([rng.uniform(*SLICE_MM), in_plane_mm, in_plane_mm])
        half = np.ceil((length_mm / 2 + MARGIN_MM) / voxel_mm).astype(int)
        form = turned @ np.diag(semi_axes_mm**-2) @ turned.T
        return cls(form, half + rng.uniform(-0.5, 0.5, 3), voxel_mm, tuple((2 * half + 1).tolist()))

    @property
    def diameter_mm(self) -> float:
        """Greatest in-plane diameter over the slices of the grid: each cuts out an ellipse."""
        heights_mm = (np.arange(self.shape[0]) - self.centre_zrc[0]) * self.voxel_mm[0]
        in_plane, mixed = self.form[1:, 1:], self.form[0, 1:]
        through = self.form[0, 0] - mixed @ np.linalg.solve(in_plane, mixed)
        rest = 1 - through * float((heights_mm**2).min())
        return float(2 * np.sqrt(max(rest, 0.0) / np.linalg.eigvalsh(in_plane)[0]))

    def seen(self) -> FloatArray:
        """Share of every voxel that is inside, as a scanner sees it."""
        return ndimage.gaussian_filter(self.coverage(), (0, *(SCANNER_MM / self.voxel_mm[1:])))

    def coverage(self) -> FloatArray:
        """Share of every voxel that is inside."""
        ticks = (np.arange(PARTS) + 0.5) / PARTS - 0.5
        z, r, c = (
            ((np.arange(n)[:, None] + ticks - centre) * step).ravel()
            for n, centre, step in zip(self.shape, self.centre_zrc, self.voxel_mm, strict=True)
        )
        planes = [self._level(z[PARTS * k : PARTS * (k + 1)], r, c) <= 1 for k in range(self.shape[0])]
        rows, columns = self.shape[1:]
        return np.stack([plane.reshape(PARTS, rows, PARTS, columns, PARTS).mean(axis=(0, 2, 4)) for plane in planes])

    def core(self) -> NDArray[np.bool_]:
        """Voxels whose centres lie in the ellipsoid of `GUESS` times the size."""
        axes = [(np.arange(n) - c) * s for n, c, s in zip(self.shape, self.centre_zrc, self.voxel_mm, strict=True)]
        return np.asarray(self._level(*axes) <= GUESS**2)

    def _level(self, z: FloatArray, r: FloatArray, c: FloatArray) -> FloatArray:
        z, r, c = z[:, None, None], r[:, None], c
        form = self.form
        squares = form[0, 0] * z**2 + form[1, 1] * r**2 + form[2, 2] * c**2
        return np.asarray(squares + 2 * (form[0, 1] * z * r + form[0, 2] * z * c + form[1, 2] * r * c))


def clean_rows() -> Iterator[tuple[str, ...]]:
    """Rows of a table with `CLEAN_COLUMNS`."""
    shapes = [Ellipsoid.drawn(np.random.default_rng(FIRST_SEED + number)) for number in range(COUNT)]
    shares = [shape.seen() for shape in shapes]
    for noise in NOISES:
        errors = np.array([_error_mm(shape, share, noise=noise) for shape, share in zip(shapes, shares, strict=True)])
        bias, spread, sizes = errors.mean(), 1.96 * errors.std(ddof=1), np.abs(errors)
        yield (
            f"{100 * noise:.0f}",
            str(len(errors)),
            f"{bias:+.3f}",
            f"{np.median(sizes):.2f}",
            f"{np.percentile(sizes, 90):.2f}",
            f"{bias - spread:+.2f}…{bias + spread:+.2f}",
        )


def _error_mm(shape: Ellipsoid, share: FloatArray, *, noise: float) -> float:
    rng = np.random.default_rng(FIRST_SEED)
    signal = BACKGROUND + (LESION - BACKGROUND) * (share + noise * rng.normal(size=share.shape))
    found = outline_lesion(
        signal.astype(np.float32), shape.core(), tissue=np.ones(shape.shape, np.bool_), voxel_mm=shape.voxel_mm
    )
    slice_mm, row_mm, column_mm = shape.voxel_mm.tolist()
    spacing = Spacing(row_mm, column_mm, SpacingSource.PATIENT, slice_mm=slice_mm)
    return (widest_mm(found.contours_zrc, spacing) if found else 0.0) - shape.diameter_mm
