"""Measurements of one reader put in order: by patient and by time point."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from operator import attrgetter

from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import Flag

BASELINE = "baseline"
"""Name of the time point before treatment."""

_study_date = attrgetter("study_date")

Visits = dict[str, tuple[Measurement, ...]]
"""Measurements by time point, in time order, baseline first when there is one."""


def by_patient(measurements: Iterable[Measurement]) -> dict[str, list[Measurement]]:
    """Group by patient, in order of the identifier.

    Raises
    ------
    ValueError
        If one patient has measurements of several readers: their numbers are never mixed.
    """
    groups: dict[str, list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        groups[measurement.patient_id].append(measurement)
    for group in groups.values():
        readers = {measurement.reader for measurement in group}
        if len(readers) > 1:
            raise ValueError(f"score one reader at a time, got {', '.join(sorted(readers))}")
    return dict(sorted(groups.items()))


def in_time_order(measurements: Sequence[Measurement]) -> Visits:
    """Group by time point: baseline, then by study date where every visit has one, else by number."""
    groups: dict[str, list[Measurement]] = {}
    for measurement in measurements:
        groups.setdefault(measurement.timepoint, []).append(measurement)
    dates = {name: visit_date(group) for name, group in groups.items()}
    dated = all(dates.values())

    def order(name: str) -> tuple[bool, str, tuple[tuple[int, int, str], ...]]:
        return (name != BASELINE, dates[name] if dated else "", _natural(name))

    return {name: _in_any_order(groups[name]) for name in sorted(groups, key=order)}


def is_order_known(measurements: Iterable[Measurement]) -> bool:
    """Whether it is known when these were taken, so that they may be compared with another visit."""
    return not any(Flag.VISIT_ORDER_UNKNOWN in measurement.flags for measurement in measurements)


def visit_date(group: Iterable[Measurement]) -> str:
    """First date of the studies of a visit; empty when none is known."""
    return min(filter(None, map(_study_date, group)), default="")


def days_between(first: Iterable[Measurement], second: Iterable[Measurement]) -> int | None:
    """Days from one visit to another; None unless both have a date."""
    return _days(visit_date(first), visit_date(second))


@lru_cache(maxsize=65536)
def _days(first: str, second: str) -> int | None:
    try:
        return (date.fromisoformat(second) - date.fromisoformat(first)).days
    except ValueError:
        return None


def _in_any_order(group: Sequence[Measurement]) -> tuple[Measurement, ...]:
    """Put measurements of one visit into the order they would have from any order of the input."""
    return tuple(sorted(group, key=_identity)) if len(group) > 1 else tuple(group)


@lru_cache(maxsize=1024)
def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key in which followup-10 comes after followup-9."""
    parts = (part for part in re.split(r"(\d+)", name) if part)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def _identity(measurement: Measurement) -> tuple[str, ...]:
    """Order that does not depend on the order of the input."""
    return (
        str(measurement.laterality or ""),
        str(measurement.view or ""),
        measurement.lesion_id,
        measurement.annotation_id,
        str(measurement.value_mm),
    )
