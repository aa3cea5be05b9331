"""Truth tables of the synthetic cohort: what a perfect program would print."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from calcmeasure.phantom.sample.plan import PatientPlan
from calcmeasure.terms import ExtentChange, Modality, Quantity

PAPER, RECIST, EXTENT = "paper-2023", "recist-1.1", "extent-10"
CHANGE_COLUMNS = (
    "patient_id",
    "laterality",
    "quantity",
    "timepoint",
    "lesion_id",
    "baseline_mm",
    "followup_mm",
    "change_percent",
    PAPER,
    RECIST,
    EXTENT,
)


@dataclass(frozen=True, slots=True)
class TrueMeasurement:
    """One row of ``truth_measurements.csv``.

    Parameters
    ----------
    view
        Empty for MR.
    value_mm
        Size in the patient: extent of the marks of the widest group on the view, between mark centres; greatest
        in-plane diameter of the lesion.
    short_axis_mm, n_marks
        None where they do not apply.
    spacing_source
        Rule that a reader of the header ends up with.
    uid
        SOP Instance UID of a mammogram, Series Instance UID of the early phase of a dynamic examination.
    """

    patient_id: str
    timepoint: str
    modality: Modality
    laterality: str
    view: str
    intent: str
    quantity: Quantity
    lesion_id: str
    value_mm: float
    short_axis_mm: float | None
    n_marks: int | None
    spacing_source: str
    uid: str


@dataclass(frozen=True, slots=True)
class TrueChange:
    """One row of ``truth.csv``: a size at both visits and its category by each criteria profile."""

    patient_id: str
    laterality: str
    quantity: Quantity
    timepoint: str
    lesion_id: str
    baseline_mm: float
    followup_mm: float
    paper: str
    recist: str
    extent: str

    @property
    def change_percent(self) -> float | None:
        """Against baseline; None when nothing was there."""
        if self.baseline_mm == 0:
            return None
        return 100.0 * (self.followup_mm - self.baseline_mm) / self.baseline_mm


def change_of(measurements: Iterable[TrueMeasurement], plan: PatientPlan, *, laterality: str) -> TrueChange:
    """Extent of one side at both visits: the larger of the views."""
    largest = _largest(measurements, Quantity.CALCIFICATION_EXTENT, laterality)
    affected = laterality == str(plan.laterality)
    category = str(plan.extent_class if affected else ExtentChange.UNCHANGED)
    return TrueChange(
        plan.person.patient_id,
        laterality,
        Quantity.CALCIFICATION_EXTENT,
        plan.visits[1].timepoint,
        "",
        *largest,
        paper=category,
        recist="",
        extent=category,
    )


def response_of(measurements: Iterable[TrueMeasurement], plan: PatientPlan) -> TrueChange:
    """Lesion diameter at both visits and the response."""
    laterality = str(plan.laterality)
    return TrueChange(
        plan.person.patient_id,
        laterality,
        Quantity.LESION_DIAMETER,
        plan.visits[1].timepoint,
        plan.visits[0].dce.lesions[0].lesion_id,
        *_largest(measurements, Quantity.LESION_DIAMETER, laterality),
        paper=str(plan.response),
        recist=str(plan.response),
        extent="",
    )


def write_truth(folder: Path, *, changes: Sequence[TrueChange], measurements: Sequence[TrueMeasurement]) -> None:
    """Write ``truth.csv`` and ``truth_measurements.csv``."""
    rows = [
        (*astuple(change)[:5], change.baseline_mm, change.followup_mm, change.change_percent, *astuple(change)[7:])
        for change in changes
    ]
    _write_csv(folder / "truth.csv", CHANGE_COLUMNS, rows)
    columns = [field.name for field in fields(TrueMeasurement)]
    _write_csv(folder / "truth_measurements.csv", columns, [astuple(row) for row in measurements])


def _largest(measurements: Iterable[TrueMeasurement], quantity: Quantity, laterality: str) -> tuple[float, float]:
    """Greatest value at the first and at the second visit."""
    values: dict[str, float] = {}
    for row in measurements:
        if (row.quantity, row.laterality) == (quantity, laterality):
            values[row.timepoint] = max(values.get(row.timepoint, 0.0), row.value_mm)
    return values["baseline"], values["followup-1"]


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
