"""How well readers agree: lengths by ICC and limits of agreement, categories by kappa."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from calcmeasure.model.measurement import ResponseRow
from calcmeasure.readers.cases import Case, Readings, Seen, readers_of
from calcmeasure.readers.discordance import (
    DEFAULT_LIMIT_PERCENT,
    Discordance,
    disagreement,
    discordant_categories,
    discordant_lengths,
)
from calcmeasure.stats.agreement import Icc, IccForm, icc
from calcmeasure.stats.bland_altman import BlandAltman, bland_altman
from calcmeasure.stats.columns import cross_count
from calcmeasure.stats.kappa import Kappa, KappaWeights, kappa
from calcmeasure.stats.proportion import Proportion, proportion
from calcmeasure.terms import ExtentChange, ImmuneResponse, Quantity, Response

CATEGORIES = {
    Quantity.CALCIFICATION_EXTENT: (ExtentChange.DECREASE, ExtentChange.UNCHANGED, ExtentChange.INCREASE),
    Quantity.LESION_DIAMETER: (Response.CR, Response.PR, Response.SD, Response.PD),
}
"""From the best answer to the worst: kappa weighs how far two categories lie apart. NE and not_comparable have no place
in this order; such cases are counted, and left out."""

IMMUNE_CATEGORIES = (
    ImmuneResponse.ICR, ImmuneResponse.IPR, ImmuneResponse.ISD, ImmuneResponse.IUPD, ImmuneResponse.ICPD,
)  # fmt: skip
"""The same for iRECIST (Seymour 2017): progression that is not confirmed lies between stable and confirmed."""


@dataclass(frozen=True, slots=True)
class LengthAgreement:
    """Two readers' lengths of one quantity.

    Parameters
    ----------
    lengths_mm
        (first, second) of every case both measured, with the case.
    consistency, absolute
        ICC(C,1), which forgives a constant offset, and ICC(A,1), which does not.
    limits
        Bias and limits of agreement in mm, first minus second.
    within
        Cases on which they agree within the limit, of those both looked at.
    one_only
        Cases that only one of the two looked at or could measure.
    """

    quantity: Quantity
    readers: tuple[str, str]
    lengths_mm: tuple[tuple[Case, float, float], ...]
    consistency: Icc
    absolute: Icc
    limits: BlandAltman
    within: Proportion
    one_only: int


@dataclass(frozen=True, slots=True)
class CategoryAgreement:
    """Two readers' categories of one quantity by one profile.

    Parameters
    ----------
    categories
        In the order of `counts`.
    counts
        First reader's category in rows, second's in columns.
    left_out
        Follow-ups of which one reader has no category, or none in that order.
    """

    quantity: Quantity
    criteria: str
    readers: tuple[str, str]
    categories: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    kappa: Kappa
    left_out: int


@dataclass(frozen=True, slots=True)
class ReaderStudy:
    """Everything that is known of how the readers agree.

    Parameters
    ----------
    cases
        Cases of at least two readers.
    limit_percent
        Lengths further apart than this, of their mean, are discordant.
    """

    readers: tuple[str, ...]
    cases: int
    limit_percent: Decimal
    lengths: tuple[LengthAgreement, ...]
    categories: tuple[CategoryAgreement, ...]
    discordances: tuple[Discordance, ...]


def study_readers(
    readings: Readings, responses: Sequence[ResponseRow], *, limit_percent: Decimal = DEFAULT_LIMIT_PERCENT
) -> ReaderStudy:
    """Compare every pair of readers.

    Parameters
    ----------
    readings
        From `read_cases`.
    responses
        The same measurements scored by any number of profiles, reader by reader.
    limit_percent
        Largest difference of two lengths that still counts as agreement, in per cent of their mean.
    """
    pairs = list(combinations(readers_of(readings), 2))
    lengths = [
        length_agreement(readings, quantity, readers=pair, limit_percent=limit_percent)
        for quantity in Quantity
        for pair in pairs
    ]
    profiles = sorted({(row.quantity, row.criteria) for row in responses})
    categories = [
        _categories(responses, quantity, criteria=criteria, readers=pair)
        for quantity, criteria in profiles
        for pair in pairs
    ]
    discordances = [
        *discordant_lengths(readings, limit_percent=limit_percent),
        *discordant_categories(responses, readings),
    ]
    return ReaderStudy(
        readers=readers_of(readings),
        cases=sum(len(findings) > 1 for findings in readings.values()),
        limit_percent=limit_percent,
        lengths=tuple(one for one in lengths if one is not None),
        categories=tuple(one for one in categories if one is not None),
        discordances=tuple(sorted(discordances, key=lambda d: (d.case, d.criteria, d.readers))),
    )


def length_agreement(
    readings: Readings,
    quantity: Quantity,
    *,
    readers: tuple[str, str],
    limit_percent: Decimal = DEFAULT_LIMIT_PERCENT,
) -> LengthAgreement | None:
    """Compare two readers' lengths of one quantity; None when neither measured any."""
    either = [(case, f) for case, f in readings.items() if case.quantity is quantity and set(readers) & set(f)]
    both = [(case, f[readers[0]], f[readers[1]]) for case, f in either if set(readers) <= set(f)]
    measured = [
        (case, first.value_mm, second.value_mm)
        for case, first, second in both
        if first.value_mm is not None and second.value_mm is not None
    ]
    if not either:
        return None
    columns = [[length for _, length, _ in measured], [length for _, _, length in measured]]
    agreed = sum(disagreement(first, second, limit_percent=limit_percent) is None for _, first, second in both)
    neither = sum(first.seen is second.seen is Seen.NOT_MEASURABLE for _, first, second in both)
    return LengthAgreement(
        quantity=quantity,
        readers=readers,
        lengths_mm=tuple(measured),
        consistency=icc(columns, form=IccForm.CONSISTENCY_SINGLE),
        absolute=icc(columns, form=IccForm.AGREEMENT_SINGLE),
        limits=bland_altman(*columns),
        within=proportion(agreed, len(both)),
        one_only=len(either) - len(measured) - neither,
    )


def _categories(
    rows: Iterable[ResponseRow], quantity: Quantity, *, criteria: str, readers: tuple[str, str]
) -> CategoryAgreement | None:
    said: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows:
        if row.quantity is quantity and row.criteria == criteria and row.reader in readers:
            side = str(row.laterality or "") if quantity is Quantity.CALCIFICATION_EXTENT else ""
            said.setdefault((row.patient_id, row.timepoint, side), {})[row.reader] = row.category
    if not said:
        return None
    is_immune = any(answer in IMMUNE_CATEGORIES for answers in said.values() for answer in answers.values())
    order: tuple[str, ...] = IMMUNE_CATEGORIES if is_immune else CATEGORIES[quantity]
    pairs = [tuple(_ordered(answers.get(reader), order) for reader in readers) for answers in said.values()]
    counts, left_out = cross_count([(a, b) for a, b in pairs], rows=order, columns=order)
    return CategoryAgreement(
        quantity=quantity,
        criteria=criteria,
        readers=readers,
        categories=tuple(map(str, order)),
        counts=tuple(map(tuple, counts.tolist())),
        kappa=kappa(counts, weights=KappaWeights.LINEAR),
        left_out=left_out,
    )


def _ordered(category: str | None, order: Sequence[str]) -> str | None:
    return category if category in order else None
