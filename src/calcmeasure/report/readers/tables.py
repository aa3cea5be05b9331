"""The numbers behind the readers' report, one CSV each: lengths, categories, and the cases to settle."""

from __future__ import annotations

from calcmeasure.readers.agreement import CategoryAgreement, LengthAgreement, ReaderStudy
from calcmeasure.readers.cases import Case
from calcmeasure.readers.discordance import Discordance
from calcmeasure.report.study.figures.figure import Cell, Numbers, as_numbers

LENGTH_COLUMNS = (
    "quantity", "reader_1", "reader_2", "n", "one_reader_only",
    "icc_agreement", "icc_agreement_low", "icc_agreement_high",
    "icc_consistency", "icc_consistency_low", "icc_consistency_high",
    "bias_mm", "bias_low_mm", "bias_high_mm", "lower_limit_mm", "upper_limit_mm",
    "within_limit", "looked_at_by_both", "limit_percent", "notes",
)  # fmt: skip
"""Columns of ``agreement.csv``; bias is reader_1 minus reader_2."""

CATEGORY_COLUMNS = (
    "quantity", "criteria", "reader_1", "reader_2", "n", "left_out", "agreed", "kappa_linear", "low", "high", "p",
    "notes",
)  # fmt: skip
"""Columns of ``categories.csv``."""

DISCORDANCE_COLUMNS = (
    "patient_id", "laterality", "quantity", "timepoint", "criteria", "reader_1", "reader_2", "answer_1", "answer_2",
    "reason", "words",
)  # fmt: skip
"""Columns of ``discordant.csv``; answers are mm, words, or categories."""

OPEN_COLUMNS = ("patient_id", "laterality", "quantity", "timepoint")
"""Columns of ``to_settle.csv``."""


def agreement_numbers(study: ReaderStudy) -> Numbers:
    """Table of ``agreement.csv``, one row per quantity and pair of readers."""
    return as_numbers(LENGTH_COLUMNS, (_length_row(one, study) for one in study.lengths))


def category_numbers(study: ReaderStudy) -> Numbers:
    """Table of ``categories.csv``, one row per quantity, profile and pair of readers."""
    return as_numbers(CATEGORY_COLUMNS, map(_category_row, study.categories))


def discordance_numbers(study: ReaderStudy) -> Numbers:
    """Table of ``discordant.csv``, one row per disagreement of two readers."""
    return as_numbers(DISCORDANCE_COLUMNS, map(_discordance_row, study.discordances))


def open_numbers(cases: tuple[Case, ...]) -> Numbers:
    """Table of ``to_settle.csv``: cases without a consensus."""
    return as_numbers(OPEN_COLUMNS, ((c.patient_id, c.laterality, str(c.quantity), c.timepoint) for c in cases))


def _length_row(one: LengthAgreement, study: ReaderStudy) -> tuple[Cell, ...]:
    limits = one.limits
    notes = dict.fromkeys([*one.absolute.notes, *limits.notes])
    return (
        str(one.quantity), *one.readers, limits.n, one.one_only,
        one.absolute.value, one.absolute.interval.low, one.absolute.interval.high,
        one.consistency.value, one.consistency.interval.low, one.consistency.interval.high,
        limits.bias, limits.bias_interval.low, limits.bias_interval.high, limits.lower.value, limits.upper.value,
        one.within.count, one.within.total, float(study.limit_percent), "; ".join(notes),
    )  # fmt: skip


def _category_row(one: CategoryAgreement) -> tuple[Cell, ...]:
    agreed = sum(row[i] for i, row in enumerate(one.counts))
    found = one.kappa
    return (str(one.quantity), one.criteria, *one.readers, found.n, one.left_out, agreed, found.value,
            found.interval.low, found.interval.high, found.p, "; ".join(found.notes))  # fmt: skip


def _discordance_row(one: Discordance) -> tuple[Cell, ...]:
    case = one.case
    case_cells = (case.patient_id, case.laterality, str(case.quantity), case.timepoint, one.criteria)
    return (*case_cells, *one.readers, *one.answers, str(one.reason), one.words)
