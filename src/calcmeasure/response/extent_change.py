"""Change of a calcification extent between two time points, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calcmeasure.geometry import SpacingSource
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.exact import micrometres, millimetres, mm_words, percent_change, percent_words, reaches
from calcmeasure.response.links import LinkedVisit, Links, link_visit, link_words
from calcmeasure.response.pixels import MOST_PIXELS, fewest_pixels, pixel_um
from calcmeasure.response.rules import CriteriaProfile, ExtentRule
from calcmeasure.response.visits import BASELINE, in_time_order, is_order_known
from calcmeasure.terms import ExtentChange, Flag, Laterality, Quantity, View

NEVER_COMPARED = frozenset({Flag.MAGNIFICATION_VIEW, Flag.SPOT_COMPRESSION_VIEW, Flag.NOT_STANDARD_VIEW})
"""Views that are not the plain CC or MLO: their lengths are not compared with anything."""

CARRIED_OVER = (Flag.PARTIAL_VIEW, Flag.SPACING_PLANE_UNKNOWN)
"""What to know about a length that also puts its change in doubt: it may be cut, or its plane may have changed."""


@dataclass(frozen=True, slots=True)
class SideExtent:
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
    """

    value_um: int | None
    largest: tuple[Measurement, ...]
    used: tuple[Measurement, ...]
    reason: str = ""

    @property
    def sources(self) -> frozenset[str]:
        """Spacing sources behind the value; a bare table counts as given."""
        return frozenset(
            m.image.spacing.source if m.image and m.image.spacing else SpacingSource.GIVEN for m in self.used
        )

    @property
    def views(self) -> frozenset[View]:
        """Projections that were measured."""
        return frozenset(m.view for m in self.used if m.view is not None)


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
    percent = percent_change(baseline_um, value_um)
    if percent is None:
        return ExtentChange.INCREASE if value_um > 0 else ExtentChange.UNCHANGED
    if percent > 0 and reaches(percent, rule.increase_percent, inclusive=rule.inclusive):
        return ExtentChange.INCREASE
    if percent < 0 and reaches(-percent, rule.decrease_percent, inclusive=rule.inclusive):
        return ExtentChange.DECREASE
    return ExtentChange.UNCHANGED


def side_extent(measurements: Sequence[Measurement]) -> SideExtent:
    """Choose the extent of one breast at one time point: the larger of CC and MLO, over all clusters."""
    standard = tuple(m for m in measurements if not NEVER_COMPARED.intersection(m.flags) and _is_standard(m))
    used = tuple(m for m in standard if m.value_mm is not None)
    if not used:
        reasons = sorted({f for m in standard for f in m.flags if f.startswith("E_")})
        why = f"not measurable ({', '.join(reasons)})" if reasons else "not measurable"
        return SideExtent(None, (), (), why if standard else "no plain CC or MLO view")
    value_um = max(micrometres(m.value_mm or 0.0) for m in used)
    return SideExtent(value_um, tuple(m for m in used if micrometres(m.value_mm or 0.0) == value_um), used)


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
    extents = [m for m in measurements if m.quantity is Quantity.CALCIFICATION_EXTENT]
    for side in (Laterality.RIGHT, Laterality.LEFT, Laterality.BOTH, None):
        own = [m for m in extents if m.laterality is side]
        visits = in_time_order(own) if own else {}
        if BASELINE not in visits:
            continue
        baseline = side_extent(visits.pop(BASELINE))
        links = Links()
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


def _is_standard(measurement: Measurement) -> bool:
    return measurement.view is None or measurement.view.is_standard


def _row(
    visit: LinkedVisit, pair: tuple[SideExtent, SideExtent], *, profile: CriteriaProfile, rule: ExtentRule
) -> ResponseRow:
    category, sentence, flags = _judge(pair, rule)
    example = visit.measurements[0]
    before_um, after_um = (extent.value_um for extent in pair)
    compared = category is not ExtentChange.NOT_COMPARABLE and before_um is not None and after_um is not None
    percent = (
        percent_change(before_um, after_um) if compared and before_um is not None and after_um is not None else None
    )
    return ResponseRow(
        patient_id=example.patient_id,
        laterality=example.laterality,
        quantity=Quantity.CALCIFICATION_EXTENT,
        criteria=profile.name,
        timepoint=example.timepoint,
        baseline_mm=_mm(before_um),
        reference_mm=_mm(before_um),
        reference_timepoint=BASELINE,
        value_mm=_mm(after_um),
        change_mm=millimetres(after_um - before_um)
        if compared and before_um is not None and after_um is not None
        else None,
        change_percent=None if percent is None else float(percent),
        category=category,
        rule=f"{sentence}{link_words(visit, are_added=False)}",
        flags=flags,
        criteria_sha256=profile.sha256,
    )


def _judge(pair: tuple[SideExtent, SideExtent], rule: ExtentRule) -> tuple[ExtentChange, str, tuple[str, ...]]:
    """Category, the sentence that explains it, and what to know about it."""
    before, after = pair
    obstacle = why_not_comparable(before, after)
    if obstacle is not None:
        return ExtentChange.NOT_COMPARABLE, f"not_comparable: {obstacle[0]}", obstacle[1]
    pair_um = (before.value_um or 0, after.value_um or 0)
    category = classify_extent_change(*pair_um, rule)
    return category, _sentence(category, pair_um, rule=rule), _advice(pair, rule)


def why_not_comparable(before: SideExtent, after: SideExtent) -> tuple[str, tuple[str, ...]] | None:
    """Tell why two extents cannot be compared, in words and codes; None when they can."""
    unmeasured = [
        f"{name}: {e.reason}" for name, e in (("baseline", before), ("follow-up", after)) if e.value_um is None
    ]
    if unmeasured:
        return "; ".join(unmeasured), ()
    if not is_order_known((*before.used, *after.used)):
        return "nothing tells in which order the visits were", (Flag.VISIT_ORDER_UNKNOWN,)
    # Nothing stays nothing on any scale; every other pair of lengths needs one.
    if len(before.sources | after.sources) > 1 and (before.value_um or after.value_um):
        words = f"calibrated by {_names(before.sources)} at baseline and {_names(after.sources)} at follow-up"
        return words, (Flag.GEOMETRY_MISMATCH,)
    return None


def _sentence(category: ExtentChange, pair_um: tuple[int, int], *, rule: ExtentRule) -> str:
    percent = percent_change(*pair_um)
    lengths = f"{category}: {mm_words(pair_um[0])} → {mm_words(pair_um[1])} mm"
    if percent is None:
        return f"{lengths} (nothing at baseline; {'new' if pair_um[1] else 'nothing at follow-up'})"
    limits = (rule.increase_percent, rule.decrease_percent)
    return f"{lengths} is {percent_words(percent, limits=limits)} from baseline ({_cutoff(category, rule)})"


def _cutoff(category: ExtentChange, rule: ExtentRule) -> str:
    sign = "≥" if rule.inclusive else ">"
    if category is ExtentChange.INCREASE:
        return f"{sign} {rule.increase_percent} % increase"
    if category is ExtentChange.DECREASE:
        return f"{sign} {rule.decrease_percent} % decrease"
    return f"neither {sign} {rule.increase_percent} % increase nor {sign} {rule.decrease_percent} % decrease"


def _advice(pair: tuple[SideExtent, SideExtent], rule: ExtentRule) -> tuple[str, ...]:
    before, after = pair
    flags = [Flag.GEOMETRY_MISMATCH] if len(before.sources | after.sources) > 1 else []
    if any(len(extent.views) == 1 for extent in pair):
        flags.append(Flag.ONE_VIEW_ONLY)
    if _views_differ(before, after):
        flags.append(Flag.VIEW_SWITCHED)
    if extent_pixels(pair, rule, most=1) is not None:
        flags.append(Flag.WITHIN_PIXEL_ERROR)
    known = {flag for extent in pair for m in extent.used for flag in m.flags}
    return (*flags, *(flag for flag in CARRIED_OVER if flag in known))


def _views_differ(before: SideExtent, after: SideExtent) -> bool:
    """Whether the larger view is another one; nothing at all (0 mm) has no larger view."""
    larger = [frozenset(m.view for m in extent.largest if m.view is not None) for extent in (before, after)]
    return bool(before.value_um and after.value_um and all(larger) and not larger[0] & larger[1])


def _names(sources: frozenset[str]) -> str:
    return " and ".join(sorted(sources))


def _mm(value_um: int | None) -> float | None:
    return None if value_um is None else millimetres(value_um)
