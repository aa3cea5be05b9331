"""Descriptions and tables of counts: Tables 1 to 4 as numbers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from calcmeasure.model.pathology import CompleteResponse
from calcmeasure.stats.association import association_tests
from calcmeasure.stats.columns import cross_count
from calcmeasure.stats.summary import (
    QuantileMethod,
    Shares,
    summarize_mean,
    summarize_median,
    summarize_shares,
)
from calcmeasure.study.columns import Rows, categories_of, category_column, is_number, number_column
from calcmeasure.study.results import Association, Description
from calcmeasure.study.variables import Variable

PATIENT_VARIABLES = (
    Variable.AGE, Variable.REGIMEN, Variable.HISTOLOGY, Variable.SUBTYPE, Variable.PCR, Variable.SURGERY,
    Variable.GRADE,
)  # fmt: skip
"""Of Table 1, in order."""
FINDING_VARIABLES = (
    Variable.LESION_TYPE_MG, Variable.MORPHOLOGY, Variable.DISTRIBUTION, Variable.EXTENT_BASELINE,
    Variable.EXTENT_FOLLOWUP, Variable.EXTENT_CHANGE, Variable.MORPHOLOGY_CHANGE, Variable.DISTRIBUTION_CHANGE,
    Variable.LESION_TYPE_MRI, Variable.LESIONS, Variable.DIAMETER_BASELINE, Variable.DIAMETER_FOLLOWUP,
    Variable.MRI_COMPLETE_RESPONSE,
)  # fmt: skip
"""Of Table 3, in order."""
CROSSED = (
    (Variable.SUBTYPE, Variable.PCR),
    (Variable.RECIST, Variable.EXTENT_CHANGE),
    (Variable.MILLER_PAYNE, Variable.EXTENT_CHANGE),
    (Variable.PCR, Variable.EXTENT_CHANGE),
    (Variable.RESIDUAL, Variable.EXTENT_CHANGE),
    (Variable.MILLER_PAYNE_POOLED, Variable.EXTENT_CHANGE),
)
"""Rows and columns of every table of counts: Table 2, Table 4, and Miller–Payne in two groups."""
TRANSITIONS = frozenset({Variable.MORPHOLOGY_CHANGE, Variable.DISTRIBUTION_CHANGE})


def describe(rows: Rows, variable: Variable, *, definition: CompleteResponse, quartiles: QuantileMethod) -> Description:
    """Summarize one variable: age as mean (SD), sizes as median (IQR), categories as n (%).

    Parameters
    ----------
    rows
        Included cases.
    variable
        Which.
    definition
        What counts as a pathological complete response.
    quartiles
        How quartiles are interpolated.

    Returns
    -------
    Description
        NaN where no case has the variable.
    """
    if variable is Variable.AGE:
        return Description(variable, summarize_mean(number_column(rows, variable)))
    if is_number(variable):
        return Description(variable, summarize_median(number_column(rows, variable), method=quartiles))
    column = category_column(rows, variable, definition=definition)
    shares = summarize_shares(column, categories=categories_of(variable, column))
    return Description(variable, _changed(shares) if variable in TRANSITIONS else shares)


def associate(rows: Rows, crossed: tuple[Variable, Variable], *, definition: CompleteResponse) -> Association:
    """Count two variables against each other and test whether they go together.

    Parameters
    ----------
    rows
        Included cases.
    crossed
        Row variable and column variable.
    definition
        What counts as a pathological complete response.

    Returns
    -------
    Association
        With P values of NaN when fewer than two rows or columns have a case.
    """
    down, across = (category_column(rows, variable, definition=definition) for variable in crossed)
    row_categories, column_categories = categories_of(crossed[0], down), categories_of(crossed[1], across)
    counts, left_out = cross_count(list(zip(down, across, strict=True)), rows=row_categories, columns=column_categories)
    asymptotic, exact, freeman_halton = association_tests(counts)
    return Association(
        *crossed,
        row_categories=_names(row_categories),
        column_categories=_names(column_categories),
        counts=tuple(tuple(line) for line in counts.tolist()),
        left_out=left_out,
        asymptotic=asymptotic,
        exact=exact,
        freeman_halton=freeman_halton,
    )


def _changed(transitions: Shares) -> Shares:
    """Keep the cases that changed; their shares stay those of all cases known at both visits."""
    kept = tuple(share for share in transitions.shares if len(set(_pair(share.category))) > 1)
    return Shares(kept, transitions.n, transitions.missing)


def _pair(category: Hashable) -> tuple[Hashable, ...]:
    return category if isinstance(category, tuple) else (category,)


def _names(categories: Sequence[Hashable]) -> tuple[str, ...]:
    return tuple(str(category) for category in categories)
