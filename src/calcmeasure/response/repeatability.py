"""How far every class is from another one, in pixels at the ends of the lines it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.course import LesionBurden
from calcmeasure.response.exact import MM, micrometres
from calcmeasure.response.extent_change import compared_sides, extent_pixels
from calcmeasure.response.judging import JudgedVisit, judge_visits
from calcmeasure.response.links import lesion_key
from calcmeasure.response.overall import judge_response
from calcmeasure.response.pixels import fewest_pixels, pixel_um
from calcmeasure.response.rules import CriteriaProfile, LesionRule
from calcmeasure.response.sizes import is_node
from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import Laterality, Quantity, Response

Judged = tuple[Quantity, Laterality | None, str]
"""Quantity, side of an extent (None for lesions, which are judged together) and time point of a response row."""


def pixels_to_change(measurements: Sequence[Measurement], *, profile: CriteriaProfile) -> dict[Judged, int]:
    """Say how many pixels at each end of one line would change a class.

    Parameters
    ----------
    measurements
        Of one patient and one reader.
    profile
        Criteria to judge by.

    Returns
    -------
    dict
        Only rows whose class a shift of the ends can change at all, within `pixels.MOST_PIXELS`. Products and volumes
        do not rest on one line.
    """
    pixels: dict[Judged, int | None] = {}
    if profile.extent is not None:
        for visit, pair in compared_sides(measurements):
            example = visit.measurements[0]
            key = (Quantity.CALCIFICATION_EXTENT, example.laterality, example.timepoint)
            pixels[key] = extent_pixels(pair, profile.extent)
    rule = profile.lesion
    for judged in judge_visits(measurements, profile):
        is_judged = judged.counted.targets and judged.verdict.category is not Response.NE
        if rule is not None and rule.value.scale is MM and judged.burden is not None and is_judged:
            key = (Quantity.LESION_DIAMETER, None, judged.timepoint)
            pixels[key] = _lesion_pixels(judged, judged.burden, rule=rule)
    return {key: count for key, count in pixels.items() if count is not None}


def judge_shifted(
    judged: JudgedVisit, burden: LesionBurden, *, rule: LesionRule, sizes: tuple[int, int]
) -> Response | str:
    """Class of a follow-up if its value, or the one at baseline, had been another.

    Parameters
    ----------
    judged, burden
        As it was judged.
    rule
        Cut-offs.
    sizes
        Value at baseline and at the follow-up.
    """
    baseline, value = sizes
    course = judged.course
    nadir = baseline if course.nadir_timepoint == BASELINE else course.nadir
    normal = _normal(judged, burden, value - burden.value, rule=rule)
    shifted = burden._replace(value=value, normal=value if normal is None else normal)
    return judge_response(shifted, course._replace(baseline=baseline, nadir=nadir), rule).category


def _normal(judged: JudgedVisit, burden: LesionBurden, shift: int, *, rule: LesionRule) -> int | None:
    """Share of lymph nodes of normal size if one lesion were longer; None when nothing else would be left."""
    if rule.nodes is None:
        return 0
    limit_um = micrometres(rule.nodes.pathological_min_mm)
    nodes = {lesion_key(t) for t in judged.counted.targets if is_node(t)}
    large = [key for key, size in burden.sizes.items() if size and not (key in nodes and size < limit_um)]
    longest = max((burden.sizes[key] for key in burden.sizes if key in nodes), default=0)
    if not large and burden.value:
        return None if longest + shift < limit_um else 0
    only_node = large[0] if len(large) == 1 and large[0] in nodes else ""
    return None if only_node and burden.sizes[only_node] + shift < limit_um else burden.normal


def _lesion_pixels(judged: JudgedVisit, burden: LesionBurden, *, rule: LesionRule) -> int | None:
    """Shift the ends of one lesion; none of them makes a lesion vanish, so that a complete response is out of reach."""
    followed = {lesion_key(target) for target in judged.counted.targets}
    sides = (judged.counted.targets, [m for m in judged.visit.measurements if lesion_key(m) in followed])
    pixels_um = (pixel_um(sides[0]), pixel_um(sides[1]))
    return fewest_pixels(
        lambda baseline, value: judge_shifted(judged, burden, rule=rule, sizes=(baseline, value)),
        (judged.course.baseline, burden.value),
        pixels_um=pixels_um,
        shortest_um=1 if burden.is_gone else burden.normal + 1,
    )
