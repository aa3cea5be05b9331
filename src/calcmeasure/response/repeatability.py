"""How far every class is from another one, in pixels at the ends of the lines it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.criteria import CriteriaProfile, LesionRule, ProgressionReference
from calcmeasure.response.extent_change import compared_sides, extent_pixels
from calcmeasure.response.lesions import JudgedVisit, judge_visits
from calcmeasure.response.links import lesion_key
from calcmeasure.response.pixels import fewest_pixels, pixel_um
from calcmeasure.response.recist import LesionBurden, is_partial_response, is_progression
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
        Only rows whose class a shift of the ends can change at all, within `pixels.MOST_PIXELS`.
    """
    pixels: dict[Judged, int | None] = {}
    if profile.extent is not None:
        for visit, pair in compared_sides(measurements):
            example = visit.measurements[0]
            key = (Quantity.CALCIFICATION_EXTENT, example.laterality, example.timepoint)
            pixels[key] = extent_pixels(pair, profile.extent)
    for judged in judge_visits(measurements, profile):
        key = (Quantity.LESION_DIAMETER, None, judged.visit.measurements[0].timepoint)
        if profile.lesion is not None and judged.burden is not None and judged.verdict.category is not Response.NE:
            pixels[key] = _lesion_pixels(judged, judged.burden, rule=profile.lesion)
    return {key: count for key, count in pixels.items() if count is not None}


def _lesion_pixels(judged: JudgedVisit, burden: LesionBurden, *, rule: LesionRule) -> int | None:
    """Shift the ends of one lesion; none of them makes a lesion vanish, so that a complete response is out of reach."""
    course, known = judged.course, judged.verdict.category
    if burden.confirmed_new and rule.new_lesion_is_progression:
        return None
    followed = {lesion_key(target) for target in judged.counted.targets}
    sides = (judged.counted.targets, [m for m in judged.visit.measurements if lesion_key(m) in followed])

    def judge(baseline_um: int, value_um: int) -> Response:
        nadir_um = baseline_um if course.nadir_timepoint == BASELINE else course.nadir_um
        reference_um = nadir_um if rule.reference is ProgressionReference.NADIR else baseline_um
        if is_progression(reference_um, value_um, rule):
            return Response.PD
        if burden.missing:
            return Response.NE
        if not value_um:
            return known
        return Response.PR if is_partial_response(baseline_um, value_um, rule) else Response.SD

    pixels_um = (pixel_um(sides[0]), pixel_um(sides[1]))
    return fewest_pixels(judge, (course.baseline_um, burden.value_um), pixels_um=pixels_um, shortest_um=1)
