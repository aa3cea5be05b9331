"""Sub-voxel outline of a mask that was corrected: the grey edge where the mask follows it, between voxels elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage, Points
from calcmeasure.detect.lesions.boundary import SHELL_MM, FloatArray, plane_contours, smoothed

SMOOTHING_REACH = 2
"""Voxels that the smoothing looks away: a cut this much wider gives the very values of the whole volume."""

LEAST_HEIGHT = 1e-3
"""A voxel whose signal is the threshold itself lies this share of it beside it, for the edge must pass somewhere. A
share of what is seen in the cut would make the edge depend on the cut."""


def outline_of_mask(
    subtraction: FloatImage, mask: BoolImage, *, offset_zrc: Sequence[int], threshold: float | None, voxel_mm: ArrayLike
) -> tuple[Points, ...]:
    """Outline a mask in its grey image.

    Where mask and threshold agree, the edge lies where the signal crosses the threshold. Where they do not (a closed
    gap, a cut vessel, a brush) the signal is mirrored at the threshold, so that the edge runs between the last voxel
    inside and the first outside.

    Parameters
    ----------
    subtraction
        (slices, rows, columns) early minus pre-contrast, whole volume.
    mask
        (slices, rows, columns) of the box that starts at `offset_zrc` and lies in the volume; any number of slices.
    threshold
        Signal at the edge; None where there is no signal to follow: the edge then lies between voxels all around.
    voxel_mm
        (3,) voxel size.

    Returns
    -------
    Closed polygons (n, 3) in volume indices, slice index constant within each; islands below 6 mm² are left out.
    """
    steps_mm = np.asarray(voxel_mm, dtype=float)
    low = np.asarray(offset_zrc, dtype=int) - np.array([0, 1, 1])
    wide = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    if threshold is None:
        heights = np.ones(wide.shape, dtype=np.float32)
    else:
        heights = _heights(subtraction, low, shape=wide.shape, threshold=threshold, voxel_mm=steps_mm)
    polygons: list[Points] = []
    for index, plane in enumerate(np.where(wide, heights, -heights)):
        paths = plane_contours(plane, 0.0, voxel_mm=steps_mm)
        polygons += [np.column_stack([np.full(len(path), float(low[0] + index)), path + low[1:]]) for path in paths]
    return tuple(polygons)


def threshold_of_mask(
    subtraction: FloatImage, mask: BoolImage, *, offset_zrc: Sequence[int], voxel_mm: ArrayLike
) -> float | None:
    """Signal half-way between a painted mask and its surroundings; None when it is no brighter than they are.

    Parameters
    ----------
    subtraction, mask, offset_zrc, voxel_mm
        As for `outline_of_mask`.
    """
    steps_mm = np.asarray(voxel_mm, dtype=float)
    reach = np.ceil(SHELL_MM[1] / steps_mm).astype(int)
    low = np.asarray(offset_zrc, dtype=int) - reach
    smooth, inside = _cut(subtraction, low, shape=np.asarray(mask.shape) + 2 * reach, voxel_mm=steps_mm)
    solid = np.pad(mask, [(n, n) for n in reach])[inside]
    away_mm = ndimage.distance_transform_edt(~solid[:, ::2, ::2], sampling=steps_mm * (1, 2, 2))
    shell = smooth[:, ::2, ::2][(away_mm >= SHELL_MM[0]) & (away_mm <= SHELL_MM[1])]
    if not solid.any() or not shell.size:
        return None
    plateau, background = float(np.percentile(smooth[solid], 60)), float(np.median(shell))
    return (plateau + background) / 2 if plateau > background else None


def _heights(
    subtraction: FloatImage, low: NDArray[np.int_], *, shape: tuple[int, ...], threshold: float, voxel_mm: FloatArray
) -> FloatImage:
    """How far every voxel of a box lies from the threshold; beyond the volume as far as the voxel next to it."""
    smooth, inside = _cut(subtraction, low, shape=shape, voxel_mm=voxel_mm)
    heights = np.abs(smooth - np.float32(threshold))
    heights = np.maximum(heights, np.float32(max(LEAST_HEIGHT * abs(threshold), 1e-6)))
    pads = [(part.start, size - part.stop) for part, size in zip(inside, shape, strict=True)]
    whole: FloatImage = np.pad(heights, pads, mode="edge")
    return whole


def _cut(
    subtraction: FloatImage, low: NDArray[np.int_], *, shape: Sequence[int] | NDArray[np.int_], voxel_mm: FloatArray
) -> tuple[FloatImage, tuple[slice, ...]]:
    """Smoothed signal of the part of a box that lies in the volume, and which part of the box that is."""
    start, stop = np.maximum(low, 0), np.minimum(low + np.asarray(shape), subtraction.shape)
    wide_start = np.maximum(start - SMOOTHING_REACH, 0)
    wide = tuple(slice(a, b + SMOOTHING_REACH) for a, b in zip(wide_start, stop, strict=True))
    smooth = smoothed(subtraction[wide].astype(np.float32, copy=False), voxel_mm)
    core = tuple(slice(a - w, b - w) for a, b, w in zip(start, stop, wide_start, strict=True))
    return smooth[core], tuple(slice(a - n, b - n) for a, b, n in zip(start, stop, low, strict=True))
