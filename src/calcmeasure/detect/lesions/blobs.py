"""Small lesions stand out from what surrounds them before they stand out from the whole breast."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage

FloatArray = NDArray[np.float64]
Spot = tuple[BoolImage, tuple[slice, ...]]

SCALES_MM = ((0.8, 3.0), (1.2, 4.0), (1.8, 5.5), (2.6, 8.0))
"""Blur, and how far from its middle a spot must have fallen: for lesions of about 3 to 15 mm."""
LEAST_DROP = 12.0
"""Percent enhancement that a spot falls by to every side."""
MAX_SPOTS = 40
WITHIN = 1.25
"""A spot reaches no farther than so many times the distance at which it must have fallen."""
_LINES = tuple(line for line in itertools.product((-1, 0, 1), repeat=3) if line > (0, 0, 0))
"""Thirteen lines through a block: along its edges and diagonals."""


def bright_spots(percent: FloatImage, breast: BoolImage, *, voxel_mm: FloatArray) -> Iterator[Spot]:
    """Spots that fall to every side, the most prominent first: mask and its box.

    Parameters
    ----------
    percent
        (slices, rows, columns) percent enhancement on the working grid.
    breast
        Where a spot may lie.
    voxel_mm
        (3,) working voxel size.
    """
    if not breast.any():
        return
    levels = [_blurred(percent, sigma_mm, voxel_mm) for sigma_mm, _ in SCALES_MM]
    drops = [least_drop(level, reach_mm=r, voxel_mm=voxel_mm) for level, (_, r) in zip(levels, SCALES_MM, strict=True)]
    best = np.maximum.reduce(drops)
    peaks = (best == ndimage.maximum_filter(best, size=3)) & breast & (best >= LEAST_DROP)
    places = np.argwhere(peaks)
    taken = np.zeros(percent.shape, dtype=np.bool_)
    for place in places[np.argsort(-best[peaks], kind="stable")][:MAX_SPOTS]:
        if not taken[tuple(place)]:
            number = int(np.argmax([drop[tuple(place)] for drop in drops]))
            reach = np.maximum(np.ceil(WITHIN * SCALES_MM[number][1] / voxel_mm), 1).astype(int)
            mask, box = _spot(levels[number], place, drop=float(best[tuple(place)]), reach=reach)
            taken[box] |= mask
            yield mask, box


def least_drop(image: FloatImage, *, reach_mm: float, voxel_mm: FloatArray) -> FloatImage:
    """How much higher each block is than whatever lies `reach_mm` from it on thirteen lines.

    A vessel does not fall along itself, a fold of gland not along its ridge: only what ends on every side stands out.
    """
    drop: FloatImage = np.full(image.shape, np.inf, dtype=np.float32)
    for line in _LINES:
        reach = reach_mm / voxel_mm / np.sqrt(np.abs(line).sum())
        steps = np.asarray(line) * np.maximum(1, np.round(reach)).astype(int)
        margin = np.abs(steps)
        padded = np.pad(image, [(m, m) for m in margin], mode="edge")
        for end in (margin + steps, margin - steps):
            there = tuple(slice(start, start + n) for start, n in zip(end, image.shape, strict=True))
            np.minimum(drop, image - padded[there], out=drop)
    return drop


def _blurred(percent: FloatImage, sigma_mm: float, voxel_mm: FloatArray) -> FloatImage:
    """Blur to a width; what the blocks themselves blur is counted in."""
    variance = np.maximum(sigma_mm**2 - voxel_mm**2 / 12, 0)
    blurred: FloatImage = ndimage.gaussian_filter(percent, np.sqrt(variance) / voxel_mm, truncate=3)
    return blurred


def _spot(image: FloatImage, place: NDArray[np.int_], *, drop: float, reach: NDArray[np.int_]) -> Spot:
    """Take what is connected to a peak above half its drop."""
    box = tuple(
        slice(max(0, int(p - r)), min(n, int(p + r + 1))) for p, r, n in zip(place, reach, image.shape, strict=True)
    )
    part, here = image[box], tuple(int(p) - s.start for p, s in zip(place, box, strict=True))
    labels, _ = ndimage.label(part > part[here] - 0.5 * drop)
    mask: BoolImage = labels == labels[here]
    return mask, box
