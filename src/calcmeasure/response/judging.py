"""Every follow-up of one patient, judged in time order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.burden import lesion_burden
from calcmeasure.response.choice import CountedLesions, choose_lesions
from calcmeasure.response.course import Course, LesionBurden, Verdict
from calcmeasure.response.extent_change import NEVER_COMPARED
from calcmeasure.response.links import NO_LINKS, LinkedVisit, lesion_key, link_visit
from calcmeasure.response.overall import judge_non_targets, judge_response
from calcmeasure.response.rules import CriteriaProfile, LesionRule
from calcmeasure.response.sizes import lesion_size
from calcmeasure.response.visits import BASELINE, days_between, in_time_order, is_order_known
from calcmeasure.terms import Flag, LesionSite, Modality, Quantity, Response

_UNPLACED = CountedLesions((), frozenset(), "nothing tells in which order the visits were", (Flag.VISIT_ORDER_UNKNOWN,))


class JudgedVisit(NamedTuple):
    """One follow-up with what it was judged by.

    Parameters
    ----------
    visit
        Its measurements, under the lesions they continue.
    counted, course
        Lesions chosen at baseline, and what came before.
    burden
        None when nothing can be counted at all; `counted` has the reason.
    days
        After baseline; None unless both have a date.
    """

    visit: LinkedVisit
    counted: CountedLesions
    course: Course
    verdict: Verdict
    burden: LesionBurden | None = None
    days: int | None = None

    @property
    def timepoint(self) -> str:
        """Name of the follow-up."""
        return self.visit.measurements[0].timepoint


def judge_visits(measurements: Sequence[Measurement], profile: CriteriaProfile) -> Iterator[JudgedVisit]:
    """Judge every follow-up of one patient, in time order.

    What a reader stated about lesions that split or merged holds for the time points after it as well.

    Parameters
    ----------
    measurements
        Of one patient and one reader. Mammographic lengths are never accepted: mammography is not a RECIST target
        technique.
    profile
        Without a lesion rule there is nothing to judge.
    """
    rule = profile.lesion
    if rule is None:
        return
    visits = in_time_order([m for m in measurements if _is_accepted(m, rule)])
    baseline = visits.pop(BASELINE, ())
    counted = choose_lesions(baseline, rule) if is_order_known(baseline) else _UNPLACED
    course, links = _start(counted, rule), NO_LINKS
    for timepoint, group in visits.items():
        if not counted.is_followed or not is_order_known(group):
            reason = _UNPLACED if counted.is_followed else counted
            yield JudgedVisit(LinkedVisit(group), reason, course, Verdict(Response.NE, f"NE: {reason.reason}"))
            continue
        followed = tuple(map(lesion_key, counted.targets))
        visit = link_visit(group, before=links, targets=followed, known=counted.known)
        burden, links = lesion_burden(visit, counted, rule=rule), visit.links
        verdict = (judge_response if counted.targets else judge_non_targets)(burden, course, rule)
        yield JudgedVisit(visit, counted, course, verdict, burden, days_between(baseline, group))
        course = course.after(burden, verdict, timepoint=timepoint)


def _is_accepted(measurement: Measurement, rule: LesionRule) -> bool:
    """Whether it is a lesion on a tomographic image, in an organ these criteria look at."""
    if measurement.quantity is not Quantity.LESION_DIAMETER or measurement.modality is Modality.MG:
        return False
    if measurement.view is not None or NEVER_COMPARED.intersection(measurement.flags):
        return False
    return rule.value.has_targets or measurement.site in (None, LesionSite.BREAST)


def _start(counted: CountedLesions, rule: LesionRule) -> Course:
    """Begin at baseline."""
    sizes = {lesion_key(m): lesion_size(m, rule) or 0 for m in counted.targets}
    value = sum(sizes.values()) if rule.value.is_sum else max(sizes.values(), default=0)
    return Course(value, value, BASELINE, {key: (size, BASELINE) for key, size in sizes.items()})
