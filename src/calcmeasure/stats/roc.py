"""ROC curve of a score and the area under it, with DeLong's interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np
from scipy.stats import rankdata

from calcmeasure.errors import TableError
from calcmeasure.stats.columns import BoolArray, Column, FloatArray, complete_rows
from calcmeasure.stats.interval import DEFAULT_LEVEL, Interval, normal_quantile


@dataclass(frozen=True, slots=True)
class RocPoint:
    """One working point.

    Parameters
    ----------
    threshold
        Scores at or beyond it are called positive.
    sensitivity, false_positive_rate
        What that gives.
    """

    threshold: float
    sensitivity: float
    false_positive_rate: float

    @property
    def youden(self) -> float:
        """Sensitivity + specificity - 1."""
        return self.sensitivity - self.false_positive_rate


@dataclass(frozen=True, slots=True)
class Roc:
    """ROC curve of one score.

    Parameters
    ----------
    positive
        The class called positive, in words.
    higher_is_positive
        Whether high scores speak for it.
    auc
        Area under the curve: chance that a positive case outranks a negative one, ties counted half.
    interval
        DeLong's normal interval, cut off at 0 and 1.
    standard_error
        DeLong's.
    points
        Working points from "nothing is positive" to "everything is".
    n_positive, n_negative, left_out
        Cases of each class, and cases that lacked the score or the truth.
    notes
        What a reader must know.
    """

    positive: str
    higher_is_positive: bool
    auc: float
    interval: Interval
    standard_error: float
    points: tuple[RocPoint, ...]
    n_positive: int
    n_negative: int
    left_out: int
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> RocPoint:
        """The working point with the largest Youden index; chosen on these data, it flatters the test."""
        return max(self.points, key=lambda point: point.youden)


def roc_curve(
    scores: Column,
    truth: Sequence[bool | None],
    *,
    positive: str,
    higher_is_positive: bool = True,
    level: float = DEFAULT_LEVEL,
) -> Roc:
    """ROC curve and area of a score.

    Parameters
    ----------
    scores
        One number per case.
    truth
        True for a positive case, None where unknown; in the same order.
    positive
        The class called positive, in words.
    higher_is_positive
        Whether high scores speak for it.
    level
        Confidence level.

    Returns
    -------
    Roc
        With NaN and a note when a class has no case; without an interval when it has one case only.

    Raises
    ------
    TableError
        If the positive class is not named, lengths differ, or a score is no finite number.

    Examples
    --------
    >>> found = roc_curve([0.1, 0.4, 0.35, 0.8], [False, False, True, True], positive="disease")
    >>> found.auc, len(found.points)
    (0.75, 5)
    """
    if not positive.strip():
        raise TableError("say which class is positive: the curve is mirrored otherwise")
    rows, left_out = complete_rows([scores, [None if is_so is None else float(is_so) for is_so in truth]])
    values, diseased = rows[:, 0] if higher_is_positive else -rows[:, 0], rows[:, 1] == 1
    auc, error = _delong(values[diseased], values[~diseased])
    half = normal_quantile(level) * error
    return Roc(
        positive=positive,
        higher_is_positive=higher_is_positive,
        auc=auc,
        interval=Interval(max(auc - half, 0.0), min(auc + half, 1.0), level, "DeLong (1988), normal"),
        standard_error=error,
        points=_points(values, diseased, sign=1.0 if higher_is_positive else -1.0),
        n_positive=int(np.count_nonzero(diseased)),
        n_negative=int(np.count_nonzero(~diseased)),
        left_out=left_out,
        notes=_notes(auc, error),
    )


def _delong(diseased: FloatArray, healthy: FloatArray) -> tuple[float, float]:
    """Area and its error from placements: the share of the other class each case outranks, ties half."""
    m, n = len(diseased), len(healthy)
    if not m or not n:
        return nan, nan
    ranks = rankdata(np.concatenate([diseased, healthy]))
    above = (ranks[:m] - rankdata(diseased)) / n
    below = 1 - (ranks[m:] - rankdata(healthy)) / m
    auc = float(above.mean())
    if m < 2 or n < 2:
        return auc, nan
    return auc, sqrt(float(above.var(ddof=1)) / m + float(below.var(ddof=1)) / n)


def _points(values: FloatArray, diseased: BoolArray, *, sign: float) -> tuple[RocPoint, ...]:
    m, n = int(np.count_nonzero(diseased)), int(np.count_nonzero(~diseased))
    if not m or not n:
        return ()
    thresholds = np.unique(values)[::-1]
    hits = len(values[diseased]) - np.searchsorted(np.sort(values[diseased]), thresholds)
    alarms = len(values[~diseased]) - np.searchsorted(np.sort(values[~diseased]), thresholds)
    rest = zip((sign * thresholds).tolist(), (hits / m).tolist(), (alarms / n).tolist(), strict=True)
    return (RocPoint(sign * inf, 0.0, 0.0), *(RocPoint(*point) for point in rest))


def _notes(auc: float, error: float) -> tuple[str, ...]:
    if np.isnan(auc):
        return ("undefined: a class has no case",)
    if np.isnan(error):
        return ("no interval: a class has one case only",)
    if error == 0:
        return ("the classes are separated completely or not at all: DeLong's interval has no width and says nothing",)
    return ()
