"""Drawing calcifications: mm of calcium that each detector pixel looks through, exact below the pixel.

Every mark is a few ellipsoids; their common centre of mass is moved onto the mark's position, so the drawn mark has
the position that the truth states, whatever its shape.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.terms import Morphology

FloatArray = NDArray[np.float64]
Window = tuple[slice, slice]

_SUBPIXELS = 5


@dataclass(frozen=True, slots=True)
class Lobe:
    """One ellipsoid: centre and half axes in mm in the image plane, long axis turned by `angle_rad`.

    `density` is a share of calcium; a negative one hollows out what other lobes fill.
    """

    row_mm: float
    col_mm: float
    half_long_mm: float
    half_short_mm: float
    half_depth_mm: float
    angle_rad: float
    density: float = 1.0

    @property
    def mass(self) -> float:
        """Volume times density, up to a constant."""
        return self.half_long_mm * self.half_short_mm * self.half_depth_mm * self.density


def draw_specks(
    centres_rc: FloatArray,
    diameters_mm: FloatArray,
    *,
    morphologies: tuple[Morphology, ...],
    seeds: NDArray[np.int64],
    shape: tuple[int, int],
    pixel_mm: tuple[float, float],
) -> NDArray[np.float32]:
    """Path length through calcium.

    Parameters
    ----------
    centres_rc
        (n, 2) row, column; whole numbers are pixel centres. Parts outside the image are cut off.
    diameters_mm
        (n,) in the same plane as `pixel_mm`.
    seeds
        (n,) decides each mark's shape.
    pixel_mm
        Row and column spacing.

    Returns
    -------
    (rows, columns) float32, mm
    """
    path_mm = np.zeros(shape, np.float32)
    for centre, diameter, morphology, seed in zip(centres_rc, diameters_mm, morphologies, seeds, strict=True):
        lobes = shape_of(morphology, float(diameter), np.random.default_rng(int(seed)))
        _add_speck(path_mm, centre, lobes, pixel_mm)
    return path_mm


def shape_of(morphology: Morphology, diameter_mm: float, rng: np.random.Generator) -> tuple[Lobe, ...]:
    """Lobes of one mark, their common centre of mass at the origin."""
    half = 0.5 * diameter_mm
    if morphology is Morphology.FINE_LINEAR:
        lobes = _rod(half, rng)
    elif morphology in (Morphology.FINE_PLEOMORPHIC, Morphology.COARSE_HETEROGENEOUS, Morphology.COARSE):
        lobes = _lobed(half, 7 if morphology is Morphology.COARSE else 3, rng)
    elif morphology is Morphology.AMORPHOUS:
        lobes = [Lobe(0, 0, half * 1.15, half, 0.5 * half, rng.uniform(0, math.pi), density=0.9)]
    elif morphology is Morphology.VASCULAR:
        lobes = [Lobe(0, 0, 1.3 * half, 0.7 * half, 0.7 * half, rng.uniform(-0.3, 0.3))]
    else:
        lobes = [Lobe(0, 0, half, half, half, 0.0)]
    return centred(lobes)


def _rod(half: float, rng: np.random.Generator) -> list[Lobe]:
    """Build a bent, segmented line, four times as long as wide."""
    angle = rng.normal(0.0, 0.35)  # mostly along the duct, towards the nipple
    steps = np.linspace(-1.5, 1.5, 4) * half
    bend = rng.normal(0, 0.25)
    return [
        Lobe(
            s * math.sin(angle + bend * s / half),
            s * math.cos(angle + bend * s / half),
            0.75 * half,
            0.5 * half,
            0.6 * half,
            angle + bend * s / half,
        )
        for s in steps
    ]


def _lobed(half: float, count: int, rng: np.random.Generator) -> list[Lobe]:
    """Build an irregular, angular body out of overlapping ellipsoids."""
    directions = rng.uniform(0, 2 * math.pi, count)
    reach = rng.uniform(0.2, 0.55, count) * half
    return [
        Lobe(
            r * math.sin(a),
            r * math.cos(a),
            half * rng.uniform(0.6, 0.9),
            half * rng.uniform(0.35, 0.65),
            half * rng.uniform(1.0, 1.6) / count,
            rng.uniform(0, math.pi),
        )
        for a, r in zip(directions, reach, strict=True)
    ]


def centred(lobes: Sequence[Lobe]) -> tuple[Lobe, ...]:
    """Move lobes so that their common centre of mass is the origin."""
    mass = sum(lobe.mass for lobe in lobes)
    row = sum(lobe.mass * lobe.row_mm for lobe in lobes) / mass
    col = sum(lobe.mass * lobe.col_mm for lobe in lobes) / mass
    return tuple(
        Lobe(
            lobe.row_mm - row,
            lobe.col_mm - col,
            lobe.half_long_mm,
            lobe.half_short_mm,
            lobe.half_depth_mm,
            lobe.angle_rad,
            lobe.density,
        )
        for lobe in lobes
    )


def _add_speck(
    path_mm: NDArray[np.float32], centre_rc: FloatArray, lobes: tuple[Lobe, ...], pixel_mm: tuple[float, float]
) -> None:
    window = window_around(centre_rc, reach_mm(lobes), shape=path_mm.shape, pixel_mm=pixel_mm)
    if window is not None:
        path_mm[window] += path_in_window(lobes, centre_rc, window=window, pixel_mm=pixel_mm)


def reach_mm(lobes: Sequence[Lobe]) -> float:
    """Radius around the origin that holds every lobe."""
    return max(math.hypot(lobe.row_mm, lobe.col_mm) + lobe.half_long_mm for lobe in lobes)


def window_around(
    centre_rc: FloatArray, reach: float, *, shape: tuple[int, ...], pixel_mm: tuple[float, float]
) -> Window | None:
    """Pixels within `reach` mm of a place, cut at the image's edge; None when nothing is left."""
    spans = []
    for centre, pitch, size in zip(centre_rc, pixel_mm, shape, strict=True):
        first = max(math.floor(centre - reach / pitch), 0)
        last = min(math.ceil(centre + reach / pitch) + 1, size)
        if first >= last:
            return None
        spans.append(slice(first, last))
    return spans[0], spans[1]


def path_in_window(
    lobes: Sequence[Lobe],
    centre_rc: FloatArray,
    *,
    window: Window,
    pixel_mm: tuple[float, float],
    subpixels: int = _SUBPIXELS,
) -> NDArray[np.float32]:
    """Mean path length, mm, that each pixel of a window has through a mark at `centre_rc`.

    Parameters
    ----------
    subpixels
        Lines of sight per pixel along each axis.
    """
    rows_mm, cols_mm = (
        _subpixel_offsets_mm(span, centre, pitch, subpixels)
        for span, centre, pitch in zip(window, centre_rc, pixel_mm, strict=True)
    )
    fine = np.zeros((rows_mm.size, cols_mm.size))
    for lobe in lobes:
        reach = max(lobe.half_long_mm, lobe.half_short_mm)
        rows, cols = _within(rows_mm, lobe.row_mm, reach), _within(cols_mm, lobe.col_mm, reach)
        fine[rows, cols] += _chord_mm(lobe, rows_mm[rows, None], cols_mm[None, cols])
    n_rows, n_cols = (span.stop - span.start for span in window)
    coarse = fine.reshape(n_rows, subpixels, n_cols, subpixels).mean(axis=(1, 3))
    means: NDArray[np.float32] = coarse.astype(np.float32)
    return means


def _subpixel_offsets_mm(span: slice, centre: float, pitch: float, subpixels: int) -> FloatArray:
    inside = (np.arange(subpixels) + 0.5) / subpixels - 0.5
    offsets: FloatArray = ((np.arange(span.start, span.stop)[:, None] + inside).ravel() - centre) * pitch
    return offsets


def _within(offsets_mm: FloatArray, middle: float, reach: float) -> slice:
    first, last = np.searchsorted(offsets_mm, (middle - reach, middle + reach))
    return slice(int(first), int(last))


def _chord_mm(lobe: Lobe, rows_mm: FloatArray, cols_mm: FloatArray) -> FloatArray:
    """Length of the line of sight inside an ellipsoid."""
    dr, dc = rows_mm - lobe.row_mm, cols_mm - lobe.col_mm
    sin, cos = math.sin(lobe.angle_rad), math.cos(lobe.angle_rad)
    along = (dr * sin + dc * cos) / lobe.half_long_mm
    aside = (dr * cos - dc * sin) / lobe.half_short_mm
    chord: FloatArray = 2 * lobe.density * lobe.half_depth_mm * np.sqrt(np.clip(1.0 - along**2 - aside**2, 0.0, None))
    return chord
