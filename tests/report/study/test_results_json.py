"""results.json: names others build on, null where nothing is defined, and numbers equal to the results."""

from __future__ import annotations

import json

import pytest

from calcmeasure.cohort.row import TableProblem
from calcmeasure.report.study.results_json import study_json
from calcmeasure.study.analysis import analyze_cohort
from study_cohorts import cohort, random_cohort, row


@pytest.fixture(scope="module")
def results():
    return analyze_cohort(random_cohort(30, excluded=4))


@pytest.fixture(scope="module")
def found(results):
    return json.loads(study_json(results))


def test_top_level(found, results):
    assert found["n"] == results.n == 30
    assert sum(found["exclusions"].values()) == 4
    assert {"agreement", "association", "diagnostic", "paired"} <= set(found)


def test_agreement(found, results):
    first, entry = results.agreement[1], found["agreement"][1]
    assert (entry["pair"], entry["subgroup"], entry["form"]) == ("diameter-pathology", "all", "ICC(C,1)")
    assert entry["value"] == pytest.approx(first.consistency.value)
    assert (entry["low"], entry["high"]) == pytest.approx(
        (first.consistency.interval.low, first.consistency.interval.high)
    )
    assert entry["absolute_agreement"]["form"] == "ICC(A,1)"
    assert entry["absolute_agreement"]["value"] == pytest.approx(first.absolute.value)
    limits = entry["limits_of_agreement_mm"]
    assert limits["bias"]["value"] == pytest.approx(first.limits.bias)
    assert limits["lower"]["low"] < limits["lower"]["value"] < limits["lower"]["high"] < limits["upper"]["value"]


def test_association(found):
    names = [(a["rows"], a["columns"]) for a in found["association"][::3]]
    assert names == [
        ("subtype", "pcr"),
        ("recist", "extent_change"),
        ("miller_payne", "extent_change"),
        ("pcr", "extent_change"),
        ("residual", "extent_change"),
        ("miller_payne_pooled", "extent_change"),
    ]
    for entry in found["association"]:
        assert entry["test"] in ("pearson", "pearson-exact", "fisher-freeman-halton")
        assert sum(map(sum, entry["counts"])) == entry["n"] == 30 - entry["left_out"]
        assert (len(entry["counts"]), len(entry["counts"][0])) == (
            len(entry["row_categories"]),
            len(entry["column_categories"]),
        )


def test_a_two_by_two_table_keeps_the_code_of_its_test_and_names_fisher():
    halves = [row(f"P{i}", size_mm=float(i % 2), extent=(30.0, (30.0, 10.0)[i % 2])) for i in range(8)]
    entries = json.loads(study_json(analyze_cohort(cohort(*halves))))["association"]
    last = next(e for e in entries if e["rows"] == "pcr" and e["test"] == "fisher-freeman-halton")
    assert last["words"] == "Fisher exact test (two-sided)"
    # All 4 against all 4 in one of 70 equally likely orders, and its mirror image.
    assert last["p"] == pytest.approx(2 / 70)


def test_diagnostic_rates_have_both_intervals(found):
    sensitivity = found["diagnostic"][0]["sensitivity"]
    assert sensitivity["value"] == pytest.approx(sensitivity["count"] / sensitivity["total"])
    assert sensitivity["interval"] == "Wilson score"
    assert sensitivity["clopper_pearson"]["low"] < sensitivity["low"]


def test_what_is_not_defined_is_null():
    found = json.loads(study_json(analyze_cohort(cohort())))
    assert found["agreement"][0]["value"] is None
    assert found["diagnostic"][0]["sensitivity"]["value"] is None
    assert found["paired"][0]["p"] is None
    assert found["association"][0]["p"] is None
    assert found["descriptions"][0] == {"variable": "age_years", "n": 0, "missing": 0, "mean": None, "sd": None}


def test_problems_are_kept(results):
    text = study_json(results, problems=[TableProblem(4, "er", "E_TABLE", "is 'x'")])
    assert json.loads(text)["problems"] == [{"line": 4, "column": "er", "code": "E_TABLE", "reason": "is 'x'"}]


def test_numbers_are_cut_where_only_the_processor_decides():
    thirds = cohort(*(row(f"P{i}", size_mm=i / 3) for i in range(7)))
    sizes = json.loads(study_json(analyze_cohort(thirds)))["sizes"][0]["pathology_mm"]
    assert (sizes["q1"], sizes["largest"]) == (0.333333333333, 2.0)
