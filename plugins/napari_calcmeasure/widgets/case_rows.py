"""The case list with how far each examination is read, as rows of the tree."""

from __future__ import annotations

from collections.abc import Mapping

from calcmeasure.terms import Modality
from napari_calcmeasure.cases import Case, Item, Visit
from napari_calcmeasure.reading.finding import FindingState, PatientReading
from napari_calcmeasure.reading.records import Place, place_of
from napari_calcmeasure.session import Session
from napari_calcmeasure.widgets.case_tree import ItemRow, PatientRow, VisitRow


def case_rows(session: Session) -> tuple[PatientRow, ...]:
    """List patients, visits and examinations with what is signed and what waits."""
    waiting = {reading.patient_id: reading for reading in session.readings.unsigned}
    return tuple(_patient(case, session, waiting.get(case.patient_id)) for case in session.cases)


def _patient(case: Case, session: Session, reading: PatientReading | None) -> PatientRow:
    signed = session.readings.signed.get(case.patient_id, {})
    visits = tuple(_visit(visit, signed, reading) for visit in case.visits)
    is_signed = bool(signed) and reading is None
    shown_id = case.patient_id if session.shows_ids else ""
    return PatientRow(case.name, shown_id, visits, is_signed=is_signed)


def _visit(visit: Visit, signed: Mapping[Place, int], reading: PatientReading | None) -> VisitRow:
    due = [] if reading is None else [one for one in reading.findings if one.state is not FindingState.SIGNED]
    due += [] if reading is None else reading.given_up
    rows = []
    for item in visit.items:
        waiting = [one for one in due if _examination_of(place_of(one.annotation), visit) is item]
        n_signed = sum(count for place, count in signed.items() if _examination_of(place, visit) is item)
        # What was signed and is changed or given up since waits; it is not signed as well.
        n_signed -= sum(one.signed is not None for one in waiting)
        rows.append(_row(item, n_signed=n_signed, n_waiting=len(waiting)))
    return VisitRow(visit.timepoint, visit.dates, tuple(rows))


def _examination_of(place: Place, visit: Visit) -> Item | None:
    """Find the examination of a visit that something was measured in; of a series that is not there, the first MR."""
    timepoint, modality, series_uid = place
    if timepoint != visit.timepoint:
        return None
    alike = [item for item in visit.items if (item.series is None) is (modality == Modality.MG)]
    own = (item for item in alike if item.series is not None and series_uid in item.series.series_uids)
    return next(own, next(iter(alike), None))


def _row(item: Item, *, n_signed: int, n_waiting: int) -> ItemRow:
    views = tuple(ItemRow(view.key, view.title, view.summary, details=view.details) for view in item.views)
    return ItemRow(item.key, item.title, item.summary, n_signed, n_waiting, item.details, views)
