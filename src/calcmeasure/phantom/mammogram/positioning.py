"""The same breast positioned again: moved, turned and unevenly compressed.

A positioning maps places on the image plane back to the breast as it was first drawn (`pull`), and the breast's places
onto the image plane (`push`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.ndimage import map_coordinates

from calcmeasure.phantom.mammogram.anatomy import GRID_MM, Anatomy
from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.detector import FloatImage

_ROUNDS = 12
"""Steps of the fixed point; each gains a decimal, as the warp stretches by a few per cent only."""


@dataclass(frozen=True, slots=True)
class Positioning:
    """A turn around the middle of the breast, a shift, a stretch, and waves of a few tenths of a mm.

    Parameters
    ----------
    turn_rad
        Towards the top of the image.
    shift_da, stretch_da
        mm, and factor, along depth and across.
    waves
        (k, 5): amplitude along depth and across, mm; wave number along depth and across, radians per mm; phase.
    pivot_da
        Middle of the turn.
    """

    turn_rad: float = 0.0
    shift_da: tuple[float, float] = (0.0, 0.0)
    stretch_da: tuple[float, float] = (1.0, 1.0)
    waves: tuple[tuple[float, float, float, float, float], ...] = ()
    pivot_da: tuple[float, float] = (0.0, 0.0)

    def pull(self, points_da: FloatArray) -> FloatArray:
        """Where the tissue at places (n, 2) of the image plane was first drawn."""
        centred = (points_da - self.pivot_da - self.shift_da) / self.stretch_da
        cos, sin = math.cos(self.turn_rad), math.sin(self.turn_rad)
        source: FloatArray = centred @ np.array([[cos, -sin], [sin, cos]]) + self.pivot_da
        for depth, across, along_depth, along_across, phase in self.waves:
            wave = np.sin(points_da @ np.array([along_depth, along_across]) + phase)
            source = source + wave[:, None] * np.array([depth, across])
        return source

    def push(self, points_da: FloatArray) -> FloatArray:
        """Where tissue first drawn at places (n, 2) lies on the image plane; the inverse of `pull`."""
        image = points_da
        for _ in range(_ROUNDS):
            image = image + (points_da - self.pull(image))
        return image

    def moved(self, anatomy: Anatomy) -> Anatomy:
        """Carry a breast's tissue along, on the same grid; beyond the chest wall it is mirrored."""
        if self == AS_DRAWN:
            return anatomy
        rows, cols = anatomy.extra.shape
        across = anatomy.across_mm - np.arange(rows) * GRID_MM
        plane = np.stack(np.meshgrid(np.arange(cols) * GRID_MM, across), axis=-1).reshape(-1, 2)
        source = self.pull(plane)
        indices = np.stack([(anatomy.across_mm - source[:, 1]) / GRID_MM, np.abs(source[:, 0]) / GRID_MM])
        return replace(
            anatomy,
            inside_mm=_resampled(anatomy.inside_mm, indices, order=1),
            extra=_resampled(anatomy.extra, indices, order=3),
        )


AS_DRAWN = Positioning()
"""As the breast was first drawn."""


def draw_positioning(depth_mm: float, *, rng: np.random.Generator) -> Positioning:
    """Draw how a breast of this depth lies at another visit."""
    waves = tuple(
        (
            rng.uniform(-0.5, 0.5),
            rng.uniform(-0.5, 0.5),
            *(2 * math.pi / rng.uniform(100.0, 180.0, 2)),
            rng.uniform(0.0, 2 * math.pi),
        )
        for _ in range(2)
    )
    return Positioning(
        turn_rad=rng.normal(0.0, 0.05),
        shift_da=(rng.uniform(-4.0, 3.0), rng.normal(0.0, 4.0)),
        stretch_da=(1.0 + rng.normal(0.0, 0.01), 1.0 + rng.normal(0.0, 0.01)),
        waves=waves,
        pivot_da=(0.5 * depth_mm, 0.0),
    )


def _resampled(field: FloatImage, indices: FloatArray, *, order: Literal[1, 3]) -> FloatImage:
    values: FloatImage = map_coordinates(field, indices, order=order, mode="nearest").astype(np.float32)
    return values.reshape(field.shape)
