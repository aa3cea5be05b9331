"""A breast implant: a large, even, very dense disc with a sharp, round edge."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.mammogram.coarse import CoarseImage
from calcmeasure.detect.mammogram.outline import fill_holes, outline_of

SMALLEST_MM2 = 600.0
"""An implant's shadow is at least this large."""
OPENING_MM = 8.0
"""Diameter of the opening that takes off glands and vessels."""
LEAST_SOLIDITY = 0.95
"""Area over that of the convex hull."""
LARGEST_TRIANGLE_SHARE = 0.80
"""Area over that of the smallest triangle around it: the pectoral muscle is nearly a triangle."""
FROM_TOP_MM = 3.0
"""What reaches closer to the upper end of the breast is the muscle, or cannot be told from it."""
MOST_UNEVEN = 0.04
"""Typical difference from a smooth surface within the implant, over its contrast to the breast."""
SMOOTHING_MM = 3.0
"""Width of that surface's smoothing."""
LEAST_SHARPNESS = 0.18
"""Share of the contrast that is lost over one millimetre at the edge."""
EDGE_MM = 3.0
"""Band around an implant in which its edge is taken for something else."""


def find_implant(coarse: CoarseImage, breast: BoolImage) -> BoolImage | None:
    """Mask of an implant and the band around it, on the coarse grid; None where none is seen.

    Parameters
    ----------
    breast
        (rows, columns) the breast on the coarse grid.
    """
    for level in _dense_levels(coarse.values[breast]):
        region = _largest_part(breast & (coarse.values > level), coarse)
        if region is None:
            return None
        if (
            _is_below_top(region, breast, coarse)
            and _is_round(region)
            and _is_implant_like(region, coarse.values, breast, coarse.spacing_mm)
        ):
            size = 2 * coarse.pixels(EDGE_MM) + 1
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
            grown: BoolImage = cv2.dilate(region.view(np.uint8), kernel).view(bool)
            return grown
    return None


def _dense_levels(values: NDArray[np.float32]) -> Iterator[np.float32]:
    """Threshold of dense tissue, then those above it: glands may be dense as well."""
    for _ in range(3):
        if values.size < 2 or np.ptp(values) == 0.0:
            return
        level = np.float32(threshold_otsu(values))
        yield level
        values = values[values > level]


def _largest_part(dense: BoolImage, coarse: CoarseImage) -> BoolImage | None:
    size = coarse.pixels(OPENING_MM) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    opened = cv2.morphologyEx(dense.view(np.uint8), cv2.MORPH_OPEN, kernel, borderType=cv2.BORDER_REPLICATE)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    is_large = stats[largest, cv2.CC_STAT_AREA] * coarse.spacing_mm[0] * coarse.spacing_mm[1] >= SMALLEST_MM2
    return fill_holes(labels == largest) if is_large else None


def _is_below_top(region: BoolImage, breast: BoolImage, coarse: CoarseImage) -> bool:
    top, first = (int(np.argmax(mask.any(axis=1))) for mask in (breast, region))
    return first - top >= coarse.pixels(FROM_TOP_MM)


def _is_round(region: BoolImage) -> bool:
    outline = outline_of(region)
    area = cv2.contourArea(outline)
    solid = area >= LEAST_SOLIDITY * cv2.contourArea(cv2.convexHull(outline))
    around = cv2.minEnclosingTriangle(outline)[0]
    return bool(solid and area <= LARGEST_TRIANGLE_SHARE * around)


def _is_implant_like(region: BoolImage, values: FloatImage, breast: BoolImage, spacing_mm: tuple[float, float]) -> bool:
    """Even inside, and a sharp edge towards the breast."""
    core = cv2.erode(region.view(np.uint8), np.ones((9, 9), np.uint8)).view(bool)
    near, far = (cv2.dilate(region.view(np.uint8), np.ones((n, n), np.uint8)).view(bool) for n in (5, 9))
    beside = breast & far & ~near
    if not core.any() or not beside.any():
        return False
    contrast = float(np.median(values[core]) - np.median(values[beside]))
    smooth = cv2.GaussianBlur(values, (0, 0), SMOOTHING_MM / max(spacing_mm))
    uneven = float(np.median(np.abs(values - smooth)[core]))
    steepness = _edge_steepness(region, values, breast) / max(spacing_mm)
    return contrast > 0.0 and uneven <= MOST_UNEVEN * contrast and steepness >= LEAST_SHARPNESS * contrast


def _edge_steepness(region: BoolImage, values: FloatImage, breast: BoolImage) -> float:
    """Median slope per pixel along the outline, where it lies within the breast."""
    inner = cv2.erode(breast.view(np.uint8), np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    columns, rows = outline_of(region)[:, 0].T
    free = inner[rows, columns] > 0
    across = cv2.Sobel(values, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    down = cv2.Sobel(values, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    slope = np.hypot(across, down)[rows[free], columns[free]]
    return float(np.median(slope)) if slope.size else 0.0
