"""napari's door: a file or folder dropped on the canvas becomes layers in millimetres."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from calcmeasure.errors import DicomReadError, ErrorCode
from napari_calcmeasure.layers import LayerData

PREAMBLE = 128
LOOK_AT_FILES = 200
"""A folder whose first files hold no DICOM is left to other readers: the answer must be quick."""

PathOrPaths = str | os.PathLike[str] | Sequence[str]
Reader = Callable[[PathOrPaths], list[LayerData]]


def get_reader(path: PathOrPaths) -> Reader | None:
    """Offer to read DICOM files and folders with DICOM files.

    Parameters
    ----------
    path
        What was dropped.

    Returns
    -------
    callable or None
        None, quickly, when there is no DICOM file among the first ones.
    """
    files = itertools.islice(_files(_paths(path)), LOOK_AT_FILES)
    return read_layers if any(_is_dicom(file) for file in files) else None


def read_layers(path: PathOrPaths) -> list[LayerData]:
    """Read the first examination found: its mammograms, hung, or its dynamic series.

    Parameters
    ----------
    path
        Files or folders.

    Raises
    ------
    DicomReadError
        When there is no mammogram or dynamic series; when none of its images can be shown.
    """
    from calcmeasure.dicom.index import index_folder
    from napari_calcmeasure.cases import list_cases
    from napari_calcmeasure.hanging import hang

    index = index_folder(_paths(path))
    cases = list_cases(index)
    if not cases:
        first = index.skipped[0] if index.skipped else None
        reason = f": {first.reason}" if first else ""
        raise DicomReadError(f"no mammogram or dynamic MR{reason}", code=first.code if first else ErrorCode.NOT_DICOM)
    hanging = hang(cases[0].items[0])
    if not hanging.layers:
        raise DicomReadError(" ".join(hanging.problems), code=ErrorCode.PIXELS)
    return list(hanging.layers)


def _paths(path: PathOrPaths) -> list[Path]:
    return [Path(path)] if isinstance(path, (str, os.PathLike)) else [Path(one) for one in path]


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            for folder, subfolders, names in os.walk(path):
                subfolders.sort()
                yield from (Path(folder, name) for name in sorted(names))
        else:
            yield path


def _is_dicom(path: Path) -> bool:
    """Whether the file carries DICOM's magic word; one named .dcm may do without."""
    try:
        with path.open("rb") as file:
            head = file.read(PREAMBLE + 4)
    except OSError:
        return False
    return head[PREAMBLE:] == b"DICM" or (path.suffix.lower() in (".dcm", ".dicom") and bool(head))
