"""The pictures of a dynamic series: all phases, early minus pre-contrast, and its maximum projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from calcmeasure.geometry import ImageGrid
from calcmeasure.measure.early_phase import EarlyPhase
from calcmeasure.model.imaging import DynamicSeries
from napari_calcmeasure.cases import Item
from napari_calcmeasure.display.orientation import Orientation, patient_axes
from napari_calcmeasure.display.panel import LayerData, Panel, Placement
from napari_calcmeasure.display.phases import dynamic_target, early_sentence
from napari_calcmeasure.display.volumes import FloatVolume, enhancement_windows, maximum_projection, signal_windows
from napari_calcmeasure.display.windows import WindowPreset
from napari_calcmeasure.reading.finding import Target
from napari_calcmeasure.wording import flag_sentences, phase_words, spacing_words

NO_DEPTH = "Maximum over all slices: nothing is drawn here, because a place in it has no depth."
AXES, UNITS = ("phase", "slice", "row", "column"), ("pixel", "mm", "mm", "mm")


@dataclass(frozen=True, slots=True, eq=False)
class LoadedSeries:
    """A series in memory, with the phase that is measured.

    Parameters
    ----------
    phases
        (phases, slices, rows, columns) float32.
    early
        None when neither rule nor reader chose one.
    subtraction
        (slices, rows, columns) early minus pre-contrast; None where there is no such pair.
    """

    item: Item
    series: DynamicSeries
    grid: ImageGrid
    phases: FloatVolume
    early: EarlyPhase | None = None
    subtraction: FloatVolume | None = None

    @property
    def shown_phase(self) -> int:
        """The early phase; the first without one."""
        return self.early.index if self.early is not None else 0


@dataclass(frozen=True, slots=True)
class PlaneLook:
    """Where a volume lies on the canvas, and the plane it is seen in."""

    placement: Placement
    orientation: Orientation
    is_prior: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """What tells one panel of a series from the others."""

    key: str
    words: str
    data: FloatVolume
    presets: tuple[WindowPreset, ...]
    target: Target | None
    facts: tuple[str, ...]


def plane_panels(loaded: LoadedSeries, look: PlaneLook) -> tuple[Panel, ...]:
    """All pictures of a series in reading order: phases, and with an early phase subtraction and projection."""
    pictures = [_phases(loaded, look)]
    if loaded.subtraction is not None:
        pictures += [_subtraction(loaded, look, loaded.subtraction), _projection(loaded, look, loaded.subtraction)]
    return tuple(_panel(loaded, look, picture) for picture in pictures)


def subtraction_panel(loaded: LoadedSeries, look: PlaneLook) -> Panel | None:
    """Picture of early minus pre-contrast; None where there is no such pair."""
    if loaded.subtraction is None:
        return None
    return _panel(loaded, look, _subtraction(loaded, look, loaded.subtraction))


def _phases(loaded: LoadedSeries, look: PlaneLook) -> _Picture:
    presets = signal_windows(loaded.phases[loaded.shown_phase])
    facts = _facts(loaded, look)
    return _Picture("phases", "phases", loaded.phases, presets, target=_target(loaded, look), facts=facts)


def _subtraction(loaded: LoadedSeries, look: PlaneLook, difference: FloatVolume) -> _Picture:
    presets, facts = enhancement_windows(difference), _facts(loaded, look)
    return _Picture("subtraction", "early − pre", difference, presets, target=_target(loaded, look), facts=facts)


def _projection(loaded: LoadedSeries, look: PlaneLook, difference: FloatVolume) -> _Picture:
    projection = maximum_projection(difference, axis=patient_axes(loaded.grid).slider_axis(look.orientation))
    presets = enhancement_windows(difference)
    return _Picture("projection", "MIP of early − pre", projection, presets, target=None, facts=(NO_DEPTH,))


def _panel(loaded: LoadedSeries, look: PlaneLook, picture: _Picture) -> Panel:
    return Panel(
        key=f"{loaded.item.key}/{picture.key}",
        caption=f"{loaded.item.timepoint} · {picture.words}",
        image=_layer(loaded, look, picture),
        shape=loaded.grid.shape,
        placement=look.placement,
        target=picture.target,
        presets=picture.presets,
        is_prior=look.is_prior,
        facts=picture.facts,
    )


def _layer(loaded: LoadedSeries, look: PlaneLook, picture: _Picture) -> LayerData:
    has_phases = picture.data.ndim == 4
    place = look.placement
    keywords: dict[str, Any] = {
        "name": f"{loaded.item.patient} DCE {picture.words} {loaded.item.timepoint}",
        "scale": (1.0, *place.scale) if has_phases else place.scale,
        "translate": (0.0, *place.origin) if has_phases else place.origin,
        "units": UNITS if has_phases else UNITS[1:],
        "axis_labels": AXES if has_phases else AXES[1:],
        "contrast_limits": picture.presets[0].limits,
        "colormap": "gray",
        "interpolation2d": "linear",
        "metadata": _metadata(loaded),
    }
    return (picture.data, keywords, "image")


def _metadata(loaded: LoadedSeries) -> dict[str, Any]:
    series, early = loaded.series, loaded.early.index if loaded.early else None
    return {
        "series_uids": series.series_uids,
        "study_uid": series.study_uid,
        "early_phase": early,
        "phase_words": tuple(phase_words(phase, series, early=early) for phase in series.phases),
    }


def _target(loaded: LoadedSeries, look: PlaneLook) -> Target | None:
    is_acquired = look.orientation is patient_axes(loaded.grid).acquired
    return dynamic_target(loaded.item, loaded.early) if loaded.early is not None and is_acquired else None


AS_IT_LAY = "Early − pre is shown as the patient lay: movement between the phases is not corrected here."


def _facts(loaded: LoadedSeries, look: PlaneLook) -> tuple[str, ...]:
    acquired = patient_axes(loaded.grid).acquired
    early = early_sentence(loaded.series, loaded.early) if loaded.early else "No early phase: nothing is measured here."
    facts = [early, f"Spacing (row × column × slice): {spacing_words(loaded.grid.spacing)}.", AS_IT_LAY]
    if look.orientation is not acquired:
        facts.append(
            f"Reformatted to look at: findings are drawn in the {acquired} plane, in which the slices were acquired."
        )
    return (*facts, *flag_sentences(loaded.series.flags))
