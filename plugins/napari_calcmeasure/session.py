"""What the reader is doing: which folder, patient and image, hung how. No Qt; widgets listen to `events`."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import FolderIndex
from calcmeasure.pipeline.scoring import DEFAULT_CRITERIA
from calcmeasure.terms import Modality
from napari_calcmeasure.cases import Case, Item, find_item, prior_of
from napari_calcmeasure.detection import Searches
from napari_calcmeasure.display.hanging import Look, Pictures
from napari_calcmeasure.display.lesion_fields import LesionFields
from napari_calcmeasure.display.orientation import laterality_at
from napari_calcmeasure.display.panel import Hanging
from napari_calcmeasure.display.phases import series_of_phase
from napari_calcmeasure.folders import in_reading_order, read_cases
from napari_calcmeasure.jobs import ImmediateRunner, Progress, Runner
from napari_calcmeasure.reading.desk import Desk, is_nothing_new
from napari_calcmeasure.reading.finding import Target
from napari_calcmeasure.reading.lesion_tools import BrushTool, LesionField, SeedTool
from napari_calcmeasure.reading.pointer import PointerEvent
from napari_calcmeasure.reading.tool import Tool, ToolName
from napari_calcmeasure.readings import Readings

logger = logging.getLogger(__name__)


@dataclass
class Session:
    """One reading session; drawing and signing are in `readings`.

    Parameters
    ----------
    readings
        The reader's desk and records.
    cases
        The case list of the open folder, in the order they are read.
    shown
        What is on the canvas, or on its way there.
    look
        How it is hung: protocol, side, view.
    hanging
        The pictures; None while the first are loading.
    message
        The last sentence for the status line.
    criteria
        Names of the response profiles shown and exported.
    seed
        Shuffles the case list; None leaves it in order.
    shows_ids
        Whether patients are named by the identifier in their headers beside our surrogate.
    runner, pictures, searches
        Where long work runs, what is decoded, and what searches saw.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor(equality_operators={"message": is_nothing_new})

    readings: Readings = field(default_factory=Readings)
    cases: tuple[Case, ...] = ()
    shown: Item | None = None
    look: Look = field(default_factory=Look)
    hanging: Hanging | None = None
    message: str = ""
    criteria: tuple[str, ...] = DEFAULT_CRITERIA
    seed: int | None = None
    shows_ids: bool = True
    index: FolderIndex | None = None
    runner: Runner = field(default_factory=ImmediateRunner)
    pictures: Pictures = field(default_factory=Pictures)
    searches: Searches = field(default_factory=Searches)

    def __post_init__(self) -> None:
        self._loading: Progress | None = None
        self._preparing: Progress | None = None
        self.phase_hung: int | None = None
        self._fields = LesionFields(self.pictures.volumes)
        self.seed_tool, self.brush_tool = SeedTool(self.field_of), BrushTool(self.field_of)
        self.readings.make_tools = self._lesion_tools

    @property
    def desk(self) -> Desk | None:
        """The desk of the patient shown."""
        return self.readings.desk

    @property
    def case(self) -> Case | None:
        """The patient whose image is shown."""
        return next((case for case in self.cases if self.shown and case.name == self.shown.patient), None)

    @property
    def prior(self) -> Item | None:
        """The same kind of examination at the visit before, unless priors are hidden."""
        if self.case is None or self.shown is None or self.readings.blinding.hide_priors:
            return None
        return prior_of(self.case, self.shown)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Ways to hang what is shown, in the order they are stepped through."""
        return () if self.shown is None else self.pictures.looks(self.shown, prior=self.prior)

    # -- folders -------------------------------------------------------------------------------------------------------

    def open_folder(self, source: Path, *, then: Callable[[], None] | None = None) -> None:
        """Index a folder and show its first patient; the session keeps what it had when there is nothing to show.

        Parameters
        ----------
        source
            Folder or file.
        then
            Called once the case list stands.
        """

        def done(result: tuple[FolderIndex, tuple[Case, ...]]) -> None:
            self.readings.put_away()
            self.shown = None
            self.index, cases, self.searches = *result, self.searches.anew()
            self.cases = in_reading_order(cases, seed=self.seed)
            self.show(self.cases[0].items[0].key)
            if then is not None:
                then()

        self.runner.start(
            "Looking through the folder", lambda progress: read_cases(source, progress), done=done, failed=self.tell
        )

    def tell(self, error: Exception) -> None:
        """Say what went wrong, in one sentence with its code."""
        if isinstance(error, CalcMeasureError):
            self.message = f"⚠ {error.message} [{error.code}]"
            return
        # The error's own words may hold a path or an identifier: only where it came from is logged.
        logger.error("unexpected %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        self.message = (
            f"⚠ something unexpected went wrong; the log has it, and the rest still works [{ErrorCode.INTERNAL}]"
        )

    # -- what is shown -------------------------------------------------------------------------------------------------

    def show(self, key: str, *, look: Look | None = None) -> None:
        """Show an item of the case list; an unknown key is ignored."""
        item = find_item(self.cases, key)
        if item is None:
            return
        self.shown = item
        if self.case is not None:
            if self.desk is None or self.desk.reading.patient_id != self.case.patient_id:
                # What is drawn while the next patient loads would land on that patient's desk.
                self.hanging = None
            self.readings.take_up(self.case.patient_id, timepoint=item.timepoint)
            self._deselect_elsewhere(item)
        self.hang(look or Look())

    def hang(self, look: Look) -> None:
        """Hang what is shown in another way; what is not possible becomes the first that is."""
        if self.shown is None:
            return
        for job in (self._loading, self._preparing):
            if job is not None:
                job.cancel()
        item, prior = self.shown, self.prior
        look = self.look = self.pictures.settle(look, item, prior=prior)
        reading = None if self.desk is None else self.desk.reading
        self.phase_hung = self.phase_chosen(item)

        def work(progress: Progress) -> Hanging:
            return self.pictures.hang(item, prior=prior, look=look, reading=reading, progress=progress)

        self._loading = self.runner.start(f"Loading {item.title}", work, done=self._hung, failed=self.tell)

    def step_look(self, step: int) -> None:
        """Go to the next (1) or previous (-1) way to hang this examination, around in a circle."""
        looks = self.looks
        if looks:
            here = looks.index(self.look) if self.look in looks else 0
            self.hang(looks[(here + step) % len(looks)])

    def step_patient(self, step: int) -> None:
        """Show the next (1) or previous (-1) patient; stay at either end."""
        item = self._first_of_patient(step)
        if item is not None:
            self.show(item.key)

    def step_item(self, step: int) -> None:
        """Show what follows or comes before in this patient: the MR after the mammograms, then the next visit."""
        if self.case is None or self.shown is None:
            return
        items, shown = self.case.items, self.shown
        # A single view counts as the exam it belongs to.
        here = next(n for n, item in enumerate(items) if item.key == shown.key or shown in item.views)
        place = max(0, min(here + step, len(items) - 1))
        if place != here:
            self.show(items[place].key)

    # -- measuring -----------------------------------------------------------------------------------------------------

    def detect(self, target: Target, *, then: Callable[[], None] | None = None) -> None:
        """Search one image; what is found becomes drafts of its patient, who may have left the desk meanwhile.

        Parameters
        ----------
        target
            The image.
        then
            Called once the drafts are on the desk, with one of them selected.
        """
        index, case = self.index, self.case
        if self.desk is None or index is None or case is None:
            return
        if self.readings.blinding.hide_auto:
            self.message = "Automatic marks are hidden in a blinded reading."
            return

        def done(found: tuple[Annotation, ...]) -> None:
            self.readings.adopt(case.patient_id, found)
            if then is not None and self.case is case:
                then()

        is_alone = self.readings.blinding.hide_priors
        search = partial(self.searches.search, target, index, patient_id=case.patient_id, is_alone=is_alone)
        self.runner.start("Searching this image", lambda _progress: search(), done=done, failed=self.tell)

    def phase_chosen(self, item: Item) -> int | None:
        """Phase the reader took as the early one of a dynamic series; None for the rule's."""
        if self.desk is None or item.series is None:
            return None
        return self.desk.reading.phase_chosen(item.series.series_uids)

    def choose_phase(self, index: int | None) -> None:
        """Measure on another phase than the rule chose; None goes back to the rule."""
        series = None if self.shown is None else self.shown.series
        if self.desk is not None and series is not None:
            stored_in = series_of_phase(series, index or 0)
            self.desk.choose_phase(index, stored_in=stored_in, series_uids=series.series_uids)
            self.hang(self.look)

    def with_side(self, event: PointerEvent) -> PointerEvent:
        """Say on which side of the body a pointer event on a volume lies, where the image itself leaves it open."""
        item = self.shown if self.shown is not None and self.shown.timepoint == event.target.timepoint else self.prior
        if event.target.laterality is not None or item is None or item.series is None or item.series.grid is None:
            return event
        side = laterality_at(item.series.grid, event.point)
        return replace(event, target=replace(event.target, laterality=side))

    def field_of(self, target: Target) -> LesionField | None:
        """Subtraction volume of the image of a target, shown or hung beside it; None where there is none."""
        shown = [item for item in (self.shown, self.prior) if item is not None]
        return self._fields.of([item.series for item in shown if item.series is not None], target)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _hung(self, hanging: Hanging) -> None:
        self.hanging = hanging
        if hanging.problems:
            self.message = "⚠ " + " ".join(hanging.problems)
        self._prepare_next()

    def _prepare_next(self) -> None:
        """Load what the next patient is opened with, while this one is read."""
        item, shown = self._first_of_patient(1), [one for one in (self.shown, self.prior) if one is not None]
        if item is None:
            return

        def work(progress: Progress) -> None:
            self.pictures.prepare(item, beside=shown, progress=progress)

        self._preparing = self.runner.start("", work, done=lambda _none: None, failed=self.tell)

    def _first_of_patient(self, step: int) -> Item | None:
        """First examination of a patient before or after the one shown; None beyond the ends of the list."""
        place = -1 if self.case is None else self.cases.index(self.case) + step
        return self.cases[place].items[0] if 0 <= place < len(self.cases) else None

    def _deselect_elsewhere(self, item: Item) -> None:
        """Let go of a finding of another examination: a key must not delete what is not seen."""
        chosen = self.desk.reading.selected_finding if self.desk is not None else None
        modality = Modality.MG if item.series is None else Modality.MR
        here = (item.timepoint, modality)
        if (
            self.desk is not None
            and chosen is not None
            and (chosen.annotation.timepoint, chosen.annotation.modality) != here
        ):
            self.desk.select("")

    def _lesion_tools(self) -> Mapping[ToolName, Tool]:
        return {ToolName.SEED: self.seed_tool, ToolName.BRUSH: self.brush_tool}
