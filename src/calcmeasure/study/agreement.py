"""Sizes after treatment held against each other, against the specimen and against the size before."""

from __future__ import annotations

from collections.abc import Iterator

from calcmeasure.cohort.row import CohortRow
from calcmeasure.model.pathology import CompleteResponse
from calcmeasure.stats.agreement import IccForm, icc
from calcmeasure.stats.bland_altman import bland_altman
from calcmeasure.stats.diagnostic import count_two_by_two, diagnostic_accuracy
from calcmeasure.stats.paired import PairedMethod, wilcoxon_signed_rank
from calcmeasure.stats.roc import roc_curve
from calcmeasure.stats.summary import QuantileMethod, summarize_median
from calcmeasure.study.columns import NO, YES, Rows, category_column, number_column
from calcmeasure.study.results import Agreement, Diagnostic, PairedTest, ResidualSizes, ScoreCurve
from calcmeasure.study.variables import ALL, POSITIVE, SUBGROUPS, Comparison, Pair, Variable

EXACT_PAIRS = 250
"""Up to this many cases the exact signed-rank test is shown too; beyond it the approximation prints the same digits."""


def subgroups(rows: Rows) -> Iterator[tuple[str, list[CohortRow]]]:
    """Give everybody, then each molecular subtype, empty ones included.

    Yields
    ------
    name : str
        One of `SUBGROUPS`.
    members : list of CohortRow
        Its cases; a case without a subtype is in the first only.
    """
    for name in SUBGROUPS:
        yield name, [row for row in rows if name in (ALL, row.subtype)]


def residual_sizes(rows: Rows, subgroup: str, *, quartiles: QuantileMethod) -> ResidualSizes:
    """Median sizes of what is left, on mammography, on MRI and in the specimen."""
    extent, diameter, pathology = (
        summarize_median(number_column(rows, variable), method=quartiles)
        for variable in (Variable.EXTENT_FOLLOWUP, Variable.DIAMETER_FOLLOWUP, Variable.PATHOLOGY_SIZE)
    )
    return ResidualSizes(subgroup, len(rows), extent, diameter, pathology)


def agree(rows: Rows, pair: Pair, *, subgroup: str, level: float) -> Agreement:
    """Agreement of two sizes of what is left: both single-measure forms of the ICC, and the limits of agreement."""
    first, second = number_column(rows, pair.first), number_column(rows, pair.second)
    return Agreement(
        pair=pair,
        subgroup=subgroup,
        consistency=icc([first, second], form=IccForm.CONSISTENCY_SINGLE, level=level),
        absolute=icc([first, second], form=IccForm.AGREEMENT_SINGLE, level=level),
        limits=bland_altman(first, second, level=level),
    )


def compare(rows: Rows, comparison: Comparison) -> PairedTest:
    """Test whether two sizes of the same side differ."""
    first, second = (number_column(rows, variable) for variable in comparison.sides)
    asymptotic = wilcoxon_signed_rank(first, second)
    few = asymptotic.n <= EXACT_PAIRS
    exact = wilcoxon_signed_rank(first, second, method=PairedMethod.EXACT) if few else None
    return PairedTest(comparison, asymptotic, exact)


def diagnose(rows: Rows, subgroup: str, *, definition: CompleteResponse, level: float) -> Diagnostic:
    """Accuracy of "an enhancement is left" for residual disease: no complete response in the specimen."""
    gone = category_column(rows, Variable.MRI_COMPLETE_RESPONSE, definition=definition)
    enhancing = [None if said is None else said == NO for said in gone]
    counts = count_two_by_two(enhancing, residual_disease(rows, definition=definition))
    return Diagnostic(subgroup, diagnostic_accuracy(counts, positive=POSITIVE, level=level))


def score_curve(rows: Rows, score: Variable, *, definition: CompleteResponse, level: float) -> ScoreCurve:
    """ROC curve of a size after treatment: the larger, the likelier is residual disease."""
    truth = residual_disease(rows, definition=definition)
    return ScoreCurve(score, roc_curve(number_column(rows, score), truth, positive=POSITIVE, level=level))


def residual_disease(rows: Rows, *, definition: CompleteResponse) -> list[bool | None]:
    """Whether each case has residual disease; None where the specimen was not described."""
    complete = category_column(rows, Variable.PCR, definition=definition)
    return [None if said is None else said != YES for said in complete]
