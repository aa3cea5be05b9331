"""Write a dynamic MR phantom as the DICOM files a scanner of a given vendor would export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calcmeasure.phantom.dataset import SeriesInfo, StudyInfo, UidFactory, save
from calcmeasure.phantom.dynamic.enhanced import enhanced_image
from calcmeasure.phantom.dynamic.examination import DcePhantom
from calcmeasure.phantom.dynamic.headers import DESCRIPTION, EQUIPMENT, DynamicContext, MrSlice, dynamic_image
from calcmeasure.phantom.dynamic.plan import (
    Component,
    MrWriteOptions,
    PlannedImage,
    Trouble,
    Vendor,
    injection_clock,
    phase_clocks,
    plan_images,
    time_text,
)
from calcmeasure.terms import Modality

__all__ = ["MrWriteOptions", "Trouble", "Vendor", "WrittenDce", "write_dce_study"]


@dataclass(frozen=True, slots=True)
class WrittenDce:
    """What was written.

    Parameters
    ----------
    paths
        All files, in order of acquisition.
    series_uids
        In time order.
    sop_uids
        One per file.
    frame_of_reference_uid
        Shared with the series derived from this one.
    """

    paths: tuple[Path, ...]
    series_uids: tuple[str, ...]
    sop_uids: tuple[str, ...]
    frame_of_reference_uid: str


def write_dce_study(
    phantom: DcePhantom,
    folder: Path,
    *,
    study: StudyInfo,
    uids: UidFactory,
    vendor: Vendor,
    options: MrWriteOptions | None = None,
) -> WrittenDce:
    """Write one dynamic examination.

    Parameters
    ----------
    phantom
        What was imaged.
    folder
        Made when missing; one subfolder per series.
    study
        Whose visit it is; its UID goes into every file.
    uids
        Series and instance UIDs depend on it and on the study's UID.
    vendor
        Header layout.
    options
        Clock, transfer syntax, what is wrong with the export.

    Returns
    -------
    WrittenDce
    """
    options = options or MrWriteOptions()
    context = _context(phantom, study, uids, vendor=vendor, options=options)
    if vendor is Vendor.ENHANCED:
        return _write_enhanced(phantom, folder, study=study, uids=uids, context=context)
    return _write_classic(phantom, folder, study=study, uids=uids, context=context)


def _context(
    phantom: DcePhantom, study: StudyInfo, uids: UidFactory, *, vendor: Vendor, options: MrWriteOptions
) -> DynamicContext:
    return DynamicContext(
        vendor=vendor,
        options=options,
        clocks=phase_clocks(phantom, study, options),
        injected=injection_clock(phantom, study, options),
        frame_of_reference_uid=uids(study.study_uid, "frame of reference"),
        tr_ms=1000 * phantom.spec.sequence.tr_s,
        flip_deg=phantom.spec.sequence.flip_deg,
    )


def _write_classic(
    phantom: DcePhantom, folder: Path, *, study: StudyInfo, uids: UidFactory, context: DynamicContext
) -> WrittenDce:
    plan = plan_images(phantom, context.vendor, context.options)
    series = _series(plan, study=study, uids=uids, context=context)
    paths: list[Path] = []
    sop_uids: list[str] = []
    for planned in plan:
        owner = series[planned.series_index]
        sop_uid = uids(owner.series_uid, planned.phase, planned.slice_index, planned.copy)
        image = MrSlice(_pixels(phantom, planned), phantom.grid, planned.slice_index)
        dataset = dynamic_image(owner, image, planned=planned, context=context, sop_uid=sop_uid)
        name = f"IM{planned.number:04d}.dcm"
        paths.append(save(dataset, folder / f"S{owner.number:03d}" / name, syntax=context.options.syntax))
        sop_uids.append(sop_uid)
    return WrittenDce(
        tuple(paths), tuple(s.series_uid for s in series), tuple(sop_uids), context.frame_of_reference_uid
    )


def _write_enhanced(
    phantom: DcePhantom, folder: Path, *, study: StudyInfo, uids: UidFactory, context: DynamicContext
) -> WrittenDce:
    plan = plan_images(phantom, context.vendor, context.options)
    series = _series(plan, study=study, uids=uids, context=context)
    paths: list[Path] = []
    sop_uids: list[str] = []
    for index, owner in enumerate(series):
        frames = tuple(planned for planned in plan if planned.series_index == index)
        pixels = np.stack([_pixels(phantom, planned) for planned in frames])
        sop_uid = uids(owner.series_uid, "enhanced")
        dataset = enhanced_image(owner, pixels, phantom.grid, frames=frames, context=context, sop_uid=sop_uid)
        paths.append(save(dataset, folder / f"S{owner.number:03d}" / "IM0001.dcm", syntax=context.options.syntax))
        sop_uids.append(sop_uid)
    return WrittenDce(
        tuple(paths), tuple(s.series_uid for s in series), tuple(sop_uids), context.frame_of_reference_uid
    )


def _series(
    plan: tuple[PlannedImage, ...], *, study: StudyInfo, uids: UidFactory, context: DynamicContext
) -> tuple[SeriesInfo, ...]:
    """Describe the series of the study, each starting with its first phase."""
    first_phase: dict[int, int] = {}
    for planned in plan:
        first_phase.setdefault(planned.series_index, planned.phase)
    return tuple(
        SeriesInfo(
            study=study,
            series_uid=uids(study.study_uid, "dynamic", context.vendor, index),
            number=context.options.first_series_number + index,
            modality=Modality.MR,
            equipment=EQUIPMENT[context.vendor],
            description=_description(context.vendor, index, len(first_phase)),
            protocol=DESCRIPTION[context.vendor],
            series_time=time_text(context.clocks[0 if _same_times(context) else phase].start),
        )
        for index, phase in sorted(first_phase.items())
    )


def _same_times(context: DynamicContext) -> bool:
    return Trouble.EQUAL_TIMES in context.options.troubles


def _description(vendor: Vendor, index: int, count: int) -> str:
    if count == 1:
        return DESCRIPTION[vendor]
    return f"{DESCRIPTION[vendor]} " + ("pre" if index == 0 else f"post {index}")


def _pixels(phantom: DcePhantom, planned: PlannedImage) -> NDArray[np.uint16]:
    """Take stored values: the magnitude, a phase image of the same slice, or an almost equal second picture."""
    magnitude = phantom.phases[planned.phase, planned.slice_index]
    if planned.component is Component.PHASE:
        rng = np.random.default_rng([planned.phase, planned.slice_index])
        return np.asarray(rng.integers(0, 4096, magnitude.shape), dtype=np.uint16)
    if planned.copy == 0:
        return np.asarray(magnitude)
    return np.asarray(magnitude - magnitude // 50, dtype=np.uint16)
