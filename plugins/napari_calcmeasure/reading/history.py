"""Undo and redo: readings are values, so a step back is the value kept from before."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from napari_calcmeasure.reading.finding import PatientReading

DEPTH = 100
"""Steps that can be undone."""


def _past() -> deque[PatientReading]:
    return deque(maxlen=DEPTH)


@dataclass(slots=True)
class History:
    """States of one desk.

    Parameters
    ----------
    settled
        The reading after the last finished step.
    """

    settled: PatientReading
    _past: deque[PatientReading] = field(default_factory=_past)
    _future: list[PatientReading] = field(default_factory=list)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back last."""
        return bool(self._future)

    def record(self, reading: PatientReading) -> None:
        """Keep a finished step, which ends redoing; what differs in the selection only is none."""
        if not _differ(self.settled, reading):
            self.settled = reading
            return
        self._past.append(self.settled)
        self._future.clear()
        self.settled = reading

    def undo(self) -> PatientReading | None:
        """Go one step back; None when there is none."""
        if not self._past:
            return None
        self._future.append(self.settled)
        self.settled = self._past.pop()
        return self.settled

    def redo(self) -> PatientReading | None:
        """Go one step forward again; None when there is none."""
        if not self._future:
            return None
        self._past.append(self.settled)
        self.settled = self._future.pop()
        return self.settled

    def restart(self, reading: PatientReading) -> None:
        """Begin anew: what was before can no longer be reached."""
        self._past.clear()
        self._future.clear()
        self.settled = reading


def _differ(one: PatientReading, other: PatientReading) -> bool:
    return replace(one, selected="") != replace(other, selected="")
