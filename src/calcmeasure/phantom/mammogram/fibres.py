"""Fine strands: ligaments and vessels thinner than the anatomy grid can show, beaded, winding, fading, crossing.

They are what most false marks of a detector sit on: their beads and crossings are as small and as bright as faint
calcifications.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from calcmeasure.phantom.mammogram.anatomy import Anatomy
from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.detector import FloatImage
from calcmeasure.phantom.mammogram.places import places_da
from calcmeasure.phantom.mammogram.shapes import winding

CALIBRES_MM = (0.15, 0.28, 0.5)
"""Full width at half height."""
_CALIBRE_SHARES = (0.35, 0.4, 0.25)
_STEP_MM = 0.1


@dataclass(frozen=True, slots=True)
class Fibre:
    """One strand.

    Parameters
    ----------
    points_da
        (n, 2) places, about 0.1 mm apart.
    heights
        (n,) attenuation on its axis, nepers.
    calibre_mm
        One of `CALIBRES_MM`.
    """

    points_da: FloatArray
    heights: FloatArray
    calibre_mm: float

    def moved(self, push: Callable[[FloatArray], FloatArray]) -> Fibre:
        """Carry the strand along with the tissue."""
        return replace(self, points_da=push(self.points_da))


def draw_fibres(anatomy: Anatomy, count: int, *, rng: np.random.Generator) -> tuple[Fibre, ...]:
    """Draw strands; half of them start where another one runs, so that they branch and cross."""
    fibres: list[Fibre] = []
    for place in places_da(anatomy, count, from_skin_mm=1.0, rng=rng):
        start = place
        if fibres and rng.random() < 0.5:
            points = fibres[rng.integers(len(fibres))].points_da
            depth, across = points[rng.integers(len(points))]
            start = (float(depth), float(across))
        fibres.append(_fibre(start, rng))
    return tuple(fibres)


def fibre_attenuation(
    fibres: Sequence[Fibre],
    to_rc: Callable[[FloatArray], FloatArray],
    *,
    shape: tuple[int, int],
    pixel_mm: tuple[float, float],
) -> FloatImage:
    """Nepers that strands add to each pixel; `to_rc` maps places to row and column."""
    total = np.zeros(shape, np.float32)
    for calibre in CALIBRES_MM:
        of_calibre = [fibre for fibre in fibres if fibre.calibre_mm == calibre]
        if of_calibre:
            total += _blurred_lines(of_calibre, to_rc, calibre, shape=shape, pixel_mm=pixel_mm)
    return total


def _fibre(start: tuple[float, float], rng: np.random.Generator) -> Fibre:
    heading = rng.normal(0.0, 0.8) + (math.pi if rng.random() < 0.5 else 0.0)
    line = winding(
        start, length=rng.uniform(5.0, 40.0), step=_STEP_MM, bends=(heading, rng.uniform(0.02, 0.15)), rng=rng
    )
    calibre = float(rng.choice(CALIBRES_MM, p=_CALIBRE_SHARES))
    knots = gaussian_filter(rng.standard_normal(len(line)), rng.uniform(0.15, 0.8) / _STEP_MM)
    knots /= knots.std() + 1e-9
    fade = np.sin(np.linspace(0.1, math.pi - 0.1, len(line)))
    height = 0.02 * 5.0 ** rng.random() * (0.6 + calibre)
    return Fibre(line, height * fade * np.clip(1.0 + rng.uniform(0.2, 0.9) * knots, 0.0, None), calibre)


def _blurred_lines(
    fibres: Sequence[Fibre],
    to_rc: Callable[[FloatArray], FloatArray],
    calibre_mm: float,
    *,
    shape: tuple[int, int],
    pixel_mm: tuple[float, float],
) -> FloatImage:
    points = to_rc(np.concatenate([fibre.points_da for fibre in fibres]))
    heights = np.concatenate([fibre.heights for fibre in fibres])
    sigma_mm = calibre_mm / 2.355
    # A line of this weight per step has the asked height after the blur.
    weights = heights * sigma_mm * math.sqrt(2 * math.pi) * _STEP_MM / math.prod(pixel_mm)
    drawn = _splat(points, weights, shape)
    blurred: FloatImage = gaussian_filter(drawn, [sigma_mm / pitch for pitch in pixel_mm], truncate=3.0)
    return blurred


def _splat(points_rc: FloatArray, weights: FloatArray, shape: tuple[int, int]) -> FloatImage:
    """Share weighted points among the four pixels around each; those outside are lost."""
    base = np.floor(points_rc).astype(np.int64)
    frac = points_rc - base
    drawn = np.zeros(shape[0] * shape[1])
    for dr, dc in ((0, 0), (0, 1), (1, 0), (1, 1)):
        row, col = base[:, 0] + dr, base[:, 1] + dc
        share = np.abs(1 - dr - frac[:, 0]) * np.abs(1 - dc - frac[:, 1]) * weights
        inside = (row >= 0) & (row < shape[0]) & (col >= 0) & (col < shape[1])
        drawn += np.bincount(row[inside] * shape[1] + col[inside], share[inside], drawn.size)
    return drawn.reshape(shape).astype(np.float32)
