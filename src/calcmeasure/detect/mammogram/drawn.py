"""What is written into the pixels (crosses, rulers, frames, text), pixels the machine lost, and saturated areas.

An X-ray image of anything is blurred by the detector: beside a bright pixel lie others on the way down. Where pixels of
the greatest or the least value end at once, they were drawn, or lost; where they fade out, the scale was too short.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage

SHARPEST = 0.9
"""Share of a part's height that the pixels right beside it have lost, at least, if it was drawn."""
SHARPEST_FEW = 0.95
"""The same for parts of less than `FEW_PIXELS`: the top of a small calcification is such a part."""
FEW_PIXELS = 5
LEAST_HEIGHT = 0.1
"""Height of what was drawn above what surrounds it, as a share of the range within the breast."""
LEAST_SIGMA = 6.0
"""The same over the spread there: where the scale ends, single peaks of the noise are cut off as sharply."""
_FEWEST_AROUND = 8
"""Pixels from which a spread can be told: among speckle little lies between the parts."""
SATURATED_MM2 = 1.5
"""Parts at an end of the scale that were not drawn show nothing if they are at least this large."""


@dataclass(frozen=True, slots=True)
class ScaleEnds:
    """Pixels at the ends of the scale.

    Parameters
    ----------
    drawn
        (rows, columns) True on what was written into the pixels or lost by the machine; None if nothing was.
    saturated
        (rows, columns) True where the scale was too short for the tissue; None if nowhere.
    """

    drawn: BoolImage | None
    saturated: BoolImage | None

    def with_saturated(self, other: BoolImage | None) -> ScaleEnds:
        """Add tissue that is saturated without lying at an end of the scale."""
        if other is None or self.saturated is None:
            return replace(self, saturated=self.saturated if other is None else other)
        return replace(self, saturated=self.saturated | other)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Connected pixels of one value; means right beside and a little farther from them, and the spread there."""

    sizes: NDArray[np.int64]
    beside: NDArray[np.float64]
    around: NDArray[np.float64]
    spread: NDArray[np.float64]


def find_scale_ends(image: FloatImage, inside: BoolImage, *, area_mm2: float) -> ScaleEnds:
    """Look at the pixels of the greatest and of the least value within a breast.

    Parameters
    ----------
    image
        (rows, columns), attenuation.
    inside
        (rows, columns) True in the breast, away from its skin.
    area_mm2
        Of a pixel.
    """
    within = inside.view(np.uint8)
    lowest, highest, _, _ = cv2.minMaxLoc(image, within) if inside.any() else (0.0, 0.0, None, None)
    drawn = saturated = None
    for end in (lowest, highest) if highest > lowest else ():
        at_end = cv2.bitwise_and(cv2.compare(image, end, cv2.CMP_EQ), within)
        window = _window(at_end)
        _, labels = cv2.connectedComponents(at_end[window], connectivity=8)
        parts = _look_around(image[window], labels)
        is_drawn = _are_drawn(parts, end, least_height=LEAST_HEIGHT * (highest - lowest))
        is_saturated = ~is_drawn & (parts.sizes * area_mm2 >= SATURATED_MM2)
        drawn = _with_parts(drawn, is_drawn, labels, window=window, shape=image.shape)
        saturated = _with_parts(saturated, is_saturated, labels, window=window, shape=image.shape)
    return ScaleEnds(drawn, saturated)


def fill_in(image: FloatImage, lost: BoolImage) -> None:
    """Fill pixels from what surrounds them, in place."""
    window = _window(lost.view(np.uint8))
    hole = lost[window].astype(np.float32)
    known = np.float32(1.0) - hole
    for size in (5, 9, 17, 33):
        weight = cv2.blur(known, (size, size))
        smooth = cv2.blur(image[window] * known, (size, size)) / np.maximum(weight, 1e-6)
        fill = (hole > 0) & (weight > 1e-3)
        image[window][fill] = smooth[fill]
        hole[fill] = 0.0


def _window(mask: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Box around a mask with a margin of four pixels."""
    left, top, width, height = cv2.boundingRect(mask)
    return slice(max(0, top - 4), top + height + 4), slice(max(0, left - 4), left + width + 4)


def _look_around(image: FloatImage, labels: NDArray[np.int32]) -> _Parts:
    """Look at the pixels that share a side with each part, and at those three pixels away from it."""
    n = int(labels.max(initial=0)) + 1
    if n == 1:
        return _Parts(np.empty(0, np.int64), *np.empty((3, 0)))
    numbers = labels.astype(np.float32)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    beside = _ring(image, numbers, cv2.dilate(numbers, cross), n)[0]
    near, far = (cv2.dilate(numbers, np.ones((size, size), np.uint8)) for size in (5, 7))
    around, spread = _ring(image, near, far, n)
    return _Parts(np.bincount(labels.ravel(), minlength=n)[1:], beside[1:], around[1:], spread[1:])


def _ring(
    image: FloatImage, inner: FloatImage, outer: FloatImage, n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of the pixels that only the outer of two numbered images owns."""
    places = np.flatnonzero((outer > 0) & (inner == 0))
    owners = outer.ravel()[places].astype(np.int64)
    values = image.ravel()[places].astype(float)
    counts = np.bincount(owners, minlength=n)
    known = np.maximum(counts, 1)
    means = np.bincount(owners, weights=values, minlength=n) / known
    squares = np.bincount(owners, weights=(values - means[owners]) ** 2, minlength=n) / known
    return np.where(counts > 0, means, np.nan), np.where(counts >= _FEWEST_AROUND, np.sqrt(squares), np.inf)


def _are_drawn(parts: _Parts, end: float, *, least_height: float) -> NDArray[np.bool_]:
    height = np.abs(end - parts.around)
    lost = np.abs(end - parts.beside) / np.maximum(height, 1e-12)
    sharpest = np.where(parts.sizes < FEW_PIXELS, SHARPEST_FEW, SHARPEST)
    # A large part may lie on an edge of tissue, which is no noise.
    clear = height >= LEAST_SIGMA * parts.spread * np.where(parts.sizes < FEW_PIXELS, 1.0, 0.5)
    drawn: NDArray[np.bool_] = (height >= least_height) & clear & (lost >= sharpest)
    return drawn


def _with_parts(
    mask: BoolImage | None,
    chosen: NDArray[np.bool_],
    labels: NDArray[np.int32],
    *,
    window: tuple[slice, slice],
    shape: tuple[int, ...],
) -> BoolImage | None:
    """Add the chosen parts to a mask that is made when it is first needed."""
    if not chosen.any():
        return mask
    grown = np.zeros(shape, dtype=bool) if mask is None else mask
    grown[window] |= np.concatenate([[False], chosen])[labels]
    return grown
