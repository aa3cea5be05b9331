"""A whole reading to bytes and back without loss, voxels of lesions included."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from calcmeasure.errors import ErrorCode, ReadingError
from calcmeasure.model.annotation import MASK_FIELD, Annotation
from calcmeasure.store.annotation_json import (
    annotation_from_json,
    annotation_to_json,
    image_from_json,
    image_to_json,
    phase_from_json,
    phase_to_json,
)
from calcmeasure.terms import Laterality, Modality, Quantity, View
from napari_calcmeasure.reading.finding import Finding, LesionMask, PatientReading, Target, Unfinished

MAX_VOXELS = 2**28
"""A larger mask is refused before it is unpacked."""

_HEAD = "calcmeasure-draft"
_VERSION = 1


def reading_to_bytes(reading: PatientReading) -> bytes:
    """Write a reading as a line with a checksum, then JSON.

    Notes
    -----
    A draft is never refused for what it holds: numbers of numpy count as numbers, and coordinates that are not finite
    are kept as they are.
    """
    body = json.dumps(_reading_to_json(reading), separators=(",", ":"), default=_plain_number).encode("ascii")
    return f"{_HEAD} {_VERSION} {hashlib.sha256(body).hexdigest()}\n".encode("ascii") + body


def reading_from_bytes(data: bytes) -> PatientReading:
    """Read what `reading_to_bytes` wrote.

    Raises
    ------
    ReadingError
        When the bytes are damaged, or were written by a newer version.
    """
    line, _, body = data.partition(b"\n")
    name, version, digest = (*line.decode("ascii", "replace").split(" "), "", "", "")[:3]
    if name == _HEAD and version.isdigit() and int(version) > _VERSION:
        raise ReadingError("a draft was written by a newer version; restore it with that", code=ErrorCode.STORE_NEWER)
    if name != _HEAD or digest != hashlib.sha256(body).hexdigest():
        raise ReadingError("a draft of unsigned work is damaged; it was kept aside and the others are whole")
    try:
        return _reading_from_json(json.loads(body))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError, zlib.error) as error:
        raise ReadingError("a draft of unsigned work cannot be understood; it was kept aside") from error


def mask_to_json(mask: LesionMask) -> dict[str, Any]:
    """Turn voxels into JSON values: one bit per voxel, packed with zlib, in base64."""
    packed = zlib.compress(np.packbits(mask.voxels).tobytes(), level=1)
    return {
        "offset": [int(index) for index in mask.offset_zrc],
        "shape": list(mask.voxels.shape),
        "data": base64.b64encode(packed).decode("ascii"),
        "sha256": mask.digest,
        "seed": None if mask.seed_zrc is None else list(mask.seed_zrc),
        "level": mask.level,
    }


def mask_from_json(content: Mapping[str, Any]) -> LesionMask:
    """Unpack voxels.

    Raises
    ------
    ReadingError
        When shape and data do not belong together.
    """
    shape = tuple(int(size) for size in content["shape"])
    count = math.prod(shape)
    if len(shape) != 3 or min(shape) < 0 or count > MAX_VOXELS:
        raise ReadingError("the mask of a lesion has an impossible size; draw the lesion again")
    n_bytes = -(-count // 8)
    packed = zlib.decompressobj().decompress(base64.b64decode(content["data"], validate=True), n_bytes + 1)
    if len(packed) != n_bytes:
        raise ReadingError("the mask of a lesion does not fill its size; draw the lesion again")
    voxels = np.unpackbits(np.frombuffer(packed, np.uint8), count=count).astype(np.bool_).reshape(shape)
    voxels.setflags(write=False)
    offset_z, offset_r, offset_c = (int(index) for index in content["offset"])
    seed = content.get("seed")
    return LesionMask((offset_z, offset_r, offset_c), voxels, seed and tuple(seed), content.get("level", 0.5))


def same_mask(one: LesionMask | None, other: LesionMask | None) -> bool:
    """Whether two masks hold the same voxels of the same place."""
    if one is None or other is None:
        return one is other
    return one is other or (
        one.offset_zrc == other.offset_zrc
        and (one.seed_zrc, one.level) == (other.seed_zrc, other.level)
        and np.array_equal(one.voxels, other.voxels)
    )


def mask_of(annotation: Annotation) -> LesionMask | None:
    """Mask saved with an annotation, or None.

    Raises
    ------
    ReadingError
        When what is saved there is no mask.
    """
    content = annotation.extra.get(MASK_FIELD)
    if not content:
        return None
    try:
        return mask_from_json(content)  # type: ignore[arg-type]
    except (LookupError, ValueError, TypeError, AttributeError, zlib.error) as error:
        raise ReadingError("the mask saved with a lesion is damaged; its outline and diameter stand") from error


def sound_mask(annotation: Annotation) -> LesionMask | None:
    """Mask saved with an annotation; a damaged one is none, since outline and diameter stand without it."""
    try:
        return mask_of(annotation)
    except ReadingError:
        return None


def with_mask(finding: Finding) -> Annotation:
    """Annotation of a finding as it is saved: together with the mask it has now."""
    annotation = finding.annotation
    extra = {name: value for name, value in annotation.extra.items() if name != MASK_FIELD}
    if finding.mask is not None:
        extra[MASK_FIELD] = mask_to_json(finding.mask)
    return replace(annotation, extra=extra)


def _reading_to_json(reading: PatientReading) -> dict[str, Any]:
    return {
        "patient_id": reading.patient_id,
        "reader": reading.reader,
        "findings": [_finding_to_json(finding) for finding in reading.findings],
        "given_up": [_finding_to_json(finding) for finding in reading.given_up],
        "unfinished": None if reading.unfinished is None else _unfinished_to_json(reading.unfinished),
        "selected": reading.selected,
        "phase_choices": reading.phase_choices,
    }


def _reading_from_json(content: Mapping[str, Any]) -> PatientReading:
    return PatientReading(
        patient_id=content["patient_id"],
        reader=content["reader"],
        findings=tuple(_finding_from_json(one) for one in content["findings"]),
        given_up=tuple(_finding_from_json(one) for one in content["given_up"]),
        unfinished=None if content["unfinished"] is None else _unfinished_from_json(content["unfinished"]),
        selected=content["selected"],
        phase_choices=dict(content["phase_choices"]),
    )


def _finding_to_json(finding: Finding) -> dict[str, Any]:
    return {
        "annotation": annotation_to_json(finding.annotation),
        "mask": None if finding.mask is None else mask_to_json(finding.mask),
        "signed": None if finding.signed is None else annotation_to_json(finding.signed),
        "version": finding.version,
    }


def _finding_from_json(content: Mapping[str, Any]) -> Finding:
    mask, signed = content["mask"], content["signed"]
    return Finding(
        annotation=_annotation(content["annotation"]),
        mask=None if mask is None else mask_from_json(mask),
        signed=None if signed is None else _annotation(signed),
        version=content["version"],
    )


def _annotation(content: Mapping[str, Any]) -> Annotation:
    return annotation_from_json(content, study_date="", place="draft")


def _unfinished_to_json(drawing: Unfinished) -> dict[str, Any]:
    return {"tool": drawing.tool, "target": _target_to_json(drawing.target), "points": drawing.points}


def _unfinished_from_json(content: Mapping[str, Any]) -> Unfinished:
    points = tuple(tuple(point) for point in content["points"])
    return Unfinished(content["tool"], _target_from_json(content["target"]), points)


def _target_to_json(target: Target) -> dict[str, Any]:
    plain = {name: getattr(target, name) for name in (*_TARGET_TEXTS, *_TARGET_ENUMS, *_TARGET_LISTS)}
    phase = None if target.phase is None else phase_to_json(target.phase)
    return {**plain, "image": image_to_json(target.image), "phase": phase}


def _target_from_json(content: Mapping[str, Any]) -> Target:
    fields: dict[str, Any] = {name: content[name] for name in _TARGET_TEXTS}
    fields |= {name: content[name] and kind(content[name]) for name, kind in _TARGET_ENUMS.items()}
    fields |= {name: tuple(content.get(name, ())) for name in _TARGET_LISTS}
    return Target(**fields, image=image_from_json(content["image"]), phase=phase_from_json(content["phase"]))


_TARGET_TEXTS = ("timepoint", "study_date")
_TARGET_ENUMS: Mapping[str, Any] = {"modality": Modality, "quantity": Quantity, "laterality": Laterality, "view": View}
_TARGET_LISTS = ("flags", "slice_uids", "series_uids")


def _plain_number(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a draft cannot hold a {type(value).__name__}")
