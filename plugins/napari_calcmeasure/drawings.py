"""Annotations as napari layers: marks as Points, calipers and outlines as Shapes, with mm computed by the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from calcmeasure.geometry import Spacing
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.palette import AMBER, SKY
from calcmeasure.report.text import format_mm
from calcmeasure.terms import GeometryKind
from napari_calcmeasure.layers import LayerData, plane_axes, volume_axes

MARK_MM = 1.6
"""Diameter of the ring around a mark: wider than a microcalcification, so that it stays visible inside."""
LINE_MM = 0.35
LINE_PIXELS = 0.8
"""At least, so that a line is seen on the coarse pixels of MR."""


def length_words(annotation: Annotation) -> str:
    """Write what the annotation measures, with the source of its millimetres.

    Returns
    -------
    str
        Such as ``44.3 mm, magnification-corrected``; both axes for an outline; ``not measurable`` without millimetres.
    """
    measured = _measured(annotation)
    if measured.value_mm is None or annotation.image.spacing is None:
        return format_mm(None)
    long_axis = format_mm(measured.value_mm)
    if measured.short_axis_mm:
        long_axis = f"{measured.value_mm:.1f} × {format_mm(measured.short_axis_mm)}"
    return f"{long_axis}, {annotation.image.spacing.source.words}"


def annotation_layers(annotation: Annotation, *, name: str = "") -> list[LayerData]:
    """Draw one annotation.

    Parameters
    ----------
    annotation
        Bound to one image; its points are pixel centres of the stored image, and stay so in the layers.
    name
        Name of the image layer it lies on.

    Returns
    -------
    list of LayerData
        Points (marks) where there are marks; Shapes with the outline, if any, and the line between the two defining
        points with its length. Empty when there is nothing to draw: 0 mm, or no points.
    """
    if not annotation.points:
        return []
    layers: list[LayerData] = []
    if annotation.geometry is GeometryKind.MARKS:
        layers.append(_marks(annotation, name=name))
    shapes = _shapes(annotation, name=name)
    return [*layers, shapes] if shapes is not None else layers


def _marks(annotation: Annotation, *, name: str) -> LayerData:
    pixel_mm = _pixel_mm(annotation.image.spacing)
    keywords = {
        "name": f"{name} marks".strip(),
        **_axes(annotation),
        "size": MARK_MM / pixel_mm,
        "symbol": "disc",
        "face_color": "transparent",
        "border_color": SKY,
        "border_width": 0.12,
        "opacity": 1.0,
        "metadata": {"annotation_id": annotation.annotation_id, "lesion_id": annotation.lesion_id},
    }
    return (np.asarray(annotation.points, dtype=float), keywords, "points")


def _shapes(annotation: Annotation, *, name: str) -> LayerData | None:
    """Outline and caliper in one layer; None when there is neither (a single mark, nothing measurable)."""
    drawn: list[tuple[Any, str, str, str]] = []
    if annotation.geometry is GeometryKind.OUTLINE:
        drawn.append((annotation.points, "polygon", SKY, ""))
    ends = _measured(annotation).ends or _caliper_ends(annotation)
    if len(ends) == 2 and ends[0] != ends[1]:
        drawn.append((ends, "line", AMBER, length_words(annotation)))
    if not drawn:
        return None
    keywords = {
        "name": f"{name} {'extent' if annotation.geometry is GeometryKind.MARKS else 'diameter'}".strip(),
        **_axes(annotation),
        "shape_type": [kind for _, kind, _, _ in drawn],
        "edge_color": [colour for _, _, colour, _ in drawn],
        "edge_width": max(LINE_MM / _pixel_mm(annotation.image.spacing), LINE_PIXELS),
        "opacity": 1.0,
        "face_color": "transparent",
        "features": {"length": [words for _, _, _, words in drawn]},
        "text": {
            "string": "{length}",
            "color": AMBER,
            "size": 11,
            "anchor": "upper_left",
            "translation": _lift(annotation, ends),
        },
        "metadata": {"annotation_id": annotation.annotation_id, "lesion_id": annotation.lesion_id},
    }
    return ([np.asarray(points, dtype=float) for points, _, _, _ in drawn], keywords, "shapes")


def _lift(annotation: Annotation, ends: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Say how far, in pixels, the words go up from the line to stand clear of everything that was drawn."""
    row = -2  # of (row, column) and of (slice, row, column)
    top = min((end[row] for end in ends), default=0.0)
    ring = MARK_MM / _pixel_mm(annotation.image.spacing) if annotation.geometry is GeometryKind.MARKS else 1.0
    up = min(point[row] for point in annotation.points) - ring - top
    return (up, 0.0) if len(annotation.points[0]) == 2 else (0.0, up, 0.0)


def _caliper_ends(annotation: Annotation) -> tuple[tuple[float, ...], ...]:
    """Give the ends of a caliper on an image without millimetres: its line is drawn, "not measurable" beside it."""
    return annotation.points if annotation.geometry is GeometryKind.CALIPER else ()


def _measured(annotation: Annotation) -> Measurement:
    from calcmeasure.measure.annotations import measure_annotation  # compiled kernels: only when there is work

    return measure_annotation(annotation, patient_id="", reader="")


def _axes(annotation: Annotation) -> dict[str, Any]:
    spacing = annotation.image.spacing
    if len(annotation.points[0]) == 2:
        return plane_axes(spacing)
    if spacing is None or spacing.slice_mm is None:
        return {"scale": (1.0,) * 3, "units": ("pixel",) * 3, "axis_labels": ("slice", "row", "column")}
    return volume_axes(spacing)


def _pixel_mm(spacing: Spacing | None) -> float:
    return 0.1 if spacing is None else float(np.sqrt(spacing.row_mm * spacing.col_mm))
