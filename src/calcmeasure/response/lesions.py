"""The response row each follow-up of the lesions gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.best_overall import DatedResponse, awaits_confirmation, best_responses
from calcmeasure.response.choice import NO_LESION
from calcmeasure.response.exact import MM, in_unit, percent_change
from calcmeasure.response.immune import immune_responses, progression_at
from calcmeasure.response.judging import JudgedVisit, judge_visits
from calcmeasure.response.links import lesion_key, link_words
from calcmeasure.response.rules import CriteriaProfile, LesionRule
from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import Flag, Laterality, Quantity, Response

PHASE_TIME_TOLERANCE_S = 30.0
"""Early phases further apart than this are not the same moment of enhancement."""


def lesion_rows(measurements: Sequence[Measurement], profile: CriteriaProfile) -> Iterator[ResponseRow]:
    """Score every follow-up of one patient.

    Parameters
    ----------
    measurements
        Of one patient and one reader.
    profile
        Without a lesion rule there are no rows.
    """
    rule = profile.lesion
    if rule is None:
        return
    visits = tuple(immune_responses(judge_visits(measurements, profile), rule))
    timeline = [DatedResponse(str(judged.verdict.category), judged.days) for judged in visits]
    best = best_responses(timeline, rule.best_response)
    for place, (judged, best_response) in enumerate(zip(visits, best, strict=True), start=1):
        is_open = awaits_confirmation(timeline[:place], rule.best_response)
        sentence = f"{_sentence(judged, rule)}{'; to be confirmed' if is_open else ''}"
        yield _row(judged, profile, rule=rule, sentence=sentence, best_response=best_response)


class _Numbers(NamedTuple):
    """Values in the unit of the profile; None where there is none."""

    baseline: float | None = None
    reference: float | None = None
    reference_timepoint: str = ""
    value: float | None = None
    change: float | None = None
    percent: float | None = None


_NOTHING = _Numbers()


def _row(
    judged: JudgedVisit, profile: CriteriaProfile, *, rule: LesionRule, sentence: str, best_response: str
) -> ResponseRow:
    example, counted, verdict = judged.visit.measurements[0], judged.counted, judged.verdict
    numbers, scale = _numbers(judged, rule), rule.scale
    in_mm, other = (numbers, _NOTHING) if scale is MM else (_NOTHING, numbers)
    return ResponseRow(
        patient_id=example.patient_id,
        laterality=_side(counted.targets or counted.others) if judged.burden else example.laterality,
        quantity=Quantity.LESION_DIAMETER,
        criteria=profile.name,
        timepoint=example.timepoint,
        baseline_mm=in_mm.baseline,
        reference_mm=in_mm.reference,
        reference_timepoint=numbers.reference_timepoint,
        value_mm=in_mm.value,
        change_mm=in_mm.change,
        change_percent=numbers.percent,
        category=verdict.category,
        rule=sentence,
        flags=_advice(judged),
        target_response=verdict.target or "",
        non_target_response=verdict.non_target or "",
        new_lesions=judged.burden.confirmed_new if judged.burden else (),
        new_lesion_sum_mm=_new_lesion_sum_mm(judged, rule),
        best_response=best_response,
        unit=scale.code,
        baseline_value=other.baseline,
        reference_value=other.reference,
        value=other.value,
        criteria_sha256=profile.sha256,
    )


def _sentence(judged: JudgedVisit, rule: LesionRule) -> str:
    """Rule that fired, what was linked, and what was stated but not followed."""
    if judged.burden is None:
        return judged.verdict.rule
    links = link_words(judged.visit, are_added=rule.value.is_sum)
    return f"{judged.verdict.rule}{links}{''.join(f'; {note}' for note in judged.counted.notes)}"


def _numbers(judged: JudgedVisit, rule: LesionRule) -> _Numbers:
    burden, course, scale = judged.burden, judged.course, rule.scale
    if burden is None or not judged.counted.targets:
        return _Numbers(baseline=0.0 if judged.counted.reason == NO_LESION else None)
    nadir = judged.verdict.against_nadir
    reference = course.nadir if nadir else course.baseline
    baseline, start = in_unit(course.baseline, scale), in_unit(reference, scale)
    place = course.nadir_timepoint if nadir else BASELINE
    if judged.verdict.category is Response.NE:
        return _Numbers(baseline, start, place)
    percent = percent_change(reference, burden.value)
    change = in_unit(burden.value - reference, scale)
    return _Numbers(
        baseline, start, place, in_unit(burden.value, scale), change, None if percent is None else float(percent)
    )


def _new_lesion_sum_mm(judged: JudgedVisit, rule: LesionRule) -> float | None:
    """Sum of the new lesions that are measured, which iRECIST keeps apart; None where there is none."""
    if rule.immune is None:
        return None
    new = progression_at(judged, rule)
    return in_unit(sum(new.sizes_um[key] for key in new.new_targets), MM) if new.new_targets else None


def _side(lesions: Sequence[Measurement]) -> Laterality | None:
    sides = {m.laterality for m in lesions}
    return sides.pop() if len(sides) == 1 else Laterality.BOTH


def _advice(judged: JudgedVisit) -> tuple[str, ...]:
    """Flag what to know about a comparison that was made."""
    counted, flags = judged.counted, list(judged.counted.flags)
    if judged.burden is not None and judged.burden.candidates:
        flags.append(Flag.NEW_LESION_CANDIDATE)
    followed = {lesion_key(t): t for t in counted.targets if t.image or t.phase}
    if not followed:
        return tuple(flags)
    pairs = [(followed[key], m) for m in judged.visit.measurements if (key := lesion_key(m)) in followed]
    if any(_phase_changed(before, after) for before, after in pairs):
        flags.append(Flag.PHASE_RULE_CHANGED)
    if any(_source_changed(before, after) for before, after in pairs):
        flags.append(Flag.GEOMETRY_MISMATCH)
    return tuple(flags)


def _source_changed(before: Measurement, after: Measurement) -> bool:
    """Whether two lengths were calibrated by different rules; nothing left has no length."""
    sources = {m.image.spacing.source for m in (before, after) if m.value_mm and m.image and m.image.spacing}
    return len(sources) > 1


def _phase_changed(before: Measurement, after: Measurement) -> bool:
    if before.phase is None or after.phase is None:
        return False
    if (before.phase.rule, before.phase.time_zero) != (after.phase.rule, after.phase.time_zero):
        return True
    times = (before.phase.time_s, after.phase.time_s)
    return times[0] is not None and times[1] is not None and abs(times[0] - times[1]) > PHASE_TIME_TOLERANCE_S
