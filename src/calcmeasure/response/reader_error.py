"""Error of repeated readings, beside what it takes to change a class."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from calcmeasure.model.measurement import AUTO_READER, Measurement, ResponseRow
from calcmeasure.response.course import LesionBurden
from calcmeasure.response.exact import MM, micrometres, mm_words
from calcmeasure.response.extent_change import classify_extent_change, compared_sides, why_not_comparable
from calcmeasure.response.judging import JudgedVisit, judge_visits
from calcmeasure.response.repeatability import Judged, judge_shifted
from calcmeasure.response.rules import CriteriaProfile, ExtentRule, LesionRule
from calcmeasure.terms import ExtentChange, Flag, Quantity, Response

Judge = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class ReaderError:
    """How far two readings of the same thing lie apart.

    Parameters
    ----------
    repeatability_mm
        1.96 · √2 · within-subject standard deviation: 95 % of differences between two readings are no larger.
    n_repeated
        How many things were read at least twice.
    """

    repeatability_mm: float
    n_repeated: int


def reader_errors(measurements: Iterable[Measurement]) -> dict[Quantity, ReaderError]:
    """Work out the error of each quantity from what several readers measured.

    What is compared is the largest length each reader gave for a patient, visit, side and view. Automatic measurements
    are no reading.

    Parameters
    ----------
    measurements
        Of all readers.

    Returns
    -------
    dict
        Without the quantities that nobody read twice.
    """
    readings: dict[tuple[object, ...], dict[str, float]] = defaultdict(dict)
    for m in measurements:
        if m.reader != AUTO_READER and m.value_mm is not None:
            place = readings[m.quantity, m.patient_id, m.timepoint, m.laterality, m.view]
            place[m.reader] = max(m.value_mm, place.get(m.reader, 0.0))
    repeated: dict[Quantity, list[Sequence[float]]] = defaultdict(list)
    for (quantity, *_), values in sorted(readings.items(), key=str):
        if len(values) > 1:
            repeated[Quantity(str(quantity))].append(sorted(values.values()))
    return {quantity: _error(groups) for quantity, groups in repeated.items()}


def flag_reader_error(
    rows: Iterable[ResponseRow],
    measurements: Sequence[Measurement],
    *,
    profile: CriteriaProfile,
    errors: Mapping[Quantity, ReaderError],
) -> tuple[ResponseRow, ...]:
    """Flag rows whose class a reading error that does occur would change, and say which error it takes.

    Parameters
    ----------
    rows
        Of one patient and one reader, by `profile`; products, volumes and iRECIST stay as they are.
    measurements
        What they were scored from.
    profile
        Criteria they were judged by.
    errors
        Of each quantity, from `reader_errors`. A sum of n targets errs √n times as much.
    """
    readings = _readings(measurements, profile)
    return tuple(_flagged(row, readings.get(_key(row)), errors.get(row.quantity)) for row in rows)


def smallest_error_um(judge: Judge, value_um: int, *, most_um: int) -> tuple[int, object] | None:
    """Find the smallest error of a length that changes its class, and the class it then has.

    Parameters
    ----------
    judge
        Class of a length in µm; a longer one never goes back to a class that a shorter one left.
    value_um
        Length as it was read.
    most_um
        Errors tried, both ways. Nothing left has no length to be wrong, and no error makes a lesion vanish.

    Returns
    -------
    tuple or None
        Signed error in µm, and the other class; None when no such error changes anything.

    Examples
    --------
    >>> smallest_error_um(lambda um: um >= 12000, 10000, most_um=5000)
    (2000, True)
    """
    known, found = judge(value_um), []
    for sign, most in ((-1, min(most_um, value_um - 1)), (1, most_um if value_um else 0)):
        if most > 0 and judge(value_um + sign * most) != known:
            steps = range(1, most + 1)
            least = steps[bisect_left(steps, True, key=lambda um: judge(value_um + sign * um) != known)]
            found.append((least, sign))
    if not found:
        return None
    least, sign = min(found)
    return sign * least, judge(value_um + sign * least)


def _error(groups: Sequence[Sequence[float]]) -> ReaderError:
    """Pool the variance within each group over all of them (Bland and Altman 1996)."""
    squares = sum(sum((value - sum(group) / len(group)) ** 2 for value in group) for group in groups)
    freedom = sum(len(group) - 1 for group in groups)
    return ReaderError(1.96 * math.sqrt(2) * math.sqrt(squares / freedom), len(groups))


def _key(row: ResponseRow) -> Judged:
    side = row.laterality if row.quantity is Quantity.CALCIFICATION_EXTENT else None
    return row.quantity, side, row.timepoint


class _Reading(NamedTuple):
    """Class as a function of the length at a follow-up, that length, and how many lengths are added in it."""

    judge: Judge
    value_um: int
    added: int


def _readings(measurements: Sequence[Measurement], profile: CriteriaProfile) -> dict[Judged, _Reading]:
    extents = () if profile.extent is None else _extents(measurements, profile.extent)
    rule = profile.lesion
    is_length = rule is not None and rule.immune is None and rule.value.scale is MM
    lesions = _lesions(measurements, profile, rule) if rule is not None and is_length else ()
    return dict([*extents, *lesions])


def _extents(measurements: Sequence[Measurement], rule: ExtentRule) -> Iterator[tuple[Judged, _Reading]]:
    for visit, (before, after) in compared_sides(measurements):
        if why_not_comparable(before, after) is None:
            example = visit.measurements[0]
            judge = partial(_extent_class, baseline_um=before.value_um or 0, rule=rule)
            key = (Quantity.CALCIFICATION_EXTENT, example.laterality, example.timepoint)
            yield key, _Reading(judge, after.value_um or 0, 1)


def _lesions(
    measurements: Sequence[Measurement], profile: CriteriaProfile, rule: LesionRule
) -> Iterator[tuple[Judged, _Reading]]:
    for judged in judge_visits(measurements, profile):
        burden = judged.burden
        if burden is not None and judged.counted.targets and judged.verdict.category is not Response.NE:
            judge = partial(_lesion_class, judged=judged, burden=burden, rule=rule)
            added = len(burden.sizes) if rule.value.is_sum else 1
            yield (Quantity.LESION_DIAMETER, None, judged.timepoint), _Reading(judge, burden.value, added)


def _extent_class(value_um: int, *, baseline_um: int, rule: ExtentRule) -> ExtentChange:
    return classify_extent_change(baseline_um, value_um, rule)


def _lesion_class(value_um: int, *, judged: JudgedVisit, burden: LesionBurden, rule: LesionRule) -> str:
    return judge_shifted(judged, burden, rule=rule, sizes=(judged.course.baseline, value_um))


def _shift_words(shift_um: int) -> str:
    """Millimetres with one decimal, or as many as it takes not to look like nothing."""
    return mm_words(shift_um) if shift_um >= 100 else f"{shift_um / 1000:g}"


def _flagged(row: ResponseRow, reading: _Reading | None, error: ReaderError | None) -> ResponseRow:
    if reading is None or error is None:
        return row
    most_um = micrometres(error.repeatability_mm * math.sqrt(reading.added))
    change = smallest_error_um(reading.judge, reading.value_um, most_um=most_um)
    if change is None:
        return row
    shift_um, category = change
    words = (
        f"; {_shift_words(abs(shift_um))} mm {'more' if shift_um > 0 else 'less'} would be {category}, "
        f"and readings differ by up to {mm_words(most_um)} mm"
    )
    return row._replace(rule=f"{row.rule}{words}", flags=(*row.flags, Flag.WITHIN_READER_ERROR))
