"""Measurements of one reader and a pathology table joined into a cohort; every exclusion has its code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from calcmeasure.cohort.categories import judged
from calcmeasure.cohort.pathology_row import PathologyRow
from calcmeasure.cohort.pathology_table import PathologyTable
from calcmeasure.cohort.row import Cohort, CohortRow
from calcmeasure.cohort.side_visits import side_visits
from calcmeasure.errors import ErrorCode
from calcmeasure.model.measurement import Measurement
from calcmeasure.model.pathology import CompleteResponse, PathologyResult
from calcmeasure.response.criteria import CriteriaProfile
from calcmeasure.response.visits import by_patient
from calcmeasure.terms import Laterality


def join_cohort(
    measurements: Iterable[Measurement],
    pathology: PathologyTable,
    *,
    profile: CriteriaProfile,
    followup: str = "",
    complete_response: CompleteResponse = CompleteResponse.YPT0_IS,
) -> Cohort:
    """Join one row per patient and side.

    Sides are those of the pathology table, and those that were measured to be diseased and that it does not name. The
    extent is the larger of both views, the diameter that of the largest lesion of the side, at the baseline and at one
    follow-up. A side is left out when its table says so, or one of the four lengths or the pathology is missing, or
    the visits contradict each other.

    Parameters
    ----------
    measurements
        Of one reader, any number of patients and time points.
    pathology
        Read by `calcmeasure.cohort.pathology_table.read_pathology_table`; its problems become those of the cohort.
    profile
        Criteria of the categories.
    followup
        Name of the time point after treatment; empty takes each patient's last one that is not after surgery.
    complete_response
        What counts as a pathological complete response.

    Raises
    ------
    ValueError
        If one patient has measurements of several readers.
    """
    measured = by_patient(measurements)
    sides = _sides(pathology.rows, measured)
    rows = [_row(side, measured.get(side.patient_id, ()), profile=profile, followup=followup) for side in sides]
    return Cohort(tuple(rows), profile.name, profile.sha256, complete_response, pathology.problems)


def _sides(rows: Sequence[PathologyRow], measured: Mapping[str, Sequence[Measurement]]) -> list[PathologyRow]:
    """One row per side in order; of rows that speak of one side again the first one."""
    sides: dict[tuple[str, Laterality], PathologyRow] = {}
    for row in rows:
        sides.setdefault((row.patient_id, row.laterality), row)
    for patient_id, own in measured.items():
        for laterality in {m.laterality for m in own if m.value_mm}:
            if laterality in (Laterality.LEFT, Laterality.RIGHT):
                sides.setdefault((patient_id, laterality), PathologyRow(patient_id, laterality))
    return [sides[key] for key in sorted(sides)]


def _row(
    side: PathologyRow, measurements: Sequence[Measurement], *, profile: CriteriaProfile, followup: str
) -> CohortRow:
    visits = side_visits(measurements, side.laterality, followup=followup, surgery_date=side.surgery_date)
    imaging = visits.imaging(profile)
    reason = ErrorCode.NO_PATHOLOGY if side.pathology == PathologyResult() else visits.reason_to_exclude(imaging)
    return CohortRow(
        side.patient_id,
        side.laterality,
        imaging=judged(replace(imaging, lesion_type_mg=side.lesion_type_mg), profile),
        receptors=side.receptors,
        pathology=side.pathology,
        clinical=side.clinical,
        excluded=side.excluded or str(reason or ""),
    )
