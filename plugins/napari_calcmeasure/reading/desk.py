"""The desk: one patient's reading under one reader's hand, with tools, undo and news for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import Distribution, Flag, LesionRelation, LesionType, Morphology
from napari_calcmeasure.reading.finding import PatientReading, Target
from napari_calcmeasure.reading.pointer import PointerEvent
from napari_calcmeasure.reading.tool import Tool, ToolName


@dataclass
class Desk:
    """One patient's reading being worked on; every action of the reader is a method. Widgets listen to `events`.

    Parameters
    ----------
    tools
        By name; the caliper, outline, marks and navigate tools are always there.
    reading
        The present state; `events.reading` fires on every change, also while something moves under the hand.
    tool
        Held now.
    message
        The last sentence for the status line.
    on_kept
        Called with the reading whenever it must be on disk now (every click, every finished step).
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    reading: PatientReading
    tool: ToolName = ToolName.NAVIGATE
    message: str = ""

    def __init__(
        self,
        reading: PatientReading,
        *,
        tools: Mapping[ToolName, Tool] | None = None,
        on_kept: Callable[[PatientReading], None] | None = None,
    ) -> None: ...

    # -- hand
    def hold(self, tool: ToolName) -> None: ...
    def pointer(self, event: PointerEvent) -> bool: ...  # True when the tool took the event
    def finish(self) -> None: ...
    def cancel(self) -> None: ...
    def undo(self) -> bool: ...
    def redo(self) -> bool: ...

    # -- findings
    def select(self, key: str) -> None: ...
    def select_next(self, *, backwards: bool = False) -> None: ...
    def delete_selected(self) -> None: ...
    def adopt(self, annotations: Sequence[Annotation]) -> None: ...  # automatic findings become drafts of this reader
    def describe(
        self,
        *,
        morphology: Morphology | None = None,
        distribution: Distribution | None = None,
        lesion_type: LesionType | None = None,
    ) -> None: ...
    def nothing_left(self, target: Target) -> None: ...  # 0 mm
    def not_measurable(self, target: Target, *, why: Flag) -> None: ...
    def link(self, relation: LesionRelation, from_lesions: Sequence[str]) -> None: ...
    def choose_phase(self, series_uid: str, index: int | None) -> None: ...  # None: back to the rule
    def replace(self, reading: PatientReading) -> None: ...  # after signing or restoring: clears undo
    def edit(self, change: Callable[[PatientReading], PatientReading]) -> None: ...  # one undoable step made elsewhere
