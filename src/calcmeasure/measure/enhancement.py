"""Contrast uptake in numbers: percent enhancement, early-to-late ratio, kinetic curves.

Source: BI-RADS 5th edition (2013) for the curve classes. Times are seconds on the series' own clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calcmeasure.errors import ErrorCode, PhaseError
from calcmeasure.terms.enhancement import DelayedCourse as DelayedCourse
from calcmeasure.terms.enhancement import InitialRise as InitialRise

FloatArray = NDArray[np.float64]
BoolImage = NDArray[np.bool_]

INITIAL_WINDOW_S = 120.0
"""The initial phase of a curve is its first two minutes after contrast (or until it turns)."""
MEDIUM_FROM, FAST_ABOVE = 50.0, 100.0
"""Initial rise in percent: slow below 50, medium 50-100, fast above 100."""
DELAYED_CHANGE = 10.0
"""Delayed change in percent of the initial value: plateau within 10 either way."""


@dataclass(frozen=True, slots=True)
class KineticCurve:
    """Mean signal of a place over all phases.

    Parameters
    ----------
    times_s
        (n,) seconds, rising.
    signal
        (n,) mean signal.
    baseline
        Mean signal before contrast.
    first_post
        Index of the first phase after contrast.
    initial, delayed
        None where the curve holds no phase to tell it from.
    """

    times_s: FloatArray
    signal: FloatArray
    baseline: float
    first_post: int
    initial: InitialRise | None
    delayed: DelayedCourse | None

    @property
    def percent(self) -> FloatArray:
        """(n,) percent enhancement over the baseline."""
        return percent_enhancement(np.full_like(self.signal, self.baseline), self.signal)


def percent_enhancement(pre: ArrayLike, post: ArrayLike, *, floor: float = 0.0) -> FloatArray:
    """Percent by which signal rises above the one before contrast.

    Parameters
    ----------
    pre, post
        Signal in one common scaling, same shape.
    floor
        The denominator is at least this (same unit as the signal), so that noise in dark voxels stays small.

    Returns
    -------
    ndarray
        ``100 (post - pre) / max(pre, floor)``; 0 where that denominator is not positive.

    Examples
    --------
    >>> float(percent_enhancement(200.0, 300.0))
    50.0
    """
    before, after = _same_shape(pre, post)
    denominator = np.maximum(before, floor)
    usable = denominator > 0
    return np.where(usable, 100.0 * (after - before) / np.where(usable, denominator, 1.0), 0.0)


def signal_enhancement_ratio(pre: ArrayLike, early: ArrayLike, late: ArrayLike) -> FloatArray:
    """Early over late enhancement, ``(early - pre) / (late - pre)``; above 1 the signal has washed out.

    Returns
    -------
    ndarray
        Infinite with the sign of the early enhancement where nothing is left late; NaN where nothing ever enhanced.
    """
    before, first = _same_shape(pre, early)
    _, last = _same_shape(pre, late)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((first - before) / (last - before), dtype=float)


def kinetic_curve(
    phases: NDArray[np.floating], times_s: Sequence[float], *, where: BoolImage | tuple[int, int, int], first_post: int
) -> KineticCurve:
    """Follow the mean signal of a mask or a voxel through all phases and classify it.

    Parameters
    ----------
    phases
        (n, slices, rows, columns) signal in one common scaling.
    times_s
        n rising times, s.
    where
        (slices, rows, columns) mask, or (slice, row, column) of one voxel.
    first_post
        Index of the first phase after contrast, 1 or more.

    Raises
    ------
    PhaseError
        If times and phases do not match or do not rise, `first_post` is out of range, or the mask is empty.
    """
    times = np.asarray(times_s, dtype=float)
    if len(phases) != len(times) or not np.all(np.diff(times) > 0):
        raise PhaseError(
            f"{len(phases)} phases need as many rising times, got {times.tolist()}", code=ErrorCode.TIME_UNKNOWN
        )
    if not 1 <= first_post < len(times):
        raise PhaseError(
            f"first phase after contrast must lie in 1-{len(times) - 1}, got {first_post}",
            code=ErrorCode.NO_BASELINE_PHASE,
        )
    signal = _mean_signal(phases, where)
    baseline = float(signal[:first_post].mean())
    percent = percent_enhancement(np.full_like(signal, baseline), signal)
    peak = _initial_peak(percent, times, first_post=first_post)
    return KineticCurve(
        times_s=times,
        signal=signal,
        baseline=baseline,
        first_post=first_post,
        initial=initial_rise(float(percent[peak])),
        delayed=delayed_course(float(signal[peak]), float(signal[-1])) if peak < len(signal) - 1 else None,
    )


def initial_phase(curve: KineticCurve) -> int:
    """Index of the strongest enhancement of the first two minutes: where the initial phase of a curve ends."""
    return _initial_peak(curve.percent, curve.times_s, first_post=curve.first_post)


def initial_rise(percent: float) -> InitialRise:
    """Class of the initial rise: slow < 50 %, medium 50-100 %, fast > 100 %.

    Examples
    --------
    >>> initial_rise(100.0)
    <InitialRise.MEDIUM: 'medium'>
    """
    if percent < MEDIUM_FROM:
        return InitialRise.SLOW
    return InitialRise.FAST if percent > FAST_ABOVE else InitialRise.MEDIUM


def delayed_course(initial_signal: float, delayed_signal: float) -> DelayedCourse:
    """Class of the late course relative to the signal at the end of the initial phase.

    Persistent rises by more than 10 %, washout falls by more than 10 %, plateau is anything between, the cut-offs
    included (compared without division, so that exactly 10 % is exactly 10 %).

    Examples
    --------
    >>> delayed_course(200.0, 180.0)
    <DelayedCourse.PLATEAU: 'plateau'>
    """
    change = 100.0 * (delayed_signal - initial_signal)
    limit = DELAYED_CHANGE * abs(initial_signal)
    if change > limit:
        return DelayedCourse.PERSISTENT
    return DelayedCourse.WASHOUT if change < -limit else DelayedCourse.PLATEAU


def _same_shape(first: ArrayLike, second: ArrayLike) -> tuple[FloatArray, FloatArray]:
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape:
        raise PhaseError(f"phases differ in shape: {a.shape} and {b.shape}", code=ErrorCode.GEOMETRY)
    return a, b


def _mean_signal(phases: NDArray[np.floating], where: BoolImage | tuple[int, int, int]) -> FloatArray:
    if isinstance(where, tuple):
        return np.asarray(phases[(slice(None), *where)], dtype=float)
    if where.shape != phases.shape[1:] or not where.any():
        raise PhaseError(
            f"the mask must hold a voxel and have the shape {phases.shape[1:]} of a phase, got {where.shape}",
            code=ErrorCode.GEOMETRY,
        )
    return np.array([float(phase[where].mean(dtype=np.float64)) for phase in phases])


def _initial_peak(percent: FloatArray, times_s: FloatArray, *, first_post: int) -> int:
    """Phase of the strongest enhancement within two minutes of contrast, the first post-contrast phase at least.

    Contrast is taken to arrive at time zero where that lies before the first post-contrast phase, else with the last
    phase before it.
    """
    start_s = 0.0 if times_s[first_post - 1] <= 0 <= times_s[first_post] else float(times_s[first_post - 1])
    last = max(first_post, int(np.searchsorted(times_s, start_s + INITIAL_WINDOW_S, side="right")) - 1)
    return first_post + int(np.argmax(percent[first_post : last + 1]))
