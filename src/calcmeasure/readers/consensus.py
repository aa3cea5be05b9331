"""What readers hold in common, as a reading of its own; both originals stay as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations

from calcmeasure.errors import AnnotationError
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.model.annotation import Annotation
from calcmeasure.readers.cases import CONSENSUS_READER, Case, Finding, read_cases
from calcmeasure.readers.discordance import DEFAULT_LIMIT_PERCENT, disagreement
from calcmeasure.store.database import Reading, StoredAnnotation
from calcmeasure.terms import Quantity

ORIGIN = "consensus_of"
"""Field of a consensus annotation: the readers' annotations it stands for."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """Readings to record, and what is left to be read together.

    Parameters
    ----------
    readings
        One per patient that has a case agreed on.
    agreed, open_cases
        Cases agreed on, and cases the readers have to settle: they disagree, or one of them did not look.
    settled
        Cases that stand in the consensus already; they are never touched.
    """

    readings: tuple[Reading, ...]
    agreed: tuple[Case, ...]
    open_cases: tuple[Case, ...]
    settled: tuple[Case, ...]


def find_consensus(
    stored: Sequence[StoredAnnotation], *, readers: Sequence[str], limit_percent: Decimal = DEFAULT_LIMIT_PERCENT
) -> Consensus:
    """Find the cases all readers agree on.

    A drawing is never averaged: a mean of two lengths has no ends to show. Where the readers agree, the drawing of the
    one named first stands for both, with the identifiers of all of them. Where they do not, or did not draw as many
    lesions or stated other things of them, nothing is guessed.

    Parameters
    ----------
    stored
        Annotations in force, of these readers and of the consensus so far.
    readers
        At least two; the first one's drawings are taken.
    limit_percent
        Largest difference of two lengths that still counts as agreement, in per cent of their mean.

    Raises
    ------
    AnnotationError
        If fewer than two readers are named, or one of them read nothing.
    """
    _check_readers(readers, stored)
    wanted = [*readers, CONSENSUS_READER]
    measured = [
        measure_annotation(s.annotation, patient_id=s.patient_id, reader=s.reader) for s in stored if s.reader in wanted
    ]
    readings = read_cases(measured)
    cases: dict[str, list[Case]] = defaultdict(list)
    for case, findings in readings.items():
        cases[_state(findings, readers, limit_percent=limit_percent)].append(case)
    drawn = {(s.patient_id, s.reader, s.annotation.annotation_id): s for s in stored}
    agreed: dict[str, list[tuple[Annotation, float | None]]] = defaultdict(list)
    for case in cases["agreed"]:
        agreed[case.patient_id] += _drawings(readings[case], readers, drawn, patient_id=case.patient_id)
    reason = f"consensus of {', '.join(readers)}: within {limit_percent} %, drawn by {readers[0]}"
    return Consensus(
        readings=tuple(_reading(patient_id, found, reason=reason) for patient_id, found in sorted(agreed.items())),
        agreed=tuple(cases["agreed"]),
        open_cases=tuple(cases["open"]),
        settled=tuple(cases["settled"]),
    )


def _check_readers(readers: Sequence[str], stored: Sequence[StoredAnnotation]) -> None:
    known = {s.reader for s in stored} - {CONSENSUS_READER}
    if len(set(readers)) < 2 or not known.issuperset(readers):
        there = ", ".join(sorted(known)) or "none"
        raise AnnotationError(f"a consensus needs two readers of these cases, named with --reader; there are: {there}")


def _state(findings: Mapping[str, Finding], readers: Sequence[str], *, limit_percent: Decimal) -> str:
    if CONSENSUS_READER in findings:
        return "settled"
    said = [findings[reader] for reader in readers if reader in findings]
    agree = all(
        disagreement(a, b, limit_percent=limit_percent) is None and _lesions(a) == _lesions(b)
        for a, b in combinations(said, 2)
    )
    return "agreed" if len(said) == len(readers) and agree else "open"


def _lesions(finding: Finding) -> list[tuple[str, ...]]:
    """How many lesions there are, and what was stated of each: the length of the largest tells neither."""
    lesions = [m for m in finding.measurements if m.quantity is Quantity.LESION_DIAMETER]
    return sorted(tuple(str(said) for said in (bool(m.value_mm), m.site, m.role, m.status)) for m in lesions)


def _drawings(
    findings: Mapping[str, Finding],
    readers: Sequence[str],
    drawn: dict[tuple[str, str, str], StoredAnnotation],
    *,
    patient_id: str,
) -> Iterator[tuple[Annotation, float | None]]:
    origin = [
        {
            "reader": reader,
            "annotation_id": m.annotation_id,
            "version": drawn[patient_id, reader, m.annotation_id].version,
        }
        for reader in readers
        for m in findings[reader].measurements
    ]
    for m in findings[readers[0]].measurements:
        original = drawn[patient_id, readers[0], m.annotation_id].annotation
        yield replace(original, extra={**original.extra, ORIGIN: origin}), m.value_mm


def _reading(patient_id: str, found: Sequence[tuple[Annotation, float | None]], *, reason: str) -> Reading:
    values = {annotation.annotation_id: value_mm for annotation, value_mm in found}
    return Reading(patient_id, CONSENSUS_READER, tuple(annotation for annotation, _ in found), values, reason=reason)
