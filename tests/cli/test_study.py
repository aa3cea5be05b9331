"""One command from a cohort table to the study: every printed cell, and tables that are not as they should be."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from calcmeasure.cli import main
from calcmeasure.cli.exits import ExitCode
from calcmeasure.cohort.reading import read_cohort
from calcmeasure.report.study.further_tables import further_tables
from calcmeasure.report.study.results_json import study_json
from calcmeasure.report.study.tables import paper_tables
from calcmeasure.study.analysis import analyze_cohort
from cohort_tables import write_rows
from program import calcmeasure, table

COHORT = Path(__file__).parents[2] / "sample_dicom" / "study" / "cohort.csv"
PAPER = Path(__file__).parent / "golden" / "study_paper.csv"
"""Tables 1 to 5 of Zhu et al., Quant Imaging Med Surg 2023;13(9):5593-5604, cell by cell as printed."""

# The printed interval follows from n = 46, not from the 47 of its row: from 0.175 and 47 this one does.
MISPRINTED = {("5", "HR+/HER2-", "ICC(C,1), consistency", "ICC, MG and specimen"): "0.175 (−0.115 to 0.438)"}
P_PRINTED = {
    "Response on MRI": 0.09,
    "Miller–Payne grade": 0.14,
    "Pathological complete response": 0.40,
    "Type of residual tumour in the specimen": 0.20,
}
MONTE_CARLO_ERROR = 0.01
ACCURACY = {
    "Sensitivity": "92.0 % (69/75)",
    "Specificity": "69.2 % (36/52)",
    "Positive predictive value": "81.2 % (69/85)",
    "Negative predictive value": "85.7 % (36/42)",
    "False positive rate": "30.8 % (16/52)",
    "False negative rate": "8.0 % (6/75)",
}


Place = tuple[str, str, str, str]


def paper_cells(number: str) -> dict[Place, str]:
    """What the paper prints at (table, section, category, column)."""
    with PAPER.open(encoding="utf-8", newline="") as file:
        cells = [cell for cell in csv.DictReader(file) if cell["table"] == number]
    return {(number, cell["section"], cell["category"], cell["column"]): cell["printed"] for cell in cells}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("study") / "out"
    return calcmeasure("study", COHORT, "--out", out), out


@pytest.fixture(scope="module")
def printed(done):
    cells: dict[Place, str] = {}
    for number in "12345":
        for line in table(done[1] / "tables" / f"table{number}.csv"):
            section, category, *_ = line.values()
            cells |= {(number, section, category, column): text for column, text in line.items()}
    return cells


def test_it_ends_well_and_says_what_it_found(done):
    run, _ = done
    assert run.returncode == ExitCode.OK
    assert "127 of 138 cases analysed" in run.stderr
    assert "exact Pearson chi-square P = 0.085" in run.stdout
    assert "significant" not in run.stdout + run.stderr


@pytest.mark.parametrize("number", "12345")
def test_every_cell_of_the_five_tables(printed, number):
    expected = {place: MISPRINTED.get(place, text) for place, text in paper_cells(number).items()}
    assert expected
    assert {place: printed[place] for place in expected} == expected


@pytest.mark.parametrize("section", P_PRINTED)
def test_exact_pearson_is_the_p_value_that_was_printed(printed, section):
    p = float(printed["4", section, "", "P, exact Pearson"])
    assert p == pytest.approx(P_PRINTED[section], abs=MONTE_CARLO_ERROR)


def test_accuracy_of_mri_and_the_subtypes_it_misses_nothing_in(done):
    lines = {(line["measure"], line["item"]): line for line in table(done[1] / "tables" / "accuracy.csv")}
    assert {measure: lines[measure, ""]["All"] for measure in ACCURACY} == ACCURACY
    assert all(lines["False negative rate", ""][s].startswith("0.0 %") for s in ("HR-/HER2+", "HR+/HER2+", "TN"))


def test_results_json_is_as_other_programs_expect_it(done):
    found = json.loads((done[1] / "results.json").read_text(encoding="utf-8"))
    assert found["n"] == 127
    assert sum(found["exclusions"].values()) == 11
    assert {(a["pair"], a["subgroup"], a["form"]) for a in found["agreement"]} == {
        (pair, subgroup, "ICC(C,1)")
        for pair in ("extent-pathology", "diameter-pathology", "extent-diameter")
        for subgroup in ("all", "HR-/HER2+", "HR+/HER2+", "HR+/HER2-", "TN")
    }
    tests = {(a["rows"], a["test"]): a for a in found["association"]}
    assert tests["recist", "pearson"]["counts"] == [[22, 15, 5], [26, 32, 12], [8, 2, 5], [0, 0, 0]]
    assert tests["miller_payne", "pearson-exact"]["p"] == pytest.approx(0.14132, abs=5e-6)
    assert tests["miller_payne_pooled", "pearson"]["p"] == pytest.approx(0.031, abs=5e-4)
    assert (tests["subtype", "pearson"]["columns"], tests["pcr", "pearson"]["columns"]) == ("pcr", "extent_change")
    overall = found["diagnostic"][0]
    assert (overall["positive"], overall["tp"], overall["fp"], overall["fn"], overall["tn"]) == (
        "residual-disease", 69, 16, 6, 36,
    )  # fmt: skip
    assert overall["sensitivity"]["low"] == pytest.approx(0.836, abs=5e-4)
    assert [p["quantity"] for p in found["paired"]][:2] == ["calcification_extent", "lesion_diameter"]


def test_the_page_needs_nothing_else(done):
    page = (done[1] / "study.html").read_text(encoding="utf-8")
    assert not any(word in page for word in ('src="http', 'href="http', "@import", "<script", "url("))
    figures = list((done[1] / "figures").glob("*.svg"))
    assert page.count("<figure") == page.count("data:image/svg+xml;base64,") == len(figures) > 0
    assert all(figure.with_suffix(suffix).exists() for figure in figures for suffix in (".png", ".csv"))


def test_the_same_table_gives_the_same_bytes(done):
    results = analyze_cohort(read_cohort(COHORT))
    assert (done[1] / "results.json").read_text(encoding="utf-8") == study_json(results)
    for sheet in (*paper_tables(results), *further_tables(results)):
        assert (done[1] / "tables" / f"{sheet.name}.csv").read_text(encoding="utf-8") == sheet.to_csv()


@pytest.fixture
def without_figures(monkeypatch):
    """Figures have tests of their own, and take seconds."""
    monkeypatch.setattr("calcmeasure.report.study.figures.draw_study_figures", lambda *_, **__: ())


def edited(path: Path, **changes: str) -> Path:
    """The cohort with other text in columns of its third line."""
    rows = table(COHORT)
    rows[1] |= changes
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.usefixtures("without_figures")
def test_a_bad_cell_is_named_by_line_and_column_and_the_rest_is_analysed(tmp_path, capsys):
    source = edited(tmp_path / "cohort.csv", extent_followup_mm="about 3", grade="=1+1")
    assert main(["study", str(source), "--out", str(tmp_path / "out")]) == ExitCode.PARTIAL
    said = capsys.readouterr().err
    assert "line 3, column extent_followup_mm" in said
    assert "line 3, column grade" in said
    found = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert found["n"] == 126
    assert {problem["column"] for problem in found["problems"]} == {"extent_followup_mm", "grade"}
    assert "line 3, column grade" in (tmp_path / "out" / "study.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("without_figures")
def test_definition_and_criteria_are_used_and_named(tmp_path, capsys):
    arguments = [
        "study",
        str(COHORT),
        "--out",
        str(tmp_path),
        "--complete-response",
        "ypT0",
        "--criteria",
        "recist-1.1",
    ]
    assert main([*arguments, "--json"]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert found["settings"]["complete_response"] == "ypT0"
    assert found["settings"]["criteria"] == "recist-1.1"
    assert found["missing"]["extent_change"] == 127
    complete = next(d for d in found["descriptions"] if d["variable"] == "pcr")
    assert [c["count"] for c in complete["categories"]] == [32, 95]


@pytest.mark.usefixtures("without_figures")
def test_nobody_left_is_told_and_refused(tmp_path, capsys):
    rows = table(COHORT)[:2]
    source = tmp_path / "cohort.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | {"excluded": "poor_image_quality"} for row in rows)
    assert main(["study", str(source), "--out", str(tmp_path / "out")]) == ExitCode.INPUT_REFUSED
    assert "0 of 2 cases analysed" in capsys.readouterr().err
    assert (tmp_path / "out" / "tables" / "table5.csv").exists()


READINGS = """patient_id,timepoint,laterality,lesion_id,quantity,value_mm,reader
P1,baseline,L,L1,lesion_diameter,30,auto
P1,baseline,L,L1,lesion_diameter,31,mk
P2,baseline,L,L1,lesion_diameter,20,auto
P2,baseline,L,L1,lesion_diameter,21,mk
P2,baseline,L,L1,lesion_diameter,22,jb
P3,baseline,L,L1,lesion_diameter,10,auto
"""


def test_a_run_gives_the_courses_of_one_reader_per_patient_and_the_pictures(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "measurements.csv").write_text(READINGS, encoding="utf-8")
    asked = {}
    monkeypatch.setattr(
        "calcmeasure.report.study.figures.draw_study_figures", lambda *_, **given: asked.update(given) or ()
    )
    monkeypatch.setattr(
        "calcmeasure.pipeline.before_after.find_before_after",
        lambda run, sources, *, patients: asked.update(run=run, sources=sources, patients=patients) or (),
    )
    chosen = ["--run", str(tmp_path / "run"), "--images", "a", "b", "--show", "P2"]
    assert main(["study", str(COHORT), "--out", str(tmp_path / "out"), *chosen]) == ExitCode.OK
    assert [(m.patient_id, m.reader) for m in asked["measurements"]] == [("P1", "mk"), ("P2", "auto"), ("P3", "auto")]
    assert asked["criteria"].name == "paper-2023"
    assert (asked["run"], asked["sources"], asked["patients"]) == (tmp_path / "run", [Path("a"), Path("b")], ["P2"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere.csv"], ExitCode.INPUT_REFUSED),
        ([str(COHORT), "--criteria", "no-such"], ExitCode.USAGE),
        ([str(COHORT), "--show", "CS-001"], ExitCode.USAGE),
        ([str(COHORT), "--images", "sample_dicom"], ExitCode.USAGE),
    ],
)
def test_refusals(tmp_path, capsys, arguments, code):
    assert main(["study", *arguments, "--out", str(tmp_path / "out")]) == code
    assert capsys.readouterr().err.startswith("calcmeasure: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("missing", ["cohort.csv", "own.toml"])
def test_a_missing_file_is_named_as_it_was_typed(tmp_path, capsys, missing):
    cohort = write_rows(tmp_path / "there.csv", {})
    typed = str(tmp_path / missing)
    words = [typed] if missing.endswith(".csv") else [str(cohort), "--criteria", typed]
    assert main(["study", *words, "--out", str(tmp_path / "out")]) != 0
    assert capsys.readouterr().err.startswith(f"calcmeasure: {typed}: ")
