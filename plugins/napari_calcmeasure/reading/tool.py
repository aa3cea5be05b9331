"""What every drawing tool is: pointer events in, the next state of the reading out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from napari_calcmeasure.reading.finding import PatientReading
from napari_calcmeasure.reading.pointer import PointerEvent


class ToolName(StrEnum):
    """Tools a reader can hold."""

    NAVIGATE = "navigate"
    """Pan and zoom; a click selects a finding."""
    CALIPER = "caliper"
    """Two ends of a line: the extent on a mammogram, the diameter on MR."""
    OUTLINE = "outline"
    """A polygon around the finding, vertex by vertex."""
    MARKS = "marks"
    """One click per calcification; a click on a mark with Shift takes it away."""
    SEED = "seed"
    """A click in an enhancing lesion segments it."""
    BRUSH = "brush"
    """Paints voxels to a lesion; with Shift takes them away."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a tool made of an event.

    Parameters
    ----------
    reading
        The next state.
    is_done
        Whether this is a step for undo (a click, a finished drag) rather than something still moving under the hand.
    message
        A sentence for the status line, if there is something to say.
    """

    reading: PatientReading
    is_done: bool = False
    message: str = ""


class Tool(Protocol):
    """A drawing tool; holds at most what it needs between press and release."""

    @property
    def name(self) -> ToolName:
        """Which tool it is."""
        ...

    def handle(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Answer a pointer event; None when it means nothing to this tool."""
        ...

    def finish(self, reading: PatientReading) -> Step | None:
        """Complete an unfinished drawing (Enter); None when there is none."""
        ...

    def cancel(self, reading: PatientReading) -> Step | None:
        """Give up an unfinished drawing (Escape), or what moves under the hand; None when there is none."""
        ...
