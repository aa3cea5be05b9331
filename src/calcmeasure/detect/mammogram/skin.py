"""How deep a point lies below the skin line of a mammogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, Points, Values
from calcmeasure.geometry import Spacing

GRID_MM = 0.8
"""Pixel size on which distances are computed; between its pixels they are interpolated."""


@dataclass(frozen=True, slots=True)
class SkinDistance:
    """Distance to the skin line on a coarse grid, sampled where it is asked for.

    Parameters
    ----------
    grid_mm
        (rows, columns) distance to the nearest point outside the breast, 0 outside; what lies beyond the image counts
        as breast, because its edge is no skin.
    pixels_rc
        Image pixels per pixel of the grid.
    """

    grid_mm: NDArray[np.float32]
    pixels_rc: tuple[float, float]

    @classmethod
    def of(cls, breast: BoolImage, *, spacing: Spacing) -> Self:
        """Measure a breast's mask."""
        rows, cols = (max(1, round(n * s / GRID_MM)) for n, s in zip(breast.shape, spacing.rc_mm, strict=True))
        coarse = cv2.resize(breast.astype(np.uint8), (cols, rows), interpolation=cv2.INTER_NEAREST)
        distance = cv2.distanceTransform(coarse, cv2.DIST_L2, 5) * np.float32(GRID_MM)
        return cls(distance, (breast.shape[0] / rows, breast.shape[1] / cols))

    def at(self, points_rc: Points) -> Values:
        """Distance in mm of points (n, 2), row and column in pixels of the image; (n,) values."""
        if not len(points_rc):
            return np.empty(0)
        rows, cols = ((points_rc[:, i] + 0.5) / self.pixels_rc[i] - 0.5 for i in range(2))
        sampled = cv2.remap(
            self.grid_mm,
            cols.astype(np.float32)[None],
            rows.astype(np.float32)[None],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        depth: Values = sampled[0].astype(float)
        return depth
