"""Which lesions count at each time point, and the response row each follow-up gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from calcmeasure.errors import ErrorCode
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.criteria import CriteriaProfile, LesionRule, LesionValue
from calcmeasure.response.exact import micrometres, millimetres, percent_change
from calcmeasure.response.links import LinkedVisit, Links, lesion_key, link_visit, link_words
from calcmeasure.response.recist import Course, LesionBurden, Verdict, judge_response
from calcmeasure.response.visits import BASELINE, in_time_order, is_order_known
from calcmeasure.terms import Flag, Laterality, LesionRelation, Method, Modality, Quantity, Response

PHASE_TIME_TOLERANCE_S = 30.0
"""Early phases further apart than this are not the same moment of enhancement."""


@dataclass(frozen=True, slots=True)
class CountedLesions:
    """The lesions chosen at baseline.

    Parameters
    ----------
    targets
        Their measurements, largest first; empty when none can be followed.
    known
        Ids of all lesions seen at baseline, counted or not.
    reason
        Why there are none.
    flags
        What to know about that.
    others
        Lesions at baseline that are not counted (RECIST: non-targets); while one is left there is no CR.
    """

    targets: tuple[Measurement, ...]
    known: frozenset[str]
    reason: str = ""
    flags: tuple[str, ...] = ()
    others: tuple[Measurement, ...] = ()


_UNPLACED = CountedLesions((), frozenset(), "nothing tells in which order the visits were", (Flag.VISIT_ORDER_UNKNOWN,))


@dataclass(frozen=True, slots=True)
class JudgedVisit:
    """One follow-up with what it was judged by.

    Parameters
    ----------
    visit
        Its measurements, under the lesions they continue.
    counted, course
        Lesions chosen at baseline, and what came before.
    burden
        None when nothing can be counted at all; `counted` has the reason.
    """

    visit: LinkedVisit
    counted: CountedLesions
    course: Course
    verdict: Verdict
    burden: LesionBurden | None = None


def choose_lesions(baseline: Sequence[Measurement], rule: LesionRule) -> CountedLesions:
    """Choose the lesions to follow.

    RECIST 1.1: the largest lesions of at least 10 mm, at most 5 in all and 2 per organ; both breasts are one organ.
    A profile that judges the largest lesion follows every lesion.

    Parameters
    ----------
    baseline
        Lesion measurements before treatment.
    rule
        Cut-offs.
    """
    if not baseline:
        return CountedLesions((), frozenset(), "no baseline measurement", (ErrorCode.NO_BASELINE,))
    present = sorted((m for m in _largest_each(baseline).values() if m.value_mm), key=lambda m: (-_um(m), m.lesion_id))
    known = frozenset(lesion_key(m) for m in baseline if m.value_mm or (m.value_mm is None and m.lesion_id))
    measurable = [m for m in present if _um(m) >= micrometres(rule.target_min_mm)]
    if rule.value is LesionValue.SUM_OF_TARGETS:
        measurable = measurable[: min(rule.max_targets, rule.max_targets_per_organ)]
    if measurable:
        counted = {lesion_key(m) for m in measurable}
        others = tuple(m for m in _largest_each(baseline).values() if lesion_key(m) in known - counted)
        return CountedLesions(tuple(measurable), known, others=others)
    if present:
        reason = f"no lesion of at least {rule.target_min_mm} mm at baseline"
        return CountedLesions((), known, reason, (Flag.BELOW_MEASURABLE_SIZE,))
    unmeasured = any(m.value_mm is None for m in baseline)
    return CountedLesions((), known, "lesion not measurable at baseline" if unmeasured else "no lesion at baseline")


def lesion_rows(measurements: Sequence[Measurement], profile: CriteriaProfile) -> Iterator[ResponseRow]:
    """Score every follow-up of one patient.

    Mammographic lengths are never accepted: mammography is not a RECIST target technique.

    Parameters
    ----------
    measurements
        Of one patient and one reader.
    profile
        Without a lesion rule there are no rows.
    """
    for judged in judge_visits(measurements, profile):
        yield _not_evaluable(judged, profile) if judged.burden is None else _row(judged, judged.burden, profile=profile)


def judge_visits(measurements: Sequence[Measurement], profile: CriteriaProfile) -> Iterator[JudgedVisit]:
    """Judge every follow-up of one patient, in time order; parameters as for `lesion_rows`.

    What a reader stated about lesions that split or merged holds for the time points after it as well.
    """
    lesions = [m for m in measurements if m.quantity is Quantity.LESION_DIAMETER and m.modality is not Modality.MG]
    rule = profile.lesion
    if rule is None:
        return
    visits = in_time_order(lesions)
    baseline = visits.pop(BASELINE, ())
    counted = choose_lesions(baseline, rule) if is_order_known(baseline) else _UNPLACED
    baseline_um = _value_um(list(counted.targets), rule)
    course, links = Course(baseline_um, baseline_um, BASELINE), Links()
    for timepoint, group in visits.items():
        if not counted.targets or not is_order_known(group):
            reason = _UNPLACED if counted.targets else counted
            yield JudgedVisit(LinkedVisit(group), reason, course, Verdict(Response.NE, f"NE: {reason.reason}"))
            continue
        followed = tuple(map(lesion_key, counted.targets))
        visit = link_visit(group, before=links, targets=followed, known=counted.known)
        burden, links = lesion_burden(visit, counted, rule=rule), visit.links
        yield JudgedVisit(visit, counted, course, judge_response(burden, course, rule), burden)
        if not burden.missing and burden.value_um < course.nadir_um:
            course = Course(baseline_um, burden.value_um, timepoint)


def lesion_burden(visit: LinkedVisit, counted: CountedLesions, *, rule: LesionRule) -> LesionBurden:
    """Value of the followed lesions at one follow-up, what is missing, what is left of the others, and what is new.

    A row of 0 mm that belongs to no followed lesion says that its side was looked at and nothing was there. The
    largest lesion is the largest there is, new or not; a sum of targets never takes in a new one. Parts of a lesion
    are added to a sum; a lesion merged into another counts there.
    """
    found = _largest_each(visit.measurements)
    lengths = {lesion_key(t): _followed_um(t, found, visit=visit, counted=counted, rule=rule) for t in counted.targets}
    measured = {key: length_um for key, length_um in lengths.items() if length_um is not None}
    incomplete = _incomplete(visit, rule)
    new = [m for key, m in found.items() if key not in counted.known and _is_there(m)]
    if rule.value is LesionValue.SUM_OF_TARGETS:
        value_um = sum(measured.values())
        missing = [key for key in lengths if key not in measured or key in incomplete]
    else:
        value_um = max([0, *measured.values(), *map(_um, new)])
        missing = _missing_largest(counted.targets, measured=set(measured) - incomplete, value_um=value_um)
        missing += [lesion_key(m) for m in new if m.value_mm is None]
    return LesionBurden(
        value_um,
        tuple(missing),
        confirmed_new=_confirmed_new(visit, new, counted=counted),
        candidates=tuple(sorted(lesion_key(m) for m in new if _is_candidate(m, visit.links))),
        others_left=tuple(
            key
            for m in counted.others
            for key in [lesion_key(m)]
            if key in incomplete or _followed_um(m, found, visit=visit, counted=counted, rule=rule) != 0
        ),
    )


def _followed_um(
    before: Measurement,
    found: Mapping[str, Measurement],
    *,
    visit: LinkedVisit,
    counted: CountedLesions,
    rule: LesionRule,
) -> int | None:
    """Length of a lesion of the baseline at a follow-up, of its measured parts together; None when there is none."""
    key = lesion_key(before)
    if key in visit.swallowed:
        return 0
    parts = [length_um for m in visit.parts.get(key, ()) if (length_um := _length_um(m, rule)) is not None]
    if parts:
        return sum(parts) if rule.value is LesionValue.SUM_OF_TARGETS else max(parts)
    length_um = _length_um(found.get(key), rule)
    return 0 if length_um is None and _side_is_clear(before, visit.measurements, counted) else length_um


def _incomplete(visit: LinkedVisit, rule: LesionRule) -> set[str]:
    """Lesions of which a part was not measured."""
    return {key for key, parts in visit.parts.items() if any(_length_um(m, rule) is None for m in parts)}


def _confirmed_new(visit: LinkedVisit, new: Sequence[Measurement], *, counted: CountedLesions) -> tuple[str, ...]:
    """List new lesions a reader or a table states, those that merged with another one since included."""
    stated = {lesion_key(m) for m in new if not _is_candidate(m, visit.links)}
    there = {lesion_key(m) for m in visit.measurements if _is_there(m)}
    merged = {key for key, into in visit.swallowed.items() if key not in counted.known and into in there}
    return tuple(sorted(stated | merged))


def _missing_largest(targets: Sequence[Measurement], *, measured: set[str], value_um: int) -> list[str]:
    """Unmeasured lesions that may be the largest: the one that was, and any that was longer than what is left."""
    unmeasured = [t for t in targets if lesion_key(t) not in measured]
    return [lesion_key(t) for t in unmeasured if t is targets[0] or _um(t) > value_um]


def _is_there(measurement: Measurement) -> bool:
    """Whether a lesion was seen; one a reader states to be new needs no length."""
    is_stated = measurement.relation is LesionRelation.NEW and measurement.value_mm is None
    return bool(measurement.value_mm) or is_stated


def _is_candidate(measurement: Measurement, links: Links) -> bool:
    """Whether only a detector says so; a reader's lesion, or one from a table, is a stated one."""
    return measurement.method is Method.AUTO and lesion_key(measurement) not in links.new


def _largest_each(group: Sequence[Measurement]) -> Mapping[str, Measurement]:
    """One measurement per lesion: the largest, a measured one before one that could not be measured."""
    best: dict[str, Measurement] = {}
    for measurement in group:
        other = best.get(lesion_key(measurement))
        if other is None or (measurement.value_mm is not None and _um(measurement) > _um(other)):
            best[lesion_key(measurement)] = measurement
    return best


def _um(measurement: Measurement) -> int:
    """Length in µm; -1 where there is none, so that any length is larger."""
    return -1 if measurement.value_mm is None else micrometres(measurement.value_mm)


def _length_um(measurement: Measurement | None, rule: LesionRule) -> int | None:
    if measurement is None:
        return None
    if measurement.value_mm is None:
        return micrometres(rule.too_small_mm) if Flag.TOO_SMALL_TO_MEASURE in measurement.flags else None
    return micrometres(measurement.value_mm)


def _side_is_clear(target: Measurement, group: Sequence[Measurement], counted: CountedLesions) -> bool:
    """Whether a row of 0 mm covers the target's side."""
    return any(
        m.value_mm == 0
        and m.relation is not LesionRelation.GONE
        and lesion_key(m) not in counted.known
        and m.laterality in (None, Laterality.BOTH, target.laterality)
        for m in group
    )


def _value_um(lesions: list[Measurement], rule: LesionRule) -> int:
    lengths = [_um(m) for m in lesions]
    return sum(lengths) if rule.value is LesionValue.SUM_OF_TARGETS else max(lengths, default=0)


def _row(judged: JudgedVisit, burden: LesionBurden, *, profile: CriteriaProfile) -> ResponseRow:
    course, verdict = judged.course, judged.verdict
    reference_um = course.nadir_um if verdict.against_nadir else course.baseline_um
    complete = verdict.category is not Response.NE
    percent = percent_change(reference_um, burden.value_um) if complete else None
    is_sum = profile.lesion is not None and profile.lesion.value is LesionValue.SUM_OF_TARGETS
    example = judged.visit.measurements[0]
    return ResponseRow(
        patient_id=example.patient_id,
        laterality=_side(judged.counted.targets),
        quantity=Quantity.LESION_DIAMETER,
        criteria=profile.name,
        timepoint=example.timepoint,
        baseline_mm=millimetres(course.baseline_um),
        reference_mm=millimetres(reference_um),
        reference_timepoint=course.nadir_timepoint if verdict.against_nadir else BASELINE,
        value_mm=millimetres(burden.value_um) if complete else None,
        change_mm=millimetres(burden.value_um - reference_um) if complete else None,
        change_percent=None if percent is None else float(percent),
        category=verdict.category,
        rule=f"{verdict.rule}{link_words(judged.visit, are_added=is_sum)}",
        flags=_advice(judged),
    )


def _not_evaluable(judged: JudgedVisit, profile: CriteriaProfile) -> ResponseRow:
    example, counted = judged.visit.measurements[0], judged.counted
    return ResponseRow(
        patient_id=example.patient_id,
        laterality=example.laterality,
        quantity=Quantity.LESION_DIAMETER,
        criteria=profile.name,
        timepoint=example.timepoint,
        baseline_mm=0.0 if counted.reason == "no lesion at baseline" else None,
        reference_mm=None,
        reference_timepoint="",
        value_mm=None,
        change_mm=None,
        change_percent=None,
        category=judged.verdict.category,
        rule=judged.verdict.rule,
        flags=counted.flags,
    )


def _side(lesions: Sequence[Measurement]) -> Laterality | None:
    sides = {m.laterality for m in lesions}
    return sides.pop() if len(sides) == 1 else Laterality.BOTH


def _advice(judged: JudgedVisit) -> tuple[str, ...]:
    counted, group, flags = judged.counted, judged.visit.measurements, []
    if judged.burden is not None and judged.burden.candidates:
        flags.append(Flag.NEW_LESION_CANDIDATE)
    followed = {lesion_key(t): t for t in counted.targets}
    if any(lesion_key(m) in followed and _phase_changed(followed[lesion_key(m)], m) for m in group):
        flags.append(Flag.PHASE_RULE_CHANGED)
    return tuple(flags)


def _phase_changed(before: Measurement, after: Measurement) -> bool:
    if before.phase is None or after.phase is None:
        return False
    if (before.phase.rule, before.phase.time_zero) != (after.phase.rule, after.phase.time_zero):
        return True
    times = (before.phase.time_s, after.phase.time_s)
    return times[0] is not None and times[1] is not None and abs(times[0] - times[1]) > PHASE_TIME_TOLERANCE_S
