"""The pectoral muscle on an oblique view: a bright wedge in the upper corner at the chest wall.

Of all straight lines across that corner the one with the largest step from bright to dark is taken, if the step shows
along nearly all of it (after Karssemeijer, Phys Med Biol 1998; 43: 365, who found it in Hough space); then each row
moves to its own steepest place nearby, as the edge is slightly curved.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.mammogram.coarse import CoarseImage
from calcmeasure.detect.mammogram.outline import wall_lengths_mm
from calcmeasure.terms import View

OBLIQUE = frozenset({View.MLO, View.LMO, View.ML, View.LM})
"""Views on which the muscle is looked for."""
STEP_MM = 3.0
"""Grey is compared this far on either side of a line."""
LEAST_SHARE = 0.75
"""Share of a line's length along which it is brighter towards the corner."""
LEAST_STEP = 2.0
"""Median step over a line, over the spread of steps over all lines of the breast."""
REFINE_MM = 5.0
"""How far a row's own edge may lie from the line."""
_SAMPLES = 40


@dataclass(frozen=True, slots=True)
class _Lines:
    """Straight lines from (0, `top`) to (`wall`, 0) in rows and columns, the corner at the origin; (n,) each."""

    top: NDArray[np.float64]
    wall: NDArray[np.float64]

    def samples(self, offset: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """(n, samples) rows and columns along each line, moved away from the corner by `offset`."""
        t = np.linspace(0.04, 0.96, _SAMPLES)
        length = np.hypot(self.top, self.wall)
        rows = np.outer(self.wall, t) + (offset * self.top / length)[:, None]
        cols = np.outer(self.top, 1.0 - t) + (offset * self.wall / length)[:, None]
        return np.rint(rows).astype(np.intp), np.rint(cols).astype(np.intp)


def find_pectoral(coarse: CoarseImage, breast: BoolImage, *, view: View | None) -> BoolImage | None:
    """Mask of the muscle on the coarse grid; None on other views and where no edge was found.

    Parameters
    ----------
    breast
        (rows, columns) the breast on the coarse grid; the chest wall is the side it lies against longer.
    """
    if view not in OBLIQUE or not breast.any():
        return None
    left, right, _, _ = wall_lengths_mm(breast, breast, spacing_mm=coarse.spacing_mm)
    rows, cols = (np.flatnonzero(breast.any(axis=axis)) for axis in (1, 0))
    flip = slice(None, None, 1 if left >= right else -1)
    box = (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
    wedge = _wedge(coarse.values[box][:, flip], breast[box][:, flip], mm=max(coarse.spacing_mm))
    if wedge is None:
        return None
    muscle = np.zeros_like(breast)
    muscle[box] = wedge[:, flip]
    return muscle & breast


def _wedge(values: FloatImage, breast: BoolImage, *, mm: float) -> BoolImage | None:
    """Mask of the muscle in the upper left corner of a picture."""
    smooth = cv2.GaussianBlur(np.ascontiguousarray(values), (0, 0), 1.6 / mm)
    lines = _lines(values.shape, mm=mm)
    if not lines.top.size:
        return None
    steps = _steps(smooth, breast, lines, offset=STEP_MM / mm)
    share = np.mean(steps > 0.0, axis=1)
    height = np.median(steps, axis=1)
    score = np.where(share >= LEAST_SHARE, np.mean(np.clip(steps, 0.0, 2.0 * np.abs(height)[:, None]), axis=1), 0.0)
    best = int(np.argmax(score))
    spread = float(np.median(np.abs(steps[np.isfinite(steps)]))) if np.isfinite(steps).any() else 0.0
    if score[best] <= 0.0 or height[best] <= LEAST_STEP * spread:
        return None
    return _refined(smooth, float(lines.top[best]), float(lines.wall[best]), mm=mm)


def _lines(shape: tuple[int, ...], *, mm: float) -> _Lines:
    """Lines across the corner that a muscle's edge may take: steep, and not longer than the picture."""
    top = np.arange(10.0 / mm, 0.8 * shape[1], 2.0 / mm)
    wall = np.arange(25.0 / mm, 1.1 * shape[0], 3.0 / mm)
    tops, walls = (grid.ravel() for grid in np.meshgrid(top, wall))
    steep = (walls > 0.8 * tops) & (walls < 6.0 * tops)
    return _Lines(tops[steep], walls[steep])


def _steps(smooth: FloatImage, breast: BoolImage, lines: _Lines, *, offset: float) -> NDArray[np.float64]:
    """(lines, samples) how much brighter the corner's side is; negative where a line leaves the breast."""
    sides = [lines.samples(-offset), lines.samples(offset)]
    limits = np.array(breast.shape) - 1
    grey, seen = [], []
    for rows, cols in sides:
        inner_rows, inner_cols = np.clip(rows, 0, limits[0]), np.clip(cols, 0, limits[1])
        grey.append(smooth[inner_rows, inner_cols])
        seen.append((rows <= limits[0]) & (cols <= limits[1]) & breast[inner_rows, inner_cols])
    steps: NDArray[np.float64] = np.where(seen[0] & seen[1], grey[0] - grey[1], -np.inf)
    beyond = (sides[1][0] > limits[0]) & seen[0]
    return np.where(beyond, 0.0, steps)


def _refined(smooth: FloatImage, top: float, wall: float, *, mm: float) -> BoolImage:
    """Everything on the corner's side of the steepest smooth path near a line."""
    rows = np.arange(min(len(smooth), int(wall)))
    reach = max(1, round(REFINE_MM / mm))
    offsets = np.arange(-reach, reach + 1)
    middle = top * (1.0 - rows / wall)
    cols = np.clip(np.rint(middle[:, None] + offsets).astype(np.intp), 1, smooth.shape[1] - 2)
    fall = smooth[rows[:, None], cols - 1] - smooth[rows[:, None], cols + 1]
    edge = middle + offsets[_best_path(fall.astype(np.float64))]
    muscle = np.zeros(smooth.shape, dtype=bool)
    muscle[: len(rows)] = np.arange(smooth.shape[1])[None] < edge[:, None]
    return muscle


def _best_path(gain: NDArray[np.float64]) -> NDArray[np.intp]:
    """Entry per row of the path of greatest total gain that moves by at most one entry from row to row."""
    total = gain[0]
    came_from = np.zeros(gain.shape, np.intp)
    width = gain.shape[1]
    for row in range(1, len(gain)):
        padded = np.concatenate([[-np.inf], total, [-np.inf]])
        choices = np.stack([padded[:-2], padded[1:-1], padded[2:]])
        step = np.argmax(choices, axis=0)
        came_from[row] = np.arange(width) + step - 1
        total = choices[step, np.arange(width)] + gain[row]
    path = np.empty(len(gain), np.intp)
    path[-1] = int(np.argmax(total))
    for row in range(len(gain) - 1, 0, -1):
        path[row - 1] = came_from[row, path[row]]
    return path
