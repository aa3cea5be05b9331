"""Lines of a scanner or detector: one or two pixels wide, straight along a row or a column, light or dark.

Nothing in a breast is one pixel wide and keeps to one row or column over 15 mm, so length and straightness alone
decide. Means over bands of the line's direction make a line visible that is weaker than the noise of one pixel.
"""

from __future__ import annotations

from collections.abc import Iterator

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
SINGLE_VALUE_SHARE = 0.6
"""Share of a line's pixels with one value from which it hides what is below."""
_SPREAD_COLUMNS = 41
"""Neighbouring columns from which the spread is told."""


def take_out_lines(image: FloatImage, *, spacing_mm: tuple[float, float]) -> BoolImage | None:
    """Take straight lines out of an image, in place.

    A line that adds to what is below is subtracted, so that a calcification under it stays; one that replaces it by a
    single value is filled from both sides.

    Parameters
    ----------
    image
        (rows, columns), changed where there are lines.
    spacing_mm
        Height and width of a pixel.

    Returns
    -------
    bool image or None
        Where the image was changed; None if nowhere.
    """
    changed = np.zeros(image.shape, dtype=bool)
    for pixels, marked, step_mm in ((image, changed, spacing_mm[0]), (image.T, changed.T, spacing_mm[1])):
        band = max(8, round(BAND_MM / step_mm))
        if pixels.shape[0] < FEWEST_BANDS * band or pixels.shape[1] < _SPREAD_COLUMNS:
            continue
        means = _band_means(pixels, band)
        for start, width, (first, last) in _lines(means):
            rows = slice(first * band, len(pixels) if last == len(means) else last * band)
            _take_out(pixels[rows], means[first:last], start=start, width=width, band=band)
            marked[rows, start : start + width] = True
    return changed if changed.any() else None


def _band_means(image: FloatImage, band: int) -> FloatImage:
    """Mean of every column over bands of rows."""
    whole = image[: len(image) // band * band]
    if whole.flags.c_contiguous:
        means: FloatImage = whole.reshape(-1, band, image.shape[1]).mean(axis=1)
        return means
    turned = cv2.resize(whole.T, (len(whole) // band, image.shape[1]), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(turned.T)


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


def _take_out(pixels: FloatImage, means: FloatImage, *, start: int, width: int, band: int) -> None:
    """Subtract or replace the columns from `start`, in place; `means` are those of the same rows."""
    left, right = start - 1, start + width
    middles = band * (np.arange(len(means)) + 0.5) - 0.5
    for column in range(start, right):
        share = np.float32((column - left) / (right - left))
        if _is_single_valued(pixels[:, column]):
            pixels[:, column] = (1 - share) * pixels[:, left] + share * pixels[:, right]
        else:
            offsets = means[:, column] - ((1 - share) * means[:, left] + share * means[:, right])
            pixels[:, column] -= np.interp(np.arange(len(pixels)), middles, offsets).astype(np.float32)


def _is_single_valued(column: FloatImage) -> bool:
    return bool(np.mean(column == np.median(column)) >= SINGLE_VALUE_SHARE)
