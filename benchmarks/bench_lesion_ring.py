"""The ring tumour of a public dynamic series: its outline and its in-plane diameter over phases and thresholds.

Run: ``python benchmarks/bench_lesion_ring.py FILE [--picture]``, where FILE is ``invivo.mat`` of DCEMRI.jl (D. S.
Smith, MIT licence): one sagittal slice, 25 time points, no pixel spacing, so that every length is in pixels.
``--picture`` draws ``docs/images/ring-tumour.png`` anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import ndimage
from scipy.io import loadmat
from scipy.spatial.distance import pdist, squareform
from skimage.measure import find_contours

from accuracy.pictures import IMAGES, save_small
from calcmeasure.detect.contract import DynamicImage, LesionFinding
from calcmeasure.detect.lesions.detector import detect_lesions
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.report.palette import AMBER, BLUE, VERMILION
from timing import print_table

PICTURES = ("ring-tumour.png",)
PHASES = tuple(range(6, 19))
SHOWN = (9, 11, 13)
SHARES = (0.4, 0.5, 0.6)
"""Heights of the edge between surroundings and rim; 0.5 is the detector's rule."""
SHELL = (4, 12)
COLOURS = (AMBER, VERMILION, BLUE)
MARGIN = 22


@dataclass(frozen=True, slots=True)
class Reading:
    """What looks most like a lesion at one phase, in pixels."""

    phase: int
    subtraction: np.ndarray
    outline: np.ndarray
    ends: np.ndarray
    diameter: float
    by_share: tuple[float, ...]
    accepted: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--picture", action="store_true", help="draw the picture of the documentation anew")
    options = parser.parse_args()
    series = loadmat(options.file)["DCEdata"].astype(np.float32)[:, None]
    readings = [reading for phase in PHASES if (reading := read(series, phase)) is not None]
    print_table(
        ("phase", "diameter, pixels", "accepted", *(f"edge at {share:.0%}" for share in SHARES)), _rows(readings)
    )
    if options.picture:
        save_small(_drawn(readings), IMAGES / PICTURES[0])


def as_image(series: np.ndarray, phase: int) -> DynamicImage:
    """Phase before contrast, the early one and the last, each the mean of three time points: as a clinical series."""
    phases = np.stack([series[:3].mean(axis=0), series[phase - 1 : phase + 2].mean(axis=0), series[-3:].mean(axis=0)])
    spacing = Spacing(1.0, 1.0, SpacingSource.GIVEN, slice_mm=5.0)
    grid = ImageGrid(phases.shape[1:], (60.0, 0.0, 0.0), ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)), spacing)
    return DynamicImage(phases, grid, 0, 1)


def read(series: np.ndarray, phase: int) -> Reading | None:
    """The likeliest lesion with `phase` as the early one; None when nothing enhances."""
    image = as_image(series, phase)
    findings = detect_lesions(image)
    every = (*findings.lesions, *findings.others)
    if not every:
        return None
    lesion = max(every, key=lambda finding: finding.confidence)
    subtraction = (image.early - findings.moved.get(0, image.pre))[0]
    outline = max((contour[:, 1:] for contour in lesion.contours_zrc), key=len)
    first, second = _ends(outline)
    mask = _whole(lesion, subtraction.shape)
    spread = tuple(_diameter_at(share, subtraction, mask) for share in SHARES)
    return Reading(
        phase, subtraction, outline, np.stack([first, second]), _length(first, second), spread, bool(findings.lesions)
    )


def _whole(lesion: LesionFinding, shape: tuple[int, ...]) -> np.ndarray:
    mask = np.zeros((1, *shape), dtype=bool)
    box = tuple(slice(start, start + n) for start, n in zip(lesion.offset_zrc, lesion.mask.shape, strict=True))
    mask[box] = lesion.mask
    return mask[0]


def _diameter_at(share: float, subtraction: np.ndarray, mask: np.ndarray) -> float:
    """Where the signal has come a share of the way from the surroundings to the rim."""
    distance = ndimage.distance_transform_edt(~mask)
    outside = float(np.median(subtraction[(distance >= SHELL[0]) & (distance <= SHELL[1])]))
    level = outside + share * (float(np.percentile(subtraction[mask], 80)) - outside)
    smooth = ndimage.gaussian_filter(subtraction, 0.7)
    polygons = find_contours(np.where(distance <= SHELL[0], smooth, outside), level)
    return _length(*_ends(max(polygons, key=len)))


def _ends(polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    between = squareform(pdist(polygon))
    i, k = np.unravel_index(between.argmax(), between.shape)
    return polygon[i], polygon[k]


def _length(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.linalg.norm(first - second))


def _rows(readings: list[Reading]) -> Iterator[tuple[str, ...]]:
    for one in readings:
        yield (
            str(one.phase),
            f"{one.diameter:.1f}",
            "yes" if one.accepted else "no",
            *(f"{length:.1f}" for length in one.by_share),
        )
    for name, function in (("median", np.median), ("least", np.min), ("greatest", np.max)):
        own = function([one.diameter for one in readings])
        yield (
            name,
            f"{own:.1f}",
            "",
            *(f"{function([one.by_share[k] for one in readings]):.1f}" for k in range(len(SHARES))),
        )


def _drawn(readings: list[Reading]) -> Figure:
    figure = Figure(figsize=(11.0, 7.4), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1.2, 1.0))
    shown = [one for one in readings if one.phase in SHOWN]
    middle = np.mean([one.outline.mean(axis=0) for one in shown], axis=0)
    brightest = max(float(one.subtraction[_window(middle)].max()) for one in shown)
    for axes, one in zip(above.subplots(1, len(shown)), shown, strict=True):
        _draw_phase(axes, one, middle=middle, brightest=brightest)
    overview, spread = below.subplots(1, 2, width_ratios=(1, 1.9))
    _draw_overview(overview, shown[len(shown) // 2], middle=middle)
    _draw_spread(spread, readings)
    return figure


def _window(middle: np.ndarray) -> tuple[slice, slice]:
    row, column = (round(float(value)) for value in middle)
    return slice(row - MARGIN, row + MARGIN + 1), slice(column - MARGIN, column + MARGIN + 1)


def _draw_phase(axes: Axes, one: Reading, *, middle: np.ndarray, brightest: float) -> None:
    axes.imshow(one.subtraction, cmap="gray", vmin=0, vmax=0.9 * brightest, interpolation="nearest")
    axes.plot(*np.vstack([one.outline, one.outline[:1]])[:, ::-1].T, color=VERMILION, linewidth=1.6)
    axes.plot(*one.ends[:, ::-1].T, color=AMBER, linewidth=1.2, linestyle=(0, (4, 2)), marker="o", markersize=4)
    rows, columns = _window(middle)
    axes.set(xlim=(columns.start - 0.5, columns.stop - 0.5), ylim=(rows.stop - 0.5, rows.start - 0.5))
    axes.set(xticks=[], yticks=[], title=f"time point {one.phase}: {one.diameter:.1f} pixels")


def _draw_overview(axes: Axes, one: Reading, *, middle: np.ndarray) -> None:
    top = float(np.percentile(one.subtraction, 99.7))
    axes.imshow(one.subtraction, cmap="gray", vmin=0, vmax=top, interpolation="nearest")
    axes.plot(*np.vstack([one.outline, one.outline[:1]])[:, ::-1].T, color=VERMILION, linewidth=1.0)
    rows, columns = _window(middle)
    corners = [(columns.start, rows.start), (columns.stop, rows.start), (columns.stop, rows.stop)]
    frame = np.array([*corners, (columns.start, rows.stop), (columns.start, rows.start)], dtype=float) - 0.5
    axes.plot(*frame.T, color=AMBER, linewidth=1.0)
    axes.set(xticks=[], yticks=[], title=f"whole slice, time point {one.phase}")


def _draw_spread(axes: Axes, readings: list[Reading]) -> None:
    phases = [one.phase for one in readings]
    for share, colour, k in zip(SHARES, COLOURS, range(len(SHARES)), strict=True):
        lengths = [one.by_share[k] for one in readings]
        axes.plot(
            phases, lengths, color=colour, linewidth=1.2, label=f"edge at {100 * share:.0f} % of the way to the rim"
        )
    own = [one.diameter for one in readings]
    for accepted, face, label in ((True, "black", "calcmeasure"), (False, "white", "calcmeasure, listed only")):
        some = [one for one in readings if one.accepted is accepted]
        places, lengths = [one.phase for one in some], [one.diameter for one in some]
        axes.plot(places, lengths, "o", color="black", markerfacecolor=face, label=label if some else None)
    every = [*own, *(length for one in readings for length in one.by_share)]
    axes.set(xlabel="time point taken as the early phase", ylabel="in-plane diameter, pixels", xticks=phases)
    axes.set(ylim=(0, 1.25 * max(every)))
    axes.set_title(f"median {np.median(own):.1f} pixels, {min(own):.1f} to {max(own):.1f} over the phases")
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
