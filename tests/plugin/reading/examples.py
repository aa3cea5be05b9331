"""Targets, events and desks for the tests of the reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import Annotation, ImageReference, PhaseReference
from calcmeasure.terms import GeometryKind, Laterality, Modality, Quantity, View
from napari_calcmeasure.reading.desk import Desk
from napari_calcmeasure.reading.finding import Finding, PatientReading, Point, Target
from napari_calcmeasure.reading.pointer import Motion, PointerEvent

PROJECTION_SPACING = Spacing(0.10 / 1.06, 0.09 / 1.06, SpacingSource.MAGNIFICATION_CORRECTED)
VOLUME_SPACING = Spacing(0.8, 0.7, SpacingSource.PATIENT, slice_mm=2.0)
ROWS, COLUMNS = 400, 300
DATES = {"baseline": "2024-01-10", "followup-1": "2024-04-02", "followup-2": "2024-06-01"}


def mammogram(
    *,
    side: Laterality | None = Laterality.RIGHT,
    view: View = View.CC,
    timepoint: str = "baseline",
    flags: tuple[str, ...] = (),
) -> Target:
    image = ImageReference(
        f"mg.{timepoint}.{side}.{view}", f"mg.{timepoint}", 0, ROWS, COLUMNS, PROJECTION_SPACING, f"study.{timepoint}"
    )
    modality, quantity = Modality.MG, Quantity.CALCIFICATION_EXTENT
    return Target(timepoint, DATES[timepoint], modality, quantity, side, view, image, flags=flags)


def volume(*, side: Laterality | None = None, timepoint: str = "baseline", phase: int = 2) -> Target:
    image = ImageReference("", f"mr.{timepoint}", 0, ROWS, COLUMNS, VOLUME_SPACING, f"study.{timepoint}")
    uids = tuple(f"mr.{timepoint}.{number}" for number in range(20))
    modality, quantity = Modality.MR, Quantity.LESION_DIAMETER
    reference = PhaseReference(phase, 92.0, "k-space-centre-90s", "injection")
    return Target(timepoint, DATES[timepoint], modality, quantity, side, None, image, reference, (), uids)


def automatic(target: Target, points: Iterable[Point], *, lesion_id: str = "R-C1", **fields: object) -> Annotation:
    """An annotation as the automatic run writes it."""
    points = tuple(points)
    is_volume = target.is_volume
    return Annotation(
        annotation_id=f"auto-{target.image.sop_uid or target.image.series_uid}-{lesion_id}",
        lesion_id=lesion_id,
        timepoint=target.timepoint,
        study_date=target.study_date,
        modality=target.modality,
        laterality=target.laterality,
        quantity=target.quantity,
        geometry=GeometryKind.OUTLINE if is_volume else GeometryKind.MARKS,
        points=points,
        image=target.image_at(points[0]) if points else target.image,
        view=target.view,
        phase=target.phase,
        **fields,
    )


def numbered() -> Callable[[], str]:
    """Ids 1, 2, 3, ..."""
    numbers = count(1)
    return lambda: str(next(numbers))


def open_desk(*findings: Annotation, **fields: object) -> Desk:
    reading = PatientReading("SECRET-1", "anna", tuple(Finding(annotation) for annotation in findings))
    return Desk(reading, new_id=numbered(), **fields)


def event(motion: Motion, target: Target, point: Point, *, reach: float = 3.0, shift: bool = False) -> PointerEvent:
    return PointerEvent(motion, target, point, reach, shift)


def click(desk: Desk, target: Target, *points: Point, shift: bool = False) -> None:
    for point in points:
        desk.pointer(event(Motion.PRESS, target, point, shift=shift))
        desk.pointer(event(Motion.RELEASE, target, point, shift=shift))


def drag(desk: Desk, target: Target, *points: Point) -> None:
    """Press at the first point, release at the last."""
    desk.pointer(event(Motion.PRESS, target, points[0]))
    for point in points[1:]:
        desk.pointer(event(Motion.DRAG, target, point))
    desk.pointer(event(Motion.RELEASE, target, points[-1]))


def only_finding(desk: Desk) -> Finding:
    (finding,) = desk.reading.findings
    return finding
