"""Which image of a dynamic examination goes into which series, at which clock time: decided before writing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np

from calcmeasure.phantom.dataset import StudyInfo, Syntax
from calcmeasure.phantom.dynamic.examination import DcePhantom


class Vendor(StrEnum):
    """Whose header layout to imitate."""

    GE = "GE"
    """One series; temporal position, trigger time, acquisition and content time per phase."""
    SIEMENS = "SIEMENS"
    """One series per phase; acquisition time per series; the contrast start time is given."""
    PHILIPS = "PHILIPS"
    """One series; temporal position and trigger time per phase, one acquisition time for all."""
    ENHANCED = "ENHANCED"
    """One Enhanced MR multi-frame file with per-frame times; the contrast start time is given."""


class Trouble(StrEnum):
    """What exports do to a dynamic series."""

    PRE_AND_REST = "pre-and-rest"
    """The phase before contrast is a series of its own, all others are one series."""
    MIDNIGHT = "midnight"
    """The first phase starts at 23:59:30; acquisition and content dates roll over."""
    MIDNIGHT_WITHOUT_DATES = "midnight-without-dates"
    """The same, without acquisition dates and with the study's date as content date."""
    MISSING_SLICE = "missing-slice"
    """The middle slice of the last phase is not there."""
    NO_FIRST_TRIGGER = "no-first-trigger"
    """Trigger time is absent on the first image."""
    MAGNITUDE_AND_PHASE = "magnitude-and-phase"
    """Two images per slice and time: magnitude and phase, told by the image type."""
    CONTROL_AND_LABEL = "control-and-label"
    """Two images per slice and time that no attribute tells apart."""
    EQUAL_TIMES = "equal-times"
    """Every time attribute holds the same value."""
    BLANK_TIMES = "blank-times"
    """Every time attribute is empty or absent, as after an anonymiser; Enhanced files then break the standard."""
    SHUFFLED_NUMBERS = "shuffled-numbers"
    """Instance numbers say nothing about the order."""


class Component(StrEnum):
    """What a pixel of an MR image shows."""

    MAGNITUDE = "MAGNITUDE"
    PHASE = "PHASE"


@dataclass(frozen=True, slots=True)
class MrWriteOptions:
    """How to write a dynamic study.

    Parameters
    ----------
    syntax
        Transfer syntax of every file.
    injection_time
        Clock time of the start of the injection, HHMMSS, on the study date.
    bolus_time
        Whether Contrast/Bolus Start Time is written; None: as the vendor does (Siemens, Enhanced: yes).
    first_series_number
        Of the dynamic series.
    troubles
        Combined freely.
    """

    syntax: Syntax = Syntax.EXPLICIT_LE
    injection_time: str = "093000"
    bolus_time: bool | None = None
    first_series_number: int = 5
    troubles: frozenset[Trouble] = field(default_factory=frozenset)

    def writes_bolus_time(self, vendor: Vendor) -> bool:
        """Whether Contrast/Bolus Start Time is written for a vendor."""
        return vendor in (Vendor.SIEMENS, Vendor.ENHANCED) if self.bolus_time is None else self.bolus_time


@dataclass(frozen=True, slots=True)
class PhaseClock:
    """Clock times of one phase."""

    start: datetime
    centre: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """One image to be written.

    Parameters
    ----------
    phase, slice_index
        0-based.
    series_index
        0-based series of the study this image goes to.
    number
        Instance Number.
    copy
        1 for the second image of the same slice and time.
    """

    phase: int
    slice_index: int
    series_index: int
    number: int
    component: Component = Component.MAGNITUDE
    copy: int = 0


def injection_clock(phantom: DcePhantom, study: StudyInfo, options: MrWriteOptions) -> datetime:
    """When the injection started; moved so that the first phase starts at 23:59:30 when midnight is asked for."""
    if options.troubles & {Trouble.MIDNIGHT, Trouble.MIDNIGHT_WITHOUT_DATES}:
        return _at(study.study_date, "235930") - timedelta(seconds=phantom.timings[0].start_s)
    return _at(study.study_date, options.injection_time)


def phase_clocks(phantom: DcePhantom, study: StudyInfo, options: MrWriteOptions) -> tuple[PhaseClock, ...]:
    """Clock times of all phases."""
    injected = injection_clock(phantom, study, options)
    return tuple(
        PhaseClock(
            injected + timedelta(seconds=timing.start_s),
            injected + timedelta(seconds=timing.centre_s),
            injected + timedelta(seconds=timing.start_s + timing.duration_s),
        )
        for timing in phantom.timings
    )


def plan_images(phantom: DcePhantom, vendor: Vendor, options: MrWriteOptions) -> tuple[PlannedImage, ...]:
    """Every image with its series and number, in order of acquisition."""
    plain = list(_plain_plan(phantom, vendor, options))
    if Trouble.SHUFFLED_NUMBERS in options.troubles:
        order = np.random.default_rng(len(plain)).permutation(len(plain)) + 1
        plain = [_renumbered(image, int(number)) for image, number in zip(plain, order, strict=True)]
    return tuple(plain)


def time_text(moment: datetime) -> str:
    """DICOM TM with milliseconds."""
    return moment.strftime("%H%M%S.%f")[:-3]


def datetime_text(moment: datetime) -> str:
    """DICOM DT with milliseconds."""
    return moment.strftime("%Y%m%d%H%M%S.%f")[:-3]


def _plain_plan(phantom: DcePhantom, vendor: Vendor, options: MrWriteOptions) -> Iterator[PlannedImage]:
    copies = _copies(options)
    numbers: dict[int, int] = {}
    slices = phantom.phases.shape[1]
    last = len(phantom.timings) - 1
    for phase in range(last + 1):
        series = _series_index(phase, vendor, options)
        for index in range(slices):
            if Trouble.MISSING_SLICE in options.troubles and (phase, index) == (last, slices // 2):
                continue
            for copy, component in enumerate(copies):
                numbers[series] = numbers.get(series, 0) + 1
                yield PlannedImage(phase, index, series, numbers[series], component, copy)


def _copies(options: MrWriteOptions) -> tuple[Component, ...]:
    if Trouble.MAGNITUDE_AND_PHASE in options.troubles:
        return (Component.MAGNITUDE, Component.PHASE)
    count = 2 if Trouble.CONTROL_AND_LABEL in options.troubles else 1
    return (Component.MAGNITUDE,) * count


def _series_index(phase: int, vendor: Vendor, options: MrWriteOptions) -> int:
    if Trouble.PRE_AND_REST in options.troubles:
        return min(phase, 1)
    return phase if vendor is Vendor.SIEMENS else 0


def _renumbered(image: PlannedImage, number: int) -> PlannedImage:
    return PlannedImage(image.phase, image.slice_index, image.series_index, number, image.component, image.copy)


def _at(day: date, clock: str) -> datetime:
    return datetime.strptime(f"{day:%Y%m%d}{clock}", "%Y%m%d%H%M%S")
