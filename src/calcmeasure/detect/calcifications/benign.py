"""Calcifications that are real but not what is measured: arteries and coarse benign ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from calcmeasure.detect.calcifications.bands import BandStack
from calcmeasure.detect.calcifications.clustering import connected_parts
from calcmeasure.detect.contract import BoolImage, Points, Values
from calcmeasure.geometry import Spacing

BoolValues = NDArray[np.bool_]

_WINDOW_MM = 4.0
_FEWEST_IN_WINDOW = 9
_WALL_MM = (0.35, 2.0)
_WALL_SPREAD = 0.45
_FEWEST_IN_TRACK = 12
_GROW_MM = 1.6

TUBE_MM, TUBE_SHARE, FEWEST_ON_TUBE = 4.0, 0.35, 4
"""Marks lie along an artery where at least this share and number of those within this distance lie on a line."""
TUBE_LENGTH_MM = 10.0
"""Least length of an artery told by that: a duct full of casts is a line as well, but a short one."""

COARSE_SIGMA_MM = 0.316
"""Band in which coarse objects are looked for: wider than a microcalcification, narrower than tissue."""
COMPACT_SHARE = 0.35
"""Area of a compact region over the square around it, at least."""
ROD_MM = (2.0, 0.5)
"""Least length and least mean breadth of a rod-like region in that band."""
RIM_SNR_SHARE = 0.5
"""A closed rim counts from this share of the signal that a solid object needs: nothing else is so shaped."""
RIM_HOLE_SHARE, RIM_CIRCULARITY = 0.2, 0.75
"""Least area of its one hole over the whole, and least 4 pi area / perimeter squared: of a disc 1, lobed ones less."""


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


def marks_along_tubes(points_mm: Points, on_tube: BoolValues) -> BoolValues:
    """Tell the marks along an artery whose wall is calcified throughout: most of what is found there lies on a line.

    Marks of a group seldom lie on a line of 6 mm at the width of an artery; marks along such an artery mostly do, and
    it goes on for centimetres.

    Parameters
    ----------
    points_mm
        (n, 2).
    on_tube
        (n,) whether a line, bent or not, continues each mark to both sides at the width of an artery.
    """
    if on_tube.sum() < FEWEST_ON_TUBE:
        return np.zeros(len(points_mm), dtype=bool)
    near = cKDTree(points_mm).sparse_distance_matrix(cKDTree(points_mm), TUBE_MM, output_type="ndarray")
    neighbours = np.bincount(near["i"], minlength=len(points_mm))
    count = np.bincount(near["i"], weights=on_tube[near["j"]], minlength=len(points_mm))
    along = np.flatnonzero((count >= FEWEST_ON_TUBE) & (count >= TUBE_SHARE * neighbours))
    arterial = np.zeros(len(points_mm), dtype=bool)
    arterial[along] = _lengths_mm(points_mm[along]) >= TUBE_LENGTH_MM
    return arterial


def _lengths_mm(points_mm: Points) -> Values:
    """Diagonal (n,) of the box around the row that each mark is in, its steps being `TUBE_MM` at most."""
    rows = connected_parts(cKDTree(points_mm).query_pairs(TUBE_MM, output_type="ndarray"), len(points_mm))
    lengths_mm = np.zeros(len(points_mm))
    for row in np.unique(rows):
        lengths_mm[rows == row] = np.hypot(*np.ptp(points_mm[rows == row], axis=0))
    return lengths_mm


def _grow(flagged: BoolValues, tree: cKDTree) -> BoolValues:
    """Add what hangs on the track in steps of `_GROW_MM`: its ends, where a window holds too few marks to tell."""
    pairs = tree.query_pairs(_GROW_MM, output_type="ndarray")
    parts = connected_parts(pairs, tree.n)
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
    """Bright objects larger than a microcalcification: popcorn-like, rod-like or with a lucent centre.

    Parameters
    ----------
    centres_rc
        (m, 2) in pixels of the image.
    diameters_mm
        (m,) of the disc of the same area, lucent centres included.
    numbers
        (rows, columns) int32 at every `step`-th pixel: 0 beside them, otherwise 1 + index of the object.
    """

    centres_rc: Points
    diameters_mm: Values
    numbers: NDArray[np.int32]
    step: int

    def moved(self, offset_rc: Points) -> CoarseObjects:
        """Shift the centres, as from a crop to its image; `covers` still asks in the crop."""
        return replace(self, centres_rc=self.centres_rc + offset_rc)

    def covers(self, points_rc: Points) -> BoolValues:
        """Which of (n, 2) points lie on or beside a coarse object."""
        last = np.array(self.numbers.shape) - 1
        rows, cols = np.clip(np.rint(points_rc / self.step).astype(np.intp), 0, last).T
        covered: BoolValues = self.numbers[rows, cols] > 0
        return covered


def find_coarse(stack: BandStack, *, smallest_mm: float, snr: float) -> CoarseObjects:
    """Find compact or rod-like regions that stand out in a coarse band and are larger than `smallest_mm`.

    Of a large body and of a rim only the outline answers, so holes are filled before a region is judged; a fainter
    region counts if it is a closed round rim. Regions carry a margin of half a millimetre, because the outline of a
    coarse calcification answers in fine bands.
    """
    band = stack.nearest(COARSE_SIGMA_MM)
    spacing = stack.spacing_of(band)
    regions = _filled(band.snr >= snr)
    _fill_rims(regions, band.snr >= RIM_SNR_SHARE * snr)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(regions, connectivity=8)
    diameters_mm = np.sqrt(stats[:, cv2.CC_STAT_AREA] * spacing.area_mm2 * 4.0 / np.pi)
    coarse = (diameters_mm >= smallest_mm) & _is_solid(stats, spacing)
    coarse[0] = False
    numbers = np.zeros(count, dtype=np.int32)
    numbers[coarse] = np.arange(1, int(coarse.sum()) + 1)
    grown = _grown(numbers[labels], spacing=spacing) if coarse.any() else np.zeros_like(labels)
    return CoarseObjects(centres[coarse][:, ::-1] * band.step, diameters_mm[coarse], grown, band.step)


def _filled(bright: BoolImage) -> NDArray[np.uint8]:
    contours, _ = cv2.findContours(bright.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    solid = np.zeros(bright.shape, dtype=np.uint8)
    cv2.drawContours(solid, contours, -1, color=1, thickness=cv2.FILLED)
    return solid


def _fill_rims(regions: NDArray[np.uint8], bright: BoolImage) -> None:
    """Add what the round rims among the bright regions enclose, themselves included."""
    contours, tree = cv2.findContours(bright.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for number, hole in enumerate(contours):
        parent = tree[0, number, 3]
        if parent >= 0 and _is_rim(contours[parent], hole):
            cv2.drawContours(regions, [contours[parent]], -1, color=1, thickness=cv2.FILLED)


def _is_rim(outside: NDArray[np.int32], hole: NDArray[np.int32]) -> bool:
    area, perimeter = cv2.contourArea(outside), cv2.arcLength(outside, closed=True)
    circularity = 4.0 * np.pi * area / max(perimeter, 1.0) ** 2
    return cv2.contourArea(hole) >= RIM_HOLE_SHARE * area and circularity >= RIM_CIRCULARITY


def _is_solid(stats: NDArray[np.int32], spacing: Spacing) -> BoolValues:
    """Compact, or a rod: long and everywhere thick, as no chain of small marks is."""
    height_mm, width_mm = stats[:, cv2.CC_STAT_HEIGHT] * spacing.row_mm, stats[:, cv2.CC_STAT_WIDTH] * spacing.col_mm
    area_mm2, long_mm = stats[:, cv2.CC_STAT_AREA] * spacing.area_mm2, np.hypot(height_mm, width_mm)
    compact = area_mm2 >= COMPACT_SHARE * np.maximum(height_mm, width_mm) ** 2
    solid: BoolValues = compact | ((long_mm >= ROD_MM[0]) & (area_mm2 >= ROD_MM[1] * long_mm))
    return solid


def _grown(numbers: NDArray[np.int32], *, spacing: Spacing) -> NDArray[np.int32]:
    margin_rc = [max(1, round(0.5 / step)) for step in spacing.rc_mm]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin_rc[1] + 1, 2 * margin_rc[0] + 1))
    return np.asarray(cv2.dilate(numbers.astype(np.float32), kernel), dtype=np.int32)
