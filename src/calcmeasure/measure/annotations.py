"""One annotation to one measurement: millimetres always come from the points and the image's spacing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from calcmeasure.errors import AnnotationError, ErrorCode
from calcmeasure.geometry import FloatArray, Spacing, line_length_mm
from calcmeasure.measure.extent import measure_extent
from calcmeasure.measure.outline import choose_outline, measure_outline
from calcmeasure.measure.uptake import enhancement_figures
from calcmeasure.model.annotation import MASK_FIELD, Annotation
from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import Flag, GeometryKind, Method, merge_flags

__all__ = ["choose_outline", "measure_annotation"]


@dataclass(frozen=True, slots=True)
class _Length:
    """What a geometry measures to."""

    value_mm: float | None
    ends: tuple[tuple[float, ...], ...] = ()
    short_axis_mm: float | None = None
    flags: tuple[str, ...] = ()


def measure_annotation(annotation: Annotation, *, patient_id: str, reader: str) -> Measurement:
    """Measure what was drawn.

    Marks give the greatest extent between mark centres, an outline its in-plane greatest diameter and short axis, a
    caliper the length of its line. No points mean that nothing was there: 0 mm. Without a spacing, or with a reason
    code among the flags, the value is None.

    Parameters
    ----------
    annotation
        Pixel coordinates bound to one image.
    patient_id
        As in the header.
    reader
        Who drew it, or `AUTO_READER`.

    Raises
    ------
    AnnotationError
        If the points do not fit the geometry.
    """
    length = _length(annotation)
    return Measurement(
        patient_id=patient_id,
        timepoint=annotation.timepoint,
        quantity=annotation.quantity,
        value_mm=length.value_mm,
        laterality=annotation.laterality,
        lesion_id=annotation.lesion_id,
        study_uid=annotation.image.study_uid,
        study_date=annotation.study_date,
        modality=annotation.modality,
        view=annotation.view,
        short_axis_mm=length.short_axis_mm,
        reader=reader,
        method=annotation.method,
        confidence=annotation.confidence,
        morphology=annotation.morphology,
        distribution=annotation.distribution,
        n_marks=len(annotation.points) if annotation.geometry is GeometryKind.MARKS else None,
        ends=length.ends,
        image=annotation.image,
        phase=annotation.phase,
        volume_mm3=annotation.volume_mm3,
        annotation_id=annotation.annotation_id,
        flags=merge_flags(annotation.flags, length.flags),
        software=annotation.software,
        created_utc=annotation.created_utc,
        lesion_type=annotation.lesion_type,
        relation=annotation.relation,
        from_lesions=annotation.from_lesions,
        role=annotation.role,
        site=annotation.site,
        status=annotation.status,
        independent_mm=_independent_mm(annotation),
        linked_mm=None if annotation.independent_points is None else length.value_mm,
        diameter_3d_mm=annotation.diameter_3d_mm,
        **_figures(annotation),
    )


def _figures(annotation: Annotation) -> dict[str, Any]:
    """Figures of the dynamic series; under a reader's outline only those taken in the very mask it was drawn from."""
    return enhancement_figures(annotation.enhancement) if _holds_good(annotation) else {}


def _holds_good(annotation: Annotation) -> bool:
    """Whether the figures are of what is measured: an edit changes the mask, and a line has none."""
    mask, figures = annotation.extra.get(MASK_FIELD), annotation.enhancement
    if annotation.method is Method.AUTO or figures is None:
        return True
    if annotation.geometry is not GeometryKind.OUTLINE or not isinstance(mask, Mapping):
        return False
    return bool(figures.mask_sha256) and mask.get("sha256") == figures.mask_sha256


def _length(annotation: Annotation) -> _Length:
    spacing = annotation.image.spacing
    if spacing is None:
        return _Length(None, flags=(ErrorCode.SPACING_UNKNOWN,))
    if not annotation.measurable:
        return _Length(None)
    if annotation.geometry is GeometryKind.MASK_REFERENCE:
        return _Length(None, flags=(ErrorCode.NOT_MEASURABLE,))
    if not annotation.points:
        return _Length(0.0)
    try:
        return _MEASURES[annotation.geometry](_as_points(annotation.points), spacing)
    except ValueError as error:
        raise AnnotationError(f"annotation {annotation.annotation_id}: {error}") from error


def _independent_mm(annotation: Annotation) -> float | None:
    """Length of the finding without another visit in mind; None where that makes no difference to tell."""
    alone, spacing = annotation.independent_points, annotation.image.spacing
    if alone is None or spacing is None or not annotation.measurable:
        return None
    try:
        if not alone:
            return 0.0
        return _MEASURES[annotation.geometry](_as_points(alone), spacing).value_mm
    except ValueError as error:
        raise AnnotationError(f"annotation {annotation.annotation_id}: {error}") from error


def _as_points(points: tuple[tuple[float, ...], ...]) -> FloatArray:
    if len({len(point) for point in points}) != 1:
        raise ValueError("its points have different numbers of coordinates")
    return np.asarray(points, dtype=np.float64)


def _measure_marks(points: FloatArray, spacing: Spacing) -> _Length:
    extent = measure_extent(points, spacing)
    flags = (Flag.SENSITIVE_TO_ONE_MARK,) if extent.sensitive_to_one_mark else ()
    return _Length(extent.value_mm, _tuples(extent.ends_rc), flags=flags)


def _measure_outline(points: FloatArray, spacing: Spacing) -> _Length:
    diameter = measure_outline(points, spacing)
    return _Length(diameter.value_mm, _tuples(diameter.ends), diameter.short_axis_mm)


def _measure_caliper(points: FloatArray, spacing: Spacing) -> _Length:
    """Measure a line; one within one slice needs no slice spacing."""
    in_plane = points.shape == (2, 3) and points[0, 0] == points[1, 0]
    return _Length(line_length_mm(points[:, 1:] if in_plane else points, spacing), _tuples(points))


_MEASURES: Mapping[GeometryKind, Callable[[FloatArray, Spacing], _Length]] = {
    GeometryKind.MARKS: _measure_marks,
    GeometryKind.OUTLINE: _measure_outline,
    GeometryKind.CALIPER: _measure_caliper,
}


def _tuples(points: FloatArray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in point) for point in points)
