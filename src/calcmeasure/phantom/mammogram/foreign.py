"""What is no tissue: surgical clips, biopsy markers, localisation wires, lead beads, lead letters."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.deposits import Deposit
from calcmeasure.phantom.mammogram.shapes import ball, chain, winding
from calcmeasure.phantom.mammogram.strokes import letter_strokes, stroke_coverage
from calcmeasure.terms import MarkLabel

METAL_PER_MM = 6.0
"""Titanium and steel near 20 keV, per mm: opaque from half a millimetre on."""
LEAD_NEPERS = 6.0
"""What a lead letter or bead stops: practically everything."""

Place = tuple[float, float]


def clip(place_da: Place, *, rng: np.random.Generator) -> Deposit:
    """One surgical clip or biopsy marker of 1.5 to 6 mm: a bar, a V, a ring or an S."""
    size, turn = rng.uniform(1.5, 6.0), rng.uniform(0.0, 2 * math.pi)
    outline = _CLIPS[rng.integers(len(_CLIPS))] * size
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    half_width = rng.uniform(0.15, 0.35)
    centre, lobes = chain(outline @ spin + place_da, half_width_mm=half_width, half_depth_mm=half_width)
    return Deposit(centre, lobes, size, MarkLabel.FOREIGN, per_mm=METAL_PER_MM)


def wire(place_da: Place, *, rng: np.random.Generator) -> Iterator[Deposit]:
    """Draw a hooked localisation wire of 30 to 90 mm that ends at a place, in pieces of 3 mm."""
    line = winding(place_da, length=rng.uniform(30.0, 90.0), step=1.0, bends=(rng.uniform(-1.2, 1.2), 0.015), rng=rng)
    hook = np.array([place_da, np.add(place_da, rng.uniform(2.0, 4.0, 2)), np.add(place_da, (4.5, 2.0))])
    for at in range(0, len(line) - 3, 3):
        yield _wire_piece(line[at : at + 4])
    yield _wire_piece(hook)


def bead(place_da: Place, *, rng: np.random.Generator) -> Deposit:
    """One lead bead of 1.2 to 2.4 mm, as technologists stick onto moles, scars and nipples."""
    diameter = rng.uniform(1.2, 2.4)
    return Deposit(place_da, ball(diameter), diameter, MarkLabel.FOREIGN, per_mm=10.0)


def lead_letters(
    shape: tuple[int, int], *, pixel_mm: tuple[float, float], corner_rc: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Cover an image with the letters of a view marker.

    Parameters
    ----------
    corner_rc
        Upper left corner of the first letter, pixels.

    Returns
    -------
    (rows, columns) float32
        Nepers of attenuation, 0 where there is no lead.
    """
    text = rng.choice(["RCC", "LCC", "RMLO", "LMLO", "R", "L", "MLO", "CC"])
    height = rng.uniform(5.0, 11.0)
    lines = letter_strokes(str(text), height_mm=height, slant=rng.normal(0.0, 0.08))
    covered = stroke_coverage(
        lines, shape, width_mm=height * rng.uniform(0.11, 0.2), pixel_mm=pixel_mm, origin_rc=corner_rc
    )
    nepers: NDArray[np.float32] = np.float32(LEAD_NEPERS) * covered
    return nepers


def _wire_piece(points_da: FloatArray) -> Deposit:
    centre, lobes = chain(points_da, half_width_mm=0.18, half_depth_mm=0.18)
    return Deposit(centre, lobes, 0.4, MarkLabel.FOREIGN, per_mm=METAL_PER_MM)


def _circle(start: float, end: float, n: int) -> FloatArray:
    turn = np.linspace(start, end, n)
    return 0.5 * np.column_stack([np.cos(turn), np.sin(turn)])


_CLIPS = (
    np.column_stack([np.linspace(-0.5, 0.5, 6), np.zeros(6)]),
    np.array([[-0.5, 0.28], [-0.25, 0.14], [0.0, 0.0], [-0.25, -0.14], [-0.5, -0.28]]),
    _circle(0.0, 5.6, 14),
    np.vstack([0.6 * _circle(0.4, 4.2, 8) + (0.0, 0.3), 0.6 * _circle(1.0, -2.6, 8) - (0.0, 0.3)]),
)
"""Outlines of clips of size 1: bar, V, open ring, S."""
