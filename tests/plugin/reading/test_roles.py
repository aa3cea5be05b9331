"""What a lesion is followed as: stated at baseline, shown ever after, undone, kept and signed like anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.terms import GeometryKind, LesionRole, LesionSite, NonTargetStatus
from napari_calcmeasure.reading.draft_json import reading_from_bytes, reading_to_bytes
from napari_calcmeasure.reading.drafting import Drawing, add_drawing
from napari_calcmeasure.reading.finding import FindingState
from napari_calcmeasure.reading.roles import has_status, role_of
from napari_calcmeasure.reading.signing import load_reading, sign
from plugin.reading.courses_of import lesion, reading_of, signed
from plugin.reading.examples import open_desk, volume

NON_TARGET = {"role": LesionRole.NON_TARGET}


@pytest.mark.parametrize(
    ("before", "now", "role"),
    [
        ({}, {}, None),
        (NON_TARGET, {}, LesionRole.NON_TARGET),
        (NON_TARGET, {"role": LesionRole.NEW}, LesionRole.NEW),
        (NON_TARGET, {"lesion_id": "R-L2"}, None),
        ({"timepoint": "followup-2", **NON_TARGET}, {}, None),
    ],
)
def test_what_was_stated_at_baseline_holds_until_something_else_is(before, now, role):
    finding = lesion("b", "followup-1", 18.0, **now)
    assert role_of(finding, reading_of(lesion("a", "baseline", 30.0, **before), finding)) is role


def test_only_a_non_target_at_a_followup_has_a_status():
    before, now = lesion("a", "baseline", 30.0), lesion("b", "followup-1", 18.0)
    offered = [has_status(one, role=role) for one in (before, now) for role in (None, *LesionRole)]
    assert offered == [False] * 4 + [False, False, True, False]
    stated = lesion("b", "followup-1", 18.0, status=NonTargetStatus.PD)
    assert has_status(stated, role=LesionRole.TARGET), "what was said can be taken back"


def test_stating_is_a_step_of_the_desk():
    desk = open_desk(lesion("a", "baseline", 30.0).annotation)
    desk.select("a")
    desk.describe(role=LesionRole.NON_TARGET)
    desk.describe(site=LesionSite.LYMPH_NODE)
    said = desk.reading.selected_finding.annotation
    assert (said.role, said.site) == (LesionRole.NON_TARGET, LesionSite.LYMPH_NODE)
    desk.undo()
    assert desk.reading.selected_finding.annotation.site is None
    desk.undo()
    assert desk.reading.selected_finding.annotation.role is None
    desk.redo()
    assert desk.reading.selected_finding.annotation.role is LesionRole.NON_TARGET


def test_a_draft_and_a_signature_keep_what_was_stated(tmp_path):
    said = {**NON_TARGET, "site": LesionSite.CHEST_WALL, "status": NonTargetStatus.FURTHER_PD}
    reading = reading_of(lesion("a", "followup-1", 18.0, **said))
    assert reading_from_bytes(reading_to_bytes(reading)) == reading
    store = str(tmp_path / "readings.sqlite")
    sign(reading, store)
    (kept,) = load_reading(store, reading.patient_id, reading.reader).findings
    assert {name: getattr(kept.annotation, name) for name in said} == said
    changed = replace(kept, annotation=replace(kept.annotation, status=None))
    assert (kept.state, changed.state) == (FindingState.SIGNED, FindingState.CHANGED)


def test_what_was_said_of_a_lesion_outlives_its_length():
    target = volume()
    said = {"role": LesionRole.TARGET, "site": LesionSite.LYMPH_NODE, "geometry": GeometryKind.OUTLINE}
    empty = signed(lesion("a", "baseline", 0.0, image=target.image, **said))
    drawing = Drawing(GeometryKind.CALIPER, ((7.0, 10.0, 20.0), (7.0, 40.0, 20.0)))
    (drawn,) = add_drawing(reading_of(empty), target, drawing=drawing).findings
    assert (drawn.key, drawn.annotation.role, drawn.annotation.site) == ("a", LesionRole.TARGET, LesionSite.LYMPH_NODE)
