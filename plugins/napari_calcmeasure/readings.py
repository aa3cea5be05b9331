"""The desk and what is around it: whose reading lies on it, what waits beside it, what others measured. No Qt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.model.annotation import Annotation
from napari_calcmeasure.reading.adoption import adopt_annotations, take_over
from napari_calcmeasure.reading.desk import Desk, is_nothing_new
from napari_calcmeasure.reading.finding import PatientReading, Point, Target
from napari_calcmeasure.reading.records import Place, Records
from napari_calcmeasure.reading.tool import Tool, ToolName
from napari_calcmeasure.reading.worklist import Blinding, visible_reading

if TYPE_CHECKING:
    from calcmeasure.store.database import StoredAnnotation

logger = logging.getLogger(__name__)


@dataclass
class Readings:
    """One reader's readings, one of them on the desk.

    Parameters
    ----------
    records
        Where this reader's work is kept; None: nowhere, for looking only.
    desk
        Of the patient shown.
    others
        What others measured in this patient, as far as this reader may see it.
    signed
        Patient id, then time point, modality and series, to the number of findings this reader has signed.
    message
        The last sentence about keeping and signing.
    make_tools
        Makes the tools that need pictures (seed and brush), anew for every desk.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor(equality_operators={"message": is_nothing_new})

    records: Records | None = None
    desk: Desk | None = None
    others: tuple[StoredAnnotation, ...] = ()
    signed: Mapping[str, Mapping[Place, int]] = field(default_factory=dict)
    message: str = ""
    make_tools: Callable[[], Mapping[ToolName, Tool]] = dict

    def __post_init__(self) -> None:
        self._set_aside: dict[str, PatientReading] = {}
        self._timepoint = ""
        self._count_signed()

    @property
    def reader(self) -> str:
        """Reader id; empty until it is known."""
        return self.records.reader if self.records is not None else ""

    @property
    def blinding(self) -> Blinding:
        """What this reader must not see."""
        return self.records.blinding if self.records is not None else Blinding()

    @property
    def unsigned(self) -> tuple[PatientReading, ...]:
        """Readings with something to sign: on the desk, or put aside for another patient."""
        on_desk = {} if self.desk is None else {self.desk.reading.patient_id: self.desk.reading}
        return tuple(one for one in (self._set_aside | on_desk).values() if not one.is_signed)

    @property
    def visible(self) -> PatientReading | None:
        """The reading on the desk, as far as this reader may see it while she reads this visit."""
        if self.desk is None:
            return None
        return visible_reading(self.desk.reading, timepoint=self._timepoint, blinding=self.blinding)

    def take_up(self, patient_id: str, *, timepoint: str) -> None:
        """Put a patient's reading on the desk; the one that lay there is kept."""
        if self.desk is None or self.desk.reading.patient_id != patient_id:
            self.put_away()
            waiting = self._set_aside.pop(patient_id) if patient_id in self._set_aside else None
            self._lay_out(waiting or self._from_records(patient_id))
        self.see_others(timepoint)

    def put_away(self) -> None:
        """Keep unsigned work of the patient who leaves the desk."""
        if self.desk is not None and not self.desk.reading.is_recorded:
            self._set_aside[self.desk.reading.patient_id] = self.desk.reading
            self._keep(self.desk.reading)
        self.desk = None

    def restore(self, reading: PatientReading) -> None:
        """Put a restored draft on the desk of its patient, now or when that patient is taken up."""
        if self.desk is not None and self.desk.reading.patient_id == reading.patient_id:
            self.desk.replace(reading)
        else:
            self._set_aside[reading.patient_id] = reading
        self._keep(reading)

    def adopt(self, patient_id: str, annotations: Sequence[Annotation]) -> None:
        """Make automatic findings drafts of their patient's reading, on the desk or put aside."""
        if self.desk is not None and self.desk.reading.patient_id == patient_id:
            self.desk.adopt(annotations)
            return
        waiting = self._set_aside.get(patient_id) or self._from_records(patient_id)
        step = adopt_annotations(waiting, annotations)
        if step.is_done:
            self._set_aside[patient_id] = step.reading
            self._keep(step.reading)

    def take_over(self, target: Target, *, at: Point | None) -> None:
        """Make another reader's finding a draft of this one's; a blinded reader has none to take.

        Parameters
        ----------
        target
            Image looked at.
        at
            Place of the cursor on it.
        """
        if self.desk is None:
            return
        if self.blinding.is_on:
            self.message = "Findings of others are not taken over in a blinded reading."
            return
        self.desk.take(take_over(self.desk.reading, self.others, target=target, at=at))

    def set_reader(self, reader: str) -> None:
        """Say who reads; what was begun before becomes this reader's."""
        records = self.records
        if records is None or not reader:
            return
        records.reader = reader
        try:
            self._set_aside = {key: records.adopt(one) for key, one in self._set_aside.items()}
            if self.desk is not None:
                self.desk.replace(records.adopt(self.desk.reading))
        except CalcMeasureError as error:
            self._tell(error)
        self._count_signed()
        self.see_others(self._timepoint)

    def see_others(self, timepoint: str) -> None:
        """Look up what others measured in the patient on the desk, as one who reads this visit."""
        self._timepoint, self.others = timepoint, ()
        if self.records is None or self.desk is None:
            return
        try:
            self.others = self.records.of_others(self.desk.reading.patient_id, timepoint=timepoint)
        except CalcMeasureError as error:
            self._tell(error)

    def sign(self, *, reason: str = "") -> bool:
        """Sign what is on the desk.

        Returns
        -------
        bool
            Whether it was recorded; if not, `message` says why.
        """
        if self.desk is None or self.records is None:
            self.message = "There is nowhere to record a signature: open the viewer with a store."
            return False
        try:
            signed = self.records.sign(self.desk.reading, reason=reason)
        except CalcMeasureError as error:
            if error.code is ErrorCode.STORE_CONFLICT:
                self._take_newer()
            self._tell(error)
            return False
        self.desk.replace(signed)
        self._count_signed()
        self.message = f"Signed by {self.records.reader}."
        return True

    def tick(self) -> None:
        """Write what has waited for a second; to be called every second."""
        if self.records is None:
            return
        try:
            self.records.tick()
        except CalcMeasureError as error:
            self._tell(error)

    def keep_all(self) -> None:
        """Have everything unsigned on disk now: the window closes."""
        for reading in self.unsigned:
            self._keep(reading)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _lay_out(self, reading: PatientReading) -> None:
        desk = Desk(reading, tools=self.make_tools(), on_kept=self._keep)
        desk.events.reading.connect(self._keep_soon)
        self.desk = desk

    def _from_records(self, patient_id: str) -> PatientReading:
        if self.records is None:
            return PatientReading(patient_id, "")
        try:
            return self.records.open(patient_id)
        except CalcMeasureError as error:
            self._tell(error)
            return PatientReading(patient_id, self.records.reader)

    def _take_newer(self) -> None:
        """Another window signed the same finding first: what was drawn here stands as a change of that version."""
        if self.desk is None or self.records is None:
            return
        try:
            self.desk.replace(self.records.catch_up(self.desk.reading))
        except CalcMeasureError as error:
            self._tell(error)

    def _keep(self, reading: PatientReading) -> None:
        if self.records is None:
            return
        try:
            self.records.keep(reading)
        except CalcMeasureError as error:
            self._tell(error)

    def _keep_soon(self, reading: PatientReading) -> None:
        if self.records is not None:
            self.records.keep_soon(reading)

    def _count_signed(self) -> None:
        if self.records is None:
            return
        try:
            self.signed = self.records.signed_counts()
        except CalcMeasureError as error:
            self._tell(error)

    def _tell(self, error: CalcMeasureError) -> None:
        logger.warning("reading not kept or read: %s", error.code)
        self.message = f"⚠ {error.message} [{error.code}]"
