"""What else lies in a breast MR study and must not be measured: a localizer, a subtraction, a projection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from scipy.ndimage import zoom

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.phantom.dataset import SeriesInfo, StudyInfo, Syntax, UidFactory, save
from calcmeasure.phantom.dce import DcePhantom
from calcmeasure.phantom.mr_headers import EQUIPMENT, MrSlice, new_mr_image, put_content_time
from calcmeasure.phantom.mr_plan import MrWriteOptions, Vendor, injection_clock
from calcmeasure.terms import Modality

_PLANES = {"axial": (0, 1, 2), "sagittal": (2, 0, 1), "coronal": (1, 0, 2)}
"""Per plane: which volume axis is the slice, row and column direction."""
_LOCALIZER_STEP_MM = 3.0


@dataclass(frozen=True, slots=True)
class ClutterInfo:
    """Where clutter belongs.

    Parameters
    ----------
    study, uids
        The same as of the dynamic series, so that study and frame of reference agree.
    vendor
        Whose equipment is named.
    series_number
        Of the series to be written.
    """

    study: StudyInfo
    uids: UidFactory
    vendor: Vendor = Vendor.SIEMENS
    series_number: int = 1
    syntax: Syntax = Syntax.EXPLICIT_LE

    def series(self, name: str) -> SeriesInfo:
        """Describe one series of this kind of clutter."""
        return SeriesInfo(
            study=self.study,
            series_uid=self.uids(self.study.study_uid, "clutter", name),
            number=self.series_number,
            modality=Modality.MR,
            equipment=EQUIPMENT[self.vendor],
            description=name,
        )


def write_localizer(phantom: DcePhantom, folder: Path, *, info: ClutterInfo) -> tuple[Path, ...]:
    r"""Write one coarse image in each of three planes, ``ORIGINAL\PRIMARY\LOCALIZER``."""
    series = info.series("localizer 3-plane")
    paths: list[Path] = []
    for number, axes in enumerate(_PLANES.values(), start=1):
        pixels, grid = _plane(phantom, axes)
        dataset = _image(phantom, series, MrSlice(pixels, grid, 0), number=number, info=info, delay_s=-600.0)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        dataset.MRAcquisitionType = "2D"
        paths.append(_save(dataset, folder, info))
    return tuple(paths)


def write_subtraction(phantom: DcePhantom, folder: Path, *, phase: int, info: ClutterInfo) -> tuple[Path, ...]:
    r"""Write a phase minus the first one, ``DERIVED\SECONDARY\OTHER\SUBTRACTION``, negative values set to 0."""
    series = info.series(f"SUB {phase}-0")
    pixels = _difference(phantom, phase)
    paths: list[Path] = []
    for index in range(pixels.shape[0]):
        image = MrSlice(pixels[index], phantom.grid, index)
        dataset = _image(phantom, series, image, number=index + 1, info=info, delay_s=phantom.timings[phase].start_s)
        dataset.ImageType = ["DERIVED", "SECONDARY", "OTHER", "SUBTRACTION"]
        dataset.DerivationDescription = "phase minus first phase"
        paths.append(_save(dataset, folder, info))
    return tuple(paths)


def write_projection(phantom: DcePhantom, folder: Path, *, phase: int, info: ClutterInfo) -> Path:
    """Write the maximum intensity projection of a subtraction along the slices, one image."""
    image = MrSlice(_difference(phantom, phase).max(axis=0), phantom.grid, phantom.grid.shape[0] // 2)
    series = info.series(f"MIP SUB {phase}-0")
    dataset = _image(phantom, series, image, number=1, info=info, delay_s=phantom.timings[phase].start_s)
    dataset.ImageType = ["DERIVED", "SECONDARY", "PROJECTION IMAGE", "MIP"]
    dataset.DerivationDescription = "maximum intensity projection"
    return _save(dataset, folder, info)


def _image(
    phantom: DcePhantom, series: SeriesInfo, image: MrSlice, *, number: int, info: ClutterInfo, delay_s: float
) -> Dataset:
    sop_uid = info.uids(series.series_uid, number)
    reference_uid = info.uids(info.study.study_uid, "frame of reference")
    dataset = new_mr_image(series, image, sop_uid=sop_uid, number=number, reference_uid=reference_uid)
    clock = injection_clock(phantom, info.study, MrWriteOptions())
    put_content_time(dataset, clock + timedelta(seconds=delay_s))
    return dataset


def _save(dataset: Dataset, folder: Path, info: ClutterInfo) -> Path:
    path = folder / f"S{info.series_number:03d}" / f"IM{dataset.InstanceNumber:04d}.dcm"
    return save(dataset, path, syntax=info.syntax)


def _difference(phantom: DcePhantom, phase: int) -> NDArray[np.uint16]:
    later, first = phantom.phases[phase], phantom.phases[0]
    return np.where(later > first, later - first, 0).astype(np.uint16)


def _plane(phantom: DcePhantom, axes: tuple[int, int, int]) -> tuple[NDArray[np.uint16], ImageGrid]:
    """Middle cut of the first phase across an axis, resampled to coarse square pixels."""
    grid = phantom.grid
    across, down, right = axes
    steps_mm = grid.spacing.zrc_mm
    cut = np.take(phantom.phases[0], grid.shape[across] // 2, axis=across).astype(np.float32)
    cut = cut.T if down > right else cut
    factors = (steps_mm[down] / _LOCALIZER_STEP_MM, steps_mm[right] / _LOCALIZER_STEP_MM)
    pixels = np.clip(np.rint(zoom(cut, factors, order=1, grid_mode=True, mode="nearest")), 0, 4095).astype(np.uint16)
    first_zrc = np.zeros(3)
    first_zrc[across] = grid.shape[across] // 2
    for axis, count in ((down, pixels.shape[0]), (right, pixels.shape[1])):
        first_zrc[axis] = grid.shape[axis] / count / 2 - 0.5
    origin = grid.to_lps(first_zrc)
    row_mm, column_mm = (steps_mm[a] * grid.shape[a] / n for a, n in zip((down, right), pixels.shape, strict=True))
    return pixels, ImageGrid(
        shape=(1, *pixels.shape),
        origin_lps=(float(origin[0]), float(origin[1]), float(origin[2])),
        axes_lps=(grid.axes_lps[across], grid.axes_lps[down], grid.axes_lps[right]),
        spacing=Spacing(row_mm, column_mm, SpacingSource.PATIENT, slice_mm=5.0),
    )
