"""The kinetic curve of a lesion, for the report."""

from __future__ import annotations

import numpy as np

from calcmeasure.detect.contract import LesionFinding
from calcmeasure.geometry import FloatArray
from calcmeasure.measure.early_phase import EarlyPhase
from calcmeasure.measure.enhancement import classify_curve, kinetic_curve
from calcmeasure.model.imaging import DynamicSeries
from calcmeasure.report.panels import KineticCurve


def lesion_curve(
    series: DynamicSeries, volumes: FloatArray, *, lesion: LesionFinding, early: EarlyPhase
) -> KineticCurve | None:
    """Mean enhancement of a lesion over all phases.

    Parameters
    ----------
    volumes
        (phases, slices, rows, columns) signal.
    lesion
        Its mask selects the voxels.

    Returns
    -------
    KineticCurve or None
        None when fewer than two phases exist.
    """
    if len(series.phases) < 2 or not lesion.mask.any():
        return None
    box = tuple(slice(o, o + n) for o, n in zip(lesion.offset_zrc, lesion.mask.shape, strict=True))
    signal = volumes[(slice(None), *box)][:, lesion.mask].mean(axis=1)
    times = [phase.time_s if phase.time_s is not None else float(phase.index) for phase in series.phases]
    pre = max((series.first_post_contrast or 1) - 1, 0)
    percent = kinetic_curve(signal, pre_index=pre)
    classes = classify_curve(np.asarray(times), percent, pre_index=pre)
    return KineticCurve(
        times_s=np.asarray(times),
        percent=percent,
        chosen=early.index,
        initial=str(classes.initial),
        delayed=str(classes.delayed),
        time_zero=series.time_zero,
    )
