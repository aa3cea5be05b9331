"""Turning a volume on the screen: whatever way it was acquired, the patient lies the same way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel

from calcmeasure.errors import ErrorCode, PhaseError
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.terms import Laterality
from napari_calcmeasure.display.orientation import (
    Orientation,
    axis_order,
    displayed_size_mm,
    laterality_at,
    patient_axes,
    place_beside,
    upright_placement,
)

X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
AXIAL, SAGITTAL, CORONAL = (Z, Y, X), (X, (0.0, 0.0, -1.0), Y), (Y, (0.0, 0.0, -1.0), X)


def grid_of(axes=AXIAL, *, shape=(5, 6, 7), spacing=(3.0, 2.0, 1.0), origin=(0.0, 0.0, 0.0)):
    slice_mm, row_mm, col_mm = spacing
    return ImageGrid(shape, origin, axes, Spacing(row_mm, col_mm, SpacingSource.PATIENT, slice_mm=slice_mm))


EVERY_WAY = [
    tuple(tuple(sign * value for value in axis) for axis, sign in zip(order, signs, strict=True))
    for order in itertools.permutations((X, Y, Z))
    for signs in itertools.product((1.0, -1.0), repeat=3)
]
"""All 48 ways the axes of a volume can lie along those of the patient."""
SCREEN = [
    (Orientation.AXIAL, (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    (Orientation.SAGITTAL, (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    (Orientation.CORONAL, (0.0, 0.0, -1.0), (1.0, 0.0, 0.0)),
]
"""Patient direction (LPS) that runs down the screen, and the one that runs from left to right."""


@pytest.mark.parametrize("axes", EVERY_WAY)
@pytest.mark.parametrize(("orientation", "down_lps", "across_lps"), SCREEN)
def test_right_lies_left_anterior_up_or_left_and_the_head_up(axes, orientation, down_lps, across_lps):
    grid = grid_of(axes)
    place, order = upright_placement(grid, orientation), axis_order(grid, orientation)
    for axis, wanted in ((order[-2], down_lps), (order[-1], across_lps)):
        one_mm_on = [1.0 / place.scale[k] if k == axis else 0.0 for k in range(3)]
        moved_lps = grid.to_lps(one_mm_on) - grid.to_lps((0.0, 0.0, 0.0))
        assert moved_lps == pytest.approx(wanted)


@pytest.mark.parametrize("axes", [AXIAL, SAGITTAL, CORONAL])
@pytest.mark.parametrize(("orientation", "down_lps", "across_lps"), SCREEN)
def test_a_viewer_shows_it_so(axes, orientation, down_lps, across_lps):
    """The volume holds its own patient coordinates; what is displayed rises downwards and to the right as it should."""
    grid = grid_of(axes)
    places_lps = grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1)).astype(np.float32)
    place = upright_placement(grid, orientation)
    viewer = ViewerModel()
    layer = viewer.add_image(places_lps @ np.float32(down_lps), scale=place.scale, translate=place.origin)
    viewer.dims.order = axis_order(grid, orientation)
    down, across = viewer.dims.displayed
    for axis, wanted in ((down, down_lps), (across, across_lps)):
        layer.data = places_lps @ np.float32(wanted)
        low, high = list(viewer.dims.point), list(viewer.dims.point)
        low[axis], high[axis] = viewer.dims.range[axis].start, viewer.dims.range[axis].stop
        assert layer.get_value(high, world=True) > layer.get_value(low, world=True)


@pytest.mark.parametrize(
    ("axes", "acquired"),
    [(AXIAL, Orientation.AXIAL), (SAGITTAL, Orientation.SAGITTAL), (CORONAL, Orientation.CORONAL)],
)
def test_the_plane_of_acquisition(axes, acquired):
    found = patient_axes(grid_of(axes))
    assert found.acquired is acquired
    assert found.slider_axis(acquired) == 0
    assert found.tilt_deg == pytest.approx(0.0)


@settings(deadline=None)
@given(st.floats(-40.0, 40.0))
def test_an_oblique_stack_counts_as_its_nearest_plane(tilt_deg):
    c, s = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    found = patient_axes(grid_of(((0.0, -s, c), (0.0, c, s), X)))
    assert found.acquired is Orientation.AXIAL
    assert found.tilt_deg == pytest.approx(abs(tilt_deg), abs=1e-6)


@pytest.mark.parametrize("axes", EVERY_WAY)
@pytest.mark.parametrize("orientation", Orientation)
def test_the_slider_counts_slices_as_they_are_recorded(axes, orientation):
    grid = grid_of(axes)
    slider = patient_axes(grid).slider_axis(orientation)
    place = upright_placement(grid, orientation)
    assert (place.origin[slider], place.scale[slider]) == (0.0, grid.spacing.zrc_mm[slider])


@pytest.mark.parametrize("axes", EVERY_WAY)
@pytest.mark.parametrize("orientation", Orientation)
def test_a_volume_lies_between_zero_and_its_size(axes, orientation):
    grid = grid_of(axes)
    corners = itertools.product(*((0.0, n - 1.0) for n in grid.shape))
    world = np.array([upright_placement(grid, orientation).to_world(corner) for corner in corners])
    assert world.min(axis=0) == pytest.approx([0.0, 0.0, 0.0])
    assert world.max(axis=0) == pytest.approx([12.0, 10.0, 6.0])


def test_leading_axes_stay_in_front():
    assert axis_order(grid_of(), Orientation.SAGITTAL, leading=1) == (0, 3, 1, 2)


def test_size_on_the_screen_is_in_mm():
    assert displayed_size_mm(grid_of(), Orientation.CORONAL) == (15.0, 7.0)


# -- sides ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low_mm", "width_mm", "midline_mm"),
    [
        (-175.0, 350.0, 0.0),  # centred: middle and zero are one
        (-150.0, 350.0, 0.0),  # a little off: the scanner's zero
        (-20.0, 350.0, 155.0),  # zero at the edge tells nothing: the middle
        (20.0, 350.0, 195.0),  # zero outside
        (10.0, 170.0, 0.0),  # one breast, left of zero
        (-170.0, 170.0, 0.0),  # one breast, right of zero
        (-60.0, 170.0, 0.0),
    ],
)
def test_what_parts_right_from_left(low_mm, width_mm, midline_mm):
    columns = 100
    step_mm = width_mm / columns
    grid = grid_of(shape=(4, 4, columns), spacing=(1.0, 1.0, step_mm), origin=(low_mm + step_mm / 2, 0.0, 0.0))
    sides = [laterality_at(grid, (0.0, 0.0, float(column))) for column in range(columns)]
    x_mm = grid.to_lps([(0, 0, column) for column in range(columns)])[:, 0]
    assert sides == [Laterality.LEFT if x > midline_mm else Laterality.RIGHT for x in x_mm]


def test_the_side_follows_the_patient_not_the_matrix():
    mirrored = grid_of((Z, Y, (-1.0, 0.0, 0.0)), shape=(4, 4, 300), origin=(150.0, 0.0, 0.0))
    assert laterality_at(mirrored, (0.0, 0.0, 10.0)) is Laterality.LEFT
    assert laterality_at(mirrored, (0.0, 0.0, 290.0)) is Laterality.RIGHT


# -- two visits ----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    shift=st.tuples(*(st.floats(-4.0, 4.0) for _ in range(3))),
    backwards=st.tuples(*(st.booleans() for _ in range(3))),
)
def test_equal_patient_positions_meet(shift, backwards):
    now = grid_of(spacing=(3.0, 2.0, 1.0))
    axes = tuple(tuple(-v for v in axis) if back else axis for axis, back in zip(AXIAL, backwards, strict=True))
    shape, spacing = np.array((6, 8, 8)), np.array((2.5, 1.5, 0.8))
    origin = np.asarray(shift) + ((shape - 1) * spacing * backwards)[::-1]  # axes run along z, y, x
    before = grid_of(axes, shape=tuple(shape), spacing=tuple(spacing), origin=tuple(origin))
    place = place_beside(before, now)
    for point in ((0.0, 0.0, 0.0), (2.0, 3.0, 4.0)):
        there = upright_placement(now, Orientation.AXIAL).to_world(tuple(now.to_zrc(before.to_lps(point))))
        assert place.to_world(point) == pytest.approx(there)


@pytest.mark.parametrize(
    "other",
    [
        grid_of(SAGITTAL),
        grid_of(((0.0, -np.sin(0.4), np.cos(0.4)), (0.0, np.cos(0.4), np.sin(0.4)), X)),
        grid_of(origin=(0.0, 0.0, 90.0)),
    ],
    ids=["another plane", "turned by 23 degrees", "no slice in common"],
)
def test_volumes_that_cannot_be_compared_slice_by_slice_are_refused(other):
    with pytest.raises(PhaseError) as caught:
        place_beside(other, grid_of())
    assert caught.value.code == ErrorCode.GEOMETRY
