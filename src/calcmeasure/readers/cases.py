"""What every reader said of every case: one length per side, visit and quantity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.exact import micrometres
from calcmeasure.response.extent_change import side_extent
from calcmeasure.response.visits import in_time_order
from calcmeasure.terms import LesionSite, Quantity

CONSENSUS_READER = "consensus"
"""Reader under whose name a consensus is recorded."""


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """What is read: one quantity of one side at one visit.

    Parameters
    ----------
    visit
        Place of the time point in the patient's course, so that cases sort in time.
    laterality
        Side, as in the tables; empty when a bare table names none.
    """

    patient_id: str
    quantity: Quantity
    laterality: str
    visit: int
    timepoint: str


class Seen(StrEnum):
    """What a reader's length says."""

    SOMETHING = "something"
    NOTHING = "nothing there"
    NOT_MEASURABLE = "not measurable"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one reader said of a case.

    Parameters
    ----------
    value_um
        The larger view of an extent, the largest lesion of a side (lymph node: its short axis), in µm; 0 for nothing
        there, None when it could not be measured.
    measurements
        Everything this reader measured there.
    """

    value_um: int | None
    measurements: tuple[Measurement, ...]

    @property
    def seen(self) -> Seen:
        """Whether something was measured, nothing was there, or it could not be told."""
        if self.value_um is None:
            return Seen.NOT_MEASURABLE
        return Seen.SOMETHING if self.value_um else Seen.NOTHING

    @property
    def value_mm(self) -> float | None:
        """Length in mm."""
        return None if self.value_um is None else self.value_um / 1000


Readings = Mapping[Case, Mapping[str, Finding]]
"""Every case with what each of its readers said, by reader."""


def read_cases(measurements: Iterable[Measurement]) -> Readings:
    """Put the readings of all readers side by side.

    Parameters
    ----------
    measurements
        Of any number of patients and readers.

    Returns
    -------
    Readings
        In order of patient, quantity, side and time. A case that a reader did not look at lacks that reader.

    Notes
    -----
    Lesions are compared by side, not by identifier: two readers do not name them alike.
    """
    by_patient: dict[str, list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        by_patient[measurement.patient_id].append(measurement)
    cases: dict[Case, dict[str, Finding]] = defaultdict(dict)
    for patient_id, own in by_patient.items():
        visits = {timepoint: place for place, timepoint in enumerate(in_time_order(own))}
        groups: dict[tuple[Case, str], list[Measurement]] = defaultdict(list)
        for m in own:
            case = Case(patient_id, m.quantity, str(m.laterality or ""), visits[m.timepoint], m.timepoint)
            groups[case, m.reader].append(m)
        for (case, reader), group in groups.items():
            cases[case][reader] = _finding(case.quantity, group)
    return {case: dict(sorted(cases[case].items())) for case in sorted(cases)}


def readers_of(readings: Readings) -> tuple[str, ...]:
    """All readers, in order of their names."""
    return tuple(sorted({reader for findings in readings.values() for reader in findings}))


def _finding(quantity: Quantity, group: Sequence[Measurement]) -> Finding:
    if quantity is Quantity.CALCIFICATION_EXTENT:
        return Finding(side_extent(group).value_um, tuple(group))
    lengths_um = [micrometres(length) for m in group if (length := _length_mm(m)) is not None]
    # A lesion that could not be measured may be the largest.
    complete = len(lengths_um) == len(group)
    return Finding(max(lengths_um) if lengths_um and complete else None, tuple(group))


def _length_mm(measurement: Measurement) -> float | None:
    """Give the length that criteria count: of a lymph node the short axis (RECIST 1.1)."""
    is_node = measurement.site is LesionSite.LYMPH_NODE
    return measurement.short_axis_mm if is_node and measurement.value_mm else measurement.value_mm
