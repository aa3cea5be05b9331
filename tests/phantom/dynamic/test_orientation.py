"""Planes: right-handed axes, the breast in every picture, one breast alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.phantom.dynamic.anatomy import FieldOfView
from calcmeasure.phantom.dynamic.examination import DceSpec, make_grid
from calcmeasure.phantom.dynamic.orientation import Plane, patient_axes, plane_axes
from calcmeasure.terms import Laterality

NO_TILT = (0.0, 0.0, 0.0)


@pytest.mark.parametrize("plane", list(Plane))
def test_axes_are_right_handed(plane):
    """The slice direction is that of the cross product of Image Orientation (DICOM C.7.6.2.1.1)."""
    slices, rows, columns = plane_axes(plane, (3.0, -2.0, 5.0))
    np.testing.assert_allclose(np.cross(columns, rows), slices, atol=1e-12)


@pytest.mark.parametrize(
    ("plane", "axes"), [(Plane.AXIAL, (2, 1, 0)), (Plane.SAGITTAL, (0, 2, 1)), (Plane.CORONAL, (2, 0, 1))]
)
def test_every_patient_axis_has_its_index_axis(plane, axes):
    assert patient_axes(plane_axes(plane, (4.0, 4.0, -4.0))) == axes


@pytest.mark.parametrize("plane", list(Plane))
def test_the_field_of_view_is_the_same_box_in_every_plane(plane):
    extent_xyz = np.array([200.0, 120.0, 90.0])
    order = [int(np.abs(axis).argmax()) for axis in plane_axes(plane, NO_TILT)]
    spec = DceSpec(
        shape=(20, 30, 40), spacing_zrc_mm=tuple(extent_xyz[order] / (20, 30, 40)), tilt_deg=NO_TILT, plane=plane
    )
    np.testing.assert_allclose(FieldOfView.of(make_grid(spec)).half_mm, extent_xyz / 2)


@pytest.mark.parametrize(("x_mm", "side"), [(60.0, Laterality.LEFT), (-60.0, Laterality.RIGHT)])
def test_one_breast_lies_in_the_middle_of_its_picture(x_mm, side):
    spec = DceSpec(
        shape=(40, 30, 40),
        spacing_zrc_mm=(3.0, 3.0, 3.0),
        tilt_deg=NO_TILT,
        plane=Plane.SAGITTAL,
        centre_lps=(x_mm, 0, 0),
    )
    grid = make_grid(replace(spec))
    point = FieldOfView.of(grid).breast_point_lps(side, (0.0, 0.5, 0.0))
    assert grid.to_zrc(point)[0] == pytest.approx(19.5)
