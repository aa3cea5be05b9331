"""The page of a study: findings, tables, figures and methods in one file that loads nothing."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from calcmeasure.cohort.row import TableProblem
from calcmeasure.report.pages import render_page
from calcmeasure.report.study.figures.figure import StudyFigure
from calcmeasure.report.study.figures.style import MM_PER_INCH
from calcmeasure.report.study.further_tables import further_tables
from calcmeasure.report.study.sentences import key_findings
from calcmeasure.report.study.tables import paper_tables
from calcmeasure.report.study.words import VARIABLE_WORDS, reason_words
from calcmeasure.study.results import StudyResults

WIDE_MM = 100.0
"""A figure printed wider than this takes the whole width of the page."""


@dataclass(frozen=True, slots=True)
class EmbeddedFigure:
    """A figure as the page holds it.

    Parameters
    ----------
    svg
        The drawing; embedded as a picture of its own, so that identifiers of two drawings never meet.
    is_wide
        Whether it takes the whole width of the page.
    """

    name: str
    title: str
    caption: str
    svg: bytes
    is_wide: bool = False

    @property
    def source(self) -> str:
        """The drawing as a ``data:`` address."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode("ascii")


def embedded(drawn: StudyFigure, folder: Path) -> EmbeddedFigure:
    """Take a figure that was written into a folder."""
    svg = (folder / f"{drawn.name}.svg").read_bytes()
    width_mm = MM_PER_INCH * float(drawn.figure.get_figwidth())
    return EmbeddedFigure(drawn.name, drawn.title, drawn.caption, svg, is_wide=width_mm > WIDE_MM)


def render_study(
    results: StudyResults, *, figures: Sequence[EmbeddedFigure] = (), problems: Sequence[TableProblem] = ()
) -> str:
    """Render ``study.html``.

    Parameters
    ----------
    results
        Of the study.
    figures
        In the order they are shown.
    problems
        Of the table it was read from.

    Returns
    -------
    str
        HTML that needs no other file and no network; the same results give the same text.
    """
    return render_page(
        "study.html.j2",
        results=results,
        findings=key_findings(results),
        tables=(*paper_tables(results), *further_tables(results)),
        figures=figures,
        variable_words=VARIABLE_WORDS,
        reason_words=reason_words,
        problems=[problem_words(problem) for problem in problems],
    )


def problem_words(problem: TableProblem) -> str:
    """Say where a problem is and what it is.

    Examples
    --------
    >>> problem_words(TableProblem(12, "er", "E_TABLE", "is 'x', expected 0 or 1"))
    "line 12, column er: is 'x', expected 0 or 1 [E_TABLE]"
    """
    line = f"line {problem.line}" if problem.line else "whole table"
    column = f", column {problem.column}" if problem.column else ""
    return f"{line}{column}: {problem.reason} [{problem.code}]"
