"""How well the best possible observer could see a mark: the matched filter on known white noise.

d' is the square root of the sum over pixels of (signal difference / noise)^2 (Barrett and Myers, Foundations of Image
Science, 2004, ch. 13: ideal observer, signal and background known exactly, independent Gaussian noise). Whatever is
done to the pixels afterwards and can be undone leaves it as it is; what cannot be undone only makes it smaller.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from calcmeasure.phantom.mammogram.deposits import Stamp
from calcmeasure.phantom.mammogram.detector import DetectorSpec, FloatImage


@dataclass(frozen=True, slots=True)
class LocalSignal:
    """The image without noise and without deposits, at the detector.

    Parameters
    ----------
    primary
        (rows, columns) unscattered signal, 1 behind fat of full thickness.
    total
        Primary and scatter, as `calcmeasure.phantom.mammogram.detector.expose` scales it.
    pixel_mm
        Pitch at the detector.
    brightest
        Total at which the machine's scale ends: behind it nothing can be told.
    added_variance
        (rows, columns) variance per pixel that is no quantum noise (film grain, quantisation), nepers squared.
    """

    primary: FloatImage
    total: FloatImage
    detector: DetectorSpec
    pixel_mm: tuple[float, float]
    brightest: float = math.inf
    added_variance: FloatImage | None = None


def ideal_detectability(stamp: Stamp, local: LocalSignal) -> float:
    """Compute d' of one mark: its own blurred, scatter-diluted profile in log signal over the local noise.

    The surroundings are taken as even over the mark, at their value under its centre.
    """
    row, col = np.rint(stamp.centre_rc).astype(int)
    total = float(local.total[row, col])
    if total >= local.brightest:
        return 0.0
    difference = _log_difference(stamp, float(local.primary[row, col]) / total, local)
    photons = local.detector.photons_per_mm2 * local.pixel_mm[0] * local.pixel_mm[1]
    added = 0.0 if local.added_variance is None else float(local.added_variance[row, col])
    variance = 1.0 / (photons * total) + added
    return math.sqrt(float(np.sum(np.square(difference, dtype=np.float64))) / variance)


def _log_difference(stamp: Stamp, primary_share: float, local: LocalSignal) -> FloatImage:
    sigma = [local.detector.blur_mm / pitch for pitch in local.pixel_mm]
    pad = math.ceil(3.0 * max(sigma))
    missing = np.pad(-np.expm1(-stamp.attenuation), pad)
    blurred = gaussian_filter(missing, sigma, truncate=3.0)
    share = primary_share / (1.0 + local.detector.scatter_to_primary)
    difference: FloatImage = -np.log1p(-share * blurred)
    return difference
