"""How one visit takes a breast: positioning, detector, dose, and what the machine makes of the signal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.contents import Contents, log_uniform
from calcmeasure.phantom.mammogram.detector import DetectorSpec
from calcmeasure.phantom.mammogram.looks import LOOKS, Look
from calcmeasure.phantom.mammogram.scene_settings import SceneSettings
from calcmeasure.terms import Laterality, PresentationIntent, View

_MAGNIFICATION = (1.04, 1.08)


@dataclass(frozen=True, slots=True)
class Acquisition:
    """One exposure.

    Parameters
    ----------
    shape
        Rows, columns.
    imager_mm
        Pitch at the detector.
    across_mm
        Across position of row 0, mm in the breast.
    mirrored
        Whether depth runs to the left (right breast).
    look
        None For Processing.
    """

    shape: tuple[int, int]
    imager_mm: tuple[float, float]
    magnification: float
    across_mm: float
    mirrored: bool
    detector: DetectorSpec
    look: Look | None

    @property
    def true_mm(self) -> tuple[float, float]:
        """Pitch in the breast."""
        return (self.imager_mm[0] / self.magnification, self.imager_mm[1] / self.magnification)

    @property
    def intent(self) -> PresentationIntent:
        """What the image is meant for."""
        return PresentationIntent.FOR_PROCESSING if self.look is None else PresentationIntent.FOR_PRESENTATION

    def to_rc(self, points_da: FloatArray) -> FloatArray:
        """Row and column of (n, 2) places in the breast's plane; whole numbers are pixel centres."""
        rows = (self.across_mm - points_da[:, 1]) / self.true_mm[0]
        cols = points_da[:, 0] / self.true_mm[1] - 0.5
        return np.column_stack([rows, self.shape[1] - 1 - cols if self.mirrored else cols])

    def axes_mm(self) -> tuple[FloatArray, FloatArray]:
        """Across position of each row and depth of each column."""
        across = self.across_mm - np.arange(self.shape[0], dtype=float) * self.true_mm[0]
        cols = np.arange(self.shape[1], dtype=float)[:: -1 if self.mirrored else 1]
        return across, (cols + 0.5) * self.true_mm[1]


def draw_acquisition(contents: Contents, settings: SceneSettings, *, rng: np.random.Generator) -> Acquisition:
    """Draw a machine, a dose and a positioning for a breast."""
    imager_mm, magnification = _draw_pixels(settings, rng), rng.uniform(*_MAGNIFICATION)
    detector = _draw_detector(settings, rng)
    look_name = settings.looks[rng.integers(len(settings.looks))]
    look = LOOKS[look_name] if rng.random() < settings.presentation_share else None
    top_mm, bottom_mm = _field_mm(contents, rng)
    rows = math.ceil((top_mm - bottom_mm) * magnification / imager_mm[0])
    columns = math.ceil((contents.breast.depth_mm + rng.uniform(4.0, 14.0)) * magnification / imager_mm[1])
    mirrored = contents.laterality is Laterality.RIGHT
    return Acquisition(
        (rows, columns), imager_mm, magnification, top_mm, mirrored=mirrored, detector=detector, look=look
    )


def _draw_pixels(settings: SceneSettings, rng: np.random.Generator) -> tuple[float, float]:
    pitch = rng.uniform(*settings.pixel_mm)
    uneven = 1.0 if rng.random() >= 0.1 else rng.uniform(0.93, 1.07)
    return round(pitch, 4), round(pitch * uneven, 4)


def _draw_detector(settings: SceneSettings, rng: np.random.Generator) -> DetectorSpec:
    return DetectorSpec(
        blur_mm=rng.uniform(*settings.blur_mm) * settings.blur_factor,
        scatter_to_primary=rng.uniform(*settings.scatter_to_primary),
        photons_per_mm2=log_uniform(settings.photons_per_mm2, rng) / settings.noise_factor**2,
    )


def _field_mm(contents: Contents, rng: np.random.Generator) -> tuple[float, float]:
    """Across positions of the upper and the lower edge of the image."""
    half = 0.5 * contents.breast.width_mm
    margins = rng.uniform(3.0, 12.0, 2)
    if contents.view is View.CC:
        return half + margins[0], -half - margins[1]
    return 1.45 * half - margins[0], -0.95 * half - margins[1]
