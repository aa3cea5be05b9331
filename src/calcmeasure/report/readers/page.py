"""The readers' report as a page: what agrees, what does not, and how it was counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from calcmeasure.readers.agreement import CategoryAgreement, LengthAgreement, ReaderStudy
from calcmeasure.readers.discordance import Discordance
from calcmeasure.report.pages import render_page
from calcmeasure.report.study.page import EmbeddedFigure
from calcmeasure.report.study.tables import Line, StudyTable
from calcmeasure.report.study.words import category_words, fixed, with_interval
from calcmeasure.terms import Quantity

QUANTITY_WORDS = {
    Quantity.CALCIFICATION_EXTENT: "Extent of calcifications",
    Quantity.LESION_DIAMETER: "Lesion diameter on MRI",
}


def render_readers(study: ReaderStudy, *, figures: Sequence[EmbeddedFigure] = ()) -> str:
    """Render ``readers.html``: one file that loads nothing.

    Parameters
    ----------
    study
        From `study_readers`.
    figures
        In the order they are shown.
    """
    tables = [_lengths_table(study), _categories_table(study), _discordance_table(study)]
    sentences = list(reader_sentences(study))
    return render_page("readers.html.j2", study=study, sentences=sentences, tables=tables, figures=figures)


def reader_sentences(study: ReaderStudy) -> Iterator[str]:
    """Say in a sentence each how two readers agree."""
    for one in study.lengths:
        within = one.within
        yield (
            f"{QUANTITY_WORDS[one.quantity]}, {' and '.join(one.readers)}: ICC(A,1) "
            f"{with_interval(one.absolute.value, one.absolute.interval, decimals=3)}, n = {one.absolute.n}; "
            f"{within.count} of {within.total} cases agree within {study.limit_percent} %."
        )
    for other in study.categories:
        agreed = sum(row[i] for i, row in enumerate(other.counts))
        yield (
            f"{QUANTITY_WORDS[other.quantity]}, category by {other.criteria}, {' and '.join(other.readers)}: "
            f"{agreed} of {other.kappa.n} the same, linearly weighted kappa {_kappa_words(other)}."
        )


def _lengths_table(study: ReaderStudy) -> StudyTable:
    return StudyTable(
        name="agreement",
        title="Lengths",
        heads=("Quantity", "Readers", "n", "ICC(A,1) (95% CI)", "ICC(C,1) (95% CI)", "Bias, mm (95% CI)",
               "Limits of agreement, mm", f"Within {study.limit_percent} %"),
        lines=tuple(map(_length_line, study.lengths)),
        method="Per side and visit: the larger view of an extent, the largest lesion of a side. Intraclass "
        "correlation, two-way, single measures: absolute agreement (an offset between readers counts) and consistency "
        "(it does not). "
        "Bias is the first reader minus the second; limits of agreement are bias ± 1.96 SD.",
        footnotes=tuple(_footnotes(study)),
    )  # fmt: skip


def _footnotes(study: ReaderStudy) -> Iterator[str]:
    for one in study.lengths:
        for note in one.limits.notes:
            yield f"{QUANTITY_WORDS[one.quantity]}, {' and '.join(one.readers)}: {note}."


def _length_line(one: LengthAgreement) -> Line:
    limits = one.limits
    share = f"{one.within.count} of {one.within.total}"
    return Line(
        QUANTITY_WORDS[one.quantity],
        " − ".join(one.readers),
        (
            str(limits.n),
            with_interval(one.absolute.value, one.absolute.interval, decimals=3),
            with_interval(one.consistency.value, one.consistency.interval, decimals=3),
            with_interval(limits.bias, limits.bias_interval, decimals=1),
            f"{fixed(limits.lower.value, 1)} to {fixed(limits.upper.value, 1)}",
            f"{share} ({fixed(100 * one.within.value, 0)} %)" if one.within.total else share,
        ),
    )


def _categories_table(study: ReaderStudy) -> StudyTable:
    return StudyTable(
        name="categories",
        title="Categories of change",
        heads=("Criteria", "Readers", "n", "The same", "Weighted kappa (95% CI)", "Not compared", "Counts"),
        lines=tuple(map(_category_line, study.categories)),
        method="Kappa with linear weights: two categories that lie further apart count as a greater disagreement. "
        "Counts: rows are the first reader's categories, in the order named.",
        footnotes=("Not compared: one of the readers has no category there, or one that says it cannot be judged.",),
    )


def _category_line(one: CategoryAgreement) -> Line:
    agreed = sum(row[i] for i, row in enumerate(one.counts))
    counts = " | ".join(
        f"{name}: {' '.join(map(str, row))}" for name, row in zip(one.categories, one.counts, strict=True)
    )
    return Line(
        f"{QUANTITY_WORDS[one.quantity]}, {one.criteria}",
        " and ".join(one.readers),
        (str(one.kappa.n), str(agreed), _kappa_words(one), str(one.left_out), counts),
    )  # fmt: skip


def _kappa_words(one: CategoryAgreement) -> str:
    """Write kappa; where all cases agree its large-sample interval has no width, and is not shown."""
    if one.kappa.observed == 1 and one.kappa.n:
        return fixed(one.kappa.value, 2)
    return with_interval(one.kappa.value, one.kappa.interval, decimals=2)


def _discordance_table(study: ReaderStudy) -> StudyTable:
    return StudyTable(
        name="discordant",
        title="Cases to look at together",
        heads=("Patient", "Case", "Readers", "First", "Second", "Why"),
        lines=tuple(map(_discordance_line, study.discordances)),
        method=f"Lengths further apart than {study.limit_percent} % of their mean, something seen by one reader only, "
        "and follow-ups with two categories.",
        footnotes=() if study.discordances else ("No case: the readers agree on everything both looked at.",),
    )


def _discordance_line(one: Discordance) -> Line:
    side = f" {one.case.laterality}" if one.case.laterality else ""
    answers = tuple(category_words(answer) if one.criteria else answer for answer in one.answers)
    case = f"{QUANTITY_WORDS[one.case.quantity]}{side}, {one.case.timepoint}"
    return Line(one.case.patient_id, case, (" and ".join(one.readers), *answers, one.words))
