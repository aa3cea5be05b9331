"""Categories of a row by the core's own rules, in exact arithmetic: they are computed and never read."""

from __future__ import annotations

from dataclasses import replace

from calcmeasure.cohort.row import Imaging
from calcmeasure.model.measurement import Measurement
from calcmeasure.response.criteria import CriteriaProfile
from calcmeasure.response.exact import micrometres
from calcmeasure.response.extent_change import classify_extent_change
from calcmeasure.response.lesions import lesion_rows
from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import ExtentChange, Quantity, Response

_FOLLOWUP = "followup-1"


def judged(imaging: Imaging, profile: CriteriaProfile) -> Imaging:
    """Add the categories of one side.

    Parameters
    ----------
    imaging
        Lengths at both visits.
    profile
        Criteria to judge by.

    Returns
    -------
    Imaging
        The category of what is missing, or cannot be judged (no lesion before treatment), is None.
    """
    return replace(
        imaging, extent_change=_extent_change(imaging, profile), response=_response(imaging, profile=profile)
    )


def _extent_change(imaging: Imaging, profile: CriteriaProfile) -> ExtentChange | None:
    before, after = imaging.extent_baseline_mm, imaging.extent_followup_mm
    if before is None or after is None or profile.extent is None:
        return None
    return classify_extent_change(micrometres(before), micrometres(after), profile.extent)


def _response(imaging: Imaging, *, profile: CriteriaProfile) -> Response | None:
    before, after = imaging.diameter_baseline_mm, imaging.diameter_followup_mm
    if before is None or after is None:
        return None
    visits = [
        Measurement("", timepoint, Quantity.LESION_DIAMETER, length)
        for timepoint, length in ((BASELINE, before), (_FOLLOWUP, after))
    ]
    category = next((Response(row.category) for row in lesion_rows(visits, profile)), Response.NE)
    return None if category is Response.NE else category
