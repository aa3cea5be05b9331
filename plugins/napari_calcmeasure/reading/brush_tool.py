"""The brush: paints voxels to a lesion and takes them away; the sub-voxel edge stays where it was not touched."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from calcmeasure.terms import Flag, GeometryKind
from napari_calcmeasure.reading.drafting import Drawing, MakeId, add_drawing, findings_on, make_id
from napari_calcmeasure.reading.finding import Finding, LesionMask, PatientReading, Point, Target
from napari_calcmeasure.reading.lesion_field import (
    FieldOf,
    LesionField,
    MaskEdge,
    edge_threshold,
    field_under,
    on_its_side,
)
from napari_calcmeasure.reading.masks import (
    Stroke,
    annotation_from_mask,
    brushed,
    holds,
    mask_of_outline,
    outline_points,
    trimmed,
    without_cut_off,
)
from napari_calcmeasure.reading.pointer import Motion, PointerEvent
from napari_calcmeasure.reading.tool import Step, ToolName

BRUSH_MM = (0.5, 15.0)
"""Smallest and largest radius of the brush."""
NO_VOXELS = LesionMask((0, 0, 0), np.zeros((0, 0, 0), np.bool_))
NOTHING_TO_ERASE = "There is no lesion to erase from: select one, or click in it."
NOTHING_LEFT = 'The brush took the whole lesion away, so it was put back: to say 0 mm, choose "nothing left".'
TOO_LITTLE = "Too little was painted to outline: paint more, or measure with the caliper."
CUT_OFF = "What the brush cut off from the lesion was taken away with it."


@dataclass(frozen=True, slots=True)
class _Stroke:
    """What the brush works on between press and release.

    Parameters
    ----------
    before
        The reading when it was pressed.
    finding
        Painted on; None for a new one, which gets `key`.
    shown
        The reading as it looks now.
    """

    before: PatientReading
    finding: Finding | None
    key: str
    target: Target
    at: Point
    edge: MaskEdge
    shown: PatientReading


@dataclass(slots=True)
class BrushTool:
    """Paints voxels to the selected lesion, or to the one under it, or to a new one; with Shift takes them away.

    Parameters
    ----------
    field_of
        Gives the volume of an image.
    new_id
        Gives annotation ids.

    Notes
    -----
    Where the mask was not touched, the edge stays the sub-voxel one. What an eraser cuts off goes with it. A finding
    without a mask starts from its outline, on its slice alone.
    """

    field_of: FieldOf
    new_id: MakeId = make_id
    _radius_mm: float = 2.0
    _stroke: _Stroke | None = None
    _edge: MaskEdge | None = None
    """Of the mask painted last: outlining all its slices again would be felt."""

    @property
    def name(self) -> ToolName:
        """Brush."""
        return ToolName.BRUSH

    @property
    def radius_mm(self) -> float:
        """Of the brush; kept within `BRUSH_MM`."""
        return self._radius_mm

    @radius_mm.setter
    def radius_mm(self, radius_mm: float) -> None:
        self._radius_mm = min(max(radius_mm, BRUSH_MM[0]), BRUSH_MM[1])

    def handle(self, event: PointerEvent, reading: PatientReading) -> Step | None:
        """Paint while the button is down; a stroke is one step for undo."""
        match event.motion:
            case Motion.PRESS | Motion.DOUBLE_CLICK:
                return self._press(event, reading)
            case Motion.DRAG if self._stroke is not None:
                return Step(self._paint(event, self._stroke))
            case Motion.RELEASE if self._stroke is not None:
                self._paint(event, self._stroke)
                return self._settle(self._stroke, erases=event.shift)
        return None

    def finish(self, reading: PatientReading) -> Step | None:  # noqa: ARG002
        """Nothing to complete."""
        return None

    def cancel(self, reading: PatientReading) -> Step | None:  # noqa: ARG002
        """Put back what was there before the stroke."""
        stroke, self._stroke = self._stroke, None
        return None if stroke is None else Step(stroke.before, is_done=True)

    def _press(self, event: PointerEvent, reading: PatientReading) -> Step:
        volume = field_under(event, self.field_of)
        if isinstance(volume, str):
            return Step(reading, message=volume)
        finding = _painted_at(event, reading)
        if finding is None and event.shift:
            return Step(reading, message=NOTHING_TO_ERASE)
        key = self.new_id() if finding is None else finding.key
        edge = self._edge_of(finding, volume)
        target = on_its_side(event, volume)
        self._stroke = _Stroke(reading, finding, key, target, event.point, edge, reading)
        return Step(self._paint(event, self._stroke))

    def _edge_of(self, finding: Finding | None, volume: LesionField) -> MaskEdge:
        if finding is None:
            return MaskEdge(volume, NO_VOXELS, None, {})
        mask = finding.mask or mask_of_outline(finding.annotation.points)
        last = self._edge
        if last is not None and last.mask is mask and last.field.subtraction is volume.subtraction:
            return last
        return MaskEdge.of(volume, mask, threshold=edge_threshold(volume, mask))

    def _paint(self, event: PointerEvent, stroke: _Stroke) -> PatientReading:
        """Move the brush on; the reading as it looks now."""
        edge, volume = stroke.edge, stroke.edge.field
        move = Stroke(stroke.at, event.point, self.radius_mm, erases=event.shift)
        mask = brushed(edge.mask, move, spacing=volume.spacing, shape=volume.subtraction.shape)
        stroke = replace(stroke, at=event.point)
        if mask is not edge.mask:
            stroke = replace(stroke, edge=edge.after(mask, at_slice=move.at_slice))
            stroke = replace(stroke, shown=_drawn(stroke))
        self._stroke = stroke
        return stroke.shown

    def _settle(self, stroke: _Stroke, *, erases: bool) -> Step:
        """End a stroke: drop what was cut off, and refuse what leaves nothing to outline."""
        self._stroke = None
        edge, message = stroke.edge, ""
        before = stroke.finding.mask if stroke.finding is not None else None
        whole = without_cut_off(edge.mask, before=before) if erases and before is not None else edge.mask
        if whole.voxels.any() and (whole is not edge.mask or stroke.finding is None):
            threshold = edge_threshold(edge.field, whole) if stroke.finding is None else edge.threshold
            message = CUT_OFF if whole is not edge.mask else ""
            edge = MaskEdge.of(edge.field, whole, threshold=threshold)
        if edge.outline is None:
            return Step(stroke.before, is_done=True, message=TOO_LITTLE if whole.voxels.any() else NOTHING_LEFT)
        if edge.mask is before:
            return Step(stroke.before, is_done=True)
        self._edge = edge = replace(edge, mask=trimmed(edge.mask))
        return Step(_drawn(replace(stroke, edge=edge)), is_done=True, message=message)


def _drawn(stroke: _Stroke) -> PatientReading:
    """Give the reading with the lesion as it is painted; the one before where there is nothing to outline."""
    edge, finding, reading = stroke.edge, stroke.finding, stroke.before
    outline = edge.outline
    if outline is None:
        return reading
    if finding is None:
        drawing = Drawing(GeometryKind.OUTLINE, outline_points(outline))
        reading = add_drawing(reading, stroke.target, drawing=drawing, new_id=lambda: stroke.key)
        finding = reading.selected_finding
    if finding is None:
        return reading
    flags = tuple(flag for flag in finding.annotation.flags if flag == Flag.PARTIAL_VIEW)
    annotation = annotation_from_mask(finding.annotation, edge.mask, outline_zrc=outline, field=edge.field, flags=flags)
    return reading.put(replace(finding, annotation=annotation, mask=edge.mask))


def _painted_at(event: PointerEvent, reading: PatientReading) -> Finding | None:
    """Find the selected lesion of this volume, or else the one under the brush."""
    lesions = [f for f in findings_on(reading, event.target) if f.annotation.points and _is_area(f)]
    selected = next((finding for finding in lesions if finding.key == reading.selected), None)
    return selected or next((f for f in lesions if f.mask is not None and holds(f.mask, event.point)), None)


def _is_area(finding: Finding) -> bool:
    return finding.annotation.geometry is GeometryKind.OUTLINE
