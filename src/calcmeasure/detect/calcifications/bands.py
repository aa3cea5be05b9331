"""Band-pass stack of a mammogram and its signal-to-noise ratio: the scales at which calcifications live.

All widths are mm, so that detectors of 0.05 and 0.2 mm pixels share one set of settings. Everything downstream uses
ratios to the *local* noise of each band, which removes vendor grey scales, dose and thickness at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.geometry import Spacing

NOISE_GRID_MM = 0.6
"""Pixel size on which local noise is averaged."""
NOISE_FLOOR_SHARE = 0.3
"""Local noise is taken to be at least this share of the breast's median: saturated patches are not noiseless."""
_MEAN_ABS_TO_SIGMA = float(np.sqrt(np.pi / 2.0))
_SMALLEST_SIGMA_PX = 0.5
"""A Gaussian narrower than this is not represented by its samples."""


@dataclass(frozen=True, slots=True)
class BandStack:
    """Differences of Gaussians over their local noise.

    Parameters
    ----------
    snr
        (bands, rows, columns) float32; positive where the pixel is brighter than its surround at that scale.
    sigmas_mm
        (bands,) inner Gaussian of each difference; the outer is sqrt(2) times as wide.
    noise
        (bands,) median noise of each band in the breast, in grey levels.
    """

    snr: NDArray[np.float32]
    sigmas_mm: NDArray[np.float64]
    noise: NDArray[np.float64]


def build_stack(
    attenuation: FloatImage, *, inside: BoolImage, spacing: Spacing, sigmas_mm: Sequence[float], noise_sigma_mm: float
) -> BandStack:
    """Filter an image into bands and divide each by its local noise.

    Parameters
    ----------
    attenuation
        (rows, columns) finite everywhere.
    inside
        Where noise is estimated: the breast.
    sigmas_mm
        Inner widths in ascending order, each about sqrt(2) times the one before. Those below half a pixel are left
        out.
    noise_sigma_mm
        Gaussian window of the noise estimate.
    """
    usable = [s for s in sigmas_mm if s >= _SMALLEST_SIGMA_PX * max(spacing.rc_mm)] or [sigmas_mm[-1]]
    widths = [*usable, usable[-1] * np.sqrt(2.0)]
    snr = np.empty((len(usable), *attenuation.shape), dtype=np.float32)
    noise = np.empty(len(usable))
    previous = blur(attenuation, widths[0], spacing=spacing)
    for band, (inner_mm, outer_mm) in enumerate(pairwise(widths)):
        # Each Gaussian is made from the one before: variances add.
        following = blur(previous, float(np.sqrt(outer_mm**2 - inner_mm**2)), spacing=spacing)
        difference = cv2.subtract(previous, following)
        local = local_noise(difference, inside=inside, spacing=spacing, sigma_mm=noise_sigma_mm)
        noise[band] = float(np.median(local[::8, ::8][inside[::8, ::8]])) if inside[::8, ::8].any() else 0.0
        cv2.divide(difference, cv2.max(local, _tiny(noise[band])), dst=snr[band])
        previous = following
    return BandStack(snr, np.asarray(usable), noise)


def blur(image: FloatImage, sigma_mm: float, *, spacing: Spacing) -> FloatImage:
    """Gaussian blur by a width in mm, also on pixels that are not square."""
    sigma_r, sigma_c = (sigma_mm / step for step in spacing.rc_mm)
    size = tuple(2 * max(1, int(np.ceil(4.0 * s))) + 1 for s in (sigma_c, sigma_r))
    blurred = cv2.GaussianBlur(image, size, sigmaX=sigma_c, sigmaY=sigma_r, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, dtype=np.float32)


def local_noise(band: FloatImage, *, inside: BoolImage, spacing: Spacing, sigma_mm: float) -> FloatImage:
    """Estimate a band's noise (standard deviation) around each pixel from its clipped absolute value in the breast.

    Clipping at three robust standard deviations keeps calcifications themselves from counting as noise.
    """
    sample = np.abs(band[::4, ::4][inside[::4, ::4]])
    robust = float(np.median(sample)) * 1.4826 if sample.size else 0.0
    if robust == 0.0:
        robust = float(sample.mean()) * _MEAN_ABS_TO_SIGMA if sample.size else 0.0
    weight = inside.astype(np.float32)
    clipped = cv2.multiply(cv2.min(cv2.absdiff(band, 0.0), 3.0 * robust), weight)
    rows, cols = (max(1, round(n * s / NOISE_GRID_MM)) for n, s in zip(band.shape, spacing.rc_mm, strict=True))
    grid = tuple(n * s / m for n, s, m in zip(band.shape, spacing.rc_mm, (rows, cols), strict=True))
    level, share = (
        _smooth(cv2.resize(plane, (cols, rows), interpolation=cv2.INTER_AREA), sigma_mm, grid)
        for plane in (clipped, weight)
    )
    noise = (level / np.maximum(share, 1e-3) * _MEAN_ABS_TO_SIGMA).astype(np.float32)
    floored = np.maximum(noise, np.float32(NOISE_FLOOR_SHARE * robust))
    return np.asarray(cv2.resize(floored, band.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _smooth(small: FloatImage, sigma_mm: float, grid_mm: tuple[float, ...]) -> FloatImage:
    sigmas = (sigma_mm / grid_mm[0], sigma_mm / grid_mm[1])
    size = tuple(2 * int(np.ceil(3.0 * s)) + 1 for s in reversed(sigmas))
    smoothed = cv2.GaussianBlur(small, size, sigmaX=sigmas[1], sigmaY=sigmas[0], borderType=cv2.BORDER_REFLECT)
    return np.asarray(smoothed, dtype=np.float32)


def _tiny(noise: float) -> float:
    """Divisor of last resort where a band is exactly flat."""
    return max(noise * 1e-3, float(np.finfo(np.float32).tiny) * 1e6)
