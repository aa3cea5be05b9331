"""What the reader is doing: which folder, patient and image, whose measurements. No Qt; widgets listen to `events`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from calcmeasure.errors import DicomReadError, ErrorCode, StoreError
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import FolderIndex
from napari_calcmeasure.cases import Case, Item, find_item, list_cases
from napari_calcmeasure.hanging import Hanging, hang

STORE_NAME = "measurements.sqlite"
"""What `calcmeasure run` calls the store in its output folder."""


@dataclass
class Session:
    """One reading session; every action of the reader is a method.

    Parameters
    ----------
    reader
        Reader id whose measurements are drawn; empty for all.
    cases
        The case list of the open folder.
    shown
        What is on the canvas; None before the first.
    annotations
        Patient id to annotations in force, from the open store.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    reader: str = ""
    index: FolderIndex | None = None
    cases: tuple[Case, ...] = ()
    shown: Item | None = None
    annotations: tuple[tuple[str, Annotation], ...] = ()

    @property
    def case(self) -> Case | None:
        """The patient whose image is shown."""
        return next((case for case in self.cases if self.shown and case.name == self.shown.patient), None)

    def open_folder(self, source: Path, *, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Index a folder and show its first patient.

        Parameters
        ----------
        source
            Folder or file; measurements are opened with `open_results`.
        on_progress
            Called with (files done, files in all).

        Raises
        ------
        DicomReadError
            When nothing in it can be shown; the session keeps what it had.
        """
        from calcmeasure.dicom.index import index_folder

        index = index_folder([source], on_progress=on_progress)
        cases = list_cases(index)
        if not cases:
            code = index.skipped[0].code if len(index.skipped) == 1 else ErrorCode.NOT_DICOM
            reason = f": {index.skipped[0].reason}" if len(index.skipped) == 1 else ""
            raise DicomReadError(f"no mammogram or dynamic MR among {index.counts['seen']} files{reason}", code=code)
        self.shown = None
        self.index, self.cases = index, cases
        self.shown = cases[0].items[0]

    def open_results(self, store: Path) -> int:
        """Read the measurements in force from a store; they are drawn on the images they belong to.

        Parameters
        ----------
        store
            SQLite file, or the output folder of a run.

        Returns
        -------
        int
            Number of annotations of the reader (of all, when no reader is set).

        Raises
        ------
        StoreError
            When there is no store.
        """
        from calcmeasure.store.database import MeasurementStore

        path = store / STORE_NAME if store.is_dir() else store
        if not path.is_file():
            raise StoreError(f"no measurement store here; expected {STORE_NAME}, as calcmeasure run writes it")
        with MeasurementStore(str(path)) as opened:
            found = opened.current(reader=self.reader or None)
        self.annotations = tuple((one.patient_id, one.annotation) for one in found)
        return len(self.annotations)

    def show(self, key: str) -> None:
        """Show an item of the case list; an unknown key is ignored."""
        item = find_item(self.cases, key)
        if item is not None:
            self.shown = item

    def next_patient(self) -> None:
        """Show the next patient; stay on the last."""
        self._step_patient(1)

    def previous_patient(self) -> None:
        """Show the patient before; stay on the first."""
        self._step_patient(-1)

    def next_item(self) -> None:
        """Show what follows in this patient: the MR after the mammograms, then the next visit."""
        self._step_item(1)

    def previous_item(self) -> None:
        """Show what comes before in this patient."""
        self._step_item(-1)

    def hang_shown(self) -> Hanging:
        """Load and arrange what is shown, with its measurements.

        Raises
        ------
        ValueError
            When nothing is shown yet.
        """
        if self.shown is None or self.case is None:
            raise ValueError("nothing is shown yet: open a folder first")
        mine = [annotation for patient_id, annotation in self.annotations if patient_id == self.case.patient_id]
        return hang(self.shown, annotations=mine)

    def _step_patient(self, step: int) -> None:
        if self.case is not None:
            place = self.cases.index(self.case) + step
            self.shown = self.cases[max(0, min(place, len(self.cases) - 1))].items[0]

    def _step_item(self, step: int) -> None:
        if self.case is None or self.shown is None:
            return
        items, shown = self.case.items, self.shown
        # A single view counts as the exam it belongs to.
        place = next(n for n, item in enumerate(items) if item == shown or shown in item.views)
        self.shown = items[max(0, min(place + step, len(items) - 1))]
