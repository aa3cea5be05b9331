"""How deep a point lies below the skin line of a mammogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from calcmeasure.detect.contract import BoolImage, Points, Values
from calcmeasure.detect.mammogram.coarse import CoarseImage

_STEPS_PER_MM = 50
"""Of the depths that `deeper_than` compares."""


@dataclass(frozen=True, slots=True)
class SkinDistance:
    """Distance to the skin line on the coarse grid, sampled where it is asked for.

    Parameters
    ----------
    grid_mm
        (rows, columns) depth below the skin, 0 outside the breast; the edge of the picture is no skin.
    block_rc
        Image pixels per pixel of the grid.
    """

    grid_mm: NDArray[np.float32]
    block_rc: tuple[int, int]

    @classmethod
    def of(cls, breast: BoolImage, coarse: CoarseImage, *, picture: BoolImage) -> Self:
        """Measure a breast's mask.

        Parameters
        ----------
        breast
            (rows, columns) on the coarse grid.
        picture
            (rows, columns) False on padding and frames, beyond which the breast goes on as beyond the image.
        """
        solid = (breast | ~picture).view(np.uint8)
        # Half a block is taken off because distances are to the middle of the nearest block outside.
        steps = np.maximum(cv2.distanceTransform(solid, cv2.DIST_L2, 5) - np.float32(0.5), 0.0)
        return cls(np.where(breast, steps * np.float32(max(coarse.spacing_mm)), np.float32(0.0)), coarse.block_rc)

    @classmethod
    def nowhere(cls) -> Self:
        """Depth 0 everywhere: there is no breast."""
        return cls(np.zeros((1, 1), np.float32), (1, 1))

    def deeper_than(self, depth_mm: float, shape: tuple[int, int]) -> BoolImage:
        """Mask of an image's pixels that lie deeper."""
        levels = np.minimum(self.grid_mm * np.float32(_STEPS_PER_MM), 255.0).astype(np.uint8)
        rows, cols = (n * block for n, block in zip(levels.shape, self.block_rc, strict=True))
        fine = cv2.resize(levels, (cols, rows), interpolation=cv2.INTER_LINEAR)
        if (rows, cols) != shape:
            fine = cv2.copyMakeBorder(fine, 0, shape[0] - rows, 0, shape[1] - cols, cv2.BORDER_REPLICATE)
        deep: BoolImage = fine > min(round(depth_mm * _STEPS_PER_MM), 254)
        return deep

    def at(self, points_rc: Points) -> Values:
        """Distance in mm of points (n, 2), row and column in pixels of the image; (n,) values."""
        if not len(points_rc):
            return np.empty(0)
        places = [(points_rc[:, i] + 0.5) / self.block_rc[i] - 0.5 for i in range(2)]
        depth: Values = map_coordinates(self.grid_mm, places, output=np.float64, order=1, mode="nearest")
        return depth
