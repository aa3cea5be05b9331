"""From attenuation to pixel values: scatter, blur, quantum noise, and the two kinds of image a machine stores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

FloatImage = NDArray[np.float32]

RAW_BITS = 14
PRESENTATION_BITS = 12


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """A flat-panel detector and its exposure.

    Parameters
    ----------
    blur_mm
        Standard deviation of the point spread, at the detector.
    scatter_to_primary
        After the grid.
    scatter_mm
        Standard deviation of the scatter spread.
    photons_per_mm2
        Detected behind the fat of a fully compressed breast; sets the quantum noise.
    raw_level
        For Processing value there.
    presentation_gain
        For Presentation values per unit of log attenuation.
    """

    blur_mm: float = 0.045
    scatter_to_primary: float = 0.45
    scatter_mm: float = 8.0
    photons_per_mm2: float = 3.3e5
    raw_level: float = 1800.0
    presentation_gain: float = 1300.0


def expose(
    attenuation: FloatImage, breast: NDArray[np.bool_], *, detector: DetectorSpec, pixel_mm: tuple[float, float]
) -> FloatImage:
    """Mean detector signal without noise, 1 behind the fat of a fully compressed breast.

    Parameters
    ----------
    attenuation
        (rows, columns) natural-log attenuation relative to that fat; meaningful where `breast` is True.
    pixel_mm
        Row and column pitch at the detector.

    Returns
    -------
    (rows, columns) float32
        Primary and scatter, blurred. Pixels beside the breast keep the primary's value.
    """
    primary = blurred_primary(attenuation, detector=detector, pixel_mm=pixel_mm)
    scatter = scattered(primary, breast, detector=detector, pixel_mm=pixel_mm)
    return with_scatter(primary, scatter, detector=detector)


def blurred_primary(attenuation: FloatImage, *, detector: DetectorSpec, pixel_mm: tuple[float, float]) -> FloatImage:
    """Unscattered signal after the detector's blur, before the share that scatter takes."""
    sigma = [detector.blur_mm / pitch for pitch in pixel_mm]
    primary: FloatImage = gaussian_filter(np.exp(-attenuation), sigma, truncate=3.0)
    return primary


def scattered(
    primary: FloatImage, breast: NDArray[np.bool_], *, detector: DetectorSpec, pixel_mm: tuple[float, float]
) -> FloatImage:
    """Scatter, in units of the primary that makes it."""
    return _scatter(primary, breast, detector.scatter_mm, pixel_mm)


def with_scatter(primary: FloatImage, scatter: FloatImage, *, detector: DetectorSpec) -> FloatImage:
    """Add scatter to the primary and scale, so that the signal behind fat of full thickness stays about 1."""
    total = (primary + detector.scatter_to_primary * scatter) / (1.0 + detector.scatter_to_primary)
    return total.astype(np.float32, copy=False)


def raw_pixels(
    signal: FloatImage,
    breast: NDArray[np.bool_],
    *,
    detector: DetectorSpec,
    pixel_mm: tuple[float, float],
    rng: np.random.Generator,
) -> NDArray[np.uint16]:
    """For Processing values: linear in exposure, Poisson-like noise, air at the detector's saturation value."""
    photons = detector.photons_per_mm2 * pixel_mm[0] * pixel_mm[1]
    noise = rng.standard_normal(signal.shape, np.float32) * np.sqrt(signal / np.float32(photons))
    top = (1 << RAW_BITS) - 1
    counts = np.clip(np.rint(detector.raw_level * (signal + noise)), 1, top)
    counts[~breast] = top
    stored: NDArray[np.uint16] = counts.astype(np.uint16)
    return stored


def presentation_pixels(
    raw: NDArray[np.uint16], thinning: FloatImage, breast: NDArray[np.bool_], *, detector: DetectorSpec
) -> NDArray[np.uint16]:
    """For Presentation values: logarithm, thickness equalised, soft upper shoulder, zero beside the breast.

    Parameters
    ----------
    thinning
        (rows, columns) attenuation that is missing because the breast is thinner there; nine tenths are made up for.
    """
    log_attenuation = _minus_log_table(detector.raw_level)[raw] + np.float32(0.9) * thinning
    value = 900.0 + detector.presentation_gain * log_attenuation
    top = (1 << PRESENTATION_BITS) - 1
    knee = 0.75 * top
    value = np.where(value > knee, top - (top - knee) * np.exp((knee - value) / (top - knee)), value)
    value = np.clip(np.rint(value), 60, top)
    value[~breast] = 0
    stored: NDArray[np.uint16] = value.astype(np.uint16)
    return stored


def _minus_log_table(level: float) -> FloatImage:
    counts = np.maximum(np.arange(1 << RAW_BITS, dtype=np.float32), 1)
    table: FloatImage = -np.log(counts / np.float32(level))
    return table


def _scatter(
    primary: FloatImage, breast: NDArray[np.bool_], scatter_mm: float, pixel_mm: tuple[float, float]
) -> FloatImage:
    """Wide blur of what the breast lets through (air beside it is left out), on a coarse grid."""
    step = [max(round(1.0 / pitch), 1) for pitch in pixel_mm]
    sigma = [scatter_mm / (pitch * s) for pitch, s in zip(pixel_mm, step, strict=True)]
    light = _block_mean(np.where(breast, primary, 0.0), step)
    weight = _block_mean(breast.astype(np.float32), step)
    spread = gaussian_filter(light, sigma) / np.maximum(gaussian_filter(weight, sigma), 1e-3)
    factors = [n / m for n, m in zip(primary.shape, spread.shape, strict=True)]
    full: FloatImage = zoom(spread, factors, order=1, grid_mode=True, mode="nearest").astype(np.float32)
    return full


def _block_mean(image: FloatImage, step: list[int]) -> FloatImage:
    pads = [(0, -n % s) for n, s in zip(image.shape, step, strict=True)]
    padded = np.pad(image, pads, mode="edge")
    rows, cols = (n // s for n, s in zip(padded.shape, step, strict=True))
    means: FloatImage = padded.reshape(rows, step[0], cols, step[1]).mean(axis=(1, 3), dtype=np.float32)
    return means
