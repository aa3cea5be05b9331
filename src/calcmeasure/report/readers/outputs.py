"""Everything ``readers`` writes into its output folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from calcmeasure.readers.agreement import ReaderStudy
from calcmeasure.readers.cases import Case
from calcmeasure.report.files import write_text
from calcmeasure.report.readers.figures import draw_reader_figures
from calcmeasure.report.readers.page import render_readers
from calcmeasure.report.readers.tables import (
    agreement_numbers,
    category_numbers,
    discordance_numbers,
    open_numbers,
)
from calcmeasure.report.study.figures import write_study_figures
from calcmeasure.report.study.page import embedded


def write_readers(out: Path, study: ReaderStudy, *, to_settle: Sequence[Case] | None = None) -> None:
    """Write tables, figures, and the page last: its presence says that the rest is whole.

    Parameters
    ----------
    out
        Made when it does not exist.
    study
        From `study_readers`.
    to_settle
        Cases left without a consensus; None when no consensus was asked for.

    Raises
    ------
    OutputError
        When something cannot be written.
    """
    write_text(out / "agreement.csv", agreement_numbers(study).to_csv())
    write_text(out / "categories.csv", category_numbers(study).to_csv())
    write_text(out / "discordant.csv", discordance_numbers(study).to_csv())
    if to_settle is not None:
        write_text(out / "to_settle.csv", open_numbers(tuple(to_settle)).to_csv())
    figures = draw_reader_figures(study)
    write_study_figures(out / "figures", figures)
    pictures = [embedded(drawn, out / "figures") for drawn in figures]
    write_text(out / "readers.html", render_readers(study, figures=pictures))
