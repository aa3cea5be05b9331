"""The case list with how far each examination is read, as rows of the tree."""

from __future__ import annotations

from calcmeasure.terms import Modality
from napari_calcmeasure.cases import Case, Item, Visit
from napari_calcmeasure.reading.finding import FindingState, PatientReading
from napari_calcmeasure.session import Session
from napari_calcmeasure.widgets.case_tree import ItemRow, PatientRow, VisitRow


def case_rows(session: Session) -> tuple[PatientRow, ...]:
    """List patients, visits and examinations with what is signed and what waits."""
    waiting = {reading.patient_id: reading for reading in session.readings.unsigned}
    return tuple(_patient(case, session, waiting.get(case.patient_id)) for case in session.cases)


def _patient(case: Case, session: Session, reading: PatientReading | None) -> PatientRow:
    signed = session.readings.signed.get(case.patient_id, {})
    visits = tuple(_visit(visit, dict(signed), reading) for visit in case.visits)
    is_signed = bool(signed) and reading is None
    shown_id = case.patient_id if session.shows_ids else ""
    return PatientRow(case.name, shown_id, visits, is_signed=is_signed)


def _visit(visit: Visit, signed: dict[tuple[str, str], int], reading: PatientReading | None) -> VisitRow:
    return VisitRow(visit.timepoint, visit.dates, tuple(_item(item, signed, reading) for item in visit.items))


def _item(item: Item, signed: dict[tuple[str, str], int], reading: PatientReading | None) -> ItemRow:
    modality = Modality.MG if item.series is None else Modality.MR
    place = (item.timepoint, modality)
    due = [] if reading is None else [one for one in reading.findings if one.state is not FindingState.SIGNED]
    due += [] if reading is None else reading.given_up
    waiting = [one for one in due if (one.annotation.timepoint, one.annotation.modality) == place]
    # What was signed and is changed or given up since waits; it is not signed as well.
    n_signed = signed.get((item.timepoint, str(modality)), 0) - sum(one.signed is not None for one in waiting)
    views = tuple(ItemRow(view.key, view.title, view.summary, details=view.details) for view in item.views)
    return ItemRow(item.key, item.title, item.summary, n_signed, len(waiting), item.details, views)
