"""The page a radiologist looks through: self-contained, every number beside its picture."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from calcmeasure.model.measurement import AUTO_READER, Measurement, ResponseRow
from calcmeasure.model.names import file_key
from calcmeasure.report.pages import render_page
from calcmeasure.report.tables import measurement_order
from calcmeasure.report.text import format_flag, format_mm, format_percent
from calcmeasure.terms import Quantity

QUANTITY_WORDS = {
    Quantity.CALCIFICATION_EXTENT: "Calcification extent",
    Quantity.LESION_DIAMETER: "Enhancing lesion, greatest diameter",
}
SIDE_WORDS = {"R": "right", "L": "left", "B": "both sides", "": ""}


@dataclass(frozen=True, slots=True)
class Finding:
    """One measurement as the page shows it."""

    title: str
    value: str
    details: tuple[str, ...]
    flags: tuple[str, ...]
    picture: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same place at every visit: one row of pictures."""

    title: str
    cells: tuple[tuple[Finding, ...], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One response row in words."""

    what: str
    criteria: str
    visit: str
    change: str
    percent: str
    category: str
    rule: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientPage:
    """One patient's part of the page."""

    patient_id: str
    anchor: str
    visits: tuple[tuple[str, str], ...]
    verdicts: tuple[Verdict, ...]
    comparisons: tuple[Comparison, ...]


def render_report(measurements: Sequence[Measurement], responses: Sequence[ResponseRow], *, out: Path) -> str:
    """Render ``report.html``.

    Parameters
    ----------
    measurements, responses
        What the tables hold.
    out
        The output folder; pictures are taken from its ``pictures`` folder and embedded.

    Returns
    -------
    str
        HTML that needs no other file and no network.
    """
    ids = sorted({m.patient_id for m in measurements})
    pages = [
        _patient_page(
            [m for m in measurements if m.patient_id == i], [r for r in responses if r.patient_id == i], out=out
        )
        for i in ids
    ]
    return render_page("report.html.j2", pages=pages)


def _patient_page(measurements: Sequence[Measurement], responses: Sequence[ResponseRow], *, out: Path) -> PatientPage:
    ordered = sorted(measurements, key=measurement_order)
    dates: dict[str, set[str]] = {}
    for m in ordered:
        dates.setdefault(m.timepoint, set()).add(m.study_date)
    visits = tuple((name, ", ".join(sorted(days - {""}))) for name, days in dates.items())
    patient_id = ordered[0].patient_id
    return PatientPage(
        patient_id=patient_id,
        anchor=file_key(patient_id),
        visits=visits,
        verdicts=tuple(_verdict(row) for row in responses),
        comparisons=tuple(_comparisons(ordered, [name for name, _ in visits], out / "pictures" / file_key(patient_id))),
    )


def _comparisons(ordered: Sequence[Measurement], visits: Sequence[str], pictures: Path) -> Iterable[Comparison]:
    groups: dict[str, list[Measurement]] = {}
    for m in ordered:
        groups.setdefault(_group_title(m), []).append(m)
    for title, own in groups.items():
        cells = tuple(tuple(_finding(m, pictures) for m in own if m.timepoint == visit) for visit in visits)
        yield Comparison(title, cells)


def _group_title(m: Measurement) -> str:
    if m.quantity == Quantity.CALCIFICATION_EXTENT:
        return f"{QUANTITY_WORDS[m.quantity]}, {SIDE_WORDS[m.laterality or '']} {m.view or 'view unknown'}"
    return QUANTITY_WORDS[m.quantity]


def _finding(m: Measurement, pictures: Path) -> Finding:
    side = SIDE_WORDS[m.laterality or ""]
    return Finding(
        title=" ".join(part for part in (m.lesion_id, side if m.quantity == Quantity.LESION_DIAMETER else "") if part),
        value=format_mm(m.value_mm),
        details=tuple(_details(m)),
        flags=tuple(format_flag(flag) for flag in m.flags),
        picture=_embedded(pictures / f"{m.annotation_id}.png"),
    )


def _details(m: Measurement) -> Iterable[str]:
    spacing = m.image.spacing if m.image else None
    if spacing is not None:
        factor = f" ÷ {spacing.magnification:.3g}" if spacing.magnification else ""
        yield f"spacing {spacing.row_mm:.4g} × {spacing.col_mm:.4g} mm, {spacing.source.words}{factor}"
    if m.n_marks:
        yield f"{m.n_marks} marks, centre to centre"
    if m.short_axis_mm is not None and m.value_mm:
        yield f"short axis {format_mm(m.short_axis_mm)}"
    if m.volume_mm3:
        yield f"volume {m.volume_mm3 / 1000:.2f} cm³"
    if m.phase is not None:
        at = f" at {m.phase.time_s:.0f} s" if m.phase.time_s is not None else ""
        after = f" after {m.phase.time_zero.replace('_', ' ')}" if m.phase.time_zero and at else ""
        yield f"phase {m.phase.index}{at}{after}, rule {m.phase.rule}"
    yield "automatic" if m.reader == AUTO_READER else f"reader {m.reader}, {m.method or 'as given'}"


def _verdict(row: ResponseRow) -> Verdict:
    change = f"{format_mm(row.reference_mm)} → {format_mm(row.value_mm)}"
    return Verdict(
        what=f"{QUANTITY_WORDS[row.quantity]}, {SIDE_WORDS[row.laterality or '']}".rstrip(", "),
        criteria=row.criteria,
        visit=row.timepoint,
        change=change if row.reference_mm is not None else "",
        percent=format_percent(row.change_percent),
        category=row.category,
        rule=row.rule,
        flags=tuple(format_flag(flag) for flag in row.flags),
    )


def _embedded(path: Path) -> str | None:
    try:
        return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError:
        return None
