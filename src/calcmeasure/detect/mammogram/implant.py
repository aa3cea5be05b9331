"""A breast implant: a large, even, very dense disc with a sharp, round edge."""

from __future__ import annotations

import cv2
import numpy as np
from skimage.filters import threshold_otsu

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.mammogram.coarse import CoarseImage
from calcmeasure.detect.mammogram.outline import fill_holes, outline_of

SMALLEST_MM2 = 900.0
"""An implant's shadow is at least this large."""
OPENING_MM = 8.0
"""Diameter of the opening that takes off glands and vessels."""
LEAST_SOLIDITY = 0.95
"""Area over that of the convex hull."""
LARGEST_TRIANGLE_SHARE = 0.80
"""Area over that of the smallest triangle around it: the pectoral muscle is nearly a triangle."""
MOST_UNEVEN = 0.15
"""Spread within the implant over its contrast to the breast."""
LEAST_SHARPNESS = 0.25
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
    values = coarse.values
    inside = values[breast]
    if inside.size * coarse.spacing_mm[0] * coarse.spacing_mm[1] < SMALLEST_MM2 or np.ptp(inside) == 0.0:
        return None
    region = _largest_part(breast & (values > np.float32(threshold_otsu(inside))), coarse)
    if region is None or not _is_round(region) or not _is_implant_like(region, values, breast, coarse.spacing_mm):
        return None
    size = 2 * coarse.pixels(EDGE_MM) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    grown: BoolImage = cv2.dilate(region.view(np.uint8), kernel).view(bool)
    return grown


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


def _is_round(region: BoolImage) -> bool:
    outline = outline_of(region)
    area = cv2.contourArea(outline)
    solid = area >= LEAST_SOLIDITY * cv2.contourArea(cv2.convexHull(outline))
    around = cv2.minEnclosingTriangle(outline)[0]
    return bool(solid and area <= LARGEST_TRIANGLE_SHARE * around)


def _is_implant_like(region: BoolImage, values: FloatImage, breast: BoolImage, spacing_mm: tuple[float, float]) -> bool:
    """Even inside, and a sharp edge towards the breast."""
    kernel = np.ones((5, 5), np.uint8)
    core = cv2.erode(region.view(np.uint8), kernel).view(bool)
    near = cv2.dilate(region.view(np.uint8), np.ones((9, 9), np.uint8)).view(bool) & breast
    band = near & ~cv2.dilate(region.view(np.uint8), kernel).view(bool)
    if not core.any() or not band.any():
        return False
    contrast = float(np.median(values[core]) - np.median(values[band]))
    spread = float(np.subtract(*np.percentile(values[core], [84.0, 16.0]))) / 2.0
    columns, rows = outline_of(region)[:, 0].T
    free = cv2.erode(breast.view(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)[rows, columns] > 0
    if contrast <= 0.0 or not free.any():
        return False
    across = cv2.Sobel(values, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    down = cv2.Sobel(values, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    steepness = float(np.median(np.hypot(across, down)[rows[free], columns[free]])) / max(spacing_mm)
    return spread <= MOST_UNEVEN * contrast and steepness >= LEAST_SHARPNESS * contrast
