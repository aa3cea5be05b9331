"""Which of many levels tells the breast from the background: the one whose outline is steepest, if it is a breast's.

Thresholds are tried on a logarithmic scale above the darkest grey, because the skin line is a small step there and a
large one to the eye. Every region is judged by its size, its place and its shape before its outline counts.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.mammogram.coarse import CoarseImage

OPENING_MM = 5.0
"""Diameter of the opening that takes off letters, film edges and lines that touch the breast."""
SMALLEST_AREA_MM2 = 400.0
"""A breast is at least this large; whatever is smaller is a marker, a letter or nothing."""
LARGEST_SHARE = 0.97
"""A mask that covers more of the image than this has not told breast from background."""
LEAST_SOLIDITY = 0.8
"""Area of a breast's mask over the area of its convex hull, at least."""
LARGEST_BOX_SHARE = 0.96
"""A region that fills its bounding box more than this is a plate, a frame or a whole film."""
ROUGHEST = 1.25
"""Length of a breast's outline over that of its convex hull, at most."""
LEAST_WALL_MM = 15.0
"""A breast lies against a side of the image over at least this length."""
LARGEST_OPPOSITE_SHARE = 0.5
"""Length against the side opposite the chest wall over that against it: a nipple may lie outside, not half a breast."""
LEAST_SLOPE = 0.3
"""Slope on the logarithmic scale that all but a twentieth of the outline exceeds, at least; films of breasts have 1."""
LEVELS = 16
"""Thresholds tried."""
LARGEST_SPREAD = 0.12
"""Spread of what lies beside the breast, as a share of how much brighter the breast is: a photograph has no such
background."""
LARGEST_DARK_SHARE = 0.03
"""Share of the breast that may be as dark as the background."""
LEAST_CONSTANT_SHARE = 0.5
"""Share of what lies beside the breast that has the constant value, where the background is constant."""
_FLOOR = 0.03
"""What is added to grey above the darkest, as a share of the range, so that noise there is not torn apart."""


def region_above_constant(coarse: CoarseImage) -> BoolImage | None:
    """Everything above a constant background, if that looks like a breast."""
    if coarse.constant is None:
        return None
    region = largest_region(coarse.valid & ~coarse.constant, coarse)
    beside = coarse.constant[coarse.valid & ~region]
    plain = beside.size > 0 and np.mean(beside) >= LEAST_CONSTANT_SHARE
    return region if plain and looks_like_breast(region, coarse.valid, spacing_mm=coarse.spacing_mm) else None


def steepest_region(coarse: CoarseImage, usable: BoolImage) -> BoolImage | None:
    """Region of all levels that looks like a breast and has the steepest outline; None where none does.

    Parameters
    ----------
    usable
        (rows, columns) False on padding and on frames of a film.
    """
    counted = usable if coarse.constant is None else usable & ~coarse.constant
    if np.count_nonzero(counted) < 2:
        return None
    scaled = _log_scale(coarse.values, counted)
    slope, inner = _slope(scaled), _shrink(usable)
    best, steepest = None, 0.0
    for level in _levels(scaled[counted]):
        region = largest_region((scaled > level) & usable, coarse)
        if not looks_like_breast(region, usable, spacing_mm=coarse.spacing_mm):
            continue
        steepness = _steepness(region, slope, inner)
        if steepness > steepest:
            best, steepest = region, steepness
    return best if best is not None and stands_apart(best, coarse.values, usable) else None


def stands_apart(region: BoolImage, values: FloatImage, usable: BoolImage) -> bool:
    """Whether what lies beside a region is even and darker than nearly all of it, as beside a breast.

    Letters and plates may lie there, so its brightest quarter does not count.
    """
    inside, outside = values[_shrink(region)], values[_shrink(~region) & usable]
    if inside.size < 2 or outside.size < 2:
        return False
    low, middle, high = np.percentile(outside, [10.0, 50.0, 75.0])
    contrast = float(np.median(inside) - middle)
    even = float(high - low) <= LARGEST_SPREAD * contrast
    return bool(contrast > 0.0 and even and np.mean(inside <= middle + (middle - low)) <= LARGEST_DARK_SHARE)


def largest_region(tissue: BoolImage, coarse: CoarseImage) -> BoolImage:
    """Largest connected part after an opening, with its holes filled; all False when nothing is left."""
    size = coarse.pixels(OPENING_MM) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    # Reflected borders: the breast goes on beyond the chest wall edge of the image, a film's frame stays thin.
    padded = cv2.copyMakeBorder(tissue.view(np.uint8), size, size, size, size, cv2.BORDER_REFLECT)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)[size:-size, size:-size]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(opened), connectivity=4)
    if count < 2:
        return np.zeros_like(tissue)
    return fill_holes(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def looks_like_breast(region: BoolImage, usable: BoolImage, *, spacing_mm: tuple[float, float]) -> bool:
    """Check size, place and shape: large enough, not the whole picture, on a side of it, nearly convex and smooth.

    Parameters
    ----------
    region
        (rows, columns) mask.
    usable
        (rows, columns) False where there is no picture: padding and frames may lie between the breast and the edge.
    spacing_mm
        Height and width of a pixel.
    """
    area = int(np.count_nonzero(region))
    if area * spacing_mm[0] * spacing_mm[1] < SMALLEST_AREA_MM2 or area > LARGEST_SHARE * np.count_nonzero(usable):
        return False
    outline = outline_of(region)
    _, _, width, height = cv2.boundingRect(outline)
    hull = cv2.convexHull(outline)
    solid = area >= LEAST_SOLIDITY * max(cv2.contourArea(hull), 1.0) and area <= LARGEST_BOX_SHARE * width * height
    smooth = cv2.arcLength(outline, closed=True) <= ROUGHEST * cv2.arcLength(hull, closed=True)
    return bool(solid and smooth and _lies_on_one_side(wall_lengths_mm(region, usable, spacing_mm=spacing_mm)))


def _lies_on_one_side(lengths_mm: tuple[float, float, float, float]) -> bool:
    left, right, _, _ = lengths_mm
    opposite, wall = sorted((left, right))
    upright = opposite <= LARGEST_OPPOSITE_SHARE * wall
    return max(lengths_mm) >= LEAST_WALL_MM and upright


def wall_lengths_mm(
    region: BoolImage, usable: BoolImage, *, spacing_mm: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Length over which a region lies against the left, right, upper and lower side of the picture."""
    # A near miss counts: some images have a thin frame of another value there.
    near = [max(1, round(3.0 / step)) for step in spacing_mm]
    rows, cols = (np.flatnonzero(usable.any(axis=axis)) for axis in (1, 0))
    picture = region[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    strips = (picture[:, : near[1]], picture[:, -near[1] :], picture[: near[0]].T, picture[-near[0] :].T)
    steps = (spacing_mm[0], spacing_mm[0], spacing_mm[1], spacing_mm[1])
    left, right, upper, lower = (
        float(np.count_nonzero(strip.any(axis=1)) * step) for strip, step in zip(strips, steps, strict=True)
    )
    return left, right, upper, lower


def outline_of(region: BoolImage) -> NDArray[np.int32]:
    """Longest outer contour, (n, 1, 2) column and row."""
    contours, _ = cv2.findContours(region.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest: NDArray[np.int32] = max(contours, key=len)
    return longest


def fill_holes(region: BoolImage) -> BoolImage:
    """Fill what a region encloses."""
    contours, _ = cv2.findContours(region.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros(region.shape, dtype=np.uint8), contours, -1, color=1, thickness=cv2.FILLED)
    solid: BoolImage = filled.view(bool)
    return solid


def _log_scale(values: FloatImage, counted: BoolImage) -> FloatImage:
    darkest, brightest = np.percentile(values[counted], [1.0, 99.0])
    reach = max(float(brightest - darkest), 1e-12)
    above = np.maximum((values - np.float32(darkest)) / np.float32(reach), 0.0)
    scaled: FloatImage = np.log(above + np.float32(_FLOOR)).astype(np.float32)
    return scaled


def _levels(scaled: NDArray[np.float32]) -> Iterator[float]:
    lowest, highest = np.percentile(scaled, [5.0, 90.0])
    yield from np.linspace(lowest, highest, LEVELS, endpoint=False)[1:].tolist()


def _slope(scaled: FloatImage) -> FloatImage:
    across = cv2.Sobel(scaled, cv2.CV_32F, 1, 0, ksize=3, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Sobel(scaled, cv2.CV_32F, 0, 1, ksize=3, borderType=cv2.BORDER_REPLICATE)
    slope: FloatImage = np.hypot(across, down)
    return slope


def _steepness(region: BoolImage, slope: FloatImage, inner: BoolImage) -> float:
    """Slope that all but a twentieth of the outline exceeds, times its length, where it is not the edge of the picture.

    The length counts because a region that has run out of the breast to the edge of the picture has little outline.
    """
    columns, rows = outline_of(region)[:, 0].T
    free = inner[rows, columns]
    least = float(np.percentile(slope[rows[free], columns[free]], 5.0)) if free.any() else 0.0
    return least * int(np.count_nonzero(free)) if least >= LEAST_SLOPE else 0.0


def _shrink(mask: BoolImage) -> BoolImage:
    """Take two pixels off, at the edges of the image too."""
    kernel = np.ones((5, 5), np.uint8)
    shrunk = cv2.erode(mask.view(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    inner: BoolImage = shrunk.view(bool)
    return inner
