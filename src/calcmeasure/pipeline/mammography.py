"""Mammograms of one patient: load, detect, look at visits together, annotate."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.calcifications.breast_view import reduce_view
from calcmeasure.detect.calcifications.operating_points import DEFAULT_FALSE_MARKS
from calcmeasure.detect.calcifications.regrouping import regroup
from calcmeasure.detect.contract import (
    CalcificationCluster,
    CalcificationFindings,
    CalcificationMarks,
    ProjectionImage,
)
from calcmeasure.detect.registry import CALCIFICATIONS, failing_as_detector, load_detector
from calcmeasure.dicom.pixels import MammogramPixels, load_mammogram
from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.geometry import Spacing
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.measure.extent import measure_extent
from calcmeasure.model.annotation import Annotation, MarkEvidence
from calcmeasure.model.imaging import Mammogram, Skipped, Study
from calcmeasure.model.measurement import AUTO_READER
from calcmeasure.pipeline.identity import annotation_id
from calcmeasure.pipeline.settings import SOFTWARE, RunSettings
from calcmeasure.pipeline.two_visits import SeenMammogram, look_at_visits_together
from calcmeasure.report.panels import MammogramPanel
from calcmeasure.store.clock import utc_now
from calcmeasure.terms import Flag, GeometryKind, MarkLabel, Modality, Quantity, merge_flags

logger = logging.getLogger(__name__)

UNTRUSTED = frozenset({Flag.BREAST_MASK_UNCERTAIN, Flag.NO_BREAST})
"""Flags of a detector after which its marks are shown, not measured."""


@dataclass(frozen=True, slots=True)
class MammogramResult:
    """What one mammogram yielded: annotations with pictures, or a reason why not.

    Parameters
    ----------
    seen
        What the annotations were made from; None where the image was not searched.
    """

    annotations: tuple[Annotation, ...] = ()
    panels: tuple[MammogramPanel, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    seen: SeenMammogram | None = None


def read_mammograms(
    studies: Sequence[Study], settings: RunSettings, *, patient_id: str
) -> list[tuple[MammogramResult, ...]]:
    """Find and annotate calcifications on every mammogram of one patient.

    Parameters
    ----------
    studies
        In the order of the visits.
    settings
        Names the detector and its operating point.
    patient_id
        Goes into the measurements of the pictures.

    Returns
    -------
    list of tuple of MammogramResult
        One tuple per study, one result per image.

    Notes
    -----
    Each image is read alone first. Views of one side at several visits are then read again, each with another visit in
    mind (`calcmeasure.pipeline.two_visits`), so that a mark missed once is not taken for a change.
    """
    compared = _views_of_several_visits(studies)
    alone = [[_read_one(m, study, settings=settings, compared=compared) for m in study.mammograms] for study in studies]
    seen = [one for results in alone for one in results if isinstance(one, SeenMammogram)]
    together = iter(look_at_visits_together(seen, false_marks=settings.false_marks_per_image))
    return [
        tuple(_result(next(together) if isinstance(one, SeenMammogram) else one, patient_id) for one in results)
        for results in alone
    ]


@dataclass(frozen=True, slots=True)
class _Shown:
    """An image that is shown and not searched."""

    blank: Annotation
    pixels: MammogramPixels
    skipped: Skipped


def _views_of_several_visits(studies: Sequence[Study]) -> set[tuple[object, object]]:
    """Sides and views that were taken at more than one visit."""
    visits: dict[tuple[object, object], set[str]] = {}
    for study in studies:
        for m in study.mammograms:
            if m.usable:
                visits.setdefault((m.laterality, m.view), set()).add(study.timepoint)
    return {view for view, when in visits.items() if len(when) > 1}


def _read_one(
    mammogram: Mammogram, study: Study, *, settings: RunSettings, compared: Collection[tuple[object, object]]
) -> SeenMammogram | _Shown | MammogramResult:
    if not mammogram.usable:
        return MammogramResult(skipped=(_left_out(mammogram),))
    try:
        pixels = load_mammogram(mammogram)
        blank = _blank_annotation(mammogram, study, flags=pixels.flags)
        if mammogram.spacing is None:
            return _without_spacing(mammogram, blank, pixels)
        image = _projection(pixels, mammogram, spacing=mammogram.spacing)
        findings = _search(image, settings)
        if UNTRUSTED.intersection(findings.flags):
            blank = replace(blank, flags=merge_flags(blank.flags, (ErrorCode.NO_BREAST,)))
        is_compared = blank.measurable and (mammogram.laterality, mammogram.view) in compared
        reduced = reduce_view(image, findings.breast) if is_compared else None
        return SeenMammogram(mammogram.image.path, blank, pixels.display, findings, image.spacing, reduced)
    except CalcMeasureError as error:
        return _refused(mammogram, study, error=error)


def _without_spacing(mammogram: Mammogram, blank: Annotation, pixels: MammogramPixels) -> _Shown:
    code = _spacing_reason(mammogram)
    reason = Skipped(mammogram.image.path, code, "no usable pixel spacing: shown, not measured")
    return _Shown(replace(blank, flags=merge_flags(blank.flags, (code,))), pixels, reason)


def _projection(pixels: MammogramPixels, mammogram: Mammogram, *, spacing: Spacing) -> ProjectionImage:
    return ProjectionImage(
        pixels.attenuation, pixels.valid, spacing, mammogram.laterality, mammogram.view, mammogram.intent
    )


def _search(image: ProjectionImage, settings: RunSettings) -> CalcificationFindings:
    detector = load_detector(settings.calcification_detector, kind=CALCIFICATIONS)
    with failing_as_detector():
        findings = detector(image)
        if settings.false_marks_per_image == DEFAULT_FALSE_MARKS:
            return findings
        return regroup(findings, spacing=image.spacing, false_marks=settings.false_marks_per_image)


def _result(one: SeenMammogram | _Shown | MammogramResult, patient_id: str) -> MammogramResult:
    if isinstance(one, MammogramResult):
        return one
    if isinstance(one, _Shown):
        return MammogramResult((one.blank,), (_panel(one.blank, one.pixels.display, patient_id),), (one.skipped,))
    found = annotate(one)
    panels = tuple(_panel(annotation, one.display, patient_id, findings=one.final) for annotation in found)
    return MammogramResult(found, panels, _untrusted(one), one)


def _untrusted(one: SeenMammogram) -> tuple[Skipped, ...]:
    # An extent over letters, frames or a test pattern would look as sure as one over calcifications.
    if not UNTRUSTED.intersection(one.findings.flags):
        return ()
    reason = "the breast could not be told from the background: shown, not measured"
    return (Skipped(one.path, ErrorCode.NO_BREAST, reason),)


def annotate(one: SeenMammogram) -> tuple[Annotation, ...]:
    """Make one annotation per group, largest first; a single empty one when nothing was found."""
    flagged = replace(one.blank, flags=merge_flags(one.blank.flags, one.final.flags))
    if not one.final.clusters:
        return (_emptied(flagged, one),)
    ranked = sorted(one.final.clusters, key=lambda group: _span_mm(group.points_rc, one.spacing), reverse=True)
    return tuple(_group_annotation(flagged, one, group, rank=rank) for rank, group in enumerate(ranked, start=1))


def _emptied(blank: Annotation, one: SeenMammogram) -> Annotation:
    """Say that nothing is there; what was found on this image alone, if anything, is kept beside it."""
    if one.linked is None:
        return blank
    alone = max(
        (group.points_rc for group in one.findings.clusters),
        key=lambda points_rc: _span_mm(points_rc, one.spacing),
        default=np.empty((0, 2)),
    )
    flags = merge_flags(blank.flags, (Flag.CHANGED_BY_OTHER_VISIT,) if len(alone) else ())
    return replace(blank, independent_points=_points(alone), flags=flags)


def _group_annotation(blank: Annotation, one: SeenMammogram, group: CalcificationCluster, *, rank: int) -> Annotation:
    alone_rc = one.alone(group)
    differs = alone_rc is not None and _span_mm(alone_rc, one.spacing) != _span_mm(group.points_rc, one.spacing)
    flags = (*group.flags, Flag.CHANGED_BY_OTHER_VISIT) if differs else group.flags
    return replace(
        blank,
        annotation_id=annotation_id(blank.image.sop_uid, blank.quantity, rank=rank),
        lesion_id=f"{blank.laterality or 'X'}-C{rank}",
        points=_points(group.points_rc),
        mark_diameters_mm=tuple(round(float(d), 3) for d in group.marks.diameters_mm),
        mark_evidence=_evidence(group.marks),
        independent_points=None if alone_rc is None else _points(alone_rc),
        distribution=group.distribution,
        confidence=round(float(group.confidence), 3),
        flags=merge_flags(blank.flags, flags),
    )


def _points(points_rc: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple((round(float(row), 3), round(float(col), 3)) for row, col in points_rc)


def _evidence(marks: CalcificationMarks) -> tuple[MarkEvidence, ...]:
    rows = zip(marks.probabilities, marks.contrasts, marks.snr, strict=True)
    return tuple(MarkEvidence(round(float(p), 6), _known(contrast), _known(snr)) for p, contrast, snr in rows)


def _known(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _panel(
    annotation: Annotation,
    display: NDArray[np.uint8],
    patient_id: str,
    *,
    findings: CalcificationFindings | None = None,
) -> MammogramPanel:
    measured = measure_annotation(annotation, patient_id=patient_id, reader=AUTO_READER)
    marks = CalcificationMarks.none() if findings is None else findings.marks
    left_out = marks.take(~marks.labelled(MarkLabel.SUSPICIOUS))
    return MammogramPanel(display, annotation, measured, left_out.points_rc, left_out.labels)


def _blank_annotation(mammogram: Mammogram, study: Study, *, flags: tuple[str, ...]) -> Annotation:
    """Annotation of rank 1 without points: looked for, nothing there."""
    image = mammogram.reference
    return Annotation(
        annotation_id=annotation_id(image.sop_uid, Quantity.CALCIFICATION_EXTENT, rank=1),
        lesion_id=f"{mammogram.laterality or 'X'}-C1",
        timepoint=study.timepoint,
        study_date=study.study_date.isoformat() if study.study_date else "",
        modality=Modality.MG,
        laterality=mammogram.laterality,
        view=mammogram.view,
        quantity=Quantity.CALCIFICATION_EXTENT,
        geometry=GeometryKind.MARKS,
        points=(),
        image=image,
        flags=merge_flags(study.flags, mammogram.flags, flags),
        software=SOFTWARE,
        created_utc=utc_now(),
    )


def _refused(mammogram: Mammogram, study: Study, *, error: CalcMeasureError) -> MammogramResult:
    """Keep a not-measurable row, so that the missing number is explained in the table as well."""
    logger.warning("image …%s refused: %s", mammogram.image.sop_uid[-8:], error.code)
    found = _blank_annotation(mammogram, study, flags=(error.code,))
    return MammogramResult((found,), skipped=(Skipped(mammogram.image.path, error.code, error.message),))


def _left_out(mammogram: Mammogram) -> Skipped:
    reasons = [flag for flag in mammogram.flags if flag.startswith("E_")]
    code = ErrorCode(reasons[0]) if reasons else ErrorCode.NOT_PREFERRED
    words = ", ".join(flag.replace("_", " ") for flag in mammogram.flags if not flag.startswith("E_"))
    return Skipped(mammogram.image.path, code, f"not measured: {words or code.value}")


def _spacing_reason(mammogram: Mammogram) -> ErrorCode:
    known = (ErrorCode.MAGNIFICATION_UNKNOWN, ErrorCode.SPACING_HOSTILE)
    return next((code for code in known if code in mammogram.flags), ErrorCode.SPACING_UNKNOWN)


def _span_mm(points_rc: NDArray[np.float64], spacing: Spacing) -> float:
    return measure_extent(points_rc, spacing).value_mm
