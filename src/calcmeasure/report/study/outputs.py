"""Everything ``study`` writes into its output folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from calcmeasure.cohort.row import TableProblem
from calcmeasure.report.files import write_text
from calcmeasure.report.study.figures import StudyFigure, write_study_figures
from calcmeasure.report.study.further_tables import further_tables
from calcmeasure.report.study.page import embedded, render_study
from calcmeasure.report.study.results_json import study_json
from calcmeasure.report.study.tables import paper_tables
from calcmeasure.study.results import StudyResults


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
    pictures = [embedded(drawn, out / "figures") for drawn in figures]
    write_text(out / "study.html", render_study(results, figures=pictures, problems=problems))
    write_text(out / "results.json", study_json(results, problems=problems))
