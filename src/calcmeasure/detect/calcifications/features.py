"""What is measured on each candidate: ratios only, so that no vendor, dose or presentation curve is learned.

Signal over noise and relative amplitude in every band (a speck sharper than the detector can show is as telling as
a faint one), the shape of the top, what continues it as a line over about three millimetres at three scales, and how
busy its surroundings are. Of what else was found only a stronger candidate close by is asked, which tells second
maxima of one object; the rest is left to the grouping of the marks.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from calcmeasure.detect.calcifications.bands import SIGMAS_MM, Band, BandStack
from calcmeasure.detect.calcifications.candidates import Candidates
from calcmeasure.detect.calcifications.observer import SIZES_MM, observe
from calcmeasure.detect.calcifications.sampling import sample_one
from calcmeasure.detect.calcifications.surroundings import (
    RAY_FEATURES,
    RAY_SIGMAS_MM,
    describe_surroundings,
    ray_steps,
)
from calcmeasure.detect.contract import FloatImage, Points, Values

Table = NDArray[np.float32]

SHAPE_SIGMAS_MM = (0.079, 0.158, 0.316)
"""Bands whose Hessian is taken."""
_SCAN_MM = 1.5
RUN_SIGMA_MM = 0.079
"""Band in which the length and the breadth of a mark are measured."""
_RUN_MM, _RUN_STRIDE_MM = 1.5, 0.03
"""How far, and in what steps, a mark is followed from its top."""
_RIVAL_MM = 1.5
"""How far a stronger candidate is looked for."""

FEATURES = (
    *(f"snr_{s:.3f}" for s in SIGMAS_MM),
    *(f"share_{s:.3f}" for s in SIGMAS_MM),
    *("snr", "log_diameter", "sharp", "relative_sharp", "scan_line", "steep", "log_pixel"),
    *(f"roundness_{s:.3f}" for s in SHAPE_SIGMAS_MM),
    *("length", "breadth", "slenderness"),
    *(f"{name}_{s:.3f}" for s in RAY_SIGMAS_MM for name in RAY_FEATURES),
    *("noise_fine", "noise_coarse", "texture", "grain"),
    *(f"observer_{d:.2f}" for d in SIZES_MM),
    *("observer", "misfit", "relative_misfit", "rival_mm", "rival_strength"),
)
"""Names of the columns of `describe`, in order."""


def describe(stack: BandStack, candidates: Candidates) -> Table:
    """Measure every feature of every candidate.

    Returns
    -------
    (n, len(FEATURES)) float32
        NaN where the pixels are too coarse to tell.
    """
    highest = np.nanmax(candidates.amplitudes, axis=1, initial=1e-6)
    columns = [
        candidates.answers,
        candidates.amplitudes / highest[:, None],
        _of_the_top(stack, candidates, highest),
        *(_roundness(stack, stack.nearest(s), candidates.points_rc)[:, None] for s in SHAPE_SIGMAS_MM),
        _runs(stack, candidates.points_rc),
        *(describe_surroundings(stack, stack.nearest(s), candidates) for s in RAY_SIGMAS_MM),
        _of_the_noise(stack, candidates.points_rc),
        _observed(stack, candidates),
        _rivals(candidates.points_rc * stack.spacing.rc_mm, candidates.snr),
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def _of_the_top(stack: BandStack, candidates: Candidates, highest: Values) -> Values:
    sharp, scan = _pixel_detail(stack.pixels, candidates.points_rc, _half_scan(stack))
    radii_px = candidates.diameters_mm / (2.0 * max(stack.spacing.rc_mm))
    steep = _steepness(stack.pixels, candidates.points_rc, radii_px) / max(stack.spacing.rc_mm)
    log_pixel = np.full(len(candidates), np.log(max(stack.spacing.rc_mm)))
    return np.column_stack(
        [candidates.snr, np.log(candidates.diameters_mm), sharp, sharp / highest, scan, steep, log_pixel]
    )


def _half_scan(stack: BandStack) -> tuple[int, int]:
    row_mm, col_mm = stack.spacing.rc_mm
    return max(1, round(_SCAN_MM / row_mm)), max(1, round(_SCAN_MM / col_mm))


def _roundness(stack: BandStack, band: Band, points_rc: Points) -> Values:
    """Ratio of the Hessian's eigenvalues, small over large: 1 on a disc, 0 or less on a line or an edge."""
    step_mm = stack.spacing_of(band).rc_mm
    reach = np.maximum(1.0, band.sigma_mm / np.array(step_mm))
    ratios: Values = _hessian_ratio(band.snr, points_rc / band.step, reach, reach * step_mm)
    return ratios


def _runs(stack: BandStack, points_rc: Points) -> Values:
    """Greatest and least width at half height over all directions, mm, and their ratio: of rods, specks and fibres."""
    band = stack.nearest(RUN_SIGMA_MM)
    along = ray_steps(stack.spacing_of(band).rc_mm)
    widths_mm = _widths_at_half_height(band.snr, points_rc / band.step, along)
    length, breadth = widths_mm.max(axis=1, initial=0.0), widths_mm.min(axis=1, initial=2.0 * _RUN_MM)
    return np.column_stack([length, breadth, length / np.maximum(breadth, _RUN_STRIDE_MM)])


def _of_the_noise(stack: BandStack, points_rc: Points) -> Values:
    """Local noise over the breast's in a fine and a coarse band, coarse over fine (knotty tissue), and grain.

    Grain is how much of the finest band's noise is left in the next: white noise loses most, film grain little.
    """
    fine, coarse = stack.nearest(0.112), stack.nearest(0.316)
    fine_here, coarse_here = (stack.noise_at(band, points_rc) for band in (fine, coarse))
    robust = [max(band.robust_noise, 1e-6) for band in (fine, coarse)]
    grain = stack.bands[min(1, len(stack.bands) - 1)].robust_noise / max(stack.bands[0].robust_noise, 1e-6)
    return np.column_stack(
        [
            fine_here / robust[0],
            coarse_here / robust[1],
            coarse_here / np.maximum(fine_here, 1e-6),
            np.full(len(points_rc), grain),
        ]
    )


def _observed(stack: BandStack, candidates: Candidates) -> Values:
    """Ask the channelised Hotelling observer."""
    shown = slice(stack.first, stack.first + len(stack.bands))
    sigmas_mm = np.array([band.sigma_mm for band in stack.bands])
    seen = observe(
        candidates.answers[:, shown],
        noise=candidates.noise[:, shown],
        sigmas_mm=sigmas_mm,
        covariance=stack.covariance,
    )
    best = seen.by_size.max(axis=1, initial=0.0)
    return np.column_stack([seen.by_size, best, seen.misfit, seen.misfit / np.maximum(best, 1.0)])


def _rivals(points_mm: Points, snr: Values) -> Values:
    """Distance to the nearest stronger candidate, and how many times as strong it is; `_RIVAL_MM` and 1 without any."""
    found = np.column_stack([np.full(len(snr), _RIVAL_MM), np.ones(len(snr))])
    if len(snr) < 2:
        return found
    pairs = cKDTree(points_mm).query_pairs(_RIVAL_MM, output_type="ndarray")
    gaps_mm = np.hypot(*(points_mm[pairs[:, 0]] - points_mm[pairs[:, 1]]).T)
    strong, weak = np.sort(pairs, axis=1).T  # candidates come strongest first
    farthest_first = np.lexsort((strong, -gaps_mm))
    strong, weak, gaps_mm = strong[farthest_first], weak[farthest_first], gaps_mm[farthest_first]
    found[weak] = np.column_stack([gaps_mm, snr[strong] / np.maximum(snr[weak], 1e-6)])
    return found


@njit(cache=True)
def _pixel_detail(pixels: FloatImage, points_rc: Points, half_scan: tuple[int, int]) -> tuple[Values, Values]:
    """Highest pixel of 3 x 3 over the mean of its eight neighbours, and strength of a one-pixel line through it."""
    rows, cols = pixels.shape
    sharp, scan = np.zeros(len(points_rc)), np.zeros(len(points_rc))
    for k in range(len(points_rc)):
        r0 = min(max(round(points_rc[k, 0]), 2), rows - 3)
        c0 = min(max(round(points_rc[k, 1]), 2), cols - 3)
        r, c = r0, c0
        for i in range(r0 - 1, r0 + 2):
            for j in range(c0 - 1, c0 + 2):
                if pixels[i, j] > pixels[r, c]:
                    r, c = i, j
        sharp[k] = (9.0 * pixels[r, c] - pixels[r - 1 : r + 2, c - 1 : c + 2].sum()) / 8.0
        along_row = _one_pixel_line(pixels, r, c, half_scan[1])
        along_col = _one_pixel_line(pixels.T, c, r, half_scan[0])
        scan[k] = max(along_row, along_col)
    return sharp, scan


@njit(cache=True)
def _steepness(pixels: FloatImage, points_rc: Points, radii_px: Values) -> Values:
    """Greatest step between neighbouring pixels on a mark over its height: what no blurred calcification can have."""
    steepness = np.zeros(len(points_rc))
    for k in range(len(points_rc)):
        half = int(radii_px[k]) + 2
        top, bottom = max(round(points_rc[k, 0]) - half, 0), min(round(points_rc[k, 0]) + half, pixels.shape[0] - 1)
        left, right = max(round(points_rc[k, 1]) - half, 0), min(round(points_rc[k, 1]) + half, pixels.shape[1] - 1)
        highest, lowest, step = pixels[top, left], pixels[top, left], np.float32(0.0)
        for r in range(top, bottom):
            for c in range(left, right):
                highest, lowest = max(highest, pixels[r, c]), min(lowest, pixels[r, c])
                step = max(step, abs(pixels[r + 1, c] - pixels[r, c]), abs(pixels[r, c + 1] - pixels[r, c]))
        steepness[k] = step / max(highest - lowest, np.float32(1e-3))
    return steepness


@njit(cache=True)
def _one_pixel_line(pixels: FloatImage, r: int, c: int, half: int) -> float:
    """Mean height of a row over its two neighbours, the mark itself left out, in units of its standard error."""
    total, count = 0.0, 0
    for j in range(max(c - half, 0), min(c + half + 1, pixels.shape[1])):
        if abs(j - c) > 3:
            total += pixels[r, j] - 0.5 * (pixels[r - 1, j] + pixels[r + 1, j])
            count += 1
    strength: float = abs(total) / np.sqrt(1.5 * max(count, 1))
    return strength


@njit(cache=True)
def _hessian_ratio(plane: FloatImage, points_rc: Points, reach: Values, reach_mm: Values) -> Values:
    ratios = np.empty(len(points_rc))
    dr, dc = reach[0], reach[1]
    for k in range(len(points_rc)):
        r, c = points_rc[k, 0], points_rc[k, 1]
        centre = sample_one(plane, r, c)
        h_rr = (sample_one(plane, r - dr, c) - 2.0 * centre + sample_one(plane, r + dr, c)) / reach_mm[0] ** 2
        h_cc = (sample_one(plane, r, c - dc) - 2.0 * centre + sample_one(plane, r, c + dc)) / reach_mm[1] ** 2
        falling = sample_one(plane, r + dr, c + dc) + sample_one(plane, r - dr, c - dc)
        rising = sample_one(plane, r + dr, c - dc) + sample_one(plane, r - dr, c + dc)
        h_rc = (falling - rising) / (4.0 * reach_mm[0] * reach_mm[1])
        mean, spread = (h_rr + h_cc) / 2.0, np.hypot((h_rr - h_cc) / 2.0, h_rc)
        ratios[k] = max((mean + spread) / min(mean - spread, -1e-9), -2.0)
    return ratios


@njit(cache=True)
def _widths_at_half_height(plane: FloatImage, points_rc: Points, along: Values) -> Values:
    """(n, half the rays) how far each mark stays above half its height on opposite rays together, mm."""
    half = len(along) // 2
    widths = np.zeros((len(points_rc), half))
    most = int(_RUN_MM / _RUN_STRIDE_MM)
    for k in range(len(points_rc)):
        row, col = points_rc[k, 0], points_rc[k, 1]
        least = 0.5 * sample_one(plane, row, col)
        for ray in range(len(along)):
            steps = 1
            while steps < most:
                at_mm = steps * _RUN_STRIDE_MM
                if sample_one(plane, row + at_mm * along[ray, 0], col + at_mm * along[ray, 1]) < least:
                    break
                steps += 1
            widths[k, ray % half] += steps * _RUN_STRIDE_MM
    return widths
