"""Everything ``study`` writes into its output folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from calcmeasure.cohort.row import Cohort
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.files import write_text
from calcmeasure.report.study_figures import StudyFigure, draw_study_figures, write_study_figures
from calcmeasure.report.study_figures.figure import svg_bytes
from calcmeasure.report.study_further_tables import further_tables
from calcmeasure.report.study_html import EmbeddedFigure, render_study
from calcmeasure.report.study_json import study_json
from calcmeasure.report.study_tables import paper_tables
from calcmeasure.response.criteria import CriteriaProfile
from calcmeasure.study.results import StudyResults


def write_study(
    out: Path,
    cohort: Cohort,
    results: StudyResults,
    *,
    criteria: CriteriaProfile | None = None,
    measurements: Sequence[Measurement] = (),
) -> None:
    """Write tables, figures, the page and ``results.json`` (last: its presence says that the rest is whole).

    Parameters
    ----------
    out
        Made when it does not exist.
    cohort
        The rows.
    results
        What they say.
    criteria
        The profile the cohort was judged by, for its cut-offs in figures.
    measurements
        Of one reader per patient, at any number of visits, for the courses.

    Raises
    ------
    OutputError
        When something cannot be written.
    """
    for table in (*paper_tables(results), *further_tables(results)):
        write_text(out / "tables" / f"{table.name}.csv", table.to_csv())
    figures = draw_study_figures(cohort, results, criteria=criteria, measurements=measurements)
    write_study_figures(out / "figures", figures)
    page = render_study(results, figures=[_embedded(drawn) for drawn in figures], problems=cohort.problems)
    write_text(out / "study.html", page)
    write_text(out / "results.json", study_json(results, problems=cohort.problems))


def _embedded(drawn: StudyFigure) -> EmbeddedFigure:
    return EmbeddedFigure(drawn.name, drawn.title, drawn.caption, svg_bytes(drawn))
