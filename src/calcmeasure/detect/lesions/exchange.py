"""How fast contrast agent goes in and out again: vessels follow the blood, gland and its foci fill for minutes.

The curve of a candidate over the phases that lie on the early one is compared with those of the Tofts model
(Tofts & Kermode, Magn Reson Med 1991;17:357-367, with its plasma curve of a population): one constant, the rate of
exchange, whatever the phases' times are. Its scale depends on the machine and on when the agent arrived, so it is also
told against the fastest of the same series, which are its vessels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.boundary import smoothed
from calcmeasure.detect.lesions.regions import box_between, span_of

FloatArray = NDArray[np.float64]

ARRIVAL_S = 12.0
"""From the injection until contrast agent arrives in the breast."""
PLASMA = ((3.99, 0.144), (4.78, 0.0111))
"""Of the population's plasma curve: amplitude in kg/l and decay per minute of both its parts."""
RATES_PER_MIN = np.geomspace(0.04, 40.0, 56)
UNSURE = 0.1
"""Standard deviation of a curve's values, as a share of the highest: noise, and motion that is left."""
REACH_MM = 1.6
"""The curve is of what is brightest this near to the outline: what moved between the phases is still within..."""
BRIGHTEST = 0.6
"""...and so many voxels as this share of the outline has."""
LEAST_VOXELS = 3
LEAST_SHARE = 0.05
"""A phase counts as at least this share of the early one."""
SLOWEST = float(np.log(0.2))
"""Gland is faster: where a curve looks slower than this, its phases do not lie on each other."""
BLOOD_PERCENTILE = 85.0
"""Of the rates of all candidates of a series: so fast are its vessels."""
NEAR_BLOOD = 0.6
"""Candidates whose rate lies within this of the vessels', in logarithms, look like blood."""
UNKNOWN = (1.5, -1.0, 0.36)
"""Columns of a candidate whose curve cannot be judged: about the mean of all, so that they say nothing."""


def uptake_curve(
    mask: BoolImage, phases: Sequence[FloatImage], before: FloatImage, *, voxel_mm: FloatArray
) -> FloatArray:
    """Uptake of a candidate at each of some phases.

    Parameters
    ----------
    mask
        (slices, rows, columns) of a cut.
    phases, before
        Same shape: signal of phases after contrast, and before it.
    voxel_mm
        (3,) voxel size.
    """
    first, last = span_of(mask)
    margin = np.ceil(REACH_MM / voxel_mm).astype(int) + 1
    box = box_between(first - margin, last + margin + 1)
    near = ndimage.distance_transform_edt(~mask[box], sampling=voxel_mm) <= REACH_MM
    count = max(LEAST_VOXELS, int(BRIGHTEST * mask.sum()))
    values = [smoothed(phase[box] - before[box], voxel_mm)[near] for phase in phases]
    return np.array([float(np.sort(value)[-count:].mean()) for value in values])


def exchange_rate(curve: FloatArray, times_s: Sequence[float], *, early: int) -> float:
    """Logarithm of the rate of exchange, per minute, of a curve of uptake; NaN when it cannot be told.

    The mean over all rates, each with the likelihood of the curve.

    Parameters
    ----------
    curve
        (n,) uptake.
    times_s
        (n,) seconds after the injection.
    early
        Which of them is the phase that is measured.
    """
    if len(curve) < 2 or curve[early] <= 0:
        return float("nan")
    heights = np.maximum(curve, LEAST_SHARE * curve[early])
    shapes = _tofts(times_s)
    scale = (shapes @ heights) / (shapes**2).sum(axis=1)
    misfit = ((heights - scale[:, None] * shapes) ** 2).sum(axis=1) / (UNSURE * heights.max()) ** 2
    likelihood = np.exp(-0.5 * (misfit - misfit.min()))
    return float(likelihood @ np.log(RATES_PER_MIN) / likelihood.sum())


def against_blood(rates: FloatArray) -> FloatArray:
    """(n, 3) rate, how far it is below that of the vessels, and how much it looks like theirs, of (n,) rates."""
    known = np.isfinite(rates) & (rates >= SLOWEST)
    columns = np.tile(np.array(UNKNOWN), (len(rates), 1))
    if known.any():
        below = np.minimum(rates[known] - np.percentile(rates[known], BLOOD_PERCENTILE), 0.0)
        columns[known] = np.column_stack([rates[known], below, np.maximum(NEAR_BLOOD + below, 0.0)])
    return columns


def _tofts(times_s: Sequence[float]) -> FloatArray:
    """(rates, n) concentration in tissue of each rate at times after the injection, to a scale."""
    minutes = np.maximum(np.asarray(times_s, dtype=float) - ARRIVAL_S, 0.0) / 60
    rates = RATES_PER_MIN[:, None]
    parts = [a * rates / (rates - m) * (np.exp(-m * minutes) - np.exp(-rates * minutes)) for a, m in PLASMA]
    shapes: FloatArray = np.sum(parts, axis=0)
    return shapes
