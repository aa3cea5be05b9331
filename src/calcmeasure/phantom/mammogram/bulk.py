"""Large things in or on the breast: implants, skin folds, pockets of air. All are drawn on the anatomy grid."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter

from calcmeasure.phantom.mammogram.anatomy import GRID_MM, Anatomy
from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.detector import FloatImage
from calcmeasure.phantom.mammogram.places import places_da
from calcmeasure.phantom.mammogram.shapes import winding


def with_implant(anatomy: Anatomy, *, rng: np.random.Generator) -> Anatomy:
    """Add an implant at the chest wall, silicone or saline; on displaced views only its front shows."""
    depth_mm, across_mm = _axes_mm(anatomy)
    reach = depth_mm.max() * (rng.uniform(0.15, 0.3) if rng.random() < 0.5 else rng.uniform(0.45, 0.7))
    half_width = 0.5 * np.ptp(across_mm) * rng.uniform(0.45, 0.7)
    middle = float(across_mm.mean()) + rng.normal(0.0, 4.0)
    ripple = 1.0 + 0.02 * np.sin(across_mm / rng.uniform(3.0, 8.0) + rng.uniform(0.0, 6.0))
    radius = ((depth_mm / (reach * ripple)) ** 2 + ((across_mm - middle) / half_width) ** 2) ** 0.5
    dense = rng.uniform(1.4, 2.4) if rng.random() < 0.7 else rng.uniform(0.5, 0.9)
    inside = np.clip((1.0 - radius) * reach / (1.5 * GRID_MM), 0.0, 1.0)
    lens = dense * inside * (0.55 + 0.45 * np.sqrt(np.clip(1.0 - radius**2, 0.0, 1.0)))
    tissue = anatomy.extra * (1.0 - 0.8 * inside)
    return replace(anatomy, extra=(tissue + lens).astype(np.float32))


def with_fold(anatomy: Anatomy, *, rng: np.random.Generator) -> Anatomy:
    """Add a skin fold: a band with one sharp and one soft edge, near the skin or the axilla."""
    (start,) = places_da(anatomy, 1, from_skin_mm=2.0, to_skin_mm=14.0, rng=rng)
    line = winding(start, length=rng.uniform(12.0, 45.0), step=GRID_MM, bends=(rng.uniform(0.0, 6.3), 0.05), rng=rng)
    band = _line_image(anatomy, line, rng.uniform(0.4, 1.0))
    beside = _line_image(anatomy, line + rng.uniform(0.5, 1.5, 2), rng.uniform(1.0, 2.0))
    height = rng.uniform(0.12, 0.35)
    return replace(anatomy, extra=anatomy.extra + (height * (band + 0.7 * beside)).astype(np.float32))


def with_air(anatomy: Anatomy, *, rng: np.random.Generator) -> Anatomy:
    """Add a pocket of air between breast and paddle near the skin: a dark patch with a crisp edge."""
    (place,) = places_da(anatomy, 1, from_skin_mm=1.0, to_skin_mm=12.0, rng=rng)
    depth_mm, across_mm = _axes_mm(anatomy)
    turn, long = rng.uniform(0.0, math.pi), rng.uniform(4.0, 14.0)
    along = (depth_mm - place[0]) * math.cos(turn) + (across_mm - place[1]) * math.sin(turn)
    aside = -(depth_mm - place[0]) * math.sin(turn) + (across_mm - place[1]) * math.cos(turn)
    radius = np.hypot(along / long, aside / (long * rng.uniform(0.2, 0.5)))
    patch = rng.uniform(0.1, 0.3) * np.clip((1.0 - radius) * long / 1.0, 0.0, 1.0)
    return replace(anatomy, extra=(anatomy.extra - patch).astype(np.float32))


def _axes_mm(anatomy: Anatomy) -> tuple[FloatArray, FloatArray]:
    rows, cols = anatomy.extra.shape
    return np.arange(cols, dtype=float)[None, :] * GRID_MM, anatomy.across_mm - np.arange(rows, dtype=float)[
        :, None
    ] * GRID_MM


def _line_image(anatomy: Anatomy, line_da: FloatArray, sigma_mm: float) -> FloatImage:
    """Gaussian ridge of height 1 along a line of places one grid step apart."""
    shape = anatomy.extra.shape
    rows = np.rint((anatomy.across_mm - line_da[:, 1]) / GRID_MM).astype(np.int64)
    cols = np.rint(line_da[:, 0] / GRID_MM).astype(np.int64)
    inside = (rows >= 0) & (rows < shape[0]) & (cols >= 0) & (cols < shape[1])
    drawn = np.zeros(shape, np.float32)
    np.add.at(drawn, (rows[inside], cols[inside]), 1.0)
    sigma = sigma_mm / GRID_MM
    ridge: FloatImage = gaussian_filter(drawn, sigma) * np.float32(sigma * math.sqrt(2 * math.pi))
    return ridge
