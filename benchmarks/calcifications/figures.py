"""Curves of the calcification benchmarks as pictures: one look with the figures of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter
from numpy.typing import NDArray

from accuracy.pictures import save_small
from calcifications.calibration import Reliability
from calcifications.curves import Curve
from calcmeasure.report.palette import AMBER, BLUE, GREEN, SKY, VERMILION
from calcmeasure.report.study.figures.style import (
    BLACK,
    DIM,
    NORMAL,
    PAGE_MM,
    PURPLE,
    SMALL,
    in_print_style,
    print_figure,
)

PICTURES = (
    "calcification-marks.png",
    "calcification-groups.png",
    "calcification-extents.png",
    "calcification-misses.png",
    "calcification-false.png",
    "calcification-worst-extents.png",
    "calcification-successes.png",
)
HEIGHT_MM = 66.0
STYLES = {
    "For Processing": (BLUE, "-"),
    "For Presentation": (VERMILION, "--"),
    "digitised film": (GREEN, "-."),
    "reference exposure, no clutter": (PURPLE, (0, (4, 1))),
    "For Processing, wider link": (AMBER, "-"),
    "max-SNR rule": (SKY, "--"),
    "ideal observer": (BLACK, (0, (1, 1))),
}
"""Colour and dashes of each kind of images and of each way to answer."""

Values = NDArray[np.float64]


@in_print_style
def draw_marks(rows: Mapping[str, Mapping[str, Mapping[str, Curve]]], path: Path) -> None:
    """Free-response curves per mark: a row per kind of images, a column per range of sizes.

    Parameters
    ----------
    rows
        Title of a row to title of a column to curves by name; the first curve of each panel shows its interval.
    """
    figure = print_figure(PAGE_MM, HEIGHT_MM * len(rows))
    for part, (title, panels) in zip(figure.subfigures(len(rows), 1), rows.items(), strict=True):
        part.suptitle(title, x=0.01, ha="left", size=NORMAL)
        axes = part.subplots(1, len(panels))
        for axis, (size, curves) in zip(axes, panels.items(), strict=True):
            _free_response(axis, curves, unit="false marks per cm²")
            axis.set_title(size)
        _legend_below(part, axes[0])
    save_small(figure, path)


@in_print_style
def draw_groups(curves: Mapping[str, Curve], reliability: Mapping[str, Reliability], path: Path) -> None:
    """Free-response curve per group beside the calibration of the marks' probabilities."""
    figure = print_figure(PAGE_MM, HEIGHT_MM)
    left, right = _row(figure, 2)
    _free_response(left, curves, unit="false groups per image")
    left.set_title("groups")
    _calibration(right, reliability)
    _legend_below(figure, left)
    save_small(figure, path)


@in_print_style
def draw_extents(errors_mm: Mapping[str, Values], relative: Mapping[str, Values], path: Path) -> None:
    """Share of images whose extent is wrong by at most so much, in mm and in per cent of the truth."""
    figure = print_figure(PAGE_MM, HEIGHT_MM)
    left, right = _row(figure, 2)
    _shares(left, errors_mm)
    left.set_xscale("symlog", linthresh=0.1)
    left.set_xlim(0, 50)
    left.set_xticks([0, 0.1, 0.3, 1, 3, 10, 30], ["0", "0.1", "0.3", "1", "3", "10", "30"])
    left.set_xlabel("extent wrong by at most, mm")
    _shares(right, {name: 100.0 * values for name, values in relative.items()})
    right.axvline(10.0, color=DIM, linewidth=0.6)
    right.set_xlim(0, 60)
    right.set_xlabel("extent wrong by at most, % of the true one")
    _legend_below(figure, left)
    save_small(figure, path)


def _legend_below(part: Figure | SubFigure, axis: Axes) -> None:
    part.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=len(STYLES))


def _row(figure: Figure, count: int) -> Sequence[Axes]:
    return list(np.atleast_1d(figure.subplots(1, count)))


def _free_response(axis: Axes, curves: Mapping[str, Curve], *, unit: str) -> None:
    for number, (name, curve) in enumerate(curves.items()):
        colour, dashes = STYLES[name]
        axis.plot(curve.rates, curve.sensitivity, color=colour, linestyle=dashes, label=name)
        if number == 0:
            axis.fill_between(curve.rates, curve.low, curve.high, color=colour, alpha=0.2, linewidth=0)
    axis.set_xscale("log")
    axis.set_ylim(0, 1.01)
    axis.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axis.set_xlabel(unit)
    axis.set_ylabel("found")
    axis.grid(visible=True, color=DIM, alpha=0.25, linewidth=0.4)


def _calibration(axis: Axes, reliability: Mapping[str, Reliability]) -> None:
    axis.plot([0, 1], [0, 1], color=DIM, linewidth=0.6)
    for name, found in reliability.items():
        colour, dashes = STYLES[name]
        axis.errorbar(
            found.stated, found.observed, yerr=[found.observed - found.low, found.high - found.observed],
            color=colour, linestyle=dashes, marker="o", markersize=2.5, capsize=1.5, elinewidth=0.6, label=name,
        )  # fmt: skip
    axis.set_title("probabilities of marks")
    axis.set_xlabel("stated probability")
    axis.set_ylabel("share that are calcifications")
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_locator(FixedLocator([0, 0.2, 0.4, 0.6, 0.8, 1.0]))


def _shares(axis: Axes, values: Mapping[str, Values]) -> None:
    for name, errors in values.items():
        colour, dashes = STYLES[name]
        ordered = np.sort(errors)
        shares = np.arange(1, len(ordered) + 1) / len(ordered)
        axis.step(np.append(0, ordered), np.append(0, shares), where="post", color=colour, linestyle=dashes, label=name)
    axis.set_ylim(0, 1.01)
    axis.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axis.set_ylabel("of the images")
    axis.grid(visible=True, color=DIM, alpha=0.25, linewidth=0.4)
    axis.tick_params(labelsize=SMALL)
