"""What an index holds, as the JSON object that ``calcmeasure index --json`` prints."""

from __future__ import annotations

from typing import Any

from calcmeasure.errors import PhaseError
from calcmeasure.geometry import Spacing
from calcmeasure.measure.early_phase import choose_early_phase
from calcmeasure.model.imaging import DynamicSeries, FolderIndex, Mammogram, Study


def index_as_json(index: FolderIndex, *, rule: str) -> dict[str, Any]:
    """Describe patients, studies, views and dynamic series.

    Parameters
    ----------
    index
        From `calcmeasure.dicom.index.index_folder`.
    rule
        Name of the early-phase rule to apply.
    """
    return {
        "patients": [
            {"patient_id": patient.patient_id, "studies": [_study(study, rule) for study in patient.studies]}
            for patient in index.patients
        ],
        "skipped": [{"path": str(s.path), "code": str(s.code), "reason": s.reason} for s in index.skipped],
        "counts": dict(index.counts),
    }


def _study(study: Study, rule: str) -> dict[str, Any]:
    return {
        "study_uid": study.study_uid,
        "study_date": study.study_date.isoformat() if study.study_date else None,
        "timepoint": study.timepoint,
        "timepoint_source": study.timepoint_source,
        "mammograms": [_mammogram(mammogram) for mammogram in study.mammograms],
        "dynamic_series": [_dynamic(series, rule) for series in study.dynamic_series],
        "flags": list(study.flags),
    }


def _mammogram(mammogram: Mammogram) -> dict[str, Any]:
    return {
        "sop_uid": mammogram.image.sop_uid,
        "path": str(mammogram.image.path),
        "laterality": mammogram.laterality,
        "view": mammogram.view,
        "intent": mammogram.intent,
        "rows": mammogram.rows,
        "columns": mammogram.columns,
        "spacing": _spacing(mammogram.spacing),
        "usable": mammogram.usable,
        "flags": [str(flag) for flag in mammogram.flags],
    }


def _dynamic(series: DynamicSeries, rule: str) -> dict[str, Any]:
    return {
        "series_uids": list(series.series_uids),
        "vendor": series.vendor,
        "description": series.description,
        "sort_key": series.sort_key,
        "sort_reason": series.sort_reason,
        "time_zero": series.time_zero,
        "phases": [
            {"index": phase.index, "time_s": phase.time_s, "n_slices": len(phase.frames)} for phase in series.phases
        ],
        "early_phase": _early_phase(series, rule),
        "spacing": _spacing(series.grid.spacing if series.grid else None),
        "usable": series.usable,
        "flags": [str(flag) for flag in series.flags],
    }


def _early_phase(series: DynamicSeries, rule: str) -> dict[str, Any] | None:
    try:
        early = choose_early_phase(series, rule=rule)
    except PhaseError:
        return None
    return {"index": early.index, "time_s": early.time_s, "rule": early.rule, "reason": early.reason}


def _spacing(spacing: Spacing | None) -> dict[str, Any] | None:
    if spacing is None:
        return None
    return {
        "row_mm": spacing.row_mm,
        "col_mm": spacing.col_mm,
        "slice_mm": spacing.slice_mm,
        "source": spacing.source,
        "magnification": spacing.magnification,
    }


def index_as_text(content: dict[str, Any]) -> str:
    """Describe the same object in lines for people."""
    lines: list[str] = []
    for patient in content["patients"]:
        lines.append(patient["patient_id"])
        for study in patient["studies"]:
            lines.append(f"  {study['timepoint']}  {study['study_date'] or 'no date'}")
            lines += [f"    {_mammogram_line(mammogram)}" for mammogram in study["mammograms"]]
            lines += [f"    {_dynamic_line(series)}" for series in study["dynamic_series"]]
    lines += [f"left out: {s['code']}  {s['path']}  {s['reason']}" for s in content["skipped"]]
    return "\n".join(lines)


def _mammogram_line(mammogram: dict[str, Any]) -> str:
    spacing = mammogram["spacing"]
    scale = f"{spacing['row_mm']:.4g} mm {spacing['source']}" if spacing else "pixels only"
    name = f"{mammogram['laterality'] or '?'}-{mammogram['view'] or '?'}"
    usable = "" if mammogram["usable"] else "  not measured"
    return (
        f"{name:6} {mammogram['rows']}x{mammogram['columns']}  {scale}{usable}  {' '.join(mammogram['flags'])}".rstrip()
    )


def _dynamic_line(series: dict[str, Any]) -> str:
    early = series["early_phase"]
    chosen = f"early phase {early['index']} at {early['time_s']:.0f} s" if early and early["time_s"] is not None else ""
    text = f"DCE    {series['vendor']}  {len(series['phases'])} phases by {series['sort_key']}  {chosen}"
    return f"{text}  {' '.join(series['flags'])}".rstrip()
