"""A dynamic series on the canvas: phases, subtraction and projection in linked cells, in any plane of the patient."""

from __future__ import annotations

from dataclasses import replace

from calcmeasure.errors import CalcMeasureError, ErrorCode, PhaseError
from napari_calcmeasure.cases import Item
from napari_calcmeasure.display.dynamic_panels import LoadedSeries, PlaneLook, plane_panels, subtraction_panel
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

AS_ACQUIRED = "DCE as acquired"
COMPARED = "DCE prior | current"
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
    phase_choice: int | None = None,
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
    phase_choice
        Phase a reader took as the early one; None for the rule's.
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
        loaded, problems = _load(item, cache, phase_choice=phase_choice, on_progress=on_progress)
    except CalcMeasureError as error:
        return Hanging(protocol, (), _title(item), problems=(_problem("Dynamic MR cannot be shown", error),))
    if protocol != COMPARED:
        return replace(_hang_plane(loaded, protocol), problems=problems)
    try:
        return _compare(loaded, prior, cache=cache, on_progress=on_progress)
    except CalcMeasureError as error:
        reason = _problem("The visits cannot be shown side by side", error)
        return replace(_hang_plane(loaded, AS_ACQUIRED), problems=(*problems, reason))


def _load(
    item: Item, cache: DynamicVolumes, *, phase_choice: int | None, on_progress: OnProgress | None
) -> tuple[LoadedSeries, tuple[str, ...]]:
    """Load a series; without an early phase, its phases and a sentence."""
    series = item.series
    if series is None or series.grid is None:
        reason = series.sort_reason if series is not None else ""
        raise PhaseError(reason or "it has no regular volume", code=ErrorCode.GEOMETRY)
    phases = cache.load(series, on_progress=on_progress)
    try:
        early = pick_early_phase(series, choice=phase_choice)
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


def _hang_plane(loaded: LoadedSeries, protocol: str) -> Hanging:
    axes = patient_axes(loaded.grid)
    orientation = PLANES.get(protocol, axes.acquired)
    panels = plane_panels(loaded, PlaneLook(upright_placement(loaded.grid), orientation))
    grid = _best_grid(displayed_size_mm(loaded.grid, orientation)) if len(panels) > 1 else (1, 1)
    slider = axes.slider_axis(orientation)
    return Hanging(
        protocol=protocol,
        panels=tuple(_in_cell(panel, n, columns=grid[1]) for n, panel in enumerate(panels)),
        title=_title(loaded.item),
        grid=grid,
        first_step=((0, loaded.shown_phase), (1 + slider, loaded.grid.shape[slider] // 2)),
        axis_order=axis_order(loaded.grid, orientation, leading=1),
    )


def _in_cell(panel: Panel, number: int, *, columns: int) -> Panel:
    return replace(panel, cell=(number // columns, number % columns))


def _best_grid(size_mm: tuple[float, float]) -> tuple[int, int]:
    """Choose the cells in which pictures of this size come out largest."""
    height_mm, width_mm = size_mm
    return max(GRIDS, key=lambda grid: min(CANVAS_SHAPE / grid[1] / width_mm, 1 / grid[0] / height_mm))


# -- two visits ----------------------------------------------------------------------------------------------------


def _compare(
    loaded: LoadedSeries, prior: Item | None, *, cache: DynamicVolumes, on_progress: OnProgress | None
) -> Hanging:
    """Put the subtractions of both visits side by side, the prior on the left, with one slider for both."""
    if prior is None:
        raise PhaseError("there is no dynamic series of an earlier visit", code=ErrorCode.NO_BASELINE)
    before, problems = _load(prior, cache, phase_choice=None, on_progress=on_progress)
    orientation = patient_axes(loaded.grid).acquired
    there = PlaneLook(place_beside(before.grid, loaded.grid), orientation, is_prior=True)
    left = subtraction_panel(before, there)
    right = subtraction_panel(loaded, PlaneLook(upright_placement(loaded.grid), orientation))
    if left is None or right is None:
        raise PhaseError("one of them has no early phase to subtract from", code=ErrorCode.NO_EARLY_PHASE)
    slider = patient_axes(loaded.grid).slider_axis(orientation)
    return Hanging(
        protocol=COMPARED,
        panels=(replace(left, cell=(0, 0), facts=(*left.facts, MATCHED)), replace(right, cell=(0, 1))),
        title=_title(loaded.item),
        grid=(1, 2),
        problems=problems,
        first_step=((slider, _middle_step(right, left, axis=slider)),),
        axis_order=axis_order(loaded.grid, orientation),
    )


def _middle_step(panel: Panel, beside: Panel, *, axis: int) -> int:
    """Step of the slider, which spans both volumes in the smaller of their steps, at the middle of one of them."""
    start = min(min(_slider_ends(one, axis)) for one in (panel, beside))
    step = min(abs(one.placement.scale[axis]) for one in (panel, beside))
    return round((sum(_slider_ends(panel, axis)) / 2 - start) / step)


def _slider_ends(panel: Panel, axis: int) -> tuple[float, float]:
    first = panel.placement.origin[axis]
    return (first, first + panel.placement.scale[axis] * (panel.shape[axis] - 1))
