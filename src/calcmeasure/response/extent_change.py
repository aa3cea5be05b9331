"""Change of a calcification extent between two time points, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import Final, NamedTuple

from calcmeasure.geometry import SpacingSource
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.exact import (
    Percent,
    micrometres,
    millimetres,
    mm_words,
    percent_change,
    percent_words,
)
from calcmeasure.response.links import NO_LINKS, LinkedVisit, link_visit, link_words
from calcmeasure.response.pixels import MOST_PIXELS, fewest_pixels, pixel_um
from calcmeasure.response.rules import CriteriaProfile, ExtentRule
from calcmeasure.response.visits import BASELINE, in_time_order
from calcmeasure.terms import ExtentChange, Flag, Laterality, Quantity, View

NEVER_COMPARED = frozenset({Flag.MAGNIFICATION_VIEW, Flag.SPOT_COMPRESSION_VIEW, Flag.NOT_STANDARD_VIEW})
"""Views that are not the plain CC or MLO: their lengths are not compared with anything."""

_SIDES = (Laterality.RIGHT, Laterality.LEFT, Laterality.BOTH, None)

_GIVEN: Final = SpacingSource.GIVEN
_view, _flags = attrgetter("view"), attrgetter("flags")

CARRIED_OVER = (Flag.PARTIAL_VIEW, Flag.SPACING_PLANE_UNKNOWN)
"""What to know about a length that also puts its change in doubt: it may be cut, or its plane may have changed."""


class SideExtent(NamedTuple):
    """The extent of one breast at one time point.

    Parameters
    ----------
    value_um
        The larger of CC and MLO, over all clusters, in µm; None when nothing could be measured.
    largest
        The measurements that reach this value.
    used
        All measurements it was chosen from.
    reason
        Why there is no value.
    sources
        Spacing sources behind the value; a bare table counts as given.
    views
        Projections that were measured.
    flags
        What to know about any of them.
    """

    value_um: int | None
    largest: tuple[Measurement, ...]
    used: tuple[Measurement, ...]
    reason: str = ""
    sources: frozenset[str] = frozenset()
    views: frozenset[View] = frozenset()
    flags: frozenset[str] = frozenset()


def classify_extent_change(baseline_um: int, value_um: int, rule: ExtentRule) -> ExtentChange:
    """Class of a change, by the study's 10 % rule or another profile's.

    From 0 to 0 is unchanged, from 0 to anything is an increase (per cent of nothing is not defined).

    Parameters
    ----------
    baseline_um, value_um
        Extents in whole micrometres.
    rule
        Cut-offs.
    """
    return _class_of(percent_change(baseline_um, value_um), value_um, rule)


def _class_of(percent: Percent | None, value_um: int, rule: ExtentRule) -> ExtentChange:
    if percent is None:
        return ExtentChange.INCREASE if value_um > 0 else ExtentChange.UNCHANGED
    if percent.numerator > 0 and rule.increase.is_reached(*percent):
        return ExtentChange.INCREASE
    if rule.decrease.is_reached_down(percent):
        return ExtentChange.DECREASE
    return ExtentChange.UNCHANGED


def side_extent(measurements: Sequence[Measurement]) -> SideExtent:
    """Choose the extent of one breast at one time point: the larger of CC and MLO, over all clusters."""
    standard = [m for m in measurements if _is_compared(m)]
    used = tuple([m for m in standard if m.value_mm is not None])
    if not used:
        reasons = sorted({f for m in standard for f in m.flags if f.startswith("E_")})
        why = f"not measurable ({', '.join(reasons)})" if reasons else "not measurable"
        return SideExtent(None, (), (), why if standard else "no plain CC or MLO view")
    lengths_um = [micrometres(m.value_mm or 0.0) for m in used]
    value_um = max(lengths_um)
    return SideExtent(
        value_um,
        largest=_reaching(value_um, used, lengths_um) if len(used) > 1 else used,
        used=used,
        sources=frozenset(map(_source, used)),
        views=frozenset(filter(None, map(_view, used))),
        flags=frozenset(chain.from_iterable(map(_flags, used))),
    )


def _reaching(value_um: int, used: Sequence[Measurement], lengths_um: Sequence[int]) -> tuple[Measurement, ...]:
    return tuple([m for m, length_um in zip(used, lengths_um, strict=True) if length_um == value_um])


def _source(measurement: Measurement) -> str:
    image = measurement.image
    return image.spacing.source if image and image.spacing else _GIVEN


def extent_rows(measurements: Sequence[Measurement], profile: CriteriaProfile) -> Iterator[ResponseRow]:
    """Score every side that was looked at both at baseline and at a follow-up of one patient.

    Parameters
    ----------
    measurements
        Of one patient and one reader.
    profile
        Without an extent rule there are no rows.
    """
    if profile.extent is not None:
        for visit, pair in compared_sides(measurements):
            yield _row(visit, pair, profile=profile, rule=profile.extent)


def compared_sides(measurements: Sequence[Measurement]) -> Iterator[tuple[LinkedVisit, tuple[SideExtent, SideExtent]]]:
    """Pair every side's follow-ups with its baseline, in time order.

    Parameters
    ----------
    measurements
        Of one patient and one reader.
    """
    extents: dict[Laterality | None, list[Measurement]] = {side: [] for side in _SIDES}
    for m in measurements:
        if m.quantity is Quantity.CALCIFICATION_EXTENT:
            extents[m.laterality].append(m)
    for own in filter(None, extents.values()):
        visits = in_time_order(own)
        if BASELINE not in visits:
            continue
        baseline = side_extent(visits.pop(BASELINE))
        links = NO_LINKS
        for group in visits.values():
            visit = link_visit(group, before=links)
            links = visit.links
            yield visit, (baseline, side_extent(visit.measurements))


def extent_pixels(pair: tuple[SideExtent, SideExtent], rule: ExtentRule, *, most: int = MOST_PIXELS) -> int | None:
    """Smallest number of pixels at each end of either extent that would change the class.

    Parameters
    ----------
    pair
        Extents at baseline and follow-up.
    rule
        Cut-offs.
    most
        Pixels tried at each end.

    Returns
    -------
    int or None
        None when they are not comparable, or when `most` pixels change nothing.
    """
    before, after = pair
    pixels_um = (pixel_um(before.largest), pixel_um(after.largest))
    if not any(pixels_um) or why_not_comparable(before, after) is not None:
        return None
    return fewest_pixels(
        lambda old_um, new_um: classify_extent_change(old_um, new_um, rule),
        (before.value_um or 0, after.value_um or 0),
        pixels_um=pixels_um,
        most=most,
    )


def _is_compared(measurement: Measurement) -> bool:
    """Whether it was taken on a plain CC or MLO, or nothing says where."""
    if measurement.flags and NEVER_COMPARED.intersection(measurement.flags):
        return False
    return measurement.view is None or measurement.view.is_standard


class _Verdict(NamedTuple):
    """Category, the sentence that explains it, what to know about it, and the change where there is one."""

    category: ExtentChange
    sentence: str
    flags: tuple[str, ...]
    change_um: int | None = None
    percent: Percent | None = None


def _row(
    visit: LinkedVisit, pair: tuple[SideExtent, SideExtent], *, profile: CriteriaProfile, rule: ExtentRule
) -> ResponseRow:
    verdict, example = _judge(pair, rule), visit.measurements[0]
    baseline_mm, value_mm = _mm(pair[0].value_um), _mm(pair[1].value_um)
    return ResponseRow(
        patient_id=example.patient_id,
        laterality=example.laterality,
        quantity=Quantity.CALCIFICATION_EXTENT,
        criteria=profile.name,
        timepoint=example.timepoint,
        baseline_mm=baseline_mm,
        reference_mm=baseline_mm,
        reference_timepoint=BASELINE,
        value_mm=value_mm,
        change_mm=_mm(verdict.change_um),
        change_percent=None if verdict.percent is None else float(verdict.percent),
        category=verdict.category,
        rule=f"{verdict.sentence}{link_words(visit, are_added=False)}",
        flags=verdict.flags,
        criteria_sha256=profile.sha256,
    )


def _judge(pair: tuple[SideExtent, SideExtent], rule: ExtentRule) -> _Verdict:
    before, after = pair
    obstacle = why_not_comparable(before, after)
    if obstacle is not None:
        return _Verdict(ExtentChange.NOT_COMPARABLE, f"not_comparable: {obstacle[0]}", obstacle[1])
    pair_um = before_um, after_um = before.value_um or 0, after.value_um or 0
    percent = percent_change(before_um, after_um)
    category = _class_of(percent, after_um, rule)
    sentence = _sentence(category, pair_um, percent=percent, rule=rule)
    return _Verdict(category, sentence, _advice(pair, rule), after_um - before_um, percent)


def why_not_comparable(before: SideExtent, after: SideExtent) -> tuple[str, tuple[str, ...]] | None:
    """Tell why two extents cannot be compared, in words and codes; None when they can."""
    if before.value_um is None or after.value_um is None:
        both = {"baseline": before, "follow-up": after}
        return "; ".join(f"{name}: {side.reason}" for name, side in both.items() if side.value_um is None), ()
    if Flag.VISIT_ORDER_UNKNOWN in (before.flags | after.flags):
        return "nothing tells in which order the visits were", (Flag.VISIT_ORDER_UNKNOWN,)
    # Nothing stays nothing on any scale; every other pair of lengths needs one.
    if len(before.sources | after.sources) > 1 and (before.value_um or after.value_um):
        words = f"calibrated by {_names(before.sources)} at baseline and {_names(after.sources)} at follow-up"
        return words, (Flag.GEOMETRY_MISMATCH,)
    return None


def _sentence(category: ExtentChange, pair_um: tuple[int, int], *, percent: Percent | None, rule: ExtentRule) -> str:
    # Joined: to format an enum takes longer than to judge.
    lengths = category + f": {mm_words(pair_um[0])} → {mm_words(pair_um[1])} mm"
    if percent is None:
        return f"{lengths} (nothing at baseline; {'new' if pair_um[1] else 'nothing at follow-up'})"
    return f"{lengths} is {percent_words(percent, limits=rule.limits)} from baseline ({rule.words[category]})"


def _advice(pair: tuple[SideExtent, SideExtent], rule: ExtentRule) -> tuple[str, ...]:
    before, after = pair
    flags = [Flag.GEOMETRY_MISMATCH] if len(before.sources | after.sources) > 1 else []
    if len(before.views) == 1 or len(after.views) == 1:
        flags.append(Flag.ONE_VIEW_ONLY)
    if _views_differ(before, after):
        flags.append(Flag.VIEW_SWITCHED)
    if extent_pixels(pair, rule, most=1) is not None:
        flags.append(Flag.WITHIN_PIXEL_ERROR)
    known = before.flags | after.flags
    return (*flags, *[flag for flag in CARRIED_OVER if flag in known]) if known else tuple(flags)


def _views_differ(before: SideExtent, after: SideExtent) -> bool:
    """Whether the larger view is another one; nothing at all (0 mm) has no larger view."""
    if not (before.views and after.views):
        return False
    larger = [frozenset(m.view for m in extent.largest if m.view is not None) for extent in (before, after)]
    return bool(before.value_um and after.value_um and all(larger) and not larger[0] & larger[1])


def _names(sources: frozenset[str]) -> str:
    return " and ".join(sorted(sources))


def _mm(value_um: int | None) -> float | None:
    return None if value_um is None else millimetres(value_um)
