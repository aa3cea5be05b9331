"""One exposure stored in several ways, read back as ``calcmeasure run`` reads it, and detected on each time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

from calcifications.outcomes import widest_mm
from calcifications.running import detect
from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.pixels import load_mammogram
from calcmeasure.phantom.dataset import PatientInfo, SeriesInfo, StudyInfo, Syntax, UidFactory
from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.calcifications import ClusterSpec, grow_cluster
from calcmeasure.phantom.mammogram.exposure import MammogramPhantom, MammogramSpec, synthesize_mammogram
from calcmeasure.phantom.mammogram.writer import HOLOGIC_LIKE, MammogramFile, write_mammogram
from calcmeasure.terms import Laterality, Modality, PresentationIntent, View

SEED = 9100
WAYS = {
    "For Processing (MONOCHROME1)": {"intent": PresentationIntent.FOR_PROCESSING},
    "For Presentation, MONOCHROME2": {},
    "For Presentation, MONOCHROME1": {"inverted": True},
    "For Presentation, MONOCHROME2, uncompressed": {"syntax": Syntax.EXPLICIT_LE},
}
STORED_COLUMNS = ("stored as", "files", "groups", "extent mm", "true mm", "same marks as MONOCHROME2")


def stored_rows(phantoms: int = 3) -> Iterator[tuple[str, ...]]:
    """One row per way of storing the same exposures."""
    exposures = [_exposure(seed) for seed in range(SEED, SEED + phantoms)]
    answers = {name: [_answer(e, number, how) for number, e in enumerate(exposures)] for name, how in WAYS.items()}
    plain = answers["For Presentation, MONOCHROME2"]
    truth = ", ".join(f"{exposure.extent_mm:.1f}" for exposure in exposures)
    for name, found in answers.items():
        same = sum(np.array_equal(a[1], b[1]) for a, b in zip(found, plain, strict=True))
        spans = ", ".join(f"{span:.1f}" for _, _, span in found)
        yield (name, str(len(found)), ", ".join(str(groups) for groups, _, _ in found), spans, truth, str(same))


def _exposure(seed: int) -> MammogramPhantom:
    marks = grow_cluster(ClusterSpec((27.0, 4.0, 2.0), 24.0, 40, diameter_mm=0.4, smallest_mm=0.3), rng=seed)
    breast = BreastSpec(seed=seed, depth_mm=57.0, width_mm=80.0)
    return synthesize_mammogram(MammogramSpec(Laterality.LEFT, View.CC, breast, marks), rng=seed)


def _answer(exposure: MammogramPhantom, number: int, how: dict[str, object]) -> tuple[int, np.ndarray, float]:
    with tempfile.TemporaryDirectory() as folder:
        _write(exposure, Path(folder) / "image.dcm", number, how)
        (mammogram,) = index_folder([Path(folder)]).patients[0].studies[0].mammograms
        pixels = load_mammogram(mammogram)
    findings = detect(
        ProjectionImage(
            pixels.attenuation, pixels.valid, mammogram.spacing, mammogram.laterality, mammogram.view, mammogram.intent
        )
    )
    spans = [widest_mm(c.points_rc * mammogram.spacing.rc_mm, np.zeros(len(c.marks))) for c in findings.clusters]
    return len(findings.clusters), findings.marks.points_rc, max(spans, default=0.0)


def _write(exposure: MammogramPhantom, path: Path, number: int, how: dict[str, object]) -> None:
    uids = UidFactory(SEED)
    person = PatientInfo(f"BENCH{number}", "Bench^Phantom", date(1970, 1, 1))
    study = StudyInfo(person, uids("study", number), date(2024, 1, 10))
    series = SeriesInfo(study, uids("series", number), 1, Modality.MG, HOLOGIC_LIKE.equipment)
    write_mammogram(exposure, path, series=series, file=MammogramFile(uids("image", number), **how))
