"""Signing: all or nothing, with a reason for every change, and nothing of another window overwritten."""

from __future__ import annotations

import multiprocessing
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from calcmeasure.errors import AnnotationError, ErrorCode, ReadingError, StoreError
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.store.database import MeasurementStore, Reading
from calcmeasure.terms import GeometryKind
from factories import marks, outline
from napari_calcmeasure.reading.draft_json import same_mask
from napari_calcmeasure.reading.finding import Finding, FindingState, PatientReading
from napari_calcmeasure.reading.signing import (
    catch_up,
    load_reading,
    needs_reason,
    needs_signature,
    other_readings,
    sign,
    stored_annotations,
)
from plugin.reading.on_the_desk import finished, lesion, mask, reading, same

MOVED = ((10.0, 10.0), (120.0, 10.0))


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "m.sqlite")


@pytest.fixture
def signed(store) -> PatientReading:
    """A reading that was signed once."""
    return sign(finished(), store)


def moved(before: PatientReading, key: str = "a1", **changes: object) -> PatientReading:
    """One finding of a reading drawn anew."""
    changes = changes or {"points": MOVED}
    return before.change(key, lambda one: replace(one, annotation=replace(one.annotation, **changes)))


def history(store: str, key: str) -> list[tuple[int, str]]:
    with MeasurementStore(store) as opened:
        return [(one.version, one.reason) for one in opened.history(key, patient_id="CM-0001", reader="r1")]


def versions(reading_: PatientReading) -> dict[str, int]:
    return {finding.key: finding.version for finding in reading_.findings}


def test_drafts_become_signed_findings(store, signed):
    assert [one.state for one in signed.findings] == [FindingState.SIGNED] * 2
    assert versions(signed) == {"a1": 1, "l1": 1}
    assert signed.is_signed
    assert (signed.selected, signed.phase_choices) == ("l1", {"1.9": 2})
    back = load_reading(store, "CM-0001", "r1")
    assert same(replace(back, selected="l1", phase_choices={"1.9": 2}), signed)
    with MeasurementStore(store) as opened:
        assert opened.verify() == 2


def test_the_voxels_of_a_signed_lesion_come_back(store, signed):
    (found,) = [one for one in load_reading(store, "CM-0001", "r1").findings if one.key == "l1"]
    assert same_mask(found.mask, lesion().mask)
    assert found.mask is not lesion().mask


def test_the_millimetres_in_the_store_are_the_cores(store, signed):
    with sqlite3.connect(store) as connection:
        rows = dict(connection.execute("SELECT annotation_id, value_mm FROM annotation_version"))
    connection.close()
    wanted = (measure_annotation(one, patient_id="CM-0001", reader="r1") for one in (marks(), lesion().annotation))
    assert rows == {one.annotation_id: one.value_mm for one in wanted}


def test_signing_again_adds_nothing(store, signed):
    again = sign(signed, store)
    assert same(again, signed)
    assert history(store, "a1") == [(1, "signed")]


def test_a_change_supersedes_with_its_reason(store, signed):
    changed = moved(signed)
    assert needs_reason(changed)
    after = sign(changed, store, reason="outer mark was missed")
    assert versions(after) == {"a1": 2, "l1": 1}
    assert after.find("a1").state is FindingState.SIGNED
    assert history(store, "a1") == [(1, "signed"), (2, "outer mark was missed")]


def test_what_was_given_up_is_retracted_with_its_reason(store, signed):
    after = sign(signed.drop("a1"), store, reason="an artefact")
    assert [one.key for one in after.findings] == ["l1"]
    assert after.is_signed
    assert history(store, "a1")[-1] == (2, "an artefact")
    assert versions(load_reading(store, "CM-0001", "r1")) == {"l1": 1}


def test_given_up_and_drawn_again_under_one_name_supersedes(store, signed):
    """An automatic finding taken over, deleted and taken over again."""
    again = signed.drop("a1").put(Finding(marks(points=MOVED)))
    after = sign(again, store, reason="looked again")
    assert versions(after) == {"l1": 1, "a1": 2}
    assert after.given_up == ()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda done: reading(), ErrorCode.UNFINISHED),
        (lambda done: finished(reader=" "), ErrorCode.NO_READER),
        (moved, ErrorCode.NO_REASON),
        (lambda done: done.drop("l1"), ErrorCode.NO_REASON),
    ],
    ids=["unfinished", "no reader", "changed", "given up"],
)
def test_what_cannot_be_signed_says_why(store, signed, make, code):
    with pytest.raises(ReadingError) as caught:
        sign(make(signed), store, reason="  ")
    assert caught.value.code is code
    assert "CM-0001" not in caught.value.message
    with MeasurementStore(store) as opened:
        assert opened.verify() == 2


def test_points_that_do_not_fit_leave_the_store_alone(store):
    bad = Finding(outline(annotation_id="bad", points=((7.0, 1.0, 1.0), (8.0, 2.0, 2.0), (9.0, 3.0, 9.0))))
    with pytest.raises(AnnotationError):
        sign(finished(findings=(Finding(marks()), bad)), store)
    assert load_reading(store, "CM-0001", "r1").findings == ()


def test_a_brush_that_only_moved_voxels_needs_a_signature(store, signed):
    """Same outline, same volume: the line stands, and the mask is still not the signed one."""
    painted = signed.change("l1", lambda one: replace(one, mask=mask(seed=9)))
    assert painted.find("l1").state is FindingState.SIGNED
    assert needs_signature(painted.find("l1"))
    after = sign(painted, store, reason="edge corrected")
    assert versions(after) == {"a1": 1, "l1": 2}
    found = load_reading(store, "CM-0001", "r1").find("l1")
    assert same_mask(found.mask, mask(seed=9))


def test_a_lesion_drawn_by_hand_loses_its_voxels(store, signed):
    ends = ((7.0, 30.0, 40.0), (7.0, 50.0, 40.0))
    line = signed.change("l1", lambda one: replace(one, mask=None, annotation=replace(
        one.annotation, geometry=GeometryKind.CALIPER, points=ends)))  # fmt: skip
    after = sign(line, store, reason="by hand")
    assert after.find("l1").mask is None
    assert "mask" not in after.find("l1").signed.extra


def test_a_damaged_mask_leaves_line_and_diameter(store):
    broken = replace(outline(), extra={"mask": {"offset": [0, 0, 0], "shape": [1, 1, 1], "data": "?"}})
    with MeasurementStore(store) as opened:
        opened.record(Reading("CM-0001", "r1", [broken], {"l1": 18.0}))
    (found,) = load_reading(store, "CM-0001", "r1").findings
    assert (found.mask, found.state) == (None, FindingState.SIGNED)
    assert not needs_signature(found)


def test_patients_and_readers_are_apart(store, signed):
    sign(finished(reader="r2"), store)
    sign(finished(patient_id="CM-0002"), store)
    with MeasurementStore(store) as opened:
        opened.record(Reading("CM-0001", "auto", [marks()], {"a1": 10.0}))
    assert versions(load_reading(store, "CM-0001", "r1")) == {"a1": 1, "l1": 1}
    others = other_readings(store, "CM-0001", reader="r1")
    assert sorted((one.reader, one.annotation.annotation_id) for one in others) == [
        ("auto", "a1"), ("r2", "a1"), ("r2", "l1"),
    ]  # fmt: skip


def test_looking_makes_no_store(store):
    assert load_reading(store, "CM-0001", "r1") == PatientReading("CM-0001", "r1")
    assert stored_annotations(store) == []
    assert not Path(store).exists()


# -- two windows -------------------------------------------------------------------------------------------------------


def test_the_second_window_is_told_and_nothing_of_hers_is_recorded(store, signed):
    mine, theirs = load_reading(store, "CM-0001", "r1"), load_reading(store, "CM-0001", "r1")
    sign(moved(theirs, lesion_id="R-C7"), store, reason="theirs")
    both = moved(moved(mine), "l1", lesion_id="R-L9")
    with pytest.raises(StoreError, match="another window signed 1") as caught:
        sign(both, store, reason="mine")
    assert caught.value.code is ErrorCode.STORE_CONFLICT
    assert load_reading(store, "CM-0001", "r1").find("l1").version == 1, "all or nothing"

    waiting = catch_up(both, store)
    assert waiting.find("a1") == both.find("a1"), "hers is kept; it is still a conflict"
    resolved = catch_up(both, store, take_newer=True)
    assert resolved.find("a1").signed.lesion_id == "R-C7"
    assert resolved.find("a1").annotation.points == MOVED
    after = sign(resolved, store, reason="compared both")
    assert versions(after) == {"a1": 3, "l1": 2}
    assert [reason for _, reason in history(store, "a1")] == ["signed", "theirs", "compared both"]


def test_a_new_finding_under_a_name_that_exists_is_a_conflict(store):
    sign(finished(), store)
    mine = PatientReading("CM-0001", "r1", (Finding(marks(points=MOVED)),))
    with pytest.raises(StoreError) as caught:
        sign(mine, store)
    assert caught.value.code is ErrorCode.STORE_CONFLICT
    resolved = catch_up(mine, store, take_newer=True)
    assert resolved.find("a1").state is FindingState.CHANGED
    assert versions(sign(resolved, store, reason="mine")) == {"a1": 2, "l1": 1}


def test_untouched_findings_follow_the_other_window(store, signed):
    mine = load_reading(store, "CM-0001", "r1")
    theirs = moved(load_reading(store, "CM-0001", "r1")).drop("l1").put(Finding(marks(annotation_id="a9")))
    sign(theirs, store, reason="theirs")
    after = catch_up(replace(mine, selected="l1"), store)
    assert versions(after) == {"a1": 2, "a9": 1}
    assert after.selected == ""
    assert after.is_signed


def test_given_up_here_and_changed_there(store, signed):
    mine = load_reading(store, "CM-0001", "r1").drop("a1")
    sign(moved(load_reading(store, "CM-0001", "r1")), store, reason="theirs")
    with pytest.raises(StoreError) as caught:
        sign(mine, store, reason="mine")
    assert caught.value.code is ErrorCode.STORE_CONFLICT
    assert [one.key for one in catch_up(mine, store).given_up] == ["a1"]
    resolved = catch_up(mine, store, take_newer=True)
    assert (resolved.given_up, versions(resolved)) == ((), {"l1": 1, "a1": 2})


def test_changed_here_and_given_up_there(store, signed):
    mine = moved(load_reading(store, "CM-0001", "r1"))
    sign(load_reading(store, "CM-0001", "r1").drop("a1"), store, reason="theirs")
    with pytest.raises(StoreError) as caught:
        sign(mine, store, reason="mine")
    assert caught.value.code is ErrorCode.STORE_CONFLICT
    resolved = catch_up(mine, store, take_newer=True)
    assert resolved.find("a1").state is FindingState.DRAFT
    assert versions(sign(resolved, store)) == {"a1": 3, "l1": 1}


def test_a_draft_from_before_a_signature_that_was_recorded_counts_as_signed(store):
    """Killed between the commit and the next line of the program."""
    before = finished()
    sign(before, store)
    assert catch_up(before, store).is_signed
    assert versions(sign(before, store)) == {"a1": 1, "l1": 1}
    given_up = catch_up(before, store).drop("a1")
    sign(given_up, store, reason="gone")
    assert catch_up(given_up, store).is_signed
    assert sign(given_up, store, reason="gone").is_signed


def _sign_many(store: str, name: str, count: int) -> None:
    """Sign corrections of the same finding again and again; after a conflict catch up and sign on top."""
    done = 0
    desk = load_reading(store, "CM-0001", "r1")
    while done < count:
        before = desk.find("a1").annotation.lesion_id
        try:
            desk = sign(moved(desk, lesion_id=f"{before},{name}{done}"), store, reason=name)
            done += 1
        except StoreError as error:
            if error.code is not ErrorCode.STORE_CONFLICT:
                raise
            desk = load_reading(store, "CM-0001", "r1")


def test_two_processes_never_overwrite_each_other(store):
    sign(PatientReading("CM-0001", "r1", (Finding(marks(lesion_id="start")),)), store)
    context = multiprocessing.get_context("spawn")
    windows = [context.Process(target=_sign_many, args=(store, name, 8)) for name in "AB"]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    assert [window.exitcode for window in windows] == [0, 0]
    last = load_reading(store, "CM-0001", "r1").find("a1")
    assert last.version == 17
    steps = last.annotation.lesion_id.split(",")
    assert sorted(steps) == sorted(["start", *(f"{name}{i}" for name in "AB" for i in range(8))])
    with MeasurementStore(store) as opened:
        assert opened.verify() == 17
