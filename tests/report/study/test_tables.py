"""Tables in print: units named, n beside every number, and text of the cohort table that stays text."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from calcmeasure.cohort.row import Clinical, CohortRow
from calcmeasure.report.study.further_tables import further_tables
from calcmeasure.report.study.tables import Line, StudyTable, paper_tables
from calcmeasure.report.study.words import category_words
from calcmeasure.study.analysis import analyze_cohort
from calcmeasure.terms import Distribution, Laterality, LesionType, Morphology
from study_cohorts import cohort, random_cohort, row


@pytest.fixture(scope="module")
def tables():
    found = analyze_cohort(random_cohort(40))
    return {table.name: table for table in (*paper_tables(found), *further_tables(found))}


def lines(table: StudyTable) -> dict[tuple[str, str], dict[str, str]]:
    """Cells by section and label, then by head."""
    return {(line.section, line.label): dict(zip(table.heads[2:], line.cells, strict=True)) for line in table.lines}


def test_names_and_order(tables):
    assert list(tables) == [
        "table1", "table2", "table3", "table4", "table5", "flow", "missing", "limits", "paired", "accuracy",
    ]  # fmt: skip


def test_every_table_has_a_title_and_a_method(tables):
    assert all(table.title and table.method.endswith(".") for table in tables.values())


def test_sizes_are_in_both_units_and_say_which(tables):
    own = lines(tables["table3"])
    in_cm = own["Extent of calcifications before treatment", "median (IQR), cm"]["value"]
    in_mm = own["Extent of calcifications before treatment", "median (IQR), mm"]["value"]
    assert float(in_cm.split()[0]) == pytest.approx(float(in_mm.split()[0]) / 10, abs=0.05 + 1e-9)
    assert all(head.endswith(", cm") for head in tables["table5"].heads[3:6])
    assert tables["limits"].title.endswith("mm")


def test_rows_of_counts_add_up(tables):
    for name in ("table2", "table4"):
        for line in tables[name].lines:
            counts = [cell.split(" ")[0] for cell in line.cells[1:-5]]
            if line.label and line.cells[0] != "0":
                assert sum(map(int, counts)) == int(line.cells[0])


def test_sections_of_a_table_have_the_n_of_their_categories(tables):
    own = lines(tables["table4"])
    sections = {section for section, _ in own}
    for section in sections:
        parts = [int(cells["n"]) for (own_section, label), cells in own.items() if own_section == section and label]
        assert int(own[section, ""]["n"]) == sum(parts)


def test_an_agreement_of_fewer_cases_than_the_subgroup_says_so():
    whole = [row(f"P{i}", extent=(30.0, 10.0 + i), size_mm=float(i)) for i in range(5)]
    gap = [*whole, row("P5", size_mm=None)]
    table = next(t for t in paper_tables(analyze_cohort(cohort(*gap))) if t.name == "table5")
    cells = lines(table)
    assert cells["All", ""]["n"] == "6"
    assert cells["All", ""]["Size of the residual tumour in the specimen, cm"].endswith("[n = 5]")
    assert cells["All", "ICC(C,1), consistency"]["ICC, MG and specimen"].endswith("[n = 5]")
    assert "[n" not in cells["All", "ICC(C,1), consistency"]["ICC, MG and MRI"]


def test_small_expected_counts_are_told_under_the_table():
    notes = next(t for t in paper_tables(analyze_cohort(random_cohort(20))) if t.name == "table4").footnotes
    assert any("expected counts are below 5" in note and "asymptotic P value is unreliable" in note for note in notes)


def test_left_out_cases_are_told_under_the_table():
    found = analyze_cohort(cohort(row("P1"), row("P2", extent=(None, 3.0)), CohortRow("P3", Laterality.LEFT)))
    notes = next(t for t in paper_tables(found) if t.name == "table4").footnotes
    assert "Response on MRI: 2 case(s) left out because one of the two variables is not known." in notes


def test_why_there_is_no_number():
    own = {t.name: lines(t) for t in paper_tables(analyze_cohort(cohort(row("P1"))))}
    assert own["table5"]["All", "ICC(C,1), consistency"]["ICC, MG and MRI"] == "one case only"
    assert own["table5"]["TN", "ICC(A,1), agreement"]["ICC, MG and MRI"] == "no case"
    assert own["table5"]["TN", ""]["Lesion diameter on MRI after treatment, cm"] == "no case"
    assert own["table1"]["Neoadjuvant treatment regimen", ""]["value"] == "no case"
    assert own["table4"]["Response on MRI", ""]["P, exact Pearson"] == "not defined"
    constant = paper_tables(analyze_cohort(cohort(*(row(f"P{i}") for i in range(3)))))
    assert lines(constant[-1])["All", "ICC(C,1), consistency"]["ICC, MG and MRI"] == "no variation"


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@sum", "\tx"])
def test_text_of_the_cohort_never_runs_as_a_formula(text):
    rows = [replace(row("P1"), clinical=Clinical(regimen=text))]
    table = paper_tables(analyze_cohort(cohort(*rows)))[0]
    cells = [cell for line in csv.reader(io.StringIO(table.to_csv())) for cell in line]
    assert f"'{text}" in cells
    assert text not in cells


def test_a_table_without_sections_has_no_empty_column():
    table = StudyTable("t", "T", ("", "what", "n"), (Line("", "a", ("1",)),), "M.")
    assert table.to_csv() == "what,n\na,1\n"


@pytest.mark.parametrize("code", [*Morphology, *Distribution, *LesionType])
def test_every_code_has_words(code):
    words = category_words(code)
    assert words[0].isupper()
    assert "_" not in words
