"""Images of patients before and after treatment, chosen from the results of a run, for figures like a paper's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.pixels import load_mammogram
from calcmeasure.dicom.volumes import load_phases
from calcmeasure.errors import AnnotationError, ErrorCode
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.model.imaging import DynamicSeries, FolderIndex, Mammogram
from calcmeasure.model.measurement import AUTO_READER, Measurement
from calcmeasure.model.names import file_key
from calcmeasure.report.study.figures.before_after import BeforeAfter, ImagePanel
from calcmeasure.response.visits import BASELINE, in_time_order
from calcmeasure.store.annotation_files import AnnotationFile, read_annotations
from calcmeasure.terms import Quantity

SHOWN = 2
"""Patients taken when none is named."""

Pair = tuple[Measurement, Measurement]
"""The same thing before and after treatment."""


class _Images:
    """Pixels behind measurements, found by their identifiers."""

    def __init__(self, index: FolderIndex) -> None:
        studies = [study for patient in index.patients for study in patient.studies]
        self._mammograms: dict[tuple[str, int], Mammogram] = {
            (m.image.sop_uid, m.image.frame): m for study in studies for m in study.mammograms
        }
        self._series: dict[str, DynamicSeries] = {
            uid: series for study in studies for series in study.dynamic_series for uid in series.series_uids
        }

    def has(self, measurement: Measurement) -> bool:
        """Whether the image is there and was not taken out."""
        image = measurement.image
        if image is None:
            return False
        if measurement.quantity is Quantity.CALCIFICATION_EXTENT:
            return (image.sop_uid, image.frame) in self._mammograms
        return image.series_uid in self._series and measurement.phase is not None

    def panel(self, measurement: Measurement) -> ImagePanel:
        """Load the image of a measurement that `has` one: the mammogram, or the slice of the phase measured."""
        image, phase = measurement.image, measurement.phase
        if image is None:
            raise ValueError("a measurement without an image has no panel")
        if measurement.quantity is Quantity.CALCIFICATION_EXTENT:
            return ImagePanel(load_mammogram(self._mammograms[image.sop_uid, image.frame]).display, measurement)
        volume = load_phases(self._series[image.series_uid], indices=[phase.index if phase else 0])[0]
        return ImagePanel(volume[image.frame], measurement)


def find_before_after(
    run: Path, sources: Sequence[Path], *, patients: Sequence[str] = (), most: int = SHOWN
) -> tuple[BeforeAfter, ...]:
    """Choose what to show of patients with mammograms and MR at baseline and later.

    The breast with the largest extent at baseline, in the view it was measured on, and the largest lesion; after
    treatment, at the last visit that shows them.

    Parameters
    ----------
    run
        Results folder of ``calcmeasure run``: its saved annotations are read.
    sources
        Where the DICOM files are.
    patients
        Identifiers; without them, the first in order that have everything.
    most
        Patients taken when none is named.

    Raises
    ------
    AnnotationError
        ``E_NO_FOLLOWUP`` when a patient who is named lacks something.
    CalcMeasureError
        When an image cannot be read.
    """
    images = _Images(index_folder(sources))
    readings = {file.patient_id: file for file in _readings(run / "annotations")}
    if patients:
        named = (_find_pairs(readings[i], images) if i in readings else None for i in patients)
        return tuple(_load(i, _checked(pairs), images) for i, pairs in zip(patients, named, strict=True))
    found = ((i, _find_pairs(file, images)) for i, file in sorted(readings.items()))
    complete = [(i, pairs) for i, pairs in found if pairs is not None][:most]
    return tuple(_load(i, pairs, images) for i, pairs in complete)


def _readings(folder: Path) -> Iterator[AnnotationFile]:
    """One file per patient: the one reader's, or else the detector's; of two readers none is preferred."""
    by_patient: dict[str, list[AnnotationFile]] = defaultdict(list)
    for path in sorted(folder.glob("*.annotations.json")):
        file = read_annotations(path)
        by_patient[file.patient_id].append(file)
    for files in by_patient.values():
        people = [file for file in files if file.reader != AUTO_READER]
        yield people[0] if len(people) == 1 else next((f for f in files if f.reader == AUTO_READER), files[0])


def _find_pairs(file: AnnotationFile, images: _Images) -> tuple[Pair, Pair] | None:
    measured = [measure_annotation(a, patient_id=file.patient_id, reader=file.reader) for a in file.annotations]
    shown = [m for m in measured if m.value_mm is not None and images.has(m)]
    extents = _find_pair(shown, Quantity.CALCIFICATION_EXTENT, same=lambda m: (m.laterality, m.view))
    lesions = _find_pair(shown, Quantity.LESION_DIAMETER, same=lambda m: m.lesion_id)
    return None if extents is None or lesions is None else (extents, lesions)


def _find_pair(
    measured: Sequence[Measurement], quantity: Quantity, *, same: Callable[[Measurement], object]
) -> Pair | None:
    """Largest at baseline, and the same at the last visit that has it; None when there is nothing to show."""
    visits = in_time_order([m for m in measured if m.quantity is quantity])
    before = max(visits.pop(BASELINE, ()), key=_length, default=None)
    if before is None or not before.value_mm:
        return None
    later = [[m for m in visit if same(m) == same(before)] for visit in visits.values()]
    return next(((before, max(own, key=_length)) for own in reversed(later) if own), None)


def _length(measurement: Measurement) -> float:
    return measurement.value_mm or 0.0


def _checked(pairs: tuple[Pair, Pair] | None) -> tuple[Pair, Pair]:
    if pairs is None:
        raise AnnotationError(
            "a patient named for a figure has no measured mammogram and MR both before and after treatment in this "
            "run and these DICOM folders; name another, or none",
            code=ErrorCode.NO_FOLLOWUP,
        )
    return pairs


def _load(patient_id: str, pairs: tuple[Pair, Pair], images: _Images) -> BeforeAfter:
    (mammogram, later_mammogram), (lesion, later_lesion) = pairs
    return BeforeAfter(
        file_key(patient_id),
        (images.panel(mammogram), images.panel(later_mammogram)),
        (images.panel(lesion), images.panel(later_lesion)),
    )
