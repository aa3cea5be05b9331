"""One annotation to and from its JSON form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from calcmeasure.errors import AnnotationError, CalcMeasureError
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import Annotation, ImageReference, MarkEvidence, PhaseReference
from calcmeasure.store.enhancement_json import ENHANCEMENT_FIELDS, enhancement_from_json, enhancement_to_json
from calcmeasure.store.lesion_masks import names_mask, stored_mask
from calcmeasure.terms import (
    Distribution,
    GeometryKind,
    Laterality,
    LesionRelation,
    LesionRole,
    LesionSite,
    LesionType,
    Method,
    Modality,
    Morphology,
    NonTargetStatus,
    Quantity,
    View,
)

_ENUMS: Mapping[str, Any] = {
    "modality": Modality,
    "laterality": Laterality,
    "view": View,
    "quantity": Quantity,
    "geometry": GeometryKind,
    "method": Method,
    "morphology": Morphology,
    "distribution": Distribution,
}
_OPTIONAL_ENUMS: Mapping[str, Any] = {
    "lesion_type": LesionType,
    "relation": LesionRelation,
    "role": LesionRole,
    "site": LesionSite,
    "status": NonTargetStatus,
}
_PLAIN = (
    "annotation_id",
    "lesion_id",
    "timepoint",
    "confidence",
    "volume_mm3",
    "diameter_3d_mm",
    "software",
    "created_utc",
)
_LISTS = ("mark_diameters_mm", "flags")
_OPTIONAL_LISTS = ("from_lesions",)
_NESTED: Mapping[str, tuple[str, ...]] = {
    "image": ("sop_uid", "series_uid", "study_uid", "frame", "rows", "columns", "spacing"),
    "phase": ("index", "time_s", "rule", "time_zero"),
    "enhancement": ENHANCEMENT_FIELDS,
}
_OF_DETECTOR = ("mark_evidence", "independent_points")
_NAMED_ALONE = ("points", "study_date", *_OF_DETECTOR)
_FIELDS = {*_ENUMS, *_OPTIONAL_ENUMS, *_PLAIN, *_LISTS, *_OPTIONAL_LISTS, *_NESTED, *_NAMED_ALONE}


def annotation_to_json(annotation: Annotation) -> dict[str, Any]:
    """Turn an annotation into JSON values, its unknown fields included.

    Notes
    -----
    What only a reader says (kind of lesion, link to earlier visits, role), and what only a detector knows of marks, is
    left out where nothing was said, so that files and stored rows without it keep their bytes.
    """
    spare = dict(annotation.extra)
    nested = {name: spare.pop(name, {}) for name in _NESTED}
    content: dict[str, Any] = {name: getattr(annotation, name) for name in ("annotation_id", "lesion_id", "timepoint")}
    content["study_date"] = annotation.study_date
    content |= {name: _text_or_none(getattr(annotation, name)) for name in _ENUMS}
    content["points"] = [list(point) for point in annotation.points]
    content["image"] = image_to_json(annotation.image) | _mapping(nested["image"])
    content["phase"] = None if annotation.phase is None else phase_to_json(annotation.phase) | _mapping(nested["phase"])
    content |= {name: getattr(annotation, name) for name in _PLAIN}
    content |= {name: list(getattr(annotation, name)) for name in _LISTS}
    if annotation.enhancement is not None:
        content["enhancement"] = enhancement_to_json(annotation.enhancement) | _mapping(nested["enhancement"])
    return content | _said_by_reader(annotation) | _known_to_detector(annotation) | spare


def annotation_from_json(content: Mapping[str, Any], *, study_date: str, place: str) -> Annotation:
    """Build an annotation from values that passed the schema.

    Parameters
    ----------
    content
        One entry of ``annotations``.
    study_date
        Of its time point, used where the entry has none.
    place
        JSON path, for messages.

    Raises
    ------
    AnnotationError
        If the points do not fit each other, the geometry or the spacing; ``E_MASK`` when the mask is missing, damaged
        or another one.
    """
    _check_points(content, place)
    try:
        image = image_from_json(content["image"])
    except CalcMeasureError as error:
        raise AnnotationError(f"annotation file, at {place}.image.spacing: {error}") from error
    fields: dict[str, Any] = {name: content[name] for name in _PLAIN if name in content}
    enums = {**_ENUMS, **_OPTIONAL_ENUMS}
    fields |= {name: kind(content[name]) for name, kind in enums.items() if content.get(name) is not None}
    fields |= {name: tuple(content.get(name) or ()) for name in (*_LISTS, *_OPTIONAL_LISTS)}
    fields.setdefault("laterality", None)
    annotation = Annotation(
        **fields,
        study_date=content.get("study_date") or study_date,
        points=_points(content["points"]),
        mark_evidence=tuple(MarkEvidence(**_of_mark(mark)) for mark in content.get("mark_evidence") or ()),
        independent_points=None
        if content.get("independent_points") is None
        else _points(content["independent_points"]),
        image=image,
        phase=phase_from_json(content.get("phase")),
        enhancement=enhancement_from_json(content.get("enhancement")),
        extra=_unknown(content),
    )
    if names_mask(annotation):
        stored_mask(annotation)
    return annotation


def _said_by_reader(annotation: Annotation) -> dict[str, Any]:
    said = {name: _text_or_none(getattr(annotation, name)) for name in _OPTIONAL_ENUMS}
    lists = {name: list(getattr(annotation, name)) for name in _OPTIONAL_LISTS}
    return {name: value for name, value in (said | lists).items() if value}


def _known_to_detector(annotation: Annotation) -> dict[str, Any]:
    known: dict[str, Any] = {}
    if annotation.mark_evidence:
        known["mark_evidence"] = [_without_unknown(mark) for mark in annotation.mark_evidence]
    if annotation.independent_points is not None:
        known["independent_points"] = [list(point) for point in annotation.independent_points]
    return known


def _without_unknown(mark: MarkEvidence) -> dict[str, float]:
    return {name: value for name, value in mark._asdict().items() if value is not None}


def _of_mark(content: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(content[name]) for name in MarkEvidence._fields if content.get(name) is not None}


def _points(content: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in point) for point in content)


def _check_points(content: Mapping[str, Any], place: str) -> None:
    points = content["points"]
    if len({len(point) for point in points}) > 1:
        raise AnnotationError(f"annotation file, at {place}.points: expected points with equally many coordinates")
    if content["geometry"] == GeometryKind.CALIPER and len(points) not in (0, 2):
        raise AnnotationError(f"annotation file, at {place}.points: expected the two ends of a caliper")
    if len({len(point) for point in content.get("independent_points") or ()}) > 1:
        raise AnnotationError(
            f"annotation file, at {place}.independent_points: expected points with equally many coordinates"
        )
    for name in ("mark_diameters_mm", "mark_evidence"):
        if content.get(name) and len(content[name]) != len(points):
            raise AnnotationError(f"annotation file, at {place}.{name}: expected one per point ({len(points)})")


def _unknown(content: Mapping[str, Any]) -> dict[str, object]:
    """Fields we do not know; those inside ``image`` and ``phase`` under that name."""
    extra: dict[str, object] = {name: value for name, value in content.items() if name not in _FIELDS}
    for name, known in _NESTED.items():
        spare = {key: value for key, value in (content.get(name) or {}).items() if key not in known}
        if spare:
            extra[name] = spare
    return extra


def image_to_json(image: ImageReference) -> dict[str, Any]:
    """Turn the reference to an image into JSON values."""
    content = {name: getattr(image, name) for name in _NESTED["image"]}
    spacing = image.spacing
    content["spacing"] = spacing and {
        "row_mm": spacing.row_mm,
        "col_mm": spacing.col_mm,
        "slice_mm": spacing.slice_mm,
        "source": str(spacing.source),
        "magnification": spacing.magnification,
    }
    return content


def image_from_json(content: Mapping[str, Any]) -> ImageReference:
    """Build the reference to an image.

    Raises
    ------
    SpacingError
        If its spacing is impossible.
    """
    return ImageReference(
        sop_uid=content.get("sop_uid", ""),
        series_uid=content.get("series_uid", ""),
        study_uid=content.get("study_uid", ""),
        frame=int(content["frame"]),
        rows=int(content["rows"]),
        columns=int(content["columns"]),
        spacing=_spacing_from_json(content["spacing"]),
    )


def _spacing_from_json(content: Mapping[str, Any] | None) -> Spacing | None:
    if content is None:
        return None
    return Spacing(
        row_mm=content["row_mm"],
        col_mm=content["col_mm"],
        source=SpacingSource(content["source"]),
        slice_mm=content.get("slice_mm"),
        magnification=content.get("magnification"),
    )


def phase_to_json(phase: PhaseReference) -> dict[str, Any]:
    """Turn the reference to a phase into JSON values."""
    return {name: getattr(phase, name) for name in _NESTED["phase"]}


def phase_from_json(content: Mapping[str, Any] | None) -> PhaseReference | None:
    """Build the reference to a phase; None stays None."""
    if content is None:
        return None
    return PhaseReference(int(content["index"]), content.get("time_s"), content["rule"], content.get("time_zero", ""))


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
