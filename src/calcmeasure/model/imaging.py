"""What was acquired: patients, studies, mammograms, dynamic series, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from calcmeasure.errors import ErrorCode
from calcmeasure.geometry import ImageGrid, Spacing
from calcmeasure.model.annotation import ImageReference
from calcmeasure.terms import Laterality, PresentationIntent, View, ViewModifier


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file (or series) that was left out, and why.

    Parameters
    ----------
    path
        Where it lies.
    code
        Stable reason code.
    reason
        One sentence for people; holds no patient data.
    """

    path: Path
    code: ErrorCode
    reason: str


@dataclass(frozen=True, slots=True)
class FrameReference:
    """One 2-D image: a file, or one frame of a multi-frame file.

    Parameters
    ----------
    path
        The DICOM file.
    sop_uid
        SOP Instance UID.
    frame
        0-based frame number inside the file.
    """

    path: Path
    sop_uid: str
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Mammogram:
    """One projection image of one breast.

    Parameters
    ----------
    image
        Where the pixels are.
    series_uid, study_uid
        DICOM identifiers.
    laterality, view
        None when the header does not tell.
    modifiers
        Magnification, spot compression, implant displaced.
    intent
        None when the header does not tell.
    rows, columns
        Matrix size.
    spacing
        None when no millimetres can be had: the image is then in pixels only.
    patient_orientation
        Patient Orientation (0020,0020) of the rows and columns, such as ``("A", "F")``; empty when absent.
    usable
        Whether it may be measured.
    flags
        Advisory and reason codes (`Flag`, `ErrorCode`).
    """

    image: FrameReference
    series_uid: str
    study_uid: str
    laterality: Laterality | None
    view: View | None
    intent: PresentationIntent | None
    rows: int
    columns: int
    spacing: Spacing | None
    modifiers: tuple[ViewModifier, ...] = ()
    patient_orientation: tuple[str, ...] = ()
    usable: bool = True
    flags: tuple[str, ...] = ()

    @property
    def reference(self) -> ImageReference:
        """What annotations on this image are bound to, drawn or detected."""
        return ImageReference(
            sop_uid=self.image.sop_uid,
            series_uid=self.series_uid,
            frame=self.image.frame,
            rows=self.rows,
            columns=self.columns,
            spacing=self.spacing,
            study_uid=self.study_uid,
        )


@dataclass(frozen=True, slots=True)
class Phase:
    """One pass over the volume in a dynamic series.

    Parameters
    ----------
    index
        0-based in time order; 0 is the first acquired.
    time_s
        Of the centre of k-space, seconds after the series' time zero; negative before it. None when unknown.
    start_s
        Start of acquisition, same clock.
    duration_s
        None when it can neither be read nor derived.
    frames
        One per slice, in slice order of the series' grid.
    series_uid
        DICOM series of its first slice: which of `DynamicSeries.series_uids` it was stored in.
    """

    index: int
    time_s: float | None
    start_s: float | None
    duration_s: float | None
    frames: tuple[FrameReference, ...]
    series_uid: str = ""


@dataclass(frozen=True, slots=True)
class DynamicSeries:
    """A dynamic contrast-enhanced MR acquisition, sorted into phases with identical grids.

    Parameters
    ----------
    series_uids
        One per contributing DICOM series, in time order.
    study_uid
        DICOM identifier.
    vendor
        Manufacturer as one of ``GE``, ``SIEMENS``, ``PHILIPS``, or the header's own word.
    sort_key
        Name of the attribute that split the images into phases.
    sort_reason
        Sentence: what was tried and why this key won.
    time_zero
        What second 0 is: ``injection`` or the stated substitute such as ``first_post_contrast_start``.
    phases
        In time order. Empty when the series cannot be sorted.
    first_post_contrast
        Index of the first phase after contrast; None when it cannot be told.
    grid
        Shared by all phases; None when there is no regular volume.
    usable
        Whether it may be measured.
    flags
        Advisory and reason codes.
    """

    series_uids: tuple[str, ...]
    study_uid: str
    vendor: str
    sort_key: str
    sort_reason: str
    time_zero: str
    phases: tuple[Phase, ...]
    first_post_contrast: int | None
    grid: ImageGrid | None
    description: str = ""
    usable: bool = True
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """One DICOM study of one patient.

    Parameters
    ----------
    study_uid
        DICOM identifier; several studies may share a time point.
    study_date
        None when blank.
    timepoint
        ``baseline``, ``followup-1``, ``followup-2``, ...
    timepoint_source
        ``study_date``, ``dicom`` (Clinical Trial Time Point) or ``table``; ``assumed`` when none of them tells the
        order of the patient's studies.
    """

    study_uid: str
    study_date: date | None
    timepoint: str
    timepoint_source: str
    mammograms: tuple[Mammogram, ...] = ()
    dynamic_series: tuple[DynamicSeries, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patient:
    """One person's studies in time order.

    Parameters
    ----------
    patient_id
        As in the header (it goes into tables, never into logs or file names).
    key
        Our own sanitised identifier, safe as a file name and unique within the index.
    """

    patient_id: str
    key: str
    studies: tuple[Study, ...] = ()


def with_absolute_paths(patient: Patient) -> Patient:
    """Name every image so that a process that stands elsewhere finds it.

    Parameters
    ----------
    patient
        Its paths may be relative to the folder this process stands in.
    """
    return replace(patient, studies=tuple(map(_absolute_study, patient.studies)))


def _absolute_study(study: Study) -> Study:
    def placed(frame: FrameReference) -> FrameReference:
        return replace(frame, path=frame.path.absolute())

    mammograms = tuple(replace(m, image=placed(m.image)) for m in study.mammograms)
    series = tuple(
        replace(d, phases=tuple(replace(p, frames=tuple(map(placed, p.frames))) for p in d.phases))
        for d in study.dynamic_series
    )
    return replace(study, mammograms=mammograms, dynamic_series=series)


@dataclass(frozen=True, slots=True)
class FolderIndex:
    """What a folder holds.

    Parameters
    ----------
    patients
        In order of their key.
    skipped
        Every file that contributes to no patient, with the reason.
    counts
        Files seen, read, used, skipped, taken from the cache.
    """

    patients: tuple[Patient, ...]
    skipped: tuple[Skipped, ...]
    counts: dict[str, int] = field(default_factory=dict)
