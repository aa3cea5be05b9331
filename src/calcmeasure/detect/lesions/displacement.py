"""A displacement on a coarse grid of control points: what it does to an image and to a lesion.

A displaced image shows at x what the moving one shows at x + shift(x).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.resampling import warp
from calcmeasure.geometry import Spacing

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Displacement:
    """Shift at evenly spaced control points, linear between them.

    Parameters
    ----------
    shift_mm
        (3, n, m, k) along slice, row and column.
    step_mm
        (3,) distance of the control points; the first lies at the centre of voxel (0, 0, 0).
    """

    shift_mm: FloatArray
    step_mm: FloatArray

    @property
    def largest_mm(self) -> float:
        """Length of the longest shift."""
        return float(np.sqrt((self.shift_mm**2).sum(axis=0)).max())

    def apply(self, image: FloatImage, spacing: Spacing) -> FloatImage:
        """Sample an image where every voxel came from: cubic, edges repeated, never below 0."""
        frame_mm = np.stack([np.asarray(spacing.zrc_mm), np.zeros(3), self.step_mm])
        moved: FloatImage = warp(np.ascontiguousarray(image, np.float32), self.shift_mm, frame_mm)
        return moved

    def at(self, places_mm: FloatArray) -> FloatArray:
        """(3, ...) shift at (3, ...) places, mm from the centre of voxel (0, 0, 0)."""
        index = places_mm / self.step_mm.reshape(3, *[1] * (places_mm.ndim - 1))
        shifts = [ndimage.map_coordinates(part, index, order=1, mode="nearest") for part in self.shift_mm]
        return np.stack(shifts)


def volume_change(
    displacement: Displacement, mask: BoolImage, *, spacing: Spacing, offset_zrc: tuple[int, int, int] = (0, 0, 0)
) -> float:
    """Relative change of a lesion's volume by a motion correction.

    What fills the mask in the displaced image filled the integral of the Jacobian determinant of x + shift(x) over
    the mask in the moving one; the change is one over its mean, less one.

    Parameters
    ----------
    mask
        (slices, rows, columns) of the box that starts at `offset_zrc` in the volume.

    Returns
    -------
    Fraction, negative where the lesion was made smaller; 0 for an empty mask.
    """
    if not mask.any():
        return 0.0
    steps_mm = np.asarray(spacing.zrc_mm)
    index = np.argwhere(mask) + np.asarray(offset_zrc)
    centres_mm = index.T * steps_mm[:, None]
    columns = []
    for axis in range(3):
        half_mm = np.zeros((3, 1))
        half_mm[axis] = 0.5 * displacement.step_mm[axis]
        columns.append(
            (displacement.at(centres_mm + half_mm) - displacement.at(centres_mm - half_mm)) / (2 * half_mm.sum())
        )
    jacobian = np.stack(columns, axis=1).transpose(2, 0, 1) + np.eye(3)
    return float(1 / np.linalg.det(jacobian).mean() - 1)
