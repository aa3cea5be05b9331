"""A channelised Hotelling observer: how strongly all bands together say that there is a speck of some size.

Each band alone is a matched filter for one size in white noise. Over real tissue the bands share noise and structure;
weighing them by the inverse of their covariance, which is read from the image itself, gives the best linear observer
that sees the image through these channels (Barrett and Myers, Foundations of Image Science, 2004, ch. 13).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calcmeasure.detect.contract import Values

SIZES_MM = (0.12, 0.18, 0.27, 0.40, 0.60)
"""Diameters of the specks asked for."""
BLUR_MM = 0.05
"""Standard deviation of a typical detector's blur, added to every speck."""
_SPHERE_SIGMA = 0.22
"""Standard deviation of a projected sphere's shadow over its diameter: 1/sqrt(20)."""
_CLIP_SNR = 4.0
_RIDGE = 0.02
"""Added to the diagonal of the covariance: no band is trusted as a copy of others."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What the observer says about each candidate.

    Parameters
    ----------
    by_size
        (n, len(SIZES_MM)) detectability index of a speck of each size.
    misfit
        (n,) length of what no speck of the best size explains, in standard deviations.
    """

    by_size: Values
    misfit: Values


def channel_covariance(answers: Values) -> Values:
    """Covariance of the bands over places of the breast, each (n, bands) value clipped: specks are few but strong."""
    clipped = np.clip(answers, -_CLIP_SNR, _CLIP_SNR)
    covariance = clipped.T @ clipped / max(len(clipped), 1)
    return np.asarray(covariance + _RIDGE * np.eye(covariance.shape[0]))


def observe(answers: Values, *, noise: Values, sigmas_mm: Values, covariance: Values) -> Observation:
    """Apply the observer.

    Parameters
    ----------
    answers
        (n, bands) signal over local noise.
    noise
        (n, bands) local noise of each band.
    sigmas_mm
        (bands,) inner widths.
    covariance
        (bands, bands) of the answers where there is nothing.
    """
    inverse = np.linalg.inv(covariance)
    weighed = answers @ inverse
    by_size = np.empty((len(answers), len(SIZES_MM)))
    for column, size_mm in enumerate(SIZES_MM):
        expected = speck_profile(size_mm, sigmas_mm) / noise
        length = np.sqrt(np.einsum("nb,bc,nc->n", expected, inverse, expected))
        by_size[:, column] = np.einsum("nb,nb->n", weighed, expected) / length
    whole = np.einsum("nb,nb->n", weighed, answers)
    best = np.maximum(by_size.max(axis=1, initial=0.0), 0.0)
    return Observation(by_size, np.sqrt(np.maximum(whole - best**2, 0.0)))


def speck_profile(size_mm: float, sigmas_mm: Values) -> Values:
    """Answer of each difference of Gaussians at the centre of a blurred speck of unit height, taken as a Gaussian."""
    variance = (_SPHERE_SIGMA * size_mm) ** 2 + BLUR_MM**2
    profile: Values = variance / (variance + sigmas_mm**2) - variance / (variance + 2.0 * sigmas_mm**2)
    return profile
