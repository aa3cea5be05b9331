"""A reading session without a window: what is shown, how it hangs, whose reading lies on the desk."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date

import pytest

from calcmeasure.errors import CalcMeasureError
from calcmeasure.store.database import MeasurementStore
from calcmeasure.terms import Method
from napari_calcmeasure.display.drawings import belongs_to
from napari_calcmeasure.display.hanging import Look
from napari_calcmeasure.jobs import ImmediateRunner, Progress
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.records import Records
from napari_calcmeasure.reading.signing import stored_annotations
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.reading.worklist import Blinding
from napari_calcmeasure.readings import Readings
from napari_calcmeasure.session import Session
from napari_calcmeasure.widgets.case_rows import case_rows
from plugin import examinations
from plugin.sessions import MR_LINE, draw_line


@pytest.fixture
def store(tmp_path):
    return tmp_path / "measurements.sqlite"


@pytest.fixture
def session(cohort, store):
    made = Session(Readings(Records(store, reader="mk")))
    made.open_folder(cohort)
    return made


def test_a_folder_opens_on_its_first_patient(session):
    assert [case.name for case in session.cases] == ["P1", "P2"]
    assert session.shown.key == "P1/baseline/MG"
    assert session.hanging.protocol == "MG 4-up"
    assert len(session.hanging.panels) == 4
    assert session.desk.reading.patient_id == session.cases[0].patient_id
    assert session.message == ""


def test_a_folder_without_images_leaves_everything_as_it_was(session, tmp_path):
    before = session.cases
    empty = tmp_path / "empty"
    empty.mkdir()
    session.open_folder(empty)
    assert session.cases is before
    assert session.message.startswith("⚠ no mammogram or dynamic MR")
    assert "[E_NOT_DICOM]" in session.message


def test_steps_through_patients_and_examinations(session):
    for step, key in ((1, "P2/baseline/MG"), (1, "P2/baseline/MG"), (-1, "P1/baseline/MG"), (-1, "P1/baseline/MG")):
        session.step_patient(step)
        assert session.shown.key == key
    mr, later = "P1/baseline/MR/0", "P1/followup-1/MG"
    for step, key in ((1, mr), (1, later), (1, later), (-1, mr)):
        session.step_item(step)
        assert session.shown.key == key


def test_a_single_view_counts_as_its_examination(session):
    view = session.shown.views[2]
    session.show(view.key)
    assert len(session.hanging.panels) == 1
    session.step_item(1)
    assert session.shown.key == "P1/baseline/MR/0"


def test_an_unknown_key_is_ignored(session):
    session.show("P9/baseline/MG")
    assert session.shown.key == "P1/baseline/MG"


def test_looks_go_round(session):
    session.show("P1/followup-1/MG")
    words = [look.words for look in session.looks]
    assert words[0] == "MG 4-up"
    assert {"MG current over prior", "MG compare L-CC", "MG flicker R-MLO", "MG single R-CC"} <= set(words)
    seen = []
    for _ in words:
        seen.append(session.look.words)
        assert session.hanging.protocol == session.look.protocol
        session.step_look(1)
    assert seen == words
    assert session.look.words == words[0]
    session.step_look(-1)
    assert session.look.words == words[-1]


def test_a_look_that_is_not_possible_becomes_the_first(session):
    session.hang(Look("MG compare"))
    assert session.look.protocol == "MG 4-up"


def test_every_patient_has_a_desk_of_its_own_and_work_waits_there(session):
    finding = draw_line(session)
    session.step_patient(1)
    assert session.desk.reading.findings == ()
    assert [one.patient_id for one in session.readings.unsigned] == [session.cases[0].patient_id]
    session.step_patient(-1)
    assert session.desk.reading.findings == (finding,)


def test_leaving_an_examination_lets_go_of_its_findings(session):
    draw_line(session)
    session.show("P1/followup-1/MG")
    assert session.desk.reading.selected == ""
    assert len(session.desk.reading.findings) == 1


def test_signing_records_and_counts(session, store):
    finding = draw_line(session)
    assert session.readings.sign()
    assert session.readings.message == "Signed by mk."
    assert session.desk.reading.is_signed
    counts = session.readings.signed[session.case.patient_id]
    assert counts == {("baseline", "MG", finding.annotation.image.series_uid): 1}
    with MeasurementStore(str(store)) as opened:
        (kept,) = opened.current(reader="mk")
    assert kept.annotation.points == finding.annotation.points


def test_a_signature_without_a_reader_is_refused_in_words(cohort, store):
    session = Session(Readings(Records(store)))
    session.open_folder(cohort)
    draw_line(session)
    assert not session.readings.sign()
    assert "[E_NO_READER]" in session.readings.message
    session.readings.set_reader("zo")
    assert len(session.desk.reading.findings) == 1
    assert session.readings.sign()


def test_every_signature_is_confirmed(session):
    told = []
    session.readings.events.message.connect(told.append)
    for step in (0, 1):
        session.step_patient(step)
        draw_line(session)
        assert session.readings.sign()
    assert told == ["Signed by mk."] * 2


def test_own_signed_findings_are_nobody_elses_once_the_reader_is_known(cohort, store):
    before = Session(Readings(Records(store, reader="mk")))
    before.open_folder(cohort)
    draw_line(before)
    assert before.readings.sign()
    session = Session(Readings(Records(store)))
    session.open_folder(cohort)
    assert len(session.readings.others) == 1
    session.readings.set_reader("mk")
    assert session.readings.others == ()
    assert session.desk.reading.is_signed


def test_a_restored_draft_of_nobody_is_offered_once(cohort, store):
    left = Session(Readings(Records(store)))
    left.open_folder(cohort)
    draw_line(left)
    left.readings.keep_all()
    left.readings.records.close()
    session = Session(Readings(Records(store, reader="mk")))
    session.open_folder(cohort)
    (draft,) = session.readings.records.waiting()
    session.readings.restore(session.readings.records.restore(draft))
    assert session.desk.reading.reader == "mk"
    assert session.readings.sign()
    session.readings.records.close()
    assert Records(store, reader="mk").waiting() == []


def test_a_store_that_cannot_be_read_costs_no_draft(cohort, store):
    left = Session(Readings(Records(store)))
    left.open_folder(cohort)
    draw_line(left)
    left.readings.records.close()
    store.write_bytes(b"no database")
    records = Records(store, reader="mk")
    (draft,) = records.waiting()
    with pytest.raises(CalcMeasureError):
        records.restore(draft)
    assert len(records.waiting()) == 1
    with pytest.raises(CalcMeasureError):
        records.adopt(draft.reading)
    assert len(Records(store, reader="mk").waiting()) == 1


def test_without_records_one_can_look_and_draw_and_is_told(cohort):
    session = Session()
    session.open_folder(cohort)
    draw_line(session)
    assert not session.readings.sign()
    assert "nowhere to record" in session.readings.message


def test_another_window_that_signed_first_is_not_overwritten(cohort, store):
    one, other = (Session(Readings(Records(store, reader="mk"))) for _ in range(2))
    for session in (one, other):
        session.open_folder(cohort)
    finding = draw_line(one)
    other.readings.restore(one.desk.reading)
    assert one.readings.sign()
    target = other.hanging.panels[0].target
    other.desk.hold(ToolName.CALIPER)
    for motion, point in ((Motion.PRESS, (40.0, 10.0)), (Motion.DRAG, (44.0, 10.0)), (Motion.RELEASE, (44.0, 10.0))):
        other.desk.pointer(PointerEvent(motion, target, point))
    assert not other.readings.sign(reason="corrected")
    assert "[E_STORE_CONFLICT]" in other.readings.message
    with MeasurementStore(str(store)) as opened:
        (kept,) = opened.current(reader="mk")
    assert kept.annotation.points == finding.annotation.points
    # What was drawn here stands as a change of the other's version, and can be signed as one.
    assert other.readings.sign(reason="corrected")


@pytest.mark.parametrize(
    ("blinding", "sees_other", "has_prior"),
    [
        (Blinding(), True, True),
        (Blinding(hide_readers=True), False, True),
        (Blinding(hide_auto=True, hide_readers=True, hide_priors=True), False, False),
    ],
)
def test_blinding_hides_other_readers_and_priors(cohort, store, blinding, sees_other, has_prior):
    first = Session(Readings(Records(store, reader="one")))
    first.open_folder(cohort)
    draw_line(first)
    assert first.readings.sign()
    second = Session(Readings(Records(store, reader="two", blinding=blinding)))
    second.open_folder(cohort)
    assert bool(second.readings.others) is sees_other
    second.show("P1/followup-1/MG")
    assert (second.prior is not None) is has_prior
    assert any("compare" in look.protocol for look in second.looks) is has_prior


def test_a_consensus_takes_over_signs_and_keeps_both_originals(cohort, store):
    for reader, end in (("mk", 40.0), ("jb", 55.0)):
        session = Session(Readings(Records(store, reader=reader)))
        session.open_folder(cohort)
        draw_line(session, points=((20.0, 10.0), (end, 10.0)))
        assert session.readings.sign()
    consensus = Session(Readings(Records(store, reader="consensus")))
    consensus.open_folder(cohort)
    assert {one.reader for one in consensus.readings.others} == {"jb", "mk"}
    consensus.readings.take_over(consensus.hanging.panels[0].target, at=(55.0, 10.0))
    assert consensus.readings.sign()
    (finding,) = consensus.desk.reading.findings
    assert finding.annotation.points == ((20.0, 10.0), (55.0, 10.0))
    jb = next(one for one in consensus.readings.others if one.reader == "jb")
    origin = {"reader": "jb", "annotation_id": jb.annotation.annotation_id, "version": 1}
    assert finding.annotation.extra["consensus_of"] == [origin]
    assert len(stored_annotations(str(store))) == 3


@pytest.mark.parametrize("hidden", ["hide_auto", "hide_readers", "hide_priors"])
def test_a_blinded_reader_takes_nothing_over(cohort, store, hidden):
    first = Session(Readings(Records(store, reader="one")))
    first.open_folder(cohort)
    draw_line(first)
    assert first.readings.sign()
    second = Session(Readings(Records(store, reader="two", blinding=Blinding(**{hidden: True}))))
    second.open_folder(cohort)
    second.readings.take_over(second.hanging.panels[0].target, at=(20.0, 10.0))
    assert second.desk.reading.findings == ()
    assert "blinded" in second.readings.message


def test_automatic_findings_become_drafts(session, monkeypatch):
    found = draw_line(session).annotation
    automatic = replace(found, method=Method.AUTO, points=((1.0, 2.0), (3.0, 4.0)))
    monkeypatch.setattr("napari_calcmeasure.detection.Searches.search", lambda *_args, **_options: (automatic,))
    session.detect(session.hanging.panels[0].target)
    drawn, adopted = session.desk.reading.findings
    assert (drawn.annotation.method, adopted.annotation.method) == ("manual", "auto")
    assert adopted.annotation.points == automatic.points


def test_what_was_found_is_told_once_it_is_on_the_desk_of_the_patient_shown(session, monkeypatch):
    found = draw_line(session).annotation
    automatic = replace(found, method=Method.AUTO, points=((1.0, 2.0), (3.0, 4.0)))
    monkeypatch.setattr("napari_calcmeasure.detection.Searches.search", lambda *_args, **_options: (automatic,))
    told = []
    target = session.hanging.panels[0].target
    session.detect(target, then=lambda: told.append(session.desk.reading.selected_finding.annotation.points))
    assert told == [automatic.points]

    class AfterShe(ImmediateRunner):
        def start(self, words, work, *, done, failed):
            def later(result):
                session.runner = ImmediateRunner()
                session.step_patient(1)
                done(result)

            return super().start(words, work, done=later, failed=failed)

    session.runner = AfterShe()
    session.detect(target, then=lambda: told.append("elsewhere"))
    assert told == [automatic.points]


def test_an_image_that_cannot_be_searched_says_why(session):
    session.detect(session.hanging.panels[0].target)
    assert session.desk.reading.findings == ()
    assert session.message.startswith("⚠")
    assert "[E_" in session.message


def test_a_blinded_reader_cannot_ask_for_automatic_findings(cohort, store):
    session = Session(Readings(Records(store, reader="mk", blinding=Blinding(hide_auto=True))))
    session.open_folder(cohort)
    session.detect(session.hanging.panels[0].target)
    assert session.desk.reading.findings == ()
    assert "blinded" in session.message


def test_a_field_to_segment_in_exists_for_mr_only(session):
    assert session.field_of(session.hanging.panels[0].target) is None
    session.show("P1/baseline/MR/0")
    target = session.hanging.panels[0].target
    field = session.field_of(target)
    assert field.subtraction.shape == session.hanging.panels[0].shape
    assert session.field_of(target) is field
    assert field.image_of_slice(2).frame == 2
    assert field.image_of_slice(2).sop_uid


def test_a_field_is_that_of_the_target_whatever_is_shown(cohort, store, tmp_path):
    examinations.write_dynamic(shutil.copytree(cohort / "a" / "mr", tmp_path / "1").parent / "2", day=date(2024, 6, 1))
    session = Session(Readings(Records(store, reader="mk")))
    session.open_folder(tmp_path)
    session.show("P1/followup-1/MR/0", look=Look("DCE compare"))
    now, before = (panel.target for panel in session.hanging.panels)
    fields = [session.field_of(target) for target in (before, now)]
    for field, item in zip(fields, (session.prior, session.shown), strict=True):
        frames = item.series.phases[now.phase.index].frames
        assert [field.image_of_slice(n).sop_uid for n in range(4)] == [frame.sop_uid for frame in frames]
    # A finding knows the image of its own slice only.
    of_finding = replace(now, image=now.image_at((1.0,)), slice_uids=())
    session.pictures.volumes.subtraction(session.shown.series, early=now.phase.index + 1)
    assert session.field_of(of_finding).image_of_slice(2) == fields[1].image_of_slice(2)
    assert session.field_of(replace(now, phase=replace(now.phase, index=9))) is None


def test_a_damaged_image_leaves_the_others(cohort, tmp_path, store):
    copy = shutil.copytree(cohort, tmp_path / "copy")
    damaged = copy / "a" / "1" / "RCC.dcm"
    damaged.write_bytes(damaged.read_bytes()[:-900])
    session = Session(Readings(Records(store, reader="mk")))
    session.open_folder(copy)
    assert len(session.hanging.panels) == 3
    assert draw_line(session) is not None


def test_a_shuffled_list_is_the_same_for_the_same_seed(cohort):
    orders = set()
    for seed in (None, 1, 2, 3, 4, 5):
        names = []
        for _ in range(2):
            session = Session(seed=seed)
            session.open_folder(cohort)
            names.append(tuple(case.name for case in session.cases))
        assert names[0] == names[1]
        orders.add(names[0])
    assert len(orders) == 2


class Later(ImmediateRunner):
    """Keeps jobs until they are let go."""

    def __init__(self):
        self.jobs = []

    def start(self, words, work, *, done, failed):
        progress = Progress(words)
        self.jobs.append((progress, work, done))
        return progress

    def finish_last(self):
        _, work, done = self.jobs.pop()
        done(work(Progress("")))


def test_a_newer_request_cancels_the_one_before(cohort):
    runner = Later()
    session = Session(runner=runner)
    session.open_folder(cohort)
    runner.finish_last()
    session.show("P2/baseline/MG")
    (first, *_), (second, *_) = runner.jobs
    assert first.is_cancelled()
    assert not second.is_cancelled()


def test_while_the_next_patient_loads_nothing_hangs_that_could_be_drawn_on(cohort):
    runner = Later()
    session = Session(runner=runner)
    session.open_folder(cohort)
    runner.finish_last()
    runner.finish_last()
    assert session.hanging.panels
    session.show("P1/followup-1/MG")
    assert session.hanging is not None, "pictures of the same patient stay until the next ones are there"
    session.step_patient(1)
    assert session.desk.reading.patient_id == session.cases[1].patient_id
    assert session.hanging is None


@pytest.mark.parametrize("comes_back", [False, True])
def test_what_a_search_finds_after_its_patient_left_waits_with_that_patient(cohort, store, monkeypatch, comes_back):
    runner = Later()
    session = Session(Readings(Records(store, reader="mk")), runner=runner)
    session.open_folder(cohort)
    runner.finish_last()
    runner.finish_last()
    found = replace(draw_line(session).annotation, method=Method.AUTO, points=((1.0, 2.0), (3.0, 4.0)))
    monkeypatch.setattr("napari_calcmeasure.detection.Searches.search", lambda *_args, **_options: (found,))
    session.detect(session.hanging.panels[0].target)
    search = runner.jobs.pop()
    session.step_patient(1)
    if comes_back:
        session.step_patient(-1)
    search[2](search[1](Progress("")))
    session.show("P1/baseline/MG")
    assert [one.annotation.method for one in session.desk.reading.findings] == ["manual", "auto"]
    session.step_patient(1)
    assert session.desk.reading.findings == ()


def test_an_unexpected_error_is_a_sentence_too(session, caplog):
    session.tell(ZeroDivisionError("secret"))
    assert session.message.endswith("[E_INTERNAL]")
    assert "secret" not in session.message
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text


def test_a_blinded_reader_sees_her_numbers_of_this_visit_only(cohort, store):
    session = Session(Readings(Records(store, reader="mk", blinding=Blinding(hide_priors=True))))
    session.open_folder(cohort)
    draw_line(session)
    assert len(session.readings.visible.findings) == 1
    session.show("P1/followup-1/MG")
    assert session.readings.visible.findings == ()
    session.desk.select_next(among=session.readings.visible)
    assert session.desk.reading.selected == ""
    assert len(session.desk.reading.findings) == 1


def test_findings_belong_to_their_series_not_to_any_of_the_study(session):
    session.show("P1/baseline/MR/0")
    panel = session.hanging.panels[0]
    drawn = draw_line(session, points=((1.0, 10.0, 10.0), (1.0, 20.0, 10.0))).annotation
    assert belongs_to(drawn, panel)
    assert not belongs_to(replace(drawn, image=replace(drawn.image, series_uid="2.25.1")), panel)


def test_the_case_list_counts_what_waits_once(session):
    def counts():
        item = case_rows(session)[0].visits[0].items[0]
        return item.n_signed, item.n_waiting

    draw_line(session)
    draw_line(session, points=((50.0, 10.0), (50.0, 30.0)))
    assert counts() == (0, 2)
    assert session.readings.sign()
    assert counts() == (2, 0)
    session.desk.hold(ToolName.NAVIGATE)
    session.desk.delete_selected()
    assert counts() == (1, 1)


def test_what_is_measured_in_one_of_two_series_counts_there_alone(session):
    def counts():
        visit = case_rows(session)[0].visits[0]
        return [(item.n_signed, item.n_waiting) for item in visit.items]

    case = session.cases[0]
    exam, first = case.visits[0].items
    other = replace(first, key="P1/baseline/MR/1", series=replace(first.series, series_uids=("1.2.3",)))
    visit = replace(case.visits[0], items=(exam, other, first))
    session.cases = (replace(case, visits=(visit, *case.visits[1:])), *session.cases[1:])
    session.show(first.key)
    draw_line(session, points=MR_LINE)
    draw_line(session, points=((2.0, 10.0, 10.0), (2.0, 20.0, 10.0)))
    assert counts() == [(0, 0), (0, 0), (0, 2)]
    assert session.readings.sign()
    assert counts() == [(0, 0), (0, 0), (2, 0)]
    gone = replace(first, series=replace(first.series, series_uids=("4.5.6",)))
    session.cases = (replace(case, visits=(replace(visit, items=(exam, other, gone)), *case.visits[1:])),)
    assert counts() == [(0, 0), (2, 0), (0, 0)]
