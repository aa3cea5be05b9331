"""Errors of diameters as pictures: one look with the figures of the study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from accuracy.pictures import save_small
from calcmeasure.report.palette import BLUE, GREEN, VERMILION
from calcmeasure.report.study.figures.style import DIM, PAGE_MM, in_print_style, print_figure
from lesions.summaries import Errors

PICTURES = ("lesion-errors.png", "lesion-worst.png")
ERRORS, WORST = PICTURES
HEIGHT_MM = 70.0
COLOURS = (BLUE, VERMILION, GREEN)


@in_print_style
def draw_errors(errors: Mapping[str, Errors], folder: Path) -> None:
    """Difference against size, as Bland and Altman draw it, beside the share of lesions wrong by at most so much."""
    figure = print_figure(PAGE_MM, HEIGHT_MM)
    left, right = figure.subplots(1, 2)
    for (name, judged), colour in zip(errors.items(), COLOURS, strict=False):
        left.scatter(judged.truth_mm[judged.found], judged.error_mm, s=5, color=colour, label=name, linewidths=0)
        _missed(left, judged, colour)
        _shares(right, judged, colour, name)
    left.axhline(0.0, color=DIM, linewidth=0.6)
    left.set_yscale("symlog", linthresh=1.0)
    left.set_xlabel("true in-plane diameter, mm")
    left.set_ylabel("found − true, mm")
    right.set_xscale("symlog", linthresh=0.5)
    right.set_xlim(0, 50)
    right.set_xticks([0, 0.5, 1, 2, 5, 10, 50], ["0", "0.5", "1", "2", "5", "10", "50"])
    right.set_xlabel("diameter wrong by at most, mm (not found: by all of it)")
    right.set_ylim(0, 1.01)
    right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    right.set_ylabel("of the lesions")
    right.grid(visible=True, color=DIM, alpha=0.25, linewidth=0.4)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(errors))
    save_small(figure, folder / ERRORS)


def _missed(axis: Axes, judged: Errors, colour: str) -> None:
    missed = judged.truth_mm[~judged.found]
    axis.scatter(missed, -missed, s=9, marker="x", color=colour, linewidths=0.6)


def _shares(axis: Axes, judged: Errors, colour: str, name: str) -> None:
    ordered = np.sort(np.abs(judged.found_mm - judged.truth_mm))
    shares = np.arange(1, len(ordered) + 1) / len(ordered)
    axis.step(np.append(0, ordered), np.append(0, shares), where="post", color=colour, label=name)
    peer = np.sort(np.abs(judged.ftv_mm - judged.truth_mm))
    axis.step(np.append(0, peer), np.append(0, shares), where="post", color=colour, linestyle=":", linewidth=0.7)
