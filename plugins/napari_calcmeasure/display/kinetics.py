"""The kinetic curve of a place or a lesion in a dynamic series, quick enough to follow the cursor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.errors import ErrorCode, PhaseError
from calcmeasure.geometry import Spacing
from calcmeasure.measure.early_phase import EarlyPhase
from calcmeasure.measure.enhancement import kinetic_curve
from calcmeasure.measure.uptake import mask_uptake
from calcmeasure.model.enhancement import LesionUptake
from calcmeasure.model.imaging import DynamicSeries
from calcmeasure.report.panels import CurvePanel
from napari_calcmeasure.display.volumes import FloatVolume
from napari_calcmeasure.reading.finding import LesionMask, Point

RADIUS_MM = 2.0
"""Of the disc whose mean is followed: wide enough against noise, narrow enough for the edge of a small lesion."""
MIN_VOXELS = 3
NO_PHASE = -1
"""Stands for the chosen phase in a curve where none was chosen."""
TIMES_UNKNOWN = (
    f"The times of the phases are unknown: the curve counts phases and has no class. [{ErrorCode.TIME_UNKNOWN}]"
)

BoolBox = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Kinetics:
    """What can be said about the uptake of a place.

    Parameters
    ----------
    panel
        The curve to draw; None when there is none. Without times it runs over phase numbers (`time_zero` is then
        empty); without an early phase `chosen` is negative.
    place
        What was averaged, in words.
    figures
        Of a lesion: how much it takes up, and what becomes of it, in words.
    problem
        A sentence with a code where something is missing; empty otherwise.
    """

    panel: CurvePanel | None
    place: str = ""
    figures: str = ""
    problem: str = ""

    @property
    def words(self) -> str:
        """Name the curve's class.

        Returns
        -------
        str
            Such as "fast initial rise, washout"; empty where it cannot be told.
        """
        if self.panel is None or self.panel.curve.initial is None:
            return ""
        delayed = self.panel.curve.delayed
        return f"{self.panel.curve.initial} initial rise, {delayed or 'delayed course not seen'}"


@dataclass(frozen=True, slots=True, eq=False)
class _Region:
    """Voxels in a box of the volume, and what they are in words."""

    offset_zrc: tuple[int, int, int]
    voxels: BoolBox
    words: str

    @property
    def box(self) -> tuple[slice, ...]:
        """Where it lies in the volume."""
        return tuple(slice(first, first + n) for first, n in zip(self.offset_zrc, self.voxels.shape, strict=True))


def curve_at(
    volumes: FloatVolume,
    series: DynamicSeries,
    *,
    point_zrc: Point,
    early: EarlyPhase | None,
    radius_mm: float = RADIUS_MM,
) -> Kinetics:
    """Follow the mean of a small disc around a place, in the plane of its slice, through all phases.

    Parameters
    ----------
    volumes
        (phases, slices, rows, columns) signal in one common scaling.
    series
        Times and spacing.
    point_zrc
        Slice, row, column; the slice is rounded.
    early
        The phase to shade; None for none.
    radius_mm
        Where fewer than `MIN_VOXELS` lie within it, the nearest so many are taken.

    Returns
    -------
    Kinetics
        Without a curve outside the volume, or where nothing tells the phases before contrast.
    """
    shape = volumes.shape[1:]
    inside = all(-0.5 <= at < n - 0.5 for at, n in zip(point_zrc, shape, strict=True))
    if not inside or series.grid is None:
        return Kinetics(None, problem="The cursor is outside the volume.")
    region = _disc(point_zrc, (shape[1], shape[2]), spacing=series.grid.spacing, radius_mm=radius_mm)
    return _kinetics(volumes, series, region, early=early)


def curve_of_mask(
    volumes: FloatVolume, series: DynamicSeries, *, mask: LesionMask, early: EarlyPhase | None
) -> Kinetics:
    """Follow the mean of a segmented lesion through all phases; parameters and result as `curve_at`."""
    count = int(np.count_nonzero(mask.voxels))
    if count == 0 or series.grid is None:
        return Kinetics(None, problem=f"The lesion holds no voxel. [{ErrorCode.NOT_MEASURABLE}]")
    volume_ml = count * float(np.prod(series.grid.spacing.zrc_mm)) / 1000
    words = f"mean of the lesion: {count} voxels, {volume_ml:.2f} ml"
    region = _Region(mask.offset_zrc, mask.voxels, words)
    kinetics = _kinetics(volumes, series, region, early=early)
    uptake = (
        None if kinetics.panel is None or early is None else uptake_of(volumes, series, mask=mask, early=early.index)
    )
    return kinetics if uptake is None else replace(kinetics, figures=_uptake_words(uptake))


def uptake_of(volumes: FloatVolume, series: DynamicSeries, *, mask: LesionMask, early: int) -> LesionUptake | None:
    """Sum up how a lesion takes up contrast.

    Parameters
    ----------
    volumes
        (phases, slices, rows, columns) signal in one common scaling, as it is shown.
    series
        Its times.
    mask
        Of the lesion.
    early
        Phase that is measured.

    Returns
    -------
    LesionUptake or None
        None for a mask without a voxel, or where nothing tells the phases before contrast.
    """
    if not series.first_post_contrast or not mask.voxels.any():
        return None
    box = tuple(slice(first, first + n) for first, n in zip(mask.offset_zrc, mask.voxels.shape, strict=True))
    return mask_uptake(
        volumes[(slice(None), *box)],
        mask.voxels,
        times_s=_times_s(series) or [None] * len(volumes),
        first_post=series.first_post_contrast,
        early_index=early,
    )


def _disc(point_zrc: Point, matrix: tuple[int, int], *, spacing: Spacing, radius_mm: float) -> _Region:
    """Voxel centres within the radius, at least the nearest few; a disc over the edge is cut."""
    at_rc, steps_mm = np.asarray(point_zrc[1:]), np.asarray(spacing.rc_mm)
    reach = np.maximum(np.ceil(radius_mm / steps_mm), 2)
    low = np.maximum(np.rint(at_rc) - reach, 0).astype(int)
    high = np.minimum(np.rint(at_rc) + reach + 1, matrix).astype(int)
    rows, columns = np.ogrid[low[0] : high[0], low[1] : high[1]]
    distance_mm = np.hypot((rows - at_rc[0]) * steps_mm[0], (columns - at_rc[1]) * steps_mm[1])
    voxels = distance_mm <= radius_mm
    count, at_slice = int(np.count_nonzero(voxels)), round(point_zrc[0])
    words = f"mean of {count} voxels around the cursor (disc of {2 * radius_mm:g} mm) on slice {at_slice}"
    if count < MIN_VOXELS:
        voxels.flat[np.argsort(distance_mm, axis=None, kind="stable")[:MIN_VOXELS]] = True
        words = f"mean of the {MIN_VOXELS} voxels nearest to the cursor on slice {at_slice}"
    return _Region((at_slice, int(low[0]), int(low[1])), voxels[np.newaxis], words)


def _kinetics(volumes: FloatVolume, series: DynamicSeries, region: _Region, *, early: EarlyPhase | None) -> Kinetics:
    times_s = _times_s(series)
    numbers = [float(index) for index in range(len(volumes))]
    try:
        curve = kinetic_curve(
            volumes[(slice(None), *region.box)],
            times_s or numbers,
            where=region.voxels,
            first_post=series.first_post_contrast or 0,
        )
    except PhaseError as error:
        return Kinetics(None, region.words, problem=f"No curve: {error.message} [{error.code}]")
    chosen = early.index if early is not None else NO_PHASE
    if times_s is None:
        plain = replace(curve, initial=None, delayed=None)
        return Kinetics(CurvePanel(plain, chosen, ""), region.words, problem=TIMES_UNKNOWN)
    return Kinetics(CurvePanel(curve, chosen, series.time_zero or "time zero"), region.words)


def _uptake_words(uptake: LesionUptake) -> str:
    parts = [f"early enhancement {uptake.early_percent:.0f} %"]
    if uptake.ser is not None:
        parts.append(f"SER {uptake.ser:.2f}")
    if uptake.washout_percent is not None:
        fall = uptake.washout_percent
        parts.append(f"washout {fall:.0f} %" if fall >= 0 else f"goes on rising by {-fall:.0f} %")
    return " · ".join(parts)


def _times_s(series: DynamicSeries) -> list[float] | None:
    """List the times of all phases; None when one is missing or they do not rise."""
    times = [phase.time_s for phase in series.phases if phase.time_s is not None]
    complete = len(times) == len(series.phases)
    return times if complete and bool(np.all(np.diff(times) > 0)) else None
