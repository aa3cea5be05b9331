"""Small synthetic patients on disk, quick to write and to measure: for tests of the way, not of the number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from calcmeasure.phantom.dataset import PatientInfo, SeriesInfo, StudyInfo, Syntax, UidFactory
from calcmeasure.phantom.dynamic.examination import DcePhantom, DceSpec, synthesize_dce
from calcmeasure.phantom.dynamic.lesions import LesionSpec
from calcmeasure.phantom.dynamic.plan import MrWriteOptions, Vendor
from calcmeasure.phantom.dynamic.writer import write_dce_study
from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.calcifications import Calcifications, ClusterSpec, grow_cluster
from calcmeasure.phantom.mammogram.exposure import MammogramPhantom, MammogramSpec, synthesize_mammogram
from calcmeasure.phantom.mammogram.writer import HOLOGIC_LIKE, Calibration, MammogramFile, write_mammogram
from calcmeasure.terms import Laterality, Modality, View

BASELINE, FOLLOWUP = date(2024, 1, 10), date(2024, 6, 12)
EXTENT_MM = 14.0


@dataclass(frozen=True)
class TinyPatient:
    """Somebody who does not exist."""

    patient_id: str
    name: str = "Tiny^Phantom"
    birth_date: date = date(1970, 1, 1)
    institution: str = "Synthetic Hospital"
    seed: int = 1

    def study(self, day: date, modality: Modality) -> StudyInfo:
        person = PatientInfo(self.patient_id, self.name, self.birth_date)
        uid = UidFactory(self.seed)(self.patient_id, day, modality)
        return StudyInfo(person, uid, day, accession=f"A{day:%y%m%d}{modality}")


@cache
def mammogram(view: View, seed: int = 1) -> MammogramPhantom:
    """A small breast with one group of calcifications."""
    marks = grow_cluster(ClusterSpec((14.0, 0.0, 0.0), EXTENT_MM, 26, diameter_mm=0.42, smallest_mm=0.32), rng=seed)
    return synthesize_mammogram(_exposure(view, marks), rng=seed)


@cache
def dynamic(lesion_mm: float = 16.0, n_phases: int = 3) -> DcePhantom:
    """A small dynamic examination with one lesion."""
    lesions = (LesionSpec(laterality=Laterality.RIGHT, diameter_mm=lesion_mm),)
    starts = (-85.0, 50.0, 120.0, 190.0, 260.0)[:n_phases]
    spec = DceSpec(shape=(8, 80, 120), spacing_zrc_mm=(5.0, 1.6, 1.5), phase_starts_s=starts, lesions=lesions)
    return synthesize_dce(spec, rng=3)


def write_mammograms(
    folder: Path,
    patient: TinyPatient,
    day: date,
    *,
    views: tuple[View, ...] = (View.CC, View.MLO),
    syntax: Syntax = Syntax.EXPLICIT_LE,
    calibration: Calibration = Calibration.FACTOR,
) -> list[Path]:
    """Write one visit's right breast; returns one file per view."""
    study = patient.study(day, Modality.MG)
    uids = UidFactory(patient.seed)
    equipment = replace(HOLOGIC_LIKE.equipment, institution=patient.institution)
    series = SeriesInfo(study, uids(study.study_uid, "series"), 1, Modality.MG, equipment)
    paths = []
    for view in views:
        file = MammogramFile(uids(study.study_uid, view), calibration=calibration, syntax=syntax)
        paths.append(write_mammogram(mammogram(view), folder / f"{day}-{view}.dcm", series=series, file=file))
    return paths


def write_dynamic(
    folder: Path,
    patient: TinyPatient,
    day: date,
    *,
    lesion_mm: float = 16.0,
    n_phases: int = 3,
    options: MrWriteOptions | None = None,
) -> list[Path]:
    """Write one visit's dynamic MR as one series; returns the slices."""
    written = write_dce_study(
        dynamic(lesion_mm, n_phases),
        folder,
        study=patient.study(day, Modality.MR),
        uids=UidFactory(patient.seed),
        vendor=Vendor.GE,
        options=options,
    )
    return list(written.paths)


def write_patient(root: Path, patient: TinyPatient, *, dynamic_mr: bool = False) -> Path:
    """Write both visits; returns the folder."""
    folder = root / patient.patient_id
    for day in (BASELINE, FOLLOWUP):
        write_mammograms(folder / "MG", patient, day)
        if dynamic_mr:
            write_dynamic(folder / f"MR-{day}", patient, day)
    return folder


def _exposure(view: View, marks: Calcifications) -> MammogramSpec:
    breast = BreastSpec(depth_mm=32.0, width_mm=44.0, n_strands=15)
    return MammogramSpec(
        Laterality.RIGHT, view, breast, marks, rows=540, columns=400, imager_mm=(0.1, 0.1), magnification=1.05
    )
