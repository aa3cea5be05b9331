"""Classic MR images: modules of PS3.3 A.4 common to all vendors, and each vendor's way of telling the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dataset import Equipment, SeriesInfo, dicom_date, new_dataset, set_pixels
from calcmeasure.phantom.dynamic.plan import (
    Component,
    MrWriteOptions,
    PhaseClock,
    PlannedImage,
    Trouble,
    Vendor,
    time_text,
)

MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
AGENT = "Gadobutrol"

EQUIPMENT: Mapping[Vendor, Equipment] = MappingProxyType(
    {
        Vendor.GE: Equipment("GE MEDICAL SYSTEMS", "Synthetic SIGNA", software="27"),
        Vendor.SIEMENS: Equipment("SIEMENS", "Synthetic Avanto", software="syngo MR B17"),
        Vendor.PHILIPS: Equipment("Philips Medical Systems", "Synthetic Achieva", software="5.1.7"),
        Vendor.ENHANCED: Equipment("Philips Healthcare", "Synthetic Ingenia", software="5.6.1"),
    }
)
DESCRIPTION: Mapping[Vendor, str] = MappingProxyType(
    {
        Vendor.GE: "Ax VIBRANT MPH",
        Vendor.SIEMENS: "t1_fl3d_tra_dynaVIEWS",
        Vendor.PHILIPS: "dyn eTHRIVE",
        Vendor.ENHANCED: "dyn mDIXON water",
    }
)


@dataclass(frozen=True, slots=True)
class MrSlice:
    """Pixels and place of one image.

    Parameters
    ----------
    pixels
        (rows, columns) uint16, 12 bits.
    index
        Slice index in `grid`.
    """

    pixels: NDArray[np.uint16]
    grid: ImageGrid
    index: int


@dataclass(frozen=True, slots=True)
class DynamicContext:
    """What all images of one dynamic examination share.

    Parameters
    ----------
    clocks
        One per phase.
    injected
        Start of the injection.
    """

    vendor: Vendor
    options: MrWriteOptions
    clocks: tuple[PhaseClock, ...]
    injected: datetime
    frame_of_reference_uid: str
    tr_ms: float
    flip_deg: float


def new_mr_image(series: SeriesInfo, image: MrSlice, *, sop_uid: str, number: int, reference_uid: str) -> Dataset:
    """Start a classic MR image without times: series, frame of reference, plane, pixels and MR module."""
    dataset = new_dataset(series, sop_class_uid=MR_IMAGE_STORAGE, sop_uid=sop_uid, instance_number=number)
    dataset.PatientPosition = "HFP"
    dataset.BodyPartExamined = "BREAST"
    dataset.Laterality = ""
    dataset.FrameOfReferenceUID = reference_uid
    dataset.PositionReferenceIndicator = ""
    _put_plane(dataset, image)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.ScanningSequence = "GR"
    dataset.SequenceVariant = ["SP", "OSP"]
    dataset.ScanOptions = "FS"
    dataset.MRAcquisitionType = "3D"
    dataset.EchoTime = "2.2"
    dataset.EchoTrainLength = 1
    dataset.RepetitionTime = "5"
    dataset.NumberOfAverages = "1"
    dataset.MagneticFieldStrength = "1.5"
    dataset.ImagedNucleus = "1H"
    dataset.WindowCenter, dataset.WindowWidth = "450", "900"
    set_pixels(dataset, image.pixels, bits_stored=12)
    return dataset


def dynamic_image(
    series: SeriesInfo, image: MrSlice, *, planned: PlannedImage, context: DynamicContext, sop_uid: str
) -> Dataset:
    """One image of a dynamic series with its vendor's attributes."""
    dataset = new_mr_image(
        series, image, sop_uid=sop_uid, number=planned.number, reference_uid=context.frame_of_reference_uid
    )
    dataset.ImageType = list(_IMAGE_TYPES[context.vendor][planned.component])
    dataset.RepetitionTime = number_text(context.tr_ms)
    dataset.FlipAngle = number_text(context.flip_deg)
    _put_contrast(dataset, context)
    _VENDOR_TIMES[context.vendor](dataset, planned, context)
    _spoil_times(dataset, planned, context)
    return dataset


def put_content_time(dataset: Dataset, moment: datetime) -> None:
    """When the image was made and acquired, for images outside a dynamic series."""
    dataset.ContentDate, dataset.ContentTime = dicom_date(moment.date()), time_text(moment)
    dataset.AcquisitionDate, dataset.AcquisitionTime = dataset.ContentDate, dataset.ContentTime


def number_text(value: float) -> str:
    """Write a DICOM decimal string of at most 16 characters."""
    return f"{value:.9g}"


def _put_plane(dataset: Dataset, image: MrSlice) -> None:
    grid = image.grid
    dataset.PixelSpacing = [number_text(v) for v in grid.spacing.rc_mm]
    dataset.SliceThickness = number_text(grid.spacing.zrc_mm[0])
    dataset.SpacingBetweenSlices = dataset.SliceThickness
    dataset.ImageOrientationPatient = orientation_texts(grid)
    position = grid.to_lps((image.index, 0, 0))
    dataset.ImagePositionPatient = [number_text(v) for v in position]
    dataset.SliceLocation = number_text(float(position @ np.asarray(grid.axes_lps[0])))


def orientation_texts(grid: ImageGrid) -> list[str]:
    """Write Image Orientation Patient: the direction of a row (columns grow), then of a column (rows grow)."""
    return [number_text(v) for v in (*grid.axes_lps[2], *grid.axes_lps[1])]


def _put_contrast(dataset: Dataset, context: DynamicContext) -> None:
    dataset.ContrastBolusAgent = AGENT
    dataset.ContrastBolusRoute = "IV"
    if context.options.writes_bolus_time(context.vendor):
        dataset.ContrastBolusStartTime = time_text(context.injected)


def _put_trigger_time(dataset: Dataset, context: DynamicContext, phase: int) -> None:
    """Milliseconds since the first phase began.

    The standard allows it only with gating (PS3.3 C.8.3.1), so gating is named although scanners leave that out.
    """
    since_first = context.clocks[phase].start - context.clocks[0].start
    dataset.TriggerTime = number_text(1000 * since_first.total_seconds())
    dataset.ScanOptions = ["FS", "CG"]


def _ge_times(dataset: Dataset, planned: PlannedImage, context: DynamicContext) -> None:
    clock = context.clocks[planned.phase]
    _put_temporal_position(dataset, planned, context)
    dataset.AcquisitionNumber = 1
    _put_clock(dataset, acquired=clock.start, content=clock.start)
    _put_trigger_time(dataset, context, planned.phase)


def _siemens_times(dataset: Dataset, planned: PlannedImage, context: DynamicContext) -> None:
    """Content time is the time of reconstruction, later for each image."""
    clock = context.clocks[planned.phase]
    dataset.AcquisitionNumber = 1
    _put_clock(dataset, acquired=clock.start, content=clock.end + timedelta(seconds=2 + 0.011 * planned.slice_index))


def _philips_times(dataset: Dataset, planned: PlannedImage, context: DynamicContext) -> None:
    first = context.clocks[0]
    _put_temporal_position(dataset, planned, context)
    dataset.AcquisitionNumber = 6
    _put_clock(dataset, acquired=first.start, content=first.start)
    _put_trigger_time(dataset, context, planned.phase)
    duration = context.clocks[planned.phase].end - context.clocks[planned.phase].start
    dataset.TemporalResolution = number_text(1000 * duration.total_seconds())


def _put_temporal_position(dataset: Dataset, planned: PlannedImage, context: DynamicContext) -> None:
    dataset.TemporalPositionIdentifier = planned.phase + 1
    dataset.NumberOfTemporalPositions = len(context.clocks)


def _put_clock(dataset: Dataset, *, acquired: datetime, content: datetime) -> None:
    dataset.AcquisitionDate, dataset.AcquisitionTime = dicom_date(acquired.date()), time_text(acquired)
    dataset.ContentDate, dataset.ContentTime = dicom_date(content.date()), time_text(content)


def _spoil_times(dataset: Dataset, planned: PlannedImage, context: DynamicContext) -> None:
    troubles = context.options.troubles
    if Trouble.MIDNIGHT_WITHOUT_DATES in troubles:
        del dataset.AcquisitionDate
        dataset.ContentDate = dataset.StudyDate
    if Trouble.NO_FIRST_TRIGGER in troubles and planned.phase == 0 and planned.slice_index == 0:
        _drop_trigger_time(dataset)
    if Trouble.EQUAL_TIMES in troubles:
        first = context.clocks[0].start
        _put_clock(dataset, acquired=first, content=first)
        if "TriggerTime" in dataset:
            dataset.TriggerTime = "0"
    if Trouble.BLANK_TIMES in troubles:
        dataset.AcquisitionTime = dataset.AcquisitionDate = dataset.ContentTime = dataset.ContentDate = None
        dataset.SeriesTime = None
        _drop_trigger_time(dataset)
        dataset.pop("TemporalResolution", None)


def _drop_trigger_time(dataset: Dataset) -> None:
    dataset.pop("TriggerTime", None)
    dataset.ScanOptions = "FS"


_VENDOR_TIMES: Mapping[Vendor, Callable[[Dataset, PlannedImage, DynamicContext], None]] = MappingProxyType(
    {Vendor.GE: _ge_times, Vendor.SIEMENS: _siemens_times, Vendor.PHILIPS: _philips_times}
)
_IMAGE_TYPES: Mapping[Vendor, Mapping[Component, tuple[str, ...]]] = MappingProxyType(
    {
        Vendor.GE: {
            Component.MAGNITUDE: ("ORIGINAL", "PRIMARY", "OTHER"),
            Component.PHASE: ("ORIGINAL", "PRIMARY", "PHASE MAP"),
        },
        Vendor.SIEMENS: {
            Component.MAGNITUDE: ("ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"),
            Component.PHASE: ("ORIGINAL", "PRIMARY", "P", "NORM", "DIS2D"),
        },
        Vendor.PHILIPS: {
            Component.MAGNITUDE: ("ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"),
            Component.PHASE: ("ORIGINAL", "PRIMARY", "PHASE MAP", "P", "FFE"),
        },
    }
)
