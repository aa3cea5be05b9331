"""Saved annotations: one JSON file per patient and reader, checked against a published schema."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from calcmeasure.errors import AnnotationError
from calcmeasure.model.annotation import Annotation
from calcmeasure.store.annotation_json import annotation_from_json, annotation_to_json
from calcmeasure.store.atomic import write_atomically

FORMAT = "calcmeasure-annotations"
FORMAT_VERSION = 1
MAX_BYTES = 256 * 1024 * 1024
"""Larger files are refused before they are parsed."""


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """Content of one file.

    Parameters
    ----------
    timepoints
        (name, ISO study date) in order; the date is empty when unknown.
    extra
        Unknown top-level fields, kept for the round trip.
    """

    patient_id: str
    reader: str
    timepoints: tuple[tuple[str, str], ...]
    annotations: tuple[Annotation, ...]
    extra: Mapping[str, object] = field(default_factory=dict)


def annotation_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of saved annotations."""
    schema: dict[str, Any] = json.loads(_schema_text())
    return schema


def write_annotations(
    path: str | Path,
    *,
    patient_id: str,
    reader: str,
    annotations: Iterable[Annotation],
    timepoints: Iterable[tuple[str, str]] = (),
    extra: Mapping[str, object] | None = None,
) -> None:
    """Write a file atomically; what cannot be read back is refused.

    Parameters
    ----------
    path
        Usually ``annotations/<patient>.<reader>.annotations.json``; its folder must exist.
    patient_id, reader
        Whose findings, drawn by whom.
    annotations
        In the order to be written.
    timepoints
        (name, ISO date) of visits to list even where nothing was drawn; those of the annotations are added.
    extra
        Unknown top-level fields of the file that was read.

    Raises
    ------
    AnnotationError
        If an annotation does not follow the schema.
    OutputError
        If the file cannot be written.
    """
    drawn = tuple(annotations)
    visits = dict(timepoints)
    for annotation in drawn:
        if not visits.get(annotation.timepoint):
            visits[annotation.timepoint] = annotation.study_date
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "patient_id": patient_id,
        "reader": reader,
        **(extra or {}),
        "timepoints": [{"name": name, "study_date": day} for name, day in visits.items()],
        "annotations": [annotation_to_json(annotation) for annotation in drawn],
    }
    text = _to_text(document)
    _from_document(_parse(text))
    write_atomically(path, text.encode("ascii"))


def read_annotations(path: str | Path) -> AnnotationFile:
    """Read and check a file.

    Raises
    ------
    AnnotationError
        With the JSON path of the first thing that is wrong and what was expected there.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise AnnotationError(f"the annotation file is larger than {MAX_BYTES // 1024**2} MiB")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AnnotationError(f"the annotation file cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise AnnotationError("the annotation file is not UTF-8 text") from error
    return _from_document(_parse(text))


@cache
def _schema_text() -> str:
    return (resources.files("calcmeasure.store") / "annotations.schema.json").read_text(encoding="utf-8")


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(annotation_schema())


def _parse(text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text, parse_constant=_refuse_number, parse_float=_finite, object_pairs_hook=_distinct)
    except RecursionError as error:
        raise AnnotationError("the annotation file is nested too deeply") from error
    except ValueError as error:
        if isinstance(error, AnnotationError):
            raise
        raise AnnotationError(f"the annotation file is not valid JSON ({_position(error)})") from error


def _position(error: ValueError) -> str:
    """Where the text goes wrong, without quoting it."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, line {error.lineno} column {error.colno}"
    return "a number has too many digits"


def _refuse_number(text: str) -> float:
    raise AnnotationError(f"the annotation file holds {text}, which is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise AnnotationError("the annotation file holds a number beyond the range of doubles")
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that comes twice: readers would disagree which one counts."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise AnnotationError("the annotation file holds the same key twice in one object")
    return content


def _from_document(document: Any) -> AnnotationFile:  # noqa: ANN401
    _check(document)
    visits = tuple((visit["name"], visit["study_date"]) for visit in document["timepoints"])
    known = {"format", "format_version", "patient_id", "reader", "timepoints", "annotations"}
    days = dict(visits)
    annotations = tuple(
        annotation_from_json(entry, study_date=days.get(entry["timepoint"], ""), place=f"$.annotations[{k}]")
        for k, entry in enumerate(document["annotations"])
    )
    _check_unique(annotations)
    extra = {key: value for key, value in document.items() if key not in known}
    return AnnotationFile(document["patient_id"], document["reader"], visits, annotations, extra)


def _check(document: Any) -> None:  # noqa: ANN401
    error = next(iter(_validator().iter_errors(document)), None)
    if error is not None:
        error = _innermost(error)
        raise AnnotationError(f"annotation file, at {error.json_path}: expected {_expected(error)}")


def _innermost(error: ValidationError) -> ValidationError:
    """Where none of several alternatives fits, follow the one that got furthest."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return error


def _expected(error: ValidationError) -> str:
    """Say what the schema asks for, without repeating the value found (it may name a patient)."""
    if error.validator == "required":
        return error.message.replace("is a required property", "to be present")
    return f"{error.validator} {json.dumps(error.validator_value)[:200]}"


def _check_unique(annotations: Iterable[Annotation]) -> None:
    counts = Counter(annotation.annotation_id for annotation in annotations)
    for k, count in enumerate(counts.values()):
        if count > 1:
            raise AnnotationError(f"annotation file, at $.annotations[{k}].annotation_id: expected an id used once")


def _to_text(document: Mapping[str, object]) -> str:
    """One line per field and per annotation, so that two versions can be compared line by line."""
    try:
        return (
            "{\n" + ",\n".join(f"{json.dumps(key)}: {_value_text(value)}" for key, value in document.items()) + "\n}\n"
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise AnnotationError("an annotation holds a value that JSON has no form for (such as NaN)") from error


def _value_text(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(json.dumps(entry, allow_nan=False) for entry in value) + "\n]"
    return json.dumps(value, allow_nan=False)
