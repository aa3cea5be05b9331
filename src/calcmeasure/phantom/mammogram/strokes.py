"""Lines of even width on an image: lead letters, burnt-in crosses, rulers, frames and text, hairs and scratches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

_GLYPHS = {
    "R": "0,0 6,0|0,0 0,3 1,4 2,4 3,3 3,0|3,2 6,4",
    "L": "0,0 6,0 6,4",
    "C": "1,4 0,3 0,1 1,0 5,0 6,1 6,3 5,4",
    "M": "6,0 0,0 3,2 0,4 6,4",
    "O": "0,1 0,3 1,4 5,4 6,3 6,1 5,0 1,0 0,1",
    "0": "0,1 0,3 1,4 5,4 6,3 6,1 5,0 1,0 0,1",
    "1": "1,1 0,2 6,2",
    "2": "1,0 0,1 0,3 1,4 2,4 6,0 6,4",
    "4": "6,3 0,3 4,0 4,4",
    "7": "0,0 0,4 6,1",
    "A": "6,0 0,2 6,4|4,1 4,3",
    "E": "0,4 0,0 6,0 6,4|3,0 3,3",
    "T": "0,0 0,4|0,2 6,2",
    "X": "0,0 6,4|6,0 0,4",
    "-": "3,1 3,3",
}
"""Strokes of a letter as "row,column" corners on a grid 6 high and 4 wide."""


def letter_strokes(text: str, *, height_mm: float, slant: float = 0.0) -> list[FloatArray]:
    """Lay out text as lines of (n, 2) row, column corners in mm from its upper left corner.

    Parameters
    ----------
    text
        Of the letters in the built-in stroke font; others are left blank.
    slant
        Turn of the whole text, radians.
    """
    turned = np.array([[math.cos(slant), math.sin(slant)], [-math.sin(slant), math.cos(slant)]])
    lines = []
    for place, letter in enumerate(text):
        for stroke in filter(None, _GLYPHS.get(letter, "").split("|")):
            corners = np.array([[float(x) for x in corner.split(",")] for corner in stroke.split()])
            lines.append(np.add(corners, (0.0, 5.6 * place)) * (height_mm / 6.0) @ turned)
    return lines


def stroke_coverage(
    lines: Sequence[FloatArray],
    shape: tuple[int, int],
    *,
    width_mm: float,
    pixel_mm: tuple[float, float],
    origin_rc: tuple[float, float] = (0.0, 0.0),
) -> FloatImage:
    """Share of each pixel that lines cover, soft over one pixel at their edge.

    Parameters
    ----------
    lines
        Corners (n, 2) in mm from the origin, row and column.
    origin_rc
        Where the origin lies, pixels.
    """
    covered = np.zeros(shape, np.float32)
    for line in lines:
        for start, end in pairwise(line + np.multiply(origin_rc, pixel_mm)):
            _cover(covered, start, end, width_mm=width_mm, pixel_mm=pixel_mm)
    return covered


def _cover(
    covered: FloatImage, start: FloatArray, end: FloatArray, *, width_mm: float, pixel_mm: tuple[float, float]
) -> None:
    reach = 0.5 * width_mm + max(pixel_mm)
    spans = []
    for a, b, pitch, size in zip(start, end, pixel_mm, covered.shape, strict=True):
        first, last = math.floor((min(a, b) - reach) / pitch), math.ceil((max(a, b) + reach) / pitch) + 1
        spans.append(slice(max(first, 0), max(min(last, size), 0)))
    rows, cols = (np.arange(s.start, s.stop) * pitch for s, pitch in zip(spans, pixel_mm, strict=True))
    if rows.size and cols.size:
        away = _distance_mm(rows[:, None], cols[None, :], start, end)
        share = np.clip((0.5 * width_mm - away) / max(pixel_mm) + 0.5, 0.0, 1.0).astype(np.float32)
        part = covered[spans[0], spans[1]]
        np.maximum(part, share, out=part)


def _distance_mm(rows: FloatArray, cols: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    along = end - start
    squared = float(along @ along)
    t = ((rows - start[0]) * along[0] + (cols - start[1]) * along[1]) / squared if squared else np.zeros(1)
    t = np.clip(t, 0.0, 1.0)
    away: FloatArray = np.hypot(rows - start[0] - t * along[0], cols - start[1] - t * along[1])
    return away
