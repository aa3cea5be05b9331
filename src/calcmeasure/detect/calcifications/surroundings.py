"""What continues a candidate into its surroundings: lines, bent lines, edges and busy tissue, along rays."""

from __future__ import annotations

import numpy as np
from numba import njit

from calcmeasure.detect.calcifications.bands import Band, BandStack
from calcmeasure.detect.calcifications.candidates import Candidates
from calcmeasure.detect.calcifications.sampling import sample_one, sample_within
from calcmeasure.detect.contract import FloatImage, Points, Values

RAYS = 24
"""Rays over the circle along which the surroundings are looked at."""
RAY_START_MM, RAY_END_MM = 0.45, 3.0
"""Where rays begin, at least, and how far beyond that they go, at most."""
RAY_SIGMAS_MM = (0.112, 0.224, 0.448)
"""Bands whose surroundings are looked at."""
RAY_FEATURES = ("line", "bent", "edge", "across", "elongation", "lopsided", "mean", "busy", "near", "relative_line")
"""Columns of `describe_surroundings`."""
_CLIP_SNR = (-2.0, 3.0)
"""A ray's mean is taken of values clipped here: one bright calcification on it makes no line."""
_BUSY_SNR = 2.0
_NEAR_MM = 0.5
"""How far from their start rays are near the mark."""


def ray_steps(step_mm: tuple[float, float]) -> Values:
    """(RAYS, 2) samples along rows and columns per mm of each ray."""
    angles = np.arange(RAYS) * (2.0 * np.pi / RAYS)
    steps: Values = np.column_stack([np.sin(angles), np.cos(angles)]) / np.array(step_mm)
    return steps


def describe_surroundings(stack: BandStack, band: Band, candidates: Candidates) -> Values:
    """(n, len(RAY_FEATURES)) what the rays of each candidate meet in one band."""
    step_mm = stack.spacing_of(band).rc_mm
    along = ray_steps(step_mm)
    starts_mm = np.maximum(RAY_START_MM, candidates.diameters_mm / 2.0 + 1.5 * band.sigma_mm)
    stride_mm = max(1.1 * band.sigma_mm, max(step_mm))
    samples = max(4, int((RAY_END_MM - RAY_START_MM) / stride_mm) + 1)
    out = np.empty((len(candidates), len(RAY_FEATURES)))
    _look_around(band.snr, candidates.points_rc / band.step, starts_mm, (along, stride_mm, samples), out)
    return out


@njit(cache=True)
def _look_around(
    plane: FloatImage, points_rc: Points, starts_mm: Values, rays: tuple[Values, float, int], out: Values
) -> None:
    """Fill one row of `RAY_FEATURES` per point."""
    along, stride_mm, samples = rays
    values = np.empty((RAYS, samples))
    near_samples = int(_NEAR_MM / stride_mm) + 1
    for k in range(len(points_rc)):
        _sample_rays(plane, points_rc[k], along * starts_mm[k], along * stride_mm, values)
        _summarise(_ray_means(values), out[k])
        out[k, 7] = (values > _BUSY_SNR).mean()
        out[k, 8] = values[:, :near_samples].max()
        centre = sample_one(plane, points_rc[k, 0], points_rc[k, 1])
        out[k, 9] = out[k, 1] / max(centre, 1.0)


@njit(cache=True)
def _sample_rays(plane: FloatImage, point_rc: Values, first: Values, stride: Values, values: Values) -> None:
    """Fill (rays, samples) values at `first` and every `stride` beyond, rows and columns from the point."""
    reach = np.abs(first).max() + np.abs(stride).max() * values.shape[1] + 1.0
    within = point_rc.min() > reach and point_rc[0] + reach < plane.shape[0] and point_rc[1] + reach < plane.shape[1]
    for ray in range(values.shape[0]):
        row, col = point_rc[0] + first[ray, 0], point_rc[1] + first[ray, 1]
        for i in range(values.shape[1]):
            values[ray, i] = sample_within(plane, row, col) if within else sample_one(plane, row, col)
            row, col = row + stride[ray, 0], col + stride[ray, 1]


@njit(cache=True)
def _ray_means(values: Values) -> Values:
    """Mean along each ray of the clipped values."""
    means = np.empty(values.shape[0])
    for ray in range(values.shape[0]):
        total = 0.0
        for i in range(values.shape[1]):
            total += min(max(values[ray, i], _CLIP_SNR[0]), _CLIP_SNR[1])
        means[ray] = total / values.shape[1]
    return means


@njit(cache=True)
def _summarise(means: Values, out: Values) -> None:
    """Line, bent line, one-sided line, across the line, elongation, lopsidedness and mean of the rays."""
    half = RAYS // 2
    line, bent, best = -10.0, -10.0, 0
    for ray in range(RAYS):
        through = min(means[ray], means[(ray + half) % RAYS])
        if through > line:
            line, best = through, ray
        for turn in range(half - 2, half + 3):
            bent = max(bent, min(means[ray], means[(ray + turn) % RAYS]))
    weight, c1, s1, c2, s2 = 1.0, 0.0, 0.0, 0.0, 0.0
    for ray in range(RAYS):
        w, angle = max(means[ray], 0.0), ray * 2.0 * np.pi / RAYS
        weight += w
        c1, s1 = c1 + w * np.cos(angle), s1 + w * np.sin(angle)
        c2, s2 = c2 + w * np.cos(2.0 * angle), s2 + w * np.sin(2.0 * angle)
    out[0], out[1], out[2] = line, bent, means.max()
    out[3] = 0.5 * (means[(best + RAYS // 4) % RAYS] + means[(best + half + RAYS // 4) % RAYS])
    out[4], out[5], out[6] = np.hypot(c2, s2) / weight, np.hypot(c1, s1) / weight, means.mean()
