"""What else lies in a hospital's export: scouts, derived series, and files that are no images at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dataset import SeriesInfo, StudyInfo, Syntax, UidFactory, save
from calcmeasure.phantom.dynamic.examination import DcePhantom
from calcmeasure.phantom.dynamic.headers import EQUIPMENT, MrSlice, new_mr_image, put_content_time
from calcmeasure.phantom.dynamic.plan import MrWriteOptions, Vendor, injection_clock
from calcmeasure.terms import Modality

NOTE = "Exported by the synthetic archive. This file is not an image; an index has to leave it out.\n"


def write_scout(
    phantom: DcePhantom, folder: Path, *, study: StudyInfo, uids: UidFactory, vendor: Vendor
) -> tuple[Path, ...]:
    """Write a coarse three-slice localizer taken before the dynamic series."""
    every = max(phantom.grid.shape[0] // 4, 1)
    picks = range(every, 3 * every + 1, every)
    slices = [MrSlice(phantom.phases[0, index], phantom.grid, index) for index in picks]
    return _write(slices, folder, series=_series(study, uids, vendor, "localizer"), uids=uids, phantom=phantom)


def write_subtraction(
    phantom: DcePhantom, folder: Path, *, study: StudyInfo, uids: UidFactory, vendor: Vendor
) -> tuple[Path, ...]:
    """Write the scanner's own subtraction of the middle slices: early phase minus pre-contrast, a derived series."""
    early, middle = phantom.still_phase, phantom.grid.shape[0] // 2
    slices = [
        MrSlice(_difference(phantom.phases[early, index], phantom.phases[0, index]), phantom.grid, index)
        for index in range(middle - 3, middle + 3)
    ]
    return _write(slices, folder, series=_series(study, uids, vendor, "subtraction"), uids=uids, phantom=phantom)


def write_projection(
    phantom: DcePhantom, folder: Path, *, study: StudyInfo, uids: UidFactory, vendor: Vendor
) -> tuple[Path, ...]:
    """Write a maximum intensity projection of the subtraction: one derived image."""
    early = phantom.still_phase
    highest = _difference(phantom.phases[early].max(axis=0), phantom.phases[0].max(axis=0))
    slices = [MrSlice(highest, _one_thick_slice(phantom.grid), 0)]
    return _write(slices, folder, series=_series(study, uids, vendor, "projection"), uids=uids, phantom=phantom)


_KINDS = {
    "localizer": (1, "3-plane localizer", ("ORIGINAL", "PRIMARY", "LOCALIZER")),
    "subtraction": (90, "SUB early - pre", ("DERIVED", "SECONDARY", "SUBTRACTION")),
    "projection": (91, "MIP SUB", ("DERIVED", "SECONDARY", "MIP")),
}


def _series(study: StudyInfo, uids: UidFactory, vendor: Vendor, kind: str) -> SeriesInfo:
    number, description, _ = _KINDS[kind]
    return SeriesInfo(
        study, uids(study.study_uid, kind), number, Modality.MR, EQUIPMENT[vendor], description=description
    )


def _write(
    slices: list[MrSlice], folder: Path, *, series: SeriesInfo, uids: UidFactory, phantom: DcePhantom
) -> tuple[Path, ...]:
    kind = next(kind for kind, (number, _, _) in _KINDS.items() if number == series.number)
    image_type = _KINDS[kind][2]
    offset_s = -300.0 if kind == "localizer" else phantom.timings[-1].start_s + 240.0
    moment = injection_clock(phantom, series.study, MrWriteOptions()) + timedelta(seconds=offset_s)
    paths = []
    for number, image in enumerate(slices, start=1):
        dataset = new_mr_image(
            series,
            image,
            sop_uid=uids(series.series_uid, number),
            number=number,
            reference_uid=uids(series.study.study_uid, "frame of reference"),
        )
        dataset.ImageType = list(image_type)
        put_content_time(dataset, moment)
        paths.append(save(dataset, folder / f"{kind}-{number}.dcm", syntax=Syntax.EXPLICIT_LE))
    return tuple(paths)


def _difference(late: NDArray[np.uint16], early: NDArray[np.uint16]) -> NDArray[np.uint16]:
    difference: NDArray[np.uint16] = np.where(late > early, late - early, 0).astype(np.uint16)
    return difference


def _one_thick_slice(grid: ImageGrid) -> ImageGrid:
    return replace(grid, shape=(1, *grid.shape[1:]))
