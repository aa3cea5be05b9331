"""The phase a reader takes instead of the rule's: measured, drawn, kept and found again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_calcmeasure.display.drawings import belongs_to
from napari_calcmeasure.display.hanging import Look
from napari_calcmeasure.jobs import Progress
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.records import Records
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.readings import Readings
from napari_calcmeasure.session import Session
from plugin.sessions import MR_LINE, click, draw_line


@pytest.fixture
def store(tmp_path):
    return tmp_path / "measurements.sqlite"


@pytest.fixture
def session(cohort, store):
    made = Session(Readings(Records(store, reader="mk")))
    made.open_folder(cohort)
    made.show("P1/baseline/MR/0")
    return made


def test_a_chosen_phase_is_measured_recorded_and_given_back(session):
    assert session.hanging.panels[0].target.phase.rule == "k-space-centre-90s"
    by_rule = session.hanging.panels[0].target.phase.index
    session.choose_phase(by_rule + 1)
    phase = session.hanging.panels[0].target.phase
    assert (phase.index, phase.rule) == (by_rule + 1, "reader")
    assert "rule" in " ".join(session.hanging.panels[0].facts)
    session.choose_phase(None)
    assert session.hanging.panels[0].target.phase.index == by_rule


def test_what_is_drawn_of_another_phase_can_be_clicked_and_is_measured_anew_on_this_one(session):
    before = draw_line(session, points=MR_LINE)
    session.choose_phase(3)
    panel = session.hanging.panels[0]
    assert belongs_to(before.annotation, panel)
    session.desk.select("")
    session.desk.hold(ToolName.NAVIGATE)
    click(session, (1.0, 15.0, 10.0))
    assert session.desk.reading.selected == before.key
    assert session.desk.reading.selected_finding == before
    session.desk.hold(ToolName.CALIPER)
    for motion, point in (
        (Motion.PRESS, MR_LINE[1]),
        (Motion.DRAG, (1.0, 24.0, 10.0)),
        (Motion.RELEASE, (1.0, 24.0, 10.0)),
    ):
        session.desk.pointer(PointerEvent(motion, panel.target, point))
    moved = session.desk.reading.selected_finding.annotation
    assert (moved.phase.index, moved.phase.rule) == (3, "reader")
    assert moved.image == panel.target.image_at((1.0, 0.0, 0.0))


def test_the_phase_chosen_is_there_again_after_signing_and_closing(session, cohort, store):
    session.choose_phase(2)
    draw_line(session, points=MR_LINE)
    assert session.readings.sign()
    session.readings.keep_all()
    session.readings.put_away()
    session.readings.records.close()
    again = Session(Readings(Records(store, reader="mk")))
    assert again.readings.records.waiting() == []
    again.open_folder(cohort)
    again.show("P1/baseline/MR/0")
    assert again.phase_hung == 2
    assert again.hanging.panels[0].target.phase.rule == "reader"
    assert "phase 2 was chosen by the reader" in again.hanging.panels[0].facts[0]
    assert again.readings.unsigned == ()


def test_going_back_to_the_rule_after_signing_is_a_choice_to_keep(session, cohort, store):
    session.choose_phase(2)
    draw_line(session, points=MR_LINE)
    assert session.readings.sign()
    session.choose_phase(None)
    assert session.phase_hung is None
    session.readings.put_away()
    session.readings.records.close()
    (draft,) = Records(store, reader="mk").waiting()
    assert draft.reading.phase_choices == {}


def test_the_prior_hangs_at_the_phase_chosen_for_it(session, monkeypatch):
    session.choose_phase(3)
    later = replace(session.shown, key="P1/followup-1/MR/0", timepoint="followup-1")
    reading = session.desk.reading
    hanging = session.pictures.hang(
        later, prior=session.shown, look=Look("DCE compare"), reading=reading, progress=Progress("")
    )
    assert [panel.target.phase.index for panel in hanging.panels] == [3, 3]
