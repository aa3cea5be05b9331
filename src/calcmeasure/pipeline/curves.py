"""The kinetic curve of a lesion, for the report."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import LesionFinding
from calcmeasure.errors import PhaseError
from calcmeasure.measure.early_phase import EarlyPhase
from calcmeasure.measure.enhancement import kinetic_curve
from calcmeasure.model.imaging import DynamicSeries
from calcmeasure.report.panels import CurvePanel


def lesion_curve(
    series: DynamicSeries, volumes: NDArray[np.float32], *, lesion: LesionFinding, early: EarlyPhase
) -> CurvePanel | None:
    """Follow the mean signal of a lesion over all phases.

    Parameters
    ----------
    volumes
        (phases, slices, rows, columns) signal.
    lesion
        Its mask selects the voxels.

    Returns
    -------
    CurvePanel or None
        None when a phase has no time: a curve over made-up seconds would mislead.
    """
    times = [phase.time_s for phase in series.phases]
    known = [time for time in times if time is not None]
    if len(known) < len(times) or not series.first_post_contrast:
        return None
    box = tuple(slice(o, o + n) for o, n in zip(lesion.offset_zrc, lesion.mask.shape, strict=True))
    try:
        curve = kinetic_curve(
            volumes[(slice(None), *box)], known, where=lesion.mask, first_post=series.first_post_contrast
        )
    except PhaseError:
        return None
    return CurvePanel(curve, early.index, series.time_zero)
