"""Candidate calcifications on the band stack: where they are, how large, and how much they look like part of a line."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import expit

from calcmeasure.detect.calcifications.bands import BandStack
from calcmeasure.detect.contract import BoolImage, Points
from calcmeasure.geometry import Spacing

Values = NDArray[np.float64]

DISC_FACTOR = 4.0 * float(np.sqrt(np.log(2.0)))
"""Diameter of the disc that answers most strongly, over the inner width of the difference of Gaussians.

At the centre of a disc of radius r the difference of Gaussians of s and sqrt(2) s is exp(-u) - exp(-2 u) with
u = r² / 4 s²; it is greatest at u = ln 2, so r = 2 s sqrt(ln 2).
"""
DIRECTIONS = 12
"""Directions over the half circle in which line support is looked for."""
MARK_CLASSES = ("calcification", "line", "foreign", "noise")
"""Columns of the scores of a mark: calcification of any kind, line or vessel, foreign or artefact, noise."""
DISC_ANSWER = 0.25
"""Answer of the best difference of Gaussians at the centre of a unit disc: exp(-u) - exp(-2 u) at u = ln 2."""
RAY_MM = (0.45, 3.0)
"""Start and end of the rays along which line support is looked for."""
RAY_STEP_MM = 0.15


@dataclass(frozen=True, slots=True)
class Marks:
    """Candidate calcifications, strongest first; one value per mark in every array.

    Parameters
    ----------
    points_rc
        (n, 2) sub-pixel row, column.
    snr
        Greatest signal over local noise.
    diameters_mm
        Of the disc whose answer peaks at the same scale.
    sharpness
        SNR of the finest band over the greatest.
    roundness
        Ratio of the Hessian's eigenvalues, small over large: 1 on a disc, 0 or less on a line or an edge.
    line
        Support for a line running through the mark: SNR of the better-supported of 12 directions.
    edge
        Support on one side only, as at an end of a line or on a step.
    contrasts
        Attenuation above the surroundings: the greatest answer in grey levels over that of a unit disc of its size.
    probabilities
        Calibrated chance of being a calcification of any kind.
    scores
        (n, 4) chance of each of `MARK_CLASSES`.
    """

    points_rc: Points
    snr: Values
    diameters_mm: Values
    sharpness: Values
    roundness: Values
    line: Values
    edge: Values
    contrasts: Values
    probabilities: Values
    scores: Values

    def __len__(self) -> int:
        return len(self.snr)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Marks:
        """Subset or reorder by a mask or by indices."""
        return Marks(*(getattr(self, field.name)[which] for field in fields(self)))

    def moved(self, offset_rc: Points) -> Marks:
        """Shift the positions, as from a crop to its image."""
        return replace(self, points_rc=self.points_rc + offset_rc)


def find_marks(stack: BandStack, *, search: BoolImage, spacing: Spacing, threshold: float) -> Marks:
    """Local maxima over place and scale, described.

    Parameters
    ----------
    search
        (rows, columns) where marks are looked for.
    threshold
        Least SNR.
    """
    peak = stack.snr.max(axis=0)
    rows, cols = _local_maxima(peak, search=search, spacing=spacing, threshold=threshold)
    order = np.lexsort((cols, rows, -peak[rows, cols]))
    rows, cols = rows[order], cols[order]
    bands = stack.snr[:, rows, cols].argmax(axis=0)
    diameters_mm = DISC_FACTOR * _scale_mm(stack, rows=rows, cols=cols)
    points_rc = _refine(stack, bands=bands, rows=rows, cols=cols)
    kept = _suppress_inside(points_rc * spacing.rc_mm, diameters_mm)
    line, edge = line_support(stack, rows=rows[kept], cols=cols[kept], spacing=spacing)
    snr = peak[rows, cols].astype(float)
    sharpness = stack.snr[0, rows, cols] / snr
    contrasts = (stack.snr[:, rows, cols] * stack.noise[:, None]).max(axis=0) / DISC_ANSWER
    probabilities = _chances(snr[kept], line=line, diameters_mm=diameters_mm[kept], sharpness=sharpness[kept])
    return Marks(
        points_rc=points_rc[kept],
        snr=snr[kept],
        diameters_mm=diameters_mm[kept],
        sharpness=sharpness[kept],
        roundness=_roundness(stack, bands=bands[kept], rows=rows[kept], cols=cols[kept], spacing=spacing),
        line=line,
        edge=edge,
        contrasts=contrasts[kept],
        probabilities=probabilities,
        scores=np.column_stack([probabilities, *[(1.0 - probabilities) / 3.0] * 3]),
    )


def _chances(snr: Values, *, line: Values, diameters_mm: Values, sharpness: Values) -> Values:
    """Chance of a mark to be a calcification, by a logistic rule on ratios only."""
    strength = 14.0 * np.log(np.maximum(snr, 1e-6) / 5.1) - 16.0 * np.maximum(0.0, line / snr - 0.12)
    form = 10.0 * np.maximum(0.0, np.log(diameters_mm / 0.38)) + 6.0 * np.maximum(0.0, sharpness - 0.85)
    chances: Values = expit(strength - form)
    return chances


def line_support(
    stack: BandStack, *, rows: NDArray[np.intp], cols: NDArray[np.intp], spacing: Spacing
) -> tuple[Values, Values]:
    """How far the neighbourhood continues each mark as a line.

    Along rays from 0.45 to 3 mm in 12 directions, the median SNR of a band about 0.2 mm wide: a median, because
    the other calcifications of a cluster fill less than half of any ray, while a vessel or ligament fills it.

    Returns
    -------
    line, edge
        (n,) greatest over the directions of the weaker and of the stronger of the two opposite rays.
    """
    band = stack.snr[min(3, len(stack.snr) - 1)]
    angles = np.arange(2 * DIRECTIONS) * np.pi / DIRECTIONS
    lengths_mm = np.arange(RAY_MM[0], RAY_MM[1] + 1e-9, RAY_STEP_MM)
    dr = np.rint(np.outer(np.sin(angles), lengths_mm) / spacing.row_mm).astype(np.intp)
    dc = np.rint(np.outer(np.cos(angles), lengths_mm) / spacing.col_mm).astype(np.intp)
    line, edge = np.zeros(len(rows)), np.zeros(len(rows))
    for start in range(0, len(rows), 2048):  # bounded memory however many candidates there are
        part = slice(start, start + 2048)
        r = np.clip(rows[part, None, None] + dr, 0, band.shape[0] - 1)
        c = np.clip(cols[part, None, None] + dc, 0, band.shape[1] - 1)
        rays = np.median(band[r, c], axis=2)
        first, second = rays[:, :DIRECTIONS], rays[:, DIRECTIONS:]
        line[part] = np.minimum(first, second).max(axis=1)
        edge[part] = rays.max(axis=1)
    return line, edge


def _local_maxima(
    peak: NDArray[np.float32], *, search: BoolImage, spacing: Spacing, threshold: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    half_rc = [max(1, round(0.15 / step)) for step in spacing.rc_mm]
    highest = cv2.dilate(peak, np.ones((2 * half_rc[0] + 1, 2 * half_rc[1] + 1), dtype=np.uint8))
    found = (peak >= highest) & (peak >= threshold) & search
    found[[0, -1], :] = found[:, [0, -1]] = False  # a maximum needs neighbours
    rows, cols = np.nonzero(found)
    return rows, cols


def _scale_mm(stack: BandStack, *, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> Values:
    """Width at which the answer in grey levels peaks, between the bands by a parabola over log width."""
    answers = stack.snr[:, rows, cols] * stack.noise[:, None]
    best = answers.argmax(axis=0)
    if len(stack.snr) < 3:
        coarse: Values = stack.sigmas_mm[best]
        return coarse
    middle = np.clip(best, 1, len(stack.snr) - 2)
    index = np.arange(len(rows))
    offset = _parabola(answers[middle - 1, index], answers[middle, index], answers[middle + 1, index])
    log_sigma = np.log(stack.sigmas_mm)
    shift = np.where(best == middle, offset, best - middle)
    return np.asarray(np.exp(np.interp(middle + shift, np.arange(len(log_sigma)), log_sigma)))


def _refine(stack: BandStack, *, bands: NDArray[np.intp], rows: NDArray[np.intp], cols: NDArray[np.intp]) -> Points:
    """Top of the parabola through the neighbours along rows and along columns, at most half a pixel away."""
    centre = stack.snr[bands, rows, cols]
    row_shift = _parabola(stack.snr[bands, rows - 1, cols], centre, stack.snr[bands, rows + 1, cols])
    col_shift = _parabola(stack.snr[bands, rows, cols - 1], centre, stack.snr[bands, rows, cols + 1])
    return np.column_stack([rows + row_shift, cols + col_shift])


def _parabola(before: NDArray[np.floating], at: NDArray[np.floating], after: NDArray[np.floating]) -> Values:
    before, at, after = (np.asarray(a, dtype=float) for a in (before, at, after))
    curvature = before - 2.0 * at + after
    safe = np.where(curvature < 0.0, curvature, -1.0)
    return np.where(curvature < 0.0, np.clip(0.5 * (before - after) / safe, -0.5, 0.5), 0.0)


def _roundness(
    stack: BandStack, *, bands: NDArray[np.intp], rows: NDArray[np.intp], cols: NDArray[np.intp], spacing: Spacing
) -> Values:
    """Ratio of the Hessian's eigenvalues from differences over about one width of the band."""
    if not len(rows):
        return np.empty(0)
    shape = stack.snr.shape[1:]
    reach = stack.sigmas_mm[bands]
    dr = np.maximum(1, np.rint(reach / spacing.row_mm)).astype(np.intp)
    dc = np.maximum(1, np.rint(reach / spacing.col_mm)).astype(np.intp)

    def at(r_sign: int, c_sign: int) -> Values:
        r = np.clip(rows + r_sign * dr, 0, shape[0] - 1)
        c = np.clip(cols + c_sign * dc, 0, shape[1] - 1)
        values: Values = stack.snr[bands, r, c].astype(float)
        return values

    h_rr = (at(-1, 0) - 2.0 * at(0, 0) + at(1, 0)) / (dr * spacing.row_mm) ** 2
    h_cc = (at(0, -1) - 2.0 * at(0, 0) + at(0, 1)) / (dc * spacing.col_mm) ** 2
    h_rc = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4.0 * dr * spacing.row_mm * dc * spacing.col_mm)
    mean, spread = (h_rr + h_cc) / 2.0, np.hypot((h_rr - h_cc) / 2.0, h_rc)
    large = np.minimum(mean - spread, -1e-12)
    ratio: Values = (mean + spread) / large
    return ratio


def _suppress_inside(points_mm: Points, diameters_mm: Values) -> NDArray[np.bool_]:
    """Keep the strongest of the maxima that lie within one another's discs (marks come strongest first)."""
    kept = np.ones(len(points_mm), dtype=bool)
    if len(points_mm) < 2:
        return kept
    pairs = cKDTree(points_mm).query_pairs(float(diameters_mm.max()) / 2.0, output_type="ndarray")
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]:
        gap_mm = float(np.hypot(*(points_mm[first] - points_mm[second])))
        if kept[first] and gap_mm < diameters_mm[first] / 2.0:
            kept[second] = False
    return kept
