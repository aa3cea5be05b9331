"""A cohort analysed: every case is counted once or told missing, and nothing falls over."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from math import isnan

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calcmeasure.cohort.row import Cohort, CohortRow, Imaging
from calcmeasure.errors import TableError
from calcmeasure.model.pathology import CompleteResponse, MillerPayne, PathologyResult, Receptors, Residual
from calcmeasure.report.study.further_tables import further_tables
from calcmeasure.report.study.results_json import study_json
from calcmeasure.report.study.tables import paper_tables
from calcmeasure.stats.agreement import IccForm, icc
from calcmeasure.stats.association import Computation
from calcmeasure.study.analysis import analyze_cohort
from calcmeasure.study.results import Association, StudyResults
from calcmeasure.study.variables import ALL, SUBGROUPS, Comparison, Pair, Variable
from calcmeasure.terms import ExtentChange, Laterality, Response
from study_cohorts import cohort, random_cohort, row

maybe = st.none() | st.booleans()
sizes = st.none() | st.just(0.0) | st.floats(0.1, 80.0)


@st.composite
def rows(draw: st.DrawFn) -> CohortRow:
    imaging = Imaging(
        *(draw(sizes) for _ in range(4)),
        extent_change=draw(st.none() | st.sampled_from(ExtentChange)),
        response=draw(st.none() | st.sampled_from(Response)),
    )
    pathology = PathologyResult(
        draw(sizes), draw(st.none() | st.sampled_from(MillerPayne)), draw(st.none() | st.sampled_from(Residual))
    )
    return CohortRow(
        f"P{draw(st.integers(0, 9))}",
        draw(st.sampled_from([Laterality.LEFT, Laterality.RIGHT])),
        imaging,
        Receptors(draw(maybe), draw(maybe), draw(maybe)),
        pathology,
        excluded=draw(st.sampled_from(["", "", "poor_image_quality"])),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(rows(), max_size=12), st.sampled_from(CompleteResponse))
def test_every_case_is_counted_once_or_told_missing(drawn, definition):
    found = analyze_cohort(Cohort(tuple(drawn), "paper-2023", "", definition))
    n = len([r for r in drawn if not r.excluded])
    assert (found.n, found.flow.assessed) == (n, len(drawn))
    assert found.flow.included + sum(count for _, count in found.flow.exclusions) == found.flow.assessed
    missing = dict(found.missing)
    for description in (*found.patients, *found.findings):
        assert description.summary.n + description.summary.missing == n
        assert description.summary.missing == missing.get(description.variable, 0)
    for table in found.associations:
        assert table.n == sum(table.row_totals) == sum(table.column_totals) == n - table.left_out
    cases = {own.subgroup: own.cases for own in found.sizes}
    assert cases[ALL] == n >= sum(count for name, count in cases.items() if name != ALL)
    assert all(a.n + a.consistency.left_out == cases[a.subgroup] for a in found.agreement)
    assert all(d.accuracy.counts.n + d.accuracy.counts.left_out == cases[d.subgroup] for d in found.diagnostic)
    assert all(p.asymptotic.n + p.asymptotic.left_out == n for p in found.paired)


EDGES = {
    "nobody": cohort(),
    "one patient": cohort(row("P1")),
    "one patient without anything": cohort(CohortRow("P1", Laterality.LEFT)),
    "all excluded": cohort(row("P1", excluded="x"), row("P2", excluded="x")),
    "all zeros": cohort(*(row(f"P{i}", extent=(0.0, 0.0), diameter=(0.0, 0.0), size_mm=0.0) for i in range(6))),
    "constant columns": cohort(*(row(f"P{i}") for i in range(6))),
    "one subtype": cohort(*(row(f"P{i}", size_mm=float(i)) for i in range(6))),
    "two alike, one apart": cohort(row("P1"), row("P2"), row("P3", extent=(10.0, 30.0), size_mm=0.0)),
}


@pytest.mark.parametrize("name", EDGES)
def test_edges_give_tables_whose_cells_say_why_there_is_no_number(name):
    found = analyze_cohort(EDGES[name])
    for table in (*paper_tables(found), *further_tables(found)):
        cells = [cell for line in table.lines for cell in line.cells]
        assert not [cell for cell in cells if "nan" in cell.lower() or "None" in cell]
        assert all(len(line.cells) == len(table.heads) - 2 for line in table.lines)
    assert "NaN" not in study_json(found)


def test_empty_subgroups_stay_in_their_places():
    found = analyze_cohort(EDGES["one subtype"])
    assert tuple(own.subgroup for own in found.sizes) == SUBGROUPS
    assert [own.cases for own in found.sizes] == [6, 0, 0, 6, 0]
    assert [a.pair for a in found.agreement[:3]] == list(Pair)
    assert isnan(found.agreement[-1].consistency.value)


def test_agreement_is_of_what_is_left_first_minus_second():
    drawn = random_cohort(40)
    found = {a.pair: a for a in analyze_cohort(drawn).agreement if a.subgroup == ALL}
    extent = [r.imaging.extent_followup_mm for r in drawn.rows]
    size = [r.pathology.size_mm for r in drawn.rows]
    agreement = found[Pair.EXTENT_PATHOLOGY]
    assert agreement.absolute == icc([extent, size], form=IccForm.AGREEMENT_SINGLE)
    assert agreement.consistency.form is IccForm.CONSISTENCY_SINGLE
    assert agreement.limits.bias == pytest.approx(np.mean(extent) - np.mean(size))


def test_accuracy_counts_case_by_case():
    drawn = random_cohort(60)
    expected = {"tp": 0, "fp": 0, "fn": 0, "tn": 0}
    for r in drawn.rows:
        seen, ill = r.imaging.diameter_followup_mm > 0, r.pathology.residual is not Residual.NONE
        expected[("t" if seen is ill else "f") + ("p" if seen else "n")] += 1
    found = analyze_cohort(drawn).diagnostic[0].accuracy
    assert {name: getattr(found.counts, name) for name in expected} == expected
    assert found.positive == "residual-disease"
    by_subtype = analyze_cohort(drawn).diagnostic[1:]
    assert sum(d.accuracy.counts.tp for d in by_subtype) == expected["tp"]


def test_paired_tests_go_from_before_to_after():
    grown = cohort(*(row(f"P{i}", extent=(10.0, 10.0 + i), diameter=(30.0, 30.0 - i)) for i in range(5)))
    found = {p.comparison: p for p in analyze_cohort(grown).paired}
    assert (found[Comparison.EXTENT].asymptotic.rises, found[Comparison.EXTENT].asymptotic.zeros) == (4, 1)
    assert found[Comparison.DIAMETER].asymptotic.falls == 4
    # Four differences of one sign: 2 of 16 sign patterns are as extreme.
    assert found[Comparison.EXTENT].exact.p == pytest.approx(2 / 16)


def test_a_large_cohort_keeps_the_approximation_only():
    assert all(p.exact is None for p in analyze_cohort(random_cohort(300)).paired)


def test_both_sides_of_a_patient_are_two_cases():
    left = row("P1")
    found = analyze_cohort(cohort(left, replace(left, laterality=Laterality.RIGHT), row("P2")))
    assert (found.flow.included, found.flow.patients, found.flow.bilateral) == (3, 2, 1)


def test_the_stricter_definition_changes_every_result_that_rests_on_it():
    in_situ = replace(row("P1", diameter=(20.0, 9.0)), pathology=PathologyResult(9.0, MillerPayne(5), Residual.DCIS))
    lax, strict = (
        analyze_cohort(replace(cohort(in_situ, row("P2", size_mm=0.0)), complete_response=definition))
        for definition in (CompleteResponse.YPT0_IS, CompleteResponse.YPT0)
    )
    assert lax.diagnostic[0].accuracy.counts.fp == 2
    assert (strict.diagnostic[0].accuracy.counts.fp, strict.diagnostic[0].accuracy.counts.tp) == (1, 1)
    assert lax.association(Variable.PCR).row_totals == (2, 0)
    assert strict.association(Variable.PCR).row_totals == (1, 1)
    assert (lax.curves[0].roc.n_negative, strict.curves[0].roc.n_negative) == (2, 1)


def test_the_same_cohort_gives_equal_results():
    assert study_json(analyze_cohort(random_cohort(30))) == study_json(analyze_cohort(random_cohort(30)))


def test_level_reaches_every_interval():
    found = analyze_cohort(random_cohort(30), level=0.9)
    levels = set(_levels(found))
    assert levels == {0.9}
    with pytest.raises(TableError):
        analyze_cohort(random_cohort(3), level=95)


def _levels(value: object):
    """Levels of every interval inside; a Monte Carlo P value has a level of its own."""
    if isinstance(value, Association):
        assert all(test.computation is not Computation.MONTE_CARLO for test in value.tests)
        return
    if is_dataclass(value):
        if hasattr(value, "level") and not isinstance(value, StudyResults):
            yield value.level
        for field in fields(value):
            yield from _levels(getattr(value, field.name))
    elif isinstance(value, tuple):
        for entry in value:
            yield from _levels(entry)
