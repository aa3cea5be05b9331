"""What lies under and around a click: the brightest voxel near it, the background, the noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import FloatImage
from calcmeasure.detect.lesions.boundary import FloatArray, smoothed
from calcmeasure.detect.lesions.regions import box_between

Indices = NDArray[np.int_]

SNAP_MM = 2.0
"""A click stands for the brightest voxel this near."""
FAR_MM = 45.0
"""Noise and a first background are judged this far around a click."""


def surroundings(subtraction: FloatImage, seed: Indices, voxel_mm: FloatArray) -> tuple[float, float]:
    """Median and standard deviation of the noise far around a click: one lesion changes neither.

    Parameters
    ----------
    subtraction
        (slices, rows, columns) of the whole volume.
    seed
        (3,) voxel within it.
    """
    reach = np.ceil(FAR_MM / voxel_mm).astype(int)
    around = subtraction[box_between(seed - reach, seed + reach + 1)][::2, ::3]
    steps = np.diff(around, axis=2)
    noise = 1.4826 / np.sqrt(2) * float(np.median(np.abs(steps))) if steps.size else 0.0
    return float(np.median(around[..., ::3])), float(noise)


def smooth_cut(
    subtraction: FloatImage, start: Indices, *, stop: Indices, voxel_mm: FloatArray
) -> tuple[FloatImage, Indices]:
    """Smooth the part of a box that lies in the volume.

    Returns
    -------
    smooth : (slices, rows, columns) float32
    first : (3,) voxel of the volume it begins at
    """
    part = subtraction[box_between(start, stop)].astype(np.float32, copy=False)
    return smoothed(part, voxel_mm), np.maximum(start, 0)


def snapped(smooth: FloatImage, seed: Indices, voxel_mm: FloatArray) -> tuple[Indices, float]:
    """Find the brightest voxel near a click, and how bright it is around it: one voxel alone is mostly noise."""
    z, r, c = np.unravel_index(int(np.where(_near(smooth, seed, voxel_mm), smooth, -np.inf).argmax()), smooth.shape)
    brightest = np.array([z, r, c], dtype=int)
    return brightest, float(np.percentile(smooth[_near(smooth, brightest, voxel_mm)], 60))


def _near(smooth: FloatImage, seed: Indices, voxel_mm: FloatArray) -> NDArray[np.bool_]:
    axes = np.ogrid[tuple(slice(n) for n in smooth.shape)]
    steps = zip(axes, seed, voxel_mm, strict=True)
    near: NDArray[np.bool_] = sum(((axis - at) * step) ** 2 for axis, at, step in steps) <= SNAP_MM**2
    return near
