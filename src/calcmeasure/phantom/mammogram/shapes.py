"""Shapes of benign calcifications and foreign bodies, as ellipsoids around their centre of mass.

All shapes are drawn for a left breast: columns run with depth, rows against across (see
`calcmeasure.phantom.mammogram.deposits`).
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.specks import Lobe, centred

Lobes = tuple[Lobe, ...]
_OVERLAP = 0.75
"""Half length of a link over the distance between its ends: neighbours overlap, so that a chain has no gaps."""


def ball(diameter_mm: float, *, flatness: float = 1.0) -> Lobes:
    """Make a sphere, or an ellipsoid `flatness` times as thick as it is wide."""
    half = 0.5 * diameter_mm
    return (Lobe(0.0, 0.0, half, half, flatness * half, 0.0),)


def shell(diameter_mm: float, *, wall_mm: float, rng: np.random.Generator) -> Lobes:
    """Make a hollow ellipsoid (lucent-centred, eggshell): bright rim, its wall thicker on one side."""
    half, stretch, angle = 0.5 * diameter_mm, rng.uniform(0.75, 1.0), rng.uniform(0.0, math.pi)
    inner = half - wall_mm
    off, toward = 0.5 * wall_mm * rng.random(), rng.uniform(0.0, 2 * math.pi)
    outside = Lobe(0.0, 0.0, half, half * stretch, half * stretch, angle)
    hollow = Lobe(off * math.sin(toward), off * math.cos(toward), inner, inner * stretch, inner * stretch, angle, -1.0)
    return centred([outside, hollow])


def popcorn(diameter_mm: float, *, rng: np.random.Generator) -> Lobes:
    """Make a coarse, knobbly body of many overlapping lumps of unlike density."""
    count = round(rng.uniform(7, 14))
    half = 0.5 * diameter_mm
    reach, turn = 0.62 * half * np.sqrt(rng.random(count)), rng.uniform(0.0, 2 * math.pi, count)
    size = half * rng.uniform(0.22, 0.48, (count, 2))
    return centred(
        [
            Lobe(
                float(r * math.sin(t)),
                float(r * math.cos(t)),
                float(long),
                float(min(short, long)),
                float(rng.uniform(0.3, 0.8) * short),
                float(rng.uniform(0.0, math.pi)),
                float(rng.uniform(0.5, 1.0)),
            )
            for r, t, (long, short) in zip(reach, turn, np.sort(size, axis=1)[:, ::-1], strict=True)
        ]
    )


def chain(points_da: FloatArray, *, half_width_mm: float, half_depth_mm: float) -> tuple[tuple[float, float], Lobes]:
    """Link places (n, 2) into one body of even width.

    Returns
    -------
    tuple
        Its centre of mass (depth, across) and its shape around it.
    """
    links = [
        _link(start, end, half_width_mm=half_width_mm, half_depth_mm=half_depth_mm)
        for start, end in pairwise(points_da)
    ]
    masses = np.array([link.mass for link in links])
    row, col = (
        float(np.average([getattr(link, name) for link in links], weights=masses)) for name in ("row_mm", "col_mm")
    )
    return (col, -row), centred(links)


def length_mm(points_da: FloatArray) -> float:
    """Length of a line through places (n, 2)."""
    return float(np.linalg.norm(np.diff(points_da, axis=0), axis=1).sum())


def winding(
    start_da: tuple[float, float], *, length: float, step: float, bends: tuple[float, float], rng: np.random.Generator
) -> FloatArray:
    """Draw a smoothly winding line of (n, 2) places.

    Parameters
    ----------
    length, step
        mm.
    bends
        Heading at the start, radians from the direction of depth, and how much it wanders, radians per square root of
        mm.
    """
    heading, wander = bends
    n = max(round(length / step), 2)
    turns = rng.normal(0.0, wander * math.sqrt(step), n)
    # Turns that last a few mm make bends, not a shiver.
    window = np.hanning(max(round(6.0 / step), 3))
    eased = np.convolve(turns, window / math.sqrt(float(np.sum(window**2))), mode="same")
    headings = heading + np.cumsum(eased)
    steps = step * np.column_stack([np.cos(headings), np.sin(headings)])
    line: FloatArray = np.asarray(start_da) + np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])
    return line


def _link(start: FloatArray, end: FloatArray, *, half_width_mm: float, half_depth_mm: float) -> Lobe:
    (depth, across), (d_depth, d_across) = 0.5 * (start + end), end - start
    reach = max(_OVERLAP * math.hypot(d_depth, d_across), half_width_mm)
    angle = math.atan2(-d_across, d_depth)
    return Lobe(float(-across), float(depth), reach, half_width_mm, half_depth_mm, angle)
