"""Screen-film mammograms and their digitisation: characteristic curve, grain, scanner, and all that lies on a film.

Film darkens with exposure: optical density follows an S over the logarithm of exposure (Hurter and Driffield), and a
scanner turns density into grey, so dense tissue is bright and the air beside the breast is black, but not zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.phantom.mammogram.detector import FloatImage
from calcmeasure.phantom.mammogram.shapes import winding
from calcmeasure.phantom.mammogram.strokes import letter_strokes, stroke_coverage
from calcmeasure.terms import MarkLabel

_BASE_DENSITY, _DENSEST = 0.2, 3.8
_SCANNED_DENSITY = 4.0
"""Density that a scanner maps to black."""
_ARTEFACT = LABEL_CODES[MarkLabel.ARTEFACT]


@dataclass(frozen=True, slots=True)
class FilmSpec:
    """A film and its scanner.

    Parameters
    ----------
    contrast
        Steepness of the characteristic curve at its middle, density per neper.
    middle_nepers
        Attenuation that gives the middle density, beyond that of the middle of the breast: exposure is automatic.
    grain
        Standard deviation of density, for an aperture of 0.1 mm; it falls with the square root of the aperture's area.
    scanner_blur_mm
        Standard deviation of the scanner's spread.
    slope
        Change of grey across the film by uneven light, as a share of the scale.
    bits
        Stored.
    dust, hairs, scratches, lines
        Number of each.
    plate
        Whether a name plate lies in a corner.
    frame_mm
        Width of the clear border of the film; 0 for none.
    """

    contrast: float = 1.4
    middle_nepers: float = -0.1
    grain: float = 0.02
    scanner_blur_mm: float = 0.03
    slope: float = 0.02
    bits: int = 8
    dust: int = 20
    hairs: int = 1
    scratches: int = 1
    lines: int = 1
    plate: bool = True
    frame_mm: float = 0.0


def draw_film(*, rng: np.random.Generator) -> FilmSpec:
    """Draw a film."""
    return FilmSpec(
        contrast=rng.uniform(1.0, 1.7),
        middle_nepers=rng.uniform(-0.35, 0.15),
        grain=rng.uniform(0.01, 0.035),
        scanner_blur_mm=rng.uniform(0.015, 0.05),
        slope=rng.uniform(0.0, 0.05),
        bits=int(rng.choice([8, 8, 12])),
        dust=int(rng.poisson(25)),
        hairs=int(rng.poisson(0.7)),
        scratches=int(rng.poisson(1.0)),
        lines=int(rng.poisson(0.8)),
        plate=bool(rng.random() < 0.6),
        frame_mm=float(rng.uniform(1.0, 4.0)) if rng.random() < 0.3 else 0.0,
    )


def optical_density(nepers: FloatImage, film: FilmSpec) -> FloatImage:
    """Characteristic curve: density behind this much attenuation."""
    span = _DENSEST - _BASE_DENSITY
    bend = 4.0 * film.contrast / span
    density: FloatImage = _BASE_DENSITY + np.float32(span) / (
        1.0 + np.exp(bend * (nepers - np.float32(film.middle_nepers)))
    )
    return density


def film_variance(nepers: FloatImage, film: FilmSpec, *, pixel_mm: tuple[float, float]) -> FloatImage:
    """Variance per pixel by grain and quantisation, nepers squared: density noise over the curve's local slope."""
    share = (optical_density(nepers, film) - _BASE_DENSITY) / (_DENSEST - _BASE_DENSITY)
    slope = np.maximum(4.0 * film.contrast * share * (1.0 - share), 0.02)
    step = _SCANNED_DENSITY / ((1 << film.bits) - 1)
    variance: FloatImage = ((_grain(film, pixel_mm) ** 2 + step**2 / 12.0) / slope**2).astype(np.float32)
    return variance


def scan_film(
    nepers: FloatImage, film: FilmSpec, *, pixel_mm: tuple[float, float], rng: np.random.Generator
) -> tuple[FloatImage, NDArray[np.uint8]]:
    """Develop, soil and digitise a film.

    Parameters
    ----------
    nepers
        (rows, columns) log attenuation of the noisy signal that reaches the film.

    Returns
    -------
    tuple
        Stored values, bright is dense, and a label map of everything that lies on the film.
    """
    density = optical_density(nepers, film)
    density += np.float32(_grain(film, pixel_mm)) * rng.standard_normal(density.shape, np.float32)
    labels = np.zeros(density.shape, np.uint8)
    for soil, count in ((_dust, film.dust), (_hair, film.hairs), (_scratch, film.scratches)):
        _soil(density, labels, soil, count=count, pixel_mm=pixel_mm, rng=rng)
    _frame(density, labels, film, pixel_mm=pixel_mm, rng=rng)
    density = gaussian_filter(density, [film.scanner_blur_mm / pitch for pitch in pixel_mm], truncate=3.0)
    grey = 1.0 - density / np.float32(_SCANNED_DENSITY) + _uneven_light(density.shape, film.slope, rng)
    _scanner_lines(grey, labels, film.lines, rng)
    top = (1 << film.bits) - 1
    return np.rint(top * np.clip(grey, 0.0, 1.0)).astype(np.float32), labels


def _grain(film: FilmSpec, pixel_mm: tuple[float, float]) -> float:
    return float(film.grain * 0.1 / np.sqrt(np.prod(pixel_mm)))


_Soil = Callable[[tuple[int, int], tuple[float, float], np.random.Generator], FloatImage]


def _soil(
    density: FloatImage,
    labels: NDArray[np.uint8],
    soil: _Soil,
    *,
    count: int,
    pixel_mm: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Lay things onto the film: most let light through where they kept it from the emulsion, some stop it."""
    for _ in range(count):
        covered = soil((96, 96), pixel_mm, rng)
        change = rng.uniform(0.3, 1.6) * (-1.0 if rng.random() < 0.75 else 1.0)
        row, col = (int(rng.integers(0, max(size - 96, 1))) for size in density.shape)
        part = (slice(row, row + 96), slice(col, col + 96))
        height, width = density[part].shape
        covered = covered[:height, :width]
        density[part] = np.clip(density[part] + np.float32(change) * covered, 0.05, _SCANNED_DENSITY)
        labels[part][covered > 0.25] = _ARTEFACT


def _dust(shape: tuple[int, int], pixel_mm: tuple[float, float], rng: np.random.Generator) -> FloatImage:
    length = 0.05 * 10.0 ** rng.random()
    turn = rng.uniform(0.0, 6.3)
    line = np.array([[0.0, 0.0], [np.sin(turn), np.cos(turn)]]) * length * rng.random()
    return _in_middle([line], shape, width_mm=max(length, 0.06), pixel_mm=pixel_mm)


def _hair(shape: tuple[int, int], pixel_mm: tuple[float, float], rng: np.random.Generator) -> FloatImage:
    line = winding((0.0, 0.0), length=rng.uniform(2.0, 9.0), step=0.1, bends=(rng.uniform(0.0, 6.3), 0.5), rng=rng)
    return _in_middle([line], shape, width_mm=rng.uniform(0.05, 0.09), pixel_mm=pixel_mm)


def _scratch(shape: tuple[int, int], pixel_mm: tuple[float, float], rng: np.random.Generator) -> FloatImage:
    turn, length = rng.uniform(0.0, 6.3), rng.uniform(2.0, 12.0)
    line = np.array([[0.0, 0.0], [np.sin(turn), np.cos(turn)]]) * length
    gaps = [line * a + line[1] * b for a, b in ((0.3, 0.0), (0.25, 0.4), (0.2, 0.75))]
    return _in_middle(gaps if rng.random() < 0.5 else [line], shape, width_mm=0.05, pixel_mm=pixel_mm)


def _in_middle(
    lines: list[FloatArray], shape: tuple[int, int], *, width_mm: float, pixel_mm: tuple[float, float]
) -> FloatImage:
    return stroke_coverage(
        lines, shape, width_mm=max(width_mm, max(pixel_mm)), pixel_mm=pixel_mm, origin_rc=(shape[0] / 2, shape[1] / 2)
    )


def _frame(
    density: FloatImage,
    labels: NDArray[np.uint8],
    film: FilmSpec,
    *,
    pixel_mm: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Lay a clear border around the film and a name plate, clear with dark writing, into one corner."""
    for axis, pitch in enumerate(pixel_mm):
        width = round(film.frame_mm / pitch)
        if width:
            edges = np.moveaxis(density, axis, 0), np.moveaxis(labels, axis, 0)
            for end in (slice(0, width), slice(-width, None)):
                edges[0][end], edges[1][end] = _BASE_DENSITY, _ARTEFACT
    if film.plate:
        _name_plate(density, labels, pixel_mm=pixel_mm, rng=rng)


def _name_plate(
    density: FloatImage, labels: NDArray[np.uint8], *, pixel_mm: tuple[float, float], rng: np.random.Generator
) -> None:
    rows, cols = (round(size / pitch) for size, pitch in zip((9.0, 22.0), pixel_mm, strict=True))
    down, across = (rng.random() < 0.5 for _ in range(2))
    part = (
        slice(-rows, None) if down else slice(0, rows),
        slice(-cols, None) if across else slice(0, cols),
    )
    shape = density[part].shape
    text = stroke_coverage(
        letter_strokes("RLM-0172-E", height_mm=2.6),
        (shape[0], shape[1]),
        width_mm=0.35,
        pixel_mm=pixel_mm,
        origin_rc=(3.0 / pixel_mm[0], 2.0 / pixel_mm[1]),
    )
    density[part] = _BASE_DENSITY + 2.5 * text
    labels[part] = _ARTEFACT


def _uneven_light(shape: tuple[int, ...], slope: float, rng: np.random.Generator) -> FloatImage:
    """Tilt a plane: film background is never zero and never even."""
    rows, cols = (np.linspace(0.0, share, size) for size, share in zip(shape, rng.random(2), strict=True))
    light: FloatImage = (0.01 + slope * (rows[:, None] + cols[None, :])).astype(np.float32)
    return light


def _scanner_lines(grey: FloatImage, labels: NDArray[np.uint8], count: int, rng: np.random.Generator) -> None:
    """One pixel wide, straight along rows or columns, light or dark, over part or all of the film."""
    for _ in range(count):
        axis = int(rng.integers(2))
        at, ends = int(rng.integers(grey.shape[axis])), np.sort(rng.random(2)) * grey.shape[1 - axis]
        along = slice(None) if rng.random() < 0.5 else slice(int(ends[0]), int(ends[1]))
        part = (at, along) if axis == 0 else (along, at)
        grey[part] += np.float32(rng.choice([-1.0, 1.0]) * rng.uniform(0.02, 0.12))
        labels[part] = _ARTEFACT
