"""Operating points named by false marks per image, and the probability each stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One setting of the sensitivity.

    Parameters
    ----------
    false_marks
        Marks per image that are no calcification, on average over the training scenes.
    least_probability
        Marks at least this probable are taken for calcifications.
    """

    false_marks: float
    least_probability: float

    @property
    def name(self) -> str:
        """As readers know it, such as ``0.3``."""
        return f"{self.false_marks:g}"


OPERATING_POINTS = (
    OperatingPoint(0.1, 0.9),
    OperatingPoint(0.3, 0.79),
    OperatingPoint(1.0, 0.52),
    OperatingPoint(3.0, 0.21),
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
    if not false_marks > 0.0:
        raise ValueError(f"an operating point is named by more than 0 false marks per image, not {false_marks}")
    rates = np.log([point.false_marks for point in OPERATING_POINTS])
    chances = np.array([point.least_probability for point in OPERATING_POINTS])
    odds = float(np.exp(np.interp(np.log(false_marks), rates, np.log(chances / (1.0 - chances)))))
    return odds / (1.0 + odds)
