"""Every printed number of the study that follows from other printed numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from calcmeasure.stats.agreement import IccForm, icc_interval
from calcmeasure.stats.association import AssociationMethod, Computation, association_tests
from calcmeasure.stats.diagnostic import TwoByTwo, diagnostic_accuracy
from calcmeasure.stats.summary import Share

GOLDEN = Path(__file__).parent / "golden"
HALF_UNIT = 0.0005
"""Half of the last printed digit of Table 5."""


def rows_of(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SHARES = rows_of("shares.csv")
INTERVALS = rows_of("intervals.csv")

SUBTYPE = [[19, 21, 8, 4], [6, 21, 39, 9]]
RECIST = [[22, 15, 5], [26, 32, 12], [8, 2, 5]]
RECIST_WITH_PD = [*RECIST, [0, 0, 0]]
MILLER_PAYNE = [[1, 0, 0], [4, 1, 3], [18, 20, 13], [8, 7, 0], [25, 21, 6]]
PCR = [[25, 21, 6], [31, 28, 16]]
PATHOLOGY = [[13, 15, 4], [24, 27, 14], [7, 1, 2], [12, 6, 2]]

# counts, chi-square, df, then P: asymptotic Pearson, exact Pearson, Fisher-Freeman-Halton; tables with these margins
TESTED = {
    "subtype": (SUBTYPE, 25.811, 3, 0.00001, 0.00000, 0.00001, 12_121),
    "recist": (RECIST, 8.135, 4, 0.08675, 0.08484, 0.07766, 83_105),
    "miller-payne": (MILLER_PAYNE, 11.865, 8, 0.15734, 0.14132, 0.09768, 10_735_002),
    "pcr": (PCR, 2.092, 2, 0.35142, 0.39786, 0.40850, 960),
    "pathology": (PATHOLOGY, 8.489, 6, 0.20444, 0.20548, 0.20286, 5_098_698),
}
# What the paper prints, to two decimals; a Monte Carlo of 10,000 draws moves the second decimal by up to 0.01.
PRINTED = {"recist": 0.09, "miller-payne": 0.14, "pcr": 0.40, "pathology": 0.20}
MONTE_CARLO_ERROR = 0.01


@pytest.mark.parametrize("row", SHARES, ids=lambda row: f"{row['table']}-{row['cell']}")
def test_printed_percentages(row):
    share = Share(row["cell"], int(row["count"]), int(row["total"]))
    assert share.percent == pytest.approx(float(row["percent"]), abs=0.05 + 1e-9)


@pytest.mark.parametrize("name", TESTED)
def test_three_tests_of_every_table_to_five_decimals(name):
    counts, statistic, df, *p_values, tables = TESTED[name]
    pearson, exact, freeman_halton = association_tests(counts)
    assert [round(test.p, 5) for test in (pearson, exact, freeman_halton)] == p_values
    assert round(pearson.statistic, 3) == statistic
    assert exact.statistic == pearson.statistic
    assert pearson.df == exact.df == df
    assert exact.tables == freeman_halton.tables == tables
    assert [test.test for test in (pearson, exact, freeman_halton)] == [
        AssociationMethod.PEARSON,
        AssociationMethod.PEARSON_EXACT,
        AssociationMethod.FISHER_FREEMAN_HALTON,
    ]
    assert exact.computation is freeman_halton.computation is Computation.ENUMERATED
    assert {test.n for test in (pearson, exact, freeman_halton)} == {127}


def test_subtype_is_below_one_in_a_thousand():
    assert max(test.p for test in association_tests(SUBTYPE)) < 0.001


@pytest.mark.parametrize("name", PRINTED)
def test_exact_pearson_is_what_was_printed(name):
    _, exact, _ = association_tests(TESTED[name][0])
    assert abs(exact.p - PRINTED[name]) <= 0.005 + MONTE_CARLO_ERROR / 10


def test_the_other_two_tests_miss_printed_values():
    missed = {name: [abs(t.p - PRINTED[name]) > 0.01 for t in association_tests(TESTED[name][0])] for name in PRINTED}
    assert missed["miller-payne"] == [True, False, True]
    assert missed["pcr"] == [True, False, False]
    assert missed["recist"] == [False, False, True]


def test_progressive_disease_without_a_case_changes_nothing_but_a_note():
    for with_empty, without in zip(association_tests(RECIST_WITH_PD), association_tests(RECIST), strict=True):
        assert with_empty.p == without.p
        assert "1 empty row(s)" in with_empty.notes[0]


@pytest.mark.parametrize(
    ("name", "below_five", "cells"),
    [("subtype", 0, 8), ("recist", 1, 9), ("miller-payne", 7, 15), ("pcr", 0, 6), ("pathology", 4, 12)],
)
def test_expected_counts(name, below_five, cells):
    expected = association_tests(TESTED[name][0])[0].expected
    assert (expected.below_five, expected.cells) == (below_five, cells)
    assert expected.asymptotic_valid == (name in {"subtype", "recist", "pcr"})


def test_pooling_the_grades_would_turn_the_finding():
    pooled = [[23, 21, 16], [33, 28, 6]]
    assert round(association_tests(pooled)[0].p, 3) == 0.031


def test_diagnostic_figures_have_residual_disease_as_the_positive_class():
    found = diagnostic_accuracy(TwoByTwo(tp=69, fp=16, fn=6, tn=36), positive="residual disease")
    printed = {
        "sensitivity": 92.0,
        "specificity": 69.2,
        "ppv": 81.2,
        "npv": 85.7,
        "false_positive_rate": 30.8,
        "false_negative_rate": 8.0,
    }
    assert {name: round(100 * getattr(found, name).value, 1) for name in printed} == printed
    assert found.positive == "residual disease"
    assert found.counts.n == 127


@pytest.mark.parametrize(
    ("name", "value", "wilson", "exact"),
    [
        ("sensitivity", 0.920, (0.836, 0.963), (0.834, 0.970)),
        ("specificity", 0.692, (0.557, 0.801), (0.549, 0.813)),
        ("ppv", 0.812, (0.716, 0.881), (0.712, 0.888)),
        ("npv", 0.857, (0.722, 0.933), (0.715, 0.946)),
    ],
)
def test_intervals_the_paper_did_not_print(name, value, wilson, exact):
    found = getattr(diagnostic_accuracy(TwoByTwo(69, 16, 6, 36), positive="residual disease"), name)
    assert round(found.value, 3) == value
    assert (round(found.wilson.low, 3), round(found.wilson.high, 3)) == wilson
    assert (round(found.clopper_pearson.low, 3), round(found.clopper_pearson.high, 3)) == exact


def test_response_as_the_positive_class_gives_other_figures():
    found = diagnostic_accuracy(TwoByTwo(tp=36, fp=6, fn=16, tn=69), positive="complete response")
    assert round(found.sensitivity.value, 3) == 0.692


def fits(row: dict[str, str], n: int, form: IccForm = IccForm.CONSISTENCY_SINGLE) -> bool:
    """Whether one ICC within the rounding of the printed one gives both printed ends at this n."""
    value, *ends = (float(row[key]) for key in ("icc", "low", "high"))
    for k in range(-10, 11):
        found = icc_interval(value + k * HALF_UNIT / 10, n=n, form=form)
        if abs(found.low - ends[0]) <= HALF_UNIT and abs(found.high - ends[1]) <= HALF_UNIT:
            return True
    return False


def is_the_odd_row(row: dict[str, str]) -> bool:
    return (row["subgroup"], row["pair"]) == ("HR+/HER2-", "extent-pathology")


@pytest.mark.parametrize("row", INTERVALS, ids=lambda row: f"{row['subgroup']} {row['pair']}")
def test_table_5_intervals_follow_from_value_and_n(row):
    fitting = [n for n in range(10, 140) if fits(row, n)]
    if is_the_odd_row(row):
        assert fitting == [46]
        return
    assert int(row["n"]) in fitting
    assert row["subgroup"] == "total" or fitting == [int(row["n"])]


def test_table_5_total_rows_allow_few_other_n():
    for row in INTERVALS[:3]:
        assert {n for n in range(10, 140) if fits(row, n)} <= {125, 126, 127, 128}


def test_table_5_is_not_the_one_way_form():
    subgroups = [row for row in INTERVALS if row["subgroup"] != "total" and not is_the_odd_row(row)]
    assert not any(fits(row, int(row["n"]), IccForm.ONE_WAY_SINGLE) for row in subgroups)
