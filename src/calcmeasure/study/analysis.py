"""From a cohort to everything it says."""

from __future__ import annotations

from collections import Counter

from calcmeasure.cohort.row import Cohort
from calcmeasure.stats.interval import DEFAULT_LEVEL
from calcmeasure.stats.summary import QuantileMethod
from calcmeasure.study.agreement import agree, compare, diagnose, residual_sizes, score_curve, subgroups
from calcmeasure.study.cautions import cautions
from calcmeasure.study.columns import Rows, category_column, is_number, number_column
from calcmeasure.study.results import Flow, StudyResults, StudySettings
from calcmeasure.study.tables import CROSSED, FINDING_VARIABLES, PATIENT_VARIABLES, associate, describe
from calcmeasure.study.variables import Comparison, Pair, Variable

QUARTILES = QuantileMethod.WEIGHTED_AVERAGE
"""How quartiles are interpolated: as the study's program, SPSS, does."""
SCORES = (Variable.DIAMETER_FOLLOWUP, Variable.EXTENT_FOLLOWUP)
"""Sizes after treatment whose ROC curves are drawn."""


def analyze_cohort(cohort: Cohort, *, level: float = DEFAULT_LEVEL) -> StudyResults:
    """Analyse a cohort: the same rows give the same results, to the last digit.

    Parameters
    ----------
    cohort
        Judged rows, excluded ones included.
    level
        Level of every confidence interval.

    Returns
    -------
    StudyResults
        Complete for any cohort, an empty one included: what cannot be computed is NaN and says why.

    Raises
    ------
    TableError
        If the level does not lie between 0 and 1.
    """
    rows, definition = cohort.included, cohort.complete_response
    groups = list(subgroups(rows))
    associations = tuple(associate(rows, crossed, definition=definition) for crossed in CROSSED)
    agreement = tuple(agree(group, pair, subgroup=name, level=level) for name, group in groups for pair in Pair)
    flow = count_flow(cohort)
    return StudyResults(
        settings=StudySettings(cohort.criteria, cohort.criteria_sha256, definition, level, QUARTILES),
        flow=flow,
        missing=count_missing(cohort),
        patients=tuple(describe(rows, v, definition=definition, quartiles=QUARTILES) for v in PATIENT_VARIABLES),
        findings=tuple(describe(rows, v, definition=definition, quartiles=QUARTILES) for v in FINDING_VARIABLES),
        associations=associations,
        sizes=tuple(residual_sizes(group, name, quartiles=QUARTILES) for name, group in groups),
        agreement=agreement,
        paired=tuple(compare(rows, comparison) for comparison in Comparison),
        diagnostic=tuple(diagnose(group, name, definition=definition, level=level) for name, group in groups),
        curves=tuple(score_curve(rows, score, definition=definition, level=level) for score in SCORES),
        warnings=cautions(rows, flow, associations=associations, agreement=agreement, level=level),
    )


def count_flow(cohort: Cohort) -> Flow:
    """Count who was assessed, left out for which reason, and included."""
    included = cohort.included
    reasons = Counter(row.excluded for row in cohort.rows if row.excluded)
    sides = Counter(row.patient_id for row in included)
    return Flow(
        assessed=len(cohort.rows),
        included=len(included),
        exclusions=tuple(sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0]))),
        patients_assessed=len({row.patient_id for row in cohort.rows}),
        patients=len(sides),
        bilateral=sum(count > 1 for count in sides.values()),
    )


def count_missing(cohort: Cohort) -> tuple[tuple[Variable, int], ...]:
    """Count the included cases that lack each variable; variables that every case has are left out."""
    rows = cohort.included
    counts = ((variable, _missing(rows, variable, cohort)) for variable in Variable)
    return tuple((variable, count) for variable, count in counts if count)


def _missing(rows: Rows, variable: Variable, cohort: Cohort) -> int:
    if is_number(variable):
        return number_column(rows, variable).count(None)
    return category_column(rows, variable, definition=cohort.complete_response).count(None)
