"""The visits of one side that a study compares, and what was measured at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from calcmeasure.cohort.row import Imaging
from calcmeasure.errors import ErrorCode
from calcmeasure.model.measurement import Measurement
from calcmeasure.response.criteria import CriteriaProfile, load_profile
from calcmeasure.response.exact import micrometres, millimetres
from calcmeasure.response.extent_change import SideExtent, side_extent
from calcmeasure.response.judging import judge_visits
from calcmeasure.response.links import lesion_key
from calcmeasure.response.rules import LesionRule, LesionValue
from calcmeasure.response.sizes import is_node
from calcmeasure.response.visits import BASELINE, in_time_order, is_order_known
from calcmeasure.terms import Flag, Laterality, LesionRelation, Quantity

Group = tuple[Measurement, ...]


@dataclass(frozen=True, slots=True)
class SideVisits:
    """One side of one patient.

    Parameters
    ----------
    before, after
        Measurements of the side at the baseline and at the follow-up that counts; rows that say of both breasts that
        nothing is there, or could be measured, are among them.
    """

    before: Group
    after: Group

    def imaging(self, profile: CriteriaProfile) -> Imaging:
        """Say what the images showed, without the categories.

        Parameters
        ----------
        profile
            Says what a lesion counts as that is there and too small to measure.
        """
        extents = (_extent(self.before), _extent(self.after))
        lesions = [m for m in self.before if _is_lesion(m) and m.value_mm]
        largest = max(lesions, key=lambda m: m.value_mm or 0.0, default=None)
        return Imaging(
            extent_baseline_mm=_extent_mm(extents[0]),
            extent_followup_mm=_extent_mm(extents[1]),
            diameter_baseline_mm=_diameter_mm(self.before, profile),
            diameter_followup_mm=None if self._misses_a_lesion(profile) else _diameter_mm(self.after, profile),
            morphology_baseline=next((m.morphology for m in extents[0].largest if m.morphology), None),
            morphology_followup=next((m.morphology for m in extents[1].largest if m.morphology), None),
            distribution_baseline=next((m.distribution for m in extents[0].largest if m.distribution), None),
            distribution_followup=next((m.distribution for m in extents[1].largest if m.distribution), None),
            lesion_type_mri=largest.lesion_type if largest else None,
            n_lesions=len({lesion_key(m) for m in lesions}) if any(map(_is_lesion, self.before)) else None,
        )

    def reason_to_exclude(self, imaging: Imaging) -> ErrorCode | None:
        """Why this side cannot be part of the study, which needs both examinations before and after treatment."""
        if not self.before:
            return ErrorCode.NO_BASELINE
        if any(len(_dates(self.before, quantity)) > 1 for quantity in Quantity):
            return ErrorCode.TWO_BASELINES
        if not is_order_known((*self.before, *self.after)) or self._is_out_of_order():
            return ErrorCode.VISIT_DATES
        before = (imaging.extent_baseline_mm, imaging.diameter_baseline_mm)
        after = (imaging.extent_followup_mm, imaging.diameter_followup_mm)
        return _gap(before, self.before, code=ErrorCode.NO_BASELINE) or _gap(
            after, self.after, code=ErrorCode.NO_FOLLOWUP
        )

    def _misses_a_lesion(self, profile: CriteriaProfile) -> bool:
        """Whether a lesion that was not measured at the follow-up may be the largest one left."""
        own = (*self.before, *self.after)
        judged = judge_visits(own, replace(profile, lesion=_largest_rule(profile)))
        return any(visit.burden.missing for visit in judged if visit.burden is not None)

    def _is_out_of_order(self) -> bool:
        """Whether an examination of the follow-up is dated before the baseline's of the same kind."""
        pairs = ((_dates(self.before, quantity), _dates(self.after, quantity)) for quantity in Quantity)
        return any(before and after and min(after) < max(before) for before, after in pairs)


def side_visits(
    measurements: Sequence[Measurement], side: Laterality, *, followup: str = "", surgery_date: str = ""
) -> SideVisits:
    """Choose what counts of one side.

    Parameters
    ----------
    measurements
        Of one patient and one reader.
    side
        Which breast.
    followup
        Name of the time point after treatment; empty takes the last one that is not after surgery.
    surgery_date
        ISO 8601; empty when not known.
    """
    visits = in_time_order([m for m in measurements if m.timepoint == BASELINE or _is_before(m, surgery_date)])
    before = visits.pop(BASELINE, ())
    after = visits.get(followup, ()) if followup else next(reversed(visits.values()), ())
    return SideVisits(_of_side(before, side), _of_side(after, side))


def _is_before(measurement: Measurement, surgery_date: str) -> bool:
    return not (surgery_date and measurement.study_date) or measurement.study_date <= surgery_date


def _of_side(group: Group, side: Laterality) -> Group:
    return tuple(
        m for m in group if m.laterality == side or (m.laterality in (None, Laterality.BOTH) and not m.value_mm)
    )


def _is_lesion(measurement: Measurement) -> bool:
    return measurement.quantity is Quantity.LESION_DIAMETER and not is_node(measurement)


def _extent(group: Group) -> SideExtent:
    return side_extent([m for m in group if m.quantity is Quantity.CALCIFICATION_EXTENT])


def _extent_mm(extent: SideExtent) -> float | None:
    return None if extent.value_um is None else millimetres(extent.value_um)


def _diameter_mm(group: Group, profile: CriteriaProfile) -> float | None:
    """Diameter of the largest lesion that was measured."""
    lengths = [length for m in group if _is_lesion(m) and (length := _length_mm(m, profile)) is not None]
    return millimetres(micrometres(max(lengths))) if lengths else None


def _largest_rule(profile: CriteriaProfile) -> LesionRule | None:
    """Follow every lesion of the breast, however small, by the largest one."""
    rule = (profile if profile.lesion is not None else load_profile("paper-2023")).lesion
    if rule is None:
        return None
    return replace(rule, value=LesionValue.LARGEST, target_min_mm=Decimal(0), thick_slices=None)


def _length_mm(measurement: Measurement, profile: CriteriaProfile) -> float | None:
    if measurement.value_mm is not None:
        return measurement.value_mm
    if measurement.relation is LesionRelation.GONE:
        return 0.0
    if Flag.TOO_SMALL_TO_MEASURE in measurement.flags and profile.lesion is not None:
        return float(profile.lesion.too_small_mm)
    return None


def _dates(group: Group, quantity: Quantity) -> set[str]:
    return {m.study_date for m in group if m.quantity is quantity and m.study_date}


def _gap(lengths: tuple[float | None, float | None], group: Group, *, code: ErrorCode) -> ErrorCode | None:
    """Code of a visit that lacks the extent or the diameter: looked for and not measurable, or not there at all."""
    quantities = (Quantity.CALCIFICATION_EXTENT, Quantity.LESION_DIAMETER)
    missing = [quantity for quantity, length in zip(quantities, lengths, strict=True) if length is None]
    if not missing:
        return None
    looked_for = {m.quantity for m in group}
    return ErrorCode.NOT_MEASURABLE if looked_for.issuperset(missing) else code
