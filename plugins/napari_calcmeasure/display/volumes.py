"""Dynamic volumes in memory: loaded phase by phase, kept for a while, subtracted and projected."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from calcmeasure.dicom.volumes import load_phases
from calcmeasure.errors import PhaseError
from calcmeasure.model.imaging import DynamicSeries
from napari_calcmeasure.display.windows import WindowPreset

MEMORY_BYTES = 2_000_000_000
"""Kept at most (the series on show always is): four series of 6 × 160 × 320 × 320 voxels with a subtraction each."""
TISSUE_SHARE = 0.05
"""Of the 99.5th percentile of a volume: what is darker is air and tells nothing about the window."""

FloatVolume = NDArray[np.float32]
OnProgress = Callable[[int, int], None]


@dataclass(slots=True, eq=False)
class _Held:
    """One series in memory, with the subtraction that was made last."""

    phases: FloatVolume
    subtraction: FloatVolume | None = None
    subtracted: tuple[int, int] = (-1, -1)
    """(early, pre) the subtraction was made of."""

    @property
    def size_bytes(self) -> int:
        return self.phases.nbytes + (0 if self.subtraction is None else self.subtraction.nbytes)


@dataclass
class DynamicVolumes:
    """Phases of the series looked at last, in memory only; safe to use from several threads.

    Parameters
    ----------
    max_bytes
        The series used longest ago are dropped beyond it; the latest one always stays.
    """

    max_bytes: int = MEMORY_BYTES
    _held: OrderedDict[tuple[str, ...], _Held] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def size_bytes(self) -> int:
        """What is kept now."""
        with self._lock:
            return sum(held.size_bytes for held in self._held.values())

    def load(self, series: DynamicSeries, *, on_progress: OnProgress | None = None) -> FloatVolume:
        """Give all phases, from memory where they are.

        Parameters
        ----------
        series
            Sorted, with a grid.
        on_progress
            Called with (phases done, phases in all) before the first and after each phase; whatever it raises stops
            the loading, and nothing is kept.

        Returns
        -------
        (phases, slices, rows, columns) float32
            Read-only, in one common scaling.

        Raises
        ------
        PhaseError, PixelError
            As `calcmeasure.dicom.volumes.load_phases`; also without a regular volume.
        """
        held = self.find(series)
        if held is not None:
            return held
        phases = read_phases(series, on_progress=on_progress)
        phases.flags.writeable = False
        self._keep(series, _Held(phases))
        return phases

    def has_room_for(self, series: DynamicSeries, *, beside: Sequence[DynamicSeries]) -> bool:
        """Whether a series can be loaded without giving up those that are looked at."""
        return sum(map(_size_bytes, (series, *beside))) <= self.max_bytes

    def find(self, series: DynamicSeries) -> FloatVolume | None:
        """All phases if they are in memory."""
        with self._lock:
            held = self._held.get(_key(series))
            if held is None:
                return None
            self._held.move_to_end(_key(series))
            return held.phases

    def subtraction(self, series: DynamicSeries, *, early: int) -> FloatVolume | None:
        """Early phase minus the last one before contrast, made once per choice of the early phase.

        Returns
        -------
        (slices, rows, columns) float32 or None
            Read-only; None when the series is not loaded or no phase lies before contrast.
        """
        pre = pre_contrast(series)
        with self._lock:
            held = self._held.get(_key(series))
        if held is None or pre is None:
            return None
        if held.subtraction is None or held.subtracted != (early, pre):
            difference = held.phases[early] - held.phases[pre]
            difference.flags.writeable = False
            held.subtraction, held.subtracted = difference, (early, pre)
            self._keep(series, held)
        return held.subtraction

    def _keep(self, series: DynamicSeries, held: _Held) -> None:
        with self._lock:
            self._held[_key(series)] = held
            self._held.move_to_end(_key(series))
            while len(self._held) > 1 and sum(one.size_bytes for one in self._held.values()) > self.max_bytes:
                self._held.popitem(last=False)


def pre_contrast(series: DynamicSeries) -> int | None:
    """Index of the last phase before contrast; None when there is none, or nothing tells."""
    return series.first_post_contrast - 1 if series.first_post_contrast else None


def read_phases(series: DynamicSeries, *, on_progress: OnProgress | None = None) -> FloatVolume:
    """Read all phases one after the other; parameters, result and errors as `DynamicVolumes.load`."""
    if series.grid is None or not series.phases:
        reason = series.sort_reason or "it has no regular volume"
        raise PhaseError(f"the dynamic series cannot be shown: {reason}")
    report = on_progress or _say_nothing
    total = len(series.phases)
    report(0, total)
    if _shares_files(series):
        volume = load_phases(series, indices=range(total))
        report(total, total)
        return volume
    volume = np.empty((total, *series.grid.shape), dtype=np.float32)
    for index in range(total):
        volume[index] = load_phases(_anchored(series, index), indices=range(2))[1]
        report(index + 1, total)
    return volume


def maximum_projection(volume: FloatVolume, *, axis: int) -> FloatVolume:
    """Project a volume's maximum along one axis, repeated at every step of that axis without taking memory for it.

    Parameters
    ----------
    volume
        (slices, rows, columns).

    Returns
    -------
    ndarray
        Read-only, shape of `volume`: the same picture wherever the slider stands.
    """
    return np.broadcast_to(volume.max(axis=axis, keepdims=True), volume.shape)


def signal_windows(volume: FloatVolume) -> tuple[WindowPreset, ...]:
    """Windows for the signal of one phase, after its tissue: air and single bright voxels have no say."""
    sample = _sample(volume)
    tissue = _tissue(sample)
    dark, high, highest = (float(v) for v in np.percentile(tissue, (25, 99.5, 99.98)))
    return (
        _linear("tissue", 0.0, high),
        _linear("full range", float(sample.min()), float(tissue.max())),
        _linear("soft", 0.0, 1.6 * high),
        _linear("lesion", dark, max(highest, 1.2 * high)),
    )


def enhancement_windows(difference: FloatVolume) -> tuple[WindowPreset, ...]:
    """Windows for a subtraction: what does not enhance is black, what enhances most is not lost in white."""
    sample = _sample(difference)
    high, highest = (float(v) for v in np.percentile(_tissue(sample), (99.0, 99.95)))
    return (
        _linear("enhancement", 0.0, high),
        _linear("full range", float(sample.min()), float(sample.max())),
        _linear("soft", 0.0, 1.6 * high),
        _linear("lesion", 0.25 * high, max(highest, 1.2 * high)),
    )


def _key(series: DynamicSeries) -> tuple[str, ...]:
    """One DICOM series may hold several dynamic ones: the first image tells them apart."""
    first = series.phases[0].frames[0] if series.phases else None
    return series.series_uids if first is None else (*series.series_uids, first.sop_uid, str(first.frame))


def _size_bytes(series: DynamicSeries) -> int:
    """Memory that a series takes once it is loaded, with one subtraction."""
    voxels = 0 if series.grid is None else prod(series.grid.shape)
    return (len(series.phases) + 1) * voxels * np.dtype(np.float32).itemsize


def _linear(name: str, low: float, high: float) -> WindowPreset:
    top = high if np.isfinite(high) and high > low else low + 1.0
    return WindowPreset(name, (low, top), np.linspace(0, 1, 256, dtype=np.float32))


def _sample(volume: FloatVolume) -> NDArray[np.float32]:
    """Every third voxel of each axis is enough to know a window."""
    sample = volume[::3, ::3, ::3].ravel()
    return sample[np.isfinite(sample)] if np.isfinite(sample).any() else np.zeros(1, np.float32)


def _tissue(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    tissue = sample[sample > TISSUE_SHARE * np.percentile(sample, 99.5)]
    return tissue if tissue.size else sample


def _shares_files(series: DynamicSeries) -> bool:
    """Whether one file holds images of several phases: reading them one by one would open it anew for each."""
    by_phase = [{frame.path for frame in phase.frames} for phase in series.phases]
    return sum(map(len, by_phase)) > len(set().union(*by_phase))


def _anchored(series: DynamicSeries, index: int) -> DynamicSeries:
    """Reduce a series to its first image and one phase.

    `load_phases` brings images with different slopes to the scale of the first one it is asked for, and refuses a
    mixture of known and unknown slopes: with this image in every request, each phase comes out as if all had been
    asked for at once.
    """
    first, wanted = series.phases[0], series.phases[index]
    return replace(series, phases=(replace(first, frames=first.frames[:1]), wanted))


def _say_nothing(_done: int, _total: int) -> None:
    """Report to nobody."""
