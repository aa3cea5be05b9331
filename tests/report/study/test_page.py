"""The study's page: whole in one file, hostile text stays text, and no claim without the name of its test."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from calcmeasure.cohort.row import Clinical, TableProblem
from calcmeasure.model.pathology import CompleteResponse
from calcmeasure.report.study.page import EmbeddedFigure, problem_words, render_study
from calcmeasure.report.study.sentences import key_findings
from calcmeasure.study.analysis import analyze_cohort
from study_cohorts import cohort, random_cohort, row

HOSTILE = '<script>alert("x")</script>&'
TESTS = ("Wilcoxon", "Pearson", "Fisher", "Freeman–Halton")


@pytest.fixture(scope="module")
def results():
    return analyze_cohort(random_cohort(30, excluded=3))


def test_hostile_text_stays_text():
    rows = [replace(row("P1"), clinical=Clinical(regimen=HOSTILE)), row("P2", excluded=HOSTILE)]
    problem = TableProblem(2, HOSTILE, HOSTILE, HOSTILE)
    figure = EmbeddedFigure("f", HOSTILE, HOSTILE, b"<svg/>")
    page = render_study(analyze_cohort(cohort(*rows)), figures=[figure], problems=[problem])
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_figures_are_embedded_numbered_and_captioned(results):
    figures = [EmbeddedFigure("a", "First", "What it shows.", b"<svg/>"), EmbeddedFigure("b", "Next", "", b"<svg/>")]
    page = render_study(results, figures=[figures[0], replace(figures[1], is_wide=True)])
    assert '<figure id="figure-a">' in page
    assert '<figure id="figure-b" class="wide-figure">' in page
    assert "<b>Figure 1. First.</b> What it shows." in page
    assert "data:image/svg+xml;base64,PHN2Zy8+" in page


def test_without_figures_there_is_no_empty_section(results):
    assert 'id="figures"' not in render_study(results)


def test_nothing_is_loaded(results):
    page = render_study(results)
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)""", page)
    assert not any(word in page for word in ("@import", "url(", "<link", "<script"))


def test_every_sentence_with_a_p_value_names_its_test(results):
    for sentence in (*key_findings(results), *results.warnings):
        assert "significant" not in sentence
        if re.search(r"\bP [=<]", sentence):
            assert any(test in sentence for test in TESTS)
            assert "n = " in sentence


def test_methods_say_what_was_done(results):
    page = render_study(results)
    for words in (
        "33 cases of 33 patients were assessed and 30 cases of 30 patients analysed",
        f"criteria profile paper-2023 (SHA-256 {results.settings.criteria_sha256[:12]}…)",
        "ypT0/is: no invasive tumour left in the breast, carcinoma in situ allowed",
        "the positive class is residual disease",
        "Intervals are at 95 %",
        "Neither is adjusted for multiple testing",
    ):
        assert words in page, words


def test_methods_follow_the_settings():
    strict = replace(random_cohort(20), complete_response=CompleteResponse.YPT0)
    page = render_study(analyze_cohort(strict, level=0.9))
    assert "ypT0: neither invasive tumour nor carcinoma in situ left in the breast" in page
    assert "Intervals are at 90 %" in page
    assert "90 % interval, Wilson" in page


def test_reasons_of_exclusion_are_in_words():
    page = render_study(analyze_cohort(cohort(row("P1"), row("P2", excluded="E_NO_FOLLOWUP"))))
    assert "Exclusions by reason: no follow-up (1)." in page
    assert "Excluded: no follow-up" in page


def test_missing_values_are_listed_by_variable(results):
    assert "“Neoadjuvant treatment regimen” 30" in render_study(results)


def test_problems_and_warnings_come_before_the_numbers():
    rows = [replace(row(f"P{i}"), patient_id="P1") for i in range(2)]
    page = render_study(analyze_cohort(cohort(*rows)), problems=[TableProblem(0, "x", "E_TABLE", "is odd")])
    assert page.index("whole table, column x: is odd [E_TABLE]") < page.index("count with both sides")
    assert page.index("count with both sides") < page.index('id="findings"')


def test_a_problem_of_a_whole_row():
    assert problem_words(TableProblem(3, "", "E_TABLE", "is empty")) == "line 3: is empty [E_TABLE]"


def test_a_cohort_of_nobody_has_a_page_too():
    page = render_study(analyze_cohort(cohort()))
    assert "0 cases of 0 patients" in page
    assert "nan" not in page
