"""Automatic findings for one image on the desk: the same detectors and settings as ``calcmeasure run``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.measure.early_phase import READER_RULE
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
        The image; on a dynamic series whose phase a reader chose, that phase is measured instead of the rule's.
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
    by_reader = target.phase if target.phase is not None and target.phase.rule == READER_RULE else None
    return _detect_lesions(study, phase_choice=None if by_reader is None else by_reader.index)


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

    ((result,),) = read_mammograms([study], RunSettings(), patient_id=patient_id)
    if result.skipped and not any(annotation.measurable for annotation in result.annotations):
        raise CalcMeasureError(result.skipped[0].reason, code=result.skipped[0].code)
    return result.annotations


def _detect_lesions(study: Study, *, phase_choice: int | None) -> tuple[Annotation, ...]:
    from calcmeasure.pipeline.dynamic import read_dynamic

    result = read_dynamic([study], RunSettings(), phase_choice=phase_choice)
    found = tuple(lesion.annotation for lesion in result.lesions)
    if result.skipped and not any(annotation.measurable for annotation in found):
        raise CalcMeasureError(result.skipped[0].reason, code=result.skipped[0].code)
    return found
