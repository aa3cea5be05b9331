"""How a volume lies in the patient, and how it is turned on the screen; pixels and measurements stay as they are.

On the screen the patient's right is on the viewer's left in axial and coronal planes, anterior is up in axial and on
the left in sagittal ones, and the head is up. So along every axis of the canvas the direction is the same in all three
planes (towards left, posterior, feet): a volume is mirrored once, where its own axes run the other way, and turning it
is a matter of which two axes are displayed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from calcmeasure.errors import ErrorCode, PhaseError
from calcmeasure.geometry import ImageGrid
from calcmeasure.terms import Laterality
from napari_calcmeasure.display.panel import Placement
from napari_calcmeasure.reading.finding import Point

SCREEN_LPS = (1.0, 1.0, -1.0)
"""Sign of patient x, y and z along the axes of the canvas: towards left, posterior and feet."""
BOTH_BREASTS_MM = 240.0
"""A field of view at least this wide from right to left holds both breasts."""
MAX_TILT_BETWEEN_DEG = 15.0
"""Visits whose volumes lie more obliquely to each other are not shown slice by slice."""
MIDDLE_SHARE = (0.35, 0.65)
"""The scanner's zero parts the breasts only within this part of a wide field of view; else its middle does."""


class Orientation(StrEnum):
    """Plane of display, relative to the patient."""

    AXIAL = "axial"
    SAGITTAL = "sagittal"
    CORONAL = "coronal"

    @property
    def normal(self) -> int:
        """Patient axis (0 x, 1 y, 2 z) the plane stands on."""
        return {Orientation.SAGITTAL: 0, Orientation.CORONAL: 1, Orientation.AXIAL: 2}[self]

    @property
    def upright(self) -> int:
        """Patient axis that runs down the screen."""
        return 1 if self is Orientation.AXIAL else 2

    @property
    def across(self) -> int:
        """Patient axis that runs from left to right on the screen."""
        return 1 if self is Orientation.SAGITTAL else 0


@dataclass(frozen=True, slots=True)
class PatientAxes:
    """Which axis of a volume runs along which axis of the patient.

    Parameters
    ----------
    along
        For patient x, y and z: the volume axis (0 slice, 1 row, 2 column index) nearest to it.
    mirrored
        For each volume axis: whether it runs against its direction on the screen.
    tilt_deg
        Greatest angle between a volume axis and its patient axis.
    """

    along: tuple[int, int, int]
    mirrored: tuple[bool, bool, bool]
    tilt_deg: float

    @property
    def acquired(self) -> Orientation:
        """Plane the slices were acquired in (of an oblique stack, the nearest)."""
        return next(one for one in Orientation if self.along[one.normal] == 0)

    def slider_axis(self, orientation: Orientation) -> int:
        """Volume axis one scrolls through."""
        return self.along[orientation.normal]

    def displayed_axes(self, orientation: Orientation) -> tuple[int, int]:
        """Volume axes displayed: down the screen, from left to right."""
        return (self.along[orientation.upright], self.along[orientation.across])


def patient_axes(grid: ImageGrid) -> PatientAxes:
    """Match the axes of a volume to those of the patient, each to one, as near as can be."""
    cosines = np.asarray(grid.axes_lps, dtype=float)  # rows: volume axes, columns: patient x, y, z
    along = max(
        itertools.permutations(range(3)), key=lambda order: sum(abs(cosines[axis, i]) for i, axis in enumerate(order))
    )
    towards = {axis: cosines[axis, i] * SCREEN_LPS[i] for i, axis in enumerate(along)}
    least = min(abs(value) for value in towards.values())
    return PatientAxes(
        along=(along[0], along[1], along[2]),
        mirrored=(bool(towards[0] < 0), bool(towards[1] < 0), bool(towards[2] < 0)),
        tilt_deg=float(np.degrees(np.arccos(min(1.0, least)))),
    )


def upright_placement(grid: ImageGrid, orientation: Orientation) -> Placement:
    """Place a volume on the canvas in mm, mirrored as the screen needs it; its corner on the screen is the origin.

    Along the axis one scrolls through nothing is mirrored: the slider counts slices as they are stored and recorded.

    Parameters
    ----------
    orientation
        Plane of display.

    Returns
    -------
    Placement
        Of the axes slice, row, column.
    """
    steps = grid.spacing.zrc_mm
    axes = patient_axes(grid)
    mirrored = [axis in axes.displayed_axes(orientation) and back for axis, back in enumerate(axes.mirrored)]
    origin = tuple((n - 1) * step if back else 0.0 for n, step, back in zip(grid.shape, steps, mirrored, strict=True))
    return Placement(origin, tuple(-step if back else step for step, back in zip(steps, mirrored, strict=True)))


def axis_order(grid: ImageGrid, orientation: Orientation, *, leading: int = 0) -> tuple[int, ...]:
    """Order of the world axes that displays a plane.

    Parameters
    ----------
    leading
        World axes before slice, row and column (1 with a phase axis).
    """
    axes = patient_axes(grid)
    order = (axes.slider_axis(orientation), *axes.displayed_axes(orientation))
    return (*range(leading), *(leading + axis for axis in order))


def displayed_size_mm(grid: ImageGrid, orientation: Orientation) -> tuple[float, float]:
    """(height, width) of a plane on the screen."""
    down, across = patient_axes(grid).displayed_axes(orientation)
    steps = grid.spacing.zrc_mm
    return (grid.shape[down] * steps[down], grid.shape[across] * steps[across])


def place_beside(grid: ImageGrid, other: ImageGrid) -> Placement:
    """Place a volume on the canvas of another one, in its plane of acquisition, so that equal patient positions meet.

    Parameters
    ----------
    grid
        To be placed.
    other
        Lies there already, by `upright_placement`.

    Raises
    ------
    PhaseError
        ``E_GEOMETRY`` when the two were acquired in different planes, are turned against each other by more than
        `MAX_TILT_BETWEEN_DEG`, or have no slice position in common.
    """
    mine, theirs = patient_axes(grid), patient_axes(other)
    cosines = np.sum(np.asarray(grid.axes_lps) * np.asarray(other.axes_lps), axis=1)
    if mine.along != theirs.along or np.abs(cosines).min() < np.cos(np.radians(MAX_TILT_BETWEEN_DEG)):
        raise PhaseError("their slices were acquired in different planes", code=ErrorCode.GEOMETRY)
    there = upright_placement(other, theirs.acquired)
    scale = np.sign(there.scale) * np.sign(cosines) * grid.spacing.zrc_mm
    centre_zrc = (np.asarray(grid.shape) - 1) / 2
    centre_world = np.asarray(there.to_world(tuple(other.to_zrc(grid.to_lps(centre_zrc)))))
    origin = centre_world - scale * centre_zrc
    placed = Placement(tuple(float(value) for value in origin), tuple(float(step) for step in scale))
    if not _slices_meet(placed, grid.shape[0], other):
        raise PhaseError("their slices have no position in common", code=ErrorCode.GEOMETRY)
    return placed


def _slices_meet(placed: Placement, n_slices: int, other: ImageGrid) -> bool:
    ends = sorted((placed.origin[0], placed.origin[0] + placed.scale[0] * (n_slices - 1)))
    return ends[0] <= (other.shape[0] - 1) * other.spacing.zrc_mm[0] and ends[1] >= 0.0


def laterality_at(grid: ImageGrid, point_zrc: Point) -> Laterality:
    """Tell the side of a place from its patient position alone.

    Both breasts lie in a field of view at least `BOTH_BREASTS_MM` wide: the scanner's zero parts them where it lies
    in the middle part of that field (`MIDDLE_SHARE`), else the middle of the field does. A narrower field holds one
    breast, and the scanner's zero tells which.

    Parameters
    ----------
    point_zrc
        Slice, row, column.
    """
    left_mm = float(grid.to_lps(point_zrc)[0])
    return Laterality.LEFT if left_mm > _midline_mm(grid) else Laterality.RIGHT


def _midline_mm(grid: ImageGrid) -> float:
    corners = itertools.product(*((-0.5, n - 0.5) for n in grid.shape))
    x_mm = grid.to_lps(list(corners))[:, 0]
    low, high = float(x_mm.min()), float(x_mm.max())
    zero_share = -low / (high - low)
    if high - low < BOTH_BREASTS_MM or MIDDLE_SHARE[0] <= zero_share <= MIDDLE_SHARE[1]:
        return 0.0
    return (low + high) / 2
