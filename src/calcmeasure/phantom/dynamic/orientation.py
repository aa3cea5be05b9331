"""How the planes of an examination lie in the patient."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Plane(StrEnum):
    """Orientation of the acquired slices."""

    AXIAL = "axial"
    """Slices run to the head, rows to posterior, columns to the left."""
    SAGITTAL = "sagittal"
    """Slices run to the right, rows to the feet, columns to posterior."""
    CORONAL = "coronal"
    """Slices run to posterior, rows to the feet, columns to the left."""


_DIRECTIONS = {
    Plane.AXIAL: ((0, 0, 1), (0, 1, 0), (1, 0, 0)),
    Plane.SAGITTAL: ((-1, 0, 0), (0, 0, -1), (0, 1, 0)),
    Plane.CORONAL: ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
}
"""Patient directions (left, posterior, head) of slice, row and column index; right-handed, see DICOM C.7.6.2.1.1."""


def plane_axes(plane: Plane, tilt_deg: tuple[float, float, float]) -> FloatArray:
    """(3, 3) rows are the unit vectors of slice, row and column index, tilted about the patient's x, y and z axis."""
    axes: FloatArray = (_rotation(tilt_deg) @ np.array(_DIRECTIONS[plane], dtype=float).T).T
    return axes


def patient_axes(axes_lps: FloatArray) -> tuple[int, int, int]:
    """Index axis that runs most nearly along the patient's x, y and z axis."""
    nearest = np.abs(axes_lps).argmax(axis=0)
    return int(nearest[0]), int(nearest[1]), int(nearest[2])


def _rotation(degrees: tuple[float, float, float]) -> FloatArray:
    a, b, c = np.deg2rad(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    rotation: FloatArray = about_z @ about_y @ about_x
    return rotation
