"""Typically benign calcifications (BI-RADS, 5th edition): popcorn, rod-like, rim, milk of calcium, punctate, skin."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from calcmeasure.phantom.mammogram.deposits import Deposit
from calcmeasure.phantom.mammogram.shapes import ball, chain, length_mm, popcorn, shell, winding
from calcmeasure.terms import MarkLabel, View

Place = tuple[float, float]


def punctate(place_da: Place, *, rng: np.random.Generator) -> Deposit:
    """One round speck of 0.2 to 0.5 mm, alone."""
    diameter = rng.uniform(0.2, 0.5)
    return Deposit(place_da, ball(diameter), diameter, MarkLabel.SCATTERED)


def popcorn_like(place_da: Place, *, rng: np.random.Generator) -> Deposit:
    """One coarse body of 1.5 to 9 mm, as of an involuting fibroadenoma."""
    diameter = 1.5 * 6.0 ** rng.random()
    return Deposit(place_da, popcorn(diameter, rng=rng), diameter, MarkLabel.COARSE)


def rods(place_da: Place, *, rng: np.random.Generator) -> Iterator[Deposit]:
    """Draw secretory rods: 1 to 6 smooth thick lines of 2 to 9 mm that run towards the nipple."""
    for _ in range(rng.integers(1, 7)):
        start = (place_da[0] + rng.normal(0.0, 6.0), place_da[1] + rng.normal(0.0, 6.0))
        line = winding(start, length=rng.uniform(2.0, 9.0), step=0.4, bends=(rng.normal(0.0, 0.3), 0.05), rng=rng)
        half_width = rng.uniform(0.22, 0.5)
        centre, lobes = chain(line, half_width_mm=half_width, half_depth_mm=0.6 * half_width)
        yield Deposit(centre, lobes, math.sqrt(length_mm(line) * 2 * half_width), MarkLabel.COARSE)


def lucent_centred(place_da: Place, *, rng: np.random.Generator) -> Deposit:
    """One rim of 1 to 5 mm (fat necrosis, a cyst's wall) around a lucent centre."""
    diameter = 1.0 * 5.0 ** rng.random()
    wall = rng.uniform(0.08, 0.2) * math.sqrt(diameter)
    return Deposit(place_da, shell(diameter, wall_mm=wall, rng=rng), diameter, MarkLabel.COARSE)


def milk_of_calcium(place_da: Place, *, view: View, rng: np.random.Generator) -> Iterator[Deposit]:
    """Draw sediment in small cysts: smudges seen from above (CC), thin flat levels seen from the side."""
    for _ in range(rng.integers(4, 14)):
        place = (place_da[0] + rng.normal(0.0, 4.0), place_da[1] + rng.normal(0.0, 4.0))
        diameter = rng.uniform(0.5, 1.4)
        if view is View.CC:
            yield Deposit(place, ball(diameter, flatness=0.12), diameter, MarkLabel.COARSE)
            continue
        ends = np.array([[-0.5, 0.0], [0.0, -0.08], [0.5, 0.0]]) * diameter + place
        centre, lobes = chain(ends, half_width_mm=0.1, half_depth_mm=0.25)
        yield Deposit(centre, lobes, diameter, MarkLabel.COARSE)


def skin_calcifications(place_da: Place, *, rng: np.random.Generator) -> Iterator[Deposit]:
    """Draw 1 to 6 small skin calcifications close together, most with a lucent centre (polygonal or round rims)."""
    for _ in range(rng.integers(1, 7)):
        place = (place_da[0] + rng.normal(0.0, 2.5), place_da[1] + rng.normal(0.0, 2.5))
        diameter = rng.uniform(0.5, 1.3)
        hollow = rng.random() < 0.7
        lobes = shell(diameter, wall_mm=0.22 * diameter, rng=rng) if hollow else ball(0.6 * diameter)
        yield Deposit(place, lobes, diameter if hollow else 0.6 * diameter, MarkLabel.SKIN)
