"""Numbers behind the study's figures: plain values of the included rows, checked without drawing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from calcmeasure.cohort.row import Cohort, CohortRow
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.model.pathology import CompleteResponse, Subtype
from calcmeasure.response.exact import micrometres, percent_change
from calcmeasure.response.rules import CriteriaProfile
from calcmeasure.response.score import score_measurements
from calcmeasure.response.visits import BASELINE
from calcmeasure.stats.proportion import Proportion, proportion
from calcmeasure.stats.roc import Roc
from calcmeasure.study.columns import NO, YES, category_column, number_column
from calcmeasure.study.variables import Pair, Variable
from calcmeasure.terms import Laterality, Quantity

FOLLOWUP = "followup"
"""Name of the second time point of a table that has two."""
DAYS_PER_WEEK = 7


@dataclass(frozen=True, slots=True)
class PairedSize:
    """Two sizes of what is left on one side, in mm."""

    patient_id: str
    laterality: Laterality
    subtype: Subtype | None
    first_mm: float
    second_mm: float


@dataclass(frozen=True, slots=True)
class Change:
    """Change of one size from before to after treatment.

    Parameters
    ----------
    percent
        Of the size before treatment; None where that was 0.
    category
        By the criteria of the cohort; empty where it was not judged.
    """

    patient_id: str
    laterality: Laterality
    baseline_mm: float
    followup_mm: float
    percent: float | None
    category: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of one size, the largest increase first.

    Parameters
    ----------
    bars
        Those with a percentage.
    from_nothing
        Those that were 0 before treatment: a percentage of nothing is not defined.
    left_out
        Included rows without one of the two sizes.
    """

    quantity: Quantity
    bars: tuple[Change, ...]
    from_nothing: tuple[Change, ...]
    left_out: int

    @property
    def counts(self) -> Counter[str]:
        """Bars per category."""
        return Counter(bar.category for bar in self.bars)


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


@dataclass(frozen=True, slots=True)
class RocCut:
    """The working point "anything left at all is positive".

    Parameters
    ----------
    sensitivity, false_positive_rate
        Cases above 0 mm, of those with and of those without the disease.
    """

    sensitivity: Proportion
    false_positive_rate: Proportion


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Pathological complete response of the included rows.

    Parameters
    ----------
    definition
        What counts as one.
    complete, incomplete, unknown
        Rows.
    """

    definition: CompleteResponse
    complete: int
    incomplete: int
    unknown: int


def outcomes(cohort: Cohort) -> Outcomes:
    """Count the pathological complete responses of the included rows.

    Parameters
    ----------
    cohort
        The rows, and the definition.
    """
    found = Counter(category_column(cohort.included, Variable.PCR, definition=cohort.complete_response))
    return Outcomes(cohort.complete_response, found[YES], found[NO], found[None])


def paired_sizes(cohort: Cohort, pair: Pair) -> tuple[PairedSize, ...]:
    """Sizes of the included rows that have both.

    Parameters
    ----------
    cohort
        The rows.
    pair
        Which two.
    """
    rows = cohort.included
    sizes = zip(rows, number_column(rows, pair.first), number_column(rows, pair.second), strict=True)
    return tuple(
        PairedSize(row.patient_id, row.laterality, row.subtype, first, second)
        for row, first, second in sizes
        if first is not None and second is not None
    )


def changes(cohort: Cohort, quantity: Quantity) -> Changes:
    """Change of one size in every included row, in order of the percentage, then of patient and side.

    Parameters
    ----------
    cohort
        The rows.
    quantity
        Which size.
    """
    known = [change for row in cohort.included if (change := _change(row, quantity)) is not None]
    bars = sorted((c for c in known if c.percent is not None), key=lambda c: (-(c.percent or 0.0), *_side(c)))
    from_nothing = tuple(sorted((c for c in known if c.percent is None), key=_side))
    return Changes(quantity, tuple(bars), from_nothing, len(cohort.included) - len(known))


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
        for change in sorted(changes(cohort, quantity).bars, key=_side)
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


def stacks(places: Iterable[tuple[float, float]]) -> tuple[tuple[float, float, int], ...]:
    """Find where markers lie on one another.

    Parameters
    ----------
    places
        (x, y) of every marker.

    Returns
    -------
    tuple of (x, y, count)
        Places with two or more markers, in order.
    """
    return tuple(sorted((*place, count) for place, count in Counter(places).items() if count > 1))


def zero_cut(roc: Roc) -> RocCut | None:
    """Find the working point "above 0 mm is positive" of a size that grows with the disease.

    Parameters
    ----------
    roc
        Curve of a length.

    Returns
    -------
    RocCut or None
        None when a class has no case.
    """
    if not roc.points:
        return None
    above = [point for point in roc.points if point.threshold > 0]
    point = max(above, key=lambda point: point.sensitivity + point.false_positive_rate)
    return RocCut(
        proportion(round(point.sensitivity * roc.n_positive), roc.n_positive, level=roc.interval.level),
        proportion(round(point.false_positive_rate * roc.n_negative), roc.n_negative, level=roc.interval.level),
    )


def _change(row: CohortRow, quantity: Quantity) -> Change | None:
    images, is_extent = row.imaging, quantity is Quantity.CALCIFICATION_EXTENT
    before = images.extent_baseline_mm if is_extent else images.diameter_baseline_mm
    after = images.extent_followup_mm if is_extent else images.diameter_followup_mm
    category = images.extent_change if is_extent else images.response
    if before is None or after is None:
        return None
    percent = _percent(before, after)
    return Change(row.patient_id, row.laterality, before, after, percent, str(category or ""))


def _percent(before_mm: float, after_mm: float) -> float | None:
    exact = percent_change(micrometres(before_mm), micrometres(after_mm))
    return None if exact is None else float(exact)


def _side(change: Change) -> tuple[str, str]:
    return change.patient_id, str(change.laterality)


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
            _percent(baseline_mm, value) or 0.0,
        )
        for visit, ((name, value), day) in enumerate(zip(visits, days, strict=True))
    )
    return Course(patient_id, rows[-1].laterality, rows[-1].category, points)
