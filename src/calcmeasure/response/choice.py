"""Which lesions of the baseline are followed: targets, non-targets, and lymph nodes of normal size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calcmeasure.errors import ErrorCode
from calcmeasure.model.measurement import Measurement
from calcmeasure.response.links import lesion_key
from calcmeasure.response.rules import LesionRule, LesionValue
from calcmeasure.response.sizes import is_measurable, is_node, is_normal_node, largest_each, lesion_size
from calcmeasure.terms import Flag, LesionRole, LesionSite

NO_LESION = "no lesion at baseline"
"""Reason why nothing can be followed that is a finding by itself: 0 mm."""


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
        What to know about the choice.
    others
        Lesions at baseline that are not counted (RECIST: non-targets); while one is left there is no CR.
    normal_nodes
        Ids of lymph nodes that were of normal size: no lesions yet.
    notes
        What was stated and could not be followed, in words.
    """

    targets: tuple[Measurement, ...]
    known: frozenset[str]
    reason: str = ""
    flags: tuple[str, ...] = ()
    others: tuple[Measurement, ...] = ()
    normal_nodes: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def is_followed(self) -> bool:
        """Whether follow-ups can be judged: by targets, or by non-targets that a reader stated."""
        return bool(self.targets) or not self.reason


def choose_lesions(baseline: Sequence[Measurement], rule: LesionRule) -> CountedLesions:
    """Choose the lesions to follow.

    RECIST 1.1: the largest lesions of at least 10 mm (lymph nodes: short axis of at least 15 mm), at most 5 in all and
    2 per organ; where a reader stated which lesions are targets, those. A profile without targets follows every lesion.

    Parameters
    ----------
    baseline
        Lesion measurements before treatment.
    rule
        Cut-offs.
    """
    if not baseline:
        return CountedLesions((), frozenset(), "no baseline measurement", (ErrorCode.NO_BASELINE,))
    each = largest_each(baseline)
    known = frozenset(lesion_key(m) for m in baseline if m.value_mm or (m.value_mm is None and m.lesion_id))
    normal = frozenset(key for key, m in each.items() if is_normal_node(m, rule))
    lesions = [m for key, m in each.items() if key in known - normal]
    lacking = [lesion_key(m) for m in lesions if lesion_size(m, rule) is None]
    if lacking and rule.value is LesionValue.TOTAL_VOLUME:
        return CountedLesions((), known, f"volume of {', '.join(lacking)} not known at baseline")
    asked = _asked(lesions, rule)
    measurable = sorted((m for m in asked if is_measurable(m, rule)), key=lambda m: _by_size(m, rule))
    targets = within_limits(measurable, rule) if rule.value.has_targets else tuple(measurable)
    followed = {lesion_key(m) for m in targets}
    others = tuple(m for m in lesions if lesion_key(m) not in followed)
    flags, notes = _refused(asked, others, measurable=measurable)
    if targets:
        return CountedLesions(targets, known, "", flags, others, normal, notes)
    reason, codes = _why_none(baseline, lesions, rule)
    return CountedLesions((), known, reason, codes, others, normal)


def within_limits(lesions: Iterable[Measurement], rule: LesionRule) -> tuple[Measurement, ...]:
    """Take lesions in their order, up to the number in all and per organ; no organ stated is the breast."""
    taken: list[Measurement] = []
    in_organ: Counter[LesionSite] = Counter()
    for lesion in lesions:
        organ = lesion.site or LesionSite.BREAST
        if len(taken) < rule.max_targets and in_organ[organ] < rule.max_targets_per_organ:
            taken.append(lesion)
            in_organ[organ] += 1
    return tuple(taken)


def _asked(lesions: Sequence[Measurement], rule: LesionRule) -> list[Measurement]:
    """Lesions that may be targets: the ones a reader stated, else all but the stated non-targets."""
    if not rule.value.has_targets:
        return list(lesions)
    stated = [m for m in lesions if m.role is LesionRole.TARGET]
    return stated or [m for m in lesions if m.role is not LesionRole.NON_TARGET]


def _by_size(measurement: Measurement, rule: LesionRule) -> tuple[int, str]:
    return -(lesion_size(measurement, rule) or 0), measurement.lesion_id


def _refused(
    asked: Sequence[Measurement], others: Sequence[Measurement], *, measurable: Sequence[Measurement]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Flag, and put into words, lesions stated to be targets that the criteria do not follow."""
    refused = [m for m in others if m in asked and m.role is LesionRole.TARGET]
    flags = {Flag.TARGET_LIMIT if m in measurable else Flag.BELOW_MEASURABLE_SIZE for m in refused}
    reasons = [f"{lesion_key(m)} stated target, {'beyond the limit' if m in measurable else 'not measurable'}"
               for m in refused]  # fmt: skip
    return tuple(sorted(flags)), tuple(f"{words}, followed as non-target" for words in reasons)


def _why_none(
    baseline: Sequence[Measurement], lesions: Sequence[Measurement], rule: LesionRule
) -> tuple[str, tuple[str, ...]]:
    """Reason and flags when there is no target; no reason where a reader stated non-targets alone."""
    if any(m.role is LesionRole.NON_TARGET for m in lesions) and rule.value.has_targets:
        return "", ()
    if any(m.value_mm and lesion_size(m, rule) is None for m in lesions):
        return "no lesion measured at baseline the way these criteria need it", ()
    if any(m.value_mm for m in lesions):
        nodes = f" (lymph node: {rule.nodes.target_min_mm} mm)" if rule.nodes and any(map(is_node, lesions)) else ""
        return f"no lesion of at least {rule.target_min_mm} mm{nodes} at baseline", (Flag.BELOW_MEASURABLE_SIZE,)
    unmeasured = any(m.value_mm is None for m in baseline)
    return "lesion not measurable at baseline" if unmeasured else NO_LESION, ()
