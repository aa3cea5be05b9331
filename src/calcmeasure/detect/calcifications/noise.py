"""Noise of a mammogram: against signal level, estimated from the image itself, and around each place.

Quantum noise grows with attenuation, film grain and presentation curves have laws of their own. The law is read from
the image and taken out by one curve through the grey levels; what is left, and the tissue's own texture, is measured
around each place. (Adaptive stabilisation improved four detectors on three vendors and beat a fixed transform:
Bria et al., 2018.)
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage, Values
from calcmeasure.geometry import Spacing

NOISE_GRID_MM = 0.6
"""Pixel size on which local noise is averaged."""
NOISE_FLOOR_SHARE = 0.3
"""Noise is taken to be at least this share of its median: saturated patches are not noiseless."""
CURVE_BINS = 24
"""Signal levels, of equally many pixels each, at which noise is measured."""
_DETAIL_STRIDE = 5
_CURVE_STEPS = 1024
_MEAN_ABS_TO_SIGMA = float(np.sqrt(np.pi / 2.0))
_MEDIAN_ABS_TO_SIGMA = 1.4826
_MASK_GAIN = 6.0
"""Standard deviation of the difference mask [[1, -2, 1], [-2, 4, -2], [1, -2, 1]] on unit white noise."""
_CLIP = 3.0
_TINY = float(np.finfo(np.float32).tiny) * 1e6


@dataclass(frozen=True, slots=True)
class NoiseCurve:
    """Noise against signal level.

    Parameters
    ----------
    levels
        (k,) grey levels, ascending.
    sigmas
        (k,) standard deviation of the pixel noise there; positive.
    """

    levels: Values
    sigmas: Values

    def stabilise(self, attenuation: FloatImage, *, valid: BoolImage) -> FloatImage:
        """Map grey levels so that noise has unit standard deviation at every level.

        Parameters
        ----------
        attenuation, valid
            (rows, columns). Pixels that are not valid take the middle level.

        Returns
        -------
        (rows, columns) float32
            The integral of 1/sigma over the grey levels, 0 at the middle level; straight beyond the curve's ends.
        """
        first, last = float(self.levels[0]), float(self.levels[-1])
        step = (last - first) / _CURVE_STEPS
        _, table = self._integral()
        slopes = 1.0 / self.sigmas
        ends = np.array([first, 1.0 / step, slopes[0], slopes[-1]], dtype=np.float32)
        mapped: FloatImage = _through_table(attenuation, valid, table.astype(np.float32), ends)
        return mapped

    def sigma_at(self, stabilised: Values) -> Values:
        """Noise, in grey levels, where the stabilised image has these values."""
        grid, table = self._integral()
        sigmas: Values = np.interp(np.interp(stabilised, table, grid), self.levels, self.sigmas)
        return sigmas

    def _integral(self) -> tuple[Values, Values]:
        """Grey levels at even steps, and the integral of 1/sigma up to them, 0 in the middle."""
        grid = np.linspace(self.levels[0], self.levels[-1], _CURVE_STEPS + 1)
        slopes = 1.0 / np.interp(grid, self.levels, self.sigmas)
        table = np.concatenate([[0.0], np.cumsum((slopes[1:] + slopes[:-1]) / 2.0)]) * (grid[1] - grid[0])
        return grid, table - table[_CURVE_STEPS // 2]


def measure_noise_curve(attenuation: FloatImage, *, inside: BoolImage) -> NoiseCurve:
    """Estimate noise at each signal level from the image's finest detail.

    The detail is the 3 x 3 difference of second differences, blind to edges and slopes along rows and columns
    (Immerkaer, Comput Vis Image Underst 1996; 64: 300), sampled at every fifth pixel; at each of `CURVE_BINS` levels
    its median absolute value is taken.

    Parameters
    ----------
    attenuation
        (rows, columns) finite inside.
    inside
        Where noise is measured: the breast.
    """
    detail, level = _sample_detail(attenuation)
    kept = inside[1:-1:_DETAIL_STRIDE, 1:-1:_DETAIL_STRIDE]
    detail, level = detail[kept], level[kept]
    if len(level) < 20 * CURVE_BINS or np.ptp(level) == 0.0:
        return _flat_curve(level)
    edges = np.quantile(level[::8], np.linspace(0.0, 1.0, CURVE_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, level).astype(np.uint8)
    parts = np.split(np.argsort(bins, kind="stable"), np.bincount(bins, minlength=CURVE_BINS).cumsum()[:-1])
    parts = [part for part in parts if len(part)]
    levels = np.array([level[part].mean(dtype=float) for part in parts])
    sigmas = np.array([np.median(detail[part]) for part in parts]) * (_MEDIAN_ABS_TO_SIGMA / _MASK_GAIN)
    if not sigmas.any() or (np.diff(levels) <= 0.0).all():
        return _flat_curve(level)
    floored = np.maximum(sigmas, NOISE_FLOOR_SHARE * float(np.median(sigmas[sigmas > 0.0])))
    rising = np.concatenate([[True], np.diff(levels) > 0.0])
    return NoiseCurve(levels[rising], _smoothed(floored)[rising])


def local_noise(band: FloatImage, *, inside: BoolImage, spacing: Spacing, sigma_mm: float) -> tuple[FloatImage, float]:
    """Estimate a band's noise (standard deviation) around each place from its clipped absolute value in the breast.

    Clipping at three robust standard deviations keeps calcifications themselves from counting as noise.

    Parameters
    ----------
    band, inside
        (rows, columns).
    spacing
        Of these pixels.
    sigma_mm
        Gaussian window.

    Returns
    -------
    noise
        Standard deviation on a grid of about `NOISE_GRID_MM` that covers the same field.
    robust
        Over the whole breast.
    """
    sample = np.abs(band[::4, ::4][inside[::4, ::4]])
    robust = _robust_sigma(sample)
    rows, cols = (max(1, round(n * s / NOISE_GRID_MM)) for n, s in zip(band.shape, spacing.rc_mm, strict=True))
    grid = tuple(n * s / m for n, s, m in zip(band.shape, spacing.rc_mm, (rows, cols), strict=True))
    sums, counts = _sum_blocks(band, inside, np.float32(_CLIP * robust), (rows, cols))
    level, share = (_smooth(plane, sigma_mm, grid) for plane in (sums, counts))
    noise = (level / np.maximum(share, 1e-3 * max(float(counts.max()), 1.0)) * _MEAN_ABS_TO_SIGMA).astype(np.float32)
    return np.maximum(noise, np.float32(max(NOISE_FLOOR_SHARE * robust, _TINY))), robust


@njit(cache=True)
def _sum_blocks(
    band: FloatImage, inside: BoolImage, clip: np.float32, shape: tuple[int, int]
) -> tuple[FloatImage, FloatImage]:
    """Sum clipped absolute values inside, and count them, over a grid of `shape` that covers the same field."""
    sums, counts = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    rows, cols = band.shape
    block_of = np.arange(cols) * shape[1] // cols
    for r in range(rows):
        block = r * shape[0] // rows
        for c in range(cols):
            if inside[r, c]:
                sums[block, block_of[c]] += min(abs(band[r, c]), clip)
                counts[block, block_of[c]] += np.float32(1.0)
    return sums, counts


def _sample_detail(image: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Absolute second-difference detail and the mean level around it, at every fifth pixel."""

    def at(dr: int, dc: int) -> FloatImage:
        rows, cols = image.shape
        return image[1 + dr : rows - 1 + dr : _DETAIL_STRIDE, 1 + dc : cols - 1 + dc : _DETAIL_STRIDE]

    corners = at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1)
    sides = at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1)
    centre = at(0, 0)
    return np.abs(corners - 2.0 * sides + 4.0 * centre), (corners + sides + centre) / np.float32(9.0)


def _flat_curve(level: FloatImage) -> NoiseCurve:
    """One noise for all levels where there is too little to measure: grey levels are left as they are."""
    middle = float(np.median(level)) if level.size else 0.0
    return NoiseCurve(np.array([middle - 1.0, middle + 1.0]), np.ones(2))


def _smoothed(sigmas: Values) -> Values:
    padded = np.pad(sigmas, 2, mode="edge")
    smooth: Values = np.convolve(padded, np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0, mode="valid")
    return smooth


def _robust_sigma(magnitudes: FloatImage) -> float:
    if not magnitudes.size:
        return 0.0
    median = float(np.median(magnitudes))
    return median * _MEDIAN_ABS_TO_SIGMA if median > 0.0 else float(magnitudes.mean()) * _MEAN_ABS_TO_SIGMA


def _smooth(small: FloatImage, sigma_mm: float, grid_mm: tuple[float, ...]) -> FloatImage:
    sigmas = (sigma_mm / grid_mm[0], sigma_mm / grid_mm[1])
    size = tuple(2 * int(np.ceil(3.0 * s)) + 1 for s in reversed(sigmas))
    smoothed = cv2.GaussianBlur(small, size, sigmaX=sigmas[1], sigmaY=sigmas[0], borderType=cv2.BORDER_REFLECT)
    return np.asarray(smoothed, dtype=np.float32)


@njit(cache=True)
def _through_table(
    image: FloatImage, valid: BoolImage, table: NDArray[np.float32], ends: NDArray[np.float32]
) -> FloatImage:
    """Look up each pixel with linear interpolation; straight lines beyond the ends, 0 where not valid."""
    first, per_level, low_slope, high_slope = ends
    out = np.empty(image.shape, np.float32)
    last = table.size - 1
    for r in range(image.shape[0]):
        for c in range(image.shape[1]):
            position = (image[r, c] - first) * per_level
            if not valid[r, c]:
                out[r, c] = np.float32(0.0)
            elif position <= 0.0:
                out[r, c] = table[0] + position / per_level * low_slope
            elif position >= last:
                out[r, c] = table[last] + (position - last) / per_level * high_slope
            else:
                k = int(position)
                out[r, c] = table[k] + (position - np.float32(k)) * (table[k + 1] - table[k])
    return out
