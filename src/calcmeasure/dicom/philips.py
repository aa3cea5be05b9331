"""Private Philips attributes, read from the files only when nothing public decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from calcmeasure.dicom.phase_keys import MrImage

_GROUP = 0x2005
_CREATOR = "Philips MR Imaging DD"
_LABEL_TYPE = 0x29
"""(2005,xx29): CONTROL or LABEL of a spin-labelled pair."""
_SCALE_SLOPE = 0x0E
"""(2005,xx0E): what display values are to be divided by, together with the rescale slope."""
_FRAME_ATTRIBUTES = 0x0F
"""(2005,xx0F): private attributes of one frame of an Enhanced object."""


def label_types(images: Sequence[MrImage]) -> list[str]:
    """Label type of each image; empty text where there is none or the file cannot be read."""
    by_path = {path: _read_frames(path) for path in {image.frame.path for image in images}}
    datasets = [_at(by_path[image.frame.path], image.frame.frame) for image in images]
    values = [set(_private_values(dataset, _LABEL_TYPE)) & {"CONTROL", "LABEL"} for dataset in datasets]
    return [str(next(iter(value), "")) for value in values]


def scale_slopes(path: Path, *, frames: Sequence[int]) -> list[float | None]:
    """Scale slope of each frame of a file; None where there is none or the file cannot be read."""
    datasets = _read_frames(path)
    return [_positive(_private_values(_at(datasets, frame), _SCALE_SLOPE)) for frame in frames]


def _read_frames(path: Path) -> list[Dataset]:
    """Read the data sets that hold the private attributes: of the file, or of each frame."""
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
    except (OSError, InvalidDicomError, ValueError):
        return []
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    return [dataset] if frames is None else [_frame_dataset(frame) for frame in frames]


def _frame_dataset(frame: Dataset) -> Dataset:
    items = next(iter(_private_values(frame, _FRAME_ATTRIBUTES)), None)
    return items[0] if isinstance(items, pydicom.Sequence) and items else Dataset()


def _private_values(dataset: Dataset, element: int) -> Iterator[object]:
    """Values of one element offset in each private block: which block holds it differs between releases."""
    for creator in dataset.private_creators(_GROUP):
        if creator.startswith(_CREATOR):
            block = dataset.private_block(_GROUP, creator)
            if element in block:
                yield block[element].value


def _positive(values: Iterator[object]) -> float | None:
    numbers = [float(value) for value in values if isinstance(value, (int, float))]
    return next((number for number in numbers if number > 0), None)


def _at(datasets: Sequence[Dataset], index: int) -> Dataset:
    return datasets[index] if index < len(datasets) else Dataset()
