"""Small cohort tables for tests that care about one cell."""

from __future__ import annotations

from pathlib import Path

COHORT = {
    "patient_id": "P1",
    "laterality": "L",
    "extent_baseline_mm": "33",
    "extent_followup_mm": "36.3",
    "diameter_baseline_mm": "30",
    "diameter_followup_mm": "20",
    "pathology_size_mm": "12.5",
    "miller_payne": "3",
    "residual": "invasive",
    "er": "1",
    "pr": "0",
    "her2": "0",
}
"""One row with every needed column."""


def write_rows(path: Path, *rows: dict[str, str], separator: str = ",") -> Path:
    """Write rows of a cohort table; each names only what differs from `COHORT`."""
    full = [{**COHORT, **row} for row in rows]
    columns = list(dict.fromkeys(column for row in full for column in row))
    lines = [separator.join(columns), *(separator.join(row.get(column, "") for column in columns) for row in full)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
