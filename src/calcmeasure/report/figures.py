"""Pictures of measurements: the image in true proportion, what was found drawn in place, the number beside it."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from numpy.typing import NDArray

from calcmeasure.geometry import FloatArray, Spacing, SpacingSource, to_mm
from calcmeasure.measure.extent import measure_extent
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.curves import draw_curve
from calcmeasure.report.marks import add_legend, draw_left_out, draw_members, read_together
from calcmeasure.report.palette import AMBER, GREEN, INK, PAPER, SKY
from calcmeasure.report.panels import DynamicPanel, MammogramPanel
from calcmeasure.report.text import format_mm

DPI = 120
"""Resolution of the pictures in the report."""
ZOOM_MARGIN_MM = 12.0
"""Tissue shown around a finding in the close-up."""
SMALLEST_ZOOM_MM = 30.0
"""Side of the smallest close-up."""
Box = tuple[float, float, float, float]
"""Left, top, width, height in mm."""
PIXELS_ONLY = Spacing(1.0, 1.0, SpacingSource.GIVEN)
"""Stands in for the proportions of an image without millimetres; such a picture has no scale bar."""


def draw_panel(panel: MammogramPanel | DynamicPanel) -> bytes:
    """Draw one finding.

    Returns
    -------
    bytes
        PNG without any metadata that could name a patient.
    """
    if isinstance(panel, MammogramPanel):
        return _png(_mammogram_figure(panel))
    return _png(_dynamic_figure(panel))


def _mammogram_figure(panel: MammogramPanel) -> Figure:
    spacing = panel.annotation.image.spacing or PIXELS_ONLY
    marks_rc = np.asarray(panel.annotation.points, dtype=float).reshape(-1, 2)
    figure, (whole, plain, close) = _axes(widths=(0.95, 1.1, 1.1))
    _show(whole, panel.display, spacing, vmax=255)
    draw_left_out(whole, panel, spacing, size=3.5)
    if len(marks_rc):
        box_mm = _zoom_box(to_mm(marks_rc, spacing), panel.display.shape, spacing)
        _outline_box(whole, box_mm)
        low, high = _local_window(panel.display, marks_rc)
        for axis in (plain, close):
            _show(axis, panel.display, spacing, vmin=low, vmax=high, box_mm=box_mm)
            _zoom(axis, box_mm)
        draw_left_out(close, panel, spacing, size=5.5)
        draw_members(close, panel, spacing)
        _draw_hull(close, marks_rc, spacing)
        _draw_caliper(close, panel.measurement, spacing)
        _title(close, read_together(panel.measurement))
    else:
        close.set_axis_off()
        _say_nothing_found(plain, panel.measurement)
    if panel.annotation.image.spacing:
        for axis in (whole, plain, close) if len(marks_rc) else (whole,):
            _scale_bar(axis)
    add_legend(figure, panel)
    return figure


def _dynamic_figure(panel: DynamicPanel) -> Figure:
    spacing = panel.annotation.image.spacing or PIXELS_ONLY
    outline_rc = np.asarray(panel.annotation.points, dtype=float).reshape(-1, 3)[:, 1:]
    figure, axes = _axes(widths=(1.35, 1.0, 1.2))
    whole, close, curve = axes
    _show(whole, panel.early, spacing, vmax=float(np.percentile(panel.early, 99.7)) or 1.0)
    _show(close, panel.enhancement, spacing, vmin=0.0, vmax=200.0)
    if len(outline_rc):
        box_mm = _zoom_box(to_mm(outline_rc, spacing), panel.early.shape, spacing)
        _outline_box(whole, box_mm)
        close.add_patch(Polygon(_xy(outline_rc, spacing), closed=True, fill=False, edgecolor=SKY, linewidth=1.4))
        _draw_caliper(close, panel.measurement, spacing)
        _zoom(close, box_mm)
    _title(whole, "early post-contrast")
    _title(close, "subtraction, enhancement 0-200 %" + ("" if len(outline_rc) else ", nothing found"))
    for axis in (whole, close):
        _scale_bar(axis)
    if panel.curve is None:
        curve.set_axis_off()
    else:
        draw_curve(curve, panel.curve)
    return figure


def _axes(widths: tuple[float, ...]) -> tuple[Figure, NDArray[np.object_]]:
    figure = Figure(figsize=(3.6 * sum(widths), 4.0), dpi=DPI, facecolor=INK, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(widths), width_ratios=widths)
    return figure, axes


def _show(
    axis: Axes,
    image: NDArray[np.generic],
    spacing: Spacing,
    *,
    vmax: float,
    vmin: float = 0.0,
    box_mm: Box | None = None,
) -> None:
    """Show an image, or what lies in a box of it, in mm; pixel centres at whole multiples of the spacing."""
    row, column = (0, 0)
    if box_mm is not None:
        # The rest would be resampled only to be cut off: most of the time a large mammogram's picture takes.
        left, top, width, height = box_mm
        row, column = max(int(top / spacing.row_mm) - 1, 0), max(int(left / spacing.col_mm) - 1, 0)
        last_row, last_column = int((top + height) / spacing.row_mm) + 2, int((left + width) / spacing.col_mm) + 2
        image = image[row : last_row + 1, column : last_column + 1]
    rows, columns = image.shape
    left, top = (column - 0.5) * spacing.col_mm, (row - 0.5) * spacing.row_mm
    extent = (left, left + columns * spacing.col_mm, top + rows * spacing.row_mm, top)
    axis.imshow(
        image,
        cmap="gray",
        vmin=vmin,
        vmax=vmax,
        extent=extent,
        interpolation="antialiased",
        interpolation_stage="data",  # grey is linear: as good as resampling colours, at a fifth of the time
        aspect="equal",
    )
    axis.set_axis_off()


def _zoom_box(points_mm: FloatArray, shape: tuple[int, ...], spacing: Spacing) -> Box:
    """Square around row, column points in mm, moved inside the image."""
    low, high = points_mm.min(axis=0), points_mm.max(axis=0)
    size_mm = np.asarray(shape[:2]) * spacing.rc_mm
    side = min(max(float(np.max(high - low)) + 2 * ZOOM_MARGIN_MM, SMALLEST_ZOOM_MM), float(size_mm.min()))
    start = np.clip((low + high) / 2 - side / 2, 0.0, size_mm - side)
    return (float(start[1]), float(start[0]), side, side)


def _local_window(display: NDArray[np.uint8], marks_rc: FloatArray) -> tuple[float, float]:
    """Grey levels around the finding, stretched so that a calcification stands out."""
    low, high = marks_rc.min(axis=0).astype(int), marks_rc.max(axis=0).astype(int) + 1
    margin = 40
    around = display[max(low[0] - margin, 0) : high[0] + margin, max(low[1] - margin, 0) : high[1] + margin]
    tissue = around[around > 0]
    if not tissue.size:
        return (0.0, 255.0)
    dark, bright = np.percentile(tissue, (2, 99.9))
    return (float(dark), float(max(bright, dark + 10)))


def _zoom(axis: Axes, box_mm: Box) -> None:
    left, top, width, height = box_mm
    axis.set_xlim(left, left + width)
    axis.set_ylim(top + height, top)


def _outline_box(axis: Axes, box_mm: Box) -> None:
    left, top, width, height = box_mm
    axis.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=AMBER, linewidth=1.0, linestyle="--"))


def _draw_hull(axis: Axes, marks_rc: FloatArray, spacing: Spacing) -> None:
    hull = measure_extent(marks_rc, spacing).hull_rc
    if len(hull) >= 3:
        axis.add_patch(Polygon(_xy(hull, spacing), closed=True, fill=False, edgecolor=GREEN, linewidth=0.9, alpha=0.9))


def _draw_caliper(axis: Axes, measurement: Measurement, spacing: Spacing) -> None:
    if len(measurement.ends) != 2 or measurement.value_mm is None:
        return
    ends = np.asarray([end[-2:] for end in measurement.ends], dtype=float)
    xy = _xy(ends, spacing)
    axis.plot(xy[:, 0], xy[:, 1], color=INK, linewidth=3.0, solid_capstyle="butt")
    axis.plot(xy[:, 0], xy[:, 1], color=AMBER, linewidth=1.5, marker="+", markersize=11, markeredgewidth=1.5)
    words = f"{format_mm(measurement.value_mm)}"
    lower = xy[np.argmax(xy[:, 1])]
    axis.annotate(
        words,
        xy=(float(lower[0]), float(lower[1])),
        xytext=(0, -14),
        textcoords="offset points",
        ha="center",
        color=AMBER,
        fontsize=11,
        fontweight="bold",
        bbox={"facecolor": INK, "edgecolor": "none", "alpha": 0.7, "pad": 1.5},
    )


def _say_nothing_found(axis: Axes, measurement: Measurement) -> None:
    axis.set_axis_off()
    words = "nothing found: 0 mm" if measurement.value_mm == 0 else "shown, not measured"
    axis.text(0.5, 0.5, words, color=PAPER, ha="center", va="center", transform=axis.transAxes, fontsize=12)


def _scale_bar(axis: Axes, *, length_mm: float = 10.0) -> None:
    """Draw a 10 mm bar in the lower right corner, in the picture's own scale."""
    x_low, x_high = axis.get_xlim()
    y_bottom, y_top = axis.get_ylim()
    margin = 0.04 * abs(x_high - x_low)
    x_end, y = x_high - margin, y_bottom - 0.04 * (y_bottom - y_top)
    axis.plot((x_end - length_mm, x_end), (y, y), color=PAPER, linewidth=2.0, solid_capstyle="butt")
    axis.text(
        x_end, y - 0.012 * (y_bottom - y_top), f"{length_mm:.0f} mm", color=PAPER, ha="right", va="bottom", size=8
    )
    axis.set_xlim(x_low, x_high)
    axis.set_ylim(y_bottom, y_top)


def _title(axis: Axes, words: str) -> None:
    axis.set_title(words, color=PAPER, fontsize=9, pad=4)


def _xy(points_rc: FloatArray, spacing: Spacing) -> FloatArray:
    """Row, column indices to the picture's x, y in mm."""
    return to_mm(points_rc, spacing)[:, ::-1]


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # No software or date entry: the same finding gives the same bytes.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
