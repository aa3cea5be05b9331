"""Images as napari layers in millimetres: plain data, no Qt and no napari.

A layer is what napari's readers return: (array, keywords, kind). Names hold a side, a view and a time point, never
patient data; UIDs, spacing and its source are in the metadata.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from calcmeasure.errors import PhaseError
from calcmeasure.geometry import Spacing
from calcmeasure.measure.early_phase import EarlyPhase, choose_early_phase
from calcmeasure.model.imaging import DynamicSeries, Mammogram
from napari_calcmeasure.wording import phase_words, spacing_words, view_name

WHITE_PERCENTILE = 99.95
"""Of all voxels: high enough that the inside of an enhancing lesion is not lost in white."""

LayerData = tuple[Any, dict[str, Any], str]
"""Array, keywords of the layer, kind of layer."""


def mammogram_layers(mammogram: Mammogram, *, patient: str = "", timepoint: str = "") -> list[LayerData]:
    """Decode a mammogram into one image layer.

    Parameters
    ----------
    mammogram
        From the index.
    patient
        Surrogate such as ``P1``; never the patient's name or number.
    timepoint
        Goes into the layer's name.

    Returns
    -------
    list of LayerData
        One (rows, columns) uint8 display copy, dense tissue bright, as stored: nothing is flipped. One unit is one mm
        where the image has a spacing, one pixel otherwise, and the name then says so.

    Raises
    ------
    PixelError
        When the pixels cannot be decoded.
    """
    from calcmeasure.dicom.pixels import load_mammogram

    pixels = load_mammogram(mammogram)
    name = _name(patient, view_name(mammogram), timepoint, "" if mammogram.spacing else "(pixels only)")
    metadata = {
        "sop_uid": mammogram.image.sop_uid,
        "series_uid": mammogram.series_uid,
        "study_uid": mammogram.study_uid,
        "frame": mammogram.image.frame,
        "spacing": mammogram.spacing,
        "spacing_words": spacing_words(mammogram.spacing),
        "flags": (*mammogram.flags, *pixels.flags),
    }
    keywords = {
        "name": name,
        **plane_axes(mammogram.spacing),
        "contrast_limits": (0, 255),
        "colormap": "gray",
        "interpolation2d": "linear",
        "metadata": metadata,
    }
    return [(pixels.display, keywords, "image")]


def dynamic_layers(series: DynamicSeries, *, patient: str = "", timepoint: str = "") -> list[LayerData]:
    """Load a dynamic series: all phases, and early minus pre-contrast.

    Parameters
    ----------
    series
        Sorted and usable.
    patient, timepoint
        As for `mammogram_layers`.

    Returns
    -------
    list of LayerData
        The phases as (phase, slice, row, column) float32, axes in phase numbers and mm; then, where the default rule
        finds an early phase, the subtraction as (slice, row, column), at first hidden. ``metadata["early_phase"]`` is
        the phase to show first, or None.

    Raises
    ------
    PhaseError
        When the series has no regular volume or its scaling is unknown.
    PixelError
        When the pixels cannot be decoded.
    """
    from calcmeasure.dicom.volumes import load_phases

    if series.grid is None or not series.phases:
        raise PhaseError(f"the dynamic series cannot be shown: {series.sort_reason or 'it has no regular volume'}")
    early = early_phase_of(series)
    volume = load_phases(series, indices=range(len(series.phases)))
    metadata = _dynamic_metadata(series, early)
    shown = volume[early.index if early else 0]
    phases = {
        "name": _name(patient, "DCE phases", timepoint),
        **volume_axes(series.grid.spacing, with_phase=True),
        "contrast_limits": _limits(shown),
        "colormap": "gray",
        "interpolation2d": "linear",
        "metadata": metadata,
    }
    layers: list[LayerData] = [(volume, phases, "image")]
    if early is not None:
        difference = shown - volume[(series.first_post_contrast or 1) - 1]
        layers.append(
            _subtraction(difference, series, name=_name(patient, "DCE early − pre", timepoint), meta=metadata)
        )
    return layers


def early_phase_of(series: DynamicSeries) -> EarlyPhase | None:
    """Choose the early phase by the default rule; None when the rule refuses."""
    try:
        return choose_early_phase(series)
    except PhaseError:
        return None


def plane_axes(spacing: Spacing | None) -> dict[str, Any]:
    """Scale, units and axis names of a projection image."""
    axes = ("row", "column")
    if spacing is None:
        return {"scale": (1.0, 1.0), "units": ("pixel", "pixel"), "axis_labels": axes}
    return {"scale": spacing.rc_mm, "units": ("mm", "mm"), "axis_labels": axes}


def volume_axes(spacing: Spacing, *, with_phase: bool = False) -> dict[str, Any]:
    """Scale, units and axis names of a volume; phases are numbered, because their times are not evenly spaced."""
    first = ((1.0,), ("pixel",), ("phase",)) if with_phase else ((), (), ())
    return {
        "scale": (*first[0], *spacing.zrc_mm),
        "units": (*first[1], "mm", "mm", "mm"),
        "axis_labels": (*first[2], "slice", "row", "column"),
    }


def _subtraction(
    difference: NDArray[np.float32], series: DynamicSeries, *, name: str, meta: dict[str, Any]
) -> LayerData:
    if series.grid is None:
        raise PhaseError("the dynamic series has no regular volume")
    keywords = {
        "name": name,
        **volume_axes(series.grid.spacing),
        "contrast_limits": _limits(difference),
        "colormap": "gray",
        "interpolation2d": "linear",
        "visible": False,
        "metadata": meta,
    }
    return (difference, keywords, "image")


def _dynamic_metadata(series: DynamicSeries, early: EarlyPhase | None) -> dict[str, Any]:
    spacing = series.grid.spacing if series.grid else None
    index = early.index if early else None
    return {
        "series_uids": series.series_uids,
        "study_uid": series.study_uid,
        "spacing": spacing,
        "spacing_words": spacing_words(spacing),
        "early_phase": index,
        "early_phase_reason": early.reason if early else "no early phase by the default rule",
        "phase_times_s": tuple(phase.time_s for phase in series.phases),
        "phase_words": tuple(phase_words(phase, series, early=index) for phase in series.phases),
        "flags": series.flags,
    }


def _limits(signal: NDArray[np.float32]) -> tuple[float, float]:
    """Display range from 0 to a high percentile of the signal; every 7th voxel is enough to know it."""
    high = float(np.percentile(signal.ravel()[::7], WHITE_PERCENTILE))
    return (0.0, high if np.isfinite(high) and high > 0 else 1.0)


def _name(*parts: str) -> str:
    return " ".join(part for part in parts if part)
