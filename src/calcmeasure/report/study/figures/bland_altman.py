"""Bland–Altman plot of two sizes: bias and limits of agreement with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from calcmeasure.report.study.figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study.figures.limits import draw_limits, limits_words
from calcmeasure.report.study.figures.style import (
    COLUMN_MM,
    in_print_style,
    print_figure,
)
from calcmeasure.report.study.figures.words import (
    SHORT_SIZES,
    abbreviations,
    left_out_words,
    lower,
    pair_title,
)
from calcmeasure.report.study.words import VARIABLE_WORDS
from calcmeasure.stats.bland_altman import BlandAltman
from calcmeasure.study.plots import PairedSize
from calcmeasure.study.results import Agreement
from calcmeasure.study.variables import Pair

HEIGHT_MM = 72.0


@in_print_style
def draw_bland_altman(sizes: Sequence[PairedSize], agreement: Agreement) -> StudyFigure:
    """Draw the differences of two sizes over their means.

    Parameters
    ----------
    sizes
        The cases of `agreement`.
    agreement
        Of everybody.
    """
    found, pair = agreement.limits, agreement.pair
    figure = print_figure(COLUMN_MM, HEIGHT_MM)
    axis = figure.subplots()
    axis.set_xlabel(f"Mean of {pair_title(pair)}, mm")
    axis.set_ylabel(f"{SHORT_SIZES[pair.first]} − {SHORT_SIZES[pair.second]}, mm")
    axis.set_title(f"{pair_title(pair)}, n = {found.n}")
    draw_limits(axis, found)
    return StudyFigure(
        name=f"bland-altman-{pair}",
        title=f"Bland–Altman plot, {pair_title(pair)}",
        caption=_caption(agreement),
        figure=figure,
        numbers=as_numbers(
            ("patient_id", "laterality", "first_mm", "second_mm", "mean_mm", "difference_mm"),
            (
                (s.patient_id, s.laterality, s.first_mm, s.second_mm, mean, difference)
                for s, mean, difference in zip(sizes, found.means, found.differences, strict=True)
            ),
        ),
    )


def _caption(agreement: Agreement) -> str:
    found, pair = agreement.limits, agreement.pair
    return (
        f"{VARIABLE_WORDS[pair.first]} minus {lower(VARIABLE_WORDS[pair.second])}, over the mean of the two "
        f"(n = {found.n}). {limits_words(found)}"
        f"{_notes(found, pair)}{left_out_words(found.left_out, lacking='one of the two sizes')}"
        f"{abbreviations('MG', 'MRI', 'CI')}"
    )


def _notes(found: BlandAltman, pair: Pair) -> str:
    zeros = next((note for note in found.notes if note.startswith("zero-heavy")), "")
    for column, size in enumerate((pair.first, pair.second), start=1):
        zeros = zeros.replace(f"values in column {column}", f"{SHORT_SIZES[size]} sizes")
    return f"{zeros[0].upper()}{zeros[1:]}. " if zeros else ""
