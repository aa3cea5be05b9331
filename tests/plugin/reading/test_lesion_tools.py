"""Seed and brush on the desk: what a click makes, what a stroke changes, what is refused; undo knows it all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.store.annotation_json import annotation_from_json, annotation_to_json
from calcmeasure.terms import Laterality, Method, Quantity
from napari_calcmeasure.reading.brush_tool import CUT_OFF, NOTHING_LEFT, NOTHING_TO_ERASE, TOO_LITTLE
from napari_calcmeasure.reading.draft_json import with_mask
from napari_calcmeasure.reading.lesion_field import NO_FIELD, OUTSIDE
from napari_calcmeasure.reading.lesion_tools import BRUSH_MM, BrushTool, SeedTool
from napari_calcmeasure.reading.pointer import Motion
from napari_calcmeasure.reading.seed_tool import CORRECTIONS_LOST, NO_SEED
from napari_calcmeasure.reading.tool import ToolName
from plugin.reading.examples import automatic, event, mammogram, numbered, open_desk
from plugin.reading.lesions import CENTRE, OTHER, dynamic, lesion_field

TARGET = dynamic()
FAT = (3.0, 8.0, 38.0)


@pytest.fixture(name="tools")
def tools_of_one_volume():
    field = lesion_field()
    ids = numbered()
    return {ToolName.SEED: SeedTool(lambda _: field, ids), ToolName.BRUSH: BrushTool(lambda _: field, ids)}


@pytest.fixture(name="desk")
def desk_with_both_tools(tools):
    desk = open_desk(tools=tools)
    desk.hold(ToolName.SEED)
    return desk


def press(desk, point, *, target=TARGET):
    desk.pointer(event(Motion.PRESS, target, point))
    desk.pointer(event(Motion.RELEASE, target, point))


def stroke(desk, *points, shift=False):
    desk.hold(ToolName.BRUSH)
    desk.pointer(event(Motion.PRESS, TARGET, points[0], shift=shift))
    for point in points[1:]:
        desk.pointer(event(Motion.DRAG, TARGET, point, shift=shift))
    desk.pointer(event(Motion.RELEASE, TARGET, points[-1], shift=shift))


def move_level(desk, tools, level):
    step = tools[ToolName.SEED].set_level(desk.reading, level)
    desk.take(step)
    return step


def size_mm(desk):
    return measure_annotation(desk.reading.selected_finding.annotation, patient_id="P1", reader="r").value_mm


def voxels(desk):
    mask = desk.reading.selected_finding.mask
    return {tuple(v) for v in (np.argwhere(mask.voxels) + mask.offset_zrc).tolist()}


def test_a_click_makes_a_lesion_with_everything_that_is_signed(desk):
    press(desk, CENTRE)
    finding = desk.reading.selected_finding
    annotation = finding.annotation
    assert size_mm(desk) == pytest.approx(16, abs=0.5)
    assert annotation.volume_mm3 == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.06)
    assert annotation.diameter_3d_mm == pytest.approx(16, abs=1.5)
    assert (annotation.method, annotation.quantity, annotation.flags) == (Method.MANUAL, Quantity.LESION_DIAMETER, ())
    assert (annotation.laterality, annotation.lesion_id) == (Laterality.RIGHT, "R-L1")
    assert annotation.image.sop_uid == f"mr.baseline.{annotation.image.frame}"
    assert {point[0] for point in annotation.points} == {float(annotation.image.frame)}
    assert (finding.mask.seed_zrc, finding.mask.level) == (CENTRE, 0.5)


def test_each_lesion_clicked_is_one_of_its_own_and_undo_takes_it_back(desk):
    press(desk, CENTRE)
    press(desk, OTHER)
    assert [f.annotation.lesion_id for f in desk.reading.findings] == ["R-L1", "L-L1"]
    assert desk.undo()
    assert [f.annotation.lesion_id for f in desk.reading.findings] == ["R-L1"]


def test_a_click_inside_the_selected_lesion_segments_it_anew(desk, tools):
    press(desk, CENTRE)
    move_level(desk, tools, 0.6)
    key = desk.reading.selected
    again = (9.0, 33.0, 24.0)
    press(desk, again)
    assert [f.key for f in desk.reading.findings] == [key]
    assert (desk.reading.selected_finding.mask.seed_zrc, desk.reading.selected_finding.mask.level) == (again, 0.6)


@pytest.mark.parametrize(
    ("point", "target", "sentence"),
    [
        pytest.param(FAT, TARGET, "[E_NOT_MEASURABLE]", id="fat"),
        pytest.param((30.0, 8.0, 8.0), TARGET, OUTSIDE, id="outside"),
        pytest.param((12.0, 20.0), mammogram(), NO_FIELD, id="mammogram"),
    ],
)
def test_what_is_no_lesion_changes_nothing_and_says_why(desk, point, target, sentence):
    press(desk, CENTRE)
    before = desk.reading
    desk.pointer(event(Motion.PRESS, target, point))
    assert desk.reading == before
    assert sentence in desk.message


def test_without_a_subtraction_both_tools_say_so():
    tools = {ToolName.SEED: SeedTool(lambda _: None), ToolName.BRUSH: BrushTool(lambda _: None)}
    for tool in tools:
        desk = open_desk(tools=tools)
        desk.hold(tool)
        press(desk, CENTRE)
        assert desk.message == NO_FIELD
        assert desk.reading.findings == ()


def test_the_threshold_moves_and_is_undone_step_by_step(desk, tools):
    press(desk, CENTRE)
    sizes = [size_mm(desk)]
    for level in (0.6, 0.7, 5.0):
        assert move_level(desk, tools, level).message == ""
        sizes.append(size_mm(desk))
    assert sizes == sorted(sizes, reverse=True)
    assert desk.reading.selected_finding.mask.level == 0.8
    for size in sizes[-2::-1]:
        desk.undo()
        assert size_mm(desk) == size


def test_a_moving_slider_is_not_a_step(desk, tools):
    press(desk, CENTRE)
    step = tools[ToolName.SEED].set_level(desk.reading, 0.6, is_done=False)
    assert not step.is_done
    assert step.reading != desk.reading


@pytest.mark.parametrize("annotation", [None, automatic(TARGET, [(9, 25, 20), (9, 25, 30), (9, 35, 25)])])
def test_only_a_clicked_lesion_has_a_threshold(tools, annotation):
    desk = open_desk(*([annotation] if annotation else []), tools=tools)
    desk.select(annotation.annotation_id if annotation else "")
    step = tools[ToolName.SEED].set_level(desk.reading, 0.4)
    assert (step.reading, step.message, step.is_done) == (desk.reading, NO_SEED, False)


def test_a_stroke_adds_what_it_passes_over_and_undo_takes_it_back(desk):
    press(desk, CENTRE)
    before, size = voxels(desk), size_mm(desk)
    stroke(desk, (9.0, 38.0, 22.0), (9.0, 46.0, 22.0))
    assert voxels(desk) > before
    assert size_mm(desk) == pytest.approx(8 + 16.5 + 1.5, abs=1.2)
    assert desk.reading.selected_finding.annotation.method is Method.MANUAL
    assert len(desk.reading.findings) == 1
    desk.undo()
    assert (voxels(desk), size_mm(desk)) == (before, size)


def row(finding):
    """Of the table, as the finding would be signed and read back."""
    stored = annotation_from_json(annotation_to_json(with_mask(finding)), study_date="2024-01-10", place="")
    return measure_annotation(stored, patient_id="P1", reader="r")


def test_a_row_tells_the_uptake_of_the_mask_that_was_clicked_and_of_the_one_that_was_painted(desk):
    press(desk, CENTRE)
    clicked, before = row(desk.reading.selected_finding), len(voxels(desk))
    stroke(desk, (9.0, 38.0, 22.0), (9.0, 46.0, 22.0))
    painted = row(desk.reading.selected_finding)
    assert (clicked.early_percent, painted.early_percent) == (before, len(voxels(desk)))
    assert clicked.mask_sha256 != painted.mask_sha256
    desk.undo()
    assert row(desk.reading.selected_finding).early_percent == before


def test_figures_of_another_mask_or_of_none_are_left_out(desk):
    press(desk, CENTRE)
    finding = desk.reading.selected_finding
    smaller = replace(finding.mask, voxels=np.roll(finding.mask.voxels, 1, axis=2))
    for changed in (replace(finding, mask=smaller), replace(finding, mask=None)):
        assert row(changed).early_percent is None
        assert row(changed).value_mm == row(finding).value_mm


def test_a_stroke_is_seen_while_it_moves_and_escape_puts_everything_back(desk):
    press(desk, CENTRE)
    before = desk.reading
    desk.hold(ToolName.BRUSH)
    sizes = []
    desk.pointer(event(Motion.PRESS, TARGET, (9.0, 38.0, 22.0)))
    for row in (41.0, 45.0, 49.0):
        desk.pointer(event(Motion.DRAG, TARGET, (9.0, row, 22.0)))
        sizes.append(size_mm(desk))
    assert sizes == sorted(set(sizes))
    desk.cancel()
    assert desk.reading == before
    assert not desk.pointer(event(Motion.DRAG, TARGET, CENTRE))


def test_an_automatic_finding_that_is_brushed_is_an_edited_one(tools):
    angles = np.linspace(0, 2 * np.pi, 40)
    ring = [(9.0, 30 + 8 * np.cos(a), 22 + 6.4 * np.sin(a)) for a in angles]
    found = automatic(TARGET, ring, lesion_id="R-L1", confidence=0.9, volume_mm3=2000.0)
    desk = open_desk(replace(found, laterality=Laterality.RIGHT), tools=tools)
    desk.select(found.annotation_id)
    stroke(desk, (9.0, 38.0, 22.0), (9.0, 42.0, 22.0))
    annotation = desk.reading.selected_finding.annotation
    assert (annotation.method, annotation.annotation_id) == (Method.EDITED, found.annotation_id)
    assert (annotation.confidence, annotation.volume_mm3) == (None, None)
    assert size_mm(desk) == pytest.approx(8 + 12 + 2, abs=1.0)


def test_painting_on_nothing_makes_a_new_lesion(desk, tools):
    tools[ToolName.BRUSH].radius_mm = 5.0
    stroke(desk, OTHER, (9.0, 30.0, 55.0))
    finding = desk.reading.selected_finding
    assert (finding.annotation.method, finding.annotation.lesion_id) == (Method.MANUAL, "L-L1")
    assert finding.mask.seed_zrc is None
    assert size_mm(desk) == pytest.approx(2 * 5 + 1.25, abs=1.0)
    desk.undo()
    assert desk.reading.findings == ()


def test_the_lesion_under_the_brush_is_painted_when_none_is_selected(desk):
    press(desk, CENTRE)
    key = desk.reading.selected
    desk.select("")
    stroke(desk, CENTRE, (9.0, 44.0, 22.0))
    assert [f.key for f in desk.reading.findings] == [key]


def test_each_lesion_painted_keeps_its_own_edge(desk):
    press(desk, CENTRE)
    first = desk.reading.selected
    press(desk, OTHER)
    stroke(desk, (9.0, 30.0, 58.0), (9.0, 30.0, 59.0))
    desk.select(first)
    stroke(desk, (9.0, 36.0, 22.0), (9.0, 39.0, 22.0))
    assert {point[2] < 36 for point in desk.reading.selected_finding.annotation.points} == {True}
    assert size_mm(desk) == pytest.approx(8 + 9 + 2, abs=1.0)


def test_erasing_everything_is_refused_and_names_the_way_to_say_0_mm(desk, tools):
    press(desk, OTHER)
    for z in range(4, 15):
        if z != 9:
            tools[ToolName.BRUSH].radius_mm = 10.0
            stroke(desk, (float(z), 30.0, 54.0), shift=True)
    before = voxels(desk)
    stroke(desk, OTHER, shift=True)
    assert desk.message == NOTHING_LEFT
    assert voxels(desk) == before


def test_what_the_eraser_cuts_off_goes_with_it(desk, tools):
    tools[ToolName.BRUSH].radius_mm = 3.0
    stroke(desk, (9.0, 30.0, 20.0), (9.0, 30.0, 50.0))
    stroke(desk, (9.0, 20.0, 28.0), (9.0, 40.0, 28.0), shift=True)
    assert desk.message == CUT_OFF
    assert min(c for _, _, c in voxels(desk)) > 28


def test_nothing_to_erase_and_too_little_to_outline_are_said(desk, tools):
    stroke(desk, FAT, shift=True)
    assert (desk.message, desk.reading.findings) == (NOTHING_TO_ERASE, ())
    tools[ToolName.BRUSH].radius_mm = 0.5
    stroke(desk, FAT)
    assert (desk.message, desk.reading.findings) == (TOO_LITTLE, ())
    assert not desk.undo()


def test_the_threshold_makes_brushed_voxels_anew_and_undo_brings_them_back(desk, tools):
    press(desk, CENTRE)
    stroke(desk, (9.0, 38.0, 22.0), (9.0, 46.0, 22.0))
    brushed = voxels(desk)
    assert move_level(desk, tools, 0.55).message == CORRECTIONS_LOST
    assert voxels(desk) < brushed
    assert move_level(desk, tools, 0.6).message == ""
    desk.undo()
    desk.undo()
    assert voxels(desk) == brushed


def test_a_slider_says_at_its_end_what_it_replaced_on_its_way(desk, tools):
    press(desk, CENTRE)
    stroke(desk, (9.0, 38.0, 22.0), (9.0, 46.0, 22.0))
    reading, messages = desk.reading, []
    for level, is_done in ((0.52, False), (0.55, False), (0.6, True), (0.65, True)):
        step = tools[ToolName.SEED].set_level(reading, level, is_done=is_done)
        reading = step.reading
        messages.append(step.message)
    assert messages == [CORRECTIONS_LOST] * 3 + [""]


@pytest.mark.parametrize(("wanted", "given"), [(0.1, BRUSH_MM[0]), (3.0, 3.0), (99.0, BRUSH_MM[1])])
def test_the_radius_of_the_brush_stays_in_its_range(tools, wanted, given):
    tools[ToolName.BRUSH].radius_mm = wanted
    assert tools[ToolName.BRUSH].radius_mm == given
