"""How one visit takes a breast: positioning, detector, dose, and what the machine makes of the signal."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.contents import Contents
from calcmeasure.phantom.mammogram.detector import DetectorSpec
from calcmeasure.phantom.mammogram.film import FilmSpec, draw_film
from calcmeasure.phantom.mammogram.looks import LOOKS, Look
from calcmeasure.phantom.mammogram.places import log_uniform
from calcmeasure.phantom.mammogram.positioning import AS_DRAWN, Positioning, draw_positioning
from calcmeasure.phantom.mammogram.scene_settings import ClutterSettings, Range, SceneSettings
from calcmeasure.terms import Laterality, PresentationIntent, View

_MAGNIFICATION = (1.04, 1.08)
_RAW_LEVEL = (1200.0, 3600.0)


@dataclass(frozen=True, slots=True)
class PictureClutter:
    """What one picture shows beside the breast.

    Parameters
    ----------
    letters, burnt_in, dead_pixels
        Number of each.
    grid_lines
        Amplitude of a still grid's shadow, as a share of the signal; 0 for none.
    """

    letters: int = 0
    burnt_in: int = 0
    dead_pixels: int = 0
    grid_lines: float = 0.0


NOTHING_BESIDE = PictureClutter()


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
    positioning
        How the breast lies.
    look
        None For Processing and for films.
    film
        None for digital images.
    clutter
        Beside the breast.
    air_masked
        Whether the machine sets everything beside the breast to its background value.
    """

    shape: tuple[int, int]
    imager_mm: tuple[float, float]
    magnification: float
    across_mm: float
    mirrored: bool
    detector: DetectorSpec
    positioning: Positioning = AS_DRAWN
    look: Look | None = None
    film: FilmSpec | None = None
    clutter: PictureClutter = NOTHING_BESIDE
    air_masked: bool = True

    @property
    def true_mm(self) -> tuple[float, float]:
        """Pitch in the breast."""
        return (self.imager_mm[0] / self.magnification, self.imager_mm[1] / self.magnification)

    @property
    def intent(self) -> PresentationIntent | None:
        """What the image is meant for; None for a film."""
        if self.film is not None:
            return None
        return PresentationIntent.FOR_PROCESSING if self.look is None else PresentationIntent.FOR_PRESENTATION

    def to_rc(self, points_da: FloatArray) -> FloatArray:
        """Row and column of (n, 2) places in the breast as it was drawn; whole numbers are pixel centres."""
        depth, across = self.positioning.push(points_da).T
        rows = (self.across_mm - across) / self.true_mm[0]
        cols = depth / self.true_mm[1] - 0.5
        return np.column_stack([rows, self.shape[1] - 1 - cols if self.mirrored else cols])

    def axes_mm(self) -> tuple[FloatArray, FloatArray]:
        """Across position of each row and depth of each column, on the image plane."""
        across = self.across_mm - np.arange(self.shape[0], dtype=float) * self.true_mm[0]
        cols = np.arange(self.shape[1], dtype=float)[:: -1 if self.mirrored else 1]
        return across, (cols + 0.5) * self.true_mm[1]


def draw_acquisition(
    contents: Contents, settings: SceneSettings, *, rng: np.random.Generator, again: bool = False
) -> Acquisition:
    """Draw a machine, a dose and a positioning for a breast.

    Parameters
    ----------
    again
        Whether the breast was imaged before: it then lies differently.
    """
    machine, dose, field, picture, movement, film_rng = rng.spawn(6)
    film = draw_film(rng=film_rng) if machine.random() < settings.film_share else None
    imager_mm = _draw_pixels(settings.pixel_mm if film is None else settings.film_pixel_mm, machine)
    magnification, look = machine.uniform(*_MAGNIFICATION), _draw_look(settings, machine)
    detector = _draw_detector(settings, dose)
    top_mm, bottom_mm, deep_mm = _field_mm(contents, field)
    return Acquisition(
        (round((top_mm - bottom_mm) * magnification / imager_mm[0]), round(deep_mm * magnification / imager_mm[1])),
        imager_mm,
        magnification,
        top_mm,
        mirrored=contents.laterality is Laterality.RIGHT,
        detector=detector,
        positioning=draw_positioning(contents.breast.depth_mm, rng=movement) if again else AS_DRAWN,
        look=look if film is None else None,
        film=film,
        clutter=_draw_clutter(settings.clutter, picture),
        air_masked=bool(machine.random() < 0.7),
    )


def _draw_pixels(ends: Range, rng: np.random.Generator) -> tuple[float, float]:
    pitch = rng.uniform(*ends)
    uneven = 1.0 if rng.random() >= 0.1 else rng.uniform(0.93, 1.07)
    return round(pitch, 4), round(pitch * uneven, 4)


def _draw_look(settings: SceneSettings, rng: np.random.Generator) -> Look | None:
    look = LOOKS[settings.looks[rng.integers(len(settings.looks))]]
    gain, sharpening = rng.uniform(0.85, 1.15), rng.uniform(0.7, 1.3)
    varied = replace(look, gain=look.gain * gain, sharpening=look.sharpening * sharpening)
    return varied if rng.random() < settings.presentation_share else None


def _draw_detector(settings: SceneSettings, rng: np.random.Generator) -> DetectorSpec:
    level, excess = rng.uniform(*_RAW_LEVEL), rng.uniform(3.0, 8.0)
    return DetectorSpec(
        blur_mm=rng.uniform(*settings.blur_mm) * settings.blur_factor,
        scatter_to_primary=rng.uniform(*settings.scatter_to_primary),
        photons_per_mm2=log_uniform(settings.photons_per_mm2, rng) / settings.noise_factor**2,
        raw_level=level * excess if rng.random() < settings.clutter.saturated else level,
    )


def _draw_clutter(settings: ClutterSettings, rng: np.random.Generator) -> PictureClutter:
    ripple = rng.uniform(0.004, 0.02)
    return PictureClutter(
        letters=int(rng.poisson(settings.letters)),
        burnt_in=int(rng.poisson(settings.burnt_in)),
        dead_pixels=int(rng.poisson(settings.dead_pixels)),
        grid_lines=ripple if rng.random() < settings.grid_lines else 0.0,
    )


def _field_mm(contents: Contents, rng: np.random.Generator) -> tuple[float, float, float]:
    """Across positions of the upper and the lower edge of the image, and its depth."""
    half = 0.5 * contents.breast.width_mm
    above, below, beyond = rng.uniform(3.0, 14.0, 3)
    deep = contents.breast.depth_mm + beyond
    if contents.view is View.CC:
        return half + above, -half - below, deep
    return 1.45 * half - above, -0.95 * half - below, deep
