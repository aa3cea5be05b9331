"""Operating points named by false marks per image, and what each asks of marks and of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One setting of the sensitivity.

    Parameters
    ----------
    false_marks
        Marks per image that are no calcification, on average over the training scenes.
    least_probability
        Marks at least this probable are taken for calcifications.
    least_confidence
        Groups at least this probable are shown. At the default one that is more probable than not; a more sensitive one
        also shows what may be a group.
    """

    false_marks: float
    least_probability: float
    least_confidence: float

    @property
    def name(self) -> str:
        """As readers know it, such as ``0.3``."""
        return f"{self.false_marks:g}"


OPERATING_POINTS = (
    OperatingPoint(0.1, 0.9, 0.7),
    OperatingPoint(0.3, 0.79, 0.5),
    OperatingPoint(1.0, 0.52, 0.2),
    OperatingPoint(3.0, 0.21, 0.1),
)
"""From the most specific to the most sensitive."""
DEFAULT_FALSE_MARKS = 0.3
"""Of the operating point used when none is asked for."""


def least_probability(false_marks: float) -> float:
    """Probability from which marks count at an operating point, between the named ones by their logarithms.

    Parameters
    ----------
    false_marks
        Per image; values beyond the named ones are taken for the nearest of them.

    Raises
    ------
    ValueError
        If `false_marks` is not above zero.

    Examples
    --------
    >>> round(least_probability(0.1), 3)
    0.9
    """
    return _between(false_marks, [point.least_probability for point in OPERATING_POINTS])


def least_confidence(false_marks: float) -> float:
    """Confidence from which groups are shown at an operating point, between the named ones by their logarithms.

    Parameters and errors are those of `least_probability`.

    Examples
    --------
    >>> round(least_confidence(0.3), 3)
    0.5
    """
    return _between(false_marks, [point.least_confidence for point in OPERATING_POINTS])


def _between(false_marks: float, chances: Sequence[float]) -> float:
    """Interpolate log odds of the named points over the logarithm of their false marks."""
    if not false_marks > 0.0:
        raise ValueError(f"an operating point is named by more than 0 false marks per image, not {false_marks}")
    rates = np.log([point.false_marks for point in OPERATING_POINTS])
    return float(expit(np.interp(np.log(false_marks), rates, logit(chances))))
