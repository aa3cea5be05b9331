"""``results.json``: every number of a study under the names other programs build on; what is not defined is null."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from math import isfinite
from typing import Any

from calcmeasure.cohort.row import TableProblem
from calcmeasure.stats.agreement import Icc
from calcmeasure.stats.association import AssociationMethod, AssociationTest, ExpectedCounts
from calcmeasure.stats.bland_altman import BlandAltman, Limit
from calcmeasure.stats.diagnostic import Ratio
from calcmeasure.stats.interval import Interval
from calcmeasure.stats.proportion import Proportion
from calcmeasure.stats.summary import Mean, Median, Share, Shares
from calcmeasure.study.results import (
    Agreement,
    Association,
    Description,
    Diagnostic,
    PairedTest,
    ResidualSizes,
    ScoreCurve,
    StudyResults,
)

FORMAT = "calcmeasure-study"
FORMAT_VERSION = 1
SIGNIFICANT_DIGITS = 12
"""Beyond these a number depends on the processor rather than on the data."""

Record = dict[str, Any]


def study_json(results: StudyResults, *, problems: Sequence[TableProblem] = ()) -> str:
    """Write the results as JSON.

    Parameters
    ----------
    results
        Of the study.
    problems
        Of the table it was read from.

    Returns
    -------
    str
        With a line end; the same results give the same text.
    """
    return json.dumps(_finite(_study(results, problems)), indent=2, ensure_ascii=False) + "\n"


def _study(results: StudyResults, problems: Sequence[TableProblem]) -> Record:
    settings, flow = results.settings, results.flow
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "n": results.n,
        "exclusions": dict(flow.exclusions),
        "flow": {
            "assessed": flow.assessed,
            "included": flow.included,
            "patients_assessed": flow.patients_assessed,
            "patients": flow.patients,
            "bilateral": flow.bilateral,
        },
        "settings": {
            "criteria": settings.criteria,
            "criteria_sha256": settings.criteria_sha256,
            "complete_response": settings.complete_response,
            "level": settings.level,
            "quartiles": settings.quartiles,
            "positive": settings.positive,
        },
        "missing": dict(results.missing),
        "descriptions": [_description(found) for found in (*results.patients, *results.findings)],
        "sizes": [_sizes(found) for found in results.sizes],
        "agreement": [_agreement(found) for found in results.agreement],
        "association": [record for table in results.associations for record in _association(table)],
        "diagnostic": [_diagnostic(found) for found in results.diagnostic],
        "paired": [_paired(found) for found in results.paired],
        "roc": [_curve(found) for found in results.curves],
        "warnings": list(results.warnings),
        "problems": [{"line": p.line, "column": p.column, "code": p.code, "reason": p.reason} for p in problems],
    }


def _description(found: Description) -> Record:
    summary = found.summary
    base: Record = {"variable": found.variable, "n": summary.n, "missing": summary.missing}
    if isinstance(summary, Shares):
        return base | {"categories": [_share(share) for share in summary.shares]}
    if isinstance(summary, Median):
        return base | _median(summary)
    return base | _mean(summary)


def _share(share: Share) -> Record:
    return {"category": _name(share.category), "count": share.count, "percent": share.percent}


def _name(category: Hashable) -> str | list[str]:
    return [str(part) for part in category] if isinstance(category, tuple) else str(category)


def _mean(found: Mean) -> Record:
    return {"mean": found.value, "sd": found.sd}


def _median(found: Median) -> Record:
    ends = {"q1": found.q1, "q3": found.q3, "smallest": found.smallest, "largest": found.largest}
    return {"median": found.value, **ends, "quartiles": found.method}


def _sizes(found: ResidualSizes) -> Record:
    medians = {"extent": found.extent, "diameter": found.diameter, "pathology": found.pathology}
    own = {f"{name}_mm": {"n": m.n, "missing": m.missing, **_median(m)} for name, m in medians.items()}
    return {"subgroup": found.subgroup, "n": found.cases, **own}


def _agreement(found: Agreement) -> Record:
    return {
        "pair": found.pair,
        "subgroup": found.subgroup,
        **_icc(found.consistency),
        "absolute_agreement": _icc(found.absolute),
        "limits_of_agreement_mm": _limits(found.limits),
    }


def _icc(found: Icc) -> Record:
    return {
        "form": found.form,
        "words": found.form.words,
        "n": found.n,
        "value": found.value,
        **_ends(found.interval),
        "f": found.f,
        "p": found.p,
        "left_out": found.left_out,
        "notes": list(found.notes),
    }


def _limits(found: BlandAltman) -> Record:
    line = found.proportional
    return {
        "n": found.n,
        "bias": {"value": found.bias, **_ends(found.bias_interval)},
        "sd": found.sd,
        "lower": _limit(found.lower),
        "upper": _limit(found.upper),
        "slope": {"value": line.slope, **_ends(line.interval), "p": line.p},
        "notes": list(found.notes),
    }


def _limit(limit: Limit) -> Record:
    return {"value": limit.value, **_ends(limit.exact), "approximate": _ends(limit.approximate)}


def _association(table: Association) -> Iterator[Record]:
    shared = {
        "rows": table.rows,
        "columns": table.columns,
        "row_categories": list(table.row_categories),
        "column_categories": list(table.column_categories),
        "counts": [list(row) for row in table.counts],
        "n": table.n,
        "left_out": table.left_out,
    }
    for test in table.tests:
        yield shared | _test(test)


def _test(found: AssociationTest) -> Record:
    # Fisher's test is Fisher-Freeman-Halton's of a 2 x 2 table: one code, so that a reader need not know the size.
    halton = found.test in (AssociationMethod.FISHER, AssociationMethod.FISHER_FREEMAN_HALTON)
    return {
        "test": AssociationMethod.FISHER_FREEMAN_HALTON if halton else found.test,
        "words": found.test.words,
        "statistic": found.statistic,
        "df": found.df,
        "p": found.p,
        "computation": found.computation,
        "tables": found.tables,
        "seed": found.seed,
        "p_interval": None if found.p_interval is None else _ends(found.p_interval),
        "expected": _expected(found.expected),
        "notes": list(found.notes),
    }


def _expected(rule: ExpectedCounts | None) -> Record | None:
    if rule is None:
        return None
    return {
        "smallest": rule.smallest,
        "below_five": rule.below_five,
        "cells": rule.cells,
        "asymptotic_valid": rule.asymptotic_valid,
    }


def _diagnostic(found: Diagnostic) -> Record:
    accuracy, counts = found.accuracy, found.accuracy.counts
    rates = {
        "sensitivity": accuracy.sensitivity,
        "specificity": accuracy.specificity,
        "ppv": accuracy.ppv,
        "npv": accuracy.npv,
        "false_positive_rate": accuracy.false_positive_rate,
        "false_negative_rate": accuracy.false_negative_rate,
        "accuracy": accuracy.accuracy,
        "prevalence": accuracy.prevalence,
    }
    ratios = {
        "likelihood_ratio_positive": accuracy.likelihood_ratio_positive,
        "likelihood_ratio_negative": accuracy.likelihood_ratio_negative,
        "youden": accuracy.youden,
    }
    return {
        "subgroup": found.subgroup,
        "positive": accuracy.positive,
        "n": counts.n,
        "left_out": counts.left_out,
        "tp": counts.tp,
        "fp": counts.fp,
        "fn": counts.fn,
        "tn": counts.tn,
        **{name: _rate(rate) for name, rate in rates.items()},
        **{name: _ratio(ratio) for name, ratio in ratios.items()},
        "notes": list(accuracy.notes),
    }


def _rate(rate: Proportion) -> Record:
    counted = {"value": rate.value, "count": rate.count, "total": rate.total}
    return counted | _ends(rate.wilson) | {"clopper_pearson": _ends(rate.clopper_pearson)}


def _ratio(ratio: Ratio) -> Record:
    return {"value": ratio.value, **_ends(ratio.interval)}


def _paired(found: PairedTest) -> Record:
    test = found.asymptotic
    return {
        "quantity": found.comparison,
        "test": "wilcoxon-signed-rank",
        "statistic": test.z,
        "statistic_name": "z",
        "p": test.p,
        "p_exact": None if found.exact is None else found.exact.p,
        "n": test.n,
        "left_out": test.left_out,
        "rises": test.rises,
        "falls": test.falls,
        "zeros": test.zeros,
        "ties": test.ties,
        "positive_ranks": test.positive_ranks,
        "negative_ranks": test.negative_ranks,
        "median_difference_mm": test.median_difference,
        "notes": list(test.notes),
    }


def _curve(found: ScoreCurve) -> Record:
    roc = found.roc
    return {
        "score": found.score,
        "positive": roc.positive,
        "auc": roc.auc,
        **_ends(roc.interval),
        "n_positive": roc.n_positive,
        "n_negative": roc.n_negative,
        "left_out": roc.left_out,
        "notes": list(roc.notes),
    }


def _ends(interval: Interval) -> Record:
    return {"low": interval.low, "high": interval.high, "level": interval.level, "interval": interval.method}


def _finite(value: object) -> object:
    """Replace what JSON has no number for by null, and round what only the processor decides."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if isfinite(value) else None
    return value
