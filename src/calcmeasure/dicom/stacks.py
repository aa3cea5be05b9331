"""Slices along their normal: which images share a position, and whether the positions form a regular grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.dicom.phase_keys import MrImage
from calcmeasure.errors import ErrorCode, GeometryError
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource

SAME_POSITION_MM = 0.05
"""Two images lie at one slice position when they are no further apart than this."""
POSITION_TOLERANCE_MM = 0.05
"""How far a slice may lie from its place in the regular grid (headers round their positions)."""
DIRECTION_TOLERANCE = 1e-3
"""Largest difference between direction cosines called equal, and largest cosine between row and column."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stack:
    """Slice positions found in a set of images of one orientation.

    Parameters
    ----------
    slots
        Slice position of each image, numbered along the normal.
    corners_lps
        (slices, 3) mean Image Position (Patient) of each position.
    axes_lps
        (3, 3) unit directions of the slice, row and column index.
    """

    slots: tuple[int, ...]
    corners_lps: FloatArray
    axes_lps: FloatArray

    @property
    def n_slices(self) -> int:
        """Number of distinct slice positions."""
        return len(self.corners_lps)


def index_directions(orientation: Sequence[float]) -> FloatArray:
    """(3, 3) unit directions of the slice, row and column index from Image Orientation (Patient).

    The first triplet points along a row, that is the way the column index grows; the second along a column, the
    way the row index grows (PS3.3 C.7.6.2.1.1). Slices are numbered along first x second.

    Raises
    ------
    GeometryError
        If the triplets are not two perpendicular unit directions.
    """
    values = np.asarray(orientation, dtype=float)
    if values.shape != (6,) or not np.isfinite(values).all():
        raise GeometryError("an MR image carries no usable Image Orientation (Patient)")
    column_index, row_index = values[:3], values[3:]
    norms = float(np.linalg.norm(column_index)), float(np.linalg.norm(row_index))
    if max(abs(norm - 1.0) for norm in norms) > 10 * DIRECTION_TOLERANCE:
        raise GeometryError("Image Orientation (Patient) does not hold unit directions")
    column_index, row_index = column_index / norms[0], row_index / norms[1]
    if abs(float(column_index @ row_index)) > DIRECTION_TOLERANCE:
        raise GeometryError("Image Orientation (Patient) does not hold perpendicular directions")
    normal = np.cross(column_index, row_index)
    return np.stack([normal / np.linalg.norm(normal), row_index, column_index])


def stack_images(images: Sequence[MrImage]) -> Stack:
    """Find the slice positions of images that share orientation, matrix and spacing.

    Raises
    ------
    GeometryError
        If images at one distance along the normal lie beside each other (``E_GEOMETRY``).
    """
    axes_lps = index_directions(images[0].header.numbers("ImageOrientationPatient"))
    corners_lps = np.array([image.header.numbers("ImagePositionPatient") for image in images], dtype=float)
    slots = _slots(corners_lps @ axes_lps[0])
    means_lps = np.array([corners_lps[slots == slot].mean(axis=0) for slot in range(int(slots.max()) + 1)])
    aside_mm = np.abs((corners_lps - means_lps[slots]) @ axes_lps[1:].T).max()
    if aside_mm > SAME_POSITION_MM:
        raise GeometryError(f"images of one slice position lie up to {aside_mm:.2f} mm beside each other")
    return Stack(tuple(int(slot) for slot in slots), means_lps, axes_lps)


def regular_grid(stack: Stack, image: MrImage) -> ImageGrid:
    """Grid of a stack; the slice spacing comes from the positions, never from Slice Thickness.

    Parameters
    ----------
    stack
        All slice positions.
    image
        Any image of the stack, for matrix and pixel spacing. A single slice has no neighbour: there, and only
        there, Slice Thickness stands in for the distance.

    Raises
    ------
    GeometryError
        ``E_MISSING_SLICE`` for gaps of whole steps, ``E_SHEAR`` for slices that are not stacked along their
        normal, ``E_GEOMETRY`` for other irregular distances or an unusable pixel spacing.
    """
    header = image.header
    pixel_spacing = header.numbers("PixelSpacing")
    rows, columns = header.integer("Rows"), header.integer("Columns")
    if len(pixel_spacing) != 2 or min(pixel_spacing) <= 0 or not rows or not columns:
        raise GeometryError("an MR image carries no usable Pixel Spacing or matrix size")
    thickness_mm = header.number("SliceThickness") or 0.0
    slice_mm = _step_mm(stack) if stack.n_slices > 1 else (thickness_mm if thickness_mm > 0 else None)
    row_mm, col_mm = pixel_spacing
    return ImageGrid(
        (stack.n_slices, rows, columns),
        _triple(stack.corners_lps[0]),
        tuple(_triple(axis) for axis in stack.axes_lps),
        Spacing(row_mm, col_mm, SpacingSource.PATIENT, slice_mm=slice_mm),
    )


def _slots(heights_mm: FloatArray) -> NDArray[np.intp]:
    """Give heights numbers from the lowest up; within the tolerance of a position's lowest they share one."""
    order = np.argsort(heights_mm, kind="stable")
    slots = np.empty(len(heights_mm), dtype=np.intp)
    slot, base_mm = -1, -np.inf
    for place in order:
        if heights_mm[place] - base_mm > SAME_POSITION_MM:
            slot, base_mm = slot + 1, heights_mm[place]
        slots[place] = slot
    return slots


def _step_mm(stack: Stack) -> float:
    heights_mm = (stack.corners_lps - stack.corners_lps[0]) @ stack.axes_lps[0]
    steps_mm = np.diff(heights_mm)
    step_mm = float(np.median(steps_mm))
    if np.abs(steps_mm - step_mm).max() > 2 * POSITION_TOLERANCE_MM:
        raise _irregular(steps_mm)
    step_mm = float(heights_mm[-1] / (len(heights_mm) - 1))
    ideal_mm = step_mm * np.arange(len(heights_mm))
    if np.abs(heights_mm - ideal_mm).max() > POSITION_TOLERANCE_MM:
        raise _irregular(steps_mm)
    aside_mm = np.abs((stack.corners_lps - stack.corners_lps[0]) @ stack.axes_lps[1:].T).max()
    if aside_mm > POSITION_TOLERANCE_MM:
        raise GeometryError(
            f"slices are shifted sideways by up to {aside_mm:.2f} mm: they are not stacked along their normal",
            code=ErrorCode.SHEAR,
        )
    return step_mm


def _irregular(steps_mm: FloatArray) -> GeometryError:
    smallest_mm = float(steps_mm.min())
    multiples = steps_mm / smallest_mm
    whole = np.abs(multiples - np.rint(multiples)) * smallest_mm <= 2 * POSITION_TOLERANCE_MM
    if whole.all():
        missing = int(np.rint(multiples).sum()) - len(steps_mm)
        return GeometryError(f"{missing} slice(s) are missing from every phase", code=ErrorCode.MISSING_SLICE)
    return GeometryError(f"distances between slices vary from {smallest_mm:.3f} to {steps_mm.max():.3f} mm")


def _triple(vector: FloatArray) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in vector)
    return (x, y, z)
