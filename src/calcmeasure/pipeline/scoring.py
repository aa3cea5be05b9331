"""Measurements of any number of readers to responses by any number of profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from calcmeasure.errors import ErrorCode
from calcmeasure.model.imaging import Skipped
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.model.names import file_key
from calcmeasure.response.criteria import CriteriaProfile
from calcmeasure.response.reader_error import ReaderError
from calcmeasure.response.score import score_measurements
from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import Laterality, Quantity

DEFAULT_CRITERIA = ("paper-2023", "recist-1.1", "extent-10")
"""Profiles applied when none is asked for."""


def score_readers(
    measurements: Iterable[Measurement],
    profiles: Sequence[CriteriaProfile],
    *,
    errors: Mapping[Quantity, ReaderError] | None = None,
) -> list[ResponseRow]:
    """Score every reader's measurements by every profile.

    Parameters
    ----------
    measurements
        Of any number of patients.
    profiles
        Criteria, in the order of the rows of one time point.
    errors
        Of repeated readings, over the whole study (`pipeline.repeated_readings`).

    Returns
    -------
    list of ResponseRow
        By patient, quantity, side, follow-up, reader, then profile in the order given.
    """
    by_reader = sorted(measurements, key=_reader)
    rank = {profile.name: i for i, profile in enumerate(profiles)}
    rows = [
        row if row.reader == reader else row._replace(reader=reader)
        for reader, own in groupby(by_reader, key=_reader)
        for measured in [list(own)]
        for profile in profiles
        for row in score_measurements(measured, profile=profile, errors=errors)
    ]
    return sorted(rows, key=lambda row: (row.patient_id, row.quantity, row.laterality or "", _visit(row.timepoint),
                                         row.reader, rank[row.criteria]))  # fmt: skip


def not_compared(measurements: Iterable[Measurement]) -> list[Skipped]:
    """Say which patients have something that was looked at before treatment only, or afterwards only.

    Returns
    -------
    list of Skipped
        One per patient, pointing at its table: its numbers stand, and there is nothing to compare some of them with.
        ``E_NO_BASELINE`` when the baseline is what is lacking, else ``E_NO_FOLLOWUP``.
    """
    visits: dict[tuple[str, Quantity, Laterality | None], set[str]] = defaultdict(set)
    for m in measurements:
        side = m.laterality if m.quantity is Quantity.CALCIFICATION_EXTENT else None
        visits[m.patient_id, m.quantity, side].add(m.timepoint)
    lonely: dict[str, dict[str, bool]] = defaultdict(dict)
    for (patient_id, quantity, side), when in visits.items():
        if len(when) < 2 or BASELINE not in when:
            lonely[patient_id][f"{quantity} {side}" if side else str(quantity)] = BASELINE in when
    return [_not_compared(patient_id, seen) for patient_id, seen in sorted(lonely.items())]


def _not_compared(patient_id: str, lonely: Mapping[str, bool]) -> Skipped:
    """Say what one patient has at baseline only (True), or at follow-ups only."""
    words = [f"{name} at {'baseline' if before else 'follow-up'} only" for name, before in sorted(lonely.items())]
    code = ErrorCode.NO_FOLLOWUP if all(lonely.values()) else ErrorCode.NO_BASELINE
    path = Path("patients", f"{file_key(patient_id)}.csv")
    return Skipped(path, code, f"measured and not compared: {'; '.join(words)}")


def _reader(measurement: Measurement) -> str:
    return measurement.reader


@lru_cache(maxsize=1024)
def _visit(timepoint: str) -> tuple[str, int]:
    name, _, number = timepoint.rpartition("-")
    return (name, int(number)) if number.isdigit() else (timepoint, 0)
