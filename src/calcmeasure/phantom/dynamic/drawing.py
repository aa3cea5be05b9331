"""Lesions of the dynamic MR phantom as voxels: partial volume at the boundary, rim and clumps inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dynamic.lesions import LesionKind, LesionSpec
from calcmeasure.phantom.dynamic.surface import LesionSurface

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Box = tuple[slice, slice, slice]

_SUPERSAMPLING = 5
_LEAN_SUPERSAMPLING = 3


@dataclass(frozen=True, slots=True)
class DrawnLesion:
    """A lesion's share of the voxels of a box, and the part of it that enhances fast (rim, clumps).

    Parameters
    ----------
    box
        Where in the volume.
    coverage, fast, solid
        (slices, rows, columns) of the box, 0-1: within the boundary; what enhances fast; what takes the place of the
        tissue that was there. ``fast <= solid <= coverage``.
    """

    spec: LesionSpec
    box: Box
    coverage: FloatImage
    fast: FloatImage
    solid: FloatImage


def draw_lesion(
    spec: LesionSpec, surface: LesionSurface, grid: ImageGrid, *, ends_zrc: tuple[tuple[float, ...], ...], seed: int
) -> DrawnLesion:
    """Draw a lesion by supersampling: 5 x 5 x 5 points decide each voxel's share inside the surface.

    Parameters
    ----------
    ends_zrc
        Ends of the greatest diameter; the outermost clumps of a non-mass lesion touch them.
    seed
        Of the clumps.
    """
    spacing = np.asarray(grid.spacing.zrc_mm)
    centre = np.asarray(surface.centre_zrc)
    reach = 1.55 * float(surface.semi_axes_mm.max()) / spacing + 1
    low = np.maximum(np.floor(centre - reach), 0).astype(int)
    high = np.minimum(np.ceil(centre + reach) + 1, grid.shape).astype(int)
    box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    sub = (np.arange(_SUPERSAMPLING) + 0.5) / _SUPERSAMPLING - 0.5
    coverage = np.zeros(tuple(high - low), dtype=np.float32)
    fast = np.zeros_like(coverage)
    clumps = _clump_centres(spec, surface, grid, ends_zrc=ends_zrc, seed=seed)
    for shift in np.stack(np.meshgrid(sub, sub, sub, indexing="ij"), axis=-1).reshape(-1, 3):
        axes = [np.arange(a, b) + s - c for a, b, s, c in zip(low, high, shift, centre, strict=True)]
        points_mm = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1) * spacing
        level = surface.level(points_mm)
        inside = level < 1
        coverage += inside
        fast += inside * (_fast_share(spec, level) if clumps is None else _clumped(points_mm, clumps, inside))
    count = _SUPERSAMPLING**3
    shares = [np.asarray(share / count, dtype=np.float32) for share in (coverage, fast)]
    return DrawnLesion(spec, box, shares[0], shares[1], _solid(spec, shares[0], shares[1]))


def draw_lesion_leanly(
    spec: LesionSpec, surface: LesionSurface, grid: ImageGrid, *, ends_zrc: tuple[tuple[float, ...], ...], seed: int
) -> DrawnLesion:
    """Draw as `draw_lesion` does, but divide only voxels near the surface, 3 x 3 x 3, and the inside not at all."""
    spacing = np.asarray(grid.spacing.zrc_mm)
    box, points_mm = _box_points(surface, grid)
    level = surface.level(points_mm)
    steepness = (1 + 12 * spec.irregularity) / (1 - spec.taper) / float(surface.semi_axes_mm.min())
    cut = np.abs(level - 1) < steepness * float(np.linalg.norm(spacing)) / 2
    coverage = (level < 1).astype(np.float32)
    sub = (np.arange(_LEAN_SUPERSAMPLING) + 0.5) / _LEAN_SUPERSAMPLING - 0.5
    shifts_mm = np.stack(np.meshgrid(sub, sub, sub, indexing="ij"), axis=-1).reshape(-1, 3) * spacing
    coverage[cut] = np.mean([surface.level(points_mm[cut] + shift) < 1 for shift in shifts_mm], axis=0)
    clumps = _clump_centres(spec, surface, grid, ends_zrc=ends_zrc, seed=seed)
    near = coverage > 0
    fast = np.zeros_like(coverage)
    share = _fast_share(spec, level[near]) if clumps is None else _clumped(points_mm[near], clumps, near[near])
    fast[near] = coverage[near] * share
    return DrawnLesion(spec, box, coverage, fast, _solid(spec, coverage, fast))


def _solid(spec: LesionSpec, coverage: FloatImage, fast: FloatImage) -> FloatImage:
    return fast + np.float32(1 - spec.infiltration) * (coverage - fast) if spec.infiltration else coverage


def _box_points(surface: LesionSurface, grid: ImageGrid) -> tuple[Box, FloatArray]:
    """Voxels around a lesion and their mm from its centre."""
    spacing = np.asarray(grid.spacing.zrc_mm)
    centre = np.asarray(surface.centre_zrc)
    extent_mm = np.abs(surface.surface_mm()).max(axis=0) + spacing
    low = np.maximum(np.floor(centre - extent_mm / spacing), 0).astype(int)
    high = np.minimum(np.ceil(centre + extent_mm / spacing) + 1, grid.shape).astype(int)
    axes = [(np.arange(a, b) - c) * s for a, b, c, s in zip(low, high, centre, spacing, strict=True)]
    box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    return box, np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def _fast_share(spec: LesionSpec, level: FloatArray) -> FloatArray:
    """1 in the rim, less in the core; uniform when the lesion is small or has no rim."""
    if not spec.rim or spec.diameter_mm < 9:
        return np.ones_like(level)
    share: FloatArray = np.clip((level - 0.35) / 0.3, 0.0, 1.0)
    return share


def _clump_centres(
    spec: LesionSpec, surface: LesionSurface, grid: ImageGrid, *, ends_zrc: tuple[tuple[float, ...], ...], seed: int
) -> FloatArray | None:
    """(n, 4) mm from the centre and radius of the clumps of a non-mass lesion; the first two touch the ends."""
    if spec.kind is LesionKind.MASS:
        return None
    rng = np.random.default_rng([seed, 23])
    spacing = np.asarray(grid.spacing.zrc_mm)
    ends_mm = (np.asarray(ends_zrc) - surface.centre_zrc) * spacing
    anchors = ends_mm * (1 - 2.0 / np.maximum(np.linalg.norm(ends_mm, axis=1, keepdims=True), 2.0))
    tries = rng.uniform(-1, 1, (600, 3)) * 1.2 * surface.semi_axes_mm @ surface.axes
    tries = tries[surface.level(tries) < 0.9]
    count = max(4, round(surface.volume_mm3() / 160.0))
    centres = np.concatenate([anchors, tries[:count]])
    radii = np.concatenate([[3.0, 3.0], rng.uniform(1.8, 3.4, len(centres) - 2)])
    return np.column_stack([centres, radii])


def _clumped(points_mm: FloatArray, clumps: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    """Share of fast enhancement: full in a clump, faint between them."""
    share = np.zeros(inside.shape)
    nearest = np.full(int(inside.sum()), np.inf)
    for clump in clumps:
        distance = np.linalg.norm(points_mm[inside] - clump[:3], axis=-1) - clump[3]
        nearest = np.minimum(nearest, distance)
    share[inside] = np.clip(0.5 - nearest / 1.5, 0.0, 1.0)
    return share
