"""Everything ``study`` writes into its output folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from calcmeasure.cohort.row import TableProblem
from calcmeasure.report.files import write_text
from calcmeasure.report.study_figures import StudyFigure, write_study_figures
from calcmeasure.report.study_further_tables import further_tables
from calcmeasure.report.study_html import EmbeddedFigure, render_study
from calcmeasure.report.study_json import study_json
from calcmeasure.report.study_tables import paper_tables
from calcmeasure.study.results import StudyResults

COLUMN_MM = 100.0
"""A figure printed wider than this takes the whole width of the page."""
MM_PER_INCH = 25.4


def write_study(
    out: Path, results: StudyResults, *, figures: Sequence[StudyFigure] = (), problems: Sequence[TableProblem] = ()
) -> None:
    """Write tables, figures, the page and ``results.json`` (last: its presence says that the rest is whole).

    Parameters
    ----------
    out
        Made when it does not exist.
    results
        Of the study.
    figures
        In the order they are shown.
    problems
        Of the table the cohort was read from.

    Raises
    ------
    OutputError
        When something cannot be written.
    """
    for table in (*paper_tables(results), *further_tables(results)):
        write_text(out / "tables" / f"{table.name}.csv", table.to_csv())
    write_study_figures(out / "figures", figures)
    embedded = [_embedded(drawn, out / "figures") for drawn in figures]
    write_text(out / "study.html", render_study(results, figures=embedded, problems=problems))
    write_text(out / "results.json", study_json(results, problems=problems))


def _embedded(drawn: StudyFigure, folder: Path) -> EmbeddedFigure:
    svg = (folder / f"{drawn.name}.svg").read_bytes()
    width_mm = MM_PER_INCH * float(drawn.figure.get_figwidth())
    return EmbeddedFigure(drawn.name, drawn.title, drawn.caption, svg, is_wide=width_mm > COLUMN_MM)
