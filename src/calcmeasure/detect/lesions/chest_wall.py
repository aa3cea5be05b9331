"""Where the breasts end behind: the front of the trunk, told from what of it is not covered by a breast.

The two rules hold for prone patients in whatever image orientation. Between two breasts the skin over the sternum is
seen, and the wall recedes to the sides like a circle. Of one breast the trunk is seen above and below it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from calcmeasure.detect.lesions.lattice import LATTICE_MM

FloatArray = NDArray[np.float64]

WALL_BEHIND_SKIN_MM = 8.0
"""The chest wall is taken to start this far behind the skin of the trunk..."""
CHEST_RADIUS_MM = 140.0
"""...and to recede to the sides like a circle of this radius."""
MIN_CLEFT_MM = 15.0
"""Two summits of the body's front are two breasts when the valley between them is at least this deep."""
MIN_SUMMIT_BINS = 8
WIDE_MM = 200.0
"""A body wider than this is a trunk with whatever it carries, not one breast's slab."""
STERNUM_STRIP_MM = 8.0
SINGLE_STRIP_MM = 60.0
"""How far to each side of the trunk's middle its skin is sought when no cleft shows."""
HALF_SUMMIT_MM = 40.0
MIN_SAGITTA_MM = 10.0
"""A breast's front falls back at least so far within `HALF_SUMMIT_MM` of its summit to either side: a radius below
85 mm. A trunk's is rounder."""
MIN_PROTRUSION_MM = 25.0
"""A single breast stands at least so far before the trunk above and below it."""
STEEPEST = 0.6
"""The front of the trunk recedes by no more than this along its height: where it seems to step forward, the picture
ends within the breast, and what is seen there is no trunk."""
END_SHARE = 0.15
"""Share of a stack's height, at its top and at its bottom, where the trunk above and below one breast is sought."""


@dataclass(frozen=True, slots=True)
class ChestWall:
    """The front of the chest.

    Parameters
    ----------
    wall_mm
        (z, x) patient y of the wall; infinite where it could not be told.
    midline_mm
        Patient x of the cleft; None when one breast is seen.
    certain
        False when the trunk was not seen and the wall is a guess.
    """

    wall_mm: FloatArray
    midline_mm: float | None
    certain: bool = True


def find_wall(front_mm: FloatArray, *, z_mm: FloatArray, x_mm: FloatArray) -> ChestWall | None:
    """Tell the chest wall from the shape of the body's front.

    Parameters
    ----------
    front_mm
        (z, x) patient y of the skin in front; not a number where there is no body.
    z_mm, x_mm
        Patient coordinates of its axes.

    Returns
    -------
    ChestWall
        None when nothing of a breast's shape stands out from the trunk.
    """
    columns = np.flatnonzero(np.isfinite(front_mm).any(axis=0))
    profile = -np.nanmin(front_mm[:, columns], axis=0)
    midline_mm = _cleft_mm(profile, x_mm[columns])
    if midline_mm is not None:
        return ChestWall(_receding(front_mm, x_mm, middle_mm=midline_mm, strip_mm=STERNUM_STRIP_MM), midline_mm)
    if np.ptp(x_mm[columns]) >= WIDE_MM:
        return _wall_of_trunk(front_mm, profile, x_mm, columns=columns)
    return _wall_of_slab(front_mm, z_mm=z_mm, x_mm=x_mm)


def recess_mm(aside_mm: FloatArray) -> FloatArray:
    """How far the chest lies back at a distance from its middle."""
    reach = np.minimum(np.abs(aside_mm), 0.95 * CHEST_RADIUS_MM)
    recess: FloatArray = CHEST_RADIUS_MM - np.sqrt(CHEST_RADIUS_MM**2 - reach**2)
    return recess


def _cleft_mm(profile: FloatArray, x_mm: FloatArray) -> float | None:
    """Patient x of the valley between two summits of the body's front, nearest the middle; None without one."""
    if len(x_mm) < MIN_SUMMIT_BINS:
        return None
    height = ndimage.gaussian_filter1d(profile, 1.5)
    padded = np.concatenate([[height.min() - 1e3], height, [height.min() - 1e3]])
    summits = signal.find_peaks(padded, prominence=MIN_CLEFT_MM)[0] - 1
    cuts = [a + int(np.argmin(height[a : b + 1])) for a, b in itertools.pairwise(summits)]
    centre_mm = (x_mm[0] + x_mm[-1]) / 2
    return min((float(x_mm[cut]) for cut in cuts), key=lambda x: abs(x - centre_mm), default=None)


def _receding(front_mm: FloatArray, x_mm: FloatArray, *, middle_mm: float, strip_mm: float) -> FloatArray:
    """Wall behind the deepest skin near the middle of every row, receding to the sides."""
    aside_mm = x_mm - middle_mm
    strip = np.abs(aside_mm) <= strip_mm
    skin_mm = _filled(_deepest(front_mm[:, strip] - recess_mm(aside_mm[strip]), axis=1))
    skin_mm = ndimage.median_filter(skin_mm, size=9, mode="nearest")
    return skin_mm[:, None] + WALL_BEHIND_SKIN_MM + recess_mm(aside_mm)[None, :]


def _wall_of_trunk(
    front_mm: FloatArray, profile: FloatArray, x_mm: FloatArray, *, columns: NDArray[np.intp]
) -> ChestWall | None:
    """One breast on a whole trunk, the other removed; a trunk without any has no summit of a breast's roundness."""
    height = ndimage.gaussian_filter1d(profile, 1.5)
    summit = int(np.argmax(height))
    half = round(HALF_SUMMIT_MM / LATTICE_MM)
    falls = height[summit] - height[[max(0, summit - half), min(len(height) - 1, summit + half)]]
    if falls.min() < MIN_SAGITTA_MM:
        return None
    middle_mm = float(x_mm[columns].mean())
    return ChestWall(_receding(front_mm, x_mm, middle_mm=middle_mm, strip_mm=SINGLE_STRIP_MM), None)


def _wall_of_slab(front_mm: FloatArray, *, z_mm: FloatArray, x_mm: FloatArray) -> ChestWall:
    """One breast: the trunk shows above and below it, or on the side towards the midline."""
    ends_mm, medial_mm = _between_ends(front_mm, z_mm), _medial_skin(front_mm, x_mm)
    standing = np.fmax(ends_mm, medial_mm) - front_mm
    if not np.isfinite(standing).any() or np.nanpercentile(standing, 98) < MIN_PROTRUSION_MM:
        return ChestWall(np.full_like(front_mm, np.inf), None, certain=False)
    trunk_mm = np.fmax(ends_mm, medial_mm + _recess_of_slab(front_mm, x_mm))
    return ChestWall(_without_steps(_filled(trunk_mm), z_mm) + WALL_BEHIND_SKIN_MM, None)


def _without_steps(trunk_mm: FloatArray, z_mm: FloatArray) -> FloatArray:
    """Front of the trunk (z, x) without places that lie farther in front of others than `STEEPEST` allows."""
    apart_mm = np.abs(z_mm[:, None] - z_mm[None, :])
    level: FloatArray = (trunk_mm[None, :, :] - STEEPEST * apart_mm[:, :, None]).max(axis=1)
    return level


def _between_ends(front_mm: FloatArray, z_mm: FloatArray) -> FloatArray:
    """(z, x) straight lines from the deepest skin near the top of every column to that near its bottom."""
    rows = np.flatnonzero(np.isfinite(front_mm).any(axis=1))
    count = max(1, round(END_SHARE * len(rows)))
    ends = [_filled(_deepest(front_mm[part], axis=0)) for part in (rows[:count], rows[-count:])]
    share = np.clip((z_mm - z_mm[rows[0]]) / max(np.ptp(z_mm[rows]), LATTICE_MM), 0, 1)[:, None]
    line: FloatArray = ndimage.median_filter(ends[0] * (1 - share) + ends[1] * share, size=(1, 5), mode="nearest")
    return line


def _medial_skin(front_mm: FloatArray, x_mm: FloatArray) -> FloatArray:
    """(z, 1) deepest skin of the slab's medial side."""
    skin_mm = _filled(_deepest(front_mm[:, _medial_columns(front_mm, x_mm)], axis=1))
    return skin_mm[:, None]


def _recess_of_slab(front_mm: FloatArray, x_mm: FloatArray) -> FloatArray:
    """(1, x) how far the chest lies back behind where it lies at the slab's medial side."""
    medial = _medial_columns(front_mm, x_mm)[:1]
    recess: FloatArray = np.maximum(recess_mm(x_mm) - recess_mm(x_mm[medial]), 0)[None, :]
    return recess


def _medial_columns(front_mm: FloatArray, x_mm: FloatArray) -> NDArray[np.intp]:
    """Two columns of body nearest the scanner's zero; not the outermost, which the slab's edge may halve."""
    columns = np.flatnonzero(np.isfinite(front_mm).any(axis=0))
    order: NDArray[np.intp] = columns[np.argsort(np.abs(x_mm[columns]), kind="stable")]
    return order[1:3] if len(order) > 3 else order[:1]


def _deepest(front_mm: FloatArray, *, axis: int) -> FloatArray:
    """Posterior-most value along an axis; not a number where there is none."""
    known = np.where(np.isfinite(front_mm), front_mm, -np.inf).max(axis=axis, initial=-np.inf)
    deepest: FloatArray = np.where(np.isfinite(known), known, np.nan)
    return deepest


def _filled(values: FloatArray) -> FloatArray:
    """Replace what is not a number by the nearest known value."""
    missing = ~np.isfinite(values)
    if not missing.any() or missing.all():
        return values
    nearest = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    filled: FloatArray = values[tuple(nearest)]
    return filled
