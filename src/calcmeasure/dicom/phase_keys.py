"""What one MR image says about its place, time and kind, and the attributes that may split images into phases."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.times import Moment, elapsed_s, moment, parse_datetime, parse_offset_s
from calcmeasure.model.imaging import FrameReference

MERGE_WITHIN_S = 2.0
"""Clock times closer than this belong to one phase when the exact values do not split the images."""

PHASE_KEYWORDS = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription",
    "SeriesDate", "SeriesTime", "InstanceNumber", "Manufacturer", "ImageType", "NumberOfFrames", "Rows", "Columns",
    "FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness",
    "TemporalPositionIdentifier", "NumberOfTemporalPositions", "TriggerTime", "AcquisitionNumber",
    "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "AcquisitionDuration", "ContentDate", "ContentTime",
    "TimezoneOffsetFromUTC", "EchoTime", "FlipAngle", "DiffusionBValue", "ComplexImageComponent", "RescaleSlope",
    "ContrastBolusAgent", "ContrastBolusStartTime",
)  # fmt: skip
"""Attributes this module and its users read of a classic image; an Enhanced one needs its functional groups as well."""

_ENHANCED_NAMES = {
    "FrameAcquisitionDateTime": "AcquisitionDateTime",
    "TemporalPositionIndex": "TemporalPositionIdentifier",
    "EffectiveEchoTime": "EchoTime",
    "FrameType": "ImageType",
    "FrameAcquisitionNumber": "AcquisitionNumber",
    "NominalCardiacTriggerDelayTime": "TriggerTime",
}
_COMPONENTS = {"M": "magnitude", "P": "phase", "R": "real", "I": "imaginary", "PHASE MAP": "phase", "MIXED": "mixed"}
_FAT_WATER = {
    "W": "water", "WATER": "water", "F": "fat", "FAT": "fat", "IP": "in-phase", "IN_PHASE": "in-phase",
    "OP": "opposed-phase", "OPP_PHASE": "opposed-phase", "OUT_PHASE": "opposed-phase",
}  # fmt: skip
_PHASE_WORDS = re.compile(
    r"\b(pre|post|phase|ph|dyn|dynamic|multiphase|multi|contrast|without|with|wo|w|gad|gado|gd|non|unenhanced|"
    r"enhanced|early|late|delay|delayed|first|second|third|fourth|fifth|sixth|st|nd|rd|th|min|sec|s|c|con|bolus)\b"
)


@dataclass(frozen=True, slots=True)
class MrImage:
    """One 2-D MR image with its attributes at one level.

    Parameters
    ----------
    frame
        Where the pixels are.
    header
        Classic attributes; of an Enhanced frame, its functional groups merged under the classic keywords.
    enhanced
        Whether it is a frame of an Enhanced object.
    """

    frame: FrameReference
    header: Header
    enhanced: bool = False


def mr_images(header: Header) -> tuple[MrImage, ...]:
    """Take the images of one file apart: itself, or every frame of an Enhanced object.

    Per-frame values come before shared ones, and shared ones before those of the whole object (PS3.3 C.7.6.16).
    """
    sop_uid = header.text("SOPInstanceUID")
    frames = header.items("PerFrameFunctionalGroupsSequence")
    if not frames:
        return (MrImage(FrameReference(header.path, sop_uid), header),)
    shared = {
        **header.values,
        **_contrast_values(header),
        **_group_values(header.item("SharedFunctionalGroupsSequence")),
    }
    return tuple(
        MrImage(
            FrameReference(header.path, sop_uid, number),
            Header(header.path, header.transfer_syntax, {**shared, **_group_values(item)}),
            enhanced=True,
        )
        for number, item in enumerate(frames)
    )


def description_stem(description: str) -> str:
    """Series description without the words and numbers that tell phases apart.

    Examples
    --------
    >>> description_stem("Ph1/ax 3d dyn"), description_stem("AX 3D DYN PRE")
    ('ax 3d', 'ax 3d')
    """
    text = re.sub(r"[^a-z0-9]+", " ", description.lower().replace("w/o", "wo"))
    text = re.sub(r"\b(ph|phase|dyn|post|pre|p)?\d+(st|nd|rd|th|min|sec|s)?\b", " ", text)
    return " ".join(_PHASE_WORDS.sub(" ", text).split())


def image_component(header: Header) -> str:
    """Which of several pictures of one acquisition this is: magnitude, phase, ... and water, fat, in/opposed phase."""
    tokens = [t.upper() for t in (*header.texts("ImageType")[2:], header.text("ComplexImageComponent"))]
    component = next((name for token in tokens if (name := _component(token))), "magnitude")
    fat_water = next((_FAT_WATER[token] for token in tokens if token in _FAT_WATER), "")
    return f"{component} {fat_water}".strip()


@dataclass(frozen=True, slots=True)
class PhaseKey:
    """An attribute that may tell phases apart.

    Parameters
    ----------
    name
        Keyword, as it goes into the record.
    labels
        Gives each image its group, as a sortable number or text; None when the attribute cannot be used.
    """

    name: str
    labels: Callable[[Sequence[MrImage]], list[float] | list[str] | None]


def clock_moments(images: Sequence[MrImage], *, keyword: str) -> list[Moment] | None:
    """Points in time of all images by one attribute; None unless every image has a readable one."""
    moments = [image_moment(image.header, keyword=keyword) for image in images]
    found = [m for m in moments if m is not None]
    return found if found and len(found) == len(moments) else None


def image_moment(header: Header, *, keyword: str) -> Moment | None:
    """Point in time of one image by ``AcquisitionDateTime`` or by a time keyword with its date."""
    text = header.text(keyword)
    if not text:
        return None
    offset_s = parse_offset_s(header.text("TimezoneOffsetFromUTC"))
    if keyword.endswith("DateTime"):
        return parse_datetime(text, offset_s=offset_s)
    return moment(text, header.text(keyword.removesuffix("Time") + "Date"), offset_s=offset_s)


def trigger_times_s(images: Sequence[MrImage]) -> list[float] | None:
    """Trigger Time in seconds; None when it is absent.

    Some series carry none on their first images. Those count as 0 if they are also first by Instance Number;
    otherwise nothing is known about them and the attribute is not used.
    """
    values = [image.header.number("TriggerTime") for image in images]
    missing = [
        image.header.integer("InstanceNumber") for image, value in zip(images, values, strict=True) if value is None
    ]
    present = [
        image.header.integer("InstanceNumber") for image, value in zip(images, values, strict=True) if value is not None
    ]
    if not present:
        return None
    if missing and not _all_before(missing, present):
        return None
    return [0.0 if value is None else value / 1000.0 for value in values]


def _numbers(keyword: str) -> PhaseKey:
    def labels(images: Sequence[MrImage]) -> list[float] | None:
        values = [image.header.number(keyword) for image in images]
        found = [v for v in values if v is not None]
        return found if len(found) == len(values) else None

    return PhaseKey(keyword, labels)


def _clock(keyword: str, *, merge_s: float = 0.0) -> PhaseKey:
    def labels(images: Sequence[MrImage]) -> list[float] | None:
        moments = clock_moments(images, keyword=keyword)
        seconds = elapsed_s(moments) if moments else None
        return None if seconds is None else merge_close(seconds[0], within_s=merge_s)

    return PhaseKey(f"{keyword} (merged within {merge_s:g} s)" if merge_s else keyword, labels)


def merge_close(seconds: Sequence[float], *, within_s: float) -> list[float]:
    """Replace each time by the first of its run, where a run's neighbours are less than `within_s` apart."""
    first: dict[float, float] = {}
    start = previous = float("-inf")
    for value in sorted(set(seconds)):
        if value - previous >= within_s:
            start = value
        first[value] = start
        previous = value
    return [first[s] for s in seconds]


def _series_uids(images: Sequence[MrImage]) -> list[str]:
    return [image.header.text("SeriesInstanceUID") for image in images]


PHASE_KEYS: tuple[PhaseKey, ...] = (
    _numbers("TemporalPositionIdentifier"),
    PhaseKey("TriggerTime", trigger_times_s),
    _numbers("AcquisitionNumber"),
    _clock("AcquisitionDateTime"),
    _clock("AcquisitionTime"),
    _clock("AcquisitionDateTime", merge_s=MERGE_WITHIN_S),
    _clock("AcquisitionTime", merge_s=MERGE_WITHIN_S),
    _numbers("TemporalPositionTimeOffset"),
    _clock("ContentTime"),
    _clock("ContentTime", merge_s=MERGE_WITHIN_S),
    PhaseKey("SeriesInstanceUID", _series_uids),
)
"""In the order they are tried: what the acquisition states first, what reconstruction and storage left behind last."""


def _group_values(item: Header) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for macro in item.sequences.values():
        for keyword, value in (macro[0].values if macro else {}).items():
            values[_ENHANCED_NAMES.get(keyword, keyword)] = value
    duration_ms = item.item("FrameContentSequence").number("FrameAcquisitionDuration")
    if duration_ms is not None:
        values["AcquisitionDuration"] = (str(duration_ms / 1000.0),)
    return values


def _contrast_values(header: Header) -> dict[str, tuple[str, ...]]:
    """Injection time of an Enhanced object: it hides in the administration profile of its contrast agent."""
    for agent in header.items("ContrastBolusAgentSequence"):
        for profile in agent.items("ContrastAdministrationProfileSequence"):
            if profile.text("ContrastBolusStartTime"):
                return {"ContrastBolusStartTime": profile.texts("ContrastBolusStartTime")}
    return {}


def _component(token: str) -> str:
    if token in ("MAGNITUDE", "PHASE", "REAL", "IMAGINARY"):
        return token.lower()
    return _COMPONENTS.get(token) or _COMPONENTS.get(token.split("_")[0] if token[1:2] == "_" else "", "")


def _all_before(earlier: Sequence[int | None], later: Sequence[int | None]) -> bool:
    known_earlier = [n for n in earlier if n is not None]
    known_later = [n for n in later if n is not None]
    complete = len(known_earlier) == len(earlier) and len(known_later) == len(later)
    return complete and max(known_earlier) < min(known_later)
