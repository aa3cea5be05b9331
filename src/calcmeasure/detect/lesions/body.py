"""Body and outside air in an MR volume on the patient lattice: implants, lungs and suppressed fat are body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.lattice import LATTICE_MM

FloatArray = NDArray[np.float64]

AIR_FACTOR = 1.7
"""Tissue starts at this multiple of the 10th percentile, which is air in any breast examination.
An Otsu or triangle threshold splits fat from gland on fat-suppressed images instead."""
TISSUE_FLOOR = 0.04
"""...and never below this fraction of the 99th percentile, where the scanner has set air to zero."""
NOISE_FACTOR = 2.0
"""The median of tissue exceeds that threshold at least so much; in mere noise it does not."""
GHOST_SHARE = 0.45
"""Ghosts of the beating heart in air stay below this share of the median tissue; dim fat inside the skin is filled."""
CLEFT_MM = 40.0
"""So far to each side of the body's middle, front-to-back ghosts of the heart close the cleft between the breasts..."""
GHOST_BELOW = 0.8
"""...dimmer than this share of the median tissue..."""
GHOST_DEPTH_MM, GHOST_GAP_MM = 16.0, 20.0
"""...at least so deep (the skin before an implant is thinner), and with so much air behind them before the sternum."""
LARGEST_SHARE = 0.1
"""Parts below this share of the largest one are ghosts and markers."""
_BALL = ndimage.generate_binary_structure(3, 2)


@dataclass(frozen=True, slots=True)
class Body:
    """What is not outside air.

    Parameters
    ----------
    mask
        (z, y, x) everything that no path through air joins to the front of the volume: dark implants and lungs too.
    tissue
        (z, y, x) the part of it that is brighter than air.
    seen
        (z, y, x) points inside the volume.
    """

    mask: BoolImage
    tissue: BoolImage
    seen: BoolImage

    def depth_mm(self) -> FloatImage:
        """Signed distance to outside air, positive within the body; what was not imaged is not air."""
        air = self.seen & ~self.mask
        if not air.any():
            return np.full(air.shape, 1e3, dtype=np.float32)
        inside = ndimage.distance_transform_edt(~air, sampling=LATTICE_MM)
        outside = ndimage.distance_transform_edt(air, sampling=LATTICE_MM)
        signed: FloatImage = np.where(air, LATTICE_MM / 2 - outside, inside - LATTICE_MM / 2).astype(np.float32)
        return signed

    def front_mm(self, y_mm: FloatArray) -> FloatArray:
        """(z, x) patient y of the foremost point of every column; not a number where there is no body."""
        first: FloatArray = y_mm[self.mask.argmax(axis=1)].astype(float)
        first[~self.mask.any(axis=1)] = np.nan
        return first


def find_body(signal: FloatImage, seen: BoolImage) -> Body | None:
    """Part body from air.

    Parameters
    ----------
    signal
        (z, y, x) mean signal at the lattice points.
    seen
        Same shape, see `Body`.

    Returns
    -------
    Body
        None when nothing stands out from air.
    """
    low, high = np.percentile(signal[seen], (10, 99))
    least = max(AIR_FACTOR * float(low), TISSUE_FLOOR * float(high), float(np.finfo(np.float32).tiny))
    tissue = seen & (signal > least)
    if not tissue.any() or np.median(signal[tissue]) < NOISE_FACTOR * least:
        return None
    median = float(np.median(signal[tissue]))
    solid = tissue & (signal > GHOST_SHARE * median)
    solid = _large_parts(solid & ~_before_cleft(solid, signal < GHOST_BELOW * median))
    body = _large_parts(seen & ~_outside(seen & ~solid, seen))
    return Body(body, tissue & body, seen)


def _before_cleft(solid: BoolImage, dim: BoolImage) -> BoolImage:
    """Tell what hangs in mid-air before the cleft: dim, with air behind it and then the body."""
    widths = np.flatnonzero(solid.any(axis=(0, 1)))
    aside_mm = LATTICE_MM * np.abs(np.arange(solid.shape[2]) - (widths[0] + widths[-1]) / 2)
    gap, depth = (round(mm / LATTICE_MM) for mm in (GHOST_GAP_MM, GHOST_DEPTH_MM))
    starts_gap = ndimage.minimum_filter1d((~solid).astype(np.uint8), gap, axis=1, origin=-(gap // 2)) > 0
    before_gap = np.logical_or.accumulate((starts_gap & _somewhere_behind(solid))[:, ::-1], axis=1)[:, ::-1]
    deep = ndimage.binary_opening(solid & dim & before_gap, np.ones((1, depth, 1), np.bool_))
    ghost: BoolImage = deep & (aside_mm <= CLEFT_MM)
    return ghost


def _somewhere_behind(mask: BoolImage) -> BoolImage:
    behind: BoolImage = np.logical_or.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    return behind


def _large_parts(mask: BoolImage) -> BoolImage:
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    kept: BoolImage = np.isin(labels, np.flatnonzero(sizes >= LARGEST_SHARE * sizes.max()))
    return kept & mask


def _outside(dark: BoolImage, seen: BoolImage) -> BoolImage:
    """Dark points that are reached from the front of the volume through gaps wider than a break in the skin."""
    wide = ndimage.binary_erosion(dark | ~seen, _BALL, border_value=1) & dark
    labels, _ = ndimage.label(wide)
    reached = np.unique(labels[_front_layer(seen) & wide])
    core = np.isin(labels, reached[reached > 0])
    outside: BoolImage = ndimage.binary_dilation(core, _BALL) & dark
    return outside


def _front_layer(seen: BoolImage) -> BoolImage:
    """Foremost seen point of every column."""
    layer = np.zeros_like(seen)
    z, x = np.nonzero(seen.any(axis=1))
    layer[z, seen.argmax(axis=1)[z, x], x] = True
    return layer
