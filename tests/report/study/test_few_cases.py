"""Figures of cohorts with next to nothing in them: each is drawn, and says so."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from calcmeasure.model.pathology import Receptors
from calcmeasure.report.study.figures import draw_study_figures
from calcmeasure.report.study.figures.figure import svg_bytes
from calcmeasure.report.study.figures.flowchart import draw_flowchart
from calcmeasure.study.analysis import analyze_cohort, count_flow
from calcmeasure.study.plots import outcomes
from calcmeasure.terms import Laterality
from study_cohorts import cohort, row

COHORTS = {
    "nobody": cohort(),
    "all excluded": cohort(row("A", excluded="prior_cancer"), row("B", excluded="E_NO_PATHOLOGY")),
    "one row": cohort(row("A")),
    "all zeros": cohort(*(row(name, extent=(0, 0), diameter=(0, 0), size_mm=0.0) for name in "ABC")),
    "nothing measured": cohort(*(row(n, extent=(None, None), diameter=(None, None), size_mm=None) for n in "AB")),
    "gaps": cohort(row("A", extent=(30, None)), row("B", size_mm=None), row("C", diameter=(None, 0)), row("D")),
    "no subtype": cohort(row("A", receptors=Receptors()), row("B", receptors=Receptors(er=False), size_mm=0.0)),
}


WITHOUT_A_CASE = {
    "nobody": {"waterfall-extent", "waterfall-diameter", "scatter-extent-pathology", "roc-residual-disease", "spider"},
    "nothing measured": {"waterfall-extent", "bland-altman-extent-diameter"},
    "gaps": set(),
}


@pytest.mark.parametrize("name", COHORTS)
def test_every_figure_is_drawn_and_says_when_it_is_empty(name):
    drawn = draw_study_figures(COHORTS[name], analyze_cohort(COHORTS[name]))
    written = {figure.name: [t.get_text() for axis in figure.figure.axes for t in axis.texts] for figure in drawn}
    empty = {kind for kind, words in written.items() if "no case" in words}
    assert len(drawn) == 13
    assert not any(re.search(r"\b(nan|inf)\b", figure.caption) for figure in drawn)
    assert WITHOUT_A_CASE.get(name, empty) <= empty
    assert all(svg_bytes(figure).startswith(b"<?xml") for figure in drawn[1:5:3])


def test_reasons_of_exclusion_are_words():
    excluded = COHORTS["all excluded"]
    flowchart = draw_flowchart(count_flow(excluded), outcomes(excluded))
    words = {text.get_text() for axis in flowchart.figure.axes for text in axis.texts}
    assert {"Prior cancer", "No pathology"} <= words


def test_two_sides_of_a_patient_are_told_from_two_patients():
    sides = cohort(row("A"), replace(row("A"), laterality=Laterality.RIGHT), row("B"))
    flowchart = draw_flowchart(count_flow(sides), outcomes(sides))
    assert "2 patients" in {text.get_text() for axis in flowchart.figure.axes for text in axis.texts}
    assert "1 with both sides" in flowchart.caption
