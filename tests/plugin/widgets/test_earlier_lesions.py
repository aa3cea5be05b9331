"""Earlier lesions to choose from, and what a finding continues, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("napari")

from calcmeasure.terms import GeometryKind, LesionRelation
from napari_calcmeasure.reading.finding import Finding, PatientReading
from napari_calcmeasure.widgets.earlier_lesions import earlier_lesions, link_words
from napari_calcmeasure.widgets.measure_actions import changes_of
from plugin.reading.examples import automatic, volume

BEFORE, NOW = volume(), volume(timepoint="followup-1")


def lesion(target, *, lesion_id="R-L1", ends=((7.0, 10.0, 10.0), (7.0, 20.0, 10.0), (7.0, 20.0, 40.0)), **fields):
    return Finding(automatic(target, ends, lesion_id=lesion_id, **fields))


BROKEN = Finding(replace(lesion(BEFORE).annotation, geometry=GeometryKind.CALIPER))
"""A line of three ends measures to nothing."""


def reading(*findings):
    return PatientReading("P1", "mk", findings)


def test_the_likeliest_comes_first_with_its_length():
    other = lesion(BEFORE, lesion_id="R-L2")
    now = lesion(NOW)
    listed = earlier_lesions(reading(other, lesion(BEFORE), now), now)
    assert [(one.lesion_id, one.timepoint, one.place) for one in listed] == [
        ("R-L1", "baseline", "slice 7"),
        ("R-L2", "baseline", "slice 7"),
    ]
    assert listed[0].length_mm == pytest.approx(((10 * 0.8) ** 2 + (30 * 0.7) ** 2) ** 0.5)


def test_one_that_does_not_measure_is_listed_without_a_length():
    now = lesion(NOW, relation=LesionRelation.SAME)
    (listed,) = earlier_lesions(reading(BROKEN, now), now)
    assert listed.length_mm is None
    assert link_words(now, reading(BROKEN, now)) == "= R-L1, baseline not measurable"


def test_changes_are_listed_though_one_does_not_measure():
    before = lesion(BEFORE)
    changed = replace(BROKEN, signed=before.annotation, version=1)
    gone = replace(lesion(BEFORE, lesion_id="R-L2"), signed=lesion(BEFORE, lesion_id="R-L2").annotation, version=1)
    lines = changes_of(replace(reading(changed), given_up=(gone,)))
    assert lines == ["R-L1: 22.5 mm → … mm", "R-L2: 22.5 mm → deleted"]
