"""What a DICOM object is, from its SOP class, modality and image type: measured here, or left out with a reason."""

from __future__ import annotations

import re
from functools import lru_cache

from calcmeasure.dicom.header import Header
from calcmeasure.errors import DicomReadError, ErrorCode
from calcmeasure.model.imaging import Skipped
from calcmeasure.terms import Modality

DICOMDIR_CLASS = "1.2.840.10008.1.3.10"
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_TOMOSYNTHESIS_CLASSES = {_STORAGE + "13.1.3", _STORAGE + "13.1.4", _STORAGE + "13.1.5"}
_SEGMENTATION_CLASSES = {_STORAGE + end for end in ("66.4", "66.5", "66.7", "30")}
_NOT_IMAGE_PREFIXES = tuple(
    _STORAGE + end for end in ("9.", "11.", "66", "67", "68.", "78.", "79.", "80.", "88.", "104.")
)
_NOT_IMAGE_MODALITIES = {
    "SR", "PR", "KO", "RTPLAN", "RTSTRUCT", "RTRECORD", "DOC", "AU", "ECG", "REG", "RWV", "FID", "PLAN",
}  # fmt: skip
_FILM_MODALITIES = {"RG", "CR", "DX", "OT"}
_MAMMOGRAPHIC_VIEWS = {"CC", "MLO", "ML", "LM", "LMO", "XCCL", "XCCM"}
_SCOUT_WORDS = {
    "LOCALIZER",
    "LOCALISER",
    "LOC",
    "SCOUT",
    "SURVEY",
    "PILOT",
    "PLAN_SCAN",
    "TOPOGRAM",
    "3PLANE",
    "AAHSCOUT",
}
_DERIVED_WORDS = {
    "SUB", "SUBS", "SUBTRACT", "SUBTRACTED", "SUBTRACTION", "MIP", "MIPS", "MPR", "PROJECTION", "CAD", "CADSTREAM",
    "DYNACAD",
    "WASHIN", "WASHOUT", "TTP", "PEI", "SER", "KTRANS", "COLORMAP", "ANGIOMAP", "POSI", "REFORMAT", "REFORMATTED",
}  # fmt: skip
_DERIVED_TYPES = {
    "SUBTRACT", "SUBTRACTION", "MIP", "MNIP", "MPR", "PROJECTION", "PROJECTION IMAGE", "MAX_IP", "MIN_IP", "MEAN_IP",
    "CSA MIP", "CSA MPR", "PERFUSION_MAP", "TTP", "ADC", "TRACEW", "CAD", "SCREEN SAVE", "RESAMPLED",
}  # fmt: skip
_NOT_DYNAMIC_WORDS = {
    "T2", "T2W", "STIR", "TIRM", "FLAIR", "DWI", "DTI", "ADC", "DIFF", "DIFFUSION", "TRACE", "TRACEW", "SPECTRO", "MRS",
    "CALIBRATION", "ASSET", "SHIM",
}  # fmt: skip
_BREAST_REGIONS = {"BREAST", "BREASTS", "MAMMA", "MAMMARY", "CHEST", "THORAX"}
_STEREO_WORDS = {"STEREO", "STEREOTACTIC", "STEREOTAXIS", "SPECIMEN"}
_SYNTHETIC_WORDS = {"GENERATED_2D", "TOMO_2D", "SYNTHETIC", "C-VIEW", "CVIEW", "V-PREVIEW", "INSIGHT2D", "S-VIEW"}


def sort_object(header: Header) -> Modality | Skipped:
    """Decide what a DICOM object is for.

    Parameters
    ----------
    header
        Of any DICOM file.

    Returns
    -------
    Modality or Skipped
        ``MG`` or ``MR`` for an acquired image of that kind; otherwise the reason it is left out.
    """
    try:
        _refuse_non_images(header)
        _refuse_anonymous(header)
        modality = _image_modality(header)
        _refuse_colour(header)
        (_refuse_mammogram if modality is Modality.MG else _refuse_mr)(header)
    except DicomReadError as error:
        return Skipped(header.path, error.code, error.message)
    return modality


def shows_breast(header: Header) -> bool:
    """Whether the header allows that the breast was imaged: only a stated other body part speaks against it."""
    words = words_of(header.text("BodyPartExamined")) - {""}
    return not words or bool(words & _BREAST_REGIONS)


@lru_cache(maxsize=4096)
def words_of(text: str) -> frozenset[str]:
    """Upper-case words of a description, split at anything but letters and digits; joined forms are kept too."""
    upper = text.upper()
    return frozenset(re.split(r"[^A-Z0-9]+", upper)) | frozenset(re.split(r"[^A-Z0-9_-]+", upper))


def _refuse_non_images(header: Header) -> None:
    sop_class, modality = header.text("SOPClassUID"), header.text("Modality")
    if sop_class == DICOMDIR_CLASS or "DirectoryRecordSequence" in header:
        raise DicomReadError("a DICOMDIR; the folder itself was walked", code=ErrorCode.DICOMDIR)
    if sop_class in _SEGMENTATION_CLASSES or modality == "SEG":
        raise DicomReadError("a segmentation or parametric map, not an acquired image", code=ErrorCode.SEGMENTATION)
    if sop_class.startswith(_NOT_IMAGE_PREFIXES) or modality in _NOT_IMAGE_MODALITIES:
        raise DicomReadError(f"no image to measure (modality {modality or 'absent'})", code=ErrorCode.NOT_IMAGE)


def _refuse_anonymous(header: Header) -> None:
    if not header.text("Modality"):
        raise DicomReadError("the object states no modality", code=ErrorCode.MODALITY)
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not header.text(keyword):
            raise DicomReadError(f"{keyword} is missing", code=ErrorCode.NO_SOP_UID)


def _image_modality(header: Header) -> Modality:
    modality = header.text("Modality")
    if modality in ("MG", "MR"):
        if not (header.text("Rows") and header.text("Columns")):
            raise DicomReadError("no Rows or Columns: not an image", code=ErrorCode.NOT_IMAGE)
        return Modality(modality)
    if modality in _FILM_MODALITIES and _is_breast_projection(header):
        return Modality.MG
    raise DicomReadError(f"modality {modality[:16]} is not measured", code=ErrorCode.MODALITY)


def _is_breast_projection(header: Header) -> bool:
    """Recognise a mammogram archived under another modality: computed radiography or a digitised film."""
    body = header.text("BodyPartExamined") == "BREAST" or header.text("OrganExposed") == "BREAST"
    return body and header.text("ViewPosition").upper() in _MAMMOGRAPHIC_VIEWS


def _refuse_colour(header: Header) -> None:
    photometric = header.text("PhotometricInterpretation")
    if (header.integer("SamplesPerPixel") or 1) > 1 or photometric.startswith(("RGB", "YBR", "PALETTE")):
        raise DicomReadError("a colour image (map, screen capture or report page)", code=ErrorCode.PHOTOMETRIC)


def _refuse_mammogram(header: Header) -> None:
    types = {t.upper() for t in header.texts("ImageType")}
    words = _description_words(header) | types
    if words & _SYNTHETIC_WORDS or _is_volumetric(header):
        _refuse_tomosynthesis(header)
    if _is_stereo(header, words):
        raise DicomReadError("a stereotactic, biopsy or specimen image", code=ErrorCode.STEREO)
    if "CAD" in words or "RECOMBINED" in types or "SUBTRACTION" in types:
        raise DicomReadError("a derived image (CAD overlay or contrast subtraction)", code=ErrorCode.DERIVED)


def _is_volumetric(header: Header) -> bool:
    volumetric = "VOLUME" in (header.text("VolumetricProperties"), *header.texts("ImageType"))
    return (
        header.text("SOPClassUID") in _TOMOSYNTHESIS_CLASSES
        or volumetric
        or (header.integer("NumberOfFrames") or 1) > 1
        or "TOMOSYNTHESIS" in header.texts("ImageType")
    )


def _refuse_tomosynthesis(header: Header) -> None:
    if (header.integer("NumberOfFrames") or 1) > 1:
        raise DicomReadError(
            "a tomosynthesis or multi-frame object: the extent is defined on a single projection",
            code=ErrorCode.MODALITY,
        )
    raise DicomReadError(
        "a slice or synthetic projection of tomosynthesis: calcifications are enhanced in it", code=ErrorCode.DERIVED
    )


def _is_stereo(header: Header, words: set[str]) -> bool:
    specimen_code = any(i.text("CodeValue") in ("127457009", "G-8310") for i in header.items("ViewCodeSequence"))
    angled = any(t.startswith("STEREO") for t in words)
    return specimen_code or angled or bool(words & _STEREO_WORDS)


def _refuse_mr(header: Header) -> None:
    types = tuple(t.upper() for t in header.texts("ImageType"))
    description = words_of(header.text("SeriesDescription") or header.text("ProtocolName"))
    if "LOCALIZER" in types or description & _SCOUT_WORDS:
        raise DicomReadError("a localizer or scout image", code=ErrorCode.SCOUT)
    if "DERIVED" in types[:1] or set(types) & _DERIVED_TYPES or description & _DERIVED_WORDS:
        raise DicomReadError("a derived image: subtraction, projection, map or copy", code=ErrorCode.DERIVED)
    if description & _NOT_DYNAMIC_WORDS or (header.number("DiffusionBValue") or 0.0) > 0.0:
        raise DicomReadError("not a contrast-enhanced T1 series by its description", code=ErrorCode.NOT_DYNAMIC)


def _description_words(header: Header) -> set[str]:
    keywords = ("SeriesDescription", "StudyDescription", "AcquisitionDeviceProcessingDescription", "ProtocolName")
    return set[str]().union(*(words_of(header.text(k)) for k in keywords)) | words_of(header.text("PositionerType"))
