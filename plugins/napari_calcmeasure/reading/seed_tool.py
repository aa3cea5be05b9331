"""The seed: a click in an enhancing lesion segments it, at a threshold that can be moved afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from calcmeasure.detect.lesions.seeded import LEVELS, SeededLesion
from calcmeasure.errors import DetectorError
from calcmeasure.measure.outline import choose_outline
from calcmeasure.terms import Flag, GeometryKind
from napari_calcmeasure.reading.drafting import Drawing, MakeId, add_drawing, make_id, target_of
from napari_calcmeasure.reading.finding import Finding, LesionMask, PatientReading, Point
from napari_calcmeasure.reading.lesion_field import NO_FIELD, FieldOf, LesionField, field_under, on_its_side, refusal
from napari_calcmeasure.reading.masks import annotation_from_mask, holds, outline_points
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import Step, ToolName

NO_SEED = "Select a lesion that was segmented by a click: only it has a threshold."
CORRECTIONS_LOST = "The new threshold replaced the brush's corrections; undo brings them back."
_ADVICE = {
    Flag.LOW_CONFIDENCE: "Little contrast: look at the edge.",
    Flag.EDGES_UNCLEAR: "No edge was found within 9 cm: raise the threshold, or use the brush.",
    Flag.PARTIAL_VIEW: "The lesion reaches the border of the volume: it may go on outside.",
}


@dataclass(slots=True)
class SeedTool:
    """A click in an enhancing lesion segments it; in the selected one, if a click made it, segments that anew.

    Parameters
    ----------
    field_of
        Gives the volume of an image.
    new_id
        Gives annotation ids.
    """

    field_of: FieldOf
    new_id: MakeId = make_id
    _made: LesionMask | None = None
    """The mask made last: a seeded one that differs from it may have been brushed."""
    _is_lost: bool = False
    """Whether a moving slider has replaced what was brushed."""

    @property
    def name(self) -> ToolName:
        """Seed."""
        return ToolName.SEED

    def handle(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Segment what is clicked; what is no lesion is refused in a sentence and changes nothing."""
        if event.motion is not Motion.PRESS:
            return None
        volume = field_under(event, self.field_of)
        if isinstance(volume, str):
            return Step(reading, message=volume)
        again = _seeded_at(event, reading)
        level = again.mask.level if again is not None and again.mask is not None else 0.5
        try:
            lesion = volume.plant(event.point).at(level)
        except DetectorError as error:
            return Step(reading, message=refusal(error))
        before = reading if again is not None else self._add(event, reading, lesion=lesion, volume=volume)
        finding = again or before.selected_finding
        return None if finding is None else self._put(before, finding, lesion=lesion, seed=event.point, volume=volume)

    def set_level(self, reading: PatientReading, level: float, *, is_done: bool = True) -> Step:
        """Move the threshold of the selected lesion.

        Parameters
        ----------
        reading
            What is on the desk.
        level
            Between background (0) and lesion (1); kept within `LEVELS`.
        is_done
            False while a slider is still moving.
        """
        finding = reading.selected_finding
        mask = finding.mask if finding is not None else None
        if finding is None or mask is None or mask.seed_zrc is None:
            return Step(reading, message=NO_SEED)
        volume = self.field_of(target_of(finding.annotation))
        if volume is None:
            return Step(reading, message=NO_FIELD)
        try:
            planted = volume.plant(mask.seed_zrc)
            if mask is not self._made:
                self._is_lost = not _same_voxels(mask, planted.at(mask.level))
            lesion = planted.at(min(max(level, LEVELS[0]), LEVELS[1]))
        except DetectorError as error:
            return Step(reading, message=refusal(error))
        step = self._put(reading, finding, lesion=lesion, seed=mask.seed_zrc, volume=volume)
        message = CORRECTIONS_LOST if self._is_lost else step.message
        self._is_lost = self._is_lost and not is_done
        return Step(step.reading, is_done=is_done, message=message)

    def finish(self, reading: PatientReading) -> Step | None:  # noqa: ARG002
        """Nothing to complete."""
        return None

    def cancel(self, reading: PatientReading) -> Step | None:  # noqa: ARG002
        """Nothing to give up."""
        return None

    def _add(
        self, event: PointerEvent, reading: PatientReading, *, lesion: SeededLesion, volume: LesionField
    ) -> PatientReading:
        drawing = Drawing(GeometryKind.OUTLINE, outline_points(lesion.contours_zrc[0]))
        target = on_its_side(event, volume)
        return add_drawing(reading, target, drawing=drawing, new_id=self.new_id)

    def _put(
        self, reading: PatientReading, finding: Finding, *, lesion: SeededLesion, seed: Point, volume: LesionField
    ) -> Step:
        self._made = mask = LesionMask(lesion.offset_zrc, lesion.mask, seed, lesion.level)
        outline = choose_outline(lesion.contours_zrc, volume.spacing)
        annotation = annotation_from_mask(
            finding.annotation, mask, outline_zrc=outline, field=volume, flags=lesion.flags
        )
        advice = " ".join(_ADVICE[Flag(flag)] for flag in lesion.flags)
        return Step(reading.put(replace(finding, annotation=annotation, mask=mask)), is_done=True, message=advice)


def _seeded_at(event: PointerEvent, reading: PatientReading) -> Finding | None:
    """Find the selected lesion, when a click made it and this one lies in it."""
    finding = reading.selected_finding
    if finding is None or finding.mask is None or finding.mask.seed_zrc is None:
        return None
    return finding if event.target.shows(finding.annotation) and holds(finding.mask, event.point) else None


def _same_voxels(mask: LesionMask, lesion: SeededLesion) -> bool:
    return mask.offset_zrc == lesion.offset_zrc and np.array_equal(mask.voxels, lesion.mask)
