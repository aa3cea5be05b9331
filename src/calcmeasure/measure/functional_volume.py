"""Functional tumour volume around a lesion, by the published rule with the published parameters.

Source: Hylton et al., Radiology 2012;263:663-672 and Newitt et al., J Digit Imaging 2014. Early and late are the phases
after contrast whose k-space centres lie nearest 150 s and 450 s after the first phase after contrast began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import Spacing
from calcmeasure.measure.early_phase import TIE_S
from calcmeasure.measure.functional_mask import FtvRule, functional_tumour_mask
from calcmeasure.model.enhancement import FunctionalVolume
from calcmeasure.model.imaging import DynamicSeries, Phase

EARLY_S, LATE_S = 150.0, 450.0
"""After the start of the first phase after contrast."""
MARGIN_MM = 10.0
"""The published box is drawn by a reader; ours is that of the lesion, wider by this on every side."""

FloatImage = NDArray[np.float32]
BoolImage = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class VolumePhases:
    """Phases a functional volume is taken from; without a late one the ratio is not asked for."""

    early: int
    late: int | None


def volume_phases(series: DynamicSeries, *, instead: int) -> VolumePhases:
    """Choose the phases by their times.

    Parameters
    ----------
    series
        Sorted, with the first phase after contrast known.
    instead
        Early phase where the times are unknown; the last one is then the late one.
    """
    first = series.first_post_contrast or 0
    post = series.phases[first:]
    if any(phase.time_s is None for phase in post) or not post:
        return VolumePhases(instead, _later(len(series.phases) - 1, instead))
    # Second 0 stays where it was when the first post-contrast phase itself had to be left out.
    starts_at_zero = series.time_zero == "first_post_contrast_start"
    start_s = 0.0 if starts_at_zero else (post[0].start_s or 0.0)
    early = _nearest(post, start_s + EARLY_S)
    return VolumePhases(early, _later(_nearest(post, start_s + LATE_S), early))


def functional_volume(
    phases: Sequence[FloatImage],
    *,
    region: BoolImage,
    spacing: Spacing,
    chosen: VolumePhases,
    rule: FtvRule | None = None,
) -> FunctionalVolume:
    """Count the voxels of a region that enhance as tumour does.

    Parameters
    ----------
    phases
        Before contrast, early and (where there is one) late: (slices, rows, columns) of the region's box.
    region
        (slices, rows, columns) voxels of the box that may count.
    chosen
        Which phases these are.
    rule
        Thresholds; the published ones by default.
    """
    limits = rule or FtvRule()
    pre, early, *late = phases
    mask = functional_tumour_mask(pre, early, late[0] if late else None, region=region, rule=limits)
    voxel_mm3 = float(np.prod(spacing.zrc_mm))
    parameters = {**asdict(limits), "margin_mm": MARGIN_MM, "early_s": EARLY_S, "late_s": LATE_S}
    return FunctionalVolume(float(mask.sum()) * voxel_mm3, chosen.early, chosen.late, parameters)


def _nearest(phases: Sequence[Phase], aim_s: float) -> int:
    """Phase nearest a time; of two equally near the earlier, as the published tool does."""
    best = phases[0]
    for phase in phases[1:]:
        if abs((phase.time_s or 0.0) - aim_s) < abs((best.time_s or 0.0) - aim_s) - TIE_S:
            best = phase
    return best.index


def _later(index: int, early: int) -> int | None:
    return index if index > early else None
