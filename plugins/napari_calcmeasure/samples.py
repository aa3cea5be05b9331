"""Samples for File > Open Sample: computed on the spot, nothing is downloaded, nobody was imaged."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from napari_calcmeasure.display.panel import LayerData

if TYPE_CHECKING:
    from calcmeasure.phantom.dataset import StudyInfo

SEED = 2023
_DAY = date(2024, 1, 10)


def mammogram_pair() -> list[LayerData]:
    """CC and MLO of a left breast with a segmental group of calcifications."""
    from calcmeasure.phantom.dataset import SeriesInfo, UidFactory
    from calcmeasure.phantom.mammogram.calcifications import ClusterSpec, grow_cluster
    from calcmeasure.phantom.mammogram.exposure import MammogramSpec, synthesize_mammogram
    from calcmeasure.phantom.mammogram.writer import HOLOGIC_LIKE, MammogramFile, write_mammogram
    from calcmeasure.terms import Distribution, Laterality, Modality, View

    uids = UidFactory(SEED)
    marks = grow_cluster(ClusterSpec((26.0, 4.0, 0.0), 28.0, 40, distribution=Distribution.SEGMENTAL), rng=SEED)
    study = _study(uids("sample", "mammograms"))
    series = SeriesInfo(study, uids("sample", "series"), 1, Modality.MG, HOLOGIC_LIKE.equipment)
    with tempfile.TemporaryDirectory() as folder:
        for view in (View.CC, View.MLO):
            spec = MammogramSpec(Laterality.LEFT, view, calcifications=marks, magnification=1.06)
            phantom = synthesize_mammogram(spec, rng=SEED)
            file = MammogramFile(uids("sample", view), vendor=HOLOGIC_LIKE)
            write_mammogram(phantom, Path(folder, f"{view}.dcm"), series=series, file=file)
        return _read(folder)


def dynamic_study() -> list[LayerData]:
    """Both breasts in five phases, with one enhancing mass."""
    from calcmeasure.phantom.dataset import UidFactory
    from calcmeasure.phantom.dynamic.examination import DceSpec, synthesize_dce
    from calcmeasure.phantom.dynamic.writer import Vendor, write_dce_study

    uids = UidFactory(SEED)
    phantom = synthesize_dce(DceSpec(), rng=SEED)
    with tempfile.TemporaryDirectory() as folder:
        study = _study(uids("sample", "dynamic"))
        write_dce_study(phantom, Path(folder), study=study, uids=uids, vendor=Vendor.SIEMENS)
        return _read(folder)


def _study(study_uid: str) -> StudyInfo:
    from calcmeasure.phantom.dataset import PatientInfo, StudyInfo

    return StudyInfo(PatientInfo("SAMPLE", "Phantom^Sample"), study_uid, _DAY)


def _read(folder: str) -> list[LayerData]:
    from calcmeasure.dicom.index import index_folder
    from napari_calcmeasure.cases import list_cases
    from napari_calcmeasure.reader import layers_of

    return layers_of(list_cases(index_folder([Path(folder)]))[0].items[0])
