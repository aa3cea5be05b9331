"""napari's door: a file or folder dropped on the canvas becomes layers in millimetres."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.errors import DicomReadError, ErrorCode
from napari_calcmeasure.display.panel import LayerData

if TYPE_CHECKING:
    from napari_calcmeasure.cases import Item

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

    index = index_folder(_paths(path))
    cases = list_cases(index)
    if not cases:
        first = index.skipped[0] if index.skipped else None
        reason = f": {first.reason}" if first else ""
        raise DicomReadError(f"no mammogram or dynamic MR{reason}", code=first.code if first else ErrorCode.NOT_DICOM)
    return layers_of(cases[0].items[0])


def layers_of(item: Item) -> list[LayerData]:
    """Load an examination as plain layers: mammograms hung, a dynamic series with its subtraction hidden.

    Raises
    ------
    DicomReadError
        When none of its images can be shown.
    """
    from napari_calcmeasure.display.hanging import Look, Pictures
    from napari_calcmeasure.jobs import Progress

    pictures = Pictures()
    look = pictures.settle(Look(), item, prior=None)
    hanging = pictures.hang(item, prior=None, look=look, reading=None, progress=Progress(item.title))
    if not hanging.panels:
        raise DicomReadError(" ".join(hanging.problems), code=ErrorCode.PIXELS)
    # Layers of a reader lie on each other: in a grid only the first is seen, the others are a click away.
    seen = [hanging.grid is None or place == 0 for place in range(len(hanging.panels))]
    images = (panel.image for panel in hanging.panels)
    return [
        (data, {**keywords, "visible": shown}, kind) for (data, keywords, kind), shown in zip(images, seen, strict=True)
    ]


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
