"""Which finding is which: stable ids, and the same lesion followed from visit to visit."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calcmeasure.model.imaging import FolderIndex
from calcmeasure.terms import Laterality, Quantity

LINK_DISTANCE_MM = 35.0
"""A follow-up lesion is the baseline lesion when it lies within this distance of it, relative to the breast.

The breast is repositioned between visits and the tumour shrinks towards any of its ends: half the diameter of a large
lesion plus 1-2 cm of positioning error.
"""


@dataclass(frozen=True, slots=True)
class LocatedLesion:
    """A lesion of one visit, placed relative to its breast.

    Parameters
    ----------
    laterality
        Side.
    relative_lps
        Centre minus the centre of that side's breast, mm.
    """

    laterality: Laterality
    relative_lps: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class KnownLesion:
    """A lesion with its identifier, as last seen."""

    lesion_id: str
    located: LocatedLesion


def annotation_id(image_uid: str, quantity: Quantity, *, rank: int) -> str:
    """Name the n-th finding on an image; the same in every run.

    Examples
    --------
    >>> annotation_id("1.2.3", Quantity.LESION_DIAMETER, rank=1)
    'c02e9a15c52f'
    """
    text = f"{image_uid}|{quantity}|{rank}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def with_distinct_ids(index: FolderIndex) -> FolderIndex:
    """Give every patient of an index an identifier of its own.

    Parameters
    ----------
    index
        Patients whose identifier is blank, or shared with a patient of another issuer, take their key as identifier:
        rows of different people must never meet in the store or in a table.
    """
    uses = Counter(patient.patient_id for patient in index.patients)
    patients = tuple(
        patient if patient.patient_id and uses[patient.patient_id] == 1 else replace(patient, patient_id=patient.key)
        for patient in index.patients
    )
    return replace(index, patients=patients)


def link_lesions(found: Sequence[LocatedLesion], known: Sequence[KnownLesion]) -> tuple[list[KnownLesion], set[str]]:
    """Give every lesion of a visit its identifier.

    Parameters
    ----------
    found
        Lesions of this visit, largest first.
    known
        Lesions of earlier visits.

    Returns
    -------
    linked : list of KnownLesion
        One per `found`, in its order.
    new : set of str
        Identifiers that were not known before.

    Notes
    -----
    Nearest pairs first, same side only, within `LINK_DISTANCE_MM`; each known lesion is used once.
    """
    pairs = sorted(
        (_distance_mm(lesion, before.located), i, k)
        for i, lesion in enumerate(found)
        for k, before in enumerate(known)
        if lesion.laterality == before.located.laterality
    )
    assigned: dict[int, int] = {}
    for distance_mm, i, k in pairs:
        if distance_mm <= LINK_DISTANCE_MM and i not in assigned and k not in assigned.values():
            assigned[i] = k
    ids = _ids(found, known, assigned)
    linked = [KnownLesion(lesion_id, lesion) for lesion_id, lesion in zip(ids, found, strict=True)]
    return linked, set(ids) - {before.lesion_id for before in known}


def _ids(found: Sequence[LocatedLesion], known: Sequence[KnownLesion], assigned: dict[int, int]) -> list[str]:
    counts = {side: sum(k.located.laterality == side for k in known) for side in Laterality}
    ids = []
    for i, lesion in enumerate(found):
        if i in assigned:
            ids.append(known[assigned[i]].lesion_id)
            continue
        counts[lesion.laterality] += 1
        ids.append(f"{lesion.laterality}-L{counts[lesion.laterality]}")
    return ids


def _distance_mm(one: LocatedLesion, other: LocatedLesion) -> float:
    return float(np.linalg.norm(np.subtract(one.relative_lps, other.relative_lps)))
