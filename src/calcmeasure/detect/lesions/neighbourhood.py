"""What lies within a few millimetres of an outlined candidate: vessels that run on, shadows of motion, clumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.boundary import Outline
from calcmeasure.detect.lesions.isolation import LINES
from calcmeasure.detect.lesions.regions import box_between, span_of

FloatArray = NDArray[np.float64]

SHELL_MM = (1.5, 5.0)
"""The shell around an outline that is looked at; what is nearer is its blurred edge."""
RUNS_ON = 0.45
"""What is connected to a candidate above this share of its height runs on from it."""
BEFORE_MM = 3.0
"""The signal before contrast is compared up to this far outside."""
CORE_MM = 1.5
"""A hilum is looked for below this depth."""
MOST = 3.0
"""Depths are kept to so many heights of the candidate."""
NOTCH_AT = (0.35, 0.5, 0.65)
"""How far from the middle, in radii of a ball as large as the candidate, a notch is looked for..."""
DEEPEST_NOTCH = 1.5
"""...and how deep it counts, in heights: hardly any training candidate has a deeper one."""
EVERY_SIDE = 1 / 3
"""Share along any line of what lies on all sides alike."""
DIRECTIONS = np.concatenate([LINES, -LINES]) / np.tile(np.linalg.norm(LINES, axis=1), 2)[:, None]
"""(26, 3) unit vectors to the faces, edges and corners of a cube."""
_LEAST = 1e-2
"""Heights and spreads count as at least this share of a candidate's height."""
_EVERY_NEIGHBOUR = np.ones((3, 3, 3), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A candidate's box with a margin, ready to be measured.

    Parameters
    ----------
    outline
        Gives plateau and background; the mask is `mask`.
    mask, shell
        (slices, rows, columns) of the box: the candidate, and what lies `SHELL_MM` around it in the breast.
    smooth, before
        Same shape: smoothed subtraction, and signal before contrast.
    away_mm
        Same shape: distance from the mask.
    """

    outline: Outline
    mask: BoolImage
    shell: BoolImage
    smooth: FloatImage
    before: FloatImage
    away_mm: FloatArray
    voxel_mm: FloatArray

    @classmethod
    def of(
        cls, outline: Outline, smooth: FloatImage, before: FloatImage, *, breast: BoolImage, voxel_mm: FloatArray
    ) -> Neighbourhood:
        """Cut the box of a candidate out of its cut."""
        first, last = span_of(outline.mask)
        margin = np.ceil(SHELL_MM[1] / voxel_mm).astype(int)
        box = box_between(first - margin, last + margin + 1)
        mask = outline.mask[box]
        away_mm = ndimage.distance_transform_edt(~mask, sampling=voxel_mm)
        shell = (away_mm > SHELL_MM[0]) & (away_mm <= SHELL_MM[1]) & breast[box]
        return cls(outline, mask, shell, smooth[box], before[box], away_mm, voxel_mm)

    @property
    def height(self) -> float:
        """Plateau over background."""
        return max(self.outline.inside - self.outline.outside, 1e-6)

    def figures(self) -> dict[str, float]:
        """Everything that is measured, by the name of its column."""
        occupied, in_line = self._running_on()
        pieces, solid = self._clumps()
        return {
            "occupied": occupied,
            "in_line": in_line,
            "shadow": self._shadow(),
            "near_contrast": self._near_contrast(),
            "edge_before": self._edge_before(),
            "hilum": self._hilum(),
            "notch": self._notch(),
            "pieces": pieces,
            "solid": solid,
        }

    def _above(self, share: float) -> BoolImage:
        above: BoolImage = self.smooth > self.outline.outside + share * self.height
        return above

    def _running_on(self) -> tuple[float, float]:
        """Share of the shell that runs on from the candidate, and how much of that lies on one line through it.

        A vessel leaves on both sides, a patch of gland on every side, a lesion on none.
        """
        labels, count = ndimage.label(self._above(RUNS_ON) | self.mask, structure=_EVERY_NEIGHBOUR)
        own = np.zeros(count + 1, dtype=np.bool_)
        own[labels[self.mask]] = True
        own[0] = False
        leaving = own[labels] & self.shell
        if not leaving.any():
            return 0.0, EVERY_SIDE
        offsets_mm = (np.argwhere(leaving) - np.argwhere(self.mask).mean(axis=0)) * self.voxel_mm
        units = offsets_mm / np.maximum(np.linalg.norm(offsets_mm, axis=1, keepdims=True), 1e-9)
        return float(leaving.sum() / self.shell.sum()), float(np.linalg.eigvalsh(units.T @ units / len(units))[-1])

    def _shadow(self) -> float:
        """Depth of the darkest of the shell: what moved between the phases is bright beside and dark behind."""
        darkest = float(np.percentile(self._around(), 2))
        return float(np.clip((self.outline.outside - darkest) / self.height, 0, MOST))

    def _near_contrast(self) -> float:
        """Height over the shell in its standard deviations, logarithm."""
        around, least = self._around(), _LEAST * self.height
        median = float(np.median(around))
        spread = 1.4826 * float(np.median(np.abs(around - median)))
        return float(np.log(max(float(self.smooth[self.mask].mean()) - median, least) / max(spread, least)))

    def _edge_before(self) -> float:
        """Range of the signal before contrast in heights, logarithm: great where tissue borders on other tissue."""
        near = self.before[self.away_mm <= BEFORE_MM]
        ranged = float(np.ptp(np.percentile(near, (5, 95))))
        return float(np.log(max(ranged, _LEAST * self.height) / self.height))

    def _hilum(self) -> float:
        """Depth of the darkest of the inside, in heights: a node has fat in it."""
        depth_mm = ndimage.distance_transform_edt(np.pad(self.mask, 1), sampling=self.voxel_mm)[1:-1, 1:-1, 1:-1]
        core = self.smooth[depth_mm > CORE_MM]
        dark = float(np.percentile(core, 5)) if core.size else self.outline.inside
        return float(np.clip((self.outline.inside - dark) / self.height, -MOST, MOST))

    def _notch(self) -> float:
        """Range of the signal over directions from the middle, in heights: the hilum of a node lies on one side."""
        radius_mm = np.cbrt(3 / (4 * np.pi) * int(self.mask.sum()) * float(np.prod(self.voxel_mm)))
        middle = np.asarray(ndimage.center_of_mass(self.mask))
        steps = np.array(NOTCH_AT)[:, None, None] * radius_mm * DIRECTIONS / self.voxel_mm
        places = (middle + steps).reshape(-1, 3).T
        values = ndimage.map_coordinates(self.smooth, places, order=1, mode="nearest").reshape(len(NOTCH_AT), -1)
        return float(min(np.ptp(values, axis=1).mean() / self.height, DEEPEST_NOTCH))

    def _clumps(self) -> tuple[float, float]:
        """Count the parts above half height, as a logarithm, and give the share of the outline that they fill."""
        above = self.mask & self._above(0.5)
        _, count = ndimage.label(above, structure=_EVERY_NEIGHBOUR)
        return float(np.log(max(count, 1))), float(above.sum() / max(int(self.mask.sum()), 1))

    def _around(self) -> FloatImage:
        values: FloatImage = self.smooth[self.shell]
        return values if values.size else np.full(2, self.outline.outside, dtype=np.float32)
