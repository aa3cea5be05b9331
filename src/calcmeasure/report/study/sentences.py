"""What a study found in sentences: every number with its n, every P value under the name of its test."""

from __future__ import annotations

from collections.abc import Iterator

from calcmeasure.report.study import words
from calcmeasure.stats.proportion import Proportion
from calcmeasure.stats.summary import Median
from calcmeasure.study.results import Agreement, Association, PairedTest, StudyResults
from calcmeasure.study.variables import ALL, Comparison, Variable

_QUESTIONS = {
    Variable.SUBTYPE: "Molecular subtype and pathological complete response",
    Variable.RECIST: "Change in the extent of calcifications and response on MRI",
    Variable.MILLER_PAYNE: "Change in the extent of calcifications and Miller–Payne grade",
    Variable.PCR: "Change in the extent of calcifications and pathological complete response",
    Variable.RESIDUAL: "Change in the extent of calcifications and type of residual tumour",
}


def key_findings(results: StudyResults) -> tuple[str, ...]:
    """State what was found, one sentence per question.

    Parameters
    ----------
    results
        Of the study.

    Returns
    -------
    tuple of str
        Every number with its n, every P value with the name of its test; nothing is called significant.
    """
    return (
        *_moves(results),
        *(_association_words(results.association(rows)) for rows in _QUESTIONS),
        *(_agreement_words(found) for found in results.agreement if found.subgroup == ALL),
        *_accuracy_words(results),
    )


def _moves(results: StudyResults) -> Iterator[str]:
    medians = {found.variable: found.summary for found in results.findings}
    tests = {test.comparison: test for test in results.paired}
    for comparison in (Comparison.EXTENT, Comparison.DIAMETER):
        before, after = (medians[variable] for variable in comparison.sides)
        name = "Extent of calcifications" if comparison is Comparison.EXTENT else "Lesion diameter on MRI"
        if isinstance(before, Median) and isinstance(after, Median):
            yield (
                f"{name}: median {_length(before)} before treatment (n = {before.n}), "
                f"{_length(after)} after (n = {after.n}); {_paired_words(tests[comparison])}."
            )


def _length(found: Median) -> str:
    return f"{words.cm(found.value)} cm ({words.mm(found.value)} mm)" if found.n else "not known"


def _paired_words(test: PairedTest) -> str:
    found = test.asymptotic
    p = words.p_equals(found.p)
    return f"Wilcoxon signed-rank test, Z = {words.fixed(found.z, 2)}, {p} (n = {found.n})"


def _association_words(table: Association) -> str:
    tests = (table.exact, table.asymptotic, table.freeman_halton)
    said = "; ".join(f"{test.test.words} {words.p_equals(test.p)}" for test in tests)
    return f"{_QUESTIONS[table.rows]} (n = {table.n}): {said}."


def _agreement_words(found: Agreement) -> str:
    said = " and ".join(f"{icc.form} {words.icc_words(icc)}" for icc in (found.consistency, found.absolute))
    pair = words.PAIR_WORDS[found.pair]
    if not found.n:
        return f"Agreement of {pair} after treatment: no case."
    limits = found.limits
    ends = f"{words.mm(limits.lower.value)} to {words.mm(limits.upper.value)} mm"
    between = f", bias {words.mm(limits.bias)} mm, limits of agreement {ends}" if found.n > 1 else ""
    return f"Agreement of {pair} after treatment (n = {found.n}): {said}{between}."


def _accuracy_words(results: StudyResults) -> Iterator[str]:
    for found in results.diagnostic:
        accuracy = found.accuracy
        if found.subgroup == ALL:
            yield (
                f"MRI for residual disease (positive class: residual disease; n = {accuracy.counts.n}): sensitivity "
                f"{_rate(accuracy.sensitivity)}, specificity {_rate(accuracy.specificity)}, positive predictive value "
                f"{_rate(accuracy.ppv)}, negative predictive value {_rate(accuracy.npv)}; Wilson intervals."
            )


def _rate(rate: Proportion) -> str:
    if not rate.total:
        return "not defined (no case)"
    return f"{words.fixed(100 * rate.value, 1)} % ({rate.count}/{rate.total}; {words.percent_interval(rate.wilson)})"
