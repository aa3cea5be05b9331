"""Response under immunotherapy: progression counts once the next assessment confirms it (iRECIST, Seymour 2017)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.choice import within_limits
from calcmeasure.response.exact import MM, micrometres, size_words
from calcmeasure.response.judging import JudgedVisit
from calcmeasure.response.links import lesion_key
from calcmeasure.response.non_targets import PROGRESSED
from calcmeasure.response.rules import ImmuneRule, LesionRule
from calcmeasure.response.sizes import is_measurable, largest_each, lesion_size
from calcmeasure.terms import ImmuneResponse, NonTargetStatus, Response

_NAMES: Mapping[str, Response | ImmuneResponse] = {
    Response.CR: ImmuneResponse.ICR,
    Response.PR: ImmuneResponse.IPR,
    Response.SD: ImmuneResponse.ISD,
    Response.NE: Response.NE,
    NonTargetStatus.NON_CR_NON_PD: ImmuneResponse.NON_ICR_NON_IUPD,
}


@dataclass(frozen=True, slots=True)
class Progression:
    """What progressed at one time point, and how large everything was.

    Parameters
    ----------
    days
        After baseline; None when a date is not known.
    categories
        Which of target, non-target and new lesions progressed.
    sum_um
        Sum of the targets.
    sizes_um
        Non-target and new lesions that were measured.
    new
        New lesions there.
    new_targets
        Those large enough to be measured, at most as many as there may be targets: a sum of their own.
    progressed
        Non-target lesions in unequivocal progression.
    further
        Lesions a reader stated to have grown further.
    """

    timepoint: str
    days: int | None
    categories: frozenset[str]
    sum_um: int = 0
    sizes_um: Mapping[str, int] = field(default_factory=dict)
    new: frozenset[str] = frozenset()
    new_targets: tuple[str, ...] = ()
    progressed: frozenset[str] = frozenset()
    further: frozenset[str] = frozenset()


def immune_responses(visits: Iterable[JudgedVisit], rule: LesionRule) -> Iterator[JudgedVisit]:
    """Turn RECIST 1.1 categories of one patient into those of iRECIST.

    The first progression is iUPD. The next assessments confirm it (iCPD) or not (iUPD); one that shows no progression
    any more resets the bar, and progression has to begin anew. What is confirmed stays confirmed.

    Parameters
    ----------
    visits
        Of one patient, in time order.
    rule
        Without `LesionRule.immune` they stay as they are.
    """
    if rule.immune is None:
        yield from visits
        return
    pending: Progression | None = None
    confirmed_at = ""
    for judged in visits:
        if confirmed_at:
            yield _renamed(judged, ImmuneResponse.ICPD, f"confirmed at {confirmed_at}")
            continue
        now = progression_at(judged, rule, before=pending)
        if not now.categories:
            yield _not_progressive(judged, pending)
            pending = pending if judged.verdict.category is Response.NE else None
            continue
        category, words = _progressive(pending, now, rule=rule.immune)
        yield _renamed(judged, category, f"{_words(judged)}; {words}")
        pending = pending or now
        confirmed_at = now.timepoint if category is ImmuneResponse.ICPD else ""


def progression_at(judged: JudgedVisit, rule: LesionRule, *, before: Progression | None = None) -> Progression:
    """Collect what progressed at a time point, to be compared with the next one.

    Parameters
    ----------
    judged
        By RECIST 1.1.
    rule
        With the limits for targets.
    before
        Progression that is not confirmed yet: a non-target lesion that progressed then, is no smaller now, and of
        which no reader said anything, still does.
    """
    burden = judged.burden
    if burden is None:
        return Progression(judged.timepoint, judged.days, frozenset())
    found = largest_each(judged.visit.measurements)
    followed = [*burden.non_targets, *burden.confirmed_new]
    sizes = {key: size for key in followed if (size := lesion_size(found.get(key), rule)) is not None}
    progressed = {key for key, status in burden.non_targets.items() if status in PROGRESSED}
    if before is not None:
        silent = {key for key in before.progressed & sizes.keys() if found[key].status is None}
        progressed |= {key for key in silent if sizes[key] >= before.sizes_um.get(key, sizes[key] + 1)}
    is_further = {key for key, m in found.items() if m.status is NonTargetStatus.FURTHER_PD}
    return Progression(
        judged.timepoint,
        judged.days,
        frozenset(_categories(judged, rule, progressed=bool(progressed))),
        burden.value,
        sizes,
        frozenset(burden.confirmed_new),
        new_targets([found[key] for key in burden.confirmed_new if key in found], rule),
        frozenset(progressed),
        frozenset(is_further & {*followed}),
    )


def new_targets(new: Sequence[Measurement], rule: LesionRule) -> tuple[str, ...]:
    """Choose the new lesions that are measured, by the limits for targets, largest first."""
    measurable = [m for m in new if m.value_mm and is_measurable(m, rule)]
    ordered = sorted(measurable, key=lambda m: (-(lesion_size(m, rule) or 0), lesion_key(m)))
    return tuple(map(lesion_key, within_limits(ordered, rule)))


def _categories(judged: JudgedVisit, rule: LesionRule, *, progressed: bool) -> Iterator[str]:
    is_new = rule.new_lesion_is_progression and judged.burden is not None and bool(judged.burden.confirmed_new)
    is_target = judged.verdict.target is Response.PD
    if is_target:
        yield "target"
    if progressed or (judged.verdict.category is Response.PD and not is_target and not is_new):
        yield "non-target"
    if is_new:
        yield "new"


def _not_progressive(judged: JudgedVisit, pending: Progression | None) -> JudgedVisit:
    category = _NAMES[judged.verdict.category]
    is_reset = pending is not None and category is not Response.NE
    reset = f"; progression of {pending.timepoint} not confirmed, the bar is reset" if pending and is_reset else ""
    return _renamed(judged, category, f"{_words(judged)}{reset}")


def _renamed(judged: JudgedVisit, category: Response | ImmuneResponse, words: str) -> JudgedVisit:
    return judged._replace(verdict=judged.verdict._replace(category=category, rule=f"{category}: {words}"))


def _words(judged: JudgedVisit) -> str:
    return judged.verdict.rule.removeprefix(f"{judged.verdict.category}: ")


def _progressive(pending: Progression | None, now: Progression, *, rule: ImmuneRule) -> tuple[ImmuneResponse, str]:
    """Category of a time point with progression, and why."""
    if pending is None:
        return ImmuneResponse.IUPD, f"to be confirmed {_weeks(rule)} later"
    more = now.new - pending.new
    reasons = list(_further(pending, now, rule=rule))
    if not reasons:
        return ImmuneResponse.IUPD, f"no further growth since {pending.timepoint}"
    days = None if now.days is None or pending.days is None else now.days - pending.days
    since = f"{' and '.join(reasons)} since {pending.timepoint}"
    # EORTC: before the window only one more new lesion confirms.
    if not more and (days is None or days < rule.confirmation_min_days):
        short = "dates not known" if days is None else f"only {days} days, {rule.confirmation_min_days} are needed"
        return ImmuneResponse.IUPD, f"{since}, not confirmed: {short}"
    late = f", {days} days later" if days is not None and days > rule.confirmation_max_days else ""
    return ImmuneResponse.ICPD, f"confirmed by {since}{late}"


def _further(pending: Progression, now: Progression, *, rule: ImmuneRule) -> Iterator[str]:
    """List what confirms: more of what progressed, or progression of another kind (Seymour 2017, table 2)."""
    least_um = micrometres(rule.growth_min_mm)
    if now.new - pending.new:
        yield f"another new lesion {', '.join(sorted(now.new - pending.new))}"
    for category in sorted(now.categories - pending.categories - {"new"}):
        yield f"progression of {category} lesions as well"
    if "target" in now.categories & pending.categories and now.sum_um - pending.sum_um >= least_um:
        yield f"{size_words(now.sum_um - pending.sum_um, MM)} mm more in the sum of targets"
    grown = [now.sizes_um.get(key, 0) - pending.sizes_um.get(key, 0) for key in pending.new_targets]
    if sum(grown) >= least_um:
        yield f"{size_words(sum(grown), MM)} mm more in the sum of new lesions"
    by_any = (pending.sizes_um.keys() - set(pending.new_targets)) & now.sizes_um.keys()
    larger = {key for key in by_any if now.sizes_um[key] > pending.sizes_um[key] and _counts(key, pending)}
    if larger | now.further:
        yield f"growth of {', '.join(sorted(larger | now.further))}"


def _counts(key: str, pending: Progression) -> bool:
    """Whether any growth of a lesion confirms: new ones always, non-targets if those were what progressed."""
    return key in pending.new or "non-target" in pending.categories


def _weeks(rule: ImmuneRule) -> str:
    return f"{rule.confirmation_min_days}-{rule.confirmation_max_days} days"
