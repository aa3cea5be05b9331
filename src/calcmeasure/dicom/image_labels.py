"""Private labels that tell two images of one position and time apart; read from the files only when needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from calcmeasure.dicom.phase_keys import MrImage

PHILIPS_CREATOR = "Philips MR Imaging DD 005"
_LABEL_ELEMENT = 0x29
"""(2005,xx29) Label Type: CONTROL or LABEL of a spin-labelled pair."""
_FRAME_ELEMENT = 0x0F
"""(2005,xx0F) private attributes of one frame of an Enhanced object."""


def private_labels(images: Sequence[MrImage]) -> list[str]:
    """Philips label type of each image; empty text where there is none or the file cannot be read."""
    by_path = {path: _file_labels(path) for path in {image.frame.path for image in images}}
    return [_at(by_path[image.frame.path], image.frame.frame) for image in images]


def _file_labels(path: Path) -> list[str]:
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
    except (OSError, InvalidDicomError, ValueError):
        return []
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    return [_label(dataset)] if frames is None else [_frame_label(frame) for frame in frames]


def _frame_label(frame: Dataset) -> str:
    try:
        items = frame.private_block(0x2005, PHILIPS_CREATOR)[_FRAME_ELEMENT].value
    except KeyError:
        return ""
    return _label(items[0]) if items else ""


def _label(dataset: Dataset) -> str:
    # Which block is reserved differs between files; the creator's name does not.
    for block in dataset.private_creators(0x2005):
        try:
            value = dataset.private_block(0x2005, block)[_LABEL_ELEMENT].value
        except KeyError:
            continue
        if value in ("CONTROL", "LABEL"):
            return str(value)
    return ""


def _at(labels: Sequence[str], index: int) -> str:
    return labels[index] if index < len(labels) else ""
