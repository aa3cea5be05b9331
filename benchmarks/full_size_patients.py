"""Patients of full clinical size: two visits, each CC and MLO at 3328 x 2560 and a dynamic MR of 6 x 160 x 320 x 320.

Synthesising takes minutes, so the files stay in the system's folder for temporary files between runs. Further patients
are copies of the first one under other identifiers: they take the same work.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import generate_uid

from calcmeasure.phantom.dataset import SeriesInfo, StudyInfo, Syntax, UidFactory
from calcmeasure.phantom.dynamic.examination import synthesize_dce
from calcmeasure.phantom.dynamic.plan import MrWriteOptions, Vendor
from calcmeasure.phantom.dynamic.writer import write_dce_study
from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.exposure import synthesize_mammogram
from calcmeasure.phantom.mammogram.writer import MammogramFile, write_mammogram
from calcmeasure.phantom.sample.folder import mammogram_specs
from calcmeasure.phantom.sample.plan import PatientPlan, VisitPlan, plan_cohort
from calcmeasure.terms import Modality

SEED = 11
MG_SHAPE, MG_PITCH_MM = (3328, 2560), (0.07, 0.07)
MR_SHAPE, MR_SPACING_MM = (160, 320, 320), (1.0, 0.9, 0.9)
PHASE_STARTS_S = (-85.0, 50.0, 120.0, 190.0, 260.0, 330.0)
DESCRIPTION = "2 visits x (CC + MLO at 3328 x 2560, DCE 6 x 160 x 320 x 320), uncompressed"
_UIDS = (
    "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "ConcatenationUID",
)  # fmt: skip


def full_size_patients(count: int) -> list[Path]:
    """Folders of `count` patients, made when missing."""
    root = Path(tempfile.gettempdir()) / "calcmeasure-full-size"
    folders = [root / f"patient{number}" for number in range(1, count + 1)]
    if not folders[0].exists():
        _whole(folders[0], _write_first)
    for number, folder in enumerate(folders[1:], start=2):
        if not folder.exists():
            _whole(folder, lambda part, number=number: _copy(folders[0], part, number=number))
    return folders


def _whole(folder: Path, write) -> None:
    """Write under another name first, so that a folder that is there is complete."""
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    write(part)
    part.rename(folder)


def _write_first(folder: Path) -> None:
    plan = plan_cohort(SEED)[0]
    plan = replace(plan, images_other_side=False, breasts=(BreastSpec(105.0, 190.0, seed=3), plan.breasts[1]))
    for visit in plan.visits:
        _write_mammograms(plan, visit, folder / visit.timepoint / "MG")
        _write_dynamic(plan, visit, folder / visit.timepoint / "MR")


def _write_mammograms(plan: PatientPlan, visit: VisitPlan, folder: Path) -> None:
    study = _study(plan, visit, Modality.MG)
    uids = UidFactory(SEED)
    series = SeriesInfo(study, uids(study.study_uid, "MG"), 1, Modality.MG, plan.mammography.equipment)
    for number, spec in enumerate(mammogram_specs(plan, visit), start=1):
        full = replace(spec, rows=MG_SHAPE[0], columns=MG_SHAPE[1], imager_mm=MG_PITCH_MM)
        phantom = synthesize_mammogram(full, rng=np.random.default_rng([SEED, number]))
        file = MammogramFile(
            uids(study.study_uid, number),
            calibration=plan.calibration,
            instance_number=number,
            syntax=Syntax.EXPLICIT_LE,
            vendor=plan.mammography,
        )
        write_mammogram(phantom, folder / f"{number}.dcm", series=series, file=file)


def _write_dynamic(plan: PatientPlan, visit: VisitPlan, folder: Path) -> None:
    spec = replace(visit.dce, shape=MR_SHAPE, spacing_zrc_mm=MR_SPACING_MM, phase_starts_s=PHASE_STARTS_S)
    phantom = synthesize_dce(spec, rng=SEED)
    options = MrWriteOptions(syntax=Syntax.EXPLICIT_LE)
    study = _study(plan, visit, Modality.MR)
    write_dce_study(phantom, folder, study=study, uids=UidFactory(SEED), vendor=Vendor.GE, options=options)


def _study(plan: PatientPlan, visit: VisitPlan, modality: Modality) -> StudyInfo:
    uid = UidFactory(SEED)(plan.person.patient_id, visit.timepoint, modality)
    return StudyInfo(plan.person, uid, visit.day)


def _copy(first: Path, folder: Path, *, number: int) -> None:
    for path in sorted(p for p in first.rglob("*") if p.is_file()):
        dataset = pydicom.dcmread(path)
        for keyword in _UIDS:
            if keyword in dataset:
                setattr(dataset, keyword, generate_uid(entropy_srcs=[str(dataset[keyword].value), str(number)]))
        dataset.PatientID = f"{dataset.PatientID}-{number}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        target = folder / path.relative_to(first)
        target.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(target, enforce_file_format=True)
