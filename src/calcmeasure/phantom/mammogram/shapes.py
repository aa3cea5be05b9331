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
_REACH = 2.0
"""Half length of a link over the distance to the next: many overlap everywhere, so that a chain has no beads."""


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
    count = round(rng.uniform(14, 30))
    half = 0.5 * diameter_mm
    reach, turn = 0.72 * half * np.sqrt(rng.random(count)), rng.uniform(0.0, 2 * math.pi, count)
    size = half * rng.uniform(0.10, 0.38, (count, 2))
    return centred(
        [
            Lobe(
                float(r * math.sin(t)),
                float(r * math.cos(t)),
                float(long),
                float(min(short, long)),
                float(rng.uniform(0.4, 1.0) * short),
                float(rng.uniform(0.0, math.pi)),
                float(rng.uniform(0.5, 1.0)),
            )
            for r, t, (long, short) in zip(reach, turn, np.sort(size, axis=1)[:, ::-1], strict=True)
        ]
    )


def chain(points_da: FloatArray, *, half_width_mm: float, half_depth_mm: float) -> tuple[tuple[float, float], Lobes]:
    """Make one smooth body of even width along a line through places (n, 2).

    Returns
    -------
    tuple
        Its centre of mass (depth, across) and its shape around it.
    """
    line = _resampled(points_da, half_width_mm)
    step = length_mm(line) / (len(line) - 1)
    reach = max(_REACH * step, half_width_mm)
    # Chords of ellipsoids of this reach, one a step, add up to pi / 2 * reach / step; a short body has fewer of them.
    density = max(2.0 * step / (math.pi * reach), 1.0 / (len(line) - 1))
    links = [_link(start, end, (reach, half_width_mm, half_depth_mm), density=density) for start, end in pairwise(line)]
    row = sum(link.row_mm for link in links) / len(links)
    col = sum(link.col_mm for link in links) / len(links)
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


def _resampled(points_da: FloatArray, step: float) -> FloatArray:
    """Places along the same line about `step` apart."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points_da, axis=0), axis=1))])
    wanted = np.linspace(0.0, along[-1], max(math.ceil(along[-1] / step), 1) + 1)
    return np.column_stack([np.interp(wanted, along, points_da[:, axis]) for axis in (0, 1)])


def _link(start: FloatArray, end: FloatArray, half_axes_mm: tuple[float, float, float], *, density: float) -> Lobe:
    (depth, across), (d_depth, d_across) = 0.5 * (start + end), end - start
    return Lobe(float(-across), float(depth), *half_axes_mm, math.atan2(-d_across, d_depth), density)
