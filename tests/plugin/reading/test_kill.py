"""Killed in the middle of a reading: whatever was clicked comes back, and the store is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from calcmeasure.store.database import MeasurementStore
from napari_calcmeasure.reading.draft_json import reading_from_bytes, same_mask
from napari_calcmeasure.reading.drafts import DraftStore, drafts_beside
from napari_calcmeasure.reading.finding import Finding, PatientReading
from napari_calcmeasure.reading.signing import catch_up, load_reading, sign
from plugin.reading.killed_reader import IN_A_SIGNATURE, IN_A_WRITE, MOMENTS

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[2]


def kill_at(moment: str, folder: Path) -> dict[str, dict[str, PatientReading]]:
    """Let a reader work until a moment; what she clicked last and what was acknowledged last, by patient."""
    program = [sys.executable, str(Path(__file__).with_name("killed_reader.py")), str(folder), moment]
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(program, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr or f"there is no moment {moment!r}"
    last: dict[str, dict[str, PatientReading]] = {"clicked": {}, "kept": {}}
    for line in (folder / "log").read_text(encoding="ascii").splitlines():
        word, content = line.split()
        reading = reading_from_bytes(bytes.fromhex(content))
        last[word][reading.patient_id] = reading
    return last


def come_back(store: Path) -> dict[str, PatientReading]:
    """What is on the desk after a restart where every draft is restored."""
    window = DraftStore(drafts_beside(store))
    drafts = window.orphans("r1")
    assert window.problems == []
    back = {name: load_reading(str(store), name, "r1") for name in ("CM-0001", "CM-0002")}
    back |= {draft.patient_id: catch_up(window.restore(draft), str(store)) for draft in drafts}
    assert not [path for path in drafts_beside(store).iterdir() if path.suffix == ".tmp"]
    window.release()
    return back


def is_same_drawing(one: Finding, other: Finding) -> bool:
    bare = [replace(finding.annotation, extra={}, created_utc="") for finding in (one, other)]
    return bare[0] == bare[1] and same_mask(one.mask, other.mask)


def is_same_work(one: PatientReading, other: PatientReading) -> bool:
    return (
        one.unfinished == other.unfinished
        and {finding.key for finding in one.findings} == {finding.key for finding in other.findings}
        and all(is_same_drawing(finding, other.find(finding.key)) for finding in one.findings)
        and (one.is_signed or other.is_signed or one.phase_choices == other.phase_choices)
    )


def check_store(store: Path) -> int:
    """Verify what is recorded, and count it."""
    if not store.exists():
        return 0
    with MeasurementStore(str(store)) as opened:
        return opened.verify()


@pytest.mark.parametrize("moment", [*MOMENTS, *IN_A_WRITE, *IN_A_SIGNATURE])
def test_nothing_that_was_clicked_is_lost(tmp_path, moment):
    last = kill_at(moment, tmp_path)
    back = come_back(tmp_path / "m.sqlite")
    check_store(tmp_path / "m.sqlite")
    assert last["kept"]
    for patient_id, clicked in last["clicked"].items():
        kept = last["kept"].get(patient_id, clicked)
        if moment in IN_A_WRITE[:2]:
            assert is_same_work(back[patient_id], kept), "the click before: this one was not written yet"
        else:
            assert is_same_work(back[patient_id], clicked)


@pytest.mark.parametrize("moment", ["before the signature", *IN_A_SIGNATURE])
def test_signing_goes_on_where_it_was_cut_off(tmp_path, moment):
    """All or nothing is in the store, and signing again completes it without a second version."""
    wanted = kill_at(moment, tmp_path)["clicked"]["CM-0001"]
    assert check_store(tmp_path / "m.sqlite") in (0, len(wanted.findings))
    back = come_back(tmp_path / "m.sqlite")["CM-0001"]
    assert back.is_signed == (moment == "committed, draft not dropped")
    signed = sign(back, str(tmp_path / "m.sqlite"))
    assert is_same_work(signed, wanted)
    assert {finding.version for finding in signed.findings} == {1}
    assert check_store(tmp_path / "m.sqlite") == len(wanted.findings)


def test_the_reading_that_nobody_killed_ends_with_everything_signed(tmp_path):
    last = kill_at("window closed", tmp_path)
    assert last["kept"]["CM-0001"].is_signed
    assert len(last["kept"]["CM-0001"].findings) == 3
    assert last["kept"]["CM-0002"].unfinished is not None


def test_enough_moments():
    assert len({*MOMENTS, *IN_A_WRITE, *IN_A_SIGNATURE}) >= 12
