"""Pictures of one patient's findings, drawn once and kept beside the tables."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from calcmeasure.report.figures import draw_panel
from calcmeasure.report.files import write_bytes, write_text
from calcmeasure.report.panels import DynamicPanel, MammogramPanel

LISTING = "pictures.json"
"""Written last: says which inputs and settings the pictures belong to."""


def write_pictures(folder: Path, panels: Sequence[MammogramPanel | DynamicPanel], *, fingerprint: str) -> float:
    """Draw one PNG per finding.

    Returns
    -------
    float
        Seconds it took.

    Raises
    ------
    OutputError
        When the folder cannot be written.
    """
    start = time.perf_counter()
    names = []
    for panel in panels:
        name = f"{panel.annotation.annotation_id}.png"
        write_bytes(folder / name, draw_panel(panel))
        names.append(name)
    write_text(folder / LISTING, json.dumps({"fingerprint": fingerprint, "pictures": names}, indent=1) + "\n")
    return round(time.perf_counter() - start, 3)


def pictures_complete(folder: Path, *, fingerprint: str) -> bool:
    """Whether the folder holds every picture of exactly these inputs and settings."""
    try:
        listing = json.loads((folder / LISTING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    names = listing.get("pictures", [])
    return listing.get("fingerprint") == fingerprint and all((folder / name).is_file() for name in names)
