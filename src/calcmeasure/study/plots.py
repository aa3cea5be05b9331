"""Numbers behind the study's figures: plain values of the included rows, checked without drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from calcmeasure.cohort.row import Cohort, CohortRow
from calcmeasure.model.pathology import CompleteResponse, Subtype
from calcmeasure.response.exact import micrometres, percent_change
from calcmeasure.stats.proportion import Proportion, proportion
from calcmeasure.stats.roc import Roc
from calcmeasure.study.columns import NO, YES, category_column, number_column
from calcmeasure.study.variables import Pair, Variable
from calcmeasure.terms import Laterality, Quantity


@dataclass(frozen=True, slots=True)
class PairedSize:
    """Two sizes of what is left on one side, in mm."""

    patient_id: str
    laterality: Laterality
    subtype: Subtype | None
    first_mm: float
    second_mm: float


@dataclass(frozen=True, slots=True)
class Change:
    """Change of one size from before to after treatment.

    Parameters
    ----------
    percent
        Of the size before treatment; None where that was 0.
    category
        By the criteria of the cohort; empty where it was not judged.
    """

    patient_id: str
    laterality: Laterality
    baseline_mm: float
    followup_mm: float
    percent: float | None
    category: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of one size, the largest increase first.

    Parameters
    ----------
    bars
        Those with a percentage.
    from_nothing
        Those that were 0 before treatment: a percentage of nothing is not defined.
    left_out
        Included rows without one of the two sizes.
    """

    quantity: Quantity
    bars: tuple[Change, ...]
    from_nothing: tuple[Change, ...]
    left_out: int

    @property
    def counts(self) -> Counter[str]:
        """Bars per category."""
        return Counter(bar.category for bar in self.bars)


@dataclass(frozen=True, slots=True)
class RocCut:
    """The working point "anything left at all is positive".

    Parameters
    ----------
    sensitivity, false_positive_rate
        Cases above 0 mm, of those with and of those without the disease.
    """

    sensitivity: Proportion
    false_positive_rate: Proportion


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Pathological complete response of the included rows.

    Parameters
    ----------
    definition
        What counts as one.
    complete, incomplete, unknown
        Rows.
    """

    definition: CompleteResponse
    complete: int
    incomplete: int
    unknown: int


def outcomes(cohort: Cohort) -> Outcomes:
    """Count the pathological complete responses of the included rows.

    Parameters
    ----------
    cohort
        The rows, and the definition.
    """
    found = Counter(category_column(cohort.included, Variable.PCR, definition=cohort.complete_response))
    return Outcomes(cohort.complete_response, found[YES], found[NO], found[None])


def paired_sizes(cohort: Cohort, pair: Pair) -> tuple[PairedSize, ...]:
    """Sizes of the included rows that have both.

    Parameters
    ----------
    cohort
        The rows.
    pair
        Which two.
    """
    rows = cohort.included
    sizes = zip(rows, number_column(rows, pair.first), number_column(rows, pair.second), strict=True)
    return tuple(
        PairedSize(row.patient_id, row.laterality, row.subtype, first, second)
        for row, first, second in sizes
        if first is not None and second is not None
    )


def changes(cohort: Cohort, quantity: Quantity) -> Changes:
    """Change of one size in every included row, in order of the percentage, then of patient and side.

    Parameters
    ----------
    cohort
        The rows.
    quantity
        Which size.
    """
    known = [change for row in cohort.included if (change := _change(row, quantity)) is not None]
    bars = sorted((c for c in known if c.percent is not None), key=lambda c: (-(c.percent or 0.0), *_side(c)))
    from_nothing = tuple(sorted((c for c in known if c.percent is None), key=_side))
    return Changes(quantity, tuple(bars), from_nothing, len(cohort.included) - len(known))


def change_percent(before_mm: float, after_mm: float) -> float | None:
    """Change in per cent of the size before, in exact arithmetic; None when that was 0."""
    exact = percent_change(micrometres(before_mm), micrometres(after_mm))
    return None if exact is None else float(exact)


def stacks(places: Iterable[tuple[float, float]]) -> tuple[tuple[float, float, int], ...]:
    """Find where markers lie on one another.

    Parameters
    ----------
    places
        (x, y) of every marker.

    Returns
    -------
    tuple of (x, y, count)
        Places with two or more markers, in order.
    """
    return tuple(sorted((*place, count) for place, count in Counter(places).items() if count > 1))


def zero_cut(roc: Roc) -> RocCut | None:
    """Find the working point "above 0 mm is positive" of a size that grows with the disease.

    Parameters
    ----------
    roc
        Curve of a length.

    Returns
    -------
    RocCut or None
        None when a class has no case.
    """
    if not roc.points:
        return None
    above = [point for point in roc.points if point.threshold > 0]
    point = max(above, key=lambda point: point.sensitivity + point.false_positive_rate)
    return RocCut(
        proportion(round(point.sensitivity * roc.n_positive), roc.n_positive, level=roc.interval.level),
        proportion(round(point.false_positive_rate * roc.n_negative), roc.n_negative, level=roc.interval.level),
    )


def _change(row: CohortRow, quantity: Quantity) -> Change | None:
    images, is_extent = row.imaging, quantity is Quantity.CALCIFICATION_EXTENT
    before = images.extent_baseline_mm if is_extent else images.diameter_baseline_mm
    after = images.extent_followup_mm if is_extent else images.diameter_followup_mm
    category = images.extent_change if is_extent else images.response
    if before is None or after is None:
        return None
    percent = change_percent(before, after)
    return Change(row.patient_id, row.laterality, before, after, percent, str(category or ""))


def _side(change: Change) -> tuple[str, str]:
    return change.patient_id, str(change.laterality)
