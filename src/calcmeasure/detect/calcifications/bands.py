"""Band-pass stack of a mammogram and its signal-to-noise ratio: the scales at which calcifications live.

All widths are mm, so that detectors of 0.05 and 0.2 mm pixels share one set of settings. Everything downstream uses
ratios to the noise of each band, which removes vendor grey scales, dose and thickness at once. Planes of wide bands
are kept at every second or fourth pixel: a band needs no more samples than its width asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numba import njit

from calcmeasure.detect.calcifications.noise import NoiseCurve, local_noise, measure_noise_curve
from calcmeasure.detect.calcifications.observer import channel_covariance
from calcmeasure.detect.calcifications.sampling import sample
from calcmeasure.detect.contract import BoolImage, FloatImage, Points, Values
from calcmeasure.geometry import Spacing

SIGMAS_MM = tuple(0.056 * 2.0 ** (k / 2.0) for k in range(7))
"""Inner widths of the bands, 0.056 to 0.448 mm: discs of 0.19 to 1.5 mm. The mark model is trained with them."""
NOISE_SIGMA_MM = 2.8
"""Gaussian window of the local noise."""
_SMALLEST_SIGMA_PX = 0.5
"""A Gaussian narrower than this is not represented by its samples."""
_THINNING_SIGMA_PX = 2.2
"""From this width on every second sample is enough: at the new Nyquist frequency 0.3 % of the amplitude is left."""
_PLACES_MM = 1.0
"""Distance between the places at which the bands are compared."""
_NOISE_STRIDE = 1.8
"""Noise is sampled at this many widths of a band."""
_OUTER = float(np.sqrt(2.0))


@dataclass(frozen=True, slots=True)
class Band:
    """One difference of Gaussians over its noise.

    Parameters
    ----------
    snr
        (rows, columns) float32 at every `step`-th pixel; positive where brighter than the surround at that scale.
    step
        Pixels of the image per sample, along rows and columns; sample (i, j) lies on pixel (i step, j step).
    sigma_mm
        Inner Gaussian; the outer is sqrt(2) times as wide.
    noise
        Standard deviation around each place, on a coarse grid over the same field, in units of the pixel noise.
    robust_noise
        The same over the whole breast.
    """

    snr: FloatImage
    step: int
    sigma_mm: float
    noise: FloatImage
    robust_noise: float


@dataclass(frozen=True, slots=True)
class BandStack:
    """Bands of one image, from fine to coarse.

    Parameters
    ----------
    bands
        Those of `SIGMAS_MM` that the pixels can show; at least one.
    first
        Index in `SIGMAS_MM` of the first.
    pixels
        (rows, columns) float32 image in units of its pixel noise.
    curve
        Noise against signal level, which leads back to grey levels.
    spacing
        Of the image.
    covariance
        (bands, bands) of their values over the breast.
    """

    bands: tuple[Band, ...]
    first: int
    pixels: FloatImage
    curve: NoiseCurve
    spacing: Spacing
    covariance: Values = field(default_factory=lambda: np.empty((0, 0)))

    def nearest(self, sigma_mm: float) -> Band:
        """Band whose width is nearest to `sigma_mm` on a logarithmic scale."""
        return min(self.bands, key=lambda band: abs(np.log(band.sigma_mm / sigma_mm)))

    def answers(self, points_rc: Points) -> Values:
        """(n, bands) signal over noise at (n, 2) points of the image."""
        return np.column_stack([sample(band.snr, points_rc / band.step) for band in self.bands])

    def noise_at(self, band: Band, points_rc: Points) -> Values:
        """(n,) local noise of a band at (n, 2) points of the image, in units of the pixel noise."""
        scale = np.array(band.noise.shape) / np.array(self.pixels.shape)
        noise: Values = sample(band.noise, (points_rc + 0.5) * scale - 0.5)
        return noise

    def spacing_of(self, band: Band) -> Spacing:
        """Distance between the samples of a band."""
        row_mm, col_mm = self.spacing.rc_mm
        return Spacing(row_mm * band.step, col_mm * band.step, source=self.spacing.source)


def build_stack(attenuation: FloatImage, *, valid: BoolImage, inside: BoolImage, spacing: Spacing) -> BandStack:
    """Even out the noise over the signal levels, filter into bands and divide each by its local noise.

    Parameters
    ----------
    attenuation
        (rows, columns) finite wherever `valid`.
    valid
        False on padding.
    inside
        Where noise is estimated: the breast without its skin and without what shows no tissue.
    """
    curve = measure_noise_curve(attenuation, inside=inside & valid)
    pixels = curve.stabilise(attenuation, valid=valid)
    first = _first_usable(max(spacing.rc_mm))
    bands: list[Band] = []
    step, mask = 1, inside
    blurred = blur(pixels, SIGMAS_MM[first], step_mm=spacing.rc_mm)
    for sigma_mm in SIGMAS_MM[first:]:
        samples = Spacing(spacing.row_mm * step, spacing.col_mm * step, source=spacing.source)
        # Each Gaussian is made from the one before: variances add.
        wider = blur(blurred, sigma_mm * float(np.sqrt(_OUTER**2 - 1.0)), step_mm=samples.rc_mm)
        noise, robust = _noise_between(blurred, wider, inside=mask, sigma_mm=sigma_mm, samples=samples)
        bands.append(Band(_over_noise(blurred, wider, noise), step, sigma_mm, noise, robust))
        if _OUTER * sigma_mm / max(samples.rc_mm) >= _THINNING_SIGMA_PX:
            wider, mask, step = np.ascontiguousarray(wider[::2, ::2]), np.ascontiguousarray(mask[::2, ::2]), 2 * step
        blurred = wider
    stack = BandStack(tuple(bands), first, pixels, curve, spacing)
    return replace(stack, covariance=channel_covariance(stack.answers(_places(inside, spacing))))


def _places(inside: BoolImage, spacing: Spacing) -> Points:
    """Points of the breast on a grid of about a millimetre."""
    down, across = (max(1, round(_PLACES_MM / step)) for step in spacing.rc_mm)
    points_rc: Points = np.argwhere(inside[::down, ::across]) * np.array([float(down), float(across)])
    return points_rc


def blur(image: FloatImage, sigma_mm: float, *, step_mm: tuple[float, float]) -> FloatImage:
    """Gaussian blur by a width in mm, also on samples that are not square."""
    sigma_r, sigma_c = (sigma_mm / step for step in step_mm)
    size = tuple(2 * max(1, int(np.ceil(3.0 * s))) + 1 for s in (sigma_c, sigma_r))
    blurred = cv2.GaussianBlur(image, size, sigmaX=sigma_c, sigmaY=sigma_r, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, dtype=np.float32)


def _first_usable(pixel_mm: float) -> int:
    usable = [k for k, sigma_mm in enumerate(SIGMAS_MM) if sigma_mm >= _SMALLEST_SIGMA_PX * pixel_mm]
    return usable[0] if usable else len(SIGMAS_MM) - 1


def _noise_between(
    blurred: FloatImage, wider: FloatImage, *, inside: BoolImage, sigma_mm: float, samples: Spacing
) -> tuple[FloatImage, float]:
    """Noise of the difference of two blurred images."""
    # Neighbouring samples say the same about the noise: one per width is enough.
    stride = max(1, round(_NOISE_STRIDE * sigma_mm / max(samples.rc_mm)))
    sparse = (slice(None, None, stride), slice(None, None, stride))
    spacing = Spacing(samples.row_mm * stride, samples.col_mm * stride, source=samples.source)
    return local_noise(blurred[sparse] - wider[sparse], inside=inside[sparse], spacing=spacing, sigma_mm=NOISE_SIGMA_MM)


def _over_noise(blurred: FloatImage, wider: FloatImage, noise: FloatImage) -> FloatImage:
    """Difference of two blurred images over the noise on a coarse grid that covers the same field."""
    rows, cols = blurred.shape
    stretched = cv2.resize(np.float32(1.0) / noise, (cols, noise.shape[0]), interpolation=cv2.INTER_LINEAR)
    at = np.clip((np.arange(rows) + 0.5) * (noise.shape[0] / rows) - 0.5, 0.0, noise.shape[0] - 1.0)
    snr = np.empty(blurred.shape, np.float32)
    _divide(blurred, wider, stretched, at, snr)
    return snr


@njit(cache=True)
def _divide(blurred: FloatImage, wider: FloatImage, inverse_noise: FloatImage, at: Values, snr: FloatImage) -> None:
    """Multiply the difference by rows of `inverse_noise`, taken between its rows at `at`."""
    for r in range(blurred.shape[0]):
        upper = int(at[r])
        lower = min(upper + 1, inverse_noise.shape[0] - 1)
        below = np.float32(at[r] - upper)
        above = np.float32(1.0) - below
        for c in range(blurred.shape[1]):
            factor = above * inverse_noise[upper, c] + below * inverse_noise[lower, c]
            snr[r, c] = (blurred[r, c] - wider[r, c]) * factor
