"""Where a volume is opened: at what was measured in it, else in the breast that enhances more, else in the middle."""

from __future__ import annotations

import numpy as np

from calcmeasure.geometry import ImageGrid
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import DynamicSeries
from calcmeasure.terms import Laterality
from napari_calcmeasure.display.orientation import laterality_at, patient_axes
from napari_calcmeasure.display.panel import Hanging, Panel
from napari_calcmeasure.display.volumes import FloatVolume
from napari_calcmeasure.reading.finding import Finding, PatientReading, Point

MOST_PLACES = 96
"""So many places along each axis are enough to find a breast."""
BRIGHTEST_PERCENT = 99.0
"""What enhances more than this percentage of the voxels in front is looked at."""


def opening_voxel(
    series: DynamicSeries, grid: ImageGrid, *, subtraction: FloatVolume | None, reading: PatientReading | None
) -> Point:
    """Say at which voxel a volume is opened.

    Parameters
    ----------
    subtraction
        (slices, rows, columns) early minus pre-contrast; None where there is none.
    reading
        On the desk: the selected finding comes first, then the one made first in this series.

    Returns
    -------
    Point
        Slice, row and column.
    """
    finding = None if reading is None else _finding_in(series, reading)
    if finding is not None:
        return _middle(finding.annotation)
    enhancing = None if subtraction is None else enhancing_voxel(subtraction, grid)
    return enhancing or tuple((size - 1) / 2 for size in grid.shape)


def enhancing_voxel(subtraction: FloatVolume, grid: ImageGrid) -> Point | None:
    """Find the middle of what enhances most in the breast that enhances more.

    Only the front half of the volume counts: behind it lie heart and great vessels, which enhance more than any lesion.

    Returns
    -------
    Point or None
        None where nothing enhances.
    """
    front = _front_half(grid)
    sample = subtraction[front]
    bright = sample > max(float(np.percentile(sample, BRIGHTEST_PERCENT)), 0.0)
    places = np.argwhere(bright) * [part.step for part in front] + [part.start for part in front]
    if not len(places):
        return None
    is_left = np.array([laterality_at(grid, tuple(place)) is Laterality.LEFT for place in places])
    signal = sample[bright]
    chosen = places[is_left if signal[is_left].sum() > signal[~is_left].sum() else ~is_left]
    return tuple(float(value) for value in np.median(chosen, axis=0))


def turned_to(hanging: Hanging, annotation: Annotation) -> tuple[int, float] | None:
    """Say where the slider shows what was measured, in whatever plane a volume hangs.

    Returns
    -------
    tuple of int and float or None
        Axis from the end (slice -3, row -2, column -1) and world position, mm; None where it does not hang, or
        lies on no slice.
    """
    panel = next((one for one in hanging.panels if _shows_series(one, annotation.image.series_uid)), None)
    if panel is None or not annotation.points:
        return None
    # The first of the axes of space in the order of display is the one that the slider moves along.
    axis = hanging.axis_order[-3] - len(hanging.axis_order)
    return axis, panel.placement.to_world(_middle(annotation))[axis]


def _shows_series(panel: Panel, series_uid: str) -> bool:
    return len(panel.shape) == 3 and series_uid in panel.image[1].get("metadata", {}).get("series_uids", ())


def _middle(annotation: Annotation) -> Point:
    points = np.asarray(annotation.points, dtype=float)
    return tuple(float(value) for value in (points.min(axis=0) + points.max(axis=0)) / 2)


def _front_half(grid: ImageGrid) -> tuple[slice, ...]:
    """Thin a volume out, and cut it down to the half that lies in front in the patient."""
    axes = patient_axes(grid)
    axis = axes.along[1]
    ends = [(0, size) for size in grid.shape]
    half = grid.shape[axis] // 2
    ends[axis] = (half, grid.shape[axis]) if axes.mirrored[axis] else (0, max(half, 1))
    return tuple(slice(start, stop, max(1, (stop - start) // MOST_PLACES)) for start, stop in ends)


def _finding_in(series: DynamicSeries, reading: PatientReading) -> Finding | None:
    drawn = [f for f in reading.findings if f.annotation.points and f.annotation.image.series_uid in series.series_uids]
    return next((one for one in drawn if one.key == reading.selected), next(iter(drawn), None))
