"""Lesion shapes of the dynamic MR phantom with diameters known on the acquired planes.

A lesion is an ellipsoid with a slightly irregular surface: with ``q`` the position in units of its semi-axes,
a point is inside when ``|q| <= 1 + irregularity * bump(q / |q|)``. The truth is taken from this surface itself, not
from voxels: every acquired slice plane is cut by dense rays and the farthest pair of cut points is the diameter.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dynamic.surface import RAYS, LesionSurface
from calcmeasure.terms import Laterality

FloatArray = NDArray[np.float64]

_MAX_IRREGULARITY = 0.2
_MAX_TAPER = 0.8


class LesionKind(StrEnum):
    """BI-RADS kind of an enhancing lesion."""

    MASS = "mass"
    NON_MASS = "non-mass"


class Kinetics(StrEnum):
    """Shape of the late part of a lesion's curve."""

    WASHOUT = "washout"
    PLATEAU = "plateau"
    PERSISTENT = "persistent"


@dataclass(frozen=True, slots=True)
class LesionSpec:
    """A lesion to be drawn.

    Parameters
    ----------
    lesion_id
        Also seeds the irregular boundary, so the same lesion keeps its shape between visits.
    diameter_mm
        Greatest in-plane diameter over the acquired slices, met to 0.001 mm; 0 for a lesion that is gone.
    position
        (across, depth, height): -1 medial to 1 lateral; 0 chest wall to 1 nipple; -1 foot to 1 head.
    axis_ratios
        In-plane short and through-plane axis as a fraction of the long axis.
    angle_deg
        Of the long axis in the image plane, from the column towards the row direction.
    irregularity
        Relative height of the bumps on the surface, 0-0.2.
    rim
        Whether the rim takes up faster than the core (masses).
    strength
        Scales the transfer constant; 1 is a typical malignant lesion.
    taper
        How much narrower the far end of the long axis is than its middle, 0-0.8: a segment that points to the nipple.
    core
        Transfer constant of the core of a mass relative to its rim: 0 is necrosis; None is the usual one of its kind.
    infiltration
        Share of the tissue between clumps that stays what it was, 0-1.
    """

    lesion_id: str = "L1"
    laterality: Laterality = Laterality.LEFT
    kind: LesionKind = LesionKind.MASS
    diameter_mm: float = 22.0
    position: tuple[float, float, float] = (0.05, 0.42, 0.0)
    axis_ratios: tuple[float, float] = (0.75, 0.8)
    angle_deg: float = 30.0
    irregularity: float = 0.06
    kinetics: Kinetics = Kinetics.WASHOUT
    rim: bool = True
    strength: float = 1.0
    taper: float = 0.0
    core: float | None = None
    infiltration: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.irregularity <= _MAX_IRREGULARITY:
            raise ValueError(f"irregularity must lie in 0-{_MAX_IRREGULARITY}, got {self.irregularity}")
        if self.diameter_mm < 0 or not all(0 < ratio <= 1 for ratio in self.axis_ratios):
            raise ValueError("diameter must not be negative and axis ratios must lie in (0, 1]")
        if not 0 <= self.taper <= _MAX_TAPER:
            raise ValueError(f"taper must lie in 0-{_MAX_TAPER}, got {self.taper}")


@dataclass(frozen=True, slots=True)
class LesionTruth:
    """What a perfect reader would measure.

    Parameters
    ----------
    diameter_mm
        Greatest in-plane diameter over the acquired slice planes. For a non-mass lesion: greatest distance within
        the boundary of the region, which the outermost clumps touch.
    short_axis_mm
        Longest chord perpendicular to it on the same slice.
    diameter_3d_mm, volume_mm3
        Of the surface itself, not tied to slices (sampled in 2,400 directions: true to 0.1 %).
    slice_index, ends_zrc
        Where the diameter lies; empty ends and -1 for a lesion that is gone.
    centre_zrc
        Of the ellipsoid.
    """

    lesion_id: str
    laterality: Laterality
    kind: LesionKind
    diameter_mm: float
    short_axis_mm: float
    diameter_3d_mm: float
    volume_mm3: float
    slice_index: int
    ends_zrc: tuple[tuple[float, float, float], ...]
    centre_zrc: tuple[float, float, float]


def shape_lesion(
    spec: LesionSpec, grid: ImageGrid, *, centre_zrc: tuple[float, float, float], seed: int
) -> LesionSurface:
    """Surface whose greatest in-plane diameter over the slices of `grid` is ``spec.diameter_mm``.

    One so small that it lies between two slice planes is moved onto the nearer: what no slice shows has no diameter.

    Raises
    ------
    ValueError
        If it lies outside the volume.
    """
    surface = _unscaled_surface(spec, centre_zrc, seed)
    if _widest_cut(surface, grid)[0] <= 0:
        surface = replace(surface, centre_zrc=(float(round(centre_zrc[0])), *centre_zrc[1:]))
    for _ in range(12):
        found = _widest_cut(surface, grid)[0]
        if found <= 0:
            raise ValueError(f"no slice plane cuts lesion {spec.lesion_id}: move it into the volume or enlarge it")
        if abs(found - spec.diameter_mm) < 1e-4:
            break
        surface = replace(surface, semi_axes_mm=surface.semi_axes_mm * (spec.diameter_mm / found))
    return surface


def lesion_truth(spec: LesionSpec, surface: LesionSurface, grid: ImageGrid) -> LesionTruth:
    """Diameters, end points and volume of a surface on the slice planes of a grid."""
    diameter_mm, slice_index, contour_mm, pair = _widest_cut(surface, grid)
    in_plane = np.asarray(surface.centre_zrc[1:]) + contour_mm[list(pair)] / np.asarray(grid.spacing.rc_mm)
    ends = tuple((float(slice_index), float(row), float(column)) for row, column in in_plane)
    return LesionTruth(
        lesion_id=spec.lesion_id,
        laterality=spec.laterality,
        kind=spec.kind,
        diameter_mm=diameter_mm,
        short_axis_mm=_longest_chord_across(contour_mm, pair),
        diameter_3d_mm=float(pdist(surface.surface_mm()).max()),
        volume_mm3=surface.volume_mm3(),
        slice_index=slice_index,
        ends_zrc=ends,
        centre_zrc=surface.centre_zrc,
    )


def vanished_truth(spec: LesionSpec, centre_zrc: tuple[float, float, float]) -> LesionTruth:
    """Truth of a lesion of 0 mm: looked for, and gone."""
    return LesionTruth(spec.lesion_id, spec.laterality, spec.kind, 0.0, 0.0, 0.0, 0.0, -1, (), centre_zrc)


def _unscaled_surface(spec: LesionSpec, centre_zrc: tuple[float, float, float], seed: int) -> LesionSurface:
    rng = np.random.default_rng([seed, zlib.crc32(spec.lesion_id.encode())])
    angle = np.deg2rad(spec.angle_deg)
    long_axis = np.array([0.0, np.sin(angle), np.cos(angle)])
    short_axis = np.array([0.0, np.cos(angle), -np.sin(angle)])
    waves = rng.normal(size=(6, 3)) * 3.0
    return LesionSurface(
        centre_zrc=centre_zrc,
        semi_axes_mm=max(spec.diameter_mm, 1e-3) / 2 * np.array([1.0, *spec.axis_ratios]),
        axes=np.stack([long_axis, short_axis, [1.0, 0.0, 0.0]]),
        irregularity=spec.irregularity,
        waves=waves,
        phases=rng.uniform(0, 2 * np.pi, 6),
        taper=spec.taper,
    )


def _widest_cut(surface: LesionSurface, grid: ImageGrid) -> tuple[float, int, FloatArray, tuple[int, int]]:
    """Greatest diameter over the slices, its slice, the contour there and the indices of its ends."""
    step_mm = grid.spacing.zrc_mm[0]
    reach = int(np.ceil(2 * float(surface.semi_axes_mm.max()) / step_mm)) + 1
    middle = round(surface.centre_zrc[0])
    best: tuple[float, int, FloatArray, tuple[int, int]] = (0.0, -1, np.empty((0, 2)), (0, 0))
    for index in range(max(0, middle - reach), min(grid.shape[0], middle + reach + 1)):
        contour_mm = surface.contour_mm((index - surface.centre_zrc[0]) * step_mm)
        if len(contour_mm) == 0:
            continue
        distances = squareform(pdist(contour_mm))
        flat = int(distances.argmax())
        if distances.flat[flat] > best[0]:
            best = (float(distances.flat[flat]), index, contour_mm, (flat // RAYS, flat % RAYS))
    return best


def _longest_chord_across(contour_mm: FloatArray, pair: tuple[int, int]) -> float:
    """Longest extent perpendicular to the long axis at one place along it."""
    first, second = contour_mm[pair[0]], contour_mm[pair[1]]
    along = (second - first) / np.linalg.norm(second - first)
    turned = (contour_mm - first) @ np.stack([along, [-along[1], along[0]]], axis=-1)
    positions = np.linspace(0, float(np.linalg.norm(second - first)), 1001)[1:-1]
    chains = [_chain(turned, *pair), _chain(turned, pair[1], pair[0])]
    sides = [np.interp(positions, *chain) for chain in chains]
    return float(np.abs(sides[0] - sides[1]).max())


def _chain(turned: FloatArray, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
    """One side of the contour between two of its points, ordered along the long axis."""
    count = (stop - start) % len(turned)
    side = turned[(start + np.arange(count + 1)) % len(turned)]
    side = side[np.argsort(side[:, 0])]
    return side[:, 0], side[:, 1]
