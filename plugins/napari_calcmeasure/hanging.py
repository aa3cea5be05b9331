"""Hanging: what lies where on the canvas.

Mammograms hang 4-up as breast radiologists expect: the right breast on the viewer's left, chest walls back to back, CC
over MLO, all in one scale. An image is put in place by the scale and translation of its layer (a negative column scale
mirrors it): stored pixels, and with them every measurement, stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calcmeasure.errors import CalcMeasureError
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import DynamicSeries, Mammogram
from calcmeasure.report.palette import PAPER
from calcmeasure.terms import Laterality, View
from napari_calcmeasure.cases import Item, standard_views
from napari_calcmeasure.drawings import annotation_layers, length_words
from napari_calcmeasure.layers import LayerData, dynamic_layers, mammogram_layers
from napari_calcmeasure.wording import view_name

GAP_MM = 3.0
"""Between CC and MLO, and between early phase and subtraction."""


@dataclass(frozen=True, slots=True)
class Hanging:
    """Layers in their places, and what to say about them.

    Parameters
    ----------
    layers
        Bottom to top.
    title
        One line for the canvas.
    problems
        A sentence for each image that cannot be shown.
    first_step
        (phase, slice) to show first; None for flat images.
    """

    layers: tuple[LayerData, ...]
    title: str
    problems: tuple[str, ...] = ()
    first_step: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies: its pixel (0, 0), and the step from column to column (negative when mirrored)."""

    origin_mm: tuple[float, float]
    scale_mm: tuple[float, float]


def hang(item: Item, *, annotations: Sequence[Annotation] = ()) -> Hanging:
    """Load an item and arrange it.

    Parameters
    ----------
    item
        Of the case list.
    annotations
        Of the patient; those that belong to an image shown are drawn on it.

    Returns
    -------
    Hanging
        An image that cannot be decoded is left out and named in `problems`; the others hang.
    """
    if item.series is not None:
        return _hang_series(item, item.series, annotations)
    chosen = item.mammograms if len(item.mammograms) == 1 else standard_views(item.mammograms) or item.mammograms[:1]
    shown, problems = _decode(item, chosen)
    if len({one.mammogram.spacing is None for one in shown}) > 1:
        problems += [f"{one.name} has no millimetres: click it to see it alone" for one in shown if not one.has_mm]
        shown = [one for one in shown if one.has_mm]
    layers: list[LayerData] = []
    for one, place in zip(shown, _places(shown), strict=True):
        drawn = [a for a in annotations if a.image.sop_uid == one.mammogram.image.sop_uid]
        layers += _placed(one, drawn, place)
    captions = _captions(shown, annotations)
    return Hanging((*layers, *captions), f"{item.patient} · {item.timepoint}", tuple(problems))


# -- mammograms ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Decoded:
    """One mammogram with its image layer."""

    mammogram: Mammogram
    layer: LayerData

    @property
    def name(self) -> str:
        return str(self.layer[1]["name"])

    @property
    def has_mm(self) -> bool:
        return self.mammogram.spacing is not None

    @property
    def size_mm(self) -> tuple[float, float]:
        rows, columns = self.layer[0].shape
        row_mm, col_mm = self.layer[1]["scale"]
        return (rows * row_mm, columns * col_mm)


def _decode(item: Item, mammograms: Sequence[Mammogram]) -> tuple[list[_Decoded], list[str]]:
    shown: list[_Decoded] = []
    problems: list[str] = []
    for mammogram in mammograms:
        try:
            layer = mammogram_layers(mammogram, patient=item.patient, timepoint=item.timepoint)[0]
        except CalcMeasureError as error:
            problems.append(f"{view_name(mammogram)} cannot be shown: {error} [{error.code}]")
        else:
            shown.append(_Decoded(mammogram, layer))
    return shown, problems


def _places(shown: Sequence[_Decoded]) -> list[Placement]:
    """Put CC over MLO; chest walls meet at column 0. A single image lies at the origin, as stored."""
    if len(shown) == 1:
        scale = shown[0].layer[1]["scale"]
        return [Placement((0.0, 0.0), scale)]
    cc_height = max((one.size_mm[0] for one in shown if one.mammogram.view is View.CC), default=0.0)
    mlo_top_mm = cc_height + GAP_MM if cc_height else 0.0
    return [_back_to_back(one, 0.0 if one.mammogram.view is View.CC else mlo_top_mm) for one in shown]


def _back_to_back(one: _Decoded, top_mm: float) -> Placement:
    row_mm, col_mm = one.layer[1]["scale"]
    width_mm = one.size_mm[1]
    is_right = one.mammogram.laterality is Laterality.RIGHT
    left_mm = -width_mm if is_right else 0.0
    mirrored = _chest_wall_on_right(one.mammogram, one.layer[0]) is not is_right
    first_mm = left_mm + width_mm - col_mm / 2 if mirrored else left_mm + col_mm / 2
    return Placement((top_mm + row_mm / 2, first_mm), (row_mm, -col_mm if mirrored else col_mm))


def _chest_wall_on_right(mammogram: Mammogram, display: NDArray[np.uint8]) -> bool:
    """Read it from Patient Orientation (rows that run to posterior end there); without it, the brighter edge is it."""
    rows_run = mammogram.patient_orientation[0] if mammogram.patient_orientation else ""
    if rows_run[:1] in ("A", "P"):
        return rows_run.startswith("P")
    edge = max(1, display.shape[1] // 20)
    return float(display[:, -edge:].mean()) > float(display[:, :edge].mean())


def _placed(one: _Decoded, annotations: Sequence[Annotation], place: Placement) -> list[LayerData]:
    drawn = [layer for annotation in annotations for layer in annotation_layers(annotation, name=one.name)]
    where = {"scale": place.scale_mm, "translate": place.origin_mm}
    return [(data, {**keywords, **where}, kind) for data, keywords, kind in (one.layer, *drawn)]


def _captions(shown: Sequence[_Decoded], annotations: Sequence[Annotation]) -> list[LayerData]:
    """Name every view in its outer top corner, with what was measured on it."""
    left: list[_Caption] = []
    right: list[_Caption] = []
    for one, place in zip(shown, _places(shown), strict=True):
        edges_mm = sorted((place.origin_mm[1], place.origin_mm[1] + (one.layer[0].shape[1] - 1) * place.scale_mm[1]))
        is_right_hand = len(shown) > 1 and one.mammogram.laterality is Laterality.LEFT
        corner_mm = (place.origin_mm[0], edges_mm[is_right_hand])
        (right if is_right_hand else left).append(_Caption(corner_mm, _caption_words(one, annotations)))
    units = shown[0].layer[1]["units"] if shown else ()
    sides = ((left, "lower_left"), (right, "lower_right"))
    return [_caption_layer(side, anchor=anchor, units=units) for side, anchor in sides if side]


def _caption_words(one: _Decoded, annotations: Sequence[Annotation]) -> str:
    mine = [a for a in annotations if a.image.sop_uid == one.mammogram.image.sop_uid]
    lines = [f"{a.lesion_id}: {_finding_words(a)} ({a.method})" for a in mine]
    return "\n".join([view_name(one.mammogram), *lines])


def _finding_words(annotation: Annotation) -> str:
    length = length_words(annotation).partition(",")[0]
    return length if annotation.points else f"nothing found, {length}"


@dataclass(frozen=True, slots=True)
class _Caption:
    """Words and the corner they hang below, (row, column) mm on the canvas."""

    corner_mm: tuple[float, float]
    words: str


def _caption_layer(captions: Sequence[_Caption], *, anchor: str, units: Sequence[str]) -> LayerData:
    """Words as text of invisible points: napari keeps their size on the screen at any zoom."""
    keywords = {
        "name": f"captions {anchor.partition('_')[2]}",
        "units": tuple(units),
        "axis_labels": ("row", "column"),
        "size": 0.01,
        "face_color": "transparent",
        "border_color": "transparent",
        "opacity": 1.0,
        "features": {"caption": [caption.words for caption in captions]},
        "text": {"string": "{caption}", "color": PAPER, "size": 10, "anchor": anchor},
    }
    return (np.asarray([caption.corner_mm for caption in captions]), keywords, "points")


# -- dynamic series ------------------------------------------------------------------------------------------------


def _hang_series(item: Item, series: DynamicSeries, annotations: Sequence[Annotation]) -> Hanging:
    """Phases above, early minus pre below, on linked slices: axial breasts are wide and low."""
    title = f"{item.patient} · {item.timepoint}"
    try:
        layers = dynamic_layers(series, patient=item.patient, timepoint=item.timepoint)
    except CalcMeasureError as error:
        return Hanging((), title, (f"Dynamic MR cannot be shown: {error} [{error.code}]",))
    volume, keywords, _ = layers[0]
    drawn = [a for a in annotations if a.image.series_uid in series.series_uids]
    outlines = [layer for a in drawn for layer in annotation_layers(a, name=keywords["name"])]
    down_mm = volume.shape[-2] * keywords["scale"][-2] + GAP_MM
    below = [_moved_down(layer, by_mm=down_mm) for layer in layers[1:]]
    panels = [_Caption((0.0, 0.0), "dynamic phases"), _Caption((down_mm, 0.0), "early − pre")][: len(layers)]
    captions = _caption_layer(panels, anchor="lower_left", units=("mm", "mm"))
    first_step = (keywords["metadata"]["early_phase"] or 0, _slice(volume, drawn))
    return Hanging((layers[0], *below, *outlines, captions), title, first_step=first_step)


def _moved_down(layer: LayerData, *, by_mm: float) -> LayerData:
    data, keywords, kind = layer
    moved: dict[str, Any] = {**keywords, "visible": True, "translate": (0.0, by_mm, 0.0)}
    return (data, moved, kind)


def _slice(volume: NDArray[np.float32], annotations: Sequence[Annotation]) -> int:
    """Start on the slice of the first annotation, or in the middle."""
    with_points = [a for a in annotations if a.points and len(a.points[0]) == 3]
    return int(with_points[0].points[0][0]) if with_points else volume.shape[1] // 2
