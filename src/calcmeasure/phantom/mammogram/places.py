"""Random places and sizes."""

from __future__ import annotations

import math

import numpy as np

from calcmeasure.phantom.mammogram.anatomy import GRID_MM, Anatomy
from calcmeasure.phantom.mammogram.scene_settings import Range

Place = tuple[float, float]


def log_uniform(ends: Range, rng: np.random.Generator) -> float:
    """Draw a number whose logarithm is even between two ends."""
    return math.exp(rng.uniform(math.log(ends[0]), math.log(ends[1])))


def places_da(
    anatomy: Anatomy,
    count: int,
    *,
    from_skin_mm: float,
    rng: np.random.Generator,
    to_skin_mm: float = math.inf,
) -> list[Place]:
    """Places (depth, across) in mm, evenly over the part of the breast between two distances from the skin.

    The chest wall and the axilla are kept as far away as the skin is asked to be, at most 15 mm.
    """
    away = anatomy.inside_mm
    wanted = (away > from_skin_mm) & (away < to_skin_mm)
    edge = round(min(max(from_skin_mm, 2.0), 15.0) / GRID_MM)
    wanted[:edge] = wanted[-edge:] = False
    wanted[:, :edge] = False
    if not wanted.any():
        # A breast too small for the margin still has a middle.
        wanted = away >= 0.98 * away.max()
    rows, cols = np.nonzero(wanted)
    picks = rng.integers(len(rows), size=count)
    jitter = rng.uniform(-0.5, 0.5, (count, 2))
    depth = (cols[picks] + jitter[:, 0]) * GRID_MM
    across = anatomy.across_mm - (rows[picks] + jitter[:, 1]) * GRID_MM
    return [(float(d), float(a)) for d, a in zip(depth, across, strict=True)]
