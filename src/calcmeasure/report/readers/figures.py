"""Bland–Altman plots of two readers."""

from __future__ import annotations

from calcmeasure.readers.agreement import LengthAgreement, ReaderStudy
from calcmeasure.report.readers.page import QUANTITY_WORDS
from calcmeasure.report.study.figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study.figures.limits import draw_limits, limits_words
from calcmeasure.report.study.figures.style import COLUMN_MM, in_print_style, print_figure

HEIGHT_MM = 72.0
COLUMNS = ("patient_id", "laterality", "timepoint", "first_mm", "second_mm", "mean_mm", "difference_mm")


def draw_reader_figures(study: ReaderStudy) -> tuple[StudyFigure, ...]:
    """Draw one plot per quantity and pair of readers who share a case."""
    return tuple(_draw_pair(one, number=number) for number, one in enumerate(study.lengths, start=1) if one.lengths_mm)


@in_print_style
def _draw_pair(one: LengthAgreement, *, number: int) -> StudyFigure:
    first, second = one.readers
    figure = print_figure(COLUMN_MM, HEIGHT_MM)
    axis = figure.subplots()
    axis.set_xlabel(f"Mean of {first} and {second}, mm")
    axis.set_ylabel(f"{first} − {second}, mm")
    axis.set_title(f"{QUANTITY_WORDS[one.quantity]}, n = {one.limits.n}")
    draw_limits(axis, one.limits)
    differences = zip(one.lengths_mm, one.limits.means, one.limits.differences, strict=True)
    return StudyFigure(
        # A number, not the readers: their identifiers may hold anything.
        name=f"bland-altman-{number}",
        title=f"{QUANTITY_WORDS[one.quantity]}, {first} and {second}",
        caption=f"{first} minus {second}, over the mean of the two (n = {one.limits.n}). {limits_words(one.limits)}",
        figure=figure,
        numbers=as_numbers(
            COLUMNS,
            ((c.patient_id, c.laterality, c.timepoint, *lengths, m, d) for (c, *lengths), m, d in differences),
        ),
    )
