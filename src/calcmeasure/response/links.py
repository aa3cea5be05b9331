"""How findings of a follow-up continue earlier lesions, as a reader stated it: same, split, merged, new or gone.

Split and merged follow RECIST 1.1 (Eisenhauer 2009, lesions that split or coalesce): the lengths of fragments are
added, and lesions that can no longer be told apart count once, with the longest diameter of the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import LesionRelation, View

_relation = attrgetter("relation")
_STATED = (LesionRelation.NEW, LesionRelation.GONE)


@dataclass(frozen=True, slots=True)
class Links:
    """What readers stated up to a time point; it holds for the time points after it as well.

    Parameters
    ----------
    split
        Lesions that fell apart: several measurements of one are its parts.
    merged
        Lesion to the lesion it became one with, which stands for both.
    new
        Lesions stated to be new.
    """

    split: frozenset[str] = frozenset()
    merged: Mapping[str, str] = field(default_factory=dict)
    new: frozenset[str] = frozenset()


NO_LINKS = Links()
"""Nobody stated anything."""


class LinkedVisit(NamedTuple):
    """The measurements of one time point, each under the lesion it continues.

    Parameters
    ----------
    measurements
        `lesion_id` is the identifier of the lesion continued; what is gone is 0 mm.
    links
        Including those stated at this time point.
    renamed
        Identifier it was drawn under, where a reader said that it is another lesion.
    """

    measurements: tuple[Measurement, ...]
    links: Links = NO_LINKS
    renamed: Mapping[str, str] = MappingProxyType({})

    @property
    def is_linked(self) -> bool:
        """Whether a reader stated anything about its lesions, now or before."""
        return self.links is not NO_LINKS or any(map(_relation, self.measurements))

    @property
    def parts(self) -> dict[str, tuple[Measurement, ...]]:
        """Lesions in more than one part, by identifier; seen in two projections, the projection with most parts."""
        if not self.links.split:
            return {}
        groups: dict[tuple[str, View | None], list[Measurement]] = defaultdict(list)
        for measurement in self.measurements:
            if lesion_key(measurement) in self.links.split:
                groups[lesion_key(measurement), measurement.view].append(measurement)
        in_order = sorted(groups.items(), key=lambda item: len(item[1]))
        return {key: tuple(group) for (key, _), group in in_order if len(group) > 1}

    @property
    def swallowed(self) -> dict[str, str]:
        """Lesions with no measurement of their own to the one that stands for them."""
        if not self.links.merged:
            return {}
        drawn = {lesion_key(m) for m in self.measurements}
        return {lesion: into for lesion, into in self.links.merged.items() if lesion not in drawn}


def lesion_key(measurement: Measurement) -> str:
    """Name a lesion by its id, or by its side where a bare table names none."""
    return measurement.lesion_id or f"lesion {measurement.laterality or ''}".strip()


def link_visit(
    group: Sequence[Measurement], *, before: Links, targets: Sequence[str] = (), known: frozenset[str] = frozenset()
) -> LinkedVisit:
    """Put every measurement of a time point under the lesion it continues.

    Parameters
    ----------
    group
        Measurements of one time point.
    before
        Links of the time points before.
    targets
        Lesions that count, largest first: the first of them among merged lesions stands for all.
    known
        Lesions of the baseline; a finding stated to be new is never one of them.
    """
    if not before.merged and not any(map(_relation, group)):
        return LinkedVisit(tuple(group), before)
    drawn = {lesion_key(m) for m in group}
    linked = [
        (m, key) for m in group for key in _continued(m, _carriers(before, drawn=drawn), targets=targets, known=known)
    ]
    stated = {kind: [pair for pair in linked if pair[0].relation is kind] for kind in LesionRelation}
    merged = dict(before.merged)
    for measurement, into in stated[LesionRelation.MERGED]:
        merged.update({lesion: into for lesion in _named(measurement) if lesion != into})
        merged.pop(into, None)
    links = Links(
        before.split.union(key for _, key in stated[LesionRelation.SPLIT]),
        merged,
        before.new.union(key for _, key in stated[LesionRelation.NEW]),
    )
    return LinkedVisit(tuple(_under(m, key) for m, key in linked), links, _renamed(linked, links))


def link_words(visit: LinkedVisit, *, are_added: bool) -> str:
    """Say what was linked, to stand after a rule; empty when nothing was.

    Parameters
    ----------
    are_added
        Whether the parts of a lesion are added, rather than the largest taken.

    Examples
    --------
    >>> link_words(LinkedVisit((), Links(merged={"R-L2": "R-L1"})), are_added=True)
    '; R-L2 merged into R-L1'
    """
    return "".join([f"; {words}" for words in _links_in_words(visit, are_added=are_added)]) if visit.is_linked else ""


def _links_in_words(visit: LinkedVisit, *, are_added: bool) -> Iterator[str]:
    for key, parts in sorted(visit.parts.items()):
        yield f"{key} in {len(parts)} parts, {'added' if are_added else 'the largest counts'}"
    for lesion, into in sorted(visit.swallowed.items()):
        yield f"{lesion} merged into {into}"
    for key, drawn_as in sorted(visit.renamed.items()):
        yield f"{drawn_as} is {key}"
    stated = {(lesion_key(m), m.relation, bool(m.value_mm)) for m in visit.measurements if m.relation in _STATED}
    for key, relation, is_there in sorted(stated, key=str):
        doubt = ", and yet measured" if is_there and relation is LesionRelation.GONE else ""
        yield f"{key} stated {relation}{doubt}"


def _named(measurement: Measurement) -> tuple[str, ...]:
    """Lesions a reader linked a finding to; its own identifier where none was named."""
    return measurement.from_lesions or (lesion_key(measurement),)


def _renamed(linked: Sequence[tuple[Measurement, str]], links: Links) -> dict[str, str]:
    """Lesions that a finding drawn under another identifier continues, where nothing else tells so."""
    told = {*links.merged, *links.split}
    return {
        key: m.lesion_id
        for m, key in linked
        if m.lesion_id not in ("", key) and m.relation not in _STATED and not told & {m.lesion_id, key}
    }


def _carriers(before: Links, *, drawn: set[str]) -> dict[str, str]:
    """Map merged lesions to the one that stands for them, unless that one was drawn as well."""
    return {lesion: into for lesion, into in before.merged.items() if into not in drawn}


def _continued(
    measurement: Measurement, carriers: Mapping[str, str], *, targets: Sequence[str], known: frozenset[str]
) -> tuple[str, ...]:
    """Lesions a measurement speaks of; several only when several are gone."""
    named, relation = _named(measurement), measurement.relation
    if relation is LesionRelation.NEW:
        key = lesion_key(measurement)
        return (f"{key} (new)",) if key in known else (key,)
    if relation is LesionRelation.MERGED:
        return (next((target for target in targets if target in named), named[0]),)
    if relation is LesionRelation.GONE:
        return named
    key = lesion_key(measurement) if relation is None else named[0]
    return (carriers.get(key, key),)


def _under(measurement: Measurement, key: str) -> Measurement:
    """Give a measurement the identifier of its lesion; what is gone, and has no length drawn, is 0 mm."""
    if measurement.relation is LesionRelation.GONE and measurement.value_mm is None:
        return replace(measurement, lesion_id=key, value_mm=0.0)
    return measurement if key == lesion_key(measurement) else replace(measurement, lesion_id=key)
