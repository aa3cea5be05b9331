"""A dynamic series on the canvas: cells, planes, phases, targets, both visits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.pipeline.dynamic import read_dynamic
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import Modality, Quantity
from napari_calcmeasure.cases import list_cases
from napari_calcmeasure.display.dynamic import AS_ACQUIRED, COMPARED, DYNAMIC_PROTOCOLS, hang_dynamic
from napari_calcmeasure.display.volumes import DynamicVolumes
from napari_calcmeasure.reading.finding import PatientReading

AXIAL, SAGITTAL, CORONAL = "DCE axial", "DCE sagittal", "DCE coronal"


@pytest.fixture(scope="module")
def item(index):
    return next(item for case in list_cases(index) for item in case.items if item.series is not None)


@pytest.fixture(scope="module")
def cache(item):
    volumes = DynamicVolumes()
    volumes.load(item.series)
    return volumes


def changed(item, **changes):
    return replace(item, series=replace(item.series, **changes))


def on_viewer(hanging):
    viewer = ViewerModel()
    layers = [viewer.add_layer(Layer.create(*panel.image)) for panel in hanging.panels]
    viewer.dims.order = hanging.axis_order
    for axis, step in hanging.first_step:
        viewer.dims.set_current_step(axis, step)
    return viewer, layers


# -- pictures ------------------------------------------------------------------------------------------------------


def test_phases_subtraction_and_projection_hang_in_a_cell_each(item, cache):
    hanging = hang_dynamic(item, cache=cache)
    phases = cache.load(item.series)
    assert [panel.key.rpartition("/")[2] for panel in hanging.panels] == ["phases", "subtraction", "projection"]
    assert len({panel.cell for panel in hanging.panels}) == 3
    assert all(row < hanging.grid[0] and column < hanging.grid[1] for row, column in (p.cell for p in hanging.panels))
    data = [panel.image[0] for panel in hanging.panels]
    assert data[0] is phases
    np.testing.assert_array_equal(data[1], phases[1] - phases[0])
    np.testing.assert_array_equal(data[2][2], data[1].max(axis=0))
    assert hanging.problems == ()


def test_first_is_the_early_phase_where_the_breast_enhances(item, cache):
    hanging = hang_dynamic(item, cache=cache)
    viewer, (phases, *_) = on_viewer(hanging)
    index = tuple(np.rint(phases.world_to_data(viewer.dims.point)).astype(int))
    assert index[0] == 1
    assert index[1] in (1, 2)
    assert hanging.first_step[0] == (0, 1)


@pytest.mark.parametrize("protocol", [AS_ACQUIRED, AXIAL, SAGITTAL, CORONAL])
def test_a_place_on_the_canvas_is_the_voxel_the_viewer_shows(item, cache, protocol):
    """What a click means (placement) and what is seen there (layer) are one thing, in every plane and in all cells."""
    hanging = hang_dynamic(item, cache=cache, protocol=protocol)
    viewer, layers = on_viewer(hanging)
    world = list(viewer.dims.point)
    for panel, layer in zip(hanging.panels, layers, strict=True):
        voxel = tuple(np.rint(panel.placement.to_pixel(tuple(world))).astype(int))
        phase = (1,) if panel.image[0].ndim == 4 else ()
        assert layer.get_value(world, world=True) == panel.image[0][(*phase, *voxel)]
        assert panel.contains(tuple(world))


@pytest.mark.parametrize(
    ("protocol", "axes"),
    [(AXIAL, (0, 1, 2, 3)), (SAGITTAL, (0, 3, 1, 2)), (CORONAL, (0, 2, 1, 3))],
)
def test_a_plane_is_an_order_of_axes(item, cache, protocol, axes):
    assert hang_dynamic(item, cache=cache, protocol=protocol).axis_order == axes


@pytest.mark.parametrize("protocol", [SAGITTAL, CORONAL])
def test_the_projection_is_along_the_line_of_sight(item, cache, protocol):
    hanging = hang_dynamic(item, cache=cache, protocol=protocol)
    projection = hanging.panels[2].image[0]
    assert projection.strides[hanging.axis_order[1] - 1] == 0


@pytest.mark.parametrize(
    ("spacing", "grid"),
    [((8.0, 4.0, 3.6), (2, 2)), ((8.0, 1.0, 4.0), (3, 1)), ((8.0, 8.0, 1.0), (1, 3))],
    ids=["square", "wide", "tall"],
)
def test_cells_suit_the_shape_of_the_picture(item, cache, spacing, grid):
    slice_mm, row_mm, col_mm = spacing
    stretched = Spacing(row_mm, col_mm, SpacingSource.PATIENT, slice_mm=slice_mm)
    other = changed(item, grid=replace(item.series.grid, spacing=stretched))
    assert hang_dynamic(other, cache=cache).grid == grid


def test_layers_hold_no_patient_data_and_are_in_mm(item, cache):
    for panel in hang_dynamic(item, cache=cache).panels:
        _, keywords, kind = panel.image
        assert kind == "image"
        assert keywords["units"][-3:] == ("mm", "mm", "mm")
        assert "SECRET" not in str(keywords)
        assert keywords["contrast_limits"] == panel.presets[0].limits


# -- what is drawn on ----------------------------------------------------------------------------------------------


def test_a_target_is_what_the_automatic_run_writes(item, cache):
    (study,) = item.studies
    (found, *_) = read_dynamic([study], RunSettings()).lesions
    auto = found.annotation
    target = hang_dynamic(item, cache=cache).panels[1].target
    assert (target.modality, target.quantity) == (Modality.MR, Quantity.LESION_DIAMETER)
    assert (target.timepoint, target.study_date) == (auto.timepoint, auto.study_date)
    assert target.phase == auto.phase
    assert set(target.flags) <= set(auto.flags)
    assert target.image_at((float(auto.image.frame), 0.0, 0.0)) == auto.image
    assert target.shows(auto)


def test_findings_are_drawn_in_the_plane_of_acquisition_only(item, cache):
    for protocol in (AS_ACQUIRED, AXIAL):
        targets = [panel.target is not None for panel in hang_dynamic(item, cache=cache, protocol=protocol).panels]
        assert targets == [True, True, False]
    for protocol in (SAGITTAL, CORONAL):
        panels = hang_dynamic(item, cache=cache, protocol=protocol).panels
        assert [panel.target for panel in panels] == [None, None, None]
        assert any("drawn in the axial plane" in fact for fact in panels[0].facts)


def test_the_early_phase_is_said_with_time_and_reason(item, cache):
    (fact, *_) = hang_dynamic(item, cache=cache).panels[0].facts
    assert fact == (
        "Early phase 1: 85 s after injection, chosen by rule k-space-centre-90s because phase 1 has its k-space centre "
        "85.0 s after injection, nearest to 90 s."
    )


def test_a_reader_overrides_the_phase(item, cache):
    reading = PatientReading("P", "mk", phase_choices={item.series.series_uids[-1]: 3})
    hanging = hang_dynamic(item, cache=cache, reading=reading)
    phases = cache.load(item.series)
    target = hanging.panels[0].target
    assert (target.phase.index, target.phase.rule) == (3, "reader")
    assert target.slice_uids == tuple(frame.sop_uid for frame in item.series.phases[3].frames)
    assert hanging.first_step[0] == (0, 3)
    np.testing.assert_array_equal(hanging.panels[1].image[0], phases[3] - phases[0])
    assert "chosen by the reader; rule k-space-centre-90s takes phase 1" in hanging.panels[0].facts[0]


def test_without_an_early_phase_the_phases_still_hang(item, cache):
    unsorted = changed(item, first_post_contrast=None)
    hanging = hang_dynamic(unsorted, cache=cache)
    assert [panel.target for panel in hanging.panels] == [None]
    assert hanging.grid == (1, 1)
    assert "[E_NO_EARLY_PHASE]" in hanging.problems[0]


def test_a_series_that_cannot_be_shown_says_why(item):
    hanging = hang_dynamic(changed(item, grid=None, sort_reason="slices are missing"), cache=DynamicVolumes())
    assert hanging.panels == ()
    assert hanging.problems == ("Dynamic MR cannot be shown: slices are missing [E_GEOMETRY]",)


# -- two visits ----------------------------------------------------------------------------------------------------


def visit_after(item, *, slices):
    """The same images of a later visit, at which the patient lay so many slices of 8 mm further on."""
    grid = item.series.grid
    moved = np.asarray(grid.origin_lps) + slices * np.asarray(grid.axes_lps[0]) * 8.0
    other = changed(item, series_uids=("later",), grid=replace(grid, origin_lps=tuple(float(v) for v in moved)))
    return replace(other, key="P1/followup-1/MR/0", timepoint="followup-1")


@pytest.mark.parametrize("slices", [2, -2])
def test_both_visits_lie_side_by_side_at_one_position(item, cache, slices):
    later = visit_after(item, slices=slices)
    hanging = hang_dynamic(later, cache=cache, protocol=COMPARED, prior=item)
    current, prior = hanging.panels
    assert (hanging.protocol, hanging.grid, hanging.problems) == (COMPARED, (1, 2), ())
    assert (current.is_prior, prior.is_prior) == (False, True)
    assert (current.cell, prior.cell) == ((0, 0), (0, 1)), "as in the comparison of mammograms"
    assert (current.target.timepoint, prior.target.timepoint) == ("followup-1", "baseline")
    viewer, _ = on_viewer(hanging)
    seen = [panel.placement.to_pixel(tuple(viewer.dims.point))[0] for panel in (prior, current)]
    assert seen[0] - seen[1] == pytest.approx(slices)
    assert seen[1] == pytest.approx(1.5, abs=0.51)


def test_without_an_earlier_visit_the_current_one_hangs_alone(item, cache):
    hanging = hang_dynamic(item, cache=cache, protocol=COMPARED)
    assert hanging.protocol == AS_ACQUIRED
    assert len(hanging.panels) == 3
    assert "[E_NO_BASELINE]" in hanging.problems[0]


def test_visits_in_different_planes_are_not_forced_together(item, cache):
    later = visit_after(item, slices=0)
    axes = item.series.grid.axes_lps
    turned = replace(later.series.grid, axes_lps=(axes[2], axes[1], axes[0]))
    hanging = hang_dynamic(changed(later, grid=turned), cache=cache, protocol=COMPARED, prior=item)
    assert hanging.protocol == AS_ACQUIRED
    assert "different planes [E_GEOMETRY]" in hanging.problems[0]


def test_names_of_hangings_are_offered_with_the_acquired_plane_first():
    assert DYNAMIC_PROTOCOLS == (AS_ACQUIRED, AXIAL, SAGITTAL, CORONAL, COMPARED)
