"""Mammograms of one study: load, detect, annotate."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from calcmeasure.detect.contract import CalcificationCluster, CalcificationFindings, ProjectionImage
from calcmeasure.detect.registry import CALCIFICATIONS, failing_as_detector, load_detector
from calcmeasure.dicom.pixels import MammogramPixels, load_mammogram
from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.measure.extent import measure_extent
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import Mammogram, Skipped, Study
from calcmeasure.model.measurement import AUTO_READER
from calcmeasure.pipeline.identity import annotation_id
from calcmeasure.pipeline.settings import SOFTWARE, RunSettings
from calcmeasure.report.panels import MammogramPanel
from calcmeasure.store.clock import utc_now
from calcmeasure.terms import Flag, GeometryKind, Modality, Quantity, merge_flags

logger = logging.getLogger(__name__)

UNTRUSTED = frozenset({Flag.BREAST_MASK_UNCERTAIN, Flag.NO_BREAST})
"""Flags of a detector after which its marks are shown, not measured."""


@dataclass(frozen=True, slots=True)
class MammogramResult:
    """What one mammogram yielded: annotations with pictures, or a reason why not."""

    annotations: tuple[Annotation, ...] = ()
    panels: tuple[MammogramPanel, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def read_mammograms(study: Study, settings: RunSettings, *, patient_id: str) -> Iterator[MammogramResult]:
    """Find and annotate calcifications on every mammogram of a study, one result per image.

    Parameters
    ----------
    study
        One visit.
    settings
        Names the detector.
    patient_id
        Goes into the measurements of the pictures.
    """
    for mammogram in study.mammograms:
        if mammogram.usable:
            yield _read_one(mammogram, study, settings=settings, patient_id=patient_id)
        else:
            yield MammogramResult(skipped=(_left_out(mammogram),))


def _read_one(mammogram: Mammogram, study: Study, *, settings: RunSettings, patient_id: str) -> MammogramResult:
    try:
        pixels = load_mammogram(mammogram)
    except CalcMeasureError as error:
        return _refused(mammogram, study, error=error)
    blank = _blank_annotation(mammogram, study, flags=pixels.flags)
    if mammogram.spacing is None:
        code = _spacing_reason(mammogram)
        found: tuple[Annotation, ...] = (replace(blank, flags=merge_flags(blank.flags, (code,))),)
        skipped: tuple[Skipped, ...] = (
            Skipped(mammogram.image.path, code, "no usable pixel spacing: shown, not measured"),
        )
        return MammogramResult(found, _panels(found, pixels, patient_id=patient_id), skipped)
    try:
        findings = _detect(pixels, mammogram, settings=settings)
    except CalcMeasureError as error:
        return _refused(mammogram, study, error=error)
    skipped = ()
    if UNTRUSTED.intersection(findings.flags):
        # An extent over letters, frames or a test pattern would look as sure as one over calcifications.
        blank = replace(blank, flags=merge_flags(blank.flags, (ErrorCode.NO_BREAST,)))
        reason = "the breast could not be told from the background: shown, not measured"
        skipped = (Skipped(mammogram.image.path, ErrorCode.NO_BREAST, reason),)
    found = _annotate(blank, findings)
    panels = _panels(found, pixels, patient_id=patient_id, benign_rc=findings.left_out_rc)
    return MammogramResult(found, panels, skipped)


def _detect(pixels: MammogramPixels, mammogram: Mammogram, *, settings: RunSettings) -> CalcificationFindings:
    detector = load_detector(settings.calcification_detector, kind=CALCIFICATIONS)
    if mammogram.spacing is None:
        raise ValueError("an image without spacing is not given to a detector")
    image = ProjectionImage(
        pixels.attenuation, pixels.valid, mammogram.spacing, mammogram.laterality, mammogram.view, mammogram.intent
    )
    with failing_as_detector():
        return detector(image)


def _annotate(blank: Annotation, findings: CalcificationFindings) -> tuple[Annotation, ...]:
    """One annotation per cluster, largest first; a single empty one when nothing was found."""
    flagged = replace(blank, flags=merge_flags(blank.flags, findings.flags))
    if not findings.clusters:
        return (flagged,)
    ranked = sorted(findings.clusters, key=lambda cluster: _span_mm(cluster, blank), reverse=True)
    return tuple(_cluster_annotation(flagged, cluster, rank=rank) for rank, cluster in enumerate(ranked, start=1))


def _cluster_annotation(blank: Annotation, cluster: CalcificationCluster, *, rank: int) -> Annotation:
    return replace(
        blank,
        annotation_id=annotation_id(blank.image.sop_uid, blank.quantity, rank=rank),
        lesion_id=f"{blank.laterality or 'X'}-C{rank}",
        points=tuple((round(float(r), 3), round(float(c), 3)) for r, c in cluster.points_rc),
        mark_diameters_mm=tuple(round(float(d), 3) for d in cluster.marks.diameters_mm),
        distribution=cluster.distribution,
        confidence=round(float(cluster.confidence), 3),
        flags=merge_flags(blank.flags, cluster.flags),
    )


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


def _panels(
    annotations: tuple[Annotation, ...],
    pixels: MammogramPixels,
    *,
    patient_id: str,
    benign_rc: np.ndarray | None = None,
) -> tuple[MammogramPanel, ...]:
    benign = np.empty((0, 2)) if benign_rc is None else benign_rc
    return tuple(
        MammogramPanel(
            pixels.display, a, measure_annotation(a, patient_id=patient_id, reader=AUTO_READER), benign_rc=benign
        )
        for a in annotations
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


def _span_mm(cluster: CalcificationCluster, blank: Annotation) -> float:
    spacing = blank.image.spacing
    return measure_extent(cluster.points_rc, spacing).value_mm if spacing else 0.0
