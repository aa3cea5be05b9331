"""Names of lesions and how they are linked over views and visits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.terms import Laterality, LesionRelation, Quantity, View
from napari_calcmeasure.reading.finding import Finding, PatientReading
from napari_calcmeasure.reading.lesion_names import LesionName, fresh_name, known_before, name_lesion
from plugin.reading.examples import automatic, mammogram, open_desk, volume

CC, MLO = mammogram(), mammogram(view=View.MLO)
LEFT = mammogram(side=Laterality.LEFT)
NEXT_CC, NEXT_MLO = (mammogram(view=view, timepoint="followup-1") for view in (View.CC, View.MLO))
LAST_CC = mammogram(timepoint="followup-2")
SAME, SPLIT, MERGED, NEW, GONE = LesionRelation
MARK = ((5.0, 5.0),)


def mark(target, lesion_id="R-C1", points=MARK, **fields):
    made = automatic(target, points, lesion_id=lesion_id, **fields)
    return replace(made, annotation_id=f"{target.timepoint} {target.view} {lesion_id}")


def lesion(lesion_id, timepoint="baseline", points=((7.0, 5.0, 5.0),), side=None, **fields):
    side = side or Laterality(lesion_id[0])
    made = automatic(volume(timepoint=timepoint, side=side), points, lesion_id=lesion_id, **fields)
    return replace(made, annotation_id=f"{timepoint} {lesion_id}")


def reading_of(*annotations):
    return PatientReading("P", "anna", tuple(Finding(annotation) for annotation in annotations))


@pytest.mark.parametrize(
    ("known", "target", "expected"),
    [
        pytest.param([], CC, LesionName("R-C1"), id="the first"),
        pytest.param([mark(CC)], CC, LesionName("R-C2"), id="a second one in the same view"),
        pytest.param([mark(CC)], LEFT, LesionName("L-C1"), id="the other breast"),
        pytest.param([], mammogram(side=None), LesionName("X-C1"), id="side unknown"),
        pytest.param([mark(CC)], MLO, LesionName("R-C1"), id="the other view"),
        pytest.param([mark(CC), mark(CC, "R-C2"), mark(MLO)], MLO, LesionName("R-C2"), id="the other view, second"),
        pytest.param([mark(CC), mark(MLO)], MLO, LesionName("R-C2"), id="one more than in the other view"),
        pytest.param([mark(CC, "R-C2")], CC, LesionName("R-C1"), id="a free name"),
        pytest.param([mark(CC)], NEXT_CC, LesionName("R-C1", SAME, ("R-C1",)), id="follow-up of the only one"),
        pytest.param([mark(CC), mark(CC, "R-C2")], NEXT_CC, LesionName("R-C3"), id="follow-up of two: reader says"),
        pytest.param([mark(CC), mark(NEXT_CC)], NEXT_CC, LesionName("R-C2"), id="seen at this visit already"),
        pytest.param(
            [mark(CC), mark(NEXT_CC, relation=SAME, from_lesions=("R-C1",))],
            NEXT_MLO,
            LesionName("R-C1", SAME, ("R-C1",)),
            id="the other view of a follow-up takes the link along",
        ),
        pytest.param([mark(NEXT_CC)], CC, LesionName("R-C2"), id="a later visit is not before"),
        pytest.param([mark(NEXT_CC)], LAST_CC, LesionName("R-C1", SAME, ("R-C1",)), id="no baseline"),
        pytest.param([mark(CC, points=())], NEXT_CC, LesionName("R-C2"), id="nothing was there before"),
        pytest.param(
            [mark(CC, points=(), flags=("E_NOT_MEASURABLE",))],
            NEXT_CC,
            LesionName("R-C1", SAME, ("R-C1",)),
            id="it was there but could not be measured",
        ),
        pytest.param([lesion("R-L1")], CC, LesionName("R-C1"), id="a lesion on MR is no calcification"),
        pytest.param(
            [lesion("R-L1")], volume(timepoint="followup-1"), LesionName("R-L1", SAME, ("R-L1",)), id="MR, side unknown"
        ),
        pytest.param(
            [lesion("R-L1"), lesion("L-L1")],
            volume(timepoint="followup-1", side=Laterality.LEFT),
            LesionName("L-L1", SAME, ("L-L1",)),
            id="MR, one on this side",
        ),
        pytest.param([lesion("R-L1")], volume(side=Laterality.RIGHT), LesionName("R-L2"), id="MR, a second lesion"),
    ],
)
def test_name_of_a_new_finding(known, target, expected):
    assert name_lesion(reading_of(*known), target) == expected


def test_merged_lesions_are_not_followed_any_more():
    merged = lesion("R-L1", "followup-1", relation=MERGED, from_lesions=("R-L1", "R-L2"))
    reading = reading_of(lesion("R-L1"), lesion("R-L2"), merged)
    target = volume(timepoint="followup-2", side=Laterality.RIGHT)
    assert known_before(reading, target) == ("R-L1",)
    assert fresh_name(reading, Quantity.LESION_DIAMETER, laterality=Laterality.RIGHT) == "R-L3"


def test_a_visit_without_a_date_is_not_before_another_follow_up():
    undated = replace(mark(NEXT_CC), study_date="")
    assert known_before(reading_of(undated), LAST_CC) == ()
    assert known_before(reading_of(replace(mark(CC), study_date="")), LAST_CC) == ("R-C1",)


# -- what the reader says


FIRST, SECOND = lesion("R-L1"), lesion("R-L2")
FOUND = lesion("R-L3", "followup-1")


def linked(relation, from_lesions, *, known=(FIRST, SECOND, FOUND), selected=FOUND):
    desk = open_desk(*known)
    desk.select(selected.annotation_id)
    desk.link(relation, from_lesions)
    return desk


@pytest.mark.parametrize(
    ("relation", "from_lesions", "expected"),
    [
        (SAME, ["R-L2"], ("R-L2", SAME, ("R-L2",))),
        (SPLIT, ["R-L1"], ("R-L1", SPLIT, ("R-L1",))),
        (MERGED, ["R-L2", "R-L1"], ("R-L2", MERGED, ("R-L2", "R-L1"))),
        (NEW, [], ("R-L3", NEW, ())),
    ],
)
def test_link(relation, from_lesions, expected):
    desk = linked(relation, from_lesions)
    found = desk.reading.find(FOUND.annotation_id).annotation
    assert (found.lesion_id, found.relation, found.from_lesions) == expected
    assert desk.undo()
    assert desk.reading.find(FOUND.annotation_id).annotation == FOUND


@pytest.mark.parametrize(
    ("relation", "from_lesions", "selected"),
    [
        (SAME, [], FOUND),
        (MERGED, ["R-L1"], FOUND),
        (MERGED, ["R-L1", "R-L1"], FOUND),
        (GONE, [], FOUND),
        (GONE, ["R-L3"], FOUND),
        (NEW, [], FIRST),
        (SPLIT, ["R-L2"], FIRST),
        (GONE, ["R-L2"], FIRST),
        (SAME, ["R-L2"], replace(FIRST, annotation_id="unknown")),
        (GONE, ["R-L2"], replace(FIRST, annotation_id="unknown")),
    ],
)
def test_what_cannot_be_linked_is_said_in_a_sentence(relation, from_lesions, selected):
    desk = linked(relation, from_lesions, selected=selected)
    assert [f.annotation for f in desk.reading.findings] == [FIRST, SECOND, FOUND]
    assert desk.message.endswith(".")
    assert not desk.undo()


def test_new_gets_a_name_of_its_own():
    same = replace(FOUND, lesion_id="R-L1", relation=SAME, from_lesions=("R-L1",))
    desk = linked(NEW, [], known=(FIRST, same), selected=same)
    assert desk.reading.find(same.annotation_id).annotation.lesion_id == "R-L2"


def test_gone_is_zero_for_each_lesion():
    desk = linked(GONE, ["R-L1", "R-L2"])
    gone = [f.annotation for f in desk.reading.findings[3:]]
    assert [(a.lesion_id, a.relation, a.points, a.timepoint) for a in gone] == [
        ("R-L1", GONE, (), "followup-1"),
        ("R-L2", GONE, (), "followup-1"),
    ]
    assert {a.laterality for a in gone} == {Laterality.RIGHT}
    assert desk.reading.selected == FOUND.annotation_id
    desk.link(GONE, ["R-L1"])
    assert len(desk.reading.findings) == 5


def test_gone_on_an_image_where_nothing_is_selected():
    desk = open_desk(FIRST, SECOND)
    desk.link(GONE, ["R-L1"], target=volume(timepoint="followup-1"))
    assert desk.reading.selected_finding.annotation.lesion_id == "R-L1"


def test_nothing_left_becomes_the_lesion_that_is_gone():
    desk = open_desk(FIRST, SECOND)
    desk.nothing_left(volume(timepoint="followup-1", side=Laterality.RIGHT))
    assert desk.reading.findings[2].annotation.lesion_id == "R-L3"
    desk.link(GONE, ["R-L2"])
    assert len(desk.reading.findings) == 3
    assert desk.reading.findings[2].annotation.lesion_id == "R-L2"


def test_both_views_of_a_lesion_are_linked_together():
    views = (mark(NEXT_CC, "R-C3"), mark(NEXT_MLO, "R-C3"))
    desk = linked(SAME, ["R-C2"], known=(mark(CC), mark(CC, "R-C2"), *views), selected=views[1])
    assert [f.annotation.lesion_id for f in desk.reading.findings] == ["R-C1", "R-C2", "R-C2", "R-C2"]
    assert desk.reading.selected == views[1].annotation_id


def test_at_baseline_a_link_only_names_the_lesion_of_the_other_view():
    other = mark(MLO, "R-C3")
    desk = linked(SAME, ["R-C2"], known=(mark(CC), mark(CC, "R-C2"), other), selected=other)
    found = desk.reading.find(other.annotation_id).annotation
    assert (found.lesion_id, found.relation, found.from_lesions) == ("R-C2", None, ())


def test_the_side_of_a_lesion_on_mr_names_it():
    drawn = replace(lesion("X-L1", side=Laterality.BOTH), laterality=None)
    desk = open_desk(drawn)
    desk.set_side(Laterality.LEFT)
    assert desk.message
    desk.select(drawn.annotation_id)
    desk.set_side(Laterality.LEFT)
    named = desk.reading.selected_finding.annotation
    assert (named.laterality, named.lesion_id) == (Laterality.LEFT, "L-L1")
    desk.set_side(Laterality.LEFT)
    assert desk.undo()
    assert not desk.undo()
