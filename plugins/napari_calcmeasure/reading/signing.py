"""Signing: from a reading on the desk to rows of the store, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.errors import ErrorCode, ReadingError
from calcmeasure.model.annotation import MASK_FIELD, Annotation
from napari_calcmeasure.reading.draft_json import same_mask, sound_mask, with_mask
from napari_calcmeasure.reading.finding import Finding, PatientReading, phases_taken

if TYPE_CHECKING:
    from calcmeasure.store.database import StoredAnnotation

FIRST_REASON = "signed"
"""Recorded where nothing was signed before, so that no reason is needed."""


def sign(reading: PatientReading, store_url: str, *, reason: str = "") -> PatientReading:
    """Record what is new or changed and retract what was given up, all or nothing.

    Parameters
    ----------
    reading
        Of one reader; nothing may be unfinished.
    store_url
        File name or SQLAlchemy URL; made if need be.
    reason
        Why signed values change; needed when one changes or is given up.

    Returns
    -------
    PatientReading
        The same findings, signed, with their versions, and what another window of this reader signed meanwhile.

    Raises
    ------
    ReadingError
        ``E_NO_READER``, ``E_UNFINISHED`` or ``E_NO_REASON``; nothing was recorded.
    AnnotationError
        When the points of a finding do not fit its geometry; nothing was recorded.
    StoreError
        ``E_STORE_CONFLICT`` when another window signed one of these findings since it was loaded, or when the store
        cannot be written; nothing was recorded.
    """
    from calcmeasure.measure.annotations import measure_annotation
    from calcmeasure.store.database import MeasurementStore, Reading

    _check_ready(reading, reason)
    due = [finding for finding in reading.findings if needs_signature(finding)]
    drawn = [with_mask(finding) for finding in due]
    patient_id, reader = reading.patient_id, reading.reader
    measured = [measure_annotation(one, patient_id=patient_id, reader=reader) for one in drawn]
    new = Reading(
        patient_id,
        reader,
        annotations=drawn,
        values_mm={one.annotation_id: one.value_mm for one in measured},
        reason=reason.strip() or FIRST_REASON,
        retract=[finding.key for finding in reading.given_up],
        based_on={finding.key: finding.version for finding in (*due, *reading.given_up) if finding.version},
    )
    with MeasurementStore(store_url) as store:
        store.record(new)
        in_force = store.current(patient_id=patient_id, reader=reader)
    return _follow(replace(reading, given_up=()), in_force, take_newer=False)


def needs_signature(finding: Finding) -> bool:
    """Whether a finding differs from what is signed, its mask included."""
    return finding.signed is None or not _is_drawn_as(finding, finding.signed)


def needs_reason(reading: PatientReading) -> bool:
    """Whether signing changes or retracts a signed value."""
    changed = any(finding.signed is not None and needs_signature(finding) for finding in reading.findings)
    return changed or bool(reading.given_up)


def load_reading(store_url: str, patient_id: str, reader: str) -> PatientReading:
    """Bring a reader's signed findings of one patient to the desk.

    Raises
    ------
    StoreError
        When the store cannot be read; a store that does not exist yet holds nothing.
    """
    return catch_up(PatientReading(patient_id, reader), store_url)


def catch_up(reading: PatientReading, store_url: str, *, take_newer: bool = False) -> PatientReading:
    """Bring a reading up to what is in force in the store, keeping every unsigned change.

    Findings the reader did not touch follow the store; new ones are added; what is recorded already in the same way
    (a crash right after signing) counts as signed. A finding both touched here and signed elsewhere stays based on
    the version it was drawn on, so that signing it is refused as a conflict.

    Parameters
    ----------
    take_newer
        Resolve such conflicts: what was drawn here now stands as a change of the version in force, and what was given
        up here comes back if it was signed anew elsewhere. Ask before, and show both.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    in_force = stored_annotations(store_url, patient_id=reading.patient_id, reader=reading.reader)
    return _follow(reading, in_force, take_newer=take_newer)


def stored_annotations(
    store_url: str, *, patient_id: str | None = None, reader: str | None = None
) -> list[StoredAnnotation]:
    """Read what is in force; a store that does not exist yet holds nothing, and is not made.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    from calcmeasure.store.database import MeasurementStore

    if "://" not in store_url and not Path(store_url).is_file():
        return []
    with MeasurementStore(store_url) as store:
        return store.current(patient_id=patient_id, reader=reader)


def other_readings(store_url: str, patient_id: str, *, reader: str) -> list[StoredAnnotation]:
    """Read what others, automatic runs included, have in force for a patient.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    return [one for one in stored_annotations(store_url, patient_id=patient_id) if one.reader != reader]


def _check_ready(reading: PatientReading, reason: str) -> None:
    if not reading.reader.strip():
        raise ReadingError("a signature needs a reader id; enter yours first", code=ErrorCode.NO_READER)
    if reading.unfinished is not None:
        raise ReadingError(
            "a drawing is not finished; complete it (Enter) or give it up (Escape), then sign",
            code=ErrorCode.UNFINISHED,
        )
    if needs_reason(reading) and not reason.strip():
        raise ReadingError("a signed value changes; say why, then sign", code=ErrorCode.NO_REASON)


def _follow(reading: PatientReading, in_force: Sequence[StoredAnnotation], *, take_newer: bool) -> PatientReading:
    stored = {one.annotation.annotation_id: one for one in in_force}
    given_up = [one for one in reading.given_up if _still_given_up(one, stored, take_newer=take_newer)]
    on_desk = {finding.key for finding in reading.findings}
    gone = {finding.key for finding in given_up}
    kept = [_caught_up(finding, stored.get(finding.key), take_newer=take_newer) for finding in reading.findings]
    added = [_signed(one) for key, one in stored.items() if key not in on_desk | gone]
    findings = (*(finding for finding in kept if finding is not None), *added)
    selected = reading.selected if any(finding.key == reading.selected for finding in findings) else ""
    phases = phases_taken(finding.annotation for finding in added) | reading.phase_choices
    return replace(reading, findings=findings, given_up=tuple(given_up), selected=selected, phase_choices=phases)


def _still_given_up(finding: Finding, stored: dict[str, StoredAnnotation], *, take_newer: bool) -> bool:
    now = stored.get(finding.key)
    return now is not None and (now.version == finding.version or not take_newer)


def _caught_up(finding: Finding, now: StoredAnnotation | None, *, take_newer: bool) -> Finding | None:
    """Bring one finding up to date; None for an untouched one that was retracted elsewhere."""
    if now is None:
        if not needs_signature(finding):
            return None
        return replace(finding, signed=None, version=0) if take_newer else finding
    if not needs_signature(finding) or _is_drawn_as(finding, now.annotation):
        return _signed(now)
    return replace(finding, signed=now.annotation, version=now.version) if take_newer else finding


def _is_drawn_as(finding: Finding, stored: Annotation) -> bool:
    """Whether nothing differs but when and by which version it was written."""
    return _bare(finding.annotation) == _bare(stored) and same_mask(finding.mask, sound_mask(stored))


def _bare(annotation: Annotation) -> Annotation:
    extra = {name: value for name, value in annotation.extra.items() if name != MASK_FIELD}
    return replace(annotation, created_utc="", software="", extra=extra)


def _signed(stored: StoredAnnotation) -> Finding:
    annotation = stored.annotation
    return Finding(annotation, sound_mask(annotation), signed=annotation, version=stored.version)
