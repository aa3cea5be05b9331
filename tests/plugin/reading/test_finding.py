"""Findings and targets as values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.terms import View
from napari_calcmeasure.reading.finding import Finding, FindingState, PatientReading, phases_taken
from plugin.reading.examples import automatic, mammogram, volume

CC = mammogram()
LATER = volume(timepoint="followup-1")
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
        (volume(phase=3), automatic(volume(), [(7.0, 1.0, 1.0)]), True),
        (replace(volume(), series_uids=("1", "mr.followup-1")), automatic(LATER, [(7.0, 1.0, 1.0)]), True),
        (replace(volume(), series_uids=("1",)), automatic(volume(), [(7.0, 1.0, 1.0)]), False),
    ],
)
def test_a_target_shows_what_lies_on_its_image(target, annotation, shown):
    assert target.shows(annotation) is shown


def test_the_image_of_a_point_in_a_volume_is_its_slice():
    image = volume().image_at((7.2, 1.0, 1.0))
    assert (image.frame, image.sop_uid) == (7, "mr.baseline.7")
    assert replace(volume(), slice_uids=()).image_at((7.0, 1.0, 1.0)).sop_uid == ""
    assert CC.image_at((7.2, 1.0)) == CC.image


def test_phases_taken_are_those_of_the_annotation_made_last():
    def made(day, *, phase=2, rule="reader", series_uid="1.9"):
        one = automatic(volume(phase=phase), [(7.0, 1.0, 1.0)], created_utc=f"2024-03-{day:02}T00:00:00Z")
        reference = replace(one.phase, rule=rule)
        return replace(one, phase=reference, image=replace(one.image, series_uid=series_uid))

    assert phases_taken([]) == {}
    assert phases_taken([made(2), made(1, phase=3), DRAWN]) == {"1.9": 2}
    assert phases_taken([made(1), made(2, phase=3), made(1, series_uid="2.9")]) == {"1.9": 3, "2.9": 2}
    assert phases_taken([made(2, rule="k-space-centre-90s"), made(1)]) == {}


def test_a_phase_is_chosen_for_all_series_of_an_examination():
    reading = PatientReading("P", "mk", phase_choices={"1.2": 3})
    assert reading.phase_chosen(("1.1", "1.2")) == 3
    assert reading.phase_chosen(("1.3",)) is None
