"""Small examinations written as DICOM, and the same as model values."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from calcmeasure.phantom.dataset import PatientInfo, SeriesInfo, StudyInfo, UidFactory
from calcmeasure.phantom.dynamic.examination import DceSpec, synthesize_dce
from calcmeasure.phantom.dynamic.writer import Vendor, write_dce_study
from calcmeasure.phantom.mammogram.exposure import MammogramPhantom, MammogramSpec
from calcmeasure.phantom.mammogram.writer import HOLOGIC_LIKE, MammogramFile, write_mammogram
from calcmeasure.terms import Laterality, Modality, View

UIDS = UidFactory(5)
PERSON = PatientInfo("SECRET-77", "Roe^Jane")
ROWS, COLUMNS = 60, 40
SPACING_MM = (0.10 / 1.06, 0.09 / 1.06)


def write_mammograms(folder: Path, *, day: date = date(2024, 1, 10), person: PatientInfo = PERSON) -> Path:
    """Write four views of 60 × 40 pixels: half a disc of tissue at the chest wall, a bright dot near the nipple."""
    study = StudyInfo(person, UIDS(person.patient_id, str(day), "mg"), day)
    series = SeriesInfo(study, UIDS(study.study_uid, "series"), 1, Modality.MG, HOLOGIC_LIKE.equipment)
    for number, (side, view) in enumerate(
        (s, v) for s in (Laterality.RIGHT, Laterality.LEFT) for v in (View.CC, View.MLO)
    ):
        spec = MammogramSpec(side, view, rows=ROWS, columns=COLUMNS, magnification=1.06)
        file = MammogramFile(UIDS(study.study_uid, side, view), instance_number=number + 1)
        write_mammogram(_phantom(spec), folder / f"{side}{view}.dcm", series=series, file=file)
    return folder


def write_dynamic(folder: Path, *, day: date = date(2024, 1, 10), person: PatientInfo = PERSON) -> Path:
    """Five phases of 4 × 32 × 40 voxels."""
    spec = DceSpec(shape=(4, 32, 40), spacing_zrc_mm=(8.0, 4.0, 3.6), motion_mm=0.0)
    study = StudyInfo(person, UIDS(person.patient_id, str(day), "mr"), day)
    write_dce_study(synthesize_dce(spec, rng=1), folder, study=study, uids=UIDS, vendor=Vendor.SIEMENS)
    return folder


def write_cohort(folder: Path) -> Path:
    """Two patients: the first with mammograms at two visits and one MR, the second with mammograms only."""
    write_mammograms(folder / "a" / "1")
    write_dynamic(folder / "a" / "mr")
    write_mammograms(folder / "a" / "2", day=date(2024, 6, 1))
    write_mammograms(folder / "b" / "1", person=PatientInfo("SECRET-88", "Doe^Mary"))
    return folder


def _phantom(spec: MammogramSpec) -> MammogramPhantom:
    rows, columns = np.mgrid[: spec.rows, : spec.columns]
    from_wall = spec.columns - 1 - columns if spec.laterality is Laterality.RIGHT else columns
    breast = ((rows - spec.rows / 2) / 26) ** 2 + (from_wall / 34) ** 2 < 1
    presentation = np.where(breast, 1500, 0).astype(np.uint16)
    dot = 30 if spec.laterality is Laterality.LEFT else spec.columns - 32
    presentation[20:22, dot : dot + 2] = 4000
    raw = (16000 - 3 * presentation).astype(np.uint16)
    nothing = np.empty((0,))
    return MammogramPhantom(spec, raw, presentation, np.empty((0, 2)), nothing, (), nothing.astype(int), breast, {})
