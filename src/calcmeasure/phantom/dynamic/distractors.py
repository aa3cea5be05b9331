"""What enhances beside lesions, and what surgery left: nodes, nipples, foci, vessels, seromas, clips, implants."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dynamic.kinetics import Tissue
from calcmeasure.terms import Laterality

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Box = tuple[slice, slice, slice]
Triple = tuple[float, float, float]


class DistractorKind(StrEnum):
    """What it is."""

    VESSEL = "vessel"
    HEART = "heart"
    NODE = "intramammary-node"
    AXILLARY_NODE = "axillary-node"
    NIPPLE = "nipple"
    SKIN = "skin"
    FOCUS = "focus"
    """Background enhancement in one spot of 2-5 mm."""
    SEROMA = "seroma"
    """A cavity of fluid with a wall of granulation tissue."""
    CLIP = "clip"
    """No signal around a metal marker."""
    IMPLANT = "implant"


DISTRACTOR_CODES = {kind: code for code, kind in enumerate(DistractorKind, start=1)}
"""Values of the label map; 0 is none."""


@dataclass(frozen=True, slots=True)
class Distractor:
    """An ellipsoid that is no lesion.

    Parameters
    ----------
    position
        (across, depth, height) in the breast, as of a lesion.
    diameters_mm
        Along the patient's x, y and z axis.
    strength
        Scales the transfer constant.
    is_bright
        Of seromas and implants: fluid rich in protein, silicone; else as dark as water.
    """

    kind: DistractorKind
    laterality: Laterality
    position: Triple
    diameters_mm: Triple
    strength: float = 1.0
    is_bright: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else there is in the breasts; nothing new unless told.

    Parameters
    ----------
    vessels
        Of each breast.
    vessel_width
        Factor of their diameter.
    skin_uptake
        Transfer constant of skin relative to the usual one.
    uneven_uptake
        Natural logarithm of the spread of background enhancement from place to place.
    """

    distractors: tuple[Distractor, ...] = ()
    vessels: int = 3
    vessel_width: float = 1.0
    skin_uptake: float = 1.0
    uneven_uptake: float = 0.35


@dataclass(frozen=True, slots=True)
class Layer:
    """Something that takes the place of what lies below it.

    Parameters
    ----------
    box
        Where in the volume.
    coverage
        (slices, rows, columns) of the box, 0-1.
    tissue
        None for no signal.
    is_fat
        Whether fat suppression darkens it.
    """

    box: Box
    coverage: FloatImage
    tissue: Tissue | None
    is_fat: bool = False


_NODE = Tissue(1.20, ktrans_per_min=0.45, ve=0.32, vp=0.06)
_NIPPLE = Tissue(1.10, density=0.9, ktrans_per_min=0.10, ve=0.35, vp=0.03)
_FOCUS = Tissue(1.25, ktrans_per_min=0.11, ve=0.40, vp=0.01)
_WALL = Tissue(1.20, density=0.9, ktrans_per_min=0.05, ve=0.40)
_CAPSULE = Tissue(1.20, density=0.5, ktrans_per_min=0.008, ve=0.30)
_FAT = Tissue(0.30)
_FLUID = {False: Tissue(2.80), True: Tissue(0.45, density=0.8)}
_FILLING = {False: Tissue(3.20, density=0.55), True: Tissue(0.75, density=0.85)}
"""Saline and silicone."""
_WALL_MM = 1.6


def distractor_layers(distractor: Distractor, grid: ImageGrid, *, centre_zrc: FloatArray) -> tuple[Layer, ...]:
    """Layers of one distractor, in the order they are laid; none where it lies outside the volume."""
    radii = np.asarray(distractor.diameters_mm) / 2
    whole = _ellipsoid(grid, centre_zrc, radii)
    if whole is None:
        return ()
    box, coverage = whole
    outer = Layer(box, coverage, _tissue(distractor))
    inner = _inner(distractor, grid, centre_zrc=centre_zrc, radii=radii)
    return (outer,) if inner is None else (outer, inner)


def _inner(distractor: Distractor, grid: ImageGrid, *, centre_zrc: FloatArray, radii: FloatArray) -> Layer | None:
    """Fatty hilum of a node, fluid of a seroma, filling of an implant within its capsule."""
    kind = distractor.kind
    if kind in (DistractorKind.NODE, DistractorKind.AXILLARY_NODE):
        step = np.linalg.solve(grid.steps_lps.T, np.array([0.45 * radii[0], 0.0, 0.2 * radii[2]]))
        found = _ellipsoid(grid, centre_zrc + step, 0.48 * radii)
        return None if found is None else Layer(*found, _FAT, is_fat=True)
    if kind in (DistractorKind.SEROMA, DistractorKind.IMPLANT):
        found = _ellipsoid(grid, centre_zrc, np.maximum(radii - _WALL_MM, 0.5))
        fillings = _FLUID if kind is DistractorKind.SEROMA else _FILLING
        return None if found is None else Layer(*found, fillings[distractor.is_bright])
    return None


def _tissue(distractor: Distractor) -> Tissue | None:
    tissues = {
        DistractorKind.NODE: _NODE,
        DistractorKind.AXILLARY_NODE: _NODE,
        DistractorKind.NIPPLE: _NIPPLE,
        DistractorKind.FOCUS: _FOCUS,
        DistractorKind.SEROMA: _WALL,
        DistractorKind.IMPLANT: _CAPSULE,
    }
    tissue = tissues.get(distractor.kind)
    if tissue is None:
        return None
    ktrans = tissue.ktrans_per_min * distractor.strength
    return Tissue(tissue.t1_s, density=tissue.density, ktrans_per_min=ktrans, ve=tissue.ve, vp=tissue.vp)


def _ellipsoid(grid: ImageGrid, centre_zrc: FloatArray, radii_mm: FloatArray) -> tuple[Box, FloatImage] | None:
    """Soft ellipsoid along the patient's axes: share of each voxel of a box inside it."""
    spacing = np.asarray(grid.spacing.zrc_mm)
    reach = (radii_mm.max() + spacing.max()) / spacing
    low = np.clip(np.floor(centre_zrc - reach), 0, grid.shape).astype(int)
    high = np.clip(np.ceil(centre_zrc + reach) + 1, 0, grid.shape).astype(int)
    if np.any(low >= high):
        return None
    axes = [np.arange(a, b) - c for a, b, c in zip(low, high, centre_zrc, strict=True)]
    offsets = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1) @ grid.steps_lps
    radius = np.linalg.norm(offsets / radii_mm, axis=-1)
    depth_mm = (1 - radius) * radii_mm.min()
    coverage = np.clip(0.5 + depth_mm / np.cbrt(spacing.prod()), 0, 1).astype(np.float32)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return (box[0], box[1], box[2]), coverage
