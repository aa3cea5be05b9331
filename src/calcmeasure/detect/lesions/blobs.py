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

SIGMAS_MM = (1.0, 1.6, 2.6, 4.1, 6.6)
"""A difference of two neighbouring ones answers most to balls about four times as wide as the smaller one."""
LEAST_SNR = 6.0
"""A spot's answer is at least this many robust standard deviations of all answers in the breast at its scale..."""
LEAST_PERCENT = 8.0
"""...and this much percent enhancement."""
MAX_SPOTS = 14


def bright_spots(percent: FloatImage, breast: BoolImage, *, voxel_mm: FloatArray) -> Iterator[Spot]:
    """Spots that are brighter than their surroundings, strongest first: mask and its box.

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
    levels = [ndimage.gaussian_filter(percent, _sigma(s, voxel_mm), truncate=3) for s in SIGMAS_MM]
    answers = [fine - coarse for fine, coarse in itertools.pairwise(levels)]
    best = np.full(percent.shape, -np.inf, dtype=np.float32)
    scale = np.zeros(percent.shape, dtype=np.int8)
    for number, answer in enumerate(answers):
        values = answer[breast]
        noise = 1.4826 * float(np.median(np.abs(values - np.median(values)))) + 1e-6
        snr = np.where(answer > LEAST_PERCENT, answer / np.float32(noise), np.float32(-np.inf))
        better = snr > best
        best[better], scale[better] = snr[better], number
    peaks = (best == ndimage.maximum_filter(best, size=3)) & breast & (best >= LEAST_SNR)
    places = np.argwhere(peaks)
    taken = np.zeros(percent.shape, dtype=np.bool_)
    for place in places[np.argsort(-best[peaks], kind="stable")][:MAX_SPOTS]:
        if not taken[tuple(place)]:
            number = int(scale[tuple(place)])
            mask, box = _spot(percent, levels[number + 1], place, reach_mm=6 * SIGMAS_MM[number], voxel_mm=voxel_mm)
            taken[box] |= mask
            yield mask, box


def _sigma(sigma_mm: float, voxel_mm: FloatArray) -> FloatArray:
    return np.asarray(sigma_mm / np.asarray(voxel_mm))


def _spot(
    percent: FloatImage, around: FloatImage, place: NDArray[np.int_], *, reach_mm: float, voxel_mm: FloatArray
) -> Spot:
    """Take what is connected to a peak above half its height."""
    reach = np.maximum(np.ceil(reach_mm / voxel_mm), 1).astype(int)
    box = tuple(
        slice(max(0, int(p - r)), min(n, int(p + r + 1))) for p, r, n in zip(place, reach, percent.shape, strict=True)
    )
    part, here = percent[box], tuple(int(p) - s.start for p, s in zip(place, box, strict=True))
    foot = min(float(np.median(part)), float(around[tuple(place)]))
    labels, _ = ndimage.label(part > foot + 0.5 * (part[here] - foot))
    mask: BoolImage = labels == labels[here]
    return mask, box
