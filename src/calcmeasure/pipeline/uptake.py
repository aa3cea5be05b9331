"""What a dynamic series says about a finding beside its length, from the phases as they were brought into place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, DynamicImage, FloatImage, LesionFinding, LesionFindings
from calcmeasure.errors import PhaseError
from calcmeasure.measure.early_phase import EarlyPhase
from calcmeasure.measure.enhancement import KineticCurve, kinetic_curve
from calcmeasure.measure.functional_volume import MARGIN_MM, VolumePhases, functional_volume, volume_phases
from calcmeasure.measure.uptake import BACKGROUND_RULE, background_level, lesion_uptake
from calcmeasure.model.enhancement import FunctionalVolume, LesionEnhancement
from calcmeasure.model.imaging import DynamicSeries
from calcmeasure.report.panels import CurvePanel

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class SeenSeries:
    """A dynamic series with what a detector saw in it.

    Parameters
    ----------
    image
        All phases as they were acquired.
    findings
        Lesions, and the phases that were moved onto the early one.
    early
        The phase that is measured.
    detector
        Name of the detector.
    """

    series: DynamicSeries
    image: DynamicImage
    findings: LesionFindings
    early: EarlyPhase
    detector: str

    def phase(self, index: int, box: Box) -> FloatImage:
        """(slices, rows, columns) of a box at one phase, in place."""
        volume: FloatImage = self.findings.moved.get(index, self.image.phases[index])[box]
        return volume


def without_lesion(seen: SeenSeries) -> LesionEnhancement:
    """Give what holds for the whole series: background, motion and how lesions were looked for."""
    background = seen.findings.background
    return LesionEnhancement(
        detector=seen.detector,
        background=background,
        background_level=None if background is None else background_level(background.percent),
        background_rule="" if background is None else BACKGROUND_RULE,
        motion=seen.findings.motion,
        parameters=dict(seen.findings.parameters),
    )


def of_no_lesion(enhancement: LesionEnhancement | None) -> LesionEnhancement | None:
    """Leave what holds for the whole series: for a lesion looked for in vain beside another one."""
    if enhancement is None:
        return None
    nothing = LesionEnhancement(enhancement.detector)
    return replace(
        enhancement,
        **{
            name: getattr(nothing, name)
            for name in ("uptake", "functional", "at_phases", "volume_change", "mask_sha256")
        },
    )


def lesion_curve(seen: SeenSeries, lesion: LesionFinding) -> CurvePanel | None:
    """Follow the mean signal of a lesion over all phases.

    Returns
    -------
    CurvePanel or None
        None when a phase has no time: a curve over made-up seconds would mislead.
    """
    times = [phase.time_s for phase in seen.series.phases]
    known = [time for time in times if time is not None]
    first_post = seen.series.first_post_contrast
    if len(known) < len(times) or not first_post:
        return None
    box = _box(lesion)
    signal = np.stack([seen.phase(index, box) for index in range(len(times))])
    try:
        curve = kinetic_curve(signal, known, where=lesion.mask, first_post=first_post)
    except PhaseError:
        return None
    return CurvePanel(curve, seen.early.index, seen.series.time_zero)


def lesion_figures(seen: SeenSeries, lesion: LesionFinding, *, curve: KineticCurve | None) -> LesionEnhancement:
    """Measure uptake and functional volume of a lesion, and put what the detector said of it beside them."""
    common = without_lesion(seen)
    percent = seen.findings.enhancement[_box(lesion)][lesion.mask]
    return LesionEnhancement(
        detector=common.detector,
        uptake=lesion_uptake(percent, curve=curve, early_index=seen.early.index),
        functional=_functional_volume(seen, lesion),
        background=common.background,
        background_level=common.background_level,
        background_rule=common.background_rule,
        at_phases=lesion.at_phases,
        motion=common.motion,
        volume_change=lesion.volume_change,
        parameters=common.parameters,
    )


def _functional_volume(seen: SeenSeries, lesion: LesionFinding) -> FunctionalVolume:
    chosen = volume_phases(seen.series, instead=seen.early.index)
    box = _wide_box(seen, lesion)
    phases = [seen.phase(index, box) for index in _used(seen, chosen)]
    return functional_volume(phases, region=_region(seen, lesion, box), spacing=seen.image.grid.spacing, chosen=chosen)


def _used(seen: SeenSeries, chosen: VolumePhases) -> list[int]:
    return [seen.image.pre_index, chosen.early, *(() if chosen.late is None else (chosen.late,))]


def _region(seen: SeenSeries, lesion: LesionFinding, box: Box) -> BoolImage:
    """Breast of a box with the lesion itself, without the other lesions: no voxel counts for two of them."""
    region: BoolImage = seen.findings.breast[box].copy()
    for other in seen.findings.lesions:
        if other is not lesion:
            region &= ~_painted(other, box)
    region |= _painted(lesion, box)
    return region


def _painted(lesion: LesionFinding, box: Box) -> BoolImage:
    """Voxels of a lesion that lie in a box."""
    painted = np.zeros([part.stop - part.start for part in box], dtype=np.bool_)
    own = _box(lesion)
    starts = [max(a.start, b.start) for a, b in zip(own, box, strict=True)]
    stops = [min(a.stop, b.stop) for a, b in zip(own, box, strict=True)]
    if any(stop <= start for start, stop in zip(starts, stops, strict=True)):
        return painted
    source = tuple(slice(a - o.start, b - o.start) for a, b, o in zip(starts, stops, own, strict=True))
    target = tuple(slice(a - o.start, b - o.start) for a, b, o in zip(starts, stops, box, strict=True))
    painted[target] = lesion.mask[source]
    return painted


def _box(lesion: LesionFinding) -> Box:
    z, r, c = (slice(o, o + n) for o, n in zip(lesion.offset_zrc, lesion.mask.shape, strict=True))
    return (z, r, c)


def _wide_box(seen: SeenSeries, lesion: LesionFinding) -> Box:
    """Box of a lesion with a margin on every side, inside the series."""
    steps: NDArray[np.float64] = np.asarray(seen.image.grid.spacing.zrc_mm)
    margins = np.ceil(MARGIN_MM / steps).astype(int)
    z, r, c = (
        slice(max(0, part.start - int(m)), min(size, part.stop + int(m)))
        for part, m, size in zip(_box(lesion), margins, seen.image.grid.shape, strict=True)
    )
    return (z, r, c)
