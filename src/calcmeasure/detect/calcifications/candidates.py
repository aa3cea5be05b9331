"""Candidate calcifications: local maxima over place and scale, placed and sized below the pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from calcmeasure.detect.calcifications.bands import SIGMAS_MM, Band, BandStack
from calcmeasure.detect.contract import BoolImage, FloatImage, Points, Values

LARGEST_SIGMA_MM = 0.35
"""Bands wider than this show knots of tissue and coarse calcifications; no candidate is taken from them."""
DISC_FACTOR = 4.0 * float(np.sqrt(np.log(2.0)))
"""Diameter of the disc that answers most strongly, over the inner width of the difference of Gaussians.

At the centre of a disc of radius r the difference of Gaussians of s and sqrt(2) s is exp(-u) - exp(-2 u) with
u = r² / 4 s²; it is greatest at u = ln 2, so r = 2 s sqrt(ln 2).
"""
DISC_ANSWER = 0.25
"""That greatest answer to a disc of unit height."""
_MOST_TOGETHER = 4
"""Bands that can share their samples: four widths fit between two thinnings."""
_RIVALS_MM = 0.15
"""A candidate is the highest within this distance along rows and columns."""
_SMALLEST_GAP_MM = 0.12
"""Two maxima nearer to one another than this are one mark, however small their discs."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate marks, strongest first; one value per candidate in every array.

    Parameters
    ----------
    points_rc
        (n, 2) sub-pixel row, column.
    snr
        Greatest signal over local noise.
    diameters_mm
        Of the disc whose answer peaks at the same scale.
    answers
        (n, bands of `SIGMAS_MM`) signal over noise in each band there; NaN in bands the pixels cannot show.
    noise
        (n, bands of `SIGMAS_MM`) that noise, in units of the pixel noise.
    """

    points_rc: Points
    snr: Values
    diameters_mm: Values
    answers: Values
    noise: Values

    def __len__(self) -> int:
        return len(self.snr)

    @property
    def amplitudes(self) -> Values:
        """(n, bands of `SIGMAS_MM`) signal in units of the pixel noise."""
        return self.answers * self.noise

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Candidates:
        """Subset or reorder by a mask or by indices."""
        return Candidates(*(getattr(self, field.name)[which] for field in fields(self)))


def find_candidates(stack: BandStack, *, search: BoolImage, least_snr: float) -> Candidates:
    """Local maxima of the greatest signal over noise of all bands.

    Parameters
    ----------
    search
        (rows, columns) of the image: where candidates are looked for.
    least_snr
        Signal over noise from which a maximum is one.
    """
    usable = [band for band in stack.bands if band.sigma_mm <= LARGEST_SIGMA_MM] or [stack.bands[-1]]
    steps = sorted({band.step for band in usable})
    found = [_maxima([b for b in usable if b.step == s], stack, search=search, least_snr=least_snr) for s in steps]
    points_rc = np.concatenate([points for points, _ in found])
    snr = np.concatenate([heights for _, heights in found])
    order = np.lexsort((points_rc[:, 1], points_rc[:, 0], -snr))
    points_rc, snr = points_rc[order], snr[order]
    answers, noise = _profiles(stack, points_rc)
    diameters_mm = DISC_FACTOR * _scale_mm(answers * noise)
    kept = suppress_inside(points_rc * stack.spacing.rc_mm, diameters_mm)
    return Candidates(points_rc, snr, diameters_mm, answers, noise).take(kept)


def suppress_inside(points_mm: Points, diameters_mm: Values) -> NDArray[np.bool_]:
    """Keep the strongest of the maxima that lie within one another's discs (they come strongest first)."""
    kept = np.ones(len(points_mm), dtype=bool)
    if len(points_mm) < 2:
        return kept
    reach_mm = np.maximum(diameters_mm / 2.0, _SMALLEST_GAP_MM)
    pairs = cKDTree(points_mm).query_pairs(float(reach_mm.max()), output_type="ndarray")
    gaps_mm = np.hypot(*(points_mm[pairs[:, 0]] - points_mm[pairs[:, 1]]).T)
    pairs = pairs[gaps_mm < reach_mm[pairs[:, 0]]]
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if kept[first]:
            kept[second] = False
    return kept


def _maxima(
    bands: Sequence[Band], stack: BandStack, *, search: BoolImage, least_snr: float
) -> tuple[Points, NDArray[np.float64]]:
    """Refined places, in pixels of the image, and heights of the maxima over bands that share their samples."""
    step = bands[0].step
    half = [max(1, round(_RIVALS_MM / s)) for s in stack.spacing_of(bands[0]).rc_mm]
    a, b, c, d = (bands[min(k, len(bands) - 1)].snr for k in range(_MOST_TOGETHER))
    places = _local_maxima((a, b, c, d), search[::step, ::step], np.float32(least_snr), (half[0], half[1]))
    rows, cols = places.T
    heights = np.array([band.snr[rows, cols] for band in bands])
    best = heights.argmax(axis=0)
    points_rc = np.empty((len(places), 2))
    for number, band in enumerate(bands):
        own = best == number
        points_rc[own] = _refined(band.snr, rows[own], cols[own])
    return points_rc * step, heights.max(axis=0).astype(float) if len(places) else np.empty(0)


@njit(cache=True)
def _local_maxima(
    planes: tuple[FloatImage, ...], search: BoolImage, least: np.float32, half: tuple[int, int]
) -> NDArray[np.int64]:
    """Find samples whose greatest value is at least `least` and that of all within `half`; none on the border."""
    rows, cols = search.shape
    peak = np.empty((rows, cols), np.float32)
    a, b, c, d = planes
    found = []
    for r in range(rows):
        for k in range(cols):
            peak[r, k] = max(max(a[r, k], b[r, k]), max(c[r, k], d[r, k]))
    for r in range(1, rows - 1):
        for k in range(1, cols - 1):
            value = peak[r, k]
            if value < least or value < peak[r, k - 1] or value < peak[r, k + 1] or not search[r, k]:
                continue
            if value >= _highest(peak, (r, k), half):
                found.append((r, k))
    places = np.empty((len(found), 2), np.int64)
    for n in range(len(found)):
        places[n, 0], places[n, 1] = found[n]
    return places


@njit(cache=True, inline="always")
def _highest(peak: FloatImage, place: tuple[int, int], half: tuple[int, int]) -> np.float32:
    r, c = place
    highest: np.float32 = peak[r, c]
    for i in range(max(r - half[0], 0), min(r + half[0] + 1, peak.shape[0])):
        for j in range(max(c - half[1], 0), min(c + half[1] + 1, peak.shape[1])):
            highest = max(highest, peak[i, j])
    return highest


def _refined(snr: FloatImage, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Points:
    """Top of the parabola through the neighbours along rows and along columns, at most half a sample away."""
    centre = snr[rows, cols]
    row_shift = parabola_top(snr[rows - 1, cols], centre, snr[rows + 1, cols])
    col_shift = parabola_top(snr[rows, cols - 1], centre, snr[rows, cols + 1])
    return np.column_stack([rows + row_shift, cols + col_shift])


def parabola_top(before: NDArray[np.floating], at: NDArray[np.floating], after: NDArray[np.floating]) -> Values:
    """Where the parabola through three equally spaced values is highest, at most half a step from the middle one."""
    before, at, after = (np.asarray(a, dtype=float) for a in (before, at, after))
    curvature = before - 2.0 * at + after
    safe = np.where(curvature < 0.0, curvature, -1.0)
    return np.where(curvature < 0.0, np.clip(0.5 * (before - after) / safe, -0.5, 0.5), 0.0)


def _profiles(stack: BandStack, points_rc: Points) -> tuple[Values, Values]:
    """Signal over noise, and noise, in every band at each point; NaN in bands that are not there."""
    missing = np.full((len(points_rc), stack.first), np.nan)
    noise = np.column_stack([stack.noise_at(band, points_rc) for band in stack.bands])
    return np.hstack([missing, stack.answers(points_rc)]), np.hstack([missing, noise])


def _scale_mm(amplitudes: Values) -> Values:
    """Width at which the signal peaks, between the bands by a parabola over log width."""
    signal = np.where(np.isnan(amplitudes), -np.inf, amplitudes)
    best = signal.argmax(axis=1)
    index = np.arange(len(best))
    middle = np.clip(best, 1, len(SIGMAS_MM) - 2)
    usable = (middle == best) & np.isfinite(signal[index, middle - 1])
    three = [np.where(usable, signal[index, middle + k], 0.0) for k in (-1, 0, 1)]
    shift = np.where(usable, parabola_top(*three), 0.0)
    log_sigma = np.log(SIGMAS_MM)
    return np.asarray(np.exp(log_sigma[best] + shift * (log_sigma[1] - log_sigma[0])))
