"""Accuracy of a yes/no test from a 2 × 2 table; which class is positive is always said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, nan, sqrt

from calcmeasure.errors import TableError
from calcmeasure.stats.interval import DEFAULT_LEVEL, Interval, normal_quantile
from calcmeasure.stats.proportion import Proportion, proportion


@dataclass(frozen=True, slots=True)
class TwoByTwo:
    """Counts of a yes/no test against the truth.

    Parameters
    ----------
    tp, fp, fn, tn
        True positives, false positives, false negatives, true negatives.
    left_out
        Cases that lacked the test or the truth.

    Raises
    ------
    TableError
        If a count is negative.
    """

    tp: int
    fp: int
    fn: int
    tn: int
    left_out: int = 0

    def __post_init__(self) -> None:
        if min(self.tp, self.fp, self.fn, self.tn) < 0:
            raise TableError("counts of a 2 × 2 table cannot be negative")

    @property
    def n(self) -> int:
        """Cases counted."""
        return self.tp + self.fp + self.fn + self.tn


@dataclass(frozen=True, slots=True)
class Ratio:
    """A likelihood ratio or a difference of proportions with its interval.

    Parameters
    ----------
    value
        The estimate; infinite or NaN when a denominator is 0.
    interval
        Its interval.
    """

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class DiagnosticAccuracy:
    """Everything a 2 × 2 table says about a test.

    Parameters
    ----------
    positive
        The class called positive, in words.
    counts
        The table.
    sensitivity, specificity, ppv, npv, accuracy
        Rates of being right. The predictive values hold for the prevalence of these cases only.
    false_positive_rate, false_negative_rate
        1 - specificity and 1 - sensitivity.
    prevalence
        Share of positive cases.
    likelihood_ratio_positive, likelihood_ratio_negative
        How much a positive and a negative test multiply the odds of disease.
    youden
        Sensitivity + specificity - 1.
    notes
        What a reader must know.
    """

    positive: str
    counts: TwoByTwo
    sensitivity: Proportion
    specificity: Proportion
    ppv: Proportion
    npv: Proportion
    accuracy: Proportion
    false_positive_rate: Proportion
    false_negative_rate: Proportion
    prevalence: Proportion
    likelihood_ratio_positive: Ratio
    likelihood_ratio_negative: Ratio
    youden: Ratio
    notes: tuple[str, ...] = ()


def count_two_by_two(test: Sequence[bool | None], truth: Sequence[bool | None]) -> TwoByTwo:
    """Count a yes/no test against the truth.

    Parameters
    ----------
    test, truth
        True for positive, None where missing; in the same order.

    Returns
    -------
    TwoByTwo
        With the incomplete pairs counted as left out.

    Raises
    ------
    TableError
        If the lengths differ.

    Examples
    --------
    >>> count_two_by_two([True, True, False, None], [True, False, False, True])
    TwoByTwo(tp=1, fp=1, fn=0, tn=1, left_out=1)
    """
    if len(test) != len(truth):
        raise TableError(f"test and truth differ in length: {len(test)} and {len(truth)}")
    pairs = [(said, is_so) for said, is_so in zip(test, truth, strict=True) if said is not None and is_so is not None]
    tp, fp, fn, tn = (pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False)))
    return TwoByTwo(tp, fp, fn, tn, len(test) - len(pairs))


def diagnostic_accuracy(counts: TwoByTwo, *, positive: str, level: float = DEFAULT_LEVEL) -> DiagnosticAccuracy:
    """Sensitivity, specificity and the figures that follow from them.

    Parameters
    ----------
    counts
        The 2 × 2 table.
    positive
        The class called positive, in words: nothing is printed without it.
    level
        Confidence level.

    Returns
    -------
    DiagnosticAccuracy
        Rates with an empty denominator are NaN and noted.

    Raises
    ------
    TableError
        If the positive class is not named.

    Examples
    --------
    >>> found = diagnostic_accuracy(TwoByTwo(69, 16, 6, 36), positive="residual disease")
    >>> round(found.sensitivity.value, 3), round(found.specificity.value, 3), round(found.youden.value, 3)
    (0.92, 0.692, 0.612)
    """
    if not positive.strip():
        raise TableError("say which class is positive: sensitivity and specificity change places with it")
    tp, fp, fn, tn = counts.tp, counts.fp, counts.fn, counts.tn
    sensitivity, specificity = proportion(tp, tp + fn, level=level), proportion(tn, tn + fp, level=level)
    misses, alarms = proportion(fn, tp + fn, level=level), proportion(fp, tn + fp, level=level)
    return DiagnosticAccuracy(
        positive=positive,
        counts=counts,
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=proportion(tp, tp + fp, level=level),
        npv=proportion(tn, tn + fn, level=level),
        accuracy=proportion(tp + tn, counts.n, level=level),
        false_positive_rate=alarms,
        false_negative_rate=misses,
        prevalence=proportion(tp + fn, counts.n, level=level),
        likelihood_ratio_positive=_likelihood_ratio(sensitivity, alarms, level=level),
        likelihood_ratio_negative=_likelihood_ratio(misses, specificity, level=level),
        youden=_youden(sensitivity, alarms, level=level),
        notes=_notes(counts),
    )


def _likelihood_ratio(diseased: Proportion, healthy: Proportion, *, level: float) -> Ratio:
    """Ratio of two independent proportions with Simel's logarithmic interval, which needs both counts above 0."""
    method = "logarithmic (Simel 1991)"
    if not diseased.total or not healthy.total or diseased.count == healthy.count == 0:
        return Ratio(nan, Interval(nan, nan, level, method))
    if not healthy.count:
        return Ratio(inf, Interval(nan, nan, level, method))
    value = diseased.value / healthy.value
    if not diseased.count:
        return Ratio(value, Interval(nan, nan, level, method))
    error = sqrt((1 - diseased.value) / diseased.count + (1 - healthy.value) / healthy.count)
    spread = exp(normal_quantile(level) * error)
    return Ratio(value, Interval(exp(log(value)) / spread, value * spread, level, method))


def _youden(sensitivity: Proportion, alarms: Proportion, *, level: float) -> Ratio:
    """Difference of two independent proportions with Newcombe's interval, made from their Wilson intervals."""
    value = sensitivity.value - alarms.value
    s, a = sensitivity.wilson, alarms.wilson
    down = sqrt((sensitivity.value - s.low) ** 2 + (a.high - alarms.value) ** 2)
    up = sqrt((s.high - sensitivity.value) ** 2 + (alarms.value - a.low) ** 2)
    return Ratio(value, Interval(value - down, value + up, level, "Newcombe score (1998)"))


def _notes(counts: TwoByTwo) -> tuple[str, ...]:
    margins = {
        "no positive case: sensitivity is undefined": counts.tp + counts.fn,
        "no negative case: specificity is undefined": counts.tn + counts.fp,
        "no positive test: the positive predictive value is undefined": counts.tp + counts.fp,
        "no negative test: the negative predictive value is undefined": counts.tn + counts.fn,
    }
    return tuple(sentence for sentence, total in margins.items() if not total)
