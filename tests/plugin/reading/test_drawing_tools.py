"""What each tool makes of the hand: scripts of events and what is on the desk after them."""

from __future__ import annotations

from dataclasses import replace
from math import cos, sin, tau

import pytest

from calcmeasure.pipeline.settings import SOFTWARE
from calcmeasure.terms import GeometryKind, Method, View
from napari_calcmeasure.reading.drafting import make_id
from napari_calcmeasure.reading.drawing_tools import preview
from napari_calcmeasure.reading.nearness import crosses_itself, from_path, from_segment, is_inside, span_across
from napari_calcmeasure.reading.outline_tool import CROSSED, ON_A_LINE, TOO_FEW
from napari_calcmeasure.reading.pointer import Motion
from napari_calcmeasure.reading.tool import ToolName
from plugin.reading.examples import (
    COLUMNS,
    automatic,
    click,
    drag,
    event,
    mammogram,
    only_finding,
    open_desk,
    volume,
)

CC, MLO, MR = mammogram(), mammogram(view=View.MLO), volume()
LINE = ((100.0, 50.0), (100.0, 150.0))
SQUARE = ((50.0, 50.0), (50.0, 90.0), (90.0, 90.0), (90.0, 50.0))


def drawn(annotation):
    """What was drawn, by hand before: a finding made manually."""
    return replace(annotation, method=Method.MANUAL)


def line_on(target, points=LINE):
    return drawn(replace(automatic(target, points), geometry=GeometryKind.CALIPER))


def outline_on(target, points=SQUARE):
    return drawn(replace(automatic(target, points), geometry=GeometryKind.OUTLINE))


def holding(tool, *annotations):
    desk = open_desk(*annotations)
    desk.hold(tool)
    return desk


def points_of(desk):
    return only_finding(desk).annotation.points


# -- caliper


def press_drag_release(desk, target, start, end):
    drag(desk, target, start, end)


def two_clicks(desk, target, start, end):
    click(desk, target, start)
    desk.pointer(event(Motion.HOVER, target, end))
    click(desk, target, end)


def press_and_release_only(desk, target, start, end):
    desk.pointer(event(Motion.PRESS, target, start))
    desk.pointer(event(Motion.RELEASE, target, end))


@pytest.mark.parametrize("way", [press_drag_release, two_clicks, press_and_release_only])
@pytest.mark.parametrize(
    ("target", "start", "end", "expected"),
    [
        (CC, *LINE, LINE),
        (CC, LINE[0], (-20.0, 900.0), (LINE[0], (-0.5, COLUMNS - 0.5))),
        (MR, (6.6, 10.0, 20.0), (9.0, 60.0, 20.0), ((7.0, 10.0, 20.0), (7.0, 60.0, 20.0))),
    ],
)
def test_a_line_is_drawn_in_one_go_or_by_two_clicks(way, target, start, end, expected):
    desk = holding(ToolName.CALIPER)
    way(desk, target, start, end)
    assert points_of(desk) == expected
    assert desk.reading.unfinished is None
    assert desk.reading.selected == only_finding(desk).key
    while desk.undo():
        pass
    assert desk.reading.findings == ()


def test_a_line_carries_what_is_known_about_its_image(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    desk = holding(ToolName.CALIPER)
    drag(desk, replace(MR, flags=("slice_gap",)), (7.0, 10.0, 20.0), (7.0, 60.0, 20.0))
    made = only_finding(desk).annotation
    assert (made.annotation_id, made.lesion_id, made.timepoint, made.study_date) == (
        "1",
        "X-L1",
        "baseline",
        "2024-01-10",
    )
    assert (made.modality, made.quantity, made.laterality, made.view) == (MR.modality, MR.quantity, None, None)
    assert (made.image.series_uid, made.image.frame, made.image.sop_uid) == ("mr.baseline", 7, "mr.baseline.7")
    assert (made.phase, made.flags, made.method) == (MR.phase, ("slice_gap",), Method.MANUAL)
    assert (made.software, made.created_utc) == (SOFTWARE, "1970-01-01T00:00:00Z")


def test_ids_are_twelve_digits_and_never_the_same():
    ids = {make_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in ids)


def test_a_click_leaves_the_first_end_and_the_picture_follows_the_cursor():
    desk = holding(ToolName.CALIPER)
    assert preview(desk.reading, (1.0, 1.0)) == ()
    click(desk, CC, LINE[0])
    assert desk.reading.findings == ()
    assert desk.reading.unfinished.points == (LINE[0],)
    assert preview(desk.reading, LINE[1]) == LINE
    click(desk, CC, (101.0, 50.5))
    assert desk.reading.findings == ()
    assert desk.message
    desk.finish()
    assert desk.message
    desk.cancel()
    assert desk.reading.unfinished is None
    desk.undo()
    assert desk.reading.unfinished.points == (LINE[0],)


def test_the_preview_stays_on_the_slice_of_the_drawing():
    desk = holding(ToolName.CALIPER)
    click(desk, MR, (7.3, 10.0, 10.0))
    assert preview(desk.reading, (9.0, 20.0, 30.0)) == ((7.0, 10.0, 10.0), (7.0, 20.0, 30.0))


def test_the_second_end_must_lie_on_the_same_image():
    desk = holding(ToolName.CALIPER)
    click(desk, CC, LINE[0])
    click(desk, MLO, LINE[1])
    assert desk.reading.unfinished.points == (LINE[0],)
    assert "another image" in desk.message
    click(desk, CC, LINE[1])
    assert points_of(desk) == LINE


def test_a_line_dragged_back_to_its_start_is_a_click():
    desk = holding(ToolName.CALIPER)
    drag(desk, CC, LINE[0], LINE[1], (100.5, 50.5))
    assert desk.reading.findings == ()
    assert desk.reading.unfinished.points == (LINE[0],)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param([LINE[1], (120.0, 180.0)], (LINE[0], (120.0, 180.0)), id="an end"),
        pytest.param([(98.0, 50.0), (108.0, 50.0)], ((110.0, 50.0), LINE[1]), id="an end, not taken by its middle"),
        pytest.param([(101.0, 100.0), (111.0, 120.0)], ((110.0, 70.0), (110.0, 170.0)), id="the line"),
        pytest.param([(100.0, 100.0), (100.0, 0.0)], ((100.0, -0.5), (100.0, 99.5)), id="the line, to the border"),
        pytest.param([LINE[1], (100.9, 150.9)], LINE, id="a trembling hand"),
        pytest.param([LINE[1], LINE[0]], LINE, id="an end onto the other"),
    ],
)
def test_lines_are_dragged_by_an_end_or_as_a_whole(path, expected):
    desk = holding(ToolName.CALIPER, line_on(CC))
    drag(desk, CC, *path)
    assert points_of(desk) == expected
    assert desk.reading.selected
    assert desk.undo() is (expected != LINE)
    assert points_of(desk) == LINE


def test_a_press_far_from_a_line_begins_another():
    desk = holding(ToolName.CALIPER, line_on(CC))
    drag(desk, CC, (104.0, 100.0), (150.0, 100.0))
    assert len(desk.reading.findings) == 2


@pytest.mark.parametrize("target", [MLO, mammogram(timepoint="followup-1")])
def test_a_line_of_another_image_is_not_taken(target):
    desk = holding(ToolName.CALIPER, line_on(CC))
    drag(desk, target, LINE[1], (120.0, 180.0))
    assert [f.annotation.points for f in desk.reading.findings] == [LINE, (LINE[1], (120.0, 180.0))]


def test_a_line_of_another_slice_is_not_taken():
    there = ((7.0, *LINE[0]), (7.0, *LINE[1]))
    desk = holding(ToolName.CALIPER, line_on(MR, there))
    drag(desk, MR, (8.0, *LINE[1]), (8.0, 120.0, 180.0))
    assert len(desk.reading.findings) == 2
    drag(desk, MR, there[1], (7.0, 130.0, 190.0))
    assert desk.reading.findings[0].annotation.points == (there[0], (7.0, 130.0, 190.0))


def test_a_drag_over_another_image_stays_where_it_left():
    desk = holding(ToolName.CALIPER, line_on(CC))
    desk.pointer(event(Motion.PRESS, CC, LINE[1]))
    desk.pointer(event(Motion.DRAG, CC, (120.0, 180.0)))
    desk.pointer(event(Motion.DRAG, MLO, (10.0, 10.0)))
    desk.pointer(event(Motion.RELEASE, MLO, (10.0, 10.0)))
    assert points_of(desk) == (LINE[0], (120.0, 180.0))


@pytest.mark.parametrize("known", [(), (line_on(CC),)])
def test_escape_puts_back_what_is_dragged(known):
    desk = holding(ToolName.CALIPER, *known)
    before = desk.reading.findings
    desk.pointer(event(Motion.PRESS, CC, LINE[1]))
    desk.pointer(event(Motion.DRAG, CC, (120.0, 180.0)))
    desk.cancel()
    assert (desk.reading.findings, desk.reading.unfinished) == (before, None)
    assert not desk.pointer(event(Motion.RELEASE, CC, (130.0, 180.0)))
    assert not desk.undo()
    desk.cancel()


def test_escape_gives_back_the_statement_a_line_was_drawn_over():
    desk = open_desk()
    desk.nothing_left(CC)
    before = desk.reading
    desk.hold(ToolName.CALIPER)
    desk.pointer(event(Motion.PRESS, CC, LINE[0]))
    desk.pointer(event(Motion.DRAG, CC, LINE[1]))
    assert points_of(desk) == LINE
    desk.cancel()
    assert desk.reading == before


# -- outline


def by_enter(desk):
    desk.finish()


def by_first_vertex(desk):
    click(desk, CC, (51.0, 51.0))


def by_double_click(desk):
    desk.pointer(event(Motion.DOUBLE_CLICK, CC, SQUARE[-1]))
    desk.pointer(event(Motion.RELEASE, CC, SQUARE[-1]))


def by_press_and_double_click(desk):
    click(desk, CC, SQUARE[-1])
    by_double_click(desk)


@pytest.mark.parametrize("close", [by_enter, by_first_vertex, by_double_click, by_press_and_double_click])
def test_an_outline_is_closed(close):
    desk = holding(ToolName.OUTLINE)
    click(desk, CC, *SQUARE)
    close(desk)
    assert points_of(desk) == SQUARE
    assert only_finding(desk).annotation.geometry is GeometryKind.OUTLINE
    assert desk.reading.unfinished is None
    desk.undo()
    assert desk.reading.unfinished.points == SQUARE


def test_an_outline_in_a_volume_lies_on_one_slice():
    desk = holding(ToolName.OUTLINE)
    click(desk, MR, (6.8, 50.0, 50.0), (7.4, 50.0, 90.0), (9.0, 90.0, 70.0))
    desk.finish()
    assert points_of(desk) == ((7.0, 50.0, 50.0), (7.0, 50.0, 90.0), (7.0, 90.0, 70.0))


@pytest.mark.parametrize(
    ("corners", "fault"),
    [
        (SQUARE[:1], TOO_FEW),
        (SQUARE[:2], TOO_FEW),
        (((10.0, 10.0), (10.0, 50.0), (10.2, 90.0)), ON_A_LINE),
        ((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), CROSSED),
    ],
)
def test_corners_that_enclose_nothing_are_refused(corners, fault):
    desk = holding(ToolName.OUTLINE)
    click(desk, CC, *corners)
    desk.finish()
    assert desk.message == fault
    assert desk.reading.findings == ()
    assert desk.reading.unfinished.points == corners


@pytest.mark.parametrize("motion", [Motion.PRESS, Motion.DOUBLE_CLICK])
def test_an_outline_is_not_closed_from_another_image(motion):
    desk = holding(ToolName.OUTLINE)
    click(desk, CC, *SQUARE)
    desk.pointer(event(motion, MLO, SQUARE[0]))
    assert desk.reading.unfinished.points == SQUARE
    assert "another image" in desk.message


def test_a_corner_follows_the_hand_until_the_button_is_up():
    desk = holding(ToolName.OUTLINE)
    click(desk, CC, *SQUARE[:2])
    drag(desk, CC, (80.0, 80.0), SQUARE[2])
    assert desk.reading.unfinished.points == SQUARE[:3]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ([SQUARE[2], (120.0, 130.0)], (*SQUARE[:2], (120.0, 130.0), SQUARE[3])),
        ([SQUARE[2], (20.0, 70.0)], SQUARE),
    ],
)
def test_vertices_are_dragged_unless_the_outline_would_cross_itself(path, expected):
    desk = holding(ToolName.OUTLINE, outline_on(CC))
    drag(desk, CC, *path)
    assert points_of(desk) == expected
    assert desk.message == ("" if expected != SQUARE else CROSSED)


def test_shift_and_click_takes_a_vertex_away_but_leaves_three():
    desk = holding(ToolName.OUTLINE, outline_on(CC))
    click(desk, CC, (51.0, 91.0), shift=True)
    assert points_of(desk) == (SQUARE[0], *SQUARE[2:])
    click(desk, CC, SQUARE[0], shift=True)
    assert points_of(desk) == (SQUARE[0], *SQUARE[2:])
    assert desk.message == TOO_FEW
    click(desk, CC, (200.0, 200.0), shift=True)
    assert desk.reading.unfinished is None


def test_shift_and_click_takes_a_corner_of_the_unfinished_outline_away():
    desk = holding(ToolName.OUTLINE)
    click(desk, CC, *SQUARE[:2])
    click(desk, MLO, SQUARE[1], shift=True)
    click(desk, CC, SQUARE[1], shift=True)
    assert desk.reading.unfinished.points == SQUARE[:1]
    click(desk, CC, SQUARE[0], shift=True)
    assert desk.reading.unfinished is None


def test_escape_during_an_outline():
    desk = holding(ToolName.OUTLINE, outline_on(CC))
    desk.cancel()
    desk.pointer(event(Motion.PRESS, CC, SQUARE[2]))
    desk.pointer(event(Motion.DRAG, CC, (120.0, 130.0)))
    desk.cancel()
    assert points_of(desk) == SQUARE
    click(desk, CC, (200.0, 200.0), (210.0, 220.0))
    desk.cancel()
    assert desk.reading.unfinished is None
    desk.undo()
    assert len(desk.reading.unfinished.points) == 2


def test_a_waiting_outline_is_finished_while_navigating():
    desk = holding(ToolName.OUTLINE)
    click(desk, CC, *SQUARE)
    desk.hold(ToolName.NAVIGATE)
    click(desk, CC, (200.0, 200.0))
    desk.finish()
    assert points_of(desk) == SQUARE


# -- marks


MARKS = automatic(CC, [(50.0, 50.0), (60.0, 90.0), (80.0, 70.0)], mark_diameters_mm=(0.3, 0.4, 0.5))


def test_marks_go_to_the_selected_group_or_begin_one():
    desk = holding(ToolName.MARKS, MARKS)
    click(desk, CC, (200.0, 100.0), (210.0, 110.0))
    assert [len(f.annotation.points) for f in desk.reading.findings] == [3, 2]
    desk.select(MARKS.annotation_id)
    click(desk, CC, (100.0, 100.0))
    assert [len(f.annotation.points) for f in desk.reading.findings] == [4, 2]
    changed = desk.reading.findings[0].annotation
    assert (changed.method, changed.mark_diameters_mm) == (Method.EDITED, ())
    click(desk, MLO, (100.0, 100.0))
    assert [len(f.annotation.points) for f in desk.reading.findings] == [4, 2, 1]
    assert [f.annotation.lesion_id for f in desk.reading.findings] == ["R-C1", "R-C2", "R-C1"]
    desk.undo()
    desk.undo()
    assert [len(f.annotation.points) for f in desk.reading.findings] == [3, 2]


def test_marks_are_moved_and_taken_away():
    desk = holding(ToolName.MARKS, MARKS)
    click(desk, CC, (61.0, 91.0), shift=True)
    kept = only_finding(desk).annotation
    assert (kept.points, kept.mark_diameters_mm) == ((MARKS.points[0], MARKS.points[2]), (0.3, 0.5))
    drag(desk, CC, (80.0, 70.0), (85.0, 75.0), (90.0, 80.0))
    moved = only_finding(desk).annotation
    assert (moved.points, moved.mark_diameters_mm) == ((MARKS.points[0], (90.0, 80.0)), ())
    click(desk, CC, (200.0, 100.0), shift=True)
    assert len(points_of(desk)) == 2
    desk.undo()
    desk.undo()
    assert only_finding(desk).annotation == MARKS


def test_the_last_mark_takes_the_finding_along_and_claims_no_zero():
    desk = holding(ToolName.MARKS, automatic(CC, [(50.0, 50.0)]))
    click(desk, CC, (50.0, 50.0), shift=True)
    assert desk.reading.findings == ()
    assert "nothing left" in desk.message


def test_two_marks_in_quick_succession_are_two():
    desk = holding(ToolName.MARKS)
    click(desk, CC, (50.0, 50.0))
    desk.pointer(event(Motion.DOUBLE_CLICK, CC, (56.0, 50.0)))
    desk.pointer(event(Motion.RELEASE, CC, (56.0, 50.0)))
    desk.pointer(event(Motion.DOUBLE_CLICK, CC, (56.0, 50.0)))
    assert points_of(desk) == ((50.0, 50.0), (56.0, 50.0))


def test_escape_puts_a_mark_back():
    desk = holding(ToolName.MARKS, MARKS)
    desk.pointer(event(Motion.PRESS, CC, MARKS.points[0]))
    desk.pointer(event(Motion.DRAG, CC, (10.0, 10.0)))
    desk.cancel()
    assert only_finding(desk).annotation == MARKS
    desk.finish()


def test_no_marks_on_mr():
    desk = holding(ToolName.MARKS)
    click(desk, MR, (7.0, 50.0, 50.0))
    assert desk.reading.findings == ()
    assert "mammogram" in desk.message


# -- navigate


@pytest.mark.parametrize(
    ("target", "place", "expected"),
    [
        pytest.param(CC, (100.0, 148.0), "line", id="an end"),
        pytest.param(CC, (102.0, 100.0), "line", id="the line"),
        pytest.param(CC, (51.0, 70.0), "outline", id="an edge"),
        pytest.param(CC, (51.0, 52.0), "outline", id="a vertex"),
        pytest.param(CC, (70.0, 70.0), "outline", id="inside"),
        pytest.param(CC, (301.0, 200.0), "marks", id="a mark"),
        pytest.param(CC, (350.0, 20.0), "", id="beside everything"),
        pytest.param(MLO, (100.0, 100.0), "", id="another image"),
    ],
)
def test_a_click_selects_what_lies_under_it(target, place, expected):
    known = {
        "line": line_on(CC),
        "outline": outline_on(CC),
        "marks": automatic(CC, [(300.0, 200.0), (320.0, 210.0)]),
        "nothing": automatic(CC, []),
    }
    desk = open_desk(*(replace(annotation, annotation_id=key) for key, annotation in known.items()))
    desk.select("nothing")
    click(desk, target, place)
    assert desk.reading.selected == expected
    assert not desk.undo()


def test_panning_keeps_the_selection():
    desk = open_desk(MARKS)
    desk.select(MARKS.annotation_id)
    drag(desk, CC, (350.0, 20.0), (350.0, 20.0))
    assert desk.reading.selected == MARKS.annotation_id
    desk.finish()
    desk.cancel()


# -- distances


def test_distances_in_the_plane():
    assert from_segment((9.0, 3.0, 0.0), (7.0, 0.0, -5.0), (7.0, 0.0, 5.0)) == 3
    assert from_segment((3.0, 9.0), (0.0, 0.0), (0.0, 5.0)) == 5
    assert from_segment((3.0, 4.0), (0.0, 0.0), (0.0, 0.0)) == 5
    assert from_path((45.0, 50.0), SQUARE, is_closed=True) == 5
    assert from_path((70.0, 45.0), SQUARE, is_closed=False) == pytest.approx(425**0.5)
    assert from_path((3.0, 4.0), [(0.0, 0.0)], is_closed=True) == 5
    assert span_across(SQUARE) == pytest.approx(40 / 2**0.5)


def test_inside():
    assert is_inside((70.0, 70.0), SQUARE)
    assert not is_inside((40.0, 70.0), SQUARE)


def ring(number, *, winding=1):
    turns = (winding * tau * n / number for n in range(number))
    return tuple((7.0, 200 + 100 * cos(turn), 150 + 100 * sin(turn)) for turn in turns)


@pytest.mark.parametrize(
    ("polygon", "crosses"),
    [
        (SQUARE, False),
        (SQUARE[::-1], False),
        (SQUARE[:3], False),
        ((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), True),
        (ring(500), False),
        (ring(501, winding=2), True),
        ((*ring(20), *ring(20)), False),
        ((*ring(20)[:9], ring(20)[10], ring(20)[9], *ring(20)[11:]), True),
    ],
)
def test_crossing(polygon, crosses):
    assert crosses_itself(polygon) is crosses
