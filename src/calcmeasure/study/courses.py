"""Course of every case from before treatment on: two visits of a table, or as many as were measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from calcmeasure.cohort.row import Cohort
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.rules import CriteriaProfile
from calcmeasure.response.score import score_measurements
from calcmeasure.response.visits import BASELINE
from calcmeasure.study.plots import change_percent, changes
from calcmeasure.terms import Laterality, Quantity

FOLLOWUP = "followup"
"""Name of the second time point of a table that has two."""
DAYS_PER_WEEK = 7


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """One visit of a course.

    Parameters
    ----------
    visit
        0 at baseline.
    weeks
        Since baseline; None where a date is not known.
    """

    visit: int
    timepoint: str
    weeks: float | None
    value_mm: float
    percent: float


@dataclass(frozen=True, slots=True)
class Course:
    """One size over all visits, baseline included; `category` is the one of the last visit."""

    patient_id: str
    laterality: Laterality | None
    category: str
    points: tuple[CoursePoint, ...]


def courses(cohort: Cohort, quantity: Quantity) -> tuple[Course, ...]:
    """Two-visit courses of the included rows, from before to after treatment.

    Parameters
    ----------
    cohort
        The rows.
    quantity
        Which size.
    """
    return tuple(
        Course(
            change.patient_id,
            change.laterality,
            change.category,
            (
                CoursePoint(0, BASELINE, None, change.baseline_mm, 0.0),
                CoursePoint(1, FOLLOWUP, None, change.followup_mm, change.percent),
            ),
        )
        for change in sorted(changes(cohort, quantity).bars, key=lambda change: (change.patient_id, change.laterality))
        if change.percent is not None
    )


def measured_courses(
    measurements: Iterable[Measurement], quantity: Quantity, *, profile: CriteriaProfile
) -> tuple[Course, ...]:
    """Courses over any number of visits, scored as the profile says.

    Parameters
    ----------
    measurements
        Of one reader per patient.
    quantity
        Which size.
    profile
        Says which lesions count and names the category of the last visit.

    Returns
    -------
    tuple of Course
        By patient and side; without those that were 0 or not measured before treatment, and without visits that could
        not be measured. Weeks are given where every visit of the course has a date.
    """
    known = list(measurements)
    dates = _dates(known)
    rows: dict[tuple[str, str], list[ResponseRow]] = defaultdict(list)
    for row in score_measurements(known, profile=profile):
        if row.quantity is quantity:
            # A lesion's side may change with what is left of it; the extent's is the breast that was imaged.
            side = str(row.laterality or "") if quantity is Quantity.CALCIFICATION_EXTENT else ""
            rows[row.patient_id, side].append(row)
    found = (_course(own, dates) for _, own in sorted(rows.items()))
    return tuple(course for course in found if course is not None)


def _dates(measurements: Sequence[Measurement]) -> dict[tuple[str, str], date]:
    """First day of every patient's every visit."""
    days: dict[tuple[str, str], list[date]] = defaultdict(list)
    for m in measurements:
        if m.study_date:
            days[m.patient_id, m.timepoint].append(date.fromisoformat(m.study_date))
    return {visit: min(own) for visit, own in days.items()}


def _course(rows: Sequence[ResponseRow], dates: dict[tuple[str, str], date]) -> Course | None:
    patient_id, baseline_mm = rows[0].patient_id, rows[0].baseline_mm
    if not baseline_mm:
        return None
    visits = [(BASELINE, baseline_mm), *((r.timepoint, r.value_mm) for r in rows if r.value_mm is not None)]
    days = [dates.get((patient_id, name)) for name, _ in visits]
    first = days[0] if all(days) else None
    points = tuple(
        CoursePoint(
            visit,
            name,
            (day - first).days / DAYS_PER_WEEK if first and day else None,
            value,
            change_percent(baseline_mm, value) or 0.0,
        )
        for visit, ((name, value), day) in enumerate(zip(visits, days, strict=True))
    )
    return Course(patient_id, rows[-1].laterality, rows[-1].category, points)
