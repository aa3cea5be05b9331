"""What one picture of the report shows, as arrays and numbers: filled by the pipeline, drawn by `figures`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.measure.enhancement import KineticCurve
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import MarkLabel


@dataclass(frozen=True, slots=True)
class MammogramPanel:
    """One mammogram with its finding.

    Parameters
    ----------
    display
        (rows, columns) uint8 as a reader expects to see it.
    annotation, measurement
        The finding and its millimetres; the marks are in pixel indices of `display`.
    left_out_rc, left_out_labels
        (m, 2) marks seen and left out on purpose, and what each was taken for.
    """

    display: NDArray[np.uint8]
    annotation: Annotation
    measurement: Measurement
    left_out_rc: NDArray[np.float64]
    left_out_labels: tuple[MarkLabel, ...]


@dataclass(frozen=True, slots=True)
class CurvePanel:
    """Signal of the lesion over the phases, with the phase that was measured.

    Parameters
    ----------
    curve
        Times, mean signal and classes.
    chosen
        Index of the early phase.
    time_zero
        What second 0 is.
    """

    curve: KineticCurve
    chosen: int
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
        None when there is no lesion, or no time to draw it over.
    """

    early: NDArray[np.float32]
    enhancement: NDArray[np.float32]
    annotation: Annotation
    measurement: Measurement
    curve: CurvePanel | None
