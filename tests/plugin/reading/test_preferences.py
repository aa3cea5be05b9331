"""Preferences: kept where the system says, never in the way, and nothing of a patient in them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calcmeasure.errors import ErrorCode, OutputError
from napari_calcmeasure.reading.preferences import Preferences, load_preferences, preferences_path, save_preferences
from napari_calcmeasure.reading.worklist import Blinding

FULL = Preferences("r1 Łé", ("paper-2023", "recist-1.1"), Blinding(hide_auto=True))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def test_what_is_remembered_comes_back():
    assert load_preferences() == (Preferences(), None)
    save_preferences(FULL)
    assert load_preferences() == (FULL, None)
    assert stat.S_IMODE(preferences_path().stat().st_mode) == 0o600


@pytest.mark.parametrize(("given_", "wanted"), [("", "home/.config"), ("relative", "home/.config"), (None, "config")])
def test_the_place_is_the_one_the_system_names(home, monkeypatch, given_, wanted):
    if given_ is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", given_)
    assert preferences_path() == home / wanted / "calcmeasure" / "reading.json"


DAMAGED = [
    "", "{", "[]", "null", '"x"', '{"reader": 7}', '{"criteria": "x"}', '{"criteria": [1]}',
    '{"blinding": [true]}', '{"blinding": {"hide_auto": "no"}}', '{"blinding": {"hide_everything": true}}',
    "[" * 30_000, '{"reader": "' + "x" * 70_000 + '"}',
]  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_gives_defaults_and_a_sentence(home, text):
    preferences_path().parent.mkdir(parents=True)
    preferences_path().write_text(text)
    preferences, problem = load_preferences()
    assert preferences == Preferences()
    assert problem.code is ErrorCode.PREFERENCES
    assert str(home) not in problem.message
    save_preferences(FULL)
    assert load_preferences() == (FULL, None)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_bytes_are_survived(content):
    preferences_path().parent.mkdir(parents=True, exist_ok=True)
    preferences_path().write_bytes(content)
    assert isinstance(load_preferences()[0], Preferences)


def test_fields_of_a_newer_version_are_ignored():
    preferences_path().parent.mkdir(parents=True)
    preferences_path().write_text('{"reader": "r1", "colour": "green"}')
    assert load_preferences() == (Preferences("r1"), None)


def test_no_place_on_the_disk_is_remembered():
    save_preferences(Preferences("r1", ("extent-10", "/data/DOE^JANE/mine.toml", "..\\mine.toml", "")))
    assert json.loads(preferences_path().read_text())["criteria"] == ["extent-10"]


def test_a_place_that_cannot_be_written_says_so(home):
    (home / "file").write_text("x")
    with pytest.raises(OutputError):
        save_preferences(FULL, home / "file" / "reading.json")
    assert load_preferences(home / "file" / "reading.json")[1].code is ErrorCode.PREFERENCES
