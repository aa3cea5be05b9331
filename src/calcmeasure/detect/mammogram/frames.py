"""Bright frames and name plates of a digitised film: unexposed film, its holder, the scanner's lid."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.mammogram.coarse import CoarseImage

DEEPEST_MM = 14.0
"""A bright strip along a side deeper than this is tissue or a plate, no frame."""
LEAST_LENGTH_MM = 20.0
"""A frame runs along its side at least this far."""
LEAST_SHARE = 0.6
"""Share of what is not tissue along the side that a frame covers, at least."""
PLATE_MM2 = (40.0, 3000.0)
"""Area of a name plate."""
LEAST_BOX_SHARE = 0.88
"""Share of its box that a plate fills: muscles are triangles, implants half ellipses."""
_BRIGHT = 0.85
"""Share of the way from the darkest to the brightest grey above which a strip counts as bright."""


def inside_frames(coarse: CoarseImage) -> BoolImage:
    """Mask of a coarse image without padding, bright frames along its sides and plates at its edges."""
    usable = coarse.valid.copy()
    if np.count_nonzero(usable) < 2:
        return usable
    bright = _bright(coarse.values, usable)
    steps = coarse.spacing_mm
    for turns in range(4):
        strip = _framed_strip(np.rot90(bright, turns), deep_mm=steps[turns % 2], along_mm=steps[1 - turns % 2])
        np.rot90(usable, turns)[...] &= ~strip
    return usable & ~_plates(bright & usable, usable, coarse)


def _plates(bright: BoolImage, usable: BoolImage, coarse: CoarseImage) -> BoolImage:
    """Bright rectangles at the edges of the picture, with what is written on them."""
    plates = np.zeros_like(bright)
    block_mm2 = coarse.spacing_mm[0] * coarse.spacing_mm[1]
    rim = usable & ~cv2.erode(
        usable.view(np.uint8), np.ones((7, 7), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    ).view(bool)
    size = coarse.pixels(3.0) | 1
    solid = cv2.morphologyEx(bright.view(np.uint8), cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    for number, (left, top, width, height, area) in enumerate(boxes.tolist()):
        sized = PLATE_MM2[0] <= area * block_mm2 <= PLATE_MM2[1] and area >= LEAST_BOX_SHARE * width * height
        if number and sized and np.any(rim & (labels == number)):
            plates[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1] = True
    return plates


def _bright(values: FloatImage, usable: BoolImage) -> BoolImage:
    darkest, brightest = np.percentile(values[usable], [2.0, 99.8])
    bright: BoolImage = (values > darkest + _BRIGHT * (brightest - darkest)) & usable
    return bright


def _framed_strip(bright: BoolImage, *, deep_mm: float, along_mm: float) -> BoolImage:
    """Frame along the first row of a picture: columns that begin bright and soon turn dark for good."""
    depth = max(2, round(DEEPEST_MM / deep_mm))
    none = np.zeros_like(bright)
    runs = _first_dark(bright[: depth + 1])
    ended = (runs > 0) & (runs <= depth)
    dark = runs == 0
    enough = ended.sum() * along_mm >= LEAST_LENGTH_MM and ended.sum() >= LEAST_SHARE * (ended.sum() + dark.sum())
    if not enough:
        return none
    cut = np.where(ended, runs, np.median(runs[ended])).astype(np.int64) + 1
    widest = cv2.dilate(cut.astype(np.float32)[None], np.ones((1, 3), np.uint8))[0]
    none[:] = np.arange(len(bright))[:, None] < widest[None]
    return none


def _first_dark(bright: BoolImage) -> NDArray[np.intp]:
    """Row of the first dark pixel of every column; the number of rows where there is none."""
    first: NDArray[np.intp] = np.where(bright.all(axis=0), len(bright), np.argmin(bright, axis=0))
    return first
