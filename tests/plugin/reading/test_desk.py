"""The desk: hand, undo, selection, statements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.geometry import line_length_mm
from calcmeasure.terms import (
    Distribution,
    Flag,
    GeometryKind,
    Laterality,
    LesionRelation,
    LesionType,
    Method,
    Morphology,
    View,
)
from napari_calcmeasure.reading import desk as desk_module
from napari_calcmeasure.reading.desk import Desk
from napari_calcmeasure.reading.drafting import target_of
from napari_calcmeasure.reading.finding import Finding, FindingState, LesionMask, PatientReading, Unfinished
from napari_calcmeasure.reading.live_numbers import measure_finding
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import Step, ToolName
from plugin.reading.examples import (
    COLUMNS,
    PROJECTION_SPACING,
    ROWS,
    VOLUME_SPACING,
    automatic,
    click,
    drag,
    event,
    mammogram,
    only_finding,
    open_desk,
    volume,
)

CC, MLO, OTHER_SIDE = mammogram(), mammogram(view=View.MLO), mammogram(side=Laterality.LEFT)
FOLLOWUP = mammogram(timepoint="followup-1")
MR = volume()
MARKS = automatic(CC, [(50, 50), (60, 90), (80, 70)], mark_diameters_mm=(0.3, 0.4, 0.5), confidence=0.9)
OUTLINE = automatic(
    MR,
    [(7.0, 50.0, 50.0), (7.0, 50.0, 90.0), (7.0, 90.0, 70.0)],
    lesion_id="R-L1",
    volume_mm3=500.0,
    diameter_3d_mm=20.0,
    flags=("slice_gap", "low_confidence"),
)
DRAWING_TOOLS = (ToolName.NAVIGATE, ToolName.CALIPER, ToolName.OUTLINE, ToolName.MARKS)


# -- undo


@st.composite
def actions(draw):
    """One thing a reader does: an event on one of three images, or a key."""
    kind = draw(st.sampled_from(("event",) * 8 + ("tool", "finish", "cancel", "delete", "next", "nothing", "describe")))
    if kind == "tool":
        return kind, draw(st.sampled_from(DRAWING_TOOLS))
    if kind != "event":
        return kind, None
    target = draw(st.sampled_from((CC, MLO, MR)))
    # Few places, so that events meet what was drawn before.
    row, column = (
        draw(st.sampled_from((50.0, 51.0, 60.0, 90.0, 500.0))),
        draw(st.sampled_from((-9.0, 50.0, 70.0, 90.0))),
    )
    point = (draw(st.sampled_from((7.0, 8.4))), row, column) if target.is_volume else (row, column)
    return kind, event(draw(st.sampled_from(list(Motion))), target, point, shift=draw(st.booleans()))


def act(desk: Desk, action) -> None:
    kind, what = action
    keys = {
        "event": lambda: desk.pointer(what),
        "tool": lambda: desk.hold(what),
        "finish": desk.finish,
        "cancel": desk.cancel,
        "delete": desk.delete_selected,
        "next": desk.select_next,
        "nothing": lambda: desk.nothing_left(CC),
        "describe": lambda: desk.describe(morphology=Morphology.AMORPHOUS),
    }
    keys[kind]()


def content(reading: PatientReading) -> PatientReading:
    return replace(reading, selected="")


@settings(deadline=None, max_examples=200)
@given(st.lists(actions(), max_size=60))
def test_undo_leads_back_to_the_start_and_redo_to_the_end(done):
    desk = open_desk(MARKS, OUTLINE)
    start = desk.reading
    for action in done:
        act(desk, action)
    end = desk.reading
    while desk.undo():
        pass
    assert content(desk.reading) == content(start)
    while desk.redo():
        pass
    assert content(desk.reading) == content(end)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(DRAWING_TOOLS), st.lists(actions(), max_size=60))
def test_tools_change_only_the_image_under_the_hand(tool, done):
    desk = open_desk(MARKS, OUTLINE, automatic(OTHER_SIDE, [(50, 50), (60, 90)], lesion_id="L-C1"))
    untouched = desk.reading.findings[2]
    desk.hold(tool)
    for kind, what in done:
        before = desk.reading
        if kind != "event":
            continue
        desk.pointer(what)
        elsewhere = [f for f in before.findings if not what.target.shows(f.annotation)]
        assert [f for f in desk.reading.findings if not what.target.shows(f.annotation)] == elsewhere
    assert untouched in desk.reading.findings


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(DRAWING_TOOLS), st.lists(actions(), max_size=60))
def test_whatever_is_drawn_can_be_measured(tool, done):
    desk = open_desk(MARKS, OUTLINE)
    desk.hold(tool)
    for action in done:
        act(desk, action)
        for finding in desk.reading.findings:
            assert measure_finding(finding, desk.reading).value_mm is not None
            assert all(
                -0.5 <= p[-2] <= ROWS - 0.5 and -0.5 <= p[-1] <= COLUMNS - 0.5 for p in finding.annotation.points
            )
            assert len({p[0] for p in finding.annotation.points if len(p) == 3}) <= 1
            assert len(finding.annotation.mark_diameters_mm) in (0, len(finding.annotation.points))


def test_undo_while_something_is_dragged_keeps_it_for_redo():
    desk = open_desk()
    desk.hold(ToolName.CALIPER)
    desk.pointer(event(Motion.PRESS, CC, (10.0, 10.0)))
    desk.pointer(event(Motion.DRAG, CC, (10.0, 60.0)))
    dragged = desk.reading
    assert desk.undo()
    assert desk.reading.findings == ()
    assert not desk.pointer(event(Motion.DRAG, CC, (10.0, 90.0)))
    assert desk.redo()
    assert desk.reading == dragged


def test_undo_and_redo_without_steps():
    desk = open_desk()
    assert not desk.undo()
    assert not desk.redo()


def test_undo_takes_back_one_vertex_and_takes_up_its_tool():
    desk = open_desk()
    desk.hold(ToolName.OUTLINE)
    click(desk, CC, (10.0, 10.0), (10.0, 50.0), (60.0, 50.0))
    desk.undo()
    assert desk.reading.unfinished.points == ((10.0, 10.0), (10.0, 50.0))
    desk.hold(ToolName.CALIPER)
    assert desk.reading.unfinished is None
    desk.undo()
    assert desk.tool is ToolName.OUTLINE
    assert desk.reading.unfinished.points == ((10.0, 10.0), (10.0, 50.0))


# -- millimetres


places = st.tuples(st.floats(0, ROWS - 1), st.floats(0, COLUMNS - 1))


@settings(deadline=None)
@given(places, places, st.sampled_from((CC, MR)))
def test_a_line_is_as_long_as_the_core_says(start, end, target):
    if np.hypot(*np.subtract(start, end)) < 3:
        return
    desk = open_desk()
    desk.hold(ToolName.CALIPER)
    drag(desk, target, *((5.3, *p) if target.is_volume else p for p in (start, end)))
    spacing = VOLUME_SPACING if target.is_volume else PROJECTION_SPACING
    measured = measure_finding(only_finding(desk), desk.reading)
    assert measured.value_mm == pytest.approx(line_length_mm([start, end], spacing), abs=1e-9)
    assert (measured.patient_id, measured.reader, measured.method) == ("SECRET-1", "anna", Method.MANUAL)


def test_a_line_without_spacing_has_ends_and_no_length():
    bare = replace(CC, image=replace(CC.image, spacing=None))
    desk = open_desk()
    desk.hold(ToolName.CALIPER)
    drag(desk, bare, (10.0, 10.0), (10.0, 60.0))
    assert measure_finding(only_finding(desk), desk.reading).value_mm is None
    assert only_finding(desk).annotation.points == ((10.0, 10.0), (10.0, 60.0))


# -- what is kept, and when


def test_every_click_is_kept():
    kept = []
    desk = open_desk(on_kept=kept.append)
    desk.hold(ToolName.OUTLINE)
    for number, point in enumerate([(10.0, 10.0), (10.0, 50.0), (60.0, 50.0)], start=1):
        desk.pointer(event(Motion.PRESS, CC, point))
        assert len(kept[-1].unfinished.points) == number
        desk.pointer(event(Motion.RELEASE, CC, point))
    desk.finish()
    assert kept[-1] == desk.reading
    assert len(kept[-1].findings) == 1


def test_an_unfinished_outline_is_kept_before_another_tool_puts_it_away():
    kept = []
    desk = open_desk(on_kept=kept.append)
    desk.hold(ToolName.OUTLINE)
    click(desk, CC, (10.0, 10.0), (10.0, 50.0))
    kept.clear()
    desk.hold(ToolName.NAVIGATE)
    assert desk.reading.unfinished is not None
    desk.hold(ToolName.MARKS)
    assert kept[0].unfinished is not None
    assert desk.reading.unfinished is None
    assert "Undo" in desk.message


def test_hovering_and_unknown_tools_change_nothing():
    desk = open_desk(MARKS)
    before = desk.reading
    for tool in ToolName:
        desk.hold(tool)
        assert not desk.pointer(event(Motion.HOVER, CC, (50.0, 50.0)))
    assert desk.reading == before
    assert desk.tool is ToolName.MARKS
    assert desk.message


def test_a_restored_drawing_takes_up_its_tool():
    unfinished = Unfinished("outline", CC, ((10.0, 10.0), (10.0, 50.0)))
    reading = PatientReading("P", "anna", unfinished=unfinished)
    assert Desk(reading).tool is ToolName.OUTLINE
    desk = open_desk()
    desk.replace(reading)
    click(desk, CC, (60.0, 50.0))
    desk.finish()
    assert only_finding(desk).annotation.points == ((10.0, 10.0), (10.0, 50.0), (60.0, 50.0))


def test_replacing_the_reading_forgets_the_steps():
    desk = open_desk(MARKS)
    desk.delete_selected()
    desk.select(MARKS.annotation_id)
    desk.delete_selected()
    desk.replace(PatientReading("P", "anna"))
    assert not desk.undo()


def test_listeners_hear_of_every_move():
    desk = open_desk()
    heard = []
    desk.events.reading.connect(heard.append)
    desk.hold(ToolName.CALIPER)
    drag(desk, CC, (10.0, 10.0), (10.0, 30.0), (10.0, 60.0))
    assert [len(reading.findings) for reading in heard] == [0, 1, 1]
    desk.take(Step(replace(desk.reading, phase_choices={"s": 1}), is_done=True))
    assert heard[-1].phase_choices == {"s": 1}


# -- findings


def test_selecting_goes_round():
    desk = open_desk(MARKS, OUTLINE)
    keys = [MARKS.annotation_id, OUTLINE.annotation_id]
    seen = []
    for _ in range(3):
        desk.select_next()
        seen.append(desk.reading.selected)
    assert seen == [keys[0], keys[1], keys[0]]
    desk.select("")
    desk.select_next(backwards=True)
    assert desk.reading.selected == keys[1]
    desk.select("unknown")
    assert desk.reading.selected == keys[1]
    assert not desk.undo()
    open_desk().select_next()


def test_deleting_a_signed_finding_keeps_it_to_be_retracted():
    desk = open_desk()
    desk.delete_selected()
    assert desk.message
    desk.replace(PatientReading("P", "anna", (Finding(MARKS, signed=MARKS, version=1),), selected=MARKS.annotation_id))
    desk.delete_selected()
    assert desk.reading.findings == ()
    assert len(desk.reading.given_up) == 1
    desk.undo()
    assert desk.reading.given_up == ()
    assert only_finding(desk).state is FindingState.SIGNED


def test_describing_reaches_the_other_view():
    desk = open_desk(MARKS, automatic(MLO, [(1, 1)]), automatic(OTHER_SIDE, [(1, 1)], lesion_id="L-C1"))
    desk.describe(morphology=Morphology.ROUND)
    assert desk.message
    desk.select(MARKS.annotation_id)
    desk.describe(morphology=Morphology.AMORPHOUS, distribution=Distribution.LINEAR)
    desk.describe(lesion_type=LesionType.MASS)
    described = [(f.annotation.morphology, f.annotation.distribution) for f in desk.reading.findings]
    assert described == [(Morphology.AMORPHOUS, Distribution.LINEAR)] * 2 + [(None, None)]
    assert desk.reading.selected_finding.annotation.lesion_type is LesionType.MASS
    assert desk.reading.selected_finding.annotation.method is Method.AUTO
    desk.describe(distribution=None)
    assert [f.annotation.distribution for f in desk.reading.findings] == [None] * 3
    assert desk.reading.findings[0].annotation.morphology is Morphology.AMORPHOUS


def test_a_sentence_is_told_as_often_as_it_is_meant_and_silence_once():
    desk, told = open_desk(), []
    desk.events.message.connect(told.append)
    for _ in range(2):
        desk.delete_selected()
    for _ in range(2):
        desk.choose_phase(1, stored_in="s", series_uids=("s",))
    assert told == [desk_module.SELECT_FIRST] * 2 + [""]


def test_what_comes_from_elsewhere_while_something_is_dragged_is_a_step_after_it():
    desk = open_desk(MARKS)
    desk.hold(ToolName.MARKS)
    first = MARKS.points[0]
    desk.pointer(PointerEvent(Motion.PRESS, target_of(MARKS), first))
    desk.pointer(PointerEvent(Motion.DRAG, target_of(MARKS), (first[0] + 30, first[1] + 30)))
    moved = desk.reading.findings[0].annotation.points
    assert moved != MARKS.points
    desk.adopt([automatic(MLO, [(1, 1)])])
    desk.pointer(PointerEvent(Motion.DRAG, target_of(MARKS), first))
    assert [len(desk.reading.findings), desk.reading.findings[0].annotation.points] == [2, moved]
    desk.undo()
    assert [one.annotation.points for one in desk.reading.findings] == [moved]
    desk.undo()
    assert desk.reading.findings[0].annotation.points == MARKS.points


def test_choosing_a_phase_and_going_back_to_the_rule():
    desk = open_desk()
    desk.choose_phase(3, stored_in="series", series_uids=("first", "series"))
    assert desk.reading.phase_choices == {"series": 3}
    desk.choose_phase(None, stored_in="first", series_uids=("first", "series"))
    desk.choose_phase(None, stored_in="unknown", series_uids=("unknown",))
    assert desk.reading.phase_choices == {}
    desk.undo()
    assert desk.reading.phase_choices == {"series": 3}


# -- automatic findings


def test_adopting_makes_drafts_with_ids_of_their_own_once():
    desk = open_desk()
    desk.adopt([MARKS, OUTLINE])
    assert [f.key for f in desk.reading.findings] == ["1", "2"]
    assert {f.state for f in desk.reading.findings} == {FindingState.DRAFT}
    assert {f.annotation.method for f in desk.reading.findings} == {Method.AUTO}
    assert "2 automatic findings" in desk.message
    desk.adopt([MARKS, OUTLINE])
    assert len(desk.reading.findings) == 2
    desk.undo()
    assert desk.reading.findings == ()


def test_adopting_beside_a_drawn_finding_gives_another_lesion():
    desk = open_desk()
    desk.hold(ToolName.CALIPER)
    drag(desk, CC, (200.0, 10.0), (200.0, 60.0))
    desk.adopt([MARKS])
    assert [f.annotation.lesion_id for f in desk.reading.findings] == ["R-C1", "R-C2"]


def test_adopting_follows_the_only_lesion_from_before():
    after = replace(automatic(FOLLOWUP, [(1, 1), (9, 9)]), annotation_id="b")
    desk = open_desk(MARKS)
    desk.adopt([after])
    assert desk.reading.findings[1].annotation.relation is LesionRelation.SAME
    desk.undo()
    desk.adopt([replace(after, points=())])
    assert desk.reading.findings[1].annotation.relation is LesionRelation.GONE


def test_a_search_of_another_phase_takes_the_place_of_automatic_drafts_nobody_touched():
    def found(phase, points, key):
        annotation = automatic(volume(side=Laterality.RIGHT, phase=phase), points, lesion_id="")
        return replace(annotation, annotation_id=key)

    first = [
        found(2, [(7.0, 10, 10), (7.0, 20, 10), (7.0, 10, 20)], "a"),
        found(2, [(9.0, 40, 40), (9.0, 60, 40)], "b"),
    ]
    desk = open_desk()
    desk.adopt(first)
    touched = desk.reading.change(
        "2", lambda one: replace(one, annotation=replace(one.annotation, method=Method.EDITED))
    )
    desk.take(Step(touched, is_done=True))
    desk.adopt([found(3, [(7.0, 10, 10), (7.0, 22, 10), (7.0, 10, 20)], "c")])
    phases = [(one.annotation.phase.index, one.annotation.method) for one in desk.reading.findings]
    assert phases == [(2, Method.EDITED), (3, Method.AUTO)]
    assert desk.message == "1 automatic finding to check, in place of 1 of another phase."
    desk.undo()
    assert len(desk.reading.findings) == 2


def test_editing_an_automatic_finding():
    desk = open_desk()
    desk.adopt([OUTLINE])
    mask = LesionMask((0, 0, 0), np.ones((1, 1, 1), bool))
    desk.take(Step(desk.reading.change("1", lambda finding: replace(finding, mask=mask)), is_done=True))
    desk.hold(ToolName.OUTLINE)
    click(desk, MR, (7.0, 50.0, 50.0))
    assert only_finding(desk).annotation.method is Method.AUTO, "a click is no change"
    drag(desk, MR, (7.0, 50.0, 50.0), (7.0, 40.0, 40.0))
    finding = only_finding(desk)
    assert finding.mask is None
    edited = finding.annotation
    assert edited.points[0] == (7.0, 40.0, 40.0)
    assert (edited.method, edited.volume_mm3, edited.diameter_3d_mm) == (Method.EDITED, None, None)
    assert edited.flags == ("slice_gap",)
    desk.undo()
    assert only_finding(desk).mask is mask


def test_drawing_on_a_signed_finding_makes_it_changed():
    desk = open_desk()
    desk.replace(PatientReading("P", "anna", (Finding(MARKS, signed=MARKS, version=1),)))
    desk.hold(ToolName.MARKS)
    drag(desk, CC, (50.0, 50.0), (40.0, 40.0))
    assert only_finding(desk).state is FindingState.CHANGED
    assert only_finding(desk).version == 1


# -- nothing left, not measurable


@pytest.mark.parametrize(("target", "geometry"), [(CC, GeometryKind.MARKS), (MR, GeometryKind.OUTLINE)])
def test_nothing_left_is_zero(target, geometry):
    desk = open_desk()
    desk.nothing_left(target)
    finding = only_finding(desk)
    assert measure_finding(finding, desk.reading).value_mm == 0
    assert (finding.annotation.geometry, finding.annotation.method) == (geometry, Method.MANUAL)
    desk.nothing_left(target)
    assert len(desk.reading.findings) == 1


def test_nothing_left_of_a_lesion_known_from_before_says_gone():
    desk = open_desk(MARKS)
    desk.nothing_left(FOLLOWUP)
    gone = desk.reading.findings[1].annotation
    assert (gone.lesion_id, gone.relation, gone.points) == ("R-C1", LesionRelation.GONE, ())
    desk.hold(ToolName.MARKS)
    click(desk, FOLLOWUP, (10.0, 10.0))
    back = desk.reading.findings[1].annotation
    assert (back.lesion_id, back.relation, len(back.points)) == ("R-C1", LesionRelation.SAME, 1)


def test_nothing_left_does_not_wipe_a_drawing_that_is_not_selected():
    desk = open_desk(MARKS)
    desk.nothing_left(CC)
    assert only_finding(desk).annotation == MARKS
    assert desk.message
    desk.select(MARKS.annotation_id)
    desk.nothing_left(CC)
    emptied = only_finding(desk).annotation
    assert (emptied.points, emptied.method, emptied.mark_diameters_mm) == ((), Method.EDITED, ())
    desk.undo()
    assert only_finding(desk).annotation == MARKS


def test_not_measurable_names_the_reason_until_something_is_drawn():
    desk = open_desk()
    desk.not_measurable(replace(CC, flags=("detector_plane",)), why=Flag.MOTION_BLUR)
    finding = only_finding(desk)
    assert finding.annotation.flags == ("detector_plane", "E_NOT_MEASURABLE", "motion_blur")
    assert measure_finding(finding, desk.reading).value_mm is None
    desk.hold(ToolName.CALIPER)
    drag(desk, CC, (10.0, 10.0), (10.0, 60.0))
    drawn = only_finding(desk)
    assert (drawn.key, drawn.annotation.flags) == (finding.key, ())


def test_a_lesion_that_cannot_be_measured_stays_beside_another():
    desk = open_desk()
    desk.not_measurable(MR, why=Flag.HIDDEN)
    desk.select("")
    desk.hold(ToolName.CALIPER)
    drag(desk, MR, (7.0, 10.0, 10.0), (7.0, 10.0, 60.0))
    assert [len(f.annotation.points) for f in desk.reading.findings] == [0, 2]


def test_a_pointer_event_without_a_finite_place_is_left_out():
    desk = open_desk()
    desk.hold(ToolName.MARKS)
    assert not desk.pointer(PointerEvent(Motion.PRESS, CC, (float("nan"), 3.0)))
    assert desk.reading.findings == ()
