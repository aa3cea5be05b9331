"""Time-point response of lesions: RECIST 1.1 and named variants of it, in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from calcmeasure.response.criteria import LesionRule, LesionValue, ProgressionReference
from calcmeasure.response.exact import mm_words, percent_change, percent_words, reaches
from calcmeasure.terms import Response


@dataclass(frozen=True, slots=True)
class LesionBurden:
    """What stands for all lesions at one time point.

    Parameters
    ----------
    value_um
        Sum of targets or largest diameter, of the lesions that were measured, in µm.
    missing
        Ids of lesions that had to be measured and were not.
    confirmed_new
        Ids of new lesions a reader drew or confirmed, or a table states.
    candidates
        Ids of new lesions that only a detector found.
    others_left
        Ids of lesions that are not counted and are still there, or were not looked at.
    """

    value_um: int
    missing: tuple[str, ...] = ()
    confirmed_new: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    others_left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """What came before the time point being judged.

    Parameters
    ----------
    baseline_um
        Value at baseline, above 0.
    nadir_um, nadir_timepoint
        Smallest complete value so far, baseline included, and where it was.
    """

    baseline_um: int
    nadir_um: int
    nadir_timepoint: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A category and the rule that fired.

    Parameters
    ----------
    against_nadir
        Whether the change is taken against the nadir rather than baseline.
    """

    category: Response
    rule: str
    against_nadir: bool = False


def judge_response(burden: LesionBurden, course: Course, rule: LesionRule) -> Verdict:
    """Judge one time point.

    In this order (Eisenhauer 2009 with the EORTC clarifications): a new lesion confirmed by a reader is PD where the
    profile says so; growth of the lesions measured is PD even if others are missing; a missing lesion is NE; then CR,
    PR, SD. Where the counted lesions are gone, one that is not counted and still there (or was not looked at) makes it
    PR, and a new lesion that no reader confirmed yet makes it NE.

    Parameters
    ----------
    burden
        At this time point.
    course
        Baseline and nadir before it.
    rule
        Cut-offs.
    """
    if rule.new_lesion_is_progression and burden.confirmed_new:
        return Verdict(Response.PD, f"PD: new lesion {', '.join(burden.confirmed_new)}")
    reference_um = course.nadir_um if rule.reference is ProgressionReference.NADIR else course.baseline_um
    if is_progression(reference_um, burden.value_um, rule):
        return _progression(burden, course, rule)
    if burden.missing:
        return Verdict(Response.NE, f"NE: {_things(rule)} {', '.join(burden.missing)} not measured")
    if burden.value_um == 0:
        return _gone(burden, course, rule)
    if is_partial_response(course.baseline_um, burden.value_um, rule):
        words = (
            f"(≥ {rule.response_percent} % decrease)"
            if rule.response_inclusive
            else f"(> {rule.response_percent} % decrease)"
        )
        return Verdict(Response.PR, f"PR: {_change(course.baseline_um, burden.value_um, rule)} from baseline {words}")
    return Verdict(Response.SD, _stable(burden, course, rule))


def is_progression(reference_um: int, value_um: int, rule: LesionRule) -> bool:
    """Whether growth from the reference is PD.

    After a nadir of 0, a complete response, anything that comes back is PD (EORTC).
    """
    percent = percent_change(reference_um, value_um)
    if percent is None:
        return value_um > 0
    grown_um = value_um - reference_um
    relative = reaches(percent, rule.progression_percent, inclusive=rule.progression_inclusive)
    return grown_um > 0 and relative and reaches(grown_um, rule.progression_min_mm * 1000, inclusive=True)


def is_partial_response(baseline_um: int, value_um: int, rule: LesionRule) -> bool:
    """Whether shrinkage from baseline is PR."""
    percent = percent_change(baseline_um, value_um)
    return (
        percent is not None
        and percent < 0
        and reaches(-percent, rule.response_percent, inclusive=rule.response_inclusive)
    )


def _gone(burden: LesionBurden, course: Course, rule: LesionRule) -> Verdict:
    """Judge a time point at which no counted lesion is left (Eisenhauer 2009, table 1)."""
    lengths = f"{mm_words(course.baseline_um)} → 0 mm"
    if burden.candidates:
        words = f"but new lesion {', '.join(burden.candidates)} was found and not yet confirmed by a reader"
        return Verdict(Response.NE, f"NE: {lengths}, {words}")
    if burden.others_left:
        words = f"{', '.join(burden.others_left)}, no {_things(rule)}, is not known to be gone"
        return Verdict(Response.PR, f"PR: {lengths}, but {words}")
    return Verdict(Response.CR, f"CR: {lengths}, no lesion left")


def _progression(burden: LesionBurden, course: Course, rule: LesionRule) -> Verdict:
    nadir = rule.reference is ProgressionReference.NADIR
    reference_um = course.nadir_um if nadir else course.baseline_um
    place = f"nadir at {course.nadir_timepoint}" if nadir else "baseline"
    if reference_um == 0:
        return Verdict(Response.PD, f"PD: 0 → {mm_words(burden.value_um)} mm, back after complete response", nadir)
    partial = f"; without {', '.join(burden.missing)}, not measured" if burden.missing else ""
    change = f"{_change(reference_um, burden.value_um, rule)} from {place}"
    return Verdict(Response.PD, f"PD: {change} ({_growth_cutoff(rule)}{partial})", nadir)


def _stable(burden: LesionBurden, course: Course, rule: LesionRule) -> str:
    sign = "≥" if rule.response_inclusive else ">"
    change = f"{_change(course.baseline_um, burden.value_um, rule)} from baseline"
    nadir = ""
    if rule.reference is ProgressionReference.NADIR and course.nadir_um != course.baseline_um:
        nadir = f" and {_change(course.nadir_um, burden.value_um, rule)} from nadir at {course.nadir_timepoint}"
    return f"SD: {change}{nadir} (neither {sign} {rule.response_percent} % decrease nor {_growth_cutoff(rule)})"


def _change(reference_um: int, value_um: int, rule: LesionRule) -> str:
    lengths = f"{mm_words(reference_um)} → {mm_words(value_um)} mm"
    percent = percent_change(reference_um, value_um)
    limits = (rule.response_percent, rule.progression_percent)
    return lengths if percent is None else f"{lengths} is {percent_words(percent, limits=limits)}"


def _growth_cutoff(rule: LesionRule) -> str:
    sign = "≥" if rule.progression_inclusive else ">"
    absolute = f" and ≥ {rule.progression_min_mm} mm" if rule.progression_min_mm else ""
    return f"{sign} {rule.progression_percent} %{absolute} increase"


def _things(rule: LesionRule) -> str:
    return "target" if rule.value is LesionValue.SUM_OF_TARGETS else "lesion"
