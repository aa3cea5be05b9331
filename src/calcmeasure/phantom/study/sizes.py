"""Lengths with given quartiles and given agreement: drawn by chance, settled rank by rank, solved for the correlations.

A length never leaves its bounds: those of its rank in its subtype, and of its rank in all patients. Within them they
are moved, all at once and as little as possible, until the intraclass correlations are met (Gauss-Newton). Agreement of
two lengths measured in the same patients is ICC(C,1), for two columns 2 cov / (var + var) (McGraw and Wong 1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from calcmeasure.phantom.study.targets import Quartiles

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

EXTENT, DIAMETER, PATHOLOGY = range(3)
"""Columns of the lengths after treatment."""
PAIRS = ((EXTENT, PATHOLOGY), (DIAMETER, PATHOLOGY), (EXTENT, DIAMETER))
"""Columns that are compared, in the order of the printed table."""
GRID_MM = 0.01
_CLOSE = 1e-6
_MOST_STEPS = 30
_LONGEST_STEP_MM = 5.0
_MOST_MOVES = 1000
_REACH_MM = 8.0


@dataclass(slots=True)
class Bounds:
    """How far lengths may be moved, mm; equal where one stays as it is."""

    low: FloatArray
    high: FloatArray

    @property
    def free(self) -> BoolArray:
        """Lengths that may be moved."""
        return self.high > self.low

    def keep_sides(self, values: FloatArray, quartiles: Quartiles) -> None:
        """Narrow the bounds so that every value stays on its side of each quartile, and at it where it is there."""
        for quartile in quartiles:
            at, inside = values == quartile, (self.low < quartile) & (quartile < self.high)
            self.low = np.where(at | (inside & (values > quartile)), quartile, self.low)
            self.high = np.where(at | (inside & (values < quartile)), quartile, self.high)


def quartile_ranks(n: int) -> tuple[tuple[int, int], ...]:
    """Ranks, from 1, on both sides of each quartile, which lies at p (n + 1) as SPSS has it.

    Examples
    --------
    >>> quartile_ranks(127), quartile_ranks(25)
    (((32, 32), (64, 64), (96, 96)), ((6, 7), (13, 13), (19, 20)))
    """
    places = [quarter * (n + 1) / 4 for quarter in (1, 2, 3)]
    return tuple((floor(place), ceil(place)) for place in places)


def rank_bounds(n: int, *, n_zeros: int, quartiles: Quartiles, limits: tuple[float, float]) -> Bounds:
    """Bounds of each rank in a group that has these quartiles.

    Parameters
    ----------
    n, n_zeros
        Patients in the group, and how many have a length of 0.
    quartiles
        Held by the ranks on both sides of them.
    limits
        Shortest and longest length that is not 0.
    """
    held = {rank: quartile for ranks, quartile in zip(quartile_ranks(n), quartiles, strict=True) for rank in ranks}
    held |= dict.fromkeys(range(1, n_zeros + 1), 0.0)
    shortest, longest = limits
    low = [held.get(rank, max([shortest, *(held[r] for r in held if r < rank)])) for rank in range(1, n + 1)]
    high = [held.get(rank, min([longest, *(held[r] for r in held if r > rank)])) for rank in range(1, n + 1)]
    return Bounds(np.minimum(low, high), np.array(high))


def draw(bounds: Bounds, rng: np.random.Generator) -> FloatArray:
    """Draw lengths within their bounds, seldom far above the lower one."""
    return on_grid(bounds.low + rng.beta(1.0, 2.5, bounds.low.shape) * (bounds.high - bounds.low))


def on_grid(values: FloatArray, grid_mm: float = GRID_MM) -> FloatArray:
    """Round to what can be measured."""
    rounded: FloatArray = np.round(np.round(values / grid_mm) * grid_mm, 6)
    return rounded


def settle(values: FloatArray, bounds: Bounds, *, quartiles: Quartiles, rng: np.random.Generator) -> bool:
    """Move single lengths across a quartile, in place, until all of them together have the quartiles.

    Returns
    -------
    bool
        Whether that could be done.
    """
    for _ in range(_MOST_MOVES):
        off = [excess for excess in _excesses(values, quartiles) if excess[1]]
        if not off:
            return True
        quartile, excess = off[rng.integers(len(off))]
        wrong = values < quartile if excess > 0 else values > quartile
        movable = np.flatnonzero(wrong & bounds.free & (bounds.low <= quartile) & (quartile <= bounds.high))
        if not len(movable):
            return False
        index = movable[rng.integers(len(movable))]
        end = np.clip(quartile + np.sign(excess) * _REACH_MM, bounds.low[index], bounds.high[index])
        share = 0.0 if abs(excess) == 1 else rng.random()
        values[index] = on_grid(quartile + share * (end - quartile))
    return False


def _excesses(values: FloatArray, quartiles: Quartiles) -> list[tuple[float, int]]:
    """Each quartile with how many lengths too many lie below it, or above it (negative)."""
    excesses = []
    for quartile, (rank, _) in zip(quartiles, quartile_ranks(len(values)), strict=True):
        n_below, n_up_to = int((values < quartile).sum()), int((values <= quartile).sum())
        excesses.append((quartile, max(n_below - (rank - 1), 0) - max(rank - n_up_to, 0)))
    return excesses


def agreement(values: FloatArray) -> tuple[float, ...]:
    """ICC(C,1) of each pair of columns."""
    return tuple(_correlation(values, pair) for pair in PAIRS)


def solve(
    values: FloatArray, bounds: Bounds, *, groups: Sequence[NDArray[np.intp]], targets: Sequence[Sequence[float]]
) -> FloatArray | None:
    """Move lengths as little as possible until every group has the agreement wanted.

    Parameters
    ----------
    values
        One row per patient, one column per length.
    bounds
        Of each length.
    groups, targets
        Rows of each group, and its `agreement`.

    Returns
    -------
    ndarray or None
        None if no way within the bounds was found.
    """
    values = values.copy()
    for _ in range(_MOST_STEPS):
        errors, slopes = _linearized(values, groups, targets=targets)
        if np.abs(errors).max() < _CLOSE:
            return values
        step = np.clip(
            _smallest_step(values, bounds, errors=errors, slopes=slopes), -_LONGEST_STEP_MM, _LONGEST_STEP_MM
        )
        values = np.clip(values + step, bounds.low, bounds.high)
    return None


def _correlation(values: FloatArray, pair: tuple[int, int]) -> float:
    centred = values - values.mean(axis=0)
    one, other = centred[:, pair[0]], centred[:, pair[1]]
    return float(2 * (one @ other) / (one @ one + other @ other))


def _linearized(
    values: FloatArray, groups: Sequence[NDArray[np.intp]], *, targets: Sequence[Sequence[float]]
) -> tuple[FloatArray, FloatArray]:
    """Errors of all correlations, and how each changes with each length."""
    errors, slopes = [], []
    for rows, wanted in zip(groups, targets, strict=True):
        centred = values[rows] - values[rows].mean(axis=0)
        for (i, j), target in zip(PAIRS, wanted, strict=True):
            total = (centred[:, (i, j)] ** 2).sum()
            correlation = 2 * (centred[:, i] @ centred[:, j]) / total
            slope = np.zeros_like(values)
            slope[rows, i] = 2 * (centred[:, j] - correlation * centred[:, i]) / total
            slope[rows, j] = 2 * (centred[:, i] - correlation * centred[:, j]) / total
            errors.append(correlation - target)
            slopes.append(slope)
    return np.array(errors), np.array(slopes)


def _smallest_step(values: FloatArray, bounds: Bounds, *, errors: FloatArray, slopes: FloatArray) -> FloatArray:
    """Least-squares step of the lengths that are not held back by a bound."""
    free, step = bounds.free, np.zeros_like(values)
    for _ in range(len(PAIRS) * 2):
        step = np.zeros_like(values)
        step[free] = np.linalg.lstsq(slopes[:, free], -errors, rcond=None)[0]
        blocked = free & (((values <= bounds.low) & (step < 0)) | ((values >= bounds.high) & (step > 0)))
        if not blocked.any():
            break
        free = free & ~blocked
    return step
