"""Who reads, and into which store."""

from __future__ import annotations

from pathlib import Path

import pytest

from calcmeasure.errors import StoreError
from napari_calcmeasure.reading.preferences import remember
from napari_calcmeasure.reading.setup import STORE_NAME, ReadingSetup, own_store, records_of
from napari_calcmeasure.reading.worklist import Blinding


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Nothing of this computer's user is read or written."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.mark.parametrize(
    ("place", "message"),
    [("empty", "no measurement store in this folder"), ("missing/store.sqlite", "the folder of the store does not")],
)
def test_a_store_that_is_not_there_is_refused(tmp_path, place, message):
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match=message):
        records_of(ReadingSetup(tmp_path / place))


def test_the_reader_is_remembered(tmp_path):
    assert records_of(ReadingSetup(tmp_path / "a.sqlite")).reader == ""
    remember(reader="mk")
    assert records_of(ReadingSetup(tmp_path / "a.sqlite")).reader == "mk"
    assert records_of(ReadingSetup(tmp_path / "a.sqlite", "zo")).reader == "zo"


def test_without_a_store_the_own_one_is_taken_and_its_folder_made(tmp_path):
    records = records_of(ReadingSetup())
    assert records.store == own_store() == tmp_path / "data" / "calcmeasure" / STORE_NAME
    assert records.store.parent.is_dir()


def test_a_store_below_a_relative_data_home_is_kept_in_the_home_folder(monkeypatch):
    # The specification of these variables has relative paths ignored.
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    assert own_store() == Path.home() / ".local" / "share" / "calcmeasure" / STORE_NAME


def test_the_store_in_the_output_of_a_run_is_found(tmp_path):
    (tmp_path / STORE_NAME).touch()
    assert records_of(ReadingSetup(tmp_path)).store == tmp_path / STORE_NAME


def test_a_blinded_reading_hides_everything(tmp_path):
    blinding = records_of(ReadingSetup(tmp_path / "a.sqlite", is_blinded=True)).blinding
    assert blinding == Blinding(hide_auto=True, hide_readers=True, hide_priors=True)
