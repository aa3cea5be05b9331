"""Overall response at one time point, from target, non-target and new lesions (Eisenhauer 2009, tables 1 and 2)."""

from __future__ import annotations

from calcmeasure.response.course import Course, LesionBurden, Verdict
from calcmeasure.response.non_targets import PROGRESSED, group_status
from calcmeasure.response.rules import LesionRule, LesionValue
from calcmeasure.response.targets import is_back, judge_targets, things
from calcmeasure.terms import NonTargetStatus, Response

_ALONE = {NonTargetStatus.CR: Response.CR, NonTargetStatus.PD: Response.PD, NonTargetStatus.NE: Response.NE}


def overall_response(target: Response, non_target: NonTargetStatus | None, *, new: bool) -> Response:
    """Look up the overall response where there are target lesions (table 1).

    ========= ======================== ====== =======
    target    non-target               new    overall
    ========= ======================== ====== =======
    any       any                      yes    PD
    PD        any                      any    PD
    any       PD                       any    PD
    CR        CR, or none              no     CR
    CR        non-CR/non-PD, or NE     no     PR
    PR        no PD                    no     PR
    SD        no PD                    no     SD
    NE        no PD                    no     NE
    ========= ======================== ====== =======
    """
    if new or target is Response.PD or non_target in PROGRESSED:
        return Response.PD
    if target is Response.CR and non_target not in (None, NonTargetStatus.CR):
        return Response.PR
    return target


def judge_response(burden: LesionBurden, course: Course, rule: LesionRule) -> Verdict:
    """Judge one time point, all lesions together.

    Parameters
    ----------
    burden
        At this time point.
    course
        Baseline and nadir before it.
    rule
        Cut-offs.
    """
    targets = judge_targets(burden, course, rule)
    non_target = group_status(burden.non_targets.values()) if burden.non_targets else None
    found = targets._replace(non_target=non_target) if non_target else targets
    worse = _progression_elsewhere(burden, course, rule)
    if worse and (targets.target is not Response.PD or burden.confirmed_new):
        return found._replace(category=Response.PD, rule=f"PD: {worse}", against_nadir=False)
    if targets.target is not Response.CR:
        category = overall_response(targets.target or Response.NE, non_target, new=False)
        return found if category is found.category else found._replace(category=category)
    return _complete(burden, found, rule)


def judge_non_targets(burden: LesionBurden, course: Course, rule: LesionRule) -> Verdict:
    """Judge one time point of a patient whose lesions are all non-targets (table 2)."""
    status = group_status(burden.non_targets.values()) or NonTargetStatus.NE
    worse = _progression_elsewhere(burden, course, rule)
    if worse:
        return Verdict(Response.PD, f"PD: {worse}", non_target=status)
    if status is NonTargetStatus.CR and burden.candidates:
        return Verdict(Response.NE, f"NE: {_candidates(burden)}", non_target=status)
    category = _ALONE.get(status, status)
    if category is NonTargetStatus.NON_CR_NON_PD and rule.value is not LesionValue.SUM_OF_TARGETS:
        # The term is RECIST's; WHO calls it no change (Miller 1981).
        category = Response.SD
    words = {
        NonTargetStatus.CR: "no lesion left",
        NonTargetStatus.NE: f"non-target {_having(burden, NonTargetStatus.NE)} not evaluated",
        NonTargetStatus.NON_CR_NON_PD: f"non-target {_having(burden, status)} is left, and there is no target",
    }[status]
    return Verdict(category, f"{category}: {words}", non_target=status)


def _progression_elsewhere(burden: LesionBurden, course: Course, rule: LesionRule) -> str:
    """Progression by new or non-target lesions, in words; empty when there is none."""
    if rule.new_lesion_is_progression and burden.confirmed_new:
        return f"new lesion {', '.join(burden.confirmed_new)}"
    if not burden.non_targets:
        return ""
    progressed = [key for key, status in burden.non_targets.items() if status in PROGRESSED]
    if progressed:
        return f"unequivocal progression of non-target {', '.join(progressed)}"
    back = [k for k, s in burden.non_targets.items() if s is NonTargetStatus.NON_CR_NON_PD and k not in burden.nodes]
    if back and is_back(course, rule):
        return f"non-target {', '.join(back)} back after complete response at {course.complete_at}"
    return ""


def _complete(burden: LesionBurden, found: Verdict, rule: LesionRule) -> Verdict:
    """Judge a time point at which no followed lesion is left."""
    words = found.rule.removeprefix("CR: ").removesuffix(", no lesion left")
    if burden.candidates:
        return found._replace(category=Response.NE, rule=f"NE: {words}, but {_candidates(burden)}")
    category = overall_response(Response.CR, found.non_target, new=False)
    if category is Response.CR:
        return found
    left, unknown = (_having(burden, status) for status in (NonTargetStatus.NON_CR_NON_PD, NonTargetStatus.NE))
    is_left = f"{left}, no {things(rule)}, is left" if left else ""
    is_unknown = f"{unknown}, no {things(rule)}, is not known to be gone" if unknown else ""
    return found._replace(category=category, rule=f"{category}: {words}, but {is_left or is_unknown}")


def _candidates(burden: LesionBurden) -> str:
    return f"new lesion {', '.join(burden.candidates)} was found and not yet confirmed by a reader"


def _having(burden: LesionBurden, status: NonTargetStatus) -> str:
    return ", ".join(key for key, found in burden.non_targets.items() if found is status)
