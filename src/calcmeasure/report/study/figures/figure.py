"""A figure of a study with the numbers it shows, and how it is written: vector, picture and table beside each other."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from calcmeasure.report.files import write_bytes, write_text
from calcmeasure.report.study.figures.style import PRINT_DPI, in_print_style
from calcmeasure.tables import as_text_cell

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a figure shows, as a table.

    Parameters
    ----------
    columns
        Names; lengths end in ``_mm``, changes in ``_percent``.
    rows
        One tuple per row, in the order of the columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def to_csv(self) -> str:
        """Write as CSV: one header row, ``.`` decimals, at most six of them; what is missing or undefined is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_cell(value) for value in row] for row in self.rows)
        return text.getvalue()


@dataclass(frozen=True, slots=True)
class StudyFigure:
    """One figure, ready for print.

    Parameters
    ----------
    name
        Of its files, without an extension.
    title, caption
        What it shows, and everything a reader needs beside it: n, who was left out, intervals, abbreviations.
    figure
        Drawn at its printed size.
    numbers
        What it shows.
    """

    name: str
    title: str
    caption: str
    figure: Figure
    numbers: Numbers


def write_study_figures(folder: Path, figures: Iterable[StudyFigure]) -> None:
    """Write ``<name>.svg``, ``<name>.png`` and ``<name>.csv`` of every figure; the same figure gives the same bytes.

    Parameters
    ----------
    folder
        Made when it does not exist.
    figures
        Names differ.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    for drawn in figures:
        write_bytes(folder / f"{drawn.name}.svg", svg_bytes(drawn))
        write_bytes(folder / f"{drawn.name}.png", png_bytes(drawn))
        write_text(folder / f"{drawn.name}.csv", drawn.numbers.to_csv())


@in_print_style
def svg_bytes(drawn: StudyFigure) -> bytes:
    """Vector drawing; letters are shapes, so that it looks the same without our font. No date, no software."""
    buffer = io.BytesIO()
    about = {"Title": drawn.title, "Description": drawn.caption, "Date": None, "Creator": None}
    _settle(drawn.figure)
    # The canvases' own printing: savefig would draw everything once more for a layout that is settled.
    FigureCanvasSVG(drawn.figure).print_svg(buffer, metadata=about)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


@in_print_style
def png_bytes(drawn: StudyFigure) -> bytes:
    """Picture at the resolution of print, without metadata."""
    buffer = io.BytesIO()
    _settle(drawn.figure)
    FigureCanvasAgg(drawn.figure).print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def _settle(figure: Figure) -> None:
    """Place everything at the resolution of print, once for the drawing and the picture."""
    figure.set_dpi(PRINT_DPI)
    if isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


def as_numbers(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Numbers:
    """Put rows under their columns.

    Raises
    ------
    ValueError
        If a row has another length.
    """
    table = tuple(tuple(row) for row in rows)
    if any(len(row) != len(columns) for row in table):
        raise ValueError(f"every row needs {len(columns)} cells")
    return Numbers(tuple(columns), table)


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return as_text_cell(value)
    if isinstance(value, int):
        return str(value)
    return repr(round(float(value), 6) + 0.0) if isfinite(value) else ""
