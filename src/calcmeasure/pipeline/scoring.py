"""Measurements of any number of readers to responses by any number of profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.criteria import CriteriaProfile
from calcmeasure.response.score import score_measurements

DEFAULT_CRITERIA = ("paper-2023", "recist-1.1", "extent-10")
"""Profiles applied when none is asked for."""


def score_readers(measurements: Iterable[Measurement], profiles: Sequence[CriteriaProfile]) -> list[ResponseRow]:
    """Score every reader's measurements by every profile.

    Returns
    -------
    list of ResponseRow
        By patient, quantity, side, follow-up, reader, then profile in the order given.
    """
    by_reader = sorted(measurements, key=_reader)
    rank = {profile.name: i for i, profile in enumerate(profiles)}
    rows = [
        replace(row, reader=reader)
        for reader, own in groupby(by_reader, key=_reader)
        for measured in [list(own)]
        for profile in profiles
        for row in score_measurements(measured, profile=profile)
    ]
    return sorted(rows, key=lambda row: (row.patient_id, row.quantity, row.laterality or "", _visit(row.timepoint),
                                         row.reader, rank[row.criteria]))  # fmt: skip


def _reader(measurement: Measurement) -> str:
    return measurement.reader


def _visit(timepoint: str) -> tuple[str, int]:
    name, _, number = timepoint.rpartition("-")
    return (name, int(number)) if number.isdigit() else (timepoint, 0)
