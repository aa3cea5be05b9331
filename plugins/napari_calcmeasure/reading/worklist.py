"""In which order patients are read, and what a blinded reader must not see."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from calcmeasure.model.measurement import AUTO_READER

if TYPE_CHECKING:
    from calcmeasure.store.database import StoredAnnotation
    from napari_calcmeasure.reading.finding import PatientReading


def reading_order(patient_ids: Iterable[str], *, seed: int | None = None) -> tuple[str, ...]:
    """Put patients in the order they are read.

    Parameters
    ----------
    patient_ids
        As listed; the same one twice counts once.
    seed
        None keeps the list's order.

    Notes
    -----
    With a seed, every patient gets a number from ``random.Random(seed)`` in alphabetical order of the identifiers,
    and the numbers decide. The order depends on the seed and the set of patients alone, not on the folder or the
    version of Python.

    Examples
    --------
    >>> reading_order(["P2", "P1", "P3"])
    ('P2', 'P1', 'P3')
    >>> reading_order(["P2", "P1", "P3"], seed=7) == reading_order(["P1", "P3", "P2"], seed=7)
    True
    """
    listed = tuple(dict.fromkeys(patient_ids))
    if seed is None:
        return listed
    numbers = random.Random(seed)
    draws = {patient_id: numbers.random() for patient_id in sorted(listed)}
    return tuple(sorted(listed, key=lambda patient_id: draws[patient_id]))


@dataclass(frozen=True, slots=True)
class Blinding:
    """What a reader must not see.

    Parameters
    ----------
    hide_auto
        Automatic marks.
    hide_readers
        Readings of others.
    hide_priors
        Every other visit than the one being read: its pictures beside, and marks drawn on it.
    """

    hide_auto: bool = False
    hide_readers: bool = False
    hide_priors: bool = False

    @property
    def is_on(self) -> bool:
        """Whether anything is hidden."""
        return self.hide_auto or self.hide_readers or self.hide_priors

    def may_see(self, author: str, *, reader: str) -> bool:
        """Whether `reader` may see what `author` (another reader, or an automatic run) drew; her own always."""
        if author == reader:
            return True
        return not (self.hide_auto if author == AUTO_READER else self.hide_readers)


def visible_readings(
    stored: Iterable[StoredAnnotation], *, reader: str, timepoint: str, blinding: Blinding
) -> tuple[StoredAnnotation, ...]:
    """Leave out what a blinded reader must not see while she reads one visit."""
    return tuple(
        one
        for one in stored
        if blinding.may_see(one.reader, reader=reader)
        and not (blinding.hide_priors and one.annotation.timepoint != timepoint)
    )


def visible_reading(reading: PatientReading, *, timepoint: str, blinding: Blinding) -> PatientReading:
    """Leave out a reader's own findings of the visits that are hidden while she reads this one."""
    if not blinding.hide_priors:
        return reading
    here = tuple(finding for finding in reading.findings if finding.annotation.timepoint == timepoint)
    return replace(reading, findings=here)
