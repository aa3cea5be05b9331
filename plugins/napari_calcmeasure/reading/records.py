"""Where one reader's work is kept: signed findings in the store, everything else in drafts beside it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.model.annotation import Annotation
from napari_calcmeasure.reading.drafts import Draft, DraftStore, drafts_beside
from napari_calcmeasure.reading.finding import PatientReading
from napari_calcmeasure.reading.signing import catch_up, load_reading, other_readings, sign, stored_annotations
from napari_calcmeasure.reading.worklist import Blinding, visible_readings

if TYPE_CHECKING:
    from calcmeasure.store.database import StoredAnnotation

Place = tuple[str, str, str]
"""Where something was measured: time point, modality, DICOM series."""


def place_of(annotation: Annotation) -> Place:
    """Say where an annotation was made, as `Records.signed_counts` counts it."""
    return (annotation.timepoint, str(annotation.modality), annotation.image.series_uid)


class Records:
    """Readings of one reader in one store.

    Parameters
    ----------
    store
        SQLite file of the measurement store; made on the first signature.
    reader
        Reader id; drafts are kept for an empty one too, signing needs one.
    blinding
        What this reader must not see.

    Raises
    ------
    OutputError
        When the folder of the drafts cannot be used.
    """

    def __init__(self, store: Path, *, reader: str = "", blinding: Blinding | None = None) -> None:
        self.store, self.reader = store, reader
        self.blinding = blinding or Blinding()
        self._drafts = DraftStore(drafts_beside(store))

    def open(self, patient_id: str) -> PatientReading:
        """Bring this reader's signed findings to the desk."""
        return load_reading(str(self.store), patient_id, self.reader)

    def adopt(self, reading: PatientReading) -> PatientReading:
        """Make a reading that was begun before the reader was known this reader's, on top of what she signed before."""
        mine = catch_up(replace(reading, reader=self.reader), str(self.store))
        self.keep(mine)
        if self.reader:
            self._drafts.discard(reading.patient_id, "")
        return mine

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences about drafts that could not be read."""
        return tuple(f"{one.message} [{one.code}]" for one in self._drafts.problems)

    def waiting(self) -> list[Draft]:
        """Drafts that a window left behind: closed, killed or crashed before they were signed."""
        return self._drafts.orphans(self.reader)

    def restore(self, draft: Draft) -> PatientReading:
        """Bring a draft back, on top of what has been signed since; one that was nobody's becomes this reader's.

        Raises
        ------
        CalcMeasureError
            When another window was faster, or the store cannot be read; the draft stays on disk.
        """
        # A store that fails later would leave the draft neither on the desk nor among those to be restored.
        stored_annotations(str(self.store), patient_id=draft.patient_id)
        restored = self._drafts.restore(draft)
        return catch_up(restored, str(self.store)) if restored.reader else self.adopt(restored)

    def forget(self, draft: Draft) -> None:
        """Throw a draft away."""
        self._drafts.forget(draft)

    def keep(self, reading: PatientReading) -> None:
        """Have a reading on disk now; one with nothing unsigned needs no draft."""
        if reading.is_recorded:
            self._drafts.discard(reading.patient_id, reading.reader)
        else:
            self._drafts.keep(reading)

    def keep_soon(self, reading: PatientReading) -> None:
        """Have a reading that still moves under the hand on disk within a second or two; needs `tick`."""
        if not reading.is_signed:
            self._drafts.keep_soon(reading, now=time.monotonic())

    def tick(self) -> None:
        """Write what has waited long enough; to be called every second."""
        self._drafts.tick(time.monotonic())

    def sign(self, reading: PatientReading, *, reason: str = "") -> PatientReading:
        """Record what is unsigned, and drop the draft.

        Raises
        ------
        CalcMeasureError
            When something is unfinished, the reason for a change is missing, or another window was first.
        """
        signed = sign(replace(reading, reader=self.reader), str(self.store), reason=reason)
        self._drafts.discard(reading.patient_id, reading.reader)
        return signed

    def catch_up(self, reading: PatientReading) -> PatientReading:
        """Bring a reading up to what another window signed meanwhile; what was drawn here stands as a change of it."""
        return catch_up(reading, str(self.store), take_newer=True)

    def of_others(self, patient_id: str, *, timepoint: str) -> tuple[StoredAnnotation, ...]:
        """Give what other readers and the automatic run measured, as far as this reader may see it."""
        found = other_readings(str(self.store), patient_id, reader=self.reader)
        return visible_readings(found, reader=self.reader, timepoint=timepoint, blinding=self.blinding)

    def signed_counts(self) -> dict[str, dict[Place, int]]:
        """Count what this reader has signed: patient id, then place, to number of findings."""
        counts: dict[str, dict[Place, int]] = {}
        for one in stored_annotations(str(self.store), reader=self.reader):
            place = place_of(one.annotation)
            patient = counts.setdefault(one.patient_id, {})
            patient[place] = patient.get(place, 0) + 1
        return counts

    def close(self) -> None:
        """Let go of the drafts: they stay on disk, for this or another window to restore."""
        self._drafts.release()
