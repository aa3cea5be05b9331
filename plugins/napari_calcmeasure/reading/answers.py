"""The answer so far: baseline to follow-up for every side and lesion, judged by every profile, drafts included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from calcmeasure.model.measurement import ResponseRow
from calcmeasure.pipeline.scoring import score_readers
from calcmeasure.report.text import format_mm
from calcmeasure.response.criteria import CriteriaProfile, LesionValue
from calcmeasure.response.exact import MM, MM2, MM3, Scale, millimetres, percent_change, size_words
from calcmeasure.response.repeatability import Judged, pixels_to_change
from calcmeasure.response.sizes import is_node
from calcmeasure.response.visits import BASELINE, in_time_order
from calcmeasure.terms import Quantity
from napari_calcmeasure.reading.comparison import Answer, Category, compare
from napari_calcmeasure.reading.courses import LesionCourse, Measured, courses, measure_reading
from napari_calcmeasure.reading.finding import PatientReading
from napari_calcmeasure.wording import flag_sentences


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything the response panel and the timeline show of one patient.

    Parameters
    ----------
    profiles
        Names of the profiles asked, in their order.
    rows
        By side and lesion, each in time order; lesions together come before the single ones.
    courses
        Every side and lesion over time, for the timeline.
    timepoints
        All visits with a finding, in time order.
    missing
        Sentences about the reading as a whole.
    measured
        What they were worked out from, so that the next ones measure only what has changed.
    """

    profiles: tuple[str, ...]
    rows: tuple[Answer, ...] = ()
    courses: tuple[LesionCourse, ...] = ()
    timepoints: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    measured: Measured | None = field(default=None, compare=False, repr=False)


_Categories = dict[Judged, list[Category]]
_TITLES = {
    LesionValue.LARGEST: "Largest lesion",
    LesionValue.SUM_OF_TARGETS: "Sum of targets",
    LesionValue.SUM_OF_PRODUCTS: "Sum of products",
    LesionValue.TOTAL_VOLUME: "Total volume",
}
_SCALES = {scale.code: scale for scale in (MM, MM2, MM3)}


def answers(reading: PatientReading, *, profiles: Sequence[CriteriaProfile], before: Answers | None = None) -> Answers:
    """Answer from the findings on the desk as they stand; half-finished ones become sentences.

    Parameters
    ----------
    reading
        Findings, drafts included.
    profiles
        Criteria to judge by, in the order of their columns.
    before
        Answers given last for the same patient and reader: only what changed since is measured again.
    """
    measured = measure_reading(reading, known=None if before is None else before.measured)
    followed = courses(measured)
    responses = score_readers(measured.measurements, profiles)
    categories = _categories(measured, responses, profiles=profiles)
    lesions = [course for course in followed if course.quantity is Quantity.LESION_DIAMETER]
    alone = len(lesions) == 1 and not _is_node(lesions[0])
    rows: list[Answer] = []
    for course in followed:
        if not alone and lesions and course is lesions[0]:
            rows += _together(lesions, responses, categories=categories, profiles=profiles)
        is_judged = alone or course.quantity is Quantity.CALCIFICATION_EXTENT
        rows += [_with_categories(row, categories) if is_judged else row for row in _course_rows(course, followed)]
    return Answers(
        tuple(profile.name for profile in profiles),
        tuple(rows),
        followed,
        tuple(in_time_order(measured.measurements)),
        (*measured.problems, *_open_ends(reading)),
        measured,
    )


def _categories(
    measured: Measured, responses: Sequence[ResponseRow], *, profiles: Sequence[CriteriaProfile]
) -> _Categories:
    pixels = {p.name: pixels_to_change(measured.measurements, profile=p) for p in profiles}
    found: _Categories = defaultdict(list)
    for row in responses:
        side = row.laterality if row.quantity is Quantity.CALCIFICATION_EXTENT else None
        key = (row.quantity, side, row.timepoint)
        count = pixels[row.criteria].get(key)
        found[key].append(Category(row.criteria, row.category, row.rule, count, flag_sentences(row.flags)))
    return found


def _with_categories(row: Answer, categories: _Categories) -> Answer:
    side = row.laterality if row.quantity is Quantity.CALCIFICATION_EXTENT else None
    return replace(row, categories=tuple(categories.get((row.quantity, side, row.timepoint), ())))


def _course_rows(course: LesionCourse, followed: Sequence[LesionCourse]) -> Iterator[Answer]:
    """One row per visit that this side or lesion could have been looked at again."""
    seen = {stand.timepoint: stand for stand in course.followups}
    alike = [stand for other in followed if other.quantity is course.quantity for stand in other.followups]
    visits = dict.fromkeys(stand.timepoint for stand in (*course.followups, *alike))
    if not visits:
        yield compare(course, None)
    for timepoint in visits:
        if timepoint in seen:
            yield compare(course, seen[timepoint])
        elif course.baseline is not None:
            yield replace(compare(course, None), timepoint=timepoint)


def _together(
    lesions: Sequence[LesionCourse],
    responses: Sequence[ResponseRow],
    *,
    categories: _Categories,
    profiles: Sequence[CriteriaProfile],
) -> Iterator[Answer]:
    """Rows of all lesions together: the largest, the sum of the targets, and what else the profiles ask for."""
    for value, title in _TITLES.items():
        names = [profile.name for profile in profiles if profile.lesion and profile.lesion.value is value]
        rows = [row for row in responses if row.quantity is Quantity.LESION_DIAMETER and row.criteria in names[:1]]
        for row in rows:
            judged = categories[row.quantity, None, row.timepoint]
            mine = tuple(category for category in judged if category.profile in names)
            yield _overall(row, lesions, title=title, categories=mine)


def _overall(
    row: ResponseRow, lesions: Sequence[LesionCourse], *, title: str, categories: tuple[Category, ...]
) -> Answer:
    stands = [s for course in lesions for s in course.stands if s.timepoint in (BASELINE, row.timepoint)]
    largest = max(stands, key=lambda s: (s.timepoint == row.timepoint, s.value_mm or 0.0), default=None)
    scale = _SCALES[row.unit]
    before, now = (row.baseline_mm, row.value_mm) if scale is MM else (row.baseline_value, row.value)
    pair = None if before is None or now is None else (_parts(before, scale), _parts(now, scale))
    return Answer(
        row.quantity,
        row.laterality,
        "",
        title,
        row.timepoint,
        min((s.study_date for s in stands if s.timepoint == row.timepoint and s.study_date), default=""),
        row.baseline_mm,
        row.value_mm,
        _size_in_words(before, scale),
        _size_in_words(now, scale),
        change_mm=None if pair is None or scale is not MM else millimetres(pair[1] - pair[0]),
        change_percent=None if pair is None or not pair[0] else float(percent_change(*pair) or 0),
        categories=categories,
        is_draft=any(stand.is_draft for stand in stands),
        key=largest.measurements[0].annotation_id if largest else "",
    )


def _is_node(course: LesionCourse) -> bool:
    """Whether a reader said that it lies in a lymph node: its length is not what is judged."""
    return any(is_node(m) for stand in course.stands for m in stand.measurements)


def _parts(size: float, scale: Scale) -> int:
    return round(size * scale.parts)


def _size_in_words(size: float | None, scale: Scale) -> str:
    if size is None:
        return "not evaluable"
    return format_mm(size) if scale is MM else f"{size_words(_parts(size, scale), scale)} {scale.words}"


def _open_ends(reading: PatientReading) -> Iterator[str]:
    if reading.unfinished is not None:
        yield "A drawing is not finished: it does not count yet."
    if reading.given_up:
        names = ", ".join(finding.annotation.lesion_id or finding.key for finding in reading.given_up)
        yield f"Signed before and deleted since: {names}. Signing retracts it."
