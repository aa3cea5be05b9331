"""The desk: one patient's reading under one reader's hand, with tools, undo and news for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import ClassVar, TypedDict, Unpack

from psygnal import SignalGroupDescriptor

from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import (
    Distribution,
    Flag,
    Laterality,
    LesionRelation,
    LesionRole,
    LesionSite,
    LesionType,
    Morphology,
    NonTargetStatus,
)
from napari_calcmeasure.reading.adoption import adopt_annotations
from napari_calcmeasure.reading.drafting import MakeId, make_id
from napari_calcmeasure.reading.drawing_tools import drawing_tools
from napari_calcmeasure.reading.finding import PatientReading, Target
from napari_calcmeasure.reading.history import History
from napari_calcmeasure.reading.lesion_links import (
    change_annotations,
    link_finding,
    move_to_side,
    same_lesion,
    say_gone,
)
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.statements import say_not_measurable, say_nothing_left
from napari_calcmeasure.reading.tool import Step, Tool, ToolName

SELECT_FIRST = "Nothing is selected: click a finding first."
NO_TOOL = "This tool is not available here."
PUT_ASIDE = "The unfinished drawing was put away: Undo brings it back."


class Descriptors(TypedDict, total=False):
    """What a reader says of a lesion in the words of BI-RADS and RECIST."""

    morphology: Morphology | None
    distribution: Distribution | None
    lesion_type: LesionType | None
    role: LesionRole | None
    site: LesionSite | None
    status: NonTargetStatus | None


def is_nothing_new(before: str, now: str) -> bool:
    """Whether a sentence need not be told: the same one twice is told twice, silence once."""
    return not before and not now


@dataclass
class Desk:
    """One patient's reading being worked on; every action of the reader is a method. Widgets listen to `events`.

    Parameters
    ----------
    reading
        The present state; `events.reading` fires on every change, also while something moves under the hand.
    tool
        Held now.
    message
        The last sentence for the status line.
    tools
        More of them, by name; the caliper, outline, marks and navigate tools are always there.
    on_kept
        Called with the reading whenever it must be on disk now (every click, every finished step).
    new_id
        Gives annotation ids.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor(equality_operators={"message": is_nothing_new})

    reading: PatientReading
    tool: ToolName = ToolName.NAVIGATE
    message: str = ""

    def __init__(
        self,
        reading: PatientReading,
        *,
        tools: Mapping[ToolName, Tool] | None = None,
        on_kept: Callable[[PatientReading], None] | None = None,
        new_id: MakeId = make_id,
    ) -> None:
        self._tools = {**drawing_tools(new_id), **(tools or {})}
        self._on_kept, self._new_id = on_kept, new_id
        self._history = History(reading)
        self.reading, self.message = reading, ""
        self.tool = ToolName.NAVIGATE
        self._take_up()

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back last."""
        return self._history.can_redo

    def hold(self, tool: ToolName) -> None:
        """Take a tool.

        A drawing that is not finished waits while the reader navigates; another drawing tool puts it away, as a step
        that can be undone.
        """
        if tool not in self._tools:
            self.message = NO_TOOL
            return
        self._let_go()
        unfinished = self.reading.unfinished
        if unfinished is not None and tool not in (ToolName.NAVIGATE, unfinished.tool):
            self._keep()
            self._apply(Step(replace(self.reading, unfinished=None), is_done=True, message=PUT_ASIDE))
        self.tool = tool

    def pointer(self, event: PointerEvent) -> bool:
        """Pass a pointer event to the tool held; True when the tool took it."""
        # Outside a picture a mirrored or degenerate view can give no place at all.
        step = self._tools[self.tool].handle(event, self.reading) if all(map(isfinite, event.point)) else None
        if step is None:
            return False
        clicked = event.motion in (Motion.PRESS, Motion.DOUBLE_CLICK)
        self._apply(step, is_click=clicked)
        return True

    def finish(self) -> None:
        """Complete the unfinished drawing (Enter)."""
        step = self._drawing_tool().finish(self.reading)
        if step is not None:
            self._apply(step)

    def cancel(self) -> None:
        """Give up the unfinished drawing, or put back what moves under the hand (Escape)."""
        step = self._drawing_tool().cancel(self.reading)
        if step is not None:
            self._apply(step)

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        self._let_go()
        return self._go_to(self._history.undo())

    def redo(self) -> bool:
        """Take a step again that was undone; False when there is none."""
        self._let_go()
        return self._go_to(self._history.redo())

    def select(self, key: str) -> None:
        """Select a finding; an empty key selects none, an unknown one changes nothing."""
        if not key or self.reading.find(key) is not None:
            self._apply(Step(replace(self.reading, selected=key)))

    def select_next(self, *, backwards: bool = False, among: PatientReading | None = None) -> None:
        """Select the next finding in the order they were made, round and round.

        Parameters
        ----------
        among
            What may be seen of the reading; all of it by default.
        """
        keys = [finding.key for finding in (among or self.reading).findings]
        if not keys:
            return
        step = -1 if backwards else 1
        start = keys.index(self.reading.selected) if self.reading.selected in keys else min(-step, 0)
        self.select(keys[(start + step) % len(keys)])

    def delete_selected(self) -> None:
        """Take the selected finding off the desk; a signed one is retracted with the next signature."""
        if self.reading.selected_finding is None:
            self.message = SELECT_FIRST
            return
        self.take(Step(self.reading.drop(self.reading.selected), is_done=True))

    def adopt(self, annotations: Sequence[Annotation]) -> None:
        """Make automatic findings drafts of this reader."""
        self.take(adopt_annotations(self.reading, annotations, new_id=self._new_id))

    def describe(self, **descriptors: Unpack[Descriptors]) -> None:
        """Set descriptors of the selected lesion, in all views of the visit; None takes one back."""
        chosen = self.reading.selected_finding
        if chosen is None:
            self.message = SELECT_FIRST
            return
        keys = same_lesion(self.reading, chosen)
        described = change_annotations(self.reading, keys, edit=lambda annotation: replace(annotation, **descriptors))
        self.take(Step(described, is_done=True))

    def nothing_left(self, target: Target) -> None:
        """Say that nothing is on an image: 0 mm."""
        self.take(say_nothing_left(self.reading, target, new_id=self._new_id))

    def not_measurable(self, target: Target, *, why: Flag) -> None:
        """Say that what is on an image cannot be measured, and why."""
        self.take(say_not_measurable(self.reading, target, why=why, new_id=self._new_id))

    def link(self, relation: LesionRelation, from_lesions: Sequence[str], *, target: Target | None = None) -> None:
        """Say how the selected finding continues earlier lesions, or which lesions are gone.

        Parameters
        ----------
        relation
            What became of them.
        from_lesions
            Their identifiers.
        target
            Image on which they are gone; by default that of the selected finding.
        """
        if relation is LesionRelation.GONE:
            self.take(say_gone(self.reading, target, from_lesions=from_lesions, new_id=self._new_id))
        else:
            self.take(link_finding(self.reading, relation, from_lesions=from_lesions))

    def set_side(self, laterality: Laterality) -> None:
        """Say on which side the selected finding lies."""
        self.take(move_to_side(self.reading, laterality))

    def choose_phase(self, index: int | None, *, stored_in: str, series_uids: Sequence[str]) -> None:
        """Choose the phase to measure of a dynamic examination.

        Parameters
        ----------
        index
            Of the phase; None goes back to the rule's.
        stored_in
            DICOM series of the phase: what findings on it refer to.
        series_uids
            All DICOM series of the examination.
        """
        choices = {uid: phase for uid, phase in self.reading.phase_choices.items() if uid not in series_uids}
        if index is not None:
            choices[stored_in] = index
        self.take(Step(replace(self.reading, phase_choices=choices), is_done=True))

    def replace(self, reading: PatientReading) -> None:
        """Put another state on the desk, after signing or restoring; what was before cannot be undone to."""
        self._tools[self.tool].cancel(self.reading)
        self._history.restart(reading)
        self.reading, self.message = reading, ""
        self._take_up()

    def take(self, step: Step) -> None:
        """Take a step made by something else than the pointer; what moves under the hand becomes a step before it."""
        self._let_go()
        self._apply(step)

    def _apply(self, step: Step, *, is_click: bool = False) -> None:
        is_changed = step.reading != self.reading
        self.reading = step.reading
        if step.is_done:
            self._history.record(step.reading)
        if step.is_done or is_click or step.message:
            self.message = step.message
        if step.is_done or (is_click and is_changed):
            self._keep()

    def _keep(self) -> None:
        if self._on_kept is not None:
            self._on_kept(self.reading)

    def _drawing_tool(self) -> Tool:
        """Give the tool that has a drawing to finish: while navigating, the one that waits."""
        unfinished = self.reading.unfinished
        if unfinished is not None and unfinished.tool in self._tools:
            return self._tools[ToolName(unfinished.tool)]
        return self._tools[self.tool]

    def _let_go(self) -> None:
        """Make what moves under the hand a step of its own, so that it is not lost."""
        self._tools[self.tool].cancel(self.reading)
        self._history.record(self.reading)

    def _go_to(self, reading: PatientReading | None) -> bool:
        if reading is None:
            return False
        self.reading, self.message = reading, ""
        if self.tool is not ToolName.NAVIGATE:
            self._take_up()
        self._keep()
        return True

    def _take_up(self) -> None:
        """Take the tool of the drawing that is not finished."""
        unfinished = self.reading.unfinished
        if unfinished is not None and unfinished.tool in self._tools:
            self.tool = ToolName(unfinished.tool)
