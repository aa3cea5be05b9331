"""Greatest in-plane diameter, short axis, 3-D diameter and volume of a voxel mask, exactly.

A mask does not say where between two pixel centres the border runs, so a length needs a convention (`Convention`). The
default adds half an in-plane pixel to the distance between centres: on ellipses of 6-40 mm drawn at 1 mm, distances
between centres are about 0.4 mm short and distances between outer corners about 0.9 mm long. Where there is a grey
image, its sub-pixel contour (`measure_outline`) is better than any of them. Conventions are never mixed between visits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calcmeasure.geometry import FloatArray, Spacing
from calcmeasure.measure.chords import longest_perpendicular, pixel_sides
from calcmeasure.measure.hull_kernels import farthest_voxels, row_extremes, slice_hulls, widest_slice


class Convention(StrEnum):
    """Between which points of the border voxels a length runs."""

    CENTRE = "centre"
    """Voxel centre to voxel centre; 0 for a single voxel (as ITK's Feret diameter)."""
    EDGE = "edge"
    """Outer corner to outer corner."""
    HALF_PIXEL = "centre+half-pixel"
    """`CENTRE` plus half an in-plane pixel (geometric mean of row and column spacing)."""


@dataclass(frozen=True, slots=True)
class MaskDiameters:
    """Sizes of a mask.

    Parameters
    ----------
    convention
        Of every length here.
    value_mm
        Greatest diameter within one slice; 0 for an empty mask.
    ends_zrc
        (2, 3) centres of the two voxels it runs between; (0, 3) for an empty mask.
    short_axis_mm
        Longest perpendicular chord that stays inside the mask, same slice.
    short_ends_zrc
        (2, 3) where that chord leaves the pixels.
    diameter_3d_mm
        Greatest distance in space, always at least the in-plane one; never a substitute for it.
    ends_3d_zrc
        (2, 3) its voxel centres.
    volume_mm3
        Number of voxels times the volume of one.
    """

    convention: Convention
    value_mm: float
    ends_zrc: FloatArray
    short_axis_mm: float
    short_ends_zrc: FloatArray
    diameter_3d_mm: float
    ends_3d_zrc: FloatArray
    volume_mm3: float


def mask_diameters(
    mask: ArrayLike, spacing: Spacing, *, convention: Convention = Convention.HALF_PIXEL
) -> MaskDiameters:
    """Measure a mask.

    Only the first and last voxel of a row can be a corner of a slice's convex hull, and only corners of slice hulls can
    be the ends of a diameter, so one pass over the mask leaves a few points per slice.

    Parameters
    ----------
    mask
        (slices, rows, columns), anything not 0 is inside; parts are measured together.
    spacing
        Of the volume, with slice distance.
    convention
        How lengths run.

    Raises
    ------
    ValueError
        If the mask is not three-dimensional.
    SpacingError
        If the spacing has no slice distance.
    """
    solid = _solid(mask)
    steps_mm = np.asarray(spacing.zrc_mm)
    vertices_zrc, starts = slice_hulls(row_extremes(solid))
    if len(vertices_zrc) == 0:
        nothing = np.empty((0, 3))
        return MaskDiameters(convention, 0.0, nothing, 0.0, nothing, 0.0, nothing, 0.0)
    edge = convention is Convention.EDGE
    first, second, in_plane_mm = widest_slice(vertices_zrc, starts, steps_mm=steps_mm, edge=edge)
    ends_zrc = vertices_zrc[[first, second]].astype(np.float64)
    short_mm, short_ends_zrc = _short_axis(solid[int(ends_zrc[0, 0])], ends_zrc, steps_mm=steps_mm, edge=edge)
    third, fourth, in_space_mm = farthest_voxels(vertices_zrc, steps_mm, edge=edge)
    added_mm = float(np.sqrt(steps_mm[1] * steps_mm[2])) / 2 if convention is Convention.HALF_PIXEL else 0.0
    return MaskDiameters(
        convention=convention,
        value_mm=in_plane_mm + added_mm,
        ends_zrc=ends_zrc,
        short_axis_mm=short_mm + added_mm,
        short_ends_zrc=short_ends_zrc,
        diameter_3d_mm=in_space_mm + added_mm,
        ends_3d_zrc=vertices_zrc[[third, fourth]].astype(np.float64),
        volume_mm3=float(np.count_nonzero(solid) * np.prod(steps_mm)),
    )


def _solid(mask: ArrayLike) -> NDArray[np.bool_]:
    array = np.asarray(mask)
    if array.ndim != 3:
        raise ValueError(f"a mask has slices, rows and columns, got shape {array.shape}")
    return np.ascontiguousarray(array if array.dtype == np.bool_ else array != 0)


def _short_axis(
    plane: NDArray[np.bool_], ends_zrc: FloatArray, *, steps_mm: FloatArray, edge: bool
) -> tuple[float, FloatArray]:
    """Longest perpendicular chord through the pixels of one slice.

    Between centres the chord is shorter by what a line in its direction needs to cross one pixel through the middle.
    """
    long_mm = _axis_mm(ends_zrc, steps_mm)
    starts_mm, stops_mm = (corners * steps_mm[1:] for corners in pixel_sides(plane))
    chord_mm = longest_perpendicular(starts_mm, stops_mm, axis_mm=long_mm)
    length_mm = float(np.linalg.norm(chord_mm[1] - chord_mm[0]))
    direction = np.abs(long_mm[1] - long_mm[0])[::-1] / np.linalg.norm(long_mm[1] - long_mm[0])
    pixel_mm = 1.0 / float(np.max(direction / steps_mm[1:]))
    ends = np.column_stack([ends_zrc[:, 0], chord_mm / steps_mm[1:]])
    return (length_mm if edge else max(0.0, length_mm - pixel_mm)), ends


def _axis_mm(ends_zrc: FloatArray, steps_mm: FloatArray) -> FloatArray:
    """Long axis in the plane; a single pixel's runs along its longer side."""
    axis_mm: FloatArray = ends_zrc[:, 1:] * steps_mm[1:]
    if np.array_equal(axis_mm[0], axis_mm[1]):
        axis_mm[1, 0 if steps_mm[1] > steps_mm[2] else 1] += 1.0
    return axis_mm
