"""What a detector receives: one mammogram, or the phases of one dynamic series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid, Spacing
from calcmeasure.terms import Laterality, PresentationIntent, View

FloatImage = NDArray[np.float32]
BoolImage = NDArray[np.bool_]
Points = NDArray[np.float64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ProjectionImage:
    """One mammogram, ready for detection.

    Parameters
    ----------
    attenuation
        (rows, columns) float32; higher means more X-ray attenuation, whatever the encoding was. On a logarithmic
        scale for both intents (For Processing images are log-transformed when they are loaded).
    valid
        (rows, columns) False where a pixel is padding.
    spacing
        mm per pixel with its source.
    """

    attenuation: FloatImage
    valid: BoolImage
    spacing: Spacing
    laterality: Laterality | None = None
    view: View | None = None
    intent: PresentationIntent | None = None


@dataclass(frozen=True, slots=True)
class DynamicImage:
    """All phases of a dynamic series.

    Parameters
    ----------
    phases
        (phases, slices, rows, columns) float32 signal in one common scaling, in order of time.
    grid
        Shared by the phases.
    pre_index, early_index
        Last phase before contrast, and the one that is measured.
    times_s
        Centre of each phase after time zero; None where unknown, empty when none is known.
    """

    phases: FloatImage
    grid: ImageGrid
    pre_index: int = 0
    early_index: int = 1
    times_s: tuple[float | None, ...] = ()

    @property
    def pre(self) -> FloatImage:
        """(slices, rows, columns) before contrast."""
        volume: FloatImage = self.phases[self.pre_index]
        return volume

    @property
    def early(self) -> FloatImage:
        """(slices, rows, columns) of the phase that is measured."""
        volume: FloatImage = self.phases[self.early_index]
        return volume

    @property
    def late(self) -> FloatImage | None:
        """(slices, rows, columns) of the last phase; None when nothing follows the early one."""
        return self.phases[-1] if len(self.phases) - 1 > self.early_index else None
