"""Size of one lesion, as criteria count it: long axis, short axis of a node, product of both, or volume."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.exact import micrometres
from calcmeasure.response.links import lesion_key
from calcmeasure.response.rules import LesionRule, LesionValue
from calcmeasure.terms import Flag, LesionSite


def is_node(measurement: Measurement) -> bool:
    """Whether it lies in a lymph node."""
    return measurement.site is LesionSite.LYMPH_NODE


def lesion_size(measurement: Measurement | None, rule: LesionRule) -> int | None:
    """Size in whole parts of the unit of the profile's value.

    A lesion that is present but too small to measure has the length the rule says, both ways where it counts both.

    Returns
    -------
    int or None
        None when it was not measured, or not the way the criteria need it.
    """
    if measurement is None:
        return None
    if measurement.value_mm is None:
        return _too_small(rule) if Flag.TOO_SMALL_TO_MEASURE in measurement.flags else None
    return _SIZES[rule.value](measurement, rule) if measurement.value_mm else 0


def axis_um(measurement: Measurement, rule: LesionRule) -> int | None:
    """Length that decides whether a lesion is one, and may be a target: of a lymph node the short axis."""
    length_mm = measurement.value_mm
    if rule.nodes is not None and is_node(measurement) and length_mm:
        length_mm = measurement.short_axis_mm
    return None if length_mm is None else micrometres(length_mm)


def is_normal_node(measurement: Measurement, rule: LesionRule) -> bool:
    """Whether it is a lymph node of normal size."""
    if rule.nodes is None or not is_node(measurement):
        return False
    length_um = axis_um(measurement, rule)
    return length_um is not None and 0 < length_um < micrometres(rule.nodes.pathological_min_mm)


def is_measurable(measurement: Measurement, rule: LesionRule) -> bool:
    """Whether a lesion of the baseline is large enough to be a target."""
    length_um = axis_um(measurement, rule)
    is_sized = lesion_size(measurement, rule) is not None
    return is_sized and length_um is not None and length_um >= _target_min_um(measurement, rule)


def largest_each(group: Sequence[Measurement]) -> Mapping[str, Measurement]:
    """One measurement per lesion: the largest, a measured one before one that could not be measured."""
    best: dict[str, Measurement] = {}
    for measurement in group:
        other = best.get(lesion_key(measurement))
        if other is None or (measurement.value_mm is not None and length_um(measurement) > length_um(other)):
            best[lesion_key(measurement)] = measurement
    return best


def length_um(measurement: Measurement) -> int:
    """Length in µm; -1 where there is none, so that any length is larger."""
    return -1 if measurement.value_mm is None else micrometres(measurement.value_mm)


def _target_min_um(measurement: Measurement, rule: LesionRule) -> int:
    least_mm = rule.nodes.target_min_mm if rule.nodes is not None and is_node(measurement) else rule.target_min_mm
    spacing = measurement.image.spacing if measurement.image else None
    slice_um = micrometres(spacing.slice_mm) if spacing and spacing.slice_mm else 0
    if rule.thick_slices is None or slice_um <= micrometres(rule.thick_slices.over_mm):
        return micrometres(least_mm)
    return max(micrometres(least_mm), round(rule.thick_slices.factor * slice_um))


def _too_small(rule: LesionRule) -> int | None:
    length = micrometres(rule.too_small_mm)
    return {LesionValue.SUM_OF_PRODUCTS: length**2, LesionValue.TOTAL_VOLUME: None}.get(rule.value, length)


def _product(measurement: Measurement, _rule: LesionRule) -> int | None:
    if measurement.value_mm is None or measurement.short_axis_mm is None:
        return None
    return micrometres(measurement.value_mm) * micrometres(measurement.short_axis_mm)


def _volume(measurement: Measurement, _rule: LesionRule) -> int | None:
    """Volume in thousandths of a mm³."""
    return None if measurement.volume_mm3 is None else micrometres(measurement.volume_mm3)


_SIZES: Mapping[LesionValue, Callable[[Measurement, LesionRule], int | None]] = {
    LesionValue.LARGEST: axis_um,
    LesionValue.SUM_OF_TARGETS: axis_um,
    LesionValue.SUM_OF_PRODUCTS: _product,
    LesionValue.TOTAL_VOLUME: _volume,
}
