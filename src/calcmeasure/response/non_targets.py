"""Response of the non-target lesions: never measured into a class, always a reader's word (RECIST 1.1)."""

from __future__ import annotations

from collections.abc import Iterable

from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import NonTargetStatus

PROGRESSED = frozenset({NonTargetStatus.PD, NonTargetStatus.FURTHER_PD})
"""Unequivocal progression, as a reader stated it."""

_WORST_FIRST = (NonTargetStatus.PD, NonTargetStatus.NE, NonTargetStatus.NON_CR_NON_PD, NonTargetStatus.CR)


def lesion_status(measurement: Measurement | None, size: int | None) -> NonTargetStatus:
    """Status of one lesion at a follow-up.

    Parameters
    ----------
    measurement
        Of the lesion; None when there is none. What a reader stated goes before what was measured.
    size
        0 when it is gone, or a lymph node of normal size; None when nothing tells. No length is ever progression.
    """
    if measurement is not None and measurement.status is not None:
        return measurement.status
    if size is None:
        return NonTargetStatus.NE
    return NonTargetStatus.NON_CR_NON_PD if size else NonTargetStatus.CR


def group_status(statuses: Iterable[NonTargetStatus]) -> NonTargetStatus | None:
    """Status of all non-target lesions together: the first of PD, NE, non-CR/non-PD and CR that one of them has.

    Returns
    -------
    NonTargetStatus or None
        None when there are no non-target lesions.
    """
    found = {NonTargetStatus.PD if status in PROGRESSED else status for status in statuses}
    return next((status for status in _WORST_FIRST if status in found), None)
