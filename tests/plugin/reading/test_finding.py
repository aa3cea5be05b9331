"""Findings and targets as values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.terms import View
from napari_calcmeasure.reading.finding import Finding, FindingState, PatientReading
from plugin.reading.examples import automatic, mammogram, volume

CC = mammogram()
DRAWN = automatic(CC, [(10, 10), (20, 30)])


@pytest.mark.parametrize(
    ("finding", "state"),
    [
        (Finding(DRAWN), FindingState.DRAFT),
        (Finding(DRAWN, signed=DRAWN), FindingState.SIGNED),
        (Finding(replace(DRAWN, created_utc="2024-01-01T00:00:00Z"), signed=DRAWN), FindingState.SIGNED),
        (Finding(replace(DRAWN, points=((1, 1),)), signed=DRAWN), FindingState.CHANGED),
    ],
)
def test_state(finding, state):
    assert finding.state is state


def test_a_signed_finding_that_is_dropped_waits_to_be_retracted():
    signed, draft = Finding(DRAWN, signed=DRAWN), Finding(replace(DRAWN, annotation_id="b"))
    reading = PatientReading("P", "anna", (signed, draft), selected="b")
    assert reading.drop("b").given_up == ()
    assert reading.drop("b").selected == ""
    assert reading.drop(signed.key).given_up == (signed,)
    assert reading.drop("unknown") is reading


@pytest.mark.parametrize(
    ("target", "annotation", "shown"),
    [
        (CC, DRAWN, True),
        (mammogram(view=View.MLO), DRAWN, False),
        (mammogram(timepoint="followup-1"), DRAWN, False),
        (replace(CC, image=replace(CC.image, frame=1)), DRAWN, False),
        (volume(), automatic(volume(), [(7.0, 1.0, 1.0)]), True),
        (volume(timepoint="followup-1"), automatic(volume(), [(7.0, 1.0, 1.0)]), False),
        (volume(phase=3), automatic(volume(), [(7.0, 1.0, 1.0)]), False),
    ],
)
def test_a_target_shows_what_lies_on_its_image(target, annotation, shown):
    assert target.shows(annotation) is shown


def test_the_image_of_a_point_in_a_volume_is_its_slice():
    image = volume().image_at((7.2, 1.0, 1.0))
    assert (image.frame, image.sop_uid) == (7, "mr.baseline.7")
    assert replace(volume(), slice_uids=()).image_at((7.0, 1.0, 1.0)).sop_uid == ""
    assert CC.image_at((7.2, 1.0)) == CC.image
