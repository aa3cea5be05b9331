"""Cases on which two readers differ, with the reason in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

from calcmeasure.model.measurement import ResponseRow
from calcmeasure.readers.cases import Case, Finding, Readings, Seen
from calcmeasure.terms import Quantity

DEFAULT_LIMIT_PERCENT = Decimal(10)
"""Lengths further apart than this, of their mean, are discordant: the study's 10 % rule could not hold between them."""


class Reason(StrEnum):
    """Why two readings differ."""

    LENGTHS = "lengths"
    """Both measured something, and the lengths lie too far apart."""
    PRESENCE = "presence"
    """One measured something where the other saw nothing."""
    MEASURABLE = "measurable"
    """Only one of them could measure it."""
    CATEGORY = "category"
    """The lengths may agree, the category of the change does not."""


@dataclass(frozen=True, slots=True)
class Discordance:
    """One disagreement of two readers.

    Parameters
    ----------
    case
        What was read; for a category the follow-up it is about.
    readers
        Two of them.
    answers
        What each said: a length in mm, words, or a category.
    criteria
        Profile of a category, else empty.
    words
        One sentence.
    """

    case: Case
    readers: tuple[str, str]
    answers: tuple[str, str]
    reason: Reason
    words: str
    criteria: str = ""


def discordant_lengths(readings: Readings, *, limit_percent: Decimal = DEFAULT_LIMIT_PERCENT) -> Iterator[Discordance]:
    """List cases whose lengths two readers do not agree on.

    Parameters
    ----------
    readings
        From `read_cases`.
    limit_percent
        Largest difference that still counts as agreement, in per cent of the mean of both; exact decimal.
    """
    for case, findings in readings.items():
        for pair in combinations(findings, 2):
            first, second = (findings[reader] for reader in pair)
            reason = disagreement(first, second, limit_percent=limit_percent)
            if reason is not None:
                answers = (_words(first), _words(second))
                yield Discordance(case, pair, answers, reason, _sentence(reason, first, second))


def disagreement(first: Finding, second: Finding, *, limit_percent: Decimal) -> Reason | None:
    """Say why two readings differ; None when they agree, both not measurable included."""
    if first.seen is not second.seen:
        return Reason.MEASURABLE if Seen.NOT_MEASURABLE in (first.seen, second.seen) else Reason.PRESENCE
    if not first.value_um or not second.value_um:
        return None
    # Twice the difference against the sum: the mean without a division, so that the limit is met exactly.
    apart = 200 * abs(first.value_um - second.value_um)
    return Reason.LENGTHS if apart > limit_percent * (first.value_um + second.value_um) else None


def discordant_categories(rows: Iterable[ResponseRow], readings: Readings) -> Iterator[Discordance]:
    """List follow-ups whose category two readers do not agree on.

    Parameters
    ----------
    rows
        Responses of all readers by any number of profiles.
    readings
        The same readers' cases, for the order of visits.
    """
    visits = {(case.patient_id, case.timepoint): case.visit for case in readings}
    answers: dict[tuple[Case, str], dict[str, str]] = {}
    for row in rows:
        # Lesions are judged together: two readers may have drawn them on different sides.
        side = str(row.laterality or "") if row.quantity is Quantity.CALCIFICATION_EXTENT else ""
        case = Case(row.patient_id, row.quantity, side, visits.get((row.patient_id, row.timepoint), 0), row.timepoint)
        answers.setdefault((case, row.criteria), {})[row.reader] = row.category
    for (case, criteria), by_reader in sorted(answers.items()):
        for pair in combinations(sorted(by_reader), 2):
            said = (by_reader[pair[0]], by_reader[pair[1]])
            if said[0] != said[1]:
                words = f"{said[0]} against {said[1]} by {criteria}"
                yield Discordance(case, pair, said, Reason.CATEGORY, words, criteria)


def _words(finding: Finding) -> str:
    return finding.seen.value if not finding.value_um else f"{finding.value_um / 1000:.3f}"


def _sentence(reason: Reason, first: Finding, second: Finding) -> str:
    if reason is not Reason.LENGTHS or first.value_um is None or second.value_um is None:
        return f"{first.seen.value} against {second.seen.value}"
    apart_um = abs(first.value_um - second.value_um)
    percent = 200 * apart_um / (first.value_um + second.value_um)
    return f"{apart_um / 1000:.1f} mm apart, {percent:.0f} % of their mean"
