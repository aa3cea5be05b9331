"""Dynamic MR of one visit: early phase, lesions, outlines, kinetic curve."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import DynamicImage, LesionFinding
from calcmeasure.detect.lesions.followup import VisitSnapshot, look_in_beds, take_snapshot
from calcmeasure.detect.registry import LESIONS, failing_as_detector, load_detector
from calcmeasure.dicom.volumes import load_phases
from calcmeasure.errors import CalcMeasureError, ErrorCode, PhaseError
from calcmeasure.geometry import FloatArray, ImageGrid
from calcmeasure.measure.annotations import choose_outline
from calcmeasure.measure.diameter import mask_diameters
from calcmeasure.measure.early_phase import EarlyPhase, choose_early_phase, early_phase_of_reader
from calcmeasure.measure.uptake import rounded
from calcmeasure.model.annotation import Annotation, ImageReference, PhaseReference
from calcmeasure.model.imaging import DynamicSeries, FrameReference, Skipped, Study
from calcmeasure.pipeline.identity import LocatedLesion, annotation_id
from calcmeasure.pipeline.settings import SOFTWARE, RunSettings
from calcmeasure.pipeline.uptake import SeenSeries, lesion_curve, lesion_figures, without_lesion
from calcmeasure.report.panels import CurvePanel
from calcmeasure.store.clock import utc_now
from calcmeasure.store.lesion_masks import MASK_FIELD, mask_to_json
from calcmeasure.terms import Flag, GeometryKind, Laterality, Method, Modality, Quantity, merge_flags

logger = logging.getLogger(__name__)

FloatSlice = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FoundLesion:
    """A lesion of one visit that has no identifier yet.

    Parameters
    ----------
    annotation
        Complete but for `lesion_id`.
    located
        Where it lies relative to its breast; None for "nothing found" and "not measurable".
    early, enhancement
        The measured slice, for the picture.
    """

    annotation: Annotation
    located: LocatedLesion | None
    early: FloatSlice
    enhancement: FloatSlice
    curve: CurvePanel | None


@dataclass(frozen=True, slots=True)
class DynamicResult:
    """What the dynamic series of one visit yielded.

    Parameters
    ----------
    snapshot
        For the visit after it; None where nothing was measured.
    """

    lesions: tuple[FoundLesion, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    snapshot: VisitSnapshot | None = None


def read_dynamic(
    studies: Sequence[Study],
    settings: RunSettings,
    *,
    known: Sequence[LocatedLesion] = (),
    earlier: VisitSnapshot | None = None,
    phase_choice: int | None = None,
) -> DynamicResult:
    """Find and outline the enhancing lesions of one visit.

    Parameters
    ----------
    studies
        All DICOM studies of the visit.
    settings
        Detector and early-phase rule.
    known
        Lesions of earlier visits: where one of them has gone, the picture shows its place.
    earlier
        The visit before: what remains of its lesions is looked for where they lay.
    phase_choice
        Phase that a reader takes instead of the rule's; it is recorded as the reader's.

    Notes
    -----
    One series is measured per visit: the first that can be, usable ones with the most phases first. Others are
    reported as left out. A visit whose series all fail still yields a row without a value: the gap is explained.
    """
    pairs = [(study, series) for study in studies for series in study.dynamic_series]
    ranked = sorted(pairs, key=lambda pair: (pair[1].usable, len(pair[1].phases)), reverse=True)
    if not ranked:
        return DynamicResult()
    refused: list[DynamicResult] = []
    for rank, (study, series) in enumerate(ranked, start=1):
        try:
            early = _early_phase(series, settings, choice=phase_choice)
            seen = _look_at(series, settings, early=early)
            result = _measure_series(seen, study, known=known, earlier=earlier)
        except CalcMeasureError as error:
            logger.warning("dynamic series …%s refused: %s", series.series_uids[0][-8:], error.code)
            refused.append(_refused(series, study, error=error))
            continue
        others = [_left_out(series) for _, series in ranked[rank:] if series.phases]
        return replace(result, skipped=(*(s for r in refused for s in r.skipped), *others))
    # Nothing could be measured: one row says so, every series gives its reason.
    return DynamicResult(refused[0].lesions, tuple(s for r in refused for s in r.skipped))


def _early_phase(series: DynamicSeries, settings: RunSettings, *, choice: int | None) -> EarlyPhase:
    if not series.usable or series.grid is None:
        raise PhaseError(series.sort_reason or "the dynamic series cannot be used", code=_refusal_code(series))
    if choice is not None:
        return early_phase_of_reader(series, index=choice, instead_of=settings.early_phase_rule)
    return choose_early_phase(series, rule=settings.early_phase_rule)


def _look_at(series: DynamicSeries, settings: RunSettings, *, early: EarlyPhase) -> SeenSeries:
    image = _load(series, early=early)
    detector = load_detector(settings.lesion_detector, kind=LESIONS)
    with failing_as_detector():
        findings = detector(image)
    return SeenSeries(series, image, findings, early, settings.lesion_detector)


def _measure_series(
    seen: SeenSeries, study: Study, *, known: Sequence[LocatedLesion], earlier: VisitSnapshot | None
) -> DynamicResult:
    looked = look_in_beds(seen.image, seen.findings, earlier=earlier) if earlier and earlier.beds else None
    n_alone = looked.n_alone if looked and looked.is_registered else None
    seen = seen if looked is None else replace(seen, findings=looked.findings)
    findings, early = seen.findings, seen.early
    blank = _blank_annotation(seen.series, study, early=early)
    unsure = (Flag.VISITS_NOT_REGISTERED,) if looked is not None and n_alone is None else ()
    blank = replace(blank, flags=merge_flags(blank.flags, findings.flags, unsure))
    if n_alone is not None:
        blank = replace(blank, independent_points=())
    frames = seen.series.phases[early.index].frames
    if not findings.lesions:
        return DynamicResult((_with_image(_nothing(blank, seen, known=known), frames),), snapshot=earlier)
    lesions = [
        _with_image(_found(blank, seen, lesion=lesion, rank=rank), frames)
        for rank, lesion in enumerate(findings.lesions, start=1)
    ]
    if n_alone is not None:
        lesions = [_with_both(found, is_alone=rank < n_alone) for rank, found in enumerate(lesions)]
    return DynamicResult(tuple(lesions), snapshot=take_snapshot(seen.image, findings))


def _with_both(found: FoundLesion, *, is_alone: bool) -> FoundLesion:
    """Say what was found without knowing the bed: the same, or nothing."""
    annotation = found.annotation
    if is_alone:
        return replace(found, annotation=replace(annotation, independent_points=annotation.points))
    flags = merge_flags(annotation.flags, (Flag.CHANGED_BY_OTHER_VISIT,))
    return replace(found, annotation=replace(annotation, flags=flags))


def _load(series: DynamicSeries, *, early: EarlyPhase) -> DynamicImage:
    """All phases as the detector's image."""
    if series.grid is None:
        raise PhaseError("the dynamic series has no regular grid", code=ErrorCode.GEOMETRY)
    pre = (series.first_post_contrast or 0) - 1
    if pre < 0:
        raise PhaseError("no phase lies before contrast: nothing to subtract", code=ErrorCode.NO_BASELINE_PHASE)
    volumes = load_phases(series, indices=range(len(series.phases)))
    times_s = tuple(phase.time_s for phase in series.phases)
    return DynamicImage(volumes, series.grid, pre_index=pre, early_index=early.index, times_s=times_s)


def _found(blank: Annotation, seen: SeenSeries, *, lesion: LesionFinding, rank: int) -> FoundLesion:
    image, findings = seen.image, seen.findings
    outline = choose_outline(lesion.contours_zrc, image.grid.spacing)
    at_slice = round(float(outline[0, 0]))
    solid = mask_diameters(lesion.mask, image.grid.spacing)
    curve = lesion_curve(seen, lesion)
    mask = mask_to_json(lesion.mask, offset_zrc=lesion.offset_zrc, grid=image.grid)
    figures = lesion_figures(seen, lesion, curve=None if curve is None else curve.curve)
    annotation = replace(
        blank,
        annotation_id=annotation_id(blank.image.series_uid, blank.quantity, rank=rank),
        laterality=lesion.laterality,
        points=tuple((float(z), round(float(r), 3), round(float(c), 3)) for z, r, c in outline),
        image=replace(blank.image, frame=at_slice),
        confidence=round(float(lesion.confidence), 3),
        volume_mm3=round(solid.volume_mm3, 1),
        diameter_3d_mm=round(solid.diameter_3d_mm, 3),
        flags=merge_flags(blank.flags, lesion.flags),
        lesion_type=lesion.kind,
        enhancement=rounded(replace(figures, mask_sha256=mask["sha256"])),
        extra={MASK_FIELD: mask},
    )
    located = LocatedLesion(lesion.laterality, _relative_lps(lesion, findings.breast, grid=image.grid))
    return FoundLesion(annotation, located, image.early[at_slice], findings.enhancement[at_slice], curve)


def _nothing(blank: Annotation, seen: SeenSeries, *, known: Sequence[LocatedLesion]) -> FoundLesion:
    """Say that nothing is there: 0 mm, shown where the lesion was, or else on the slice that enhances most."""
    image, findings = seen.image, seen.findings
    if known and findings.breast.any():
        centre_lps = _breast_centre_lps(findings.breast, known[0].laterality, grid=image.grid)
        place_zrc = image.grid.to_zrc(np.add(centre_lps, known[0].relative_lps))
        at_slice = int(np.clip(np.rint(place_zrc[0]), 0, len(image.early) - 1))
    else:
        inside = np.where(findings.breast, findings.enhancement, 0.0)
        at_slice = int(np.argmax(np.percentile(inside, 99.5, axis=(1, 2))))
    annotation = replace(blank, image=replace(blank.image, frame=at_slice), enhancement=rounded(without_lesion(seen)))
    return FoundLesion(annotation, None, image.early[at_slice], findings.enhancement[at_slice], None)


def _with_image(found: FoundLesion, frames: Sequence[FrameReference]) -> FoundLesion:
    """Name the image of the slice that was measured."""
    image = found.annotation.image
    named = replace(image, sop_uid=frames[image.frame].sop_uid)
    return replace(found, annotation=replace(found.annotation, image=named))


def _relative_lps(lesion: LesionFinding, breast: NDArray[np.bool_], *, grid: ImageGrid) -> tuple[float, float, float]:
    """Lesion centre minus the centre of its breast, mm."""
    x, y, z = grid.to_lps(lesion.centre_zrc) - _breast_centre_lps(breast, lesion.laterality, grid=grid)
    return (float(x), float(y), float(z))


def _breast_centre_lps(breast: NDArray[np.bool_], laterality: Laterality, *, grid: ImageGrid) -> FloatArray:
    """Centre of one side's breast, mm; patient left is +x."""
    breast_lps = grid.to_lps(np.argwhere(breast[:, ::4, ::4]) * (1, 4, 4))
    if not len(breast_lps):
        return np.zeros(3)
    sign = 1.0 if laterality == Laterality.LEFT else -1.0
    side = breast_lps[(breast_lps[:, 0] - np.median(breast_lps[:, 0])) * sign > 0]
    centre: FloatArray = (side if len(side) else breast_lps).mean(axis=0)
    return centre


def _blank_annotation(series: DynamicSeries, study: Study, *, early: EarlyPhase | None) -> Annotation:
    """Annotation without points: looked for, nothing there."""
    phase_series = (series.phases[early.index].series_uid if early else "") or series.series_uids[0]
    grid = series.grid
    image = ImageReference(
        sop_uid="",
        series_uid=phase_series,
        frame=0,
        rows=grid.shape[1] if grid else 0,
        columns=grid.shape[2] if grid else 0,
        spacing=grid.spacing if grid else None,
        study_uid=series.study_uid,
    )
    phase = PhaseReference(early.index, early.time_s, early.rule, series.time_zero) if early else None
    return Annotation(
        annotation_id=annotation_id(phase_series, Quantity.LESION_DIAMETER, rank=1),
        lesion_id="",
        timepoint=study.timepoint,
        study_date=study.study_date.isoformat() if study.study_date else "",
        modality=Modality.MR,
        laterality=Laterality.BOTH,
        quantity=Quantity.LESION_DIAMETER,
        geometry=GeometryKind.OUTLINE,
        points=(),
        image=image,
        phase=phase,
        method=Method.AUTO,
        flags=merge_flags(study.flags, series.flags, early.flags if early else ()),
        software=SOFTWARE,
        created_utc=utc_now(),
    )


def _refused(series: DynamicSeries, study: Study, *, error: CalcMeasureError) -> DynamicResult:
    blank = _blank_annotation(series, study, early=None)
    annotation = replace(blank, flags=merge_flags(blank.flags, (error.code,)))
    empty = np.zeros((1, 1), np.float32)
    path = next((p.frames[0].path for p in series.phases if p.frames), None)
    skipped = (Skipped(path, error.code, error.message),) if path else ()
    return DynamicResult((FoundLesion(annotation, None, empty, empty, None),), skipped)


def _left_out(series: DynamicSeries) -> Skipped:
    return Skipped(
        series.phases[0].frames[0].path,
        ErrorCode.NOT_PREFERRED if series.usable else _refusal_code(series),
        "another dynamic series of this visit was measured" if series.usable else series.sort_reason,
    )


def _refusal_code(series: DynamicSeries) -> ErrorCode:
    codes = [flag for flag in series.flags if flag.startswith("E_")]
    return ErrorCode(codes[0]) if codes else ErrorCode.PHASE_AMBIGUOUS
