"""Categories of a row by the core's own rules, in exact arithmetic: they are computed and never read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from calcmeasure.cohort.row import Imaging
from calcmeasure.model.measurement import Measurement
from calcmeasure.response.criteria import CriteriaProfile
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import ExtentChange, Laterality, Quantity, Response

_JUDGED = frozenset(Response) - {Response.NE}
"""Categories a table of responses has a line for; what immune criteria call otherwise has none."""


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
    rows = score_measurements(_measurements(imaging), profile=profile)
    categories = {row.quantity: row.category for row in rows}
    change = ExtentChange(categories.get(Quantity.CALCIFICATION_EXTENT, ExtentChange.NOT_COMPARABLE))
    response = categories.get(Quantity.LESION_DIAMETER)
    return replace(
        imaging,
        extent_change=None if change is ExtentChange.NOT_COMPARABLE else change,
        response=Response(response) if response in _JUDGED else None,
    )


def _measurements(imaging: Imaging) -> Iterator[Measurement]:
    """Lengths of the quantities that were measured at both visits."""
    extents = (imaging.extent_baseline_mm, imaging.extent_followup_mm)
    diameters = (imaging.diameter_baseline_mm, imaging.diameter_followup_mm)
    for quantity, lengths in ((Quantity.CALCIFICATION_EXTENT, extents), (Quantity.LESION_DIAMETER, diameters)):
        if None not in lengths:
            for timepoint, length in zip(("baseline", "followup-1"), lengths, strict=True):
                yield Measurement("", timepoint, quantity, length, laterality=Laterality.LEFT)
