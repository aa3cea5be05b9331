"""Where the breasts are in an MR volume: air, skin, chest wall and the side of the midline.

Everything is decided in patient space, so prone or supine, axial, sagittal, coronal or oblique stacks behave alike.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import ImageGrid
from calcmeasure.terms import Flag, Laterality

FloatArray = NDArray[np.float64]

COARSE_MM = 4.0
"""The region is drawn on blocks of about this size: air and tissue differ far more than their noise there."""
AIR_FACTOR = 1.7
"""Tissue starts at this multiple of the 10th percentile of block means, which is air in any breast examination.
An Otsu or triangle threshold splits fat from gland on fat-suppressed images instead."""
TISSUE_FLOOR = 0.04
"""...and never below this fraction of the 99th percentile, where the scanner has set air to zero."""
NOISE_FACTOR = 2.0
"""The median of tissue exceeds that threshold at least so much; in mere noise it does not."""
WALL_BEHIND_STERNUM_MM = 8.0
"""The chest wall is taken to start this far behind the skin over the sternum..."""
CHEST_RADIUS_MM = 140.0
"""...and to recede to the sides like a circle of this radius."""
MIN_CLEFT_MM = 15.0
"""Two summits of the body's front are two breasts when the valley between them is at least this deep."""
MIN_SUMMIT_BINS = 8
MIN_BREAST_ML = 20.0
"""Less tissue than this is no breast."""


@dataclass(frozen=True, slots=True)
class BreastRegion:
    """Both breasts without what lies behind them.

    Parameters
    ----------
    mask
        (slices, rows, columns).
    body
        Same shape: breasts and everything behind them, air left out.
    midline_mm
        Patient x (left is positive) that parts right from left.
    flags
        ``one_breast`` when no midline was seen: the side is then told from the scanner's own zero.
    """

    mask: BoolImage
    body: BoolImage
    midline_mm: float
    flags: tuple[str, ...] = ()

    def side(self, point_lps: FloatArray) -> Laterality:
        """Side of the midline a patient position lies on."""
        return Laterality.LEFT if point_lps[0] > self.midline_mm else Laterality.RIGHT


def find_breasts(volume: FloatImage, grid: ImageGrid) -> BreastRegion:
    """Outline both breasts.

    Parameters
    ----------
    volume
        (slices, rows, columns) any phase, or a mean of phases.
    grid
        Tells where front and left are.

    Returns
    -------
    BreastRegion

    Raises
    ------
    DetectorError
        `ErrorCode.DETECTION` if nothing stands out from air.
    """
    factors = _block_factors(grid)
    coarse = block_mean(volume, factors)
    body = _body(coarse)
    block_ml = float(np.prod(np.multiply(factors, grid.spacing.zrc_mm))) / 1000
    if body.sum() * block_ml < MIN_BREAST_ML * _slab_share(grid):
        raise DetectorError("no breast tissue stands out from air in this volume", code=ErrorCode.DETECTION)
    places_lps = _block_positions(grid, factors=factors, shape=coarse.shape)
    midline_mm = _midline(body, places_lps)
    whole = unblock(body, factors, volume.shape)
    if midline_mm is None:
        return BreastRegion(whole, whole, midline_mm=0.0, flags=(Flag.ONE_BREAST.value,))
    breast = body & _before_wall(body, places_lps=places_lps, midline_mm=midline_mm)
    return BreastRegion(unblock(breast, factors, volume.shape), whole, midline_mm=midline_mm)


def block_mean(volume: FloatImage, factors: tuple[int, int, int]) -> FloatImage:
    """Mean over blocks of `factors` voxels; the last block of an axis may be smaller."""
    out = np.asarray(volume, dtype=np.float32)
    for axis, factor in enumerate(factors):
        if factor > 1:
            out = np.moveaxis(_mean_of_runs(np.moveaxis(out, axis, 0), factor), 0, axis)
    return np.ascontiguousarray(out)


def _mean_of_runs(volume: FloatImage, length: int) -> FloatImage:
    """Mean of each `length` neighbours along the first axis: strided sums, five times as fast as `np.add.reduceat`."""
    total: FloatImage = volume[::length].copy()
    for offset in range(1, length):
        part = volume[offset::length]
        total[: len(part)] += part
    counts = np.full(len(total), length, dtype=np.float32)
    counts[-1] = len(volume) - length * (len(total) - 1)
    total /= counts[:, None, None]
    return total


def unblock(blocks: BoolImage, factors: tuple[int, int, int], shape: tuple[int, ...]) -> BoolImage:
    """Give every voxel of `shape` the value of its block."""
    out = blocks
    for axis, factor in enumerate(factors):
        out = np.repeat(out, factor, axis=axis)
    return np.ascontiguousarray(out[: shape[0], : shape[1], : shape[2]])


def _block_factors(grid: ImageGrid) -> tuple[int, int, int]:
    z, r, c = (max(1, int(COARSE_MM / step + 1e-6)) for step in grid.spacing.zrc_mm)
    return z, r, c


def _slab_share(grid: ImageGrid) -> float:
    """Ask less of a thin stack, which cannot hold a whole breast."""
    thinnest_mm = min(n * step for n, step in zip(grid.shape, grid.spacing.zrc_mm, strict=True))
    return min(1.0, thinnest_mm / 60.0)


def _body(coarse: FloatImage) -> BoolImage:
    low, high = np.percentile(coarse, (10, 99))
    least = max(AIR_FACTOR * float(low), TISSUE_FLOOR * float(high), float(np.finfo(np.float32).tiny))
    tissue = coarse > least
    labels, n = ndimage.label(tissue)
    if n == 0 or np.median(coarse[tissue]) < NOISE_FACTOR * least:
        return np.zeros(coarse.shape, dtype=np.bool_)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    body: BoolImage = np.isin(labels, np.flatnonzero(sizes >= 0.1 * sizes.max()))
    for index in range(len(body)):
        body[index] = ndimage.binary_fill_holes(body[index])
    return body


def _block_positions(grid: ImageGrid, *, factors: tuple[int, int, int], shape: tuple[int, ...]) -> FloatArray:
    """(..., 3) patient position of every block centre."""
    index = [np.arange(n) * f + (f - 1) / 2 for n, f in zip(shape, factors, strict=True)]
    return grid.to_lps(np.stack(np.meshgrid(*index, indexing="ij"), axis=-1))


def _midline(body: BoolImage, places_lps: FloatArray) -> float | None:
    """Patient x of the cleft between two breasts; None where there are not two.

    The front of the body is followed from right to left: two summits with a valley between them are two breasts.
    """
    places = places_lps[body]
    x_mm, front_mm = _front(places[:, 0], places[:, 1], share=0.02)
    if len(x_mm) < MIN_SUMMIT_BINS:
        return None
    height = ndimage.gaussian_filter1d(-front_mm, 1.5)
    padded = np.concatenate([[height.min() - 1e3], height, [height.min() - 1e3]])
    summits = signal.find_peaks(padded, prominence=MIN_CLEFT_MM)[0] - 1
    if len(summits) < 2:
        return None
    cuts = [a + int(np.argmin(height[a : b + 1])) for a, b in itertools.pairwise(summits)]
    centre_mm = (x_mm[0] + x_mm[-1]) / 2
    return float(min((x_mm[cut] for cut in cuts), key=lambda x: abs(x - centre_mm)))


def _before_wall(body: BoolImage, *, places_lps: FloatArray, midline_mm: float) -> BoolImage:
    """Blocks in front of a curved chest wall that starts behind the skin over the sternum."""
    aside_mm = places_lps[..., 0] - midline_mm
    sternum_mm = _sternum_mm(body, places_lps, aside_mm=aside_mm)
    reach_mm = np.minimum(np.abs(aside_mm), 0.95 * CHEST_RADIUS_MM)
    recess_mm = CHEST_RADIUS_MM - np.sqrt(CHEST_RADIUS_MM**2 - reach_mm**2)
    before: BoolImage = places_lps[..., 1] < sternum_mm + WALL_BEHIND_STERNUM_MM + recess_mm
    return before


def _sternum_mm(body: BoolImage, places_lps: FloatArray, *, aside_mm: FloatArray) -> FloatArray:
    """Patient y of the skin over the sternum at the height of every block.

    The cleft may be narrower than the strip that is searched: the deepest of its columns counts.
    """
    fronts = []
    for column in range(-2, 2):
        strip = body & (np.floor(aside_mm / COARSE_MM) == column)
        if strip.any():
            z_mm, skin_mm = _front(places_lps[strip][:, 2], places_lps[strip][:, 1], share=0.0)
            smooth_mm = ndimage.median_filter(skin_mm, size=9, mode="nearest")
            fronts.append(np.interp(places_lps[..., 2], z_mm, smooth_mm))
    deepest: FloatArray = np.max(fronts, axis=0)
    return deepest


def _front(along_mm: FloatArray, y_mm: FloatArray, *, share: float) -> tuple[FloatArray, FloatArray]:
    """Foremost y (the given share of points lies before it) in bins along another axis: bin centres and y."""
    bins = np.floor(along_mm / COARSE_MM).astype(int)
    order = np.lexsort((y_mm, bins))
    values, starts, counts = np.unique(bins[order], return_index=True, return_counts=True)
    picked = starts + (share * (counts - 1)).astype(int)
    return (values + 0.5) * COARSE_MM, y_mm[order][picked]
