"""Drafts: without loss, whole or not at all, and one window's from another's."""

from __future__ import annotations

import json
import os
import stat
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.errors import ErrorCode, OutputError, ReadingError
from factories import marks
from napari_calcmeasure.reading import drafts as module
from napari_calcmeasure.reading.draft_json import (
    mask_from_json,
    mask_of,
    mask_to_json,
    reading_from_bytes,
    reading_to_bytes,
    same_mask,
    with_mask,
)
from napari_calcmeasure.reading.drafts import KEEP_WITHIN_S, DraftStore, drafts_beside
from napari_calcmeasure.reading.finding import Finding, LesionMask, PatientReading, Target, Unfinished
from plugin.reading.on_the_desk import VOLUME, finished, lesion, mask, reading, same

SIGNED = Finding(marks(), signed=marks(), version=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "m.sqlite.drafts"


@pytest.fixture
def window(folder):
    opened = DraftStore(folder)
    yield opened
    opened.release()


def left_behind(folder: Path, *readings: PatientReading) -> None:
    """What a window that is gone now had on its desk."""
    gone = DraftStore(folder)
    for one in readings:
        gone.keep(one)
    gone.release()


READINGS = {
    "everything": reading(),
    "nothing": PatientReading("P", ""),
    "signed": finished(findings=(SIGNED,)),
    "changed": finished(findings=(replace(SIGNED, annotation=marks(lesion_id="R-C2")),)),
    "given up": reading(given_up=(SIGNED, lesion(signed=lesion().annotation, version=1))),
    "first click": PatientReading("P", "r", unfinished=Unfinished("caliper", VOLUME, ((1.0, 2.0, 3.0),))),
    "no place yet": PatientReading("P", "r", unfinished=Unfinished("marks", replace(VOLUME, phase=None), ())),
    "other letters": reading(patient_id="Ünïcode ₧\x00\n", reader="Łé;/.."),
}


@pytest.mark.parametrize("before", READINGS.values(), ids=READINGS)
def test_a_reading_comes_back_as_it_was(before):
    after = reading_from_bytes(reading_to_bytes(before))
    assert same(before, after)
    assert [one.state for one in after.findings] == [one.state for one in before.findings]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (PatientReading, "patient_id reader findings given_up unfinished selected phase_choices"),
        (Finding, "annotation mask signed version"),
        (LesionMask, "offset_zrc voxels seed_zrc level"),
        (Unfinished, "tool target points"),
        (Target, "timepoint study_date modality quantity laterality view image phase flags slice_uids series_uids"),
    ],
)
def test_no_field_was_added_without_a_place_in_the_draft(kind, names):
    """A new field must be written to drafts too: extend draft_json, then this table."""
    assert [field.name for field in fields(kind)] == names.split()


def test_coordinates_of_numpy_and_without_end_are_kept():
    points = ((np.float64(1.5), np.float32(2.5), np.int64(3)), (float("inf"), -0.0, 1e-320))
    before = replace(reading(), unfinished=Unfinished("brush", VOLUME, points))
    assert reading_from_bytes(reading_to_bytes(before)).unfinished.points == points


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)), st.randoms(use_true_random=False))
def test_every_voxel_of_a_mask_is_kept(shape, chance):
    voxels = np.array([chance.random() < 0.5 for _ in range(np.prod(shape))], dtype=bool).reshape(shape)
    before = LesionMask((0, 5, 9), voxels, level=chance.random())
    after = mask_from_json(json.loads(json.dumps(mask_to_json(before))))
    assert same_mask(before, after)
    assert not after.voxels.flags.writeable


def test_masks_differ_by_one_voxel_one_place_or_none():
    one = mask()
    flipped = one.voxels.copy()
    flipped[0, 0, 0] ^= True
    others = [replace(one, voxels=flipped), replace(one, offset_zrc=(2, 30, 41)), replace(one, level=0.5), None]
    assert [same_mask(one, other) for other in others] == [False] * 4
    assert same_mask(None, None)


@pytest.mark.parametrize(
    "changes",
    [{"shape": [3, 5]}, {"shape": [3, 5, 8]}, {"shape": [3, 5, 5]}, {"shape": [2**20, 2**20, 2**20]}, {"data": "!"},
     {"data": ""}, {"offset": [1]}, {"shape": "abc"}],
)  # fmt: skip
def test_a_damaged_mask_is_told_and_the_rest_stands(changes):
    annotation = replace(lesion().annotation, extra={"mask": mask_to_json(mask()) | changes})
    with pytest.raises(ReadingError, match="mask"):
        mask_of(annotation)


def test_a_mask_that_unpacks_to_far_more_than_it_says_is_refused():
    bomb = mask_to_json(LesionMask((0, 0, 0), np.zeros((400, 400, 400), bool))) | {"shape": [1, 1, 8]}
    with pytest.raises(ReadingError, match="does not fill"):
        mask_from_json(bomb)


def test_an_annotation_is_saved_with_the_mask_it_has_now():
    older = lesion(mask=mask(seed=2))
    stale = replace(lesion(), annotation=with_mask(older))
    assert same_mask(mask_of(with_mask(stale)), lesion().mask)
    assert "mask" not in with_mask(replace(stale, mask=None)).extra
    kept = replace(lesion().annotation, extra={"x_spare": 1})
    assert with_mask(lesion(annotation=kept)).extra["x_spare"] == 1


# -- windows -----------------------------------------------------------------------------------------------------------


def test_a_killed_windows_work_is_offered_and_comes_back(folder, window):
    left_behind(folder, reading())
    (draft,) = window.orphans("r1")
    assert (draft.patient_id, draft.unsigned, draft.is_unfinished) == ("CM-0001", 2, True)
    assert 0 <= draft.age_s < 60
    assert same(window.restore(draft), reading())
    assert window.orphans("r1") == [], "it is this window's now"
    window.release()
    later = DraftStore(folder)
    assert [one.patient_id for one in later.orphans("r1")] == ["CM-0001"], "closed without signing: still there"
    later.release()


def test_drafts_of_living_windows_are_not_offered(folder, window):
    other = DraftStore(folder)
    other.keep(reading())
    assert window.orphans("r1") == []
    other.release()
    assert len(window.orphans("r1")) == 1


def test_two_windows_keep_the_same_patient_apart(folder, window):
    other = DraftStore(folder)
    window.keep(reading(selected="a1"))
    other.keep(reading(selected="l1"))
    other.release()
    (draft,) = window.orphans("r1")
    assert draft.reading.selected == "l1"
    assert window.restore(draft).selected == "l1"
    (mine,) = window.orphans("r1")
    assert mine.reading.selected == "a1", "what stood in its place is not overwritten"


def test_only_one_window_restores_a_draft(folder, window):
    left_behind(folder, reading())
    other = DraftStore(folder)
    (mine,), (theirs,) = window.orphans("r1"), other.orphans("r1")
    window.keep(reading(selected="a1"))
    other.restore(theirs)
    with pytest.raises(ReadingError, match="another window") as caught:
        window.restore(mine)
    assert caught.value.code is ErrorCode.DRAFT
    other.release()
    assert [one.reading.selected for one in window.orphans("r1")] == ["l1"], "its own draft stayed its own"


def test_readers_see_their_own_and_what_nobody_signed_up_for(folder, window):
    left_behind(folder, reading(), reading(reader="r2"), reading(reader=""))
    assert sorted(draft.reading.reader for draft in window.orphans("r1")) == ["", "r1"]
    assert sorted(draft.reading.reader for draft in window.orphans("")) == [""]


def test_discarded_and_signed_drafts_are_gone(folder, window):
    other = DraftStore(folder)
    other.keep(reading())
    other.discard("CM-0001", "r1")
    other.discard("CM-0001", "r1")
    other.keep(finished(patient_id="P2", findings=(SIGNED,), phase_choices={}))
    other.keep(finished(patient_id="P3", findings=(SIGNED,)))
    other.release()
    assert [draft.patient_id for draft in window.orphans("r1")] == ["P3"], "a chosen phase is work too"
    window.forget(window.orphans("r1")[0])
    assert window.orphans("r1") == []


def test_a_damaged_draft_is_kept_aside_and_the_rest_restored(folder, window):
    left_behind(folder, reading(), reading(patient_id="P2"), reading(patient_id="P3"))
    first, second, _ = sorted(folder.glob("*.draft"))
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 1
    first.write_bytes(content)
    second.write_bytes(second.read_bytes()[:200])
    assert len(window.orphans("r1")) == 1
    assert [problem.code for problem in window.problems] == [ErrorCode.DRAFT] * 2
    assert len(list(folder.glob("*.damaged"))) == 2
    assert len(window.orphans("r1")) == 1
    assert window.problems == [], "told once"


@pytest.mark.parametrize("body", [b"", b"x", b"\xff\x00", b"calcmeasure-draft 1 0\n{}", b"calcmeasure-draft"])
def test_bytes_that_are_no_draft_are_refused(body):
    with pytest.raises(ReadingError, match="damaged"):
        reading_from_bytes(body)


def test_a_draft_without_its_fields_is_refused():
    import hashlib

    body = b'{"patient_id": "P"}'
    head = f"calcmeasure-draft 1 {hashlib.sha256(body).hexdigest()}\n".encode()
    with pytest.raises(ReadingError, match="cannot be understood"):
        reading_from_bytes(head + body)


def test_a_draft_of_a_newer_version_stays_for_it(folder, window):
    left_behind(folder, reading())
    (path,) = folder.glob("*.draft")
    path.write_bytes(path.read_bytes().replace(b"draft 1 ", b"draft 2 ", 1))
    assert window.orphans("r1") == []
    assert [problem.code for problem in window.problems] == [ErrorCode.STORE_NEWER]
    assert path.is_file()


def test_nothing_of_a_patient_is_in_names_and_nobody_else_may_read(folder, window):
    window.keep(reading(patient_id="DOE^JANE", reader="dr-who"))
    for path in folder.iterdir():
        assert "DOE" not in path.name
        assert "who" not in path.name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_dead_windows_left_besides_drafts_is_swept_up(folder, window):
    gone = DraftStore(folder)
    gone.keep(reading())
    (path,) = folder.glob(f"{gone._window}.*.draft")
    (folder / f".{path.name}.99.tmp").write_bytes(b"half")
    os.close(gone._lock)  # as the system does for a process that was killed
    assert len(window.orphans("r1")) == 1
    left = sorted(one.name for one in folder.iterdir())
    assert left == sorted([path.name, window._lock_path.name])


def test_a_living_windows_half_written_file_is_left_alone(folder, window):
    other = DraftStore(folder)
    half = folder / f".{other._window}.abc.draft.99.tmp"
    half.write_bytes(b"half")
    window.orphans("r1")
    assert half.exists()
    other.release()


# -- when --------------------------------------------------------------------------------------------------------------


def test_soon_is_within_the_limit_and_the_last_one_counts(folder, window):
    assert window.keep_soon(reading(selected="a1"), now=100.0) == 100.0 + KEEP_WITHIN_S
    assert window.keep_soon(reading(selected="l1"), now=100.9) == 100.0 + KEEP_WITHIN_S, "not put off by later ones"
    assert window.tick(100.5) == 100.0 + KEEP_WITHIN_S
    assert list(folder.glob("*.draft")) == []
    assert window.tick(101.0) is None
    (path,) = folder.glob("*.draft")
    assert reading_from_bytes(path.read_bytes()).selected == "l1"
    assert KEEP_WITHIN_S <= 1.0


def test_a_click_overtakes_what_waits(folder, window):
    window.keep_soon(reading(selected="a1"), now=0.0)
    window.keep(reading(selected="l1"))
    assert window.tick(10.0) is None
    (path,) = folder.glob("*.draft")
    assert reading_from_bytes(path.read_bytes()).selected == "l1"


def test_closing_writes_what_waits(folder, window):
    other = DraftStore(folder)
    other.keep_soon(reading(), now=0.0)
    other.release()
    other.release()
    assert len(window.orphans("r1")) == 1


def test_dropped_work_is_not_written_later(folder, window):
    window.keep_soon(reading(), now=0.0)
    window.discard("CM-0001", "r1")
    assert window.tick(9.0) is None
    assert list(folder.glob("*.draft")) == []


def test_a_full_disk_keeps_the_last_draft_and_the_work_that_waits(folder, window, monkeypatch):
    window.keep(reading(selected="a1"))
    window.keep_soon(reading(selected="l1"), now=0.0)

    def full(*_args, **_more):
        raise OutputError("the disk is full", code=ErrorCode.DISK_FULL)

    with monkeypatch.context() as broken:
        broken.setattr(module, "write_atomically", full)
        with pytest.raises(OutputError):
            window.tick(5.0)
        with pytest.raises(OutputError):
            window.keep(reading(patient_id="P2"))
        with pytest.raises(OutputError):
            window.tick(5.05)
    (path,) = folder.glob("*.draft")
    assert reading_from_bytes(path.read_bytes()).selected == "a1"
    assert window.tick(5.1) is None
    assert reading_from_bytes(path.read_bytes()).selected == "l1"
    assert len(list(folder.glob("*.draft"))) == 2, "a click that found no room is written as soon as there is some"


def test_a_place_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        DraftStore(tmp_path / "file" / "drafts")


def test_drafts_lie_beside_their_store(tmp_path):
    assert drafts_beside(tmp_path / "m.sqlite") == tmp_path / "m.sqlite.drafts"


def test_a_click_is_on_disk_before_it_is_noticed(folder, window):
    """20 findings and a large lesion: well below the 200 ms a window may stand still, on a busy machine too."""
    findings = tuple(Finding(marks(annotation_id=f"a{i}")) for i in range(20))
    full = reading(findings=(*findings, lesion(mask=mask((40, 80, 80)))))
    window.keep(full)
    spent = []
    for _ in range(7):
        start = time.perf_counter()
        window.keep(full)
        spent.append(time.perf_counter() - start)
    assert sorted(spent)[3] < 0.1
