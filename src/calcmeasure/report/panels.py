"""What one picture of the report shows, as arrays and numbers: filled by the pipeline, drawn by `figures`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.model.annotation import Annotation
from calcmeasure.model.measurement import Measurement


@dataclass(frozen=True, slots=True)
class MammogramPanel:
    """One mammogram with its finding.

    Parameters
    ----------
    display
        (rows, columns) uint8 as a reader expects to see it.
    annotation, measurement
        The finding and its millimetres; the marks are in pixel indices of `display`.
    benign_rc
        (m, 2) marks seen and left out on purpose.
    """

    display: NDArray[np.uint8]
    annotation: Annotation
    measurement: Measurement
    benign_rc: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KineticCurve:
    """Signal of the lesion over the phases.

    Parameters
    ----------
    times_s
        (phases,) k-space centre after time zero; the phase index where times are unknown.
    percent
        (phases,) mean enhancement in the lesion over the pre-contrast phase, per cent.
    chosen
        Index of the early phase.
    initial, delayed
        Curve classes in words (slow, medium, fast; persistent, plateau, washout); empty when unknown.
    time_zero
        What second 0 is.
    """

    times_s: NDArray[np.float64]
    percent: NDArray[np.float64]
    chosen: int
    initial: str
    delayed: str
    time_zero: str


@dataclass(frozen=True, slots=True)
class DynamicPanel:
    """One slice of a dynamic series with its lesion.

    Parameters
    ----------
    early, enhancement
        (rows, columns) float32: signal of the early phase, and percent enhancement, on the measured slice.
    annotation, measurement
        The lesion and its millimetres; outline points are (slice, row, column) of the whole volume.
    curve
        None when there is no lesion or only one phase.
    """

    early: NDArray[np.float32]
    enhancement: NDArray[np.float32]
    annotation: Annotation
    measurement: Measurement
    curve: KineticCurve | None
