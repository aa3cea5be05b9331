"""Measurements to response rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.extent_change import extent_rows
from calcmeasure.response.lesions import lesion_rows
from calcmeasure.response.reader_error import ReaderError, flag_reader_error
from calcmeasure.response.rules import CriteriaProfile
from calcmeasure.response.visits import by_patient
from calcmeasure.terms import Quantity


def score_measurements(
    measurements: Iterable[Measurement],
    *,
    profile: CriteriaProfile,
    errors: Mapping[Quantity, ReaderError] | None = None,
) -> tuple[ResponseRow, ...]:
    """Score every patient by one profile.

    Extents give one row per side looked at both at baseline and at a follow-up, lesions one row per follow-up. The
    order of the result does not depend on the order of the input: patient, extents by side, lesions, each in time.

    Parameters
    ----------
    measurements
        Of one reader per patient, any number of patients and time points.
    profile
        Criteria to judge by.
    errors
        Of repeated readings, from `reader_error.reader_errors`: a row that such an error would change says so.

    Raises
    ------
    ValueError
        If one patient has measurements of several readers: score each reader on its own.
    """
    rows: list[ResponseRow] = []
    for group in by_patient(measurements).values():
        found = (*extent_rows(group, profile), *lesion_rows(group, profile))
        rows.extend(flag_reader_error(found, group, profile=profile, errors=errors) if errors else found)
    return tuple(rows)
