"""The response row each follow-up of the lesions gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.best_overall import DatedResponse, awaits_confirmation, best_responses
from calcmeasure.response.course import LesionBurden
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
    visits: Sequence[JudgedVisit] = tuple(judge_visits(measurements, profile))
    if rule.immune is not None:
        visits = tuple(immune_responses(visits, rule))
    timeline = [DatedResponse(str(judged.verdict.category), judged.days) for judged in visits]
    best = best_responses(timeline, rule.best_response)
    for place, (judged, best_response) in enumerate(zip(visits, best, strict=True), start=1):
        row = _row(judged, profile)
        if judged.burden is not None:
            row = _with_lesions(row, judged, judged.burden, rule=rule)
        unconfirmed = "; to be confirmed" if awaits_confirmation(timeline[:place], rule.best_response) else ""
        yield replace(row, best_response=str(best_response), rule=f"{row.rule}{unconfirmed}")


def _row(judged: JudgedVisit, profile: CriteriaProfile) -> ResponseRow:
    """Row with a category and no numbers, as it is where nothing can be counted."""
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
        unit=profile.lesion.value.scale.code if profile.lesion else MM.code,
        criteria_sha256=profile.sha256,
    )


def _with_lesions(row: ResponseRow, judged: JudgedVisit, burden: LesionBurden, *, rule: LesionRule) -> ResponseRow:
    verdict, counted = judged.verdict, judged.counted
    notes = "".join(f"; {note}" for note in counted.notes)
    explained = replace(
        row,
        laterality=_side(counted.targets or counted.others),
        rule=f"{verdict.rule}{link_words(judged.visit, are_added=rule.value.is_sum)}{notes}",
        flags=_advice(judged),
        target_response=verdict.target or "",
        non_target_response=verdict.non_target or "",
        new_lesions=burden.confirmed_new,
        new_lesion_sum_mm=_new_lesion_sum_mm(judged, rule),
    )
    return _with_numbers(explained, judged, burden, rule=rule) if counted.targets else explained


def _with_numbers(row: ResponseRow, judged: JudgedVisit, burden: LesionBurden, *, rule: LesionRule) -> ResponseRow:
    """Add values and their change: lengths in the columns in mm, anything else in the columns with a unit."""
    course, scale = judged.course, rule.value.scale
    reference = course.nadir if judged.verdict.against_nadir else course.baseline
    is_known = judged.verdict.category is not Response.NE
    percent = percent_change(reference, burden.value) if is_known else None
    common = replace(
        row,
        reference_timepoint=course.nadir_timepoint if judged.verdict.against_nadir else BASELINE,
        change_percent=None if percent is None else float(percent),
    )
    baseline, start, value = (in_unit(size, scale) for size in (course.baseline, reference, burden.value))
    if scale is not MM:
        return replace(common, baseline_value=baseline, reference_value=start, value=value if is_known else None)
    change_mm = in_unit(burden.value - reference, scale) if is_known else None
    return replace(
        common,
        baseline_mm=baseline,
        reference_mm=start,
        value_mm=value if is_known else None,
        change_mm=change_mm,
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
    followed = {lesion_key(t): t for t in counted.targets}
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
