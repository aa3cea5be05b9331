"""Synthetic mammograms as DICOM: Digital Mammography X-Ray Image, For Presentation and For Processing.

Modules of PS3.3 A.27; the headers take the shapes of two common makers, so that readers of them are exercised.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from calcmeasure.phantom.dataset import Equipment, SeriesInfo, Syntax, code_item, new_dataset, save, set_pixels
from calcmeasure.phantom.mammogram.detector import PRESENTATION_BITS, RAW_BITS
from calcmeasure.phantom.mammogram.exposure import MammogramPhantom, MammogramSpec
from calcmeasure.terms import ConceptCode, Laterality, PresentationIntent, View

_SOP_CLASSES = {
    PresentationIntent.FOR_PRESENTATION: "1.2.840.10008.5.1.4.1.1.1.2",
    PresentationIntent.FOR_PROCESSING: "1.2.840.10008.5.1.4.1.1.1.2.1",
}
_BREAST = ConceptCode("76752008", "SCT", "Breast")
_OLD_VIEW_CODES = {
    View.CC: ConceptCode("R-10242", "SRT", "cranio-caudal"),
    View.MLO: ConceptCode("R-10226", "SRT", "medio-lateral oblique"),
}
_OLD_BREAST = ConceptCode("T-04000", "SRT", "Breast")
# Directions of the rows and of the columns, with the chest wall at the outer edge of the pair of breasts.
_ORIENTATIONS = {
    (Laterality.LEFT, View.CC): ("A", "R"),
    (Laterality.LEFT, View.MLO): ("A", "FR"),
    (Laterality.RIGHT, View.CC): ("P", "L"),
    (Laterality.RIGHT, View.MLO): ("P", "FL"),
}


class Calibration(StrEnum):
    """What the header says about magnification."""

    FACTOR = "magnification_corrected"
    """Estimated Radiographic Magnification Factor."""
    DISTANCES = "sid_sod_corrected"
    """Source to detector and source to patient distances only."""
    CORRECTED = "geometry"
    """Pixel Spacing in the breast, with calibration type GEOMETRY."""
    ABSENT = "detector"
    """Nothing: only Imager Pixel Spacing, at the detector."""


@dataclass(frozen=True, slots=True)
class MammographyVendor:
    """Peculiarities of one maker's headers.

    Parameters
    ----------
    source_detector_mm
        Source to image distance.
    old_codes
        Whether views carry the retired SRT codes instead of SNOMED CT.
    target, filter_material, detector_type
        Defined terms of PS3.3 C.8.7.10 and C.8.11.
    window
        Centre and width written for display.
    """

    equipment: Equipment
    detector_type: str
    target: str
    filter_material: str
    source_detector_mm: float
    old_codes: bool = False
    window: tuple[int, int] = (1380, 1480)


HOLOGIC_LIKE = MammographyVendor(
    Equipment("HOLOGIC, Inc.", "Selenia Dimensions (synthetic)", software="1.11.0", serial="SYN81"),
    "DIRECT",
    "TUNGSTEN",
    "RHODIUM",
    700.0,
)
GE_LIKE = MammographyVendor(
    Equipment("GE MEDICAL SYSTEMS", "Senographe Pristina (synthetic)", software="ADS 58.10", serial="SYN17"),
    "SCINTILLATOR",
    "RHODIUM",
    "RHODIUM",
    660.0,
    old_codes=True,
)


@dataclass(frozen=True, slots=True)
class MammogramFile:
    """How one exposure is written.

    Parameters
    ----------
    sop_uid
        SOP Instance UID.
    intent
        For Presentation (12 bits) or For Processing (14 bits).
    calibration
        How the header lets a reader find true size.
    inverted
        Store For Presentation pixels as MONOCHROME1 with LUT shape INVERSE; For Processing always is MONOCHROME1.
    """

    sop_uid: str
    intent: PresentationIntent = PresentationIntent.FOR_PRESENTATION
    calibration: Calibration = Calibration.FACTOR
    instance_number: int = 1
    inverted: bool = False
    syntax: Syntax = Syntax.JPEG_LS
    vendor: MammographyVendor = field(default_factory=lambda: HOLOGIC_LIKE)


def write_mammogram(phantom: MammogramPhantom, path: Path, *, series: SeriesInfo, file: MammogramFile) -> Path:
    """Write one exposure.

    Parameters
    ----------
    phantom
        Pixels and geometry.
    path
        File to write; its folder is made when missing.
    series
        Patient, study, series and machine.
    file
        Kind of image, calibration, encoding.

    Returns
    -------
    Path
        `path`.
    """
    dataset = new_dataset(
        series,
        sop_class_uid=_SOP_CLASSES[file.intent],
        sop_uid=file.sop_uid,
        instance_number=file.instance_number,
    )
    _put_kind(dataset, phantom.spec, file)
    _put_view(dataset, phantom.spec, file.vendor)
    _put_acquisition(dataset, phantom.spec, file.vendor)
    _put_calibration(dataset, phantom.spec, file)
    pixels, bits = _stored_pixels(phantom, file)
    _put_grey_scale(dataset, file)
    set_pixels(dataset, pixels, bits_stored=bits)
    return save(dataset, path, syntax=file.syntax)


def _put_kind(dataset: Dataset, spec: MammogramSpec, file: MammogramFile) -> None:
    processing = file.intent is PresentationIntent.FOR_PROCESSING
    dataset.ImageType = ["ORIGINAL" if processing else "DERIVED", "PRIMARY"]
    dataset.PresentationIntentType = str(file.intent)
    dataset.ContentDate = dataset.AcquisitionDate = dataset.StudyDate
    dataset.ContentTime = dataset.AcquisitionTime = dataset.SeriesTime
    dataset.AcquisitionNumber = file.instance_number
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.QualityControlImage = "NO"
    dataset.ImageComments = "Synthetic mammogram; calcmeasure phantom"
    dataset.PatientOrientation = list(_ORIENTATIONS[spec.laterality, spec.view])
    dataset.AcquisitionContextSequence = Sequence([])


def _put_view(dataset: Dataset, spec: MammogramSpec, vendor: MammographyVendor) -> None:
    view = code_item(_OLD_VIEW_CODES[spec.view] if vendor.old_codes else spec.view.code)
    view.ViewModifierCodeSequence = Sequence([])
    dataset.ViewCodeSequence = Sequence([view])
    dataset.ViewPosition = str(spec.view)
    dataset.ImageLaterality = str(spec.laterality)
    dataset.AnatomicRegionSequence = Sequence([code_item(_OLD_BREAST if vendor.old_codes else _BREAST)])
    dataset.OrganExposed = "BREAST"
    dataset.BodyPartExamined = "BREAST"
    dataset.BreastImplantPresent = "NO"
    dataset.PartialView = "NO"


def _put_acquisition(dataset: Dataset, spec: MammogramSpec, vendor: MammographyVendor) -> None:
    dataset.PositionerType = "MAMMOGRAPHIC"
    dataset.PositionerPrimaryAngle = 0 if spec.view is View.CC else 45 if spec.laterality is Laterality.RIGHT else -45
    dataset.DetectorType = vendor.detector_type
    dataset.DetectorConfiguration = "AREA"
    dataset.DetectorID = vendor.equipment.serial
    dataset.KVP = "29"
    dataset.ExposureInuAs = 92000
    dataset.AnodeTargetMaterial = vendor.target
    dataset.FilterMaterial = vendor.filter_material
    dataset.FilterType = "STRIP"
    dataset.BodyPartThickness = round(spec.breast.thickness_mm, 1)
    dataset.CompressionForce = 110
    dataset.Grid = "RECIPROCATING"


def _put_calibration(dataset: Dataset, spec: MammogramSpec, file: MammogramFile) -> None:
    dataset.ImagerPixelSpacing = [_decimal(mm) for mm in spec.imager_mm]
    if file.calibration is Calibration.FACTOR:
        dataset.EstimatedRadiographicMagnificationFactor = _decimal(spec.magnification)
    elif file.calibration is Calibration.DISTANCES:
        dataset.DistanceSourceToDetector = _decimal(file.vendor.source_detector_mm)
        dataset.DistanceSourceToPatient = _decimal(file.vendor.source_detector_mm / spec.magnification)
    elif file.calibration is Calibration.CORRECTED:
        dataset.PixelSpacing = [_decimal(mm) for mm in spec.true_mm]
        dataset.PixelSpacingCalibrationType = "GEOMETRY"
        dataset.PixelSpacingCalibrationDescription = "Assumed depth of the middle of the breast"


def _decimal(number: float) -> str:
    """Shorten to what a Decimal String holds (16 characters)."""
    return f"{number:.10g}"


def _put_grey_scale(dataset: Dataset, file: MammogramFile) -> None:
    processing = file.intent is PresentationIntent.FOR_PROCESSING
    dark_is_dense = processing or file.inverted
    dataset.PhotometricInterpretation = "MONOCHROME1" if dark_is_dense else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if dark_is_dense else "IDENTITY"
    dataset.PixelIntensityRelationship = "LIN" if processing else "LOG"
    dataset.PixelIntensityRelationshipSign = 1 if dark_is_dense else -1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    if processing:
        return
    centre, width = file.vendor.window
    dataset.WindowCenter = (1 << PRESENTATION_BITS) - 1 - centre if file.inverted else centre
    dataset.WindowWidth = width


def _stored_pixels(phantom: MammogramPhantom, file: MammogramFile) -> tuple[NDArray[np.uint16], int]:
    if file.intent is PresentationIntent.FOR_PROCESSING:
        return phantom.raw, RAW_BITS
    if not file.inverted:
        return phantom.presentation, PRESENTATION_BITS
    inverted: NDArray[np.uint16] = np.uint16((1 << PRESENTATION_BITS) - 1) - phantom.presentation
    return inverted, PRESENTATION_BITS
