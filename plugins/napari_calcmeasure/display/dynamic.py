"""A dynamic series on the canvas: phases, subtraction and projection in linked cells, in any plane of the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calcmeasure.errors import CalcMeasureError, ErrorCode, PhaseError
from napari_calcmeasure.cases import Item
from napari_calcmeasure.display.dynamic_panels import LoadedSeries, PlaneLook, plane_panels, subtraction_panel
from napari_calcmeasure.display.opening import opening_voxel
from napari_calcmeasure.display.orientation import (
    Orientation,
    axis_order,
    displayed_size_mm,
    patient_axes,
    place_beside,
    upright_placement,
)
from napari_calcmeasure.display.panel import Hanging, Panel
from napari_calcmeasure.display.phases import pick_early_phase
from napari_calcmeasure.display.volumes import DynamicVolumes, OnProgress
from napari_calcmeasure.reading.finding import PatientReading, Point

AS_ACQUIRED = "DCE as acquired"
COMPARED = "DCE compare"
PLANES = {f"DCE {plane}": plane for plane in Orientation}
DYNAMIC_PROTOCOLS = (AS_ACQUIRED, *PLANES, COMPARED)
"""Names of the hangings, in the order one steps through them; the last one needs an earlier visit."""
CANVAS_SHAPE = 1.2
"""Width over height of the canvas the cells are chosen for."""
GRIDS = ((1, 3), (2, 2), (3, 1))
MATCHED = "Slices are matched by their position in the scanner: the patient may lie differently."


def hang_dynamic(
    item: Item,
    *,
    cache: DynamicVolumes,
    protocol: str = AS_ACQUIRED,
    reading: PatientReading | None = None,
    prior: Item | None = None,
    on_progress: OnProgress | None = None,
) -> Hanging:
    """Load a dynamic series and arrange it.

    Phases, early minus pre-contrast and its maximum projection lie in cells of one grid with one camera and one
    slider; the comparison shows the subtraction of both visits. Where images are mirrored or turned, only the display
    is: pixel indices and patient positions stay as they are. Findings can be drawn in the plane of acquisition.

    Parameters
    ----------
    item
        Of the case list, with a series.
    cache
        Where phases stay in memory.
    protocol
        One of `DYNAMIC_PROTOCOLS`.
    reading
        On the desk: phases its reader took as the early ones, and the finding at which to open; None for the rule's
        phase and the place that enhances most.
    prior
        The visit before, for the comparison.
    on_progress
        As for `DynamicVolumes.load`; what it raises (a cancel) passes through.

    Returns
    -------
    Hanging
        Without panels when the series cannot be shown; `problems` says why. World axes are phase, slice, row and
        column (in the comparison slice, row and column), mm but for the phase; `first_step` counts from their starts.
    """
    try:
        loaded, problems = _load(item, cache, reading=reading, on_progress=on_progress)
    except CalcMeasureError as error:
        return Hanging(protocol, (), _title(item), problems=(_problem("Dynamic MR cannot be shown", error),))
    if protocol != COMPARED:
        return replace(_hang_plane(loaded, protocol, reading=reading), problems=problems)
    try:
        return _compare(loaded, prior, cache=cache, reading=reading, on_progress=on_progress)
    except CalcMeasureError as error:
        reason = _problem("The visits cannot be shown side by side", error)
        return replace(_hang_plane(loaded, AS_ACQUIRED, reading=reading), problems=(*problems, reason))


def _load(
    item: Item, cache: DynamicVolumes, *, reading: PatientReading | None, on_progress: OnProgress | None
) -> tuple[LoadedSeries, tuple[str, ...]]:
    """Load a series; without an early phase, its phases and a sentence."""
    series = item.series
    if series is None or series.grid is None:
        reason = series.sort_reason if series is not None else ""
        raise PhaseError(reason or "it has no regular volume", code=ErrorCode.GEOMETRY)
    phases = cache.load(series, on_progress=on_progress)
    try:
        choice = None if reading is None else reading.phase_chosen(series.series_uids)
        early = pick_early_phase(series, choice=choice)
    except PhaseError as error:
        problem = _problem("No early phase, so nothing is measured here; choose one yourself", error)
        return LoadedSeries(item, series, series.grid, phases), (problem,)
    subtraction = cache.subtraction(series, early=early.index)
    return LoadedSeries(item, series, series.grid, phases, early, subtraction), ()


def _problem(what: str, error: CalcMeasureError) -> str:
    return f"{what}: {error.message} [{error.code}]"


def _title(item: Item) -> str:
    return f"{item.patient} · {item.timepoint}"


# -- one visit -----------------------------------------------------------------------------------------------------


def _hang_plane(loaded: LoadedSeries, protocol: str, *, reading: PatientReading | None) -> Hanging:
    axes = patient_axes(loaded.grid)
    orientation = PLANES.get(protocol, axes.acquired)
    placement = upright_placement(loaded.grid, orientation)
    panels = plane_panels(loaded, PlaneLook(placement, orientation))
    grid = _best_grid(displayed_size_mm(loaded.grid, orientation)) if len(panels) > 1 else (1, 1)
    slider = axes.slider_axis(orientation)
    return Hanging(
        protocol=protocol,
        panels=tuple(_in_cell(panel, n, columns=grid[1]) for n, panel in enumerate(panels)),
        title=_title(loaded.item),
        grid=grid,
        first_step=((0, loaded.shown_phase), (1 + slider, round(_opening(loaded, reading)[slider]))),
        axis_order=axis_order(loaded.grid, orientation, leading=1),
    )


def _opening(loaded: LoadedSeries, reading: PatientReading | None) -> Point:
    return opening_voxel(loaded.series, loaded.grid, subtraction=loaded.subtraction, reading=reading)


def _in_cell(panel: Panel, number: int, *, columns: int) -> Panel:
    return replace(panel, cell=(number // columns, number % columns))


def _best_grid(size_mm: tuple[float, float]) -> tuple[int, int]:
    """Choose the cells in which pictures of this size come out largest."""
    height_mm, width_mm = size_mm
    return max(GRIDS, key=lambda grid: min(CANVAS_SHAPE / grid[1] / width_mm, 1 / grid[0] / height_mm))


# -- two visits ----------------------------------------------------------------------------------------------------


def _compare(
    loaded: LoadedSeries,
    prior: Item | None,
    *,
    cache: DynamicVolumes,
    reading: PatientReading | None,
    on_progress: OnProgress | None,
) -> Hanging:
    """Put the subtractions of both visits side by side, as mammograms: the prior on the right; one slider for both."""
    if prior is None:
        raise PhaseError("there is no dynamic series of an earlier visit", code=ErrorCode.NO_BASELINE)
    before, problems = _load(prior, cache, reading=reading, on_progress=on_progress)
    orientation = patient_axes(loaded.grid).acquired
    slider = patient_axes(loaded.grid).slider_axis(orientation)
    there = PlaneLook(place_beside(before.grid, loaded.grid), orientation, is_prior=True)
    left = subtraction_panel(loaded, PlaneLook(upright_placement(loaded.grid, orientation), orientation))
    right = subtraction_panel(before, there)
    if left is None or right is None:
        raise PhaseError("one of them has no early phase to subtract from", code=ErrorCode.NO_EARLY_PHASE)
    opened = left.placement.to_world(_opening(loaded, reading))[slider]
    return Hanging(
        protocol=COMPARED,
        panels=(replace(left, cell=(0, 0)), replace(right, cell=(0, 1), facts=(*right.facts, MATCHED))),
        title=_title(loaded.item),
        grid=(1, 2),
        problems=problems,
        first_step=((slider, _step_at(opened, (left, right), axis=slider)),),
        axis_order=axis_order(loaded.grid, orientation),
    )


def _step_at(world: float, panels: Sequence[Panel], *, axis: int) -> int:
    """Step of the slider, which spans both volumes in the smaller of their steps, at a place."""
    start = min(min(_slider_ends(one, axis)) for one in panels)
    step = min(abs(one.placement.scale[axis]) for one in panels)
    return round((world - start) / step)


def _slider_ends(panel: Panel, axis: int) -> tuple[float, float]:
    first = panel.placement.origin[axis]
    return (first, first + panel.placement.scale[axis] * (panel.shape[axis] - 1))
