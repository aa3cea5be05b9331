"""Courses of lesions in a few words: what each lesion measured at each visit, and who said what of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import ImageReference
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.criteria import load_profile, parse_profile, profile_toml
from calcmeasure.response.rules import CriteriaProfile
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import (
    Flag,
    Laterality,
    LesionRelation,
    LesionRole,
    LesionSite,
    Method,
    Modality,
    NonTargetStatus,
    Quantity,
)

RECIST = load_profile("recist-1.1")
IRECIST = load_profile("irecist")
NODE = LesionSite.LYMPH_NODE
TARGET, NON_TARGET = LesionRole.TARGET, LesionRole.NON_TARGET
UNSEEN = None
"""Looked at, and not measurable."""
SKIP = "skip"
"""No row at all at this visit."""
SMALL = "small"
"""There, and too small to measure."""

Value = float | str | NonTargetStatus | None


@dataclass(frozen=True)
class Lesion:
    """One lesion: mm at baseline and at every follow-up, or a word about it; of a lymph node its short axis."""

    name: str
    values: tuple[Value, ...]
    site: LesionSite | None = None
    role: LesionRole | None = None
    short_mm: tuple[float | None, ...] = ()
    volumes: tuple[float | None, ...] = ()
    status: dict[int, NonTargetStatus] = field(default_factory=dict)
    is_new: bool = False
    slice_mm: float = 2.5


def timeline(*lesions: Lesion, days: tuple[int | None, ...] = ()) -> list[Measurement]:
    """Measurements of one patient by one reader."""
    return [
        _measurement(lesion, visit, value, days=days)
        for lesion in lesions
        for visit, value in enumerate(lesion.values)
        if value != SKIP
    ]


def rows(
    *lesions: Lesion, profile: CriteriaProfile = RECIST, days: tuple[int | None, ...] = ()
) -> tuple[ResponseRow, ...]:
    """Response rows of such a course."""
    return score_measurements(timeline(*lesions, days=days), profile=profile)


def categories(*lesions: Lesion, profile: CriteriaProfile = RECIST, days: tuple[int | None, ...] = ()) -> str:
    """Categories in time order, in one line."""
    return " ".join(str(row.category) for row in rows(*lesions, profile=profile, days=days))


def changed(name: str, **fields: object) -> CriteriaProfile:
    """Built-in profile with some fields of its file changed."""
    text = profile_toml(name)
    for field_name, value in fields.items():
        lines = [
            f"{field_name} = {value}" if line.startswith(f"{field_name} =") else line for line in text.splitlines()
        ]
        assert lines != text.splitlines(), field_name
        text = "\n".join(lines)
    return parse_profile(text)


def _measurement(lesion: Lesion, visit: int, value: Value, *, days: tuple[int | None, ...]) -> Measurement:
    status = lesion.status.get(visit, value if isinstance(value, NonTargetStatus) else None)
    value_mm = value if isinstance(value, int | float) else None
    flags = {SMALL: (Flag.TOO_SMALL_TO_MEASURE,), UNSEEN: ("E_NOT_MEASURABLE",)}
    short_mm = lesion.short_mm[visit] if visit < len(lesion.short_mm) else None
    if lesion.site is NODE and value_mm and not lesion.short_mm:
        value_mm, short_mm = value_mm * 1.5, value_mm
    spacing = Spacing(0.8, 0.8, SpacingSource.PATIENT, slice_mm=lesion.slice_mm)
    first = next((k for k, other in enumerate(lesion.values) if other != SKIP), 0)
    day = days[visit] if visit < len(days) else None
    return Measurement(
        "P1",
        f"followup-{visit}" if visit else "baseline",
        Quantity.LESION_DIAMETER,
        None if value_mm is None else float(value_mm),
        Laterality.LEFT,
        lesion.name,
        study_date="" if day is None else (date(2024, 1, 1) + timedelta(days=day)).isoformat(),
        modality=Modality.MR,
        short_axis_mm=short_mm,
        method=Method.MANUAL,
        image=ImageReference("", "1.2", 0, 256, 256, spacing),
        volume_mm3=lesion.volumes[visit] if visit < len(lesion.volumes) else None,
        flags=flags[value] if value in (SMALL, UNSEEN) else (),
        relation=LesionRelation.NEW if lesion.is_new and visit == first else None,
        role=lesion.role,
        site=lesion.site,
        status=status,
    )
