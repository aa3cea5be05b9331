"""Whether a candidate ends on every side: a small lesion does, a piece of a vessel runs on, however it winds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.boundary import Outline

FloatArray = NDArray[np.float64]

BLUR_MM = 1.2
"""A vessel that crosses the slices is a row of beads; this much blur joins them."""
BESIDE_MM = 2.5
"""Signal must have fallen this far beside a candidate."""
RUNS_ON = 0.3
"""What is connected to a candidate above this share of its height is followed."""
HALO_MM = 1.6
"""All of a small lesion's signal lies within this distance of its outline."""
LEAST_PERCENT = 1.0
LINES = np.array([line for line in itertools.product((-1, 0, 1), repeat=3) if line > (0, 0, 0)], dtype=float)
"""(13, 3) lines through a point, along the edges and diagonals of a cube."""
_EVERY_NEIGHBOUR = np.ones((3, 3, 3), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Isolation:
    """An outlined candidate in its cut.

    Parameters
    ----------
    blurred
        (slices, rows, columns) subtraction of the cut, blurred by `BLUR_MM`.
    centre
        (3,) of the mask, index of the cut.
    radius_mm
        Half the candidate's greatest diameter.
    """

    outline: Outline
    blurred: FloatImage
    centre: FloatArray
    radius_mm: float
    voxel_mm: FloatArray

    @classmethod
    def of(cls, outline: Outline, smooth: FloatImage, *, diameter_mm: float, voxel_mm: FloatArray) -> Isolation:
        """Blur the cut of a candidate."""
        blurred = ndimage.gaussian_filter(smooth, BLUR_MM / voxel_mm, truncate=2.5)
        centre = np.asarray(ndimage.center_of_mass(outline.mask))
        return cls(outline, blurred, centre, diameter_mm / 2, voxel_mm)

    def figures(self) -> dict[str, float]:
        """Everything that is measured, by the name of its column."""
        any_side, both_sides = self._beside()
        return {"any_side": any_side, "both_sides": both_sides, "runs_far": self._runs_far()}

    @property
    def _top(self) -> float:
        """Height of the blurred candidate over its background."""
        mean = float(np.percentile(self.blurred[self.outline.mask], 90))
        return max(mean - self.outline.outside, 1e-6)

    def _beside(self) -> tuple[float, float]:
        """Signal beside the candidate in heights: the most on any side, and the most on both sides of a line."""
        steps_mm = LINES / np.linalg.norm(LINES, axis=1, keepdims=True) * (self.radius_mm + BESIDE_MM)
        places = self.centre + np.concatenate([steps_mm, -steps_mm]) / self.voxel_mm
        values = ndimage.map_coordinates(self.blurred, places.T, order=1, mode="nearest")
        heights = (values.reshape(2, -1) - self.outline.outside) / self._top
        return float(np.clip(heights.max(), -1, 2)), float(np.clip(heights.min(axis=0).max(), -1, 2))

    def _runs_far(self) -> float:
        """How far what hangs together with the candidate reaches, in its own radius, logarithm."""
        labels, count = ndimage.label(
            self.blurred > self.outline.outside + RUNS_ON * self._top, structure=_EVERY_NEIGHBOUR
        )
        own = np.zeros(count + 1, dtype=np.bool_)
        own[labels[self.outline.mask]] = True
        own[0] = False
        places = np.argwhere(own[labels] | self.outline.mask)
        away_mm = np.linalg.norm((places - self.centre) * self.voxel_mm, axis=1)
        return float(np.log(max(float(np.percentile(away_mm, 98)), 1.0) / (self.radius_mm + 1.0)))


def uptake(mask: BoolImage, percent: FloatImage, *, breast: BoolImage, voxel_mm: FloatArray) -> float:
    """Percent enhancement that a candidate would have if partial volume had taken nothing of it.

    All that is above the background within `HALO_MM` of the outline, over the outline's volume.
    """
    away_mm = ndimage.distance_transform_edt(~mask, sampling=voxel_mm)
    around = (away_mm > HALO_MM) & (away_mm <= HALO_MM + BESIDE_MM) & breast
    base = float(np.median(percent[around])) if around.any() else 0.0
    return max(float((percent[away_mm <= HALO_MM] - base).sum()) / int(mask.sum()), LEAST_PERCENT)
