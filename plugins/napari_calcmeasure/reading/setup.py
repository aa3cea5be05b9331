"""Who reads, and into which store: the beginning of a reading."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from calcmeasure.errors import StoreError
from calcmeasure.store.atomic import output_error
from napari_calcmeasure.reading.preferences import load_preferences
from napari_calcmeasure.reading.records import Records
from napari_calcmeasure.reading.worklist import Blinding

STORE_NAME = "measurements.sqlite"
"""What `calcmeasure run` calls the store in its output folder."""
EVERYTHING = Blinding(hide_auto=True, hide_readers=True, hide_priors=True)


@dataclass(frozen=True, slots=True)
class ReadingSetup:
    """Who reads, into which store, and what she must not see.

    Parameters
    ----------
    store
        SQLite file, or the output folder of a run; None for this user's own store.
    reader
        Reader id; empty for the one remembered, or to be asked for.
    is_blinded
        Hide automatic marks, other readers and earlier visits.
    seed
        Shuffles the case list; None leaves it in order.
    shows_ids
        Whether the case list names patients by the identifier in their headers beside our surrogate.
    """

    store: Path | None = None
    reader: str = ""
    is_blinded: bool = False
    seed: int | None = None
    shows_ids: bool = True


def own_store() -> Path:
    """Name this user's store: ``calcmeasure/measurements.sqlite`` below ``XDG_DATA_HOME`` or ``~/.local/share``."""
    given = Path(os.environ.get("XDG_DATA_HOME") or "")
    base = given if given.is_absolute() else Path.home() / ".local" / "share"
    return base / "calcmeasure" / STORE_NAME


def records_of(setup: ReadingSetup) -> Records:
    """Open the records of a reading.

    Raises
    ------
    StoreError
        When there is no store where one was named.
    OutputError
        When the folder of the store or of the drafts cannot be used.
    """
    preferences, _problem = load_preferences()
    store = own_store() if setup.store is None else _store_in(setup.store)
    if setup.store is None:
        _make_folder(store.parent)
    blinding = EVERYTHING if setup.is_blinded else preferences.blinding
    return Records(store, reader=setup.reader or preferences.reader, blinding=blinding)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error) from error


def _store_in(place: Path) -> Path:
    """Take a store file, which may be made; or the one in the output folder of a run, which must be there."""
    store = place / STORE_NAME if place.is_dir() else place
    if place.is_dir() and not store.is_file():
        raise StoreError(f"no measurement store in this folder; expected {STORE_NAME}, as calcmeasure run writes it")
    if not store.parent.is_dir():
        raise StoreError("the folder of the store does not exist; make it first, or name another")
    return store
