"""Calcified arteries: winding, tapering, calcified on both walls, on one, in beads or in stretches.

Patterns as radiologists grade them, from scattered foci to dense parallel "tram-tracks" (Molloi et al., Int J
Cardiovasc Imaging 2008; Trimboli et al., Eur Radiol 2018 list them).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.ndimage import gaussian_filter1d

from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.deposits import Deposit
from calcmeasure.phantom.mammogram.shapes import chain, length_mm, winding
from calcmeasure.terms import MarkLabel

_STEP_MM = 0.3


def calcified_artery(start_da: tuple[float, float], *, rng: np.random.Generator) -> Iterator[Deposit]:
    """Draw the plaques of one artery that starts at a place and runs mostly along the direction of depth."""
    heading = rng.normal(0.0, 0.6) + (math.pi if rng.random() < 0.5 else 0.0)
    line = winding(
        start_da,
        length=rng.uniform(12.0, 60.0),
        step=_STEP_MM,
        bends=(heading, rng.choice([0.03, 0.08, 0.16])),
        rng=rng,
    )
    calibre = np.linspace(1.0, rng.uniform(0.5, 0.9), len(line)) * rng.uniform(0.8, 2.6)
    walls = (-0.5, 0.5) if rng.random() < 0.65 else (rng.choice([-0.5, 0.5]),)
    covered, plaque_mm = rng.choice([0.25, 0.5, 0.85]), rng.choice([0.4, 1.0, 2.0])
    calcified = _stretches(len(line), rng)
    for wall in walls:
        track = line + _normals(line) * (wall * calibre + _unevenness_mm(len(line), rng))[:, None]
        yield from _plaques(track, calcified, (covered, plaque_mm), rng=rng)


def _plaques(
    track: FloatArray, calcified: FloatArray, pattern: tuple[float, float], *, rng: np.random.Generator
) -> Iterator[Deposit]:
    """Deposits along one wall: `pattern` is the share of the wall that is covered and the mean length of a plaque."""
    covered, plaque_mm = pattern
    at = 0
    while at < len(track) - 2:
        n = max(round(rng.exponential(plaque_mm) / _STEP_MM), 1)
        piece = track[at : at + n + 1]
        if len(piece) > 1 and rng.random() < calcified[at]:
            yield _plaque(piece, rng)
        at += n + max(round(rng.exponential(plaque_mm * (1.0 - covered) / covered) / _STEP_MM), 1)


def _plaque(piece: FloatArray, rng: np.random.Generator) -> Deposit:
    half_width = rng.uniform(0.08, 0.22)
    centre, lobes = chain(piece, half_width_mm=half_width, half_depth_mm=half_width * rng.uniform(0.7, 1.8))
    size = math.sqrt(max(length_mm(piece), 2 * half_width) * 2 * half_width)
    return Deposit(centre, lobes, size, MarkLabel.VASCULAR)


def _unevenness_mm(n: int, rng: np.random.Generator) -> FloatArray:
    """Wander of a wall about its smooth course: tenths of a mm over a few mm."""
    wander: FloatArray = gaussian_filter1d(rng.normal(0.0, 0.25, n), 1.0 / _STEP_MM)
    return wander


def _stretches(n: int, rng: np.random.Generator) -> FloatArray:
    """Chance of calcification along the course: it fades in and out over centimetres."""
    along = np.arange(n) * _STEP_MM
    wave = 0.6 + 0.6 * np.sin(2 * math.pi * (along / rng.uniform(15.0, 50.0) + rng.random()))
    chance: FloatArray = np.clip(wave, 0.05, 1.0)
    return chance


def _normals(line: FloatArray) -> FloatArray:
    tangents = np.gradient(line, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    return np.column_stack([-tangents[:, 1], tangents[:, 0]])
