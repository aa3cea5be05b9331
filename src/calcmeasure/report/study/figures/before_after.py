"""One patient before and after treatment: mammograms and MR slices, arrows at the ends of what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from calcmeasure.geometry import FloatArray, to_mm
from calcmeasure.model.measurement import AUTO_READER, Measurement
from calcmeasure.report.html import SIDE_WORDS
from calcmeasure.report.study.figures.figure import Cell, StudyFigure, as_numbers
from calcmeasure.report.study.figures.style import PAGE_MM, in_print_style, print_figure
from calcmeasure.report.study.figures.words import abbreviations
from calcmeasure.report.text import format_mm
from calcmeasure.terms import Modality

GAP_MM = 1.6
"""Between the panels."""
LETTER, WORDS = 11.0, 8.0
ARROW_POINTS = 20.0
"""Length of an arrow; it ends a little before what it points at."""
LEAST_FIELD_MM = {Modality.MG: 60.0, Modality.MR: 80.0}
"""Side of the smallest square shown: both panels of a modality show the same size of tissue."""
FIELD_PER_LENGTH = 1.7
"""Tissue shown per length of the longer measurement: room for the arrows."""
BAR_MM = {Modality.MG: 10.0, Modality.MR: 20.0}
WINDOW_PERCENTILES = {Modality.MG: (5.0, 99.95), Modality.MR: (1.0, 99.8)}
"""Of what is shown: grey levels from black to white."""
SHADOW = [withStroke(linewidth=1.5, foreground="black")]

Image = NDArray[np.uint8] | NDArray[np.float32]
Edges = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ImagePanel:
    """An image with one measurement on it.

    Parameters
    ----------
    image
        (rows, columns): a mammogram as a reader expects to see it, or a slice of the early phase.
    measurement
        With the image's spacing; of 0 mm where nothing was left.
    """

    image: Image
    measurement: Measurement

    @property
    def ends_mm(self) -> FloatArray:
        """(2, 2) x, y of the ends in mm from the centre of the first pixel; (0, 2) where nothing was left."""
        found = self.measurement
        if found.image is None or found.image.spacing is None or len(found.ends) != 2 or not found.value_mm:
            return np.empty((0, 2))
        return to_mm([end[-2:] for end in found.ends], found.image.spacing)[:, ::-1]

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Width and height of a pixel; 1 mm where the image has no spacing."""
        spacing = self.measurement.image.spacing if self.measurement.image else None
        return (spacing.col_mm, spacing.row_mm) if spacing else (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """What one figure shows.

    Parameters
    ----------
    name
        Safe as a part of a file name.
    mammograms, slices
        Before and after treatment, of one breast in one view, and of one lesion.
    """

    name: str
    mammograms: tuple[ImagePanel, ImagePanel]
    slices: tuple[ImagePanel, ImagePanel]


@in_print_style
def draw_before_after(case: BeforeAfter) -> StudyFigure:
    """Draw mammograms (A, B) above MR slices (C, D), before treatment at the left.

    Parameters
    ----------
    case
        Images and measurements of one patient.
    """
    figure = print_figure(PAGE_MM, PAGE_MM)
    figure.set_layout_engine("none")
    for row, (pair, letters) in enumerate(((case.mammograms, "AB"), (case.slices, "CD"))):
        side = _field_mm(pair)
        for column, (panel, centre) in enumerate(zip(pair, _centres_mm(pair), strict=True)):
            axis = _place(figure, row=row, column=column)
            _draw_panel(axis, panel, centre=centre, side=side)
            _write(axis, panel, letters[column])
    return StudyFigure(
        name=f"before-after-{case.name}",
        title="Before and after treatment",
        caption=_caption(case),
        figure=figure,
        numbers=as_numbers(
            ("panel", "modality", "timepoint", "laterality", "view", "lesion_id", "value_mm", "reader",
             "end1_x_mm", "end1_y_mm", "end2_x_mm", "end2_y_mm"),
            [_record(letter, p) for letter, p in zip("ABCD", (*case.mammograms, *case.slices), strict=True)],
        ),
    )  # fmt: skip


def _place(figure: Figure, *, row: int, column: int) -> Axes:
    """Lay one of two times two squares on the page."""
    share = (1.0 - GAP_MM / PAGE_MM) / 2
    return figure.add_axes((column * (1.0 - share), (1 - row) * (1.0 - share), share, share))


def _record(letter: str, panel: ImagePanel) -> tuple[Cell, ...]:
    m = panel.measurement
    ends: list[float] = panel.ends_mm.ravel().tolist()
    known = (letter, m.quantity.modality, m.timepoint, m.laterality, m.view, m.lesion_id, m.value_mm, m.reader)
    return (*known, *(ends if ends else (None,) * 4))


def _field_mm(pair: tuple[ImagePanel, ImagePanel]) -> float:
    lengths = [panel.measurement.value_mm or 0.0 for panel in pair]
    return max(FIELD_PER_LENGTH * max(lengths), LEAST_FIELD_MM[pair[0].measurement.quantity.modality])


def _centres_mm(pair: tuple[ImagePanel, ImagePanel]) -> list[FloatArray]:
    """Take the middle of each measurement; where nothing was left, the place of the other one."""
    middles = [panel.ends_mm.mean(axis=0) for panel in pair if len(panel.ends_mm)]
    shown = middles[0] if middles else np.asarray(pair[0].image.shape[::-1]) * pair[0].pixel_mm / 2
    return [panel.ends_mm.mean(axis=0) if len(panel.ends_mm) else shown for panel in pair]


def _draw_panel(axis: Axes, panel: ImagePanel, *, centre: FloatArray, side: float) -> None:
    size = np.asarray(panel.image.shape[::-1]) * panel.pixel_mm
    # Moved inside the image where it is large enough; a smaller one is shown whole, on black.
    left, top = np.where(size > side, np.clip(centre - side / 2, 0.0, np.maximum(size - side, 0.0)), (size - side) / 2)
    crop, extent = _crop(panel, (float(left), float(top)), side)
    low, high = np.percentile(crop, WINDOW_PERCENTILES[panel.measurement.quantity.modality])
    axis.set_facecolor("black")
    # A mammogram has more pixels than the print, a slice fewer.
    smooth = "antialiased" if panel.measurement.quantity.modality is Modality.MG else "bicubic"
    axis.imshow(
        crop, cmap="gray", vmin=low, vmax=max(high, low + 1), extent=extent, interpolation=smooth,
        interpolation_stage="data",
    )  # fmt: skip
    axis.set(xlim=(left, left + side), ylim=(top + side, top), xticks=(), yticks=(), aspect="equal")
    for spine in axis.spines.values():
        spine.set_visible(False)
    _point_at(axis, panel.ends_mm)
    if panel.measurement.image is not None and panel.measurement.image.spacing is not None:
        _draw_bar(axis, BAR_MM[panel.measurement.quantity.modality])


def _crop(panel: ImagePanel, corner: tuple[float, float], side: float) -> tuple[Image, Edges]:
    """Cut out what is shown, and its left, right, bottom and top in mm."""
    (left, top), (width, height) = corner, panel.pixel_mm
    column, row = max(int(left / width) - 1, 0), max(int(top / height) - 1, 0)
    crop = panel.image[row : int((top + side) / height) + 3, column : int((left + side) / width) + 3]
    rows, columns = crop.shape
    x, y = (column - 0.5) * width, (row - 0.5) * height
    return crop, (x, x + columns * width, y + rows * height, y)


def _point_at(axis: Axes, ends: FloatArray) -> None:
    """Point at either end from outside, along the line that was measured."""
    if not len(ends):
        return
    outward = (ends[1] - ends[0]) / max(float(np.hypot(*(ends[1] - ends[0]))), 1e-9)
    for end, (x, y) in zip(ends, (-outward, outward), strict=True):
        axis.annotate(
            "", (float(end[0]), float(end[1])), xytext=(x * ARROW_POINTS, -y * ARROW_POINTS),
            textcoords="offset points", gid="arrow",
            arrowprops={
                "arrowstyle": "simple,head_length=0.55,head_width=0.5,tail_width=0.14",
                "facecolor": "white", "edgecolor": "black", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2.5,
            },
        )  # fmt: skip


def _draw_bar(axis: Axes, length: float) -> None:
    right, bottom = axis.get_xlim()[1], axis.get_ylim()[0]
    margin = 0.04 * (right - axis.get_xlim()[0])
    x, y = right - margin, bottom - margin
    axis.plot((x - length, x), (y, y), color="white", linewidth=2.0, solid_capstyle="butt", path_effects=SHADOW)
    axis.annotate(
        f"{length:.0f} mm", (x, y), xytext=(0, 3), textcoords="offset points", color="white", ha="right", size=WORDS,
        path_effects=SHADOW,
    )  # fmt: skip


def _write(axis: Axes, panel: ImagePanel, letter: str) -> None:
    axis.text(
        0.025, 0.97, letter, size=LETTER, weight="bold", color="white", va="top", transform=axis.transAxes,
        bbox={"facecolor": "black", "edgecolor": "none", "pad": 2.5},
    )  # fmt: skip
    words = f"{'before' if letter in 'AC' else 'after'} treatment, {format_mm(panel.measurement.value_mm)}"
    axis.text(
        0.97, 0.965, words, size=WORDS, color="white", va="top", ha="right", transform=axis.transAxes,
        path_effects=SHADOW,
    )  # fmt: skip


def _caption(case: BeforeAfter) -> str:
    before, after = case.mammograms
    first, last = case.slices
    view = f", {before.measurement.view} view" if before.measurement.view else ""
    automatic = any(p.measurement.reader == AUTO_READER for p in (*case.mammograms, *case.slices))
    return (
        f"{_side(before)} breast. Mammograms{view}, (A) before and (B) after treatment: extent of microcalcifications "
        f"{format_mm(before.measurement.value_mm)} and {format_mm(after.measurement.value_mm)}. Early post-contrast "
        f"MRI, {_side(first).lower()} breast, (C) before and (D) after treatment: greatest diameter of the enhancing "
        f"lesion {format_mm(first.measurement.value_mm)} and {format_mm(last.measurement.value_mm)}. Arrows: ends of "
        "what was measured. Panels beside each other have one scale. "
        f"{'Measured automatically, not by a reader. ' if automatic else ''}{abbreviations('MRI')}"
    )


def _side(panel: ImagePanel) -> str:
    return SIDE_WORDS[panel.measurement.laterality or ""].capitalize() or "One"
