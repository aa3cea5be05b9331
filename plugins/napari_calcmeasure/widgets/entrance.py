"""What happens when the room is entered: whose records, which profiles, and what an earlier window left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calcmeasure.errors import CalcMeasureError
from napari_calcmeasure.reading.preferences import load_preferences
from napari_calcmeasure.reading.setup import ReadingSetup, records_of
from napari_calcmeasure.readings import Readings

if TYPE_CHECKING:
    from napari_calcmeasure.session import Session

ELSEWHERE = "a patient of another folder"


def usual_readings() -> Readings:
    """Open this user's own records; where they cannot be, say why: the room is then for looking only."""
    try:
        return Readings(records_of(ReadingSetup()))
    except CalcMeasureError as error:
        return Readings(message=f"⚠ {error.message}; until then nothing can be kept or signed [{error.code}]")


def usual_criteria() -> tuple[str, ...]:
    """Name the response profiles shown at first: those of last time that are still there."""
    from calcmeasure.pipeline.scoring import DEFAULT_CRITERIA
    from calcmeasure.response.criteria import shipped_names

    preferences, _problem = load_preferences()
    known = tuple(name for name in preferences.criteria if name in shipped_names())
    return known or DEFAULT_CRITERIA


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
