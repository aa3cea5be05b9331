"""What is left of the followed lesions at one follow-up, what is missing, and what is new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.choice import CountedLesions
from calcmeasure.response.course import LesionBurden
from calcmeasure.response.exact import micrometres
from calcmeasure.response.links import NO_LINKS, LinkedVisit, Links, lesion_key
from calcmeasure.response.non_targets import lesion_status
from calcmeasure.response.rules import LesionRule
from calcmeasure.response.sizes import axis_um, is_node, is_normal_node, largest_each, lesion_size
from calcmeasure.terms import Laterality, LesionRelation, LesionRole, LesionSite, Method, NonTargetStatus


def lesion_burden(visit: LinkedVisit, counted: CountedLesions, *, rule: LesionRule) -> LesionBurden:
    """Value of the followed lesions at one follow-up, what is missing, what is left of the others, and what is new.

    A row of 0 mm that belongs to no followed lesion says that its side was looked at and nothing was there. The
    largest lesion and the total volume are of all lesions there are, new or not; a sum of targets never takes in a new
    one. Parts of a lesion are added to a sum; a lesion merged into another counts there.
    """
    plain = _plain_burden(visit, counted, rule)
    if plain is not None:
        return plain
    found = largest_each(visit.measurements)
    incomplete = _incomplete(visit, rule)
    followed = {
        lesion_key(t): _followed_size(t, found, visit=visit, counted=counted, rule=rule) for t in counted.targets
    }
    sizes = {key: size for key, size in followed.items() if size is not None}
    new = [m for key, m in found.items() if key not in counted.known and _is_there(m) and not is_normal_node(m, rule)]
    value, missing = _value(counted, sizes, incomplete=incomplete, new=new, rule=rule)
    confirmed_new, candidates = _new_lesions(visit, new, counted=counted, rule=rule)
    return LesionBurden(
        value,
        tuple(missing),
        confirmed_new=confirmed_new,
        candidates=candidates,
        sizes=sizes,
        normal=sum(sizes[key] for key in _normal(counted.targets, sizes, rule)),
        non_targets=dict(_non_targets(visit, found, counted=counted, rule=rule)),
        nodes=frozenset(lesion_key(m) for m in counted.others if is_node(m)),
    )


def _plain_burden(visit: LinkedVisit, counted: CountedLesions, rule: LesionRule) -> LesionBurden | None:
    """Burden of the one lesion there ever was, measured: most patients have no more, and nothing to look through."""
    if len(visit.measurements) != 1 or len(counted.targets) != 1 or counted.others or visit.links is not NO_LINKS:
        return None
    (measurement,), (target,) = visit.measurements, counted.targets
    key, site = lesion_key(measurement), measurement.site
    if key != lesion_key(target) or site is not target.site or site is LesionSite.LYMPH_NODE:
        return None
    size = lesion_size(measurement, rule)
    return None if size is None else LesionBurden(size, sizes={key: size})


def _value(
    counted: CountedLesions,
    sizes: Mapping[str, int],
    *,
    incomplete: set[str],
    new: Sequence[Measurement],
    rule: LesionRule,
) -> tuple[int, list[str]]:
    """Value of all that counts, and the lesions it lacks."""
    unmeasured = [key for key in map(lesion_key, counted.targets) if key not in sizes or key in incomplete]
    if rule.value.has_targets:
        return sum(sizes.values()), unmeasured
    added = {lesion_key(m): lesion_size(m, rule) for m in new}
    lacking = [key for key, size in added.items() if size is None]
    every = [*sizes.values(), *(size for size in added.values() if size is not None)]
    if rule.value.is_sum:
        return sum(every), unmeasured + lacking
    value = max([0, *every])
    missing = _missing_largest(counted.targets, measured=set(sizes) - incomplete, value=value, rule=rule)
    return value, missing + lacking


def _followed_size(
    before: Measurement,
    found: Mapping[str, Measurement],
    *,
    visit: LinkedVisit,
    counted: CountedLesions,
    rule: LesionRule,
) -> int | None:
    """Size of a lesion of the baseline at a follow-up, of its measured parts together; None when there is none."""
    key = lesion_key(before)
    if key in visit.swallowed:
        return 0
    parts = [size for m in visit.parts.get(key, ()) if (size := lesion_size(_at(m, before), rule)) is not None]
    if parts:
        return sum(parts) if rule.value.is_sum else max(parts)
    size = lesion_size(_at(found.get(key), before), rule)
    return 0 if size is None and _side_is_clear(before, visit.measurements, counted) else size


def _at(measurement: Measurement | None, before: Measurement) -> Measurement | None:
    """Take a lesion for a lymph node if it was one at baseline, whatever the follow-up repeats of it."""
    if measurement is None or measurement.site is before.site:
        return measurement
    return replace(measurement, site=before.site)


def _incomplete(visit: LinkedVisit, rule: LesionRule) -> set[str]:
    """Lesions of which a part was not measured."""
    return {key for key, parts in visit.parts.items() if any(lesion_size(m, rule) is None for m in parts)}


def _normal(targets: Sequence[Measurement], sizes: Mapping[str, int], rule: LesionRule) -> list[str]:
    """Followed lymph nodes of normal size."""
    if rule.nodes is None:
        return []
    limit_um = micrometres(rule.nodes.pathological_min_mm)
    return [lesion_key(t) for t in targets if is_node(t) and 0 < sizes.get(lesion_key(t), 0) < limit_um]


def _non_targets(
    visit: LinkedVisit, found: Mapping[str, Measurement], *, counted: CountedLesions, rule: LesionRule
) -> Iterator[tuple[str, NonTargetStatus]]:
    for before in counted.others:
        key = lesion_key(before)
        measurement = _at(found.get(key), before)
        size = _followed_size(before, found, visit=visit, counted=counted, rule=rule)
        if key in _incomplete(visit, rule):
            size = None
        elif measurement is not None and is_normal_node(measurement, rule):
            size = 0
        elif size is None and measurement is not None and axis_um(measurement, rule):
            size = axis_um(measurement, rule)
        yield key, lesion_status(measurement, size)


def _new_lesions(
    visit: LinkedVisit, new: Sequence[Measurement], *, counted: CountedLesions, rule: LesionRule
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell new lesions that a reader or a table states from those that only may be new.

    Stated are also those that merged with another one since. What a detector alone found may be new, and so may a node
    of normal size at baseline that has grown (EORTC leaves growth from, say, 9 to 11 mm to a reader), and a lesion that
    is named and has no length.
    """
    grown = _grown_nodes(visit, counted, rule)
    unmeasured = {lesion_key(m) for m in visit.measurements if _is_unmeasured(m, counted)}
    if not (new or grown or unmeasured or visit.links.merged):
        return (), ()
    there = {lesion_key(m) for m in visit.measurements if _is_there(m)}
    stated = {key for key, into in visit.swallowed.items() if key not in counted.known and into in there}
    found = unmeasured
    for m in new:
        (found if _is_candidate(m, visit.links) else stated).add(lesion_key(m))
    for m in grown:
        (stated if m.role is LesionRole.NEW else found).add(lesion_key(m))
    return tuple(sorted(stated)), tuple(sorted(found - stated))


def _is_unmeasured(measurement: Measurement, counted: CountedLesions) -> bool:
    """Whether it names a lesion that was not there at baseline, without a length and without a word that it is new."""
    is_open = measurement.value_mm is None and not _is_there(measurement)
    return is_open and bool(measurement.lesion_id) and measurement.lesion_id not in counted.known


def _grown_nodes(visit: LinkedVisit, counted: CountedLesions, rule: LesionRule) -> list[Measurement]:
    """Lymph nodes of normal size at baseline that are large now."""
    if rule.nodes is None or not counted.normal_nodes:
        return []
    limit_um = micrometres(rule.nodes.pathological_min_mm)
    known = [m for m in visit.measurements if lesion_key(m) in counted.normal_nodes]
    return [m for m in known if (axis_um(replace(m, site=LesionSite.LYMPH_NODE), rule) or 0) >= limit_um]


def _missing_largest(targets: Sequence[Measurement], *, measured: set[str], value: int, rule: LesionRule) -> list[str]:
    """Unmeasured lesions that may be the largest: the one that was, and any that was longer than what is left."""
    unmeasured = [t for t in targets if lesion_key(t) not in measured]
    return [lesion_key(t) for t in unmeasured if t is targets[0] or (lesion_size(t, rule) or 0) > value]


def _is_there(measurement: Measurement) -> bool:
    """Whether a lesion was seen; one a reader states to be new needs no length."""
    is_stated = measurement.relation is LesionRelation.NEW or measurement.role is LesionRole.NEW
    return bool(measurement.value_mm) or (is_stated and measurement.value_mm is None)


def _is_candidate(measurement: Measurement, links: Links) -> bool:
    """Whether only a detector says so; a reader's lesion, or one from a table, is a stated one."""
    is_stated = lesion_key(measurement) in links.new or measurement.role is LesionRole.NEW
    return measurement.method is Method.AUTO and not is_stated


def _side_is_clear(target: Measurement, group: Sequence[Measurement], counted: CountedLesions) -> bool:
    """Whether a row of 0 mm covers the target's side; nothing on a breast image tells of another organ."""
    return any(
        m.value_mm == 0
        and m.relation is not LesionRelation.GONE
        and lesion_key(m) not in counted.known
        and m.laterality in (None, Laterality.BOTH, target.laterality)
        and (m.site or LesionSite.BREAST) is (target.site or LesionSite.BREAST)
        for m in group
    )
