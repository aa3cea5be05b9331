"""Automatic findings for one image on the desk: the same detectors and settings as ``calcmeasure run``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import DynamicSeries, FolderIndex, Study
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import Modality
from napari_calcmeasure.reading.finding import Target


def detect_on(target: Target, index: FolderIndex, *, patient_id: str) -> tuple[Annotation, ...]:
    """Find what the automatic run would find on one mammogram or one dynamic series.

    Parameters
    ----------
    target
        The image.
    index
        Of the open folder.

    Returns
    -------
    tuple of Annotation
        Method ``auto``; one without points says that nothing was found.

    Raises
    ------
    CalcMeasureError
        When the image cannot be searched: the reason the run would write into ``skipped.csv``.
    """
    study = next(_studies_of(target, index), None)
    if study is None:
        raise CalcMeasureError("this image is not in the open folder any more", code=ErrorCode.NOT_MEASURABLE)
    if target.modality is Modality.MG:
        return _detect_calcifications(study, patient_id=patient_id)
    return _detect_lesions(study)


def _studies_of(target: Target, index: FolderIndex) -> Iterator[Study]:
    """Find the study, and cut it down to the one image or series."""
    for patient in index.patients:
        for study in patient.studies:
            for mammogram in study.mammograms:
                if (mammogram.image.sop_uid, mammogram.image.frame) == (target.image.sop_uid, target.image.frame):
                    yield replace(study, mammograms=(mammogram,), dynamic_series=())
            for series in study.dynamic_series:
                if target.modality is Modality.MR and target.image.series_uid in _series_uids(series):
                    yield replace(study, mammograms=(), dynamic_series=(series,))


def _series_uids(series: DynamicSeries) -> set[str]:
    return {*series.series_uids, *(phase.series_uid for phase in series.phases)}


def _detect_calcifications(study: Study, *, patient_id: str) -> tuple[Annotation, ...]:
    from calcmeasure.pipeline.mammography import read_mammograms

    result = next(iter(read_mammograms(study, RunSettings(), patient_id=patient_id)))
    if result.skipped and not any(annotation.measurable for annotation in result.annotations):
        raise CalcMeasureError(result.skipped[0].reason, code=result.skipped[0].code)
    return result.annotations


def _detect_lesions(study: Study) -> tuple[Annotation, ...]:
    from calcmeasure.pipeline.dynamic import read_dynamic

    result = read_dynamic([study], RunSettings())
    found = tuple(lesion.annotation for lesion in result.lesions)
    if result.skipped and not any(annotation.measurable for annotation in found):
        raise CalcMeasureError(result.skipped[0].reason, code=result.skipped[0].code)
    return found
