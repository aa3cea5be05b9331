"""Lines of a scanner or detector: one or two pixels wide, straight along a row or a column, light or dark.

Nothing in a breast is one pixel wide and keeps to one row or column over 15 mm, so length and straightness alone
decide. Means over bands of the line's direction make a line visible that is weaker than the noise of one pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage

BAND_MM = 5.0
"""Length over which a line is averaged."""
FEWEST_BANDS = 3
"""Bands in a row that a line must show in."""
LEAST_SIGMA = 5.0
"""Height over the local spread from which a band shows a line; half of it continues one."""
LEAST_EVENNESS = 0.5
"""Median over mean of a line's height, at least."""
SINGLE_VALUE_SHARE = 0.6
"""Share of a line's pixels with one value from which it hides what is below."""
_SPREAD_COLUMNS = 41
"""Neighbouring columns from which the spread is told."""


@dataclass(frozen=True, slots=True)
class ScannerLine:
    """A line along the columns of an image, or of the image transposed.

    Parameters
    ----------
    is_row
        Whether it runs along a row: the image is then transposed first.
    rows
        Rows it covers.
    start, width
        First column, and how many.
    offsets
        (bands, width) median of what its columns hold above their neighbours, over bands of `rows`.
    band
        Rows per band.
    """

    is_row: bool
    rows: slice
    start: int
    width: int
    offsets: FloatImage
    band: int


def find_lines(image: FloatImage, *, spacing_mm: tuple[float, float]) -> tuple[ScannerLine, ...]:
    """Find the straight lines of an image.

    Parameters
    ----------
    image
        (rows, columns), read only.
    spacing_mm
        Height and width of a pixel.
    """
    found: list[ScannerLine] = []
    for is_row, (length, across) in ((False, image.shape), (True, image.shape[::-1])):
        band = max(8, round(BAND_MM / spacing_mm[is_row]))
        if length < FEWEST_BANDS * band or across < _SPREAD_COLUMNS:
            continue
        means = _band_means(image, band, is_row=is_row)
        for start, width, (first, last) in _lines(means):
            rows = slice(first * band, length if last == len(means) else last * band)
            pixels = (image.T if is_row else image)[first * band : last * band, start - 1 : start + width + 1]
            above = _above_neighbours(pixels).reshape(last - first, band, width)
            offsets = np.median(above, axis=1)
            # A row of single bright marks has a mean and no median.
            if abs(offsets.mean()) >= LEAST_EVENNESS * abs(above.mean()):
                found.append(ScannerLine(is_row, rows, start, width, offsets, band))
    return tuple(found)


def _above_neighbours(pixels: FloatImage) -> FloatImage:
    """Difference of all columns but the first and the last to the line between these two."""
    shares = np.linspace(0.0, 1.0, pixels.shape[1], dtype=np.float32)[1:-1]
    above: FloatImage = pixels[:, 1:-1] - ((1 - shares) * pixels[:, :1] + shares * pixels[:, -1:])
    return above


def take_out_lines(image: FloatImage, lines: tuple[ScannerLine, ...]) -> BoolImage:
    """Take lines out of an image, in place, and return where it was changed.

    A line that adds to what is below is subtracted, so that a calcification under it stays; one that replaces it by a
    single value is filled from both sides.
    """
    changed = np.zeros(image.shape, dtype=bool)
    for line in lines:
        pixels, marked = (image.T, changed.T) if line.is_row else (image, changed)
        _take_out(pixels[line.rows, line.start - 1 : line.start + line.width + 1], line)
        marked[line.rows, line.start : line.start + line.width] = True
    return changed


def _band_means(image: FloatImage, band: int, *, is_row: bool) -> FloatImage:
    """Mean of every column (row) over bands of rows (columns); (bands, columns or rows)."""
    if is_row:
        count = image.shape[1] // band
        turned = cv2.resize(image[:, : count * band], (count, len(image)), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(turned.T)
    count = len(image) // band
    means: FloatImage = image[: count * band].reshape(count, band, -1).mean(axis=1)
    return means


def _lines(means: FloatImage) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """First column, width and run of bands of every line."""
    spread = _spread(means)
    for width in (1, 2):
        heights = _heights(means, width)
        ratio = heights / spread[:, : heights.shape[1]]
        for sign in (1.0, -1.0):
            for column in np.flatnonzero(_run_of(sign * ratio > LEAST_SIGMA)).tolist():
                continued = sign * ratio[:, column] > 0.5 * LEAST_SIGMA
                yield from ((column + 1, width, run) for run in _runs(continued))


def _heights(means: FloatImage, width: int) -> FloatImage:
    """How far `width` columns stand out against the next one on either side; 0 where they do not, as at an edge.

    Entry c is about the columns from c + 1.
    """
    n = means.shape[1] - width - 1
    inside = means[:, 1 : 1 + n], means[:, width : width + n]
    beside = means[:, :n], means[:, width + 1 :]
    light = np.minimum(*inside) - np.maximum(*beside)
    dark = np.minimum(*beside) - np.maximum(*inside)
    heights: FloatImage = np.maximum(light, 0.0) - np.maximum(dark, 0.0)
    return heights


def _spread(means: FloatImage) -> FloatImage:
    """Local spread of what columns differ from their neighbours.

    From the mean of square roots, to which a line among many columns adds little; 0.68 is its square for unit noise.
    """
    differences = np.abs(means[:, 1:-1] - 0.5 * (means[:, :-2] + means[:, 2:]))
    roots = cv2.blur(np.sqrt(differences), (_SPREAD_COLUMNS, 1), borderType=cv2.BORDER_REFLECT)
    floor = np.float32(1e-6) * np.abs(means).max() + np.float32(1e-12)
    spread: FloatImage = roots**2 / np.float32(0.68) + floor
    return spread


def _run_of(shows: BoolImage) -> NDArray[np.bool_]:
    """Whether each column shows something over enough bands in a row."""
    kept = len(shows) - FEWEST_BANDS + 1
    shifted = [shows[shift : kept + shift] for shift in range(FEWEST_BANDS)]
    together: NDArray[np.bool_] = np.logical_and.reduce(shifted).any(axis=0)
    return together


def _runs(shows: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and behind-last index of every run that is long enough."""
    steps = np.diff(np.concatenate([[0], shows.astype(np.int8), [0]]))
    runs = zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True)
    return [(first, last) for first, last in runs if last - first >= FEWEST_BANDS]


def _take_out(pixels: FloatImage, line: ScannerLine) -> None:
    """Subtract or replace all columns but the first and the last, in place."""
    above = _above_neighbours(pixels)
    middles = line.band * (np.arange(len(line.offsets)) + 0.5) - 0.5
    for column in range(line.width):
        if _is_single_valued(pixels[:, column + 1]):
            pixels[:, column + 1] -= above[:, column]
        else:
            offset = np.interp(np.arange(len(pixels)), middles, line.offsets[:, column])
            pixels[:, column + 1] -= offset.astype(np.float32)


def _is_single_valued(column: FloatImage) -> bool:
    return bool(np.mean(column == np.median(column)) >= SINGLE_VALUE_SHARE)
