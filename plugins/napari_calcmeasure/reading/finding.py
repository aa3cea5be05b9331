"""One reader's findings in one patient as values: every edit gives a new one, so that undo is keeping the old."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from calcmeasure.measure.early_phase import READER_RULE
from calcmeasure.model.annotation import Annotation, ImageReference, PhaseReference
from calcmeasure.store.lesion_masks import mask_digest
from calcmeasure.terms import Laterality, Modality, Quantity, View

Point = tuple[float, ...]
"""(row, column) of a projection or (slice, row, column) of a volume; pixel indices, whole number = pixel centre."""


class FindingState(StrEnum):
    """Where a finding stands."""

    DRAFT = "draft"
    """Never signed."""
    SIGNED = "signed"
    CHANGED = "changed"
    """Signed once, and different now: signing again supersedes, with a reason."""


@dataclass(frozen=True, slots=True)
class Target:
    """The image a finding belongs to, as far as it is known before anything is drawn.

    Parameters
    ----------
    laterality
        None where it depends on the place (MR).
    image
        Of a volume: series and matrix; the slice and its UID follow from the points.
    phase
        The phase measured; None for a projection.
    flags
        What is known about the image; an ``E_...`` code makes everything drawn on it not measurable.
    slice_uids
        SOP instance UID of each slice of a volume, where known.
    series_uids
        DICOM series of all phases of a volume; empty where only that of `image` is known.
    """

    timepoint: str
    study_date: str
    modality: Modality
    quantity: Quantity
    laterality: Laterality | None
    view: View | None
    image: ImageReference
    phase: PhaseReference | None = None
    flags: tuple[str, ...] = ()
    slice_uids: tuple[str, ...] = ()
    series_uids: tuple[str, ...] = ()

    @property
    def is_volume(self) -> bool:
        """Whether points have a slice."""
        return self.modality is Modality.MR

    @property
    def identity(self) -> tuple[str, int, int]:
        """What two targets of one image (of one phase of one volume, whatever the slice) have in common."""
        if self.is_volume:
            return self.image.series_uid, -1 if self.phase is None else self.phase.index, -1
        return self.image.sop_uid, -1, self.image.frame

    def shows(self, annotation: Annotation) -> bool:
        """Whether an annotation lies on this image: what is drawn on it, and what a click on it means.

        On MR that is any slice and phase of the examination: phases show one and the same lesion. Another series of
        the study may lie elsewhere with the same matrix.
        """
        if annotation.modality is not self.modality:
            return False
        if self.is_volume:
            return annotation.image.series_uid in (self.series_uids or (self.image.series_uid,))
        return (annotation.image.sop_uid, annotation.image.frame) == (self.image.sop_uid, self.image.frame)

    def image_at(self, point: Point) -> ImageReference:
        """Image a point lies on; of a volume, the slice."""
        if not self.is_volume:
            return self.image
        frame = round(point[0])
        known = 0 <= frame < len(self.slice_uids)
        return replace(self.image, frame=frame, sop_uid=self.slice_uids[frame] if known else self.image.sop_uid)


@dataclass(frozen=True, slots=True, eq=False)
class LesionMask:
    """Voxels of a lesion, cut out of the volume.

    Parameters
    ----------
    offset_zrc
        Voxel of the volume at which the cut begins.
    voxels
        (slices, rows, columns) bool; never written to after it was made.
    seed_zrc, level
        What a seeded segmentation started from, and its threshold between background (0) and lesion (1).
    """

    offset_zrc: tuple[int, int, int]
    voxels: NDArray[np.bool_]
    seed_zrc: Point | None = None
    level: float = 0.5

    @property
    def digest(self) -> str:
        """Hash of voxels and place: figures of an annotation name the mask they were taken in by it."""
        return mask_digest(self.voxels, offset_zrc=self.offset_zrc)


@dataclass(frozen=True, slots=True)
class Finding:
    """One annotation on the desk.

    Parameters
    ----------
    annotation
        As it would be signed now. Method ``auto`` until a reader's hand changes it, then ``edited``.
    mask
        Of a segmented lesion.
    signed
        The annotation in the store; None when it was never signed.
    version
        Of `signed` in the store; 0 when never signed.
    """

    annotation: Annotation
    mask: LesionMask | None = None
    signed: Annotation | None = None
    version: int = 0

    @property
    def key(self) -> str:
        """Annotation id: unique within the patient and reader."""
        return self.annotation.annotation_id

    @property
    def state(self) -> FindingState:
        """Draft, signed, or signed and changed since."""
        if self.signed is None:
            return FindingState.DRAFT
        return FindingState.SIGNED if _same(self.signed, self.annotation) else FindingState.CHANGED


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A drawing between its first and last click.

    Parameters
    ----------
    tool
        Name of the tool.
    target
        Image drawn on.
    points
        Clicked so far; the place under the cursor is not among them.
    """

    tool: str
    target: Target
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class PatientReading:
    """Everything one reader has on the desk for one patient.

    Parameters
    ----------
    findings
        In the order they were made.
    given_up
        Signed findings deleted since, to be retracted when signing.
    unfinished
        A drawing that is not complete yet.
    selected
        Key of the finding that keys and panels act on; empty for none.
    """

    patient_id: str
    reader: str
    findings: tuple[Finding, ...] = ()
    given_up: tuple[Finding, ...] = ()
    unfinished: Unfinished | None = None
    selected: str = ""
    phase_choices: dict[str, int] = field(default_factory=dict)
    """A DICOM series of a dynamic examination to the phase a reader chose instead of the rule's."""

    @property
    def is_signed(self) -> bool:
        """Whether nothing waits for a signature."""
        return (
            not self.given_up
            and self.unfinished is None
            and all(finding.state is FindingState.SIGNED for finding in self.findings)
        )

    @property
    def is_recorded(self) -> bool:
        """Whether nothing would be lost: all is signed, and the phases chosen are those that the signatures name."""
        signed = (finding.signed for finding in self.findings if finding.signed is not None)
        return self.is_signed and self.phase_choices == phases_taken(signed)

    def phase_chosen(self, series_uids: Sequence[str]) -> int | None:
        """Phase chosen for a dynamic examination, by the DICOM series it consists of; None for the rule's."""
        return next((self.phase_choices[uid] for uid in series_uids if uid in self.phase_choices), None)

    def find(self, key: str) -> Finding | None:
        """Look a finding up."""
        return next((finding for finding in self.findings if finding.key == key), None)

    @property
    def selected_finding(self) -> Finding | None:
        """What keys and panels act on."""
        return self.find(self.selected)

    def put(self, finding: Finding) -> PatientReading:
        """Add a finding, or replace the one with its key; it becomes the selected one."""
        if self.find(finding.key) is None:
            findings = (*self.findings, finding)
        else:
            findings = tuple(finding if one.key == finding.key else one for one in self.findings)
        return replace(self, findings=findings, selected=finding.key)

    def change(self, key: str, edit: Callable[[Finding], Finding]) -> PatientReading:
        """Replace one finding by what `edit` makes of it; an unknown key changes nothing."""
        before = self.find(key)
        return self if before is None else self.put(edit(before))

    def drop(self, key: str) -> PatientReading:
        """Take a finding off the desk; a signed one is kept to be retracted."""
        gone = self.find(key)
        if gone is None:
            return self
        kept = tuple(finding for finding in self.findings if finding.key != key)
        given_up = (*self.given_up, gone) if gone.signed is not None else self.given_up
        selected = "" if self.selected == key else self.selected
        return replace(self, findings=kept, given_up=given_up, selected=selected)


def phases_taken(annotations: Iterable[Annotation]) -> dict[str, int]:
    """Phases that a reader took instead of the rule's, as the annotation made last in each series says."""
    last = {one.image.series_uid: one.phase for one in sorted(annotations, key=lambda a: a.created_utc) if one.phase}
    return {uid: phase.index for uid, phase in last.items() if phase.rule == READER_RULE}


def _same(one: Annotation, other: Annotation) -> bool:
    """Whether two annotations differ in nothing but when and by which version they were written."""
    return replace(one, created_utc="", software="") == replace(other, created_utc="", software="")
