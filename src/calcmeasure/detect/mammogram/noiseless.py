"""Tissue without noise: the detector was saturated there, and the machine evened it out with what lies around it.

Such tissue has any grey level, so the ends of the scale do not tell it; but quantum noise is everywhere else, and its
values are spread like a bell: about one in twelve is smaller than a tenth of the spread. Where the signal was cut off
most values are nought, and at the edge of such tissue what is left of the noise looks like specks.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.geometry import Spacing

BLOCK_MM = 0.75
"""Side of the blocks in which details are counted; each is judged together with the eight around it."""
LITTLE = 0.1
"""A detail is little below this share of the root mean square of those around it: so are 8 % of a normal law's."""
MOST_LITTLE = 0.3
"""Tissue has noise where fewer details are little."""
CLEAN_LITTLE = 0.11
"""The clearest fifth of a breast shows fewer, or its scale is too coarse, or too much compressed, to tell."""
LARGE = 4.0
"""Details above this many times the usual one count as such: a clip or a calcification would make all others little."""
LEAST_MM2 = 25.0
"""Area from which noise can be missing; less is an artefact."""
_FEWEST_PIXELS = 6
"""Least side of a block."""
_STRIDE = 5


def find_noiseless(image: FloatImage, inside: BoolImage, *, spacing: Spacing) -> BoolImage | None:
    """Find tissue whose noise was cut off.

    Parameters
    ----------
    image
        (rows, columns) as the machine stored it.
    inside
        (rows, columns) True where calcifications are looked for.
    spacing
        Of the image.

    Returns
    -------
    (rows, columns) bool or None
        None where there is none, and where the image is too coarsely quantised or compressed to tell.
    """
    sides = tuple(max(_FEWEST_PIXELS, round(BLOCK_MM / step)) for step in spacing.rc_mm)
    if min(n // side for n, side in zip(image.shape, sides, strict=True)) < 3:
        return None
    most = _usual_detail(image, inside) * np.float32(LARGE)
    squares, counts = _sum_squares(image, inside, sides, most)
    spread = np.sqrt(_of_nine(squares) / np.maximum(_of_nine(counts), 1.0))
    little = _count_little(image, inside, sides, (LITTLE * spread).astype(np.float32))
    shares = _of_nine(little) / np.maximum(_of_nine(counts), 1.0)
    asked = counts > 0.5 * sides[0] * sides[1]
    if not asked.any() or np.quantile(shares[asked], 0.2) > CLEAN_LITTLE:
        return None
    noiseless = _large(asked & (shares > MOST_LITTLE), area_mm2=sides[0] * sides[1] * spacing.area_mm2)
    return _enlarged(noiseless, sides, image.shape) & inside if noiseless.any() else None


def _of_nine(blocks: FloatImage) -> FloatImage:
    """Sum of each block and those around it."""
    return np.asarray(cv2.boxFilter(blocks, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT))


def _usual_detail(image: FloatImage, inside: BoolImage) -> np.float32:
    rows, cols = np.nonzero(inside[1:-1:_STRIDE, 1:-1:_STRIDE])
    details = _details(image, _STRIDE * rows + 1, _STRIDE * cols + 1)
    return np.float32(np.median(details)) if details.size else np.float32(0.0)


def _large(blocks: BoolImage, *, area_mm2: float) -> BoolImage:
    """Keep connected blocks of at least `LEAST_MM2` together."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(blocks.view(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] * area_mm2 >= LEAST_MM2
    kept[0] = False
    large: BoolImage = kept[labels]
    return large


def _enlarged(blocks: BoolImage, sides: tuple[int, ...], shape: tuple[int, ...]) -> BoolImage:
    rows, cols = (
        np.minimum(np.arange(n) // side, m - 1) for n, side, m in zip(shape, sides, blocks.shape, strict=True)
    )
    enlarged: BoolImage = blocks[np.ix_(rows, cols)]
    return enlarged


@njit(cache=True)
def _detail(image: FloatImage, r: int, c: int) -> np.float32:
    """Second difference of second differences: blind to edges and slopes along rows and columns."""
    corners = image[r - 1, c - 1] + image[r - 1, c + 1] + image[r + 1, c - 1] + image[r + 1, c + 1]
    sides = image[r - 1, c] + image[r + 1, c] + image[r, c - 1] + image[r, c + 1]
    return np.float32(abs(corners - np.float32(2.0) * sides + np.float32(4.0) * image[r, c]))


@njit(cache=True)
def _details(image: FloatImage, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> FloatImage:
    details = np.empty(len(rows), np.float32)
    for k in range(len(rows)):
        details[k] = _detail(image, rows[k], cols[k])
    return details


@njit(cache=True)
def _sum_squares(
    image: FloatImage, inside: BoolImage, sides: tuple[int, int], most: np.float32
) -> tuple[FloatImage, FloatImage]:
    """Sum of the squared details inside each block, each at most so large, and their number."""
    rows, cols = image.shape[0] // sides[0], image.shape[1] // sides[1]
    squares, counts = np.zeros((rows, cols), np.float32), np.zeros((rows, cols), np.float32)
    for r in range(1, min(rows * sides[0], image.shape[0] - 1)):
        for c in range(1, min(cols * sides[1], image.shape[1] - 1)):
            if inside[r, c]:
                squares[r // sides[0], c // sides[1]] += min(_detail(image, r, c), most) ** 2
                counts[r // sides[0], c // sides[1]] += np.float32(1.0)
    return squares, counts


@njit(cache=True)
def _count_little(
    image: FloatImage, inside: BoolImage, sides: tuple[int, int], most: NDArray[np.float32]
) -> FloatImage:
    """Count the details inside each block that are at most so large."""
    little = np.zeros(most.shape, np.float32)
    for r in range(1, min(most.shape[0] * sides[0], image.shape[0] - 1)):
        for c in range(1, min(most.shape[1] * sides[1], image.shape[1] - 1)):
            if inside[r, c] and _detail(image, r, c) <= most[r // sides[0], c // sides[1]]:
                little[r // sides[0], c // sides[1]] += np.float32(1.0)
    return little
