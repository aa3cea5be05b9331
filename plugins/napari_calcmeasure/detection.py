"""Automatic findings for one image on the desk: the same detectors and settings as ``calcmeasure run``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.calcifications.operating_points import DEFAULT_FALSE_MARKS
from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.measure.early_phase import READER_RULE
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import DynamicSeries, FolderIndex, Mammogram, Study
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import MarkLabel, Modality
from napari_calcmeasure.jobs import Do, here
from napari_calcmeasure.reading.finding import Target

if TYPE_CHECKING:
    from calcmeasure.pipeline.dynamic import DynamicResult
    from calcmeasure.pipeline.mammography import MammogramResult
    from calcmeasure.pipeline.two_visits import SeenMammogram

Identity = tuple[str, int, int]


@dataclass
class Searches:
    """What automatic searches of mammograms saw, kept so that another sensitivity need not search again.

    Parameters
    ----------
    do
        Where images are searched.
    """

    do: Do = here
    _seen: dict[Identity, SeenMammogram] = field(default_factory=dict)
    _points: dict[Identity, float] = field(default_factory=dict)

    def search(
        self, target: Target, index: FolderIndex, *, patient_id: str, is_alone: bool = False
    ) -> tuple[Annotation, ...]:
        """Find what the automatic run would find on one mammogram or one dynamic series.

        Parameters
        ----------
        target
            The image; on a dynamic series whose phase a reader chose, that phase is measured instead of the rule's.
        index
            Of the open folder.
        is_alone
            Whether other visits must not be looked at: marks of a mammogram are otherwise looked for with the same
            view of a neighbouring visit in mind.

        Returns
        -------
        tuple of Annotation
            Method ``auto``; one without points says that nothing was found.

        Raises
        ------
        CalcMeasureError
            When the image cannot be searched: the reason the run would write into ``skipped.csv``.
        """
        if target.modality is not Modality.MG:
            return self._detect_lesions(target, index)
        studies = _visits_of(target, index, is_alone=is_alone)
        return self._detect_calcifications(target, studies, patient_id=patient_id)

    def anew(self) -> Searches:
        """Forget what was seen; other images are searched in the same place."""
        return Searches(self.do)

    def sensitivity_of(self, target: Target) -> float | None:
        """Operating point, in false marks per image, at which an image was searched; None when it was not."""
        return self._points.get(target.identity)

    def at(self, target: Target, *, false_marks: float) -> tuple[Annotation, ...]:
        """Group the marks of a searched image anew.

        Parameters
        ----------
        target
            An image with a `sensitivity_of`.
        false_marks
            Operating point.
        """
        from calcmeasure.pipeline.mammography import annotate

        seen = self._seen[target.identity].at(false_marks)
        self._seen[target.identity], self._points[target.identity] = seen, false_marks
        return annotate(seen)

    def left_out(self, target: Target) -> tuple[NDArray[np.float64], tuple[MarkLabel, ...]]:
        """Give the marks (n, 2) seen on an image and left out on purpose, and what each was taken for."""
        seen = self._seen.get(target.identity)
        if seen is None:
            return np.empty((0, 2)), ()
        marks = seen.final.marks.take(~seen.final.marks.labelled(MarkLabel.SUSPICIOUS))
        return marks.points_rc, marks.labels

    def _detect_calcifications(
        self, target: Target, studies: list[Study], *, patient_id: str
    ) -> tuple[Annotation, ...]:
        from calcmeasure.pipeline.mammography import read_mammograms

        mammograms = [mammogram for study in studies for mammogram in study.mammograms]
        results: Sequence[Sequence[MammogramResult]] = self.do(
            partial(read_mammograms, studies, RunSettings(), patient_id=patient_id)
        )
        by_image = zip(mammograms, (result for own in results for result in own), strict=True)
        result = next(result for mammogram, result in by_image if _is_image(target, mammogram))
        if result.skipped and not any(annotation.measurable for annotation in result.annotations):
            raise CalcMeasureError(result.skipped[0].reason, code=result.skipped[0].code)
        if result.seen is not None:
            self._seen[target.identity], self._points[target.identity] = result.seen, DEFAULT_FALSE_MARKS
        return result.annotations

    def _detect_lesions(self, target: Target, index: FolderIndex) -> tuple[Annotation, ...]:
        from calcmeasure.pipeline.dynamic import read_dynamic

        study = next(_series_of(target, index), None)
        if study is None:
            raise _not_there()
        by_reader = target.phase if target.phase is not None and target.phase.rule == READER_RULE else None
        phase_choice = None if by_reader is None else by_reader.index
        result: DynamicResult = self.do(partial(read_dynamic, [study], RunSettings(), phase_choice=phase_choice))
        found = tuple(lesion.annotation for lesion in result.lesions)
        if result.skipped and not any(annotation.measurable for annotation in found):
            raise CalcMeasureError(result.skipped[0].reason, code=result.skipped[0].code)
        return found


def _visits_of(target: Target, index: FolderIndex, *, is_alone: bool) -> list[Study]:
    """Studies of the patient cut down to the image and, unless it is read alone, the same view of other visits.

    Raises
    ------
    CalcMeasureError
        When the image is not there any more.
    """
    for patient in index.patients:
        wanted = next((m for study in patient.studies for m in study.mammograms if _is_image(target, m)), None)
        if wanted is not None:
            cut = (_same_view(study, wanted, is_alone=is_alone) for study in patient.studies)
            return [study for study in cut if study.mammograms]
    raise _not_there()


def _same_view(study: Study, wanted: Mammogram, *, is_alone: bool) -> Study:
    view = (wanted.laterality, wanted.view)
    kept = tuple(m for m in study.mammograms if m is wanted or (not is_alone and (m.laterality, m.view) == view))
    return replace(study, mammograms=kept, dynamic_series=())


def _is_image(target: Target, mammogram: Mammogram) -> bool:
    return (mammogram.image.sop_uid, mammogram.image.frame) == (target.image.sop_uid, target.image.frame)


def _not_there() -> CalcMeasureError:
    return CalcMeasureError("this image is not in the open folder any more", code=ErrorCode.NOT_MEASURABLE)


def _series_of(target: Target, index: FolderIndex) -> Iterator[Study]:
    """Find the study, and cut it down to the one series."""
    for study in (study for patient in index.patients for study in patient.studies):
        for series in study.dynamic_series:
            if target.image.series_uid in _series_uids(series):
                yield replace(study, mammograms=(), dynamic_series=(series,))


def _series_uids(series: DynamicSeries) -> set[str]:
    return {*series.series_uids, *(phase.series_uid for phase in series.phases)}
