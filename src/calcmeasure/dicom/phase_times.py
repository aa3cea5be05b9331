"""When each phase was acquired: start, duration and centre of k-space, and where second 0 lies.

Repetition Time is never a phase time, and no time is made up: phases without a usable time have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from calcmeasure.dicom.phase_keys import MrImage, clock_moments, image_moment, trigger_times_s
from calcmeasure.dicom.times import elapsed_s, nearest_offset_s, parse_time_s
from calcmeasure.terms import Flag

STORAGE_TIME_MIN_INTERVAL_S = 5.0
"""Content and series times closer than this are when images were stored, not when they were acquired."""
TIMES_OF_MAKING = frozenset({"ContentTime", "SeriesTime"})
"""Sources that may tell when images were reconstructed: a whole phase after they were taken."""
FAST_SAMPLING_S = 20.0
"""Below this interval several phases usually precede contrast, so the first post-contrast one cannot be assumed."""
INJECTION_BEFORE_S = 600.0
"""An injection more than this long before the first phase does not belong to the series."""
PAUSE_FACTOR = 1.1
PAUSE_S = 5.0
"""A first interval longer than the usual one by both is the pause in which contrast is given."""

_PRE_WORDS = re.compile(r"\b(pre|precontrast|non ?contrast|without|wo|unenhanced|native|nativ)\b")


@dataclass(frozen=True, slots=True)
class PhaseClock:
    """Starts of the phases by one attribute.

    Parameters
    ----------
    source
        Attribute the times come from.
    starts_s
        Seconds after the earliest phase, in the order of the phases given.
    first_clock_s
        Time of day of the earliest start; None when the source is relative and no clock time goes with it.
    crossed_midnight
        Whether a date changed on the way.
    """

    source: str
    starts_s: tuple[float, ...]
    first_clock_s: float | None
    crossed_midnight: bool


@dataclass(frozen=True, slots=True)
class TimeZero:
    """Where second 0 lies, and which phase is the first after contrast.

    Parameters
    ----------
    name
        ``injection``, ``first_post_contrast_start`` or ``series_start``.
    offset_s
        Of second 0 after the start of the first phase; None when it cannot be told.
    first_post_contrast
        None when it cannot be told.
    reason
        One sentence.
    """

    name: str
    offset_s: float | None
    first_post_contrast: int | None
    reason: str
    flags: tuple[str, ...] = ()


Reading = tuple[list[float], float | None, bool]
"""Seconds per image, time of day of the earliest, crossed midnight."""


def read_clock(phases: Sequence[Sequence[MrImage]], *, ordered: bool) -> PhaseClock | None:
    """Find the first attribute that gives every phase its own time.

    Parameters
    ----------
    phases
        Images of each phase.
    ordered
        Whether the order given is the acquired one (by a temporal position); a source that contradicts it is not
        used. Otherwise the phases may come in any order.

    Returns
    -------
    PhaseClock or None
        None when no attribute is present on all images with phases that follow one another without overlap.
    """
    images = [image for phase in phases for image in phase]
    for source, read, min_interval_s in _SOURCES:
        reading = read(images)
        starts_s = None if reading is None else _starts(reading[0], [len(p) for p in phases], ordered=ordered)
        if reading is None or starts_s is None:
            continue
        span_s = max(starts_s) - min(starts_s)
        if span_s / (len(phases) - 1) >= min_interval_s:
            return PhaseClock(source, starts_s, reading[1], reading[2])
    return None


def find_time_zero(
    phases: Sequence[Sequence[MrImage]],
    *,
    starts_s: Sequence[float],
    durations_s: Sequence[float | None],
    first_clock_s: float | None,
) -> TimeZero:
    """Second 0: the injection when the header states a credible one, else the start of the first post-contrast phase.

    Parameters
    ----------
    phases
        Images of each phase in time order.
    starts_s, durations_s
        On the clock of the series.
    first_clock_s
        Time of day of the first start; without it a stated injection time cannot be placed.
    """
    centres_s = [start + (d or 0.0) / 2 for start, d in zip(starts_s, durations_s, strict=True)]
    injection_s = _injection_s(phases, first_clock_s=first_clock_s)
    if injection_s is not None and -INJECTION_BEFORE_S <= injection_s < centres_s[-1]:
        first_post = next(index for index, centre in enumerate(centres_s) if centre > injection_s)
        reason = f"time zero is the injection (ContrastBolusStartTime), {injection_s:.1f} s after the first phase began"
        return TimeZero("injection", injection_s, first_post, reason)
    ignored = "" if injection_s is None else "the stated injection time does not fit the acquisition times; "
    told, how, assumed = first_post_contrast(phases, starts_s=starts_s)
    flags = (Flag.TIME_ZERO_ASSUMED.value, *((Flag.FIRST_POST_ASSUMED.value,) if assumed else ()))
    if told is None:
        return TimeZero("series_start", 0.0, None, f"{ignored}{how}; time zero is the start of the series", flags)
    reason = f"{ignored}{how}; time zero is the start of that phase, not the injection"
    return TimeZero("first_post_contrast_start", starts_s[told], told, reason, flags)


def first_post_contrast(
    phases: Sequence[Sequence[MrImage]], *, starts_s: Sequence[float]
) -> tuple[int | None, str, bool]:
    """First phase after contrast by what the headers tell, without an injection time.

    Returns
    -------
    (index or None, sentence, whether it is an assumption)
        In this order: contrast agent named from some phase on; descriptions that call the first phases
        pre-contrast; one series with a single phase before the rest; a pause after the first phase; else the first
        phase is assumed to be the only one before contrast, unless phases follow so fast that it hardly is.
    """
    agents = [bool(phase[0].header.text("ContrastBolusAgent")) for phase in phases]
    if (switch := _single_switch([not a for a in agents])) is not None:
        return switch, f"a contrast agent is named from phase {switch} on", False
    texts = [phase[0].header.text("SeriesDescription") for phase in phases]
    if (switch := _single_switch([is_pre_contrast_description(text) for text in texts])) is not None:
        return switch, f"series descriptions call what precedes phase {switch} pre-contrast", False
    series = [phase[0].header.text("SeriesInstanceUID") for phase in phases]
    if len(series) > 2 and len(set(series)) == 2 and series.count(series[0]) == 1:
        return 1, "the first phase is a series of its own, taken as pre-contrast", False
    return _first_post_by_timing(starts_s)


def is_pre_contrast_description(text: str) -> bool:
    """Whether a series description names images before contrast.

    Examples
    --------
    >>> is_pre_contrast_description("AX T1 PRE"), is_pre_contrast_description("presat dyn")
    (True, False)
    """
    return bool(_PRE_WORDS.search(re.sub(r"[^a-z]+", " ", text.lower().replace("w/o", "wo"))))


def _first_post_by_timing(starts_s: Sequence[float]) -> tuple[int | None, str, bool]:
    steps_s = [b - a for a, b in pairwise(starts_s)]
    usual_s = median(steps_s[1:] or steps_s)
    if len(steps_s) > 1 and steps_s[0] > max(PAUSE_FACTOR * usual_s, usual_s + PAUSE_S) and max(steps_s) == steps_s[0]:
        return 1, "the scan pauses after its first phase, as it does for an injection", False
    if min(steps_s) < FAST_SAMPLING_S:
        return (
            None,
            f"phases follow within {min(steps_s):.1f} s and nothing tells which is the first after contrast",
            True,
        )
    return 1, "nothing tells which phase is the first after contrast; the first phase is assumed to precede it", True


def _read_acquisition_datetime(images: Sequence[MrImage]) -> Reading | None:
    return _read_moments(images, keyword="AcquisitionDateTime")


def _read_acquisition_time(images: Sequence[MrImage]) -> Reading | None:
    return _read_moments(images, keyword="AcquisitionTime")


def _read_content_time(images: Sequence[MrImage]) -> Reading | None:
    return _read_moments(images, keyword="ContentTime")


def _read_series_time(images: Sequence[MrImage]) -> Reading | None:
    return _read_moments(images, keyword="SeriesTime")


def _read_trigger_time(images: Sequence[MrImage]) -> Reading | None:
    seconds = trigger_times_s(images)
    return None if seconds is None else _relative(images, seconds)


def _read_time_offset(images: Sequence[MrImage]) -> Reading | None:
    values = [image.header.number("TemporalPositionTimeOffset") for image in images]
    seconds = [v for v in values if v is not None]
    return _relative(images, seconds) if len(seconds) == len(values) else None


_SOURCES: tuple[tuple[str, Callable[[Sequence[MrImage]], Reading | None], float], ...] = (
    ("AcquisitionDateTime", _read_acquisition_datetime, 0.0),
    ("AcquisitionTime", _read_acquisition_time, 0.0),
    ("TriggerTime", _read_trigger_time, 0.0),
    ("TemporalPositionTimeOffset", _read_time_offset, 0.0),
    ("ContentTime", _read_content_time, STORAGE_TIME_MIN_INTERVAL_S),
    ("SeriesTime", _read_series_time, STORAGE_TIME_MIN_INTERVAL_S),
)


def _read_moments(images: Sequence[MrImage], *, keyword: str) -> Reading | None:
    moments = clock_moments(images, keyword=keyword)
    elapsed = elapsed_s(moments) if moments else None
    if moments is None or elapsed is None:
        return None
    seconds, crossed = elapsed
    return list(seconds), moments[seconds.index(min(seconds))].clock_s, crossed


def _relative(images: Sequence[MrImage], seconds: Sequence[float]) -> Reading:
    """Read times that count from the start of the scan; a clock time common to all images tells when that was."""
    first = min(seconds)
    clocks = [image_moment(image.header, keyword="AcquisitionTime") for image in images]
    common = {clock.clock_s for clock in clocks if clock is not None}
    clock_s = common.pop() + first if len(common) == 1 and None not in clocks else None
    return [s - first for s in seconds], clock_s, False


def _starts(seconds: Sequence[float], sizes: Sequence[int], *, ordered: bool) -> tuple[float, ...] | None:
    """Earliest time of each phase; None when phases overlap, coincide or contradict their stated order."""
    ranges, place = [], 0
    for size in sizes:
        part = seconds[place : place + size]
        ranges.append((min(part), max(part)))
        place += size
    in_time = sorted(ranges)
    apart = all(a[1] < b[0] for a, b in pairwise(in_time))
    if not apart or (ordered and in_time != ranges):
        return None
    return tuple(start for start, _ in ranges)


def _injection_s(phases: Sequence[Sequence[MrImage]], *, first_clock_s: float | None) -> float | None:
    """Stated injection after the first start; None when absent, unreadable, contradictory or not placeable."""
    texts = {image.header.text("ContrastBolusStartTime") for phase in phases for image in phase} - {""}
    clocks = [parse_time_s(text) for text in texts]
    if first_clock_s is None or not clocks or None in clocks:
        return None
    offsets = [nearest_offset_s(clock, first_clock_s) for clock in clocks if clock is not None]
    return min(offsets) if max(offsets) - min(offsets) < 2.0 else None


def _single_switch(before: Sequence[bool]) -> int | None:
    """Index at which a run of True at the start turns to False for good; None for any other pattern."""
    count = sum(before)
    return count if 0 < count < len(before) and all(before[:count]) else None
