"""Examples as pictures: each place plain above, with truth and answers drawn below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from accuracy.pictures import MARKED, save_small
from calcifications.examples import Example
from calcifications.outcomes import Outcome
from calcifications.suites import NORMAL
from calcmeasure.phantom.mammogram.scenes import Scene
from calcmeasure.report.palette import AMBER, SKY, VERMILION
from calcmeasure.report.study.figures.style import PAGE_MM, SMALL, in_print_style, print_figure

HEIGHT_MM = 68.0
COLUMNS = 6

Values = NDArray[np.float64]


@in_print_style
def draw_sheet(
    examples: Sequence[Example], outcomes: Sequence[Outcome], scenes: Mapping[int, Scene], path: Path
) -> None:
    """Draw up to six examples side by side.

    Parameters
    ----------
    scenes
        The scene of each outcome that is shown, by its number.
    """
    figure = print_figure(PAGE_MM, HEIGHT_MM)
    axes = figure.subplots(2, COLUMNS)
    for axis in axes.flat:
        axis.set_axis_off()
    for column, example in enumerate(examples):
        scene, outcome = scenes[example.number], outcomes[example.number]
        for axis in axes[:, column]:
            _show(axis, scene, example)
        _draw_truth(axes[1, column], outcome)
        _draw_answers(axes[1, column], outcome)
        axes[0, column].set_title(example.words, fontweight="normal", size=SMALL)
        axes[1, column].set_title(
            f"{_short(outcome.name)}, {example.side_mm:.0f} mm", fontweight="normal", size=SMALL - 1.5
        )
    save_small(figure, path, dpi=170)


def _short(name: str) -> str:
    return name.removeprefix("For ").removeprefix("digitised ").replace(NORMAL.name, "normal")


def _show(axis: Axes, scene: Scene, example: Example) -> None:
    mm = np.asarray(scene.spacing.rc_mm)
    half = example.side_mm / 2
    low = np.maximum(np.floor((example.centre_mm - half) / mm).astype(int), 0)
    high = np.minimum(np.ceil((example.centre_mm + half) / mm).astype(int), scene.attenuation.shape)
    crop = scene.attenuation[low[0] : high[0], low[1] : high[1]]
    inside = crop[scene.breast[low[0] : high[0], low[1] : high[1]]]
    dark, bright = np.percentile(inside if inside.size else crop, (1.0, 99.9))
    edges = ((low[1] - 0.5) * mm[1], (high[1] - 0.5) * mm[1], (high[0] - 0.5) * mm[0], (low[0] - 0.5) * mm[0])
    axis.imshow(crop, cmap="gray", vmin=dark, vmax=bright, extent=edges, interpolation="antialiased")
    axis.set_xlim(example.centre_mm[1] - half, example.centre_mm[1] + half)
    axis.set_ylim(example.centre_mm[0] + half, example.centre_mm[0] - half)


def _draw_truth(axis: Axes, outcome: Outcome) -> None:
    truth = outcome.truth
    _circles(axis, truth.points_mm[truth.wanted], MARKED, "o", 22)
    _circles(axis, truth.points_mm[~truth.wanted], VERMILION, "D", 14)
    for number in np.unique(truth.clusters[truth.wanted]):
        _span(axis, truth.points_mm[truth.clusters == number], MARKED, "--")


def _draw_answers(axis: Axes, outcome: Outcome) -> None:
    likely = outcome.counted & (outcome.probabilities >= 0.5)
    _circles(axis, outcome.marks_mm[likely], SKY, "s", 6)
    _circles(axis, outcome.members_mm, AMBER, "s", 6)
    for group in range(len(outcome.confidences)):
        _span(axis, outcome.members_mm[outcome.member_clusters == group], AMBER, "-")


def _circles(axis: Axes, points_mm: Values, colour: str, marker: str, size: float) -> None:
    axis.scatter(
        points_mm[:, 1], points_mm[:, 0], s=size, marker=marker, facecolors="none", edgecolors=colour, linewidths=0.5
    )


def _span(axis: Axes, points_mm: Values, colour: str, dashes: str) -> None:
    if len(points_mm) > 1:
        gaps = squareform(pdist(points_mm))
        ends = points_mm[list(np.unravel_index(int(gaps.argmax()), gaps.shape))]
        axis.plot(ends[:, 1], ends[:, 0], color=colour, linestyle=dashes, linewidth=0.6)
