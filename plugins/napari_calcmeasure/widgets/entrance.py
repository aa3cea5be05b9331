"""What happens when the room is entered: which store, which reader, and what an earlier window left behind."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.errors import CalcMeasureError, StoreError
from calcmeasure.store.atomic import output_error
from napari_calcmeasure.reading.preferences import load_preferences, save_preferences
from napari_calcmeasure.reading.worklist import Blinding
from napari_calcmeasure.readings import Readings
from napari_calcmeasure.widgets.window import STORE_NAME, ReadingSetup

if TYPE_CHECKING:
    from napari_calcmeasure.reading.records import Records
    from napari_calcmeasure.session import Session

ELSEWHERE = "a patient of another folder"
EVERYTHING = Blinding(hide_auto=True, hide_readers=True, hide_priors=True)


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
    from napari_calcmeasure.reading.records import Records

    preferences, _problem = load_preferences()
    store = own_store() if setup.store is None else _store_in(setup.store)
    if setup.store is None:
        _make_folder(store.parent)
    blinding = EVERYTHING if setup.is_blinded else preferences.blinding
    return Records(store, reader=setup.reader or preferences.reader, blinding=blinding)


def usual_readings() -> Readings:
    """Open this user's own records; where they cannot be, say why: the room is then for looking only."""
    try:
        return Readings(records_of(ReadingSetup()))
    except CalcMeasureError as error:
        return Readings(message=f"⚠ {error.message}; until then nothing can be kept or signed [{error.code}]")


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


def usual_criteria() -> tuple[str, ...]:
    """Name the response profiles shown at first: those of last time that are still there."""
    from calcmeasure.pipeline.scoring import DEFAULT_CRITERIA
    from calcmeasure.response.criteria import shipped_names

    preferences, _problem = load_preferences()
    known = tuple(name for name in preferences.criteria if name in shipped_names())
    return known or DEFAULT_CRITERIA


def remember(*, reader: str = "", criteria: tuple[str, ...] = ()) -> None:
    """Keep the reader id, so that it is asked for only once on this computer, or the criteria shown last."""
    preferences, _problem = load_preferences()
    changed = replace(preferences, reader=reader or preferences.reader, criteria=criteria or preferences.criteria)
    if changed != preferences:
        save_preferences(changed)


def offer_drafts(session: Session) -> None:
    """Ask what to do with unsigned work that an earlier window left behind."""
    from napari_calcmeasure.widgets.restore_dialog import DraftAnswer, DraftRow, ask_restore

    records = session.readings.records
    drafts = {str(number): draft for number, draft in enumerate(records.waiting())} if records is not None else {}
    if records is not None and records.problems:
        session.message = "⚠ " + " ".join(records.problems)
    if records is None or not drafts:
        return
    names = {case.patient_id: case.name for case in session.cases}
    rows = [
        DraftRow(key, names.get(one.patient_id, ELSEWHERE), one.age_s, one.unsigned + one.is_unfinished)
        for key, one in drafts.items()
    ]
    for key, answer in ask_restore(rows).items():
        try:
            if answer is DraftAnswer.RESTORE:
                session.readings.restore(records.restore(drafts[key]))
            elif answer is DraftAnswer.DISCARD:
                records.forget(drafts[key])
        except CalcMeasureError as error:
            session.tell(error)
