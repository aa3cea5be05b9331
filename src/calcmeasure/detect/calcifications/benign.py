"""Calcifications that are real but not what is measured: arteries and coarse benign ones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from calcmeasure.detect.calcifications.bands import BandStack
from calcmeasure.detect.contract import Points

BoolValues = NDArray[np.bool_]

_WINDOW_MM = 4.0
_FEWEST_IN_WINDOW = 9
_WALL_MM = (0.35, 2.0)
_WALL_SPREAD = 0.45
_FEWEST_IN_TRACK = 12
_GROW_MM = 1.6


def vascular_marks(points_mm: Points) -> BoolValues:
    """Tell the marks on the two walls of an artery.

    Around each mark a bent line is fitted to its neighbours. On an artery they lie at two nearly equal distances on
    both sides of it, in numbers; in a duct or a group they lie at all distances from it.

    Parameters
    ----------
    points_mm
        (n, 2).
    """
    flagged = np.zeros(len(points_mm), dtype=bool)
    if len(points_mm) < _FEWEST_IN_TRACK:
        return flagged
    tree = cKDTree(points_mm)
    for index, point in enumerate(points_mm):
        neighbours = np.asarray(tree.query_ball_point(point, _WINDOW_MM, return_sorted=True), dtype=np.intp)
        flagged[index] = _two_walls(points_mm[neighbours])
    if flagged.sum() < _FEWEST_IN_TRACK:
        return np.zeros_like(flagged)
    return _grow(flagged, tree)


def _grow(flagged: BoolValues, tree: cKDTree) -> BoolValues:
    """Add what hangs on the track in steps of `_GROW_MM`: its ends, where a window holds too few marks to tell."""
    pairs = tree.query_pairs(_GROW_MM, output_type="ndarray")
    links = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(tree.n, tree.n))
    _, parts = connected_components(links, directed=False)
    share = np.bincount(parts, weights=flagged) / np.bincount(parts)
    # A cluster that merely touches an artery keeps its own marks: most of a part must lie on the walls.
    whole: BoolValues = share[parts] >= 0.5
    distances, _ = cKDTree(tree.data[flagged]).query(tree.data)
    grown: BoolValues = whole | (distances <= _GROW_MM)
    return grown


def _two_walls(points_mm: Points) -> bool:
    if len(points_mm) < _FEWEST_IN_WINDOW:
        return False
    centred = points_mm - points_mm.mean(axis=0)
    _, widths, axes = np.linalg.svd(centred, full_matrices=False)
    along, aside = centred @ axes.T[:, 0], centred @ axes.T[:, 1]
    if widths[0] < 1.5 * widths[1]:
        return False
    # The fitted line may lie off the middle between the walls: take the middle of the offsets' range instead.
    signed = aside - np.polyval(np.polyfit(along, aside, 2), along)
    low, high = np.quantile(signed, [0.1, 0.9])
    offset = np.abs(signed - (low + high) / 2.0)
    wall = float(offset.mean())
    return _WALL_MM[0] <= wall <= _WALL_MM[1] and float(offset.std()) <= _WALL_SPREAD * wall


@dataclass(frozen=True, slots=True)
class CoarseObjects:
    """Compact bright objects larger than a microcalcification.

    Parameters
    ----------
    centres_rc
        (m, 2).
    labels
        (rows, columns) int32 at every `step`-th pixel, 0 beside them, otherwise 1 + index of the object.
    step
        Pixels of the image per sample of `labels`.
    """

    centres_rc: Points
    labels: NDArray[np.int32]
    step: int

    def covers(self, points_rc: Points) -> BoolValues:
        """Which of (n, 2) points lie on or beside a coarse object."""
        nearest = np.rint(points_rc / self.step).astype(np.intp)
        rows, cols = np.minimum(nearest, np.array(self.labels.shape) - 1).T
        covered: BoolValues = self.labels[rows, cols] > 0
        return covered


COARSE_SIGMA_MM = 0.316
"""Width of the band in which coarse objects are looked for."""


def find_coarse(stack: BandStack, *, smallest_mm: float, snr: float) -> CoarseObjects:
    """Compact regions that stand out in a coarse band and are larger than `smallest_mm`.

    The regions carry a margin of half a millimetre, because the rim of a coarse calcification answers in fine bands.
    """
    band = stack.nearest(COARSE_SIGMA_MM)
    spacing = stack.spacing_of(band)
    bright = (band.snr >= snr).astype(np.uint8)
    margin_rc = [max(1, round(0.5 / step)) for step in spacing.rc_mm]
    count, labels, stats, centres = cv2.connectedComponentsWithStats(bright, connectivity=8)
    area_mm2 = stats[:, cv2.CC_STAT_AREA] * spacing.area_mm2
    long_mm = np.maximum(stats[:, cv2.CC_STAT_HEIGHT] * spacing.row_mm, stats[:, cv2.CC_STAT_WIDTH] * spacing.col_mm)
    compact = area_mm2 >= 0.35 * long_mm**2
    coarse = (np.sqrt(area_mm2 * 4.0 / np.pi) >= smallest_mm) & compact
    coarse[0] = False
    numbers = np.zeros(count, dtype=np.int32)
    numbers[coarse] = np.arange(1, int(coarse.sum()) + 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin_rc[1] + 1, 2 * margin_rc[0] + 1))
    grown = cv2.dilate(numbers[labels].astype(np.float32), kernel).astype(np.int32) if coarse.any() else labels * 0
    return CoarseObjects(centres[coarse][:, ::-1] * float(band.step), grown, band.step)
