"""Measurements and responses as tables: the columns others build on, in one place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from calcmeasure.geometry import Spacing
from calcmeasure.model.imaging import Skipped
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.report.files import csv_lines, write_text
from calcmeasure.tables import as_text_cell

MEASUREMENT_COLUMNS = (
    "patient_id", "study_uid", "study_date", "timepoint", "modality", "laterality", "view", "lesion_id", "quantity",
    "value_mm", "short_axis_mm", "reader", "method", "confidence", "morphology", "distribution", "n_marks",
    "series_uid", "sop_uid", "frame", "end1_row", "end1_col", "end1_slice", "end2_row", "end2_col", "end2_slice",
    "spacing_row_mm", "spacing_col_mm", "spacing_slice_mm", "spacing_source", "magnification",
    "phase_index", "phase_time_s", "phase_rule", "volume_mm3", "flags", "software", "created_utc",
    "phase_time_zero", "lesion_type", "relation", "from_lesions",
    "role", "site", "status", "independent_mm", "linked_mm",
    "diameter_3d_mm", "neighbours_low_mm", "neighbours_high_mm", "early_percent", "peak_percent", "ser",
    "washout_percent", "time_to_peak_s", "initial_rise", "delayed_course", "functional_volume_mm3",
    "background_percent", "background_level", "motion_before", "motion_after", "volume_change_percent",
    "detector", "mask_sha256",
)  # fmt: skip
"""Columns of ``measurements.csv`` in order."""

RESPONSE_COLUMNS = (
    "patient_id", "laterality", "quantity", "criteria", "timepoint", "baseline_mm", "reference_mm",
    "reference_timepoint", "value_mm", "change_mm", "change_percent", "category", "rule", "flags", "reader",
    "target_response", "non_target_response", "new_lesions", "new_lesion_sum_mm", "best_response",
    "unit", "baseline_value", "reference_value", "value", "criteria_sha256",
)  # fmt: skip
"""Columns of ``responses.csv`` in order."""

_ENHANCEMENT_DIGITS: Mapping[str, int] = {
    **dict.fromkeys(("diameter_3d_mm", "neighbours_low_mm", "neighbours_high_mm", "ser", "time_to_peak_s"), 3),
    **dict.fromkeys(("early_percent", "peak_percent", "washout_percent", "background_percent"), 2),
    **dict.fromkeys(("functional_volume_mm3", "volume_change_percent"), 1),
    **dict.fromkeys(("motion_before", "motion_after"), 4),
}
"""Decimals of its columns."""

SKIPPED_COLUMNS = ("path", "code", "reason")
"""Columns of ``skipped.csv`` in order."""


def measurement_record(measurement: Measurement) -> dict[str, str]:
    """One row of ``measurements.csv``: every cell as text, numbers unprefixed and with a decimal point."""
    m, image, phase = measurement, measurement.image, measurement.phase
    record = {
        "patient_id": as_text_cell(m.patient_id),
        "study_uid": m.study_uid or (image.study_uid if image else ""),
        "study_date": as_text_cell(m.study_date),
        "timepoint": as_text_cell(m.timepoint),
        "modality": m.modality or m.quantity.modality,
        "laterality": m.laterality or "",
        "view": m.view or "",
        "lesion_id": as_text_cell(m.lesion_id),
        "quantity": m.quantity,
        "value_mm": _number(m.value_mm, 3),
        "short_axis_mm": _number(m.short_axis_mm, 3),
        "reader": as_text_cell(m.reader),
        "method": m.method or "",
        "confidence": _number(m.confidence, 3),
        "morphology": m.morphology or "",
        "distribution": m.distribution or "",
        "n_marks": "" if m.n_marks is None else str(m.n_marks),
        "series_uid": image.series_uid if image else "",
        "sop_uid": image.sop_uid if image else "",
        "frame": str(image.frame) if image else "",
        "magnification": "",
        "phase_index": str(phase.index) if phase else "",
        "phase_time_s": _number(phase.time_s, 3) if phase else "",
        "phase_rule": as_text_cell(phase.rule) if phase else "",
        "volume_mm3": _number(m.volume_mm3, 1),
        "phase_time_zero": as_text_cell(phase.time_zero) if phase else "",
        "flags": ";".join(m.flags),
        "software": as_text_cell(m.software),
        "created_utc": m.created_utc,
        "lesion_type": m.lesion_type or "",
        "relation": m.relation or "",
        "from_lesions": as_text_cell(";".join(m.from_lesions)),
        "role": m.role or "",
        "site": m.site or "",
        "status": m.status or "",
        "independent_mm": _number(m.independent_mm, 3),
        "linked_mm": _number(m.linked_mm, 3),
    }
    record |= _enhancement(m)
    record |= _ends(m.ends) | _spacing(image.spacing if image else None)
    return {column: str(record[column]) for column in MEASUREMENT_COLUMNS}


def response_record(row: ResponseRow) -> dict[str, str]:
    """One row of ``responses.csv``."""
    return dict(zip(RESPONSE_COLUMNS, response_cells(row), strict=True))


def response_cells(row: ResponseRow) -> tuple[str, ...]:
    """Cells of one row of ``responses.csv``, in the order of `RESPONSE_COLUMNS`."""
    return (
        _word(row.patient_id),
        row.laterality or "",
        row.quantity,
        _word(row.criteria),
        _word(row.timepoint),
        _length(row.baseline_mm),
        _length(row.reference_mm),
        _word(row.reference_timepoint),
        _length(row.value_mm),
        _length(row.change_mm),
        _number(row.change_percent, 2),
        row.category,
        as_text_cell(row.rule),
        ";".join(row.flags),
        _word(row.reader),
        row.target_response,
        row.non_target_response,
        as_text_cell(";".join(row.new_lesions)) if row.new_lesions else "",
        _length(row.new_lesion_sum_mm),
        row.best_response,
        row.unit,
        _length(row.baseline_value),
        _length(row.reference_value),
        _length(row.value),
        row.criteria_sha256,
    )


def write_measurements(path: Path, measurements: Iterable[Measurement]) -> None:
    """Write ``measurements.csv`` (or one patient's), rows in a stable order.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    ordered = sorted(measurements, key=measurement_order)
    _write(path, [measurement_record(m) for m in ordered], MEASUREMENT_COLUMNS)


def write_responses(path: Path, rows: Sequence[ResponseRow]) -> None:
    """Write ``responses.csv`` in the order given."""
    _write(path, [response_record(row) for row in rows], RESPONSE_COLUMNS)


def write_skipped(path: Path, skipped: Iterable[Skipped]) -> None:
    """Write ``skipped.csv`` in order of path."""
    records = [
        {"path": as_text_cell(str(s.path)), "code": str(s.code), "reason": as_text_cell(s.reason)} for s in skipped
    ]
    _write(path, sorted(records, key=lambda r: (r["path"], r["code"])), SKIPPED_COLUMNS)


def measurement_order(m: Measurement) -> tuple[str, ...]:
    """Sort key: patient, visit, quantity, side, view, lesion, reader."""
    visit = "" if m.timepoint == "baseline" else re.sub(r"\d+", lambda n: n[0].zfill(4), m.timepoint)
    return (m.patient_id, visit, m.study_date, m.quantity, m.laterality or "", m.view or "", m.lesion_id, m.reader,
            m.annotation_id)  # fmt: skip


def _write(path: Path, records: Sequence[Mapping[str, str]], columns: Sequence[str]) -> None:
    write_text(path, csv_lines([columns, *([record[column] for column in columns] for record in records)]))


def _enhancement(m: Measurement) -> dict[str, str]:
    """Columns of an enhancing lesion beside its length."""
    cells = {name: _number(getattr(m, name), digits) for name, digits in _ENHANCEMENT_DIGITS.items()}
    words = {name: str(getattr(m, name) or "") for name in ("initial_rise", "delayed_course", "background_level")}
    return cells | words | {"detector": as_text_cell(m.detector), "mask_sha256": m.mask_sha256}


def _ends(ends: Sequence[Sequence[float]]) -> dict[str, str]:
    cells = {f"end{i}_{axis}": "" for i in (1, 2) for axis in ("slice", "row", "col")}
    for i, end in enumerate(ends[:2], start=1):
        for axis, value in zip(("col", "row", "slice"), reversed(end), strict=False):
            cells[f"end{i}_{axis}"] = _number(value, 3)
    return cells


def _spacing(spacing: Spacing | None) -> dict[str, str]:
    if spacing is None:
        return dict.fromkeys(
            ("spacing_row_mm", "spacing_col_mm", "spacing_slice_mm", "spacing_source", "magnification"), ""
        )
    return {
        "spacing_row_mm": _number(spacing.row_mm, 9),
        "spacing_col_mm": _number(spacing.col_mm, 9),
        "spacing_slice_mm": _number(spacing.slice_mm, 9),
        "spacing_source": str(spacing.source),
        "magnification": _number(spacing.magnification, 6),
    }


@lru_cache(maxsize=65536)
def _length(value: float | None) -> str:
    """Write a size: a million rows hold few different ones."""
    return _number(value, 3)


@lru_cache(maxsize=65536)
def _word(text: str) -> str:
    """Write a text that many rows repeat."""
    return as_text_cell(text)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else repr(round(float(value), digits) + 0.0)
