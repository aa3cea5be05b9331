"""Dynamic MR of one study, sorted into phases with identical grids and times.

The order of work: images of equal geometry and equal acquisition settings form a family, whatever series they were
stored in; a family is split into phases by the first attribute that gives every phase the same slice positions; the
phases get their times; the first phase after contrast and time zero are told apart by what the headers state. What
cannot be told is refused with its reason, never guessed.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from calcmeasure.dicom.families import MrFamily, image_families
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.phase_durations import read_durations
from calcmeasure.dicom.phase_keys import MrImage, mr_images
from calcmeasure.dicom.phase_split import PhaseSplit, split_one_kind
from calcmeasure.dicom.phase_times import TIMES_OF_MAKING, TimeZero, find_time_zero
from calcmeasure.dicom.stacks import regular_grid, stack_images
from calcmeasure.errors import CalcMeasureError, ErrorCode, PhaseError
from calcmeasure.geometry import ImageGrid
from calcmeasure.model.imaging import DynamicSeries, FrameReference, Phase, Skipped
from calcmeasure.terms import Flag

_LOG = logging.getLogger(__name__)

GAP_TOLERANCE = 0.01
"""Slices further apart than their thickness by more than this fraction have a gap between them."""


@dataclass(frozen=True, slots=True)
class SortedSeries:
    """What the MR images of a study turned out to be.

    Parameters
    ----------
    series
        Dynamic series, in order of their first image's time or series number.
    skipped
        Every file that is in none of them, with the reason.
    """

    series: tuple[DynamicSeries, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class _Sorted:
    """A sorted family with what tells it from its siblings."""

    series: DynamicSeries
    family: MrFamily
    first_clock_s: float | None


def sort_dynamic_series(headers: Sequence[Header]) -> SortedSeries:
    """Sort all MR images of one study into dynamic series.

    Parameters
    ----------
    headers
        Of every MR image file of the study, classic and Enhanced, in any order.

    Returns
    -------
    SortedSeries
        The same for any order of `headers`. A series whose phases are known but not their times is returned with
        ``usable=False``; whatever has no phases at all is skipped.
    """
    images = [image for header in headers for image in mr_images(header)]
    images.sort(key=lambda image: (image.header.text("SeriesInstanceUID"), image.frame.sop_uid, image.frame.frame))
    placed = [image for image in images if _has_place(image)]
    refused: list[Skipped] = _skip(
        (image for image in images if not _has_place(image)),
        ErrorCode.GEOMETRY,
        "no usable position, orientation, matrix or pixel spacing",
    )
    found: list[_Sorted] = []
    for family in image_families(placed):
        try:
            found.append(_sort_family(family))
        except CalcMeasureError as error:
            refused += _skip(family.images, error.code, error.message)
    kept, others = _one_per_acquisition(found)
    refused += [skipped for other in others for skipped in _skip_sibling(other)]
    used = {frame.path for item in kept for phase in item.series.phases for frame in phase.frames}
    refused += [skipped for item in kept for skipped in _skip_unused(item)]
    unique = {skipped.path: skipped for skipped in reversed(refused) if skipped.path not in used}
    _LOG.debug("%d dynamic series, %d files left out", len(kept), len(unique))
    return SortedSeries(
        tuple(item.series for item in sorted(kept, key=_series_order)),
        tuple(unique[path] for path in sorted(unique)),
    )


def _sort_family(family: MrFamily) -> _Sorted:
    split, kind = split_one_kind(family.images)
    kept = [phase for phase, complete in zip(split.phases, split.complete, strict=True) if complete]
    flat = [image for phase in kept for image in phase]
    grid = regular_grid(stack_images(flat), flat[0])
    reasons = [_split_sentence(split, n_slices=grid.shape[0]), kind]
    flags = [*_gap_flag(grid, flat[0]), *([] if all(split.complete) else [Flag.PHASE_DROPPED.value])]
    if split.clock is None:
        reasons.append("no attribute tells when the phases were acquired")
        phases = tuple(Phase(i, None, None, None, _frames(p), _series_uid(p)) for i, p in enumerate(kept))
        timing = TimeZero("unknown", None, None, "", (ErrorCode.TIME_UNKNOWN.value,))
    else:
        phases, timing, time_reasons, time_flags = _timed_phases(split)
        reasons += time_reasons
        flags += time_flags
    series = _series(
        family, phases=phases, timing=timing, grid=grid, texts=(split.key, _sentence(reasons)), flags=flags
    )
    return _Sorted(series, family, None if split.clock is None else split.clock.first_clock_s)


def _timed_phases(split: PhaseSplit) -> tuple[tuple[Phase, ...], TimeZero, list[str], list[str]]:
    """Give the complete phases their times; incomplete ones still count for durations and time zero."""
    if split.clock is None:
        raise PhaseError("phases without a clock cannot be timed", code=ErrorCode.TIME_UNKNOWN)
    starts_s = split.clock.starts_s
    durations_s, how = read_durations(split.phases, starts_s=starts_s)
    # When an image was made tells how phases follow one another, not how long after the injection they were taken.
    clock_s = None if split.clock.source in TIMES_OF_MAKING else split.clock.first_clock_s
    zero = find_time_zero(split.phases, starts_s=starts_s, durations_s=durations_s, first_clock_s=clock_s)
    kept = [index for index, complete in enumerate(split.complete) if complete]
    phases = tuple(
        _phase(new, split.phases[old], start_s=starts_s[old] - (zero.offset_s or 0.0), duration_s=durations_s[old])
        for new, old in enumerate(kept)
    )
    first_post = zero.first_post_contrast
    zero = TimeZero(
        zero.name,
        zero.offset_s,
        None if first_post is None else sum(old < first_post for old in kept),
        zero.reason,
        (*zero.flags, *_baseline_flags(first_post, kept)),
    )
    flags = [Flag.MIDNIGHT_CROSSED.value] if split.clock.crossed_midnight else []
    flags += [Flag.PHASE_DURATION_UNKNOWN.value] if durations_s[0] is None else []
    return phases, zero, [f"times from {split.clock.source}", how, zero.reason], flags


def _baseline_flags(first_post: int | None, kept: Sequence[int]) -> tuple[str, ...]:
    if first_post is None:
        return ()
    if not any(old < first_post for old in kept):
        return (ErrorCode.NO_BASELINE_PHASE.value,)
    return () if any(old >= first_post for old in kept) else (ErrorCode.NO_EARLY_PHASE.value,)


def _phase(index: int, images: Sequence[MrImage], *, start_s: float, duration_s: float | None) -> Phase:
    centre_s = start_s + (duration_s or 0.0) / 2
    duration_s = None if duration_s is None else round(duration_s, 6)
    return Phase(index, round(centre_s, 6), round(start_s, 6), duration_s, _frames(images), _series_uid(images))


def _series_uid(images: Sequence[MrImage]) -> str:
    return images[0].header.text("SeriesInstanceUID")


def _frames(images: Sequence[MrImage]) -> tuple[FrameReference, ...]:
    return tuple(image.frame for image in images)


def _series(
    family: MrFamily,
    *,
    phases: tuple[Phase, ...],
    timing: TimeZero,
    grid: ImageGrid,
    texts: tuple[str, str],
    flags: Sequence[str],
) -> DynamicSeries:
    by_frame = {image.frame: image.header for image in family.images}
    headers = [by_frame[phase.frames[0]] for phase in phases]
    all_flags = tuple(dict.fromkeys([*flags, *timing.flags]))
    return DynamicSeries(
        series_uids=tuple(dict.fromkeys(header.text("SeriesInstanceUID") for header in headers)),
        study_uid=headers[0].text("StudyInstanceUID"),
        vendor=vendor_of(headers[0].text("Manufacturer")),
        sort_key=texts[0],
        sort_reason=texts[1],
        time_zero=timing.name,
        phases=phases,
        first_post_contrast=timing.first_post_contrast,
        grid=grid,
        description=headers[0].text("SeriesDescription"),
        usable=not any(flag.startswith("E_") for flag in all_flags),
        flags=all_flags,
    )


def vendor_of(manufacturer: str) -> str:
    """Manufacturer as ``GE``, ``SIEMENS`` or ``PHILIPS``, else the header's own word.

    Examples
    --------
    >>> vendor_of("GE MEDICAL SYSTEMS"), vendor_of("Siemens Healthineers"), vendor_of("Hitachi")
    ('GE', 'SIEMENS', 'Hitachi')
    """
    words = manufacturer.upper().split()
    return next((name for name in ("GE", "SIEMENS", "PHILIPS") if any(w.startswith(name) for w in words)), manufacturer)


def _has_place(image: MrImage) -> bool:
    header = image.header
    counts = [len(header.numbers(k)) for k in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")]
    return counts == [3, 6, 2] and min(header.numbers("PixelSpacing")) > 0 and bool(header.integer("Rows"))


def _gap_flag(grid: ImageGrid, image: MrImage) -> list[str]:
    thickness_mm = image.header.number("SliceThickness")
    if grid.shape[0] < 2 or not thickness_mm or grid.spacing.slice_mm is None:
        return []
    return [Flag.SLICE_GAP.value] if grid.spacing.slice_mm > thickness_mm * (1 + GAP_TOLERANCE) else []


def _split_sentence(split: PhaseSplit, *, n_slices: int) -> str:
    dropped = [index for index, complete in enumerate(split.complete) if not complete]
    tried = f"; before it {', '.join(split.tried)}" if split.tried else ""
    lost = f"; acquired phase {', '.join(map(str, dropped))} lacks slices and was left out" if dropped else ""
    n_phases = len(split.complete) - len(dropped)
    return f"{split.key} splits the images into {n_phases} phases of {n_slices} slices{tried}{lost}"


def _sentence(parts: Iterable[str]) -> str:
    return "; ".join(part for part in parts if part)


def _one_per_acquisition(found: Sequence[_Sorted]) -> tuple[list[_Sorted], list[_Sorted]]:
    """Of several kinds of picture of one acquisition (echoes, fat and water, two storage forms) keep one."""
    same: dict[object, list[_Sorted]] = defaultdict(list)
    for item in sorted(found, key=lambda item: item.family.rank):
        same[_acquisition(item)].append(item)
    return [items[0] for items in same.values()], [item for items in same.values() for item in items[1:]]


def _acquisition(item: _Sorted) -> object:
    grid = item.series.grid
    if grid is None or not item.series.usable:
        return id(item)
    starts = tuple(round(phase.start_s or 0.0) for phase in item.series.phases)
    clock = None if item.first_clock_s is None else round(item.first_clock_s)
    return (grid.shape, tuple(np.round(grid.origin_lps, 1)), starts, clock)


def _skip(images: Iterable[MrImage], code: ErrorCode, reason: str) -> list[Skipped]:
    return [Skipped(path, code, reason) for path in {image.frame.path: None for image in images}]


def _skip_sibling(item: _Sorted) -> list[Skipped]:
    reason = "another kind of picture (echo, component or storage form) of the same phases is used"
    return _skip(item.family.images, ErrorCode.NOT_PREFERRED, reason)


def _skip_unused(item: _Sorted) -> list[Skipped]:
    """Files of a kept family that are in none of its phases: an incomplete phase, or a second kind of image."""
    used = {frame for phase in item.series.phases for frame in phase.frames}
    left = [image for image in item.family.images if image.frame not in used]
    if Flag.PHASE_DROPPED in item.series.flags:
        return _skip(left, ErrorCode.MISSING_SLICE, "this phase lacks slices; the other phases of the series are used")
    return _skip(left, ErrorCode.NOT_PREFERRED, "another kind of image at the same positions and times is used")


def _series_order(item: _Sorted) -> tuple[float, str]:
    clock_s = item.first_clock_s
    return (float("inf") if clock_s is None else clock_s, item.series.series_uids[0])
