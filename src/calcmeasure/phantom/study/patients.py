"""Lengths of 127 synthetic patients: after treatment by the printed agreement, before it by the printed answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.model.pathology import Residual, Subtype
from calcmeasure.phantom.study.plan import PatientCategories
from calcmeasure.phantom.study.sizes import (
    DIAMETER,
    EXTENT,
    GRID_MM,
    PATHOLOGY,
    BoolArray,
    Bounds,
    FloatArray,
    agreement,
    draw,
    on_grid,
    rank_bounds,
    settle,
    solve,
)
from calcmeasure.phantom.study.targets import (
    ALL_SIZES,
    DIAMETER_BASELINE,
    EXTENT_BASELINE,
    GROUP_SIZES,
    Quartiles,
    SizeTargets,
)
from calcmeasure.terms import ExtentChange, Response

LIMITS_MM = {EXTENT: (2.0, 120.0), DIAMETER: (3.0, 75.0), PATHOLOGY: (1.0, 80.0)}
"""Shortest and longest length that is not 0."""
_LEAST_STABLE_MM = 12.0
"""A lesion that stayed was a tumour of about this size before."""
_LESION_BEFORE_MM = (8.0, 120.0)
_LONGEST_BEFORE_MM = 140.0
TOLERANCE = 0.00005
"""Correlations this close to their targets are printed alike, and so are their intervals."""
_OWN_SEVERITY = 0.35
"""Weight of what MRI and pathology do not share when patients are put in order."""
_TRIES = 40
"""Orders tried in each subtype before the best is solved for."""

_EXTENT_RATIOS = {
    ExtentChange.UNCHANGED: (0.92, 1.08),
    ExtentChange.DECREASE: (0.15, 0.88),
    ExtentChange.INCREASE: (1.12, 2.8),
}
"""Extent after over before treatment, clear of the 10 % rule."""
_DIAMETER_RATIOS = {Response.SD: (0.72, 1.15), Response.PR: (0.03, 0.68), Response.CR: (1.0, 1.0)}
"""Diameter after over before treatment, clear of the cut-offs for PR and PD."""


@dataclass(frozen=True, slots=True)
class PatientSizes:
    """Lengths of all patients, mm, one row each.

    Parameters
    ----------
    after
        Columns EXTENT, DIAMETER and PATHOLOGY.
    extent_before, diameter_before
        At baseline.
    """

    after: FloatArray
    extent_before: FloatArray
    diameter_before: FloatArray


def draw_sizes(patients: Sequence[PatientCategories], rng: np.random.Generator) -> PatientSizes:
    """Draw lengths until all printed cells are met.

    Parameters
    ----------
    patients
        Their categories, which the lengths agree with.
    rng
        Source of chance.
    """
    while True:
        after = _after(patients, rng)
        if after is None:
            continue
        extent = _before(_extent_bounds(patients, after), quartiles=EXTENT_BASELINE, rng=rng)
        diameter = _before(_diameter_bounds(patients, after), quartiles=DIAMETER_BASELINE, rng=rng)
        if extent is not None and diameter is not None:
            return PatientSizes(after, extent, diameter)


def _after(patients: Sequence[PatientCategories], rng: np.random.Generator) -> FloatArray | None:
    """One attempt at the lengths after treatment; None when it does not meet every printed cell."""
    groups = [_rows(patients, subtype) for subtype in GROUP_SIZES]
    values, bounds = _placed(patients, groups, rng=rng)
    if not _keep_stable_lesions_large(patients, values, bounds=bounds):
        return None
    for column, quartiles in enumerate((ALL_SIZES.extent, ALL_SIZES.diameter, ALL_SIZES.pathology)):
        own = Bounds(bounds.low[:, column], bounds.high[:, column])
        if not settle(values[:, column], own, quartiles=quartiles, rng=rng):
            return None
        own.keep_sides(values[:, column], quartiles)
        bounds.low[:, column], bounds.high[:, column] = own.low, own.high
    everybody = [*groups, np.arange(len(patients))]
    targets = [*(target.agreement for target in GROUP_SIZES.values()), ALL_SIZES.agreement]
    solved = _solved(values, bounds, groups=everybody, targets=targets)
    if solved is None:
        return None
    errors = [np.subtract(agreement(solved[rows]), target) for rows, target in zip(everybody, targets, strict=True)]
    return solved if np.abs(errors).max() < TOLERANCE else None


def _solved(
    values: FloatArray,
    bounds: Bounds,
    *,
    groups: Sequence[NDArray[np.intp]],
    targets: Sequence[Sequence[float]],
) -> FloatArray | None:
    """Solve for all lengths, round the specimen's to whole millimetres, and solve again for the images'."""
    solved = solve(values, bounds, groups=groups, targets=targets)
    if solved is None:
        return None
    solved[:, PATHOLOGY] = np.round(solved[:, PATHOLOGY])
    fixed = Bounds(bounds.low.copy(), bounds.high.copy())
    fixed.low[:, PATHOLOGY] = fixed.high[:, PATHOLOGY] = solved[:, PATHOLOGY]
    solved = solve(solved, fixed, groups=groups, targets=targets)
    return None if solved is None else on_grid(solved)


def _placed(
    patients: Sequence[PatientCategories], groups: Sequence[NDArray[np.intp]], *, rng: np.random.Generator
) -> tuple[FloatArray, Bounds]:
    """Give every patient a rank in the group, and a length drawn for that rank."""
    zeros = _zeros(patients)
    is_stable = np.array([patient.response is Response.SD for patient in patients])
    values = np.zeros(zeros.shape)
    bounds = Bounds(values.copy(), values.copy())
    for rows, target in zip(groups, GROUP_SIZES.values(), strict=True):
        ranked = _ranked(zeros[rows], target)
        tries = [_dealt_ranks(zeros[rows], is_stable[rows], ranked=ranked, rng=rng) for _ in range(_TRIES)]
        values[rows], ranks = min(tries, key=lambda one: _distance(one[0], target))
        bounds.low[rows] = np.take_along_axis(ranked.low, ranks, axis=0)
        bounds.high[rows] = np.take_along_axis(ranked.high, ranks, axis=0)
    return values, bounds


def _ranked(zeros: BoolArray, target: SizeTargets) -> Bounds:
    """Bounds by rank, one column per length."""
    quartiles = (target.extent, target.diameter, target.pathology)
    columns = [
        rank_bounds(len(zeros), n_zeros=int(zeros[:, column].sum()), quartiles=own, limits=LIMITS_MM[column])
        for column, own in enumerate(quartiles)
    ]
    return Bounds(np.stack([one.low for one in columns], axis=1), np.stack([one.high for one in columns], axis=1))


def _dealt_ranks(
    zeros: BoolArray, is_stable: BoolArray, *, ranked: Bounds, rng: np.random.Generator
) -> tuple[FloatArray, NDArray[np.intp]]:
    """Lengths and ranks: by chance for extents, much alike for MRI and pathology; zeros first, stable lesions last."""
    order = rng.random(zeros.shape) * _OWN_SEVERITY
    order[:, (DIAMETER, PATHOLOGY)] += rng.random((len(zeros), 1))
    order[:, DIAMETER] += 2 * is_stable
    ranks = np.argsort(np.argsort(order - 4 * zeros, axis=0), axis=0)
    return np.take_along_axis(draw(ranked, rng), ranks, axis=0), ranks


def _distance(values: FloatArray, target: SizeTargets) -> float:
    return float(np.abs(np.subtract(agreement(values), target.agreement)).max())


def _zeros(patients: Sequence[PatientCategories]) -> BoolArray:
    """Lengths that are 0: nothing on MRI, nothing in the specimen."""
    zeros = np.zeros((len(patients), len(LIMITS_MM)), dtype=bool)
    zeros[:, DIAMETER] = [patient.response is Response.CR for patient in patients]
    zeros[:, PATHOLOGY] = [patient.residual is Residual.NONE for patient in patients]
    return zeros


def _rows(patients: Sequence[PatientCategories], subtype: Subtype) -> NDArray[np.intp]:
    return np.flatnonzero([patient.subtype is subtype for patient in patients])


def _keep_stable_lesions_large(patients: Sequence[PatientCategories], values: FloatArray, *, bounds: Bounds) -> bool:
    """Raise the lower bounds of lesions that stayed, in place; whether their ranks allow that."""
    stable = np.flatnonzero([patient.response is Response.SD for patient in patients])
    bounds.low[stable, DIAMETER] = np.maximum(bounds.low[stable, DIAMETER], _LEAST_STABLE_MM)
    values[stable, DIAMETER] = np.maximum(values[stable, DIAMETER], _LEAST_STABLE_MM)
    return bool((bounds.low[stable, DIAMETER] <= bounds.high[stable, DIAMETER]).all())


def _extent_bounds(patients: Sequence[PatientCategories], after: FloatArray) -> Bounds:
    ratios = np.array([_EXTENT_RATIOS[patient.extent_change] for patient in patients])
    return _inward(after[:, EXTENT] / ratios[:, 1], np.minimum(after[:, EXTENT] / ratios[:, 0], _LONGEST_BEFORE_MM))


def _diameter_bounds(patients: Sequence[PatientCategories], after: FloatArray) -> Bounds:
    shortest, longest = _LESION_BEFORE_MM
    ratios = np.array([_DIAMETER_RATIOS[patient.response] for patient in patients])
    low = np.maximum(after[:, DIAMETER] / ratios[:, 1], shortest)
    high = np.where(after[:, DIAMETER] > 0, np.minimum(after[:, DIAMETER] / ratios[:, 0], longest), longest)
    return _inward(low, high)


def _inward(low: FloatArray, high: FloatArray) -> Bounds:
    """Bounds on the grid that no rounding oversteps."""
    return Bounds(on_grid(np.ceil(low / GRID_MM) * GRID_MM), on_grid(np.floor(high / GRID_MM) * GRID_MM))


def _before(bounds: Bounds, *, quartiles: Quartiles, rng: np.random.Generator) -> FloatArray | None:
    """Lengths at baseline with the printed quartiles; None when chance did not find any."""
    values = draw(bounds, rng)
    return values if settle(values, bounds, quartiles=quartiles, rng=rng) else None
