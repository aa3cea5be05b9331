"""Another sensitivity: automatic drafts follow, whatever the reader's hand has touched stays."""

from __future__ import annotations

from dataclasses import replace

from calcmeasure.terms import LesionRelation, Method, Morphology, View
from napari_calcmeasure.reading.adoption import adopt_annotations
from napari_calcmeasure.reading.desk import Desk
from napari_calcmeasure.reading.finding import Finding, PatientReading
from napari_calcmeasure.reading.sensitivity import Sensitivity, regroup_drafts
from plugin.reading.examples import automatic, mammogram, numbered

CC, MLO = mammogram(), mammogram(view=View.MLO)
CORE = [(50.0, 50.0), (60.0, 90.0), (80.0, 70.0)]
WIDER = [*CORE, (95.0, 100.0)]
ELSEWHERE = [(300.0, 300.0), (310.0, 320.0), (330.0, 310.0)]


def found(*groups):
    """Automatic groups of one image, as a search gives them: largest first, named by rank."""
    return tuple(automatic(CC, points, lesion_id=f"R-C{rank}") for rank, points in enumerate(groups, start=1))


def desk_with(*annotations) -> Desk:
    reading = adopt_annotations(PatientReading("P", "mk"), annotations, new_id=numbered()).reading
    return Desk(reading)


def move(desk, *groups, point=3.0, slider=None):
    slider = slider or Sensitivity(new_id=iter("abcdefgh").__next__)
    slider.move(desk, found(*groups) if groups else (automatic(CC, []),), target=CC, false_marks=point)
    return slider


def points(desk):
    return [list(finding.annotation.points) for finding in desk.reading.findings]


def test_a_group_grows_under_its_own_name_and_keeps_what_was_said_of_it():
    desk = desk_with(*found(CORE))
    desk.describe(morphology=Morphology.FINE_LINEAR)
    before = desk.reading.selected_finding
    move(desk, ELSEWHERE, WIDER)
    same = desk.reading.find(before.key)
    assert list(same.annotation.points) == WIDER
    assert (same.annotation.lesion_id, same.annotation.morphology) == ("R-C1", Morphology.FINE_LINEAR)
    assert same.annotation.method is Method.AUTO
    assert desk.reading.selected == before.key
    (new,) = (finding for finding in desk.reading.findings if finding.key != before.key)
    assert (list(new.annotation.points), new.annotation.lesion_id) == (ELSEWHERE, "R-C2")
    assert desk.message == "Searched at 3 false marks per image: 2 groups."


def test_a_move_of_the_slider_is_one_step():
    desk = desk_with(*found(CORE))
    before = desk.reading
    slider = move(desk, WIDER)
    move(desk, WIDER, ELSEWHERE, slider=slider)
    move(desk, ELSEWHERE, slider=slider)
    assert points(desk) == [ELSEWHERE]
    assert desk.undo()
    assert desk.reading == before
    assert not desk.can_undo
    assert desk.redo()
    assert points(desk) == [ELSEWHERE]


def test_a_move_that_changes_nothing_takes_nothing_back():
    desk = desk_with()
    desk.adopt(found(CORE))
    slider = move(desk, CORE)
    move(desk, CORE, slider=slider)
    move(desk, WIDER, slider=slider)
    move(desk, CORE, slider=slider)
    assert points(desk) == [CORE]
    desk.undo()
    assert points(desk) == [], "the search itself is the only step there is"


def test_after_something_else_was_done_the_next_move_is_a_step_of_its_own():
    desk = desk_with(*found(CORE))
    slider = move(desk, WIDER)
    desk.describe(morphology=Morphology.ROUND)
    described = desk.reading
    move(desk, CORE, slider=slider)
    assert points(desk) == [CORE]
    desk.undo()
    assert desk.reading == described


def test_groups_that_are_not_found_any_more_go_and_nothing_is_0_mm():
    desk = desk_with(*found(CORE, ELSEWHERE))
    move(desk, CORE)
    assert points(desk) == [CORE]
    move(desk)
    assert points(desk) == [[]]
    assert desk.message.endswith(": nothing.")
    move(desk, WIDER)
    assert points(desk) == [WIDER]


def test_an_edited_group_is_never_regrouped():
    edited = replace(automatic(CC, CORE), method=Method.EDITED)
    desk = Desk(PatientReading("P", "mk", (Finding(edited),)))
    move(desk, WIDER, ELSEWHERE)
    assert points(desk) == [CORE, ELSEWHERE]
    assert desk.reading.findings[0].annotation is edited
    assert "stays as it is" in desk.message


def test_a_group_inside_what_was_drawn_by_hand_is_left_out():
    drawn = replace(automatic(CC, [(0.0, 0.0), (0.0, 200.0), (200.0, 200.0), (200.0, 0.0)]), method=Method.MANUAL)
    desk = Desk(PatientReading("P", "mk", (Finding(drawn),)))
    move(desk, CORE)
    assert [finding.annotation for finding in desk.reading.findings] == [drawn]


def test_what_was_signed_stays():
    signed = automatic(CC, CORE)
    desk = Desk(PatientReading("P", "mk", (Finding(signed, signed=signed, version=1),)))
    move(desk, WIDER)
    assert desk.reading.findings[0].annotation is signed
    assert len(desk.reading.findings) == 1


def test_nothing_found_beside_an_edited_group_says_nothing():
    edited = replace(automatic(CC, CORE), method=Method.EDITED)
    desk = Desk(PatientReading("P", "mk", (Finding(edited),)))
    move(desk)
    assert [finding.annotation for finding in desk.reading.findings] == [edited]


def test_other_images_are_left_alone():
    other = automatic(MLO, ELSEWHERE)
    desk = desk_with(*found(CORE), other)
    move(desk, WIDER)
    assert points(desk) == [WIDER, ELSEWHERE]


def test_a_link_to_earlier_lesions_stays():
    linked = replace(automatic(CC, CORE), relation=LesionRelation.SAME, from_lesions=("R-C1",))
    step = regroup_drafts(PatientReading("P", "mk", (Finding(linked),)), found(WIDER), target=CC)
    (finding,) = step.reading.findings
    assert (finding.annotation.relation, finding.annotation.from_lesions) == (LesionRelation.SAME, ("R-C1",))
