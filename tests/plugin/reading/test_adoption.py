"""Another reader's finding taken over: a draft that names its origin, while the original stays as it is."""

from __future__ import annotations

import pytest

from calcmeasure.store.database import StoredAnnotation
from calcmeasure.terms import View
from napari_calcmeasure.reading.adoption import NONE_HERE, ON_THE_DESK, TAKEN_OVER_FROM, WHICH_ONE, take_over
from napari_calcmeasure.reading.draft_json import same_mask, with_mask
from napari_calcmeasure.reading.drafting import target_of
from napari_calcmeasure.reading.finding import FindingState, PatientReading
from plugin.reading.examples import automatic, mammogram, numbered
from plugin.reading.on_the_desk import lesion, mask

CC, MLO = mammogram(), mammogram(view=View.MLO)
HERE, THERE = ((10.0, 10.0), (40.0, 10.0)), ((200.0, 200.0), (240.0, 200.0))


def by(reader, points=HERE, *, target=CC, name="R-C1", version=2):
    return StoredAnnotation("P1", reader, automatic(target, points, lesion_id=name), version, "signed")


def taken(others, *, at=None, target=CC, reader="consensus"):
    return take_over(PatientReading("P1", reader), others, target=target, at=at, new_id=numbered())


@pytest.mark.parametrize(("at", "whose"), [((12.0, 12.0), "mk"), ((199.0, 210.0), "jb")])
def test_the_finding_nearest_to_the_cursor_becomes_a_draft(at, whose):
    others = (by("mk"), by("jb", THERE))
    step = taken(others, at=at)
    (finding,) = step.reading.findings
    original = next(one.annotation for one in others if one.reader == whose)
    assert (finding.key, finding.state, finding.annotation.points) == ("1", FindingState.DRAFT, original.points)
    assert step.reading.selected == "1"
    assert step.is_done
    assert whose in step.message


def test_the_consensus_names_what_it_stands_for():
    other = by("mk")
    (finding,) = taken([other]).reading.findings
    origin = {"reader": "mk", "annotation_id": other.annotation.annotation_id, "version": 2}
    assert finding.annotation.extra == {"consensus_of": [origin]}
    (finding,) = taken([other], reader="zo").reading.findings
    assert finding.annotation.extra == {TAKEN_OVER_FROM: origin}


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ((), NONE_HERE),
        ((by("mk", target=MLO),), NONE_HERE),
        ((by("mk"), by("jb", THERE)), WHICH_ONE),
    ],
)
def test_what_cannot_be_meant_is_said(others, said):
    step = taken(others)
    assert (step.reading.findings, step.is_done, step.message) == ((), False, said)


def test_nothing_there_is_taken_over_where_it_is_all_that_was_said():
    (finding,) = taken([by("mk", ())], at=(5.0, 5.0)).reading.findings
    assert finding.annotation.points == ()


def test_nothing_is_taken_over_twice():
    once = taken([by("mk")]).reading
    again = take_over(once, [by("mk")], target=CC, at=None)
    assert (again.reading, again.message) == (once, ON_THE_DESK)


def test_a_second_lesion_of_the_image_keeps_its_name():
    once = taken([by("mk")], at=HERE[0]).reading
    both = take_over(once, [by("jb", THERE, name="R-C2")], target=CC, at=None, new_id=lambda: "2").reading
    assert [finding.annotation.lesion_id for finding in both.findings] == ["R-C1", "R-C2"]


def test_voxels_and_what_was_said_come_along():
    found = lesion()
    saved = with_mask(found)
    said = StoredAnnotation("P1", "mk", saved, 1, "signed")
    (finding,) = taken([said], target=target_of(saved)).reading.findings
    assert same_mask(finding.mask, mask())
    assert finding.annotation.lesion_type is found.annotation.lesion_type
