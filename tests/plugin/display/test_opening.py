"""The slice a volume opens at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from napari_calcmeasure.cases import list_cases
from napari_calcmeasure.display.dynamic import hang_dynamic
from napari_calcmeasure.display.opening import enhancing_voxel, opening_voxel, turned_to
from napari_calcmeasure.display.volumes import DynamicVolumes
from napari_calcmeasure.reading.finding import Finding, PatientReading
from plugin.reading.examples import automatic, volume

SHAPE = (12, 40, 60)
AXES = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
GRID = ImageGrid(SHAPE, (-147.5, 0.0, 0.0), AXES, Spacing(5.0, 5.0, SpacingSource.PATIENT, slice_mm=5.0))
"""Rows run from front to back, columns from the patient's right to left; the middle is column 29.5."""
FROM_BEHIND = replace(GRID, axes_lps=(AXES[0], (0.0, -1.0, 0.0), AXES[2]))


def enhancing_at(*places, signal=100.0):
    difference = np.zeros(SHAPE, np.float32)
    for z, row, column in places:
        difference[z - 1 : z + 2, row - 1 : row + 2, column - 1 : column + 2] = signal
    return difference


def test_the_side_that_enhances_more_wins():
    difference = enhancing_at((4, 8, 45), (6, 9, 46)) + enhancing_at((9, 8, 10), signal=60.0)
    assert enhancing_voxel(difference, GRID) == pytest.approx((5, 8, 45), abs=1)


@pytest.mark.parametrize(("grid", "row"), [(GRID, 8), (FROM_BEHIND, 31)], ids=["front first", "back first"])
def test_the_heart_does_not_count(grid, row):
    heart = enhancing_at((6, 39 - row, 40), signal=900.0)
    assert enhancing_voxel(enhancing_at((3, row, 12)) + heart, grid) == pytest.approx((3, row, 12), abs=1)


def test_where_nothing_enhances_it_is_the_middle(dynamic):
    middle = opening_voxel(dynamic, GRID, subtraction=np.zeros(SHAPE, np.float32), reading=None)
    assert middle == (5.5, 19.5, 29.5)
    assert opening_voxel(dynamic, GRID, subtraction=None, reading=None) == middle


@pytest.mark.parametrize(
    ("protocol", "axis"), [("DCE as acquired", -3), ("DCE axial", -3), ("DCE coronal", -2), ("DCE sagittal", -1)]
)
def test_the_slider_is_turned_to_what_was_measured_in_every_plane(index, protocol, axis):
    item = next(item for case in list_cases(index) for item in case.items if item.series is not None)
    hanging = hang_dynamic(item, cache=DynamicVolumes(), protocol=protocol)
    annotation = automatic(volume(), [(2.0, 10.0, 8.0), (2.0, 20.0, 12.0)])
    drawn = replace(annotation, image=replace(annotation.image, series_uid=item.series.series_uids[-1]))
    viewer = ViewerModel()
    for panel in hanging.panels:
        viewer.add_layer(Layer.create(*panel.image))
    viewer.dims.order = hanging.axis_order
    viewer.dims.set_point(*turned_to(hanging, drawn))
    shown = hanging.panels[0].placement.to_pixel(tuple(viewer.dims.point))
    assert shown[axis] == pytest.approx((2.0, 15.0, 10.0)[axis])
    assert turned_to(hanging, annotation) is None, "of another examination"
    assert turned_to(hanging, replace(drawn, points=())) is None


def test_a_finding_comes_first_and_the_selected_one_before_all(dynamic):
    def drawn(key, at_slice, series_uid=dynamic.series_uids[0]):
        annotation = automatic(volume(), [(at_slice, 10, 10), (at_slice, 14, 20)])
        image = replace(annotation.image, series_uid=series_uid)
        return Finding(replace(annotation, annotation_id=key, image=image))

    def opened(*findings, selected=""):
        reading = PatientReading("P", "mk", findings, selected=selected)
        return opening_voxel(dynamic, GRID, subtraction=enhancing_at((4, 8, 45)), reading=reading)

    one, two, elsewhere = drawn("one", 2), drawn("two", 9), drawn("other", 1, "1.2.3")
    assert opened(one, two) == (2, 12, 15)
    assert opened(one, two, selected="two") == (9, 12, 15)
    assert opened(elsewhere, selected="other") == pytest.approx((4, 8, 45), abs=1)
