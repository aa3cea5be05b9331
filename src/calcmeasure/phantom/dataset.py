"""DICOM data sets for synthetic images: the modules every writer shares, and files that are the same on every run.

Modules follow PS3.3: Patient C.7.1.1, General Study C.7.2.1, General Series C.7.3.1, General Equipment C.7.5.1,
Image Pixel C.7.6.3, SOP Common C.12.1. UIDs are derived from a seed and labels, so nothing depends on the clock.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from calcmeasure.terms import ConceptCode, Modality

IMPLEMENTATION_UID = "2.25.263412018355284096713458210994571820411"
"""Implementation Class UID of files written here."""
IMPLEMENTATION_NAME = "CALCMEASURE_PH"


class Syntax(StrEnum):
    """Transfer syntaxes that can be written; all of them lossless."""

    EXPLICIT_LE = "1.2.840.10008.1.2.1"
    IMPLICIT_LE = "1.2.840.10008.1.2"
    RLE = "1.2.840.10008.1.2.5"
    JPEG_LS = "1.2.840.10008.1.2.4.80"
    JPEG_2000 = "1.2.840.10008.1.2.4.90"

    @property
    def is_compressed(self) -> bool:
        """Whether pixels are encapsulated."""
        return self not in (Syntax.EXPLICIT_LE, Syntax.IMPLICIT_LE)


@dataclass(frozen=True, slots=True)
class UidFactory:
    """Unique identifiers that depend on a seed and on labels only.

    Parameters
    ----------
    seed
        Any integer; another seed gives other identifiers.

    Examples
    --------
    >>> UidFactory(1)("CM-0001", "study") == UidFactory(1)("CM-0001", "study")
    True
    """

    seed: int

    def __call__(self, *labels: object) -> str:
        """Return an identifier below the root 2.25 (PS3.5 B.2), the same for the same labels."""
        text = "\x1f".join(str(part) for part in ("calcmeasure phantom", self.seed, *labels))
        return f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], 'big')}"


@dataclass(frozen=True, slots=True)
class PatientInfo:
    """Whose images these are (a person that does not exist)."""

    patient_id: str
    name: str
    birth_date: date = date(1970, 1, 1)
    sex: str = "F"


@dataclass(frozen=True, slots=True)
class StudyInfo:
    """One visit to one modality.

    Parameters
    ----------
    study_time
        HHMMSS.
    """

    patient: PatientInfo
    study_uid: str
    study_date: date
    study_time: str = "090000"
    study_id: str = "1"
    accession: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Equipment:
    """The machine the header claims to come from."""

    manufacturer: str
    model: str
    software: str = "1.0"
    serial: str = "SYN0001"
    station: str = "PHANTOM"
    institution: str = "Synthetic Hospital"


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One series of a study.

    Parameters
    ----------
    series_time
        HHMMSS or HHMMSS.FFFFFF; the study's time when empty.
    """

    study: StudyInfo
    series_uid: str
    number: int
    modality: Modality
    equipment: Equipment
    description: str = ""
    protocol: str = ""
    series_time: str = ""


def new_dataset(series: SeriesInfo, *, sop_class_uid: str, sop_uid: str, instance_number: int) -> Dataset:
    """Start an image: patient, study, series, equipment, SOP common and an instance number.

    Returns
    -------
    Dataset
        Without pixels; the caller adds the modules of its own kind of image, then `set_pixels` and `save`.
    """
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = sop_uid
    dataset.InstanceNumber = instance_number
    _put_patient(dataset, series.study.patient)
    _put_study(dataset, series.study)
    _put_series(dataset, series)
    _put_equipment(dataset, series.equipment)
    return dataset


def set_pixels(dataset: Dataset, frames: NDArray[np.integer], *, bits_stored: int) -> None:
    """Add the Image Pixel module for unsigned or signed 16-bit grey pixels, MONOCHROME2 unless already said otherwise.

    Parameters
    ----------
    frames
        (rows, columns), or (n, rows, columns) for a multi-frame image. A signed type gives Pixel Representation 1.
    bits_stored
        1 to 16.

    Raises
    ------
    ValueError
        If a value does not fit into `bits_stored`, or the array has another number of dimensions.
    """
    if frames.ndim not in (2, 3):
        raise ValueError(f"frames must have two or three dimensions, got {frames.ndim}")
    signed = bool(np.issubdtype(frames.dtype, np.signedinteger))
    low, high = (-(1 << bits_stored - 1), (1 << bits_stored - 1) - 1) if signed else (0, (1 << bits_stored) - 1)
    if frames.size and (int(frames.min()) < low or int(frames.max()) > high):
        raise ValueError(f"pixel values leave the range {low} to {high} of {bits_stored} bits")
    if frames.ndim == 3:
        dataset.NumberOfFrames = frames.shape[0]
    dataset.Rows, dataset.Columns = frames.shape[-2:]
    dataset.SamplesPerPixel = 1
    if "PhotometricInterpretation" not in dataset:
        dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits_stored, bits_stored - 1
    dataset.PixelRepresentation = int(signed)
    dataset.PixelData = np.ascontiguousarray(frames, dtype="<i2" if signed else "<u2").tobytes()
    dataset["PixelData"].VR = "OW"


def save(dataset: Dataset, path: Path, *, syntax: Syntax = Syntax.EXPLICIT_LE) -> Path:
    """Write a Part 10 file: zero preamble, fixed file meta information, pixels in the asked transfer syntax.

    Parameters
    ----------
    dataset
        With uncompressed pixels; compressed in place when the syntax asks for it.
    path
        Its folder is made when missing.

    Returns
    -------
    Path
        `path`.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_NAME
    start = Syntax.EXPLICIT_LE if syntax.is_compressed else syntax
    meta.TransferSyntaxUID = UID(start.value)
    dataset.file_meta = meta
    if syntax.is_compressed:
        # Without the keyword pydicom would give the instance a new random UID.
        dataset.compress(syntax.value, generate_instance_uid=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    dcmwrite(path, dataset, enforce_file_format=True)
    return path


def code_item(code: ConceptCode) -> Dataset:
    """One item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item


def dicom_date(day: date) -> str:
    """Write a date as DICOM does.

    Examples
    --------
    >>> dicom_date(date(2024, 3, 5))
    '20240305'
    """
    return day.strftime("%Y%m%d")


def _put_patient(dataset: Dataset, patient: PatientInfo) -> None:
    dataset.PatientName = patient.name
    dataset.PatientID = patient.patient_id
    dataset.PatientBirthDate = dicom_date(patient.birth_date)
    dataset.PatientSex = patient.sex
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Synthetic image; no person"


def _put_study(dataset: Dataset, study: StudyInfo) -> None:
    dataset.StudyInstanceUID = study.study_uid
    dataset.StudyDate = dicom_date(study.study_date)
    dataset.StudyTime = study.study_time
    dataset.StudyID = study.study_id
    dataset.AccessionNumber = study.accession
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = study.description


def _put_series(dataset: Dataset, series: SeriesInfo) -> None:
    dataset.SeriesInstanceUID = series.series_uid
    dataset.SeriesNumber = series.number
    dataset.Modality = str(series.modality)
    dataset.SeriesDescription = series.description
    dataset.SeriesDate = dicom_date(series.study.study_date)
    dataset.SeriesTime = series.series_time or series.study.study_time
    if series.protocol:
        dataset.ProtocolName = series.protocol


def _put_equipment(dataset: Dataset, equipment: Equipment) -> None:
    dataset.Manufacturer = equipment.manufacturer
    dataset.ManufacturerModelName = equipment.model
    dataset.SoftwareVersions = equipment.software
    dataset.DeviceSerialNumber = equipment.serial
    dataset.StationName = equipment.station
    dataset.InstitutionName = equipment.institution
