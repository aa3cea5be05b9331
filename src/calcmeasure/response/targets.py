"""Response of the target lesions: RECIST 1.1 and named variants of it, in exact arithmetic."""

from __future__ import annotations

from calcmeasure.response.course import Course, LesionBurden, Verdict
from calcmeasure.response.exact import percent_change, percent_words, size_words
from calcmeasure.response.rules import LesionRule, ProgressionReference
from calcmeasure.terms import Response


def judge_targets(burden: LesionBurden, course: Course, rule: LesionRule) -> Verdict:
    """Judge the followed lesions at one time point.

    In this order (Eisenhauer 2009 with the EORTC clarifications): nothing left but lymph nodes of normal size is CR;
    a lesion that is back after a complete response, or growth of the lesions measured, is PD, even if others are
    missing; a missing lesion is NE; then PR, and SD.

    Parameters
    ----------
    burden
        At this time point.
    course
        Baseline and nadir before it.
    rule
        Cut-offs.
    """
    if burden.is_gone:
        return _verdict(Response.CR, _gone(burden, course, rule))
    if is_back(course, rule) and burden.value > burden.normal:
        words = f"{_sizes(course.nadir, burden.value, rule)}, back after complete response at {course.complete_at}"
        return _verdict(Response.PD, words, against_nadir=True)
    progression = _progression(burden, course, rule)
    if progression:
        nadir = rule.reference is ProgressionReference.NADIR
        return _verdict(Response.PD, f"{progression}{_without(burden)})", against_nadir=nadir)
    if burden.missing:
        return _verdict(Response.NE, f"{things(rule)} {', '.join(burden.missing)} not measured")
    return _shrinkage(burden, course, rule)


def is_progression(reference: int, value: int, rule: LesionRule) -> bool:
    """Whether growth from the reference is PD; from nothing, it is the absolute growth that counts."""
    grown = value - reference
    if grown <= 0 or not rule.least_growth.is_reached(grown):
        return False
    percent = percent_change(reference, value)
    return percent is None or rule.progression.is_reached(*percent)


def is_partial_response(baseline: int, value: int, rule: LesionRule) -> bool:
    """Whether shrinkage from baseline is PR."""
    percent = percent_change(baseline, value)
    return percent is not None and rule.response.is_reached_down(percent)


def is_back(course: Course, rule: LesionRule) -> bool:
    """Whether whatever is there again counts as progression (EORTC: only after a complete response of all lesions)."""
    return bool(rule.course and rule.course.reappearance_is_progression and course.complete_at)


def things(rule: LesionRule) -> str:
    """Name of what is followed."""
    return "target" if rule.value.has_targets else "lesion"


def _verdict(category: Response, words: str, *, against_nadir: bool = False) -> Verdict:
    return Verdict(category, category + ": " + words, against_nadir, target=category)


def _gone(burden: LesionBurden, course: Course, rule: LesionRule) -> str:
    if not burden.value or rule.nodes is None:
        return f"{size_words(course.baseline, rule.scale)} → 0 {rule.scale.words}, no lesion left"
    normal = f"short axis < {rule.nodes.pathological_min_mm} mm"
    return f"{_sizes(course.baseline, burden.value, rule)}, only lymph nodes of normal size left ({normal})"


def _progression(burden: LesionBurden, course: Course, rule: LesionRule) -> str:
    """Growth that is PD, in words without the closing bracket; empty when there is none."""
    if rule.reference is ProgressionReference.LESION_NADIR:
        grown = [k for k, size in sorted(burden.sizes.items()) if is_progression(course.smallest[k][0], size, rule)]
        changes = [f"{k} {_change(course.smallest[k][0], burden.sizes[k], rule)} from {course.smallest[k][1]}"
                   for k in grown]  # fmt: skip
        return f"{', '.join(changes)} ({rule.progression_words} of one lesion" if grown else ""
    nadir = rule.reference is ProgressionReference.NADIR
    reference = course.nadir if nadir else course.baseline
    if not is_progression(reference, burden.value, rule):
        return ""
    place = f"nadir at {course.nadir_timepoint}" if nadir else "baseline"
    return f"{_change(reference, burden.value, rule)} from {place} ({rule.progression_words}"


def _without(burden: LesionBurden) -> str:
    return f"; without {', '.join(burden.missing)}, not measured" if burden.missing else ""


def _shrinkage(burden: LesionBurden, course: Course, rule: LesionRule) -> Verdict:
    change = f"{_change(course.baseline, burden.value, rule)} from baseline"
    if is_partial_response(course.baseline, burden.value, rule):
        return _verdict(Response.PR, f"{change} ({rule.response_words})")
    if course.is_responding and rule.course and rule.course.partial_response_continues:
        since = f"{_change(course.nadir, burden.value, rule)} from nadir at {course.nadir_timepoint}"
        words = f"continues, {since} (not {rule.progression_words})"
        return _verdict(Response.PR, words, against_nadir=True)
    words = f"{change}{_since_nadir(burden, course, rule)} (neither {rule.response_words} nor {rule.progression_words})"
    return _verdict(Response.SD, words)


def _since_nadir(burden: LesionBurden, course: Course, rule: LesionRule) -> str:
    if rule.reference is not ProgressionReference.NADIR or course.nadir == course.baseline:
        return ""
    return f" and {_change(course.nadir, burden.value, rule)} from nadir at {course.nadir_timepoint}"


def _sizes(reference: int, value: int, rule: LesionRule) -> str:
    scale = rule.scale
    return f"{size_words(reference, scale)} → {size_words(value, scale)} {scale.words}"


def _change(reference: int, value: int, rule: LesionRule) -> str:
    percent = percent_change(reference, value)
    sizes = _sizes(reference, value, rule)
    return sizes if percent is None else f"{sizes} is {percent_words(percent, limits=rule.limits)}"
