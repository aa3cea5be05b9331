"""Beyond the five tables: flow, missing values, limits of agreement, paired tests and accuracy, in the same layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isnan

from calcmeasure.report.study import words
from calcmeasure.report.study.tables import Line, StudyTable
from calcmeasure.stats.bland_altman import BlandAltman, Limit
from calcmeasure.stats.diagnostic import DiagnosticAccuracy, Ratio
from calcmeasure.stats.proportion import Proportion
from calcmeasure.study.results import Diagnostic, PairedTest, StudyResults
from calcmeasure.study.variables import Pair

_RATES: dict[str, Callable[[DiagnosticAccuracy], Proportion]] = {
    "Sensitivity": lambda found: found.sensitivity,
    "Specificity": lambda found: found.specificity,
    "Positive predictive value": lambda found: found.ppv,
    "Negative predictive value": lambda found: found.npv,
    "False positive rate": lambda found: found.false_positive_rate,
    "False negative rate": lambda found: found.false_negative_rate,
    "Accuracy": lambda found: found.accuracy,
}
_RATIOS: dict[str, Callable[[DiagnosticAccuracy], Ratio]] = {
    "Likelihood ratio of a positive test": lambda found: found.likelihood_ratio_positive,
    "Likelihood ratio of a negative test": lambda found: found.likelihood_ratio_negative,
    "Youden index": lambda found: found.youden,
}
_COUNTS: dict[str, Callable[[DiagnosticAccuracy], int]] = {
    "true positive": lambda found: found.counts.tp,
    "false positive": lambda found: found.counts.fp,
    "false negative": lambda found: found.counts.fn,
    "true negative": lambda found: found.counts.tn,
    "left out": lambda found: found.counts.left_out,
}


def further_tables(results: StudyResults) -> tuple[StudyTable, ...]:
    """Lay out what the study's own five tables do not hold.

    Parameters
    ----------
    results
        Of the study.

    Returns
    -------
    tuple of StudyTable
        ``flow``, ``missing``, ``limits``, ``paired`` and ``accuracy``.
    """
    return _flow(results), _missing(results), _limits(results), _paired(results), _accuracy(results)


def _flow(results: StudyResults) -> StudyTable:
    flow = results.flow
    excluded = (Line("", f"Excluded: {words.reason_words(code)}", (str(count),)) for code, count in flow.exclusions)
    return StudyTable(
        name="flow",
        title="Flow of cases",
        heads=("", "step", "cases"),
        lines=(
            Line("", "Assessed", (str(flow.assessed),)),
            *excluded,
            Line("", "Included", (str(flow.included),)),
            Line("", "Patients included", (str(flow.patients),)),
            Line("", "Patients included with both sides", (str(flow.bilateral),)),
        ),
        method="A case is one side of one patient; every exclusion has one reason.",
    )


def _missing(results: StudyResults) -> StudyTable:
    lines = (
        Line("", words.VARIABLE_WORDS[variable], (str(count), str(results.n))) for variable, count in results.missing
    )
    return StudyTable(
        name="missing",
        title="Missing values",
        heads=("", "variable", "missing", "of"),
        lines=tuple(lines),
        method="Included cases without a value or a category that could be judged; every statistic leaves them out.",
        footnotes=() if results.missing else ("No included case lacks anything.",),
    )


def _limits(results: StudyResults) -> StudyTable:
    level = words.fixed(100 * results.settings.level, 0)
    lines = (
        Line(words.PAIR_HEADS[a.pair], words.subgroup_words(a.subgroup), _limit_cells(a.limits))
        for pair in Pair
        for a in results.agreement
        if a.pair is pair
    )
    return StudyTable(
        name="limits",
        title="Bias and limits of agreement, mm",
        heads=("pair", "subgroup", "n", "bias", "lower limit", "upper limit", "slope on size"),
        lines=tuple(lines),
        method=(
            f"Bland–Altman, first minus second, with {level} % intervals: t for the bias and the slope, exact "
            "(noncentral t, Carkeet 2015) for the limits. A slope other than 0 means that the difference changes with "
            "size."
        ),
    )


def _limit_cells(found: BlandAltman) -> tuple[str, ...]:
    if not found.n:
        return "0", "no case", words.NOTHING, words.NOTHING, words.NOTHING
    slope = found.proportional
    return (
        str(found.n),
        words.with_interval(found.bias, found.bias_interval, decimals=1),
        _limit(found.lower),
        _limit(found.upper),
        words.NOTHING if isnan(slope.slope) else words.with_interval(slope.slope, slope.interval, decimals=2),
    )


def _limit(limit: Limit) -> str:
    return "one case only" if isnan(limit.value) else words.with_interval(limit.value, limit.exact, decimals=1)


def _paired(results: StudyResults) -> StudyTable:
    return StudyTable(
        name="paired",
        title="Paired sizes: Wilcoxon signed-rank test",
        heads=("", "comparison", "n", "rises", "falls", "unchanged", "median difference, mm", "Z", "P, asymptotic",
               "P, exact"),
        lines=tuple(_paired_line(test) for test in results.paired),
        method=(
            "Second minus first. Unchanged pairs are dropped before ranking, ties share their average rank, no "
            "continuity correction (as SPSS); exact: every pattern of signs of the same ranks. Z is positive when the "
            "second is larger."
        ),
        footnotes=tuple(_paired_notes(results)),
    )  # fmt: skip


def _paired_line(test: PairedTest) -> Line:
    found = test.asymptotic
    counts = (found.n, found.rises, found.falls, found.zeros)
    cells = (
        *map(str, counts),
        words.fixed(found.median_difference, 1) if found.n else "no case",
        words.fixed(found.z, 2),
        words.p_words(found.p),
        words.NOTHING if test.exact is None else words.p_words(test.exact.p),
    )
    return Line("", words.COMPARISON_WORDS[test.comparison], cells)


def _paired_notes(results: StudyResults) -> Iterator[str]:
    for test in results.paired:
        name = words.COMPARISON_WORDS[test.comparison]
        if test.asymptotic.left_out:
            yield f"{name}: {test.asymptotic.left_out} case(s) left out because a size is missing."
        yield from (f"{name}: {note}." for note in test.asymptotic.notes)


def _accuracy(results: StudyResults) -> StudyTable:
    level = words.fixed(100 * results.settings.level, 0)
    definition = results.settings.complete_response
    return StudyTable(
        name="accuracy",
        title="Accuracy of MRI for residual disease",
        heads=("measure", "item", *(words.subgroup_words(found.subgroup) for found in results.diagnostic)),
        lines=tuple(_accuracy_lines(results.diagnostic, level)),
        method=(
            f"Positive class: residual disease (no pathological complete response, {definition}). The test is positive "
            "when an enhancement is left on MRI after treatment (diameter above 0). Sensitivity and specificity would "
            "change places with the other class as positive."
        ),
        footnotes=("Predictive values hold for the share of residual disease in these cases only.",),
    )


def _accuracy_lines(found: tuple[Diagnostic, ...], level: str) -> Iterator[Line]:
    accuracies = [diagnostic.accuracy for diagnostic in found]
    yield Line("Cases", "", tuple(str(a.counts.n) for a in accuracies))
    for label, count in _COUNTS.items():
        yield Line("Cases", label, tuple(str(count(a)) for a in accuracies))
    for section, rate in _RATES.items():
        rates = [rate(a) for a in accuracies]
        yield Line(section, "", tuple(map(_rate, rates)))
        yield Line(section, f"{level} % interval, Wilson", tuple(words.percent_interval(r.wilson) for r in rates))
        exact = tuple(words.percent_interval(r.clopper_pearson) for r in rates)
        yield Line(section, f"{level} % interval, Clopper–Pearson", exact)
    for section, ratio in _RATIOS.items():
        yield Line(section, "", tuple(_ratio(ratio(a)) for a in accuracies))


def _rate(rate: Proportion) -> str:
    return f"{words.fixed(100 * rate.value, 1)} % ({rate.count}/{rate.total})" if rate.total else "no case"


def _ratio(ratio: Ratio) -> str:
    return "not defined" if isnan(ratio.value) else words.with_interval(ratio.value, ratio.interval, decimals=2)
