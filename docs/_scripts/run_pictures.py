"""Makes the pictures of the automatic tutorial and of a study's figures: takes what a run and a study draw.

Part of ``./run screenshots``; the report's picture needs Chromium.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from small_png import shrink

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = REPOSITORY / "docs" / "images"
PICTURES = (
    "cm0001-mlo-baseline.png",
    "cm0001-mlo-followup.png",
    "cm0001-mr-baseline.png",
    "cm0001-mr-followup.png",
    "report.png",
    "study-flowchart.png",
    "study-waterfall-extent.png",
    "study-spider.png",
    "study-bland-altman-diameter-pathology.png",
    "study-scatter-diameter-pathology.png",
    "study-agreement-forest.png",
    "study-residual-2x2.png",
    "study-roc-residual-disease.png",
    "study-before-after-CM-0001.png",
)
FINDINGS = {"mlo": ("L", "MLO"), "mr": ("L", "")}
TIMEPOINTS = {"baseline": "baseline", "followup": "followup-1"}
WIDTH = 1000
STUDY = "study-"
STUDY_WIDTHS = {1003: 600, 2125: 960}
"""Shown width of a figure one column wide, and of one as wide as the page."""
STUDY_HEIGHT = 680
PAGE, REPORT_WIDTH = (1468, 2000), 1060
ONE_PATIENT = "main > :not(#CM-0002) { display: none !important; }"
BLANK = 24
"""Range of the values of an empty row of the page, its frame included."""
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=15000")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def findings(out: Path) -> None:
    """Take what the run drew of the first patient, as the tutorial shows it."""
    saved = json.loads((out / "annotations" / "CM-0001.auto.annotations.json").read_text(encoding="utf-8"))
    for one in saved["annotations"]:
        kind = next((kind for kind, of in FINDINGS.items() if (one["laterality"], one["view"] or "") == of), None)
        visit = next((visit for visit, name in TIMEPOINTS.items() if name == one["timepoint"]), None)
        if kind is not None and visit is not None:
            drawn = Image.open(out / "pictures" / "CM-0001" / f"{one['annotation_id']}.png")
            shrink(drawn, IMAGES / f"cm0001-{kind}-{visit}.png", width=WIDTH)


def report(out: Path, scratch: Path) -> None:
    """Take one patient of the report, as a browser shows it."""
    page = scratch / "page.html"
    source = (out / "report.html").read_text(encoding="utf-8").replace(' loading="lazy"', "")
    page.write_text(source.replace("</head>", f"<style>{ONE_PATIENT}</style></head>"), encoding="utf-8")
    target = scratch / "page.png"
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    flags = [*FLAGS, f"--user-data-dir={scratch / 'profile'}"]
    size, shot = f"--window-size={PAGE[0]},{PAGE[1]}", f"--screenshot={target}"
    subprocess.run([browser, *flags, size, shot, page.as_uri()], check=True, capture_output=True, timeout=180)
    shrink(_without_empty_end(Image.open(target).convert("RGB")), IMAGES / "report.png", width=REPORT_WIDTH)


def _without_empty_end(picture: Image.Image) -> Image.Image:
    """Cut below the last row that holds anything."""
    is_full = np.ptp(np.asarray(picture).astype(int), axis=(1, 2)) > BLANK
    last = int(np.flatnonzero(is_full)[-1])
    return picture.crop((0, 0, picture.width, min(last + 16, picture.height)))


def study(out: Path, scratch: Path) -> None:
    """Take the figures of the synthetic cohort, and one patient of the run before and after."""
    command = [sys.executable, "-m", "calcmeasure", "study", "sample_dicom/study/cohort.csv", "--quiet"]
    patient = ["--run", str(out), "--images", "sample_dicom", "--show", "CM-0001"]
    subprocess.run([*command, *patient, "--out", str(scratch / "study")], check=True, cwd=REPOSITORY)
    for name in (name for name in PICTURES if name.startswith(STUDY)):
        drawn = Image.open(scratch / "study" / "figures" / name.removeprefix(STUDY))
        shrink(drawn, IMAGES / name, width=min(STUDY_WIDTHS[drawn.width], STUDY_HEIGHT * drawn.width // drawn.height))


def main() -> int:
    """Make them all.

    Returns
    -------
    int
        Exit code.
    """
    command = [sys.executable, "-m", "calcmeasure", "run", "sample_dicom", "--quiet", "--jobs", "2", "--out"]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        subprocess.run([*command, str(scratch / "out")], check=True, cwd=REPOSITORY)
        findings(scratch / "out")
        report(scratch / "out", scratch)
        study(scratch / "out", scratch)
    missing = [name for name in PICTURES if not (IMAGES / name).is_file()]
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
