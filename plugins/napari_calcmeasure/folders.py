"""A folder with DICOM as a case list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from calcmeasure.errors import DicomReadError, ErrorCode
from calcmeasure.model.imaging import FolderIndex
from napari_calcmeasure.cases import Case, list_cases
from napari_calcmeasure.jobs import Progress
from napari_calcmeasure.reading.worklist import reading_order


def read_cases(source: Path, progress: Progress) -> tuple[FolderIndex, tuple[Case, ...]]:
    """Index a folder into a case list.

    Raises
    ------
    DicomReadError
        When nothing in it can be shown.
    """
    from calcmeasure.dicom.index import index_folder
    from calcmeasure.pipeline.identity import with_distinct_ids

    index = with_distinct_ids(index_folder([source], on_progress=progress.report))
    cases = list_cases(index)
    if not cases:
        code = index.skipped[0].code if len(index.skipped) == 1 else ErrorCode.NOT_DICOM
        reason = f": {index.skipped[0].reason}" if len(index.skipped) == 1 else ""
        raise DicomReadError(f"no mammogram or dynamic MR among {index.counts['seen']} files{reason}", code=code)
    return index, cases


def in_reading_order(cases: Sequence[Case], *, seed: int | None) -> tuple[Case, ...]:
    """Put a case list in the order it is read: as it is, or shuffled with a seed, the same on every computer."""
    order = reading_order([case.patient_id for case in cases], seed=seed)
    by_id = {case.patient_id: case for case in cases}
    return tuple(by_id[patient_id] for patient_id in order)
