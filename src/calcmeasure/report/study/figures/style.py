"""The one look of all figures for print: sizes, letters, colours on white, and what stands beside a colour."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from calcmeasure.model.pathology import Subtype
from calcmeasure.report.palette import AMBER, BLUE, GREEN, SKY, VERMILION

COLUMN_MM = 85.0
"""Width of one column of a journal."""
PAGE_MM = 180.0
"""Width of its page."""
MM_PER_INCH = 25.4
PRINT_DPI = 300
BLACK = "#1a1a1a"
"""Lines and letters."""
PURPLE = "#cc79a7"
"""Last colour of the set that shows on white."""
DIM = "#767676"
"""What is not the message: reference lines, second-rank letters (4.5 : 1 against white)."""
PALE = "#e9ecee"
"""Shaded areas and the faces of boxes."""
SMALL = 6.0
"""Smallest letters, in points."""
NORMAL = 7.0
LARGE = 8.0
LEAST_LABELLED = 3
"""Fewer markers at one place are told by their outlines."""
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": NORMAL,
    "axes.labelcolor": BLACK,
    "axes.edgecolor": BLACK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": BLACK,
    "xtick.color": BLACK,
    "ytick.color": BLACK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "legend.handletextpad": 0.4,
    "legend.borderaxespad": 0.5,
    "lines.linewidth": 1.0,
    "lines.markersize": 4.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "calcmeasure",
}

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Mark:
    """How one category is told from the others, in colour and without.

    Parameters
    ----------
    label
        Its name in a legend.
    marker, line
        As matplotlib spells them.
    """

    label: str
    colour: str
    marker: str
    line: str = "-"


SUBTYPE_MARKS = {
    Subtype.HER2_ENRICHED: Mark(str(Subtype.HER2_ENRICHED), VERMILION, "^"),
    Subtype.LUMINAL_HER2: Mark(str(Subtype.LUMINAL_HER2), BLUE, "s"),
    Subtype.LUMINAL: Mark(str(Subtype.LUMINAL), GREEN, "o"),
    Subtype.TRIPLE_NEGATIVE: Mark(str(Subtype.TRIPLE_NEGATIVE), PURPLE, "D"),
    None: Mark("subtype not known", DIM, "x"),
}
CATEGORY_MARKS = {
    "increase": Mark("increase", VERMILION, "^"),
    "unchanged": Mark("unchanged", SKY, "o", "--"),
    "decrease": Mark("decrease", BLUE, "v", "-."),
    "not_comparable": Mark("not comparable", DIM, "x", ":"),
    "PD": Mark("PD", VERMILION, "^"),
    "iCPD": Mark("iCPD", VERMILION, "^"),
    "iUPD": Mark("iUPD", PURPLE, "D", ":"),
    "SD": Mark("SD", AMBER, "s", ":"),
    "iSD": Mark("iSD", AMBER, "s", ":"),
    "non-CR/non-PD": Mark("non-CR/non-PD", GREEN, "P", "--"),
    "PR": Mark("PR", SKY, "o", "--"),
    "iPR": Mark("iPR", SKY, "o", "--"),
    "CR": Mark("CR", BLUE, "v", "-."),
    "iCR": Mark("iCR", BLUE, "v", "-."),
    "NE": Mark("NE", DIM, "x", ":"),
    "": Mark("not judged", DIM, "x", ":"),
}
"""By the name of the category, from growth to disappearance."""


def mark_of(category: str) -> Mark:
    """Find how a category is drawn; one that is not known keeps its name.

    Examples
    --------
    >>> mark_of("PR").label, mark_of("other").label
    ('PR', 'other')
    """
    return CATEGORY_MARKS.get(category) or Mark(category, DIM, "x", ":")


def in_print_style(draw: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Draw with these settings alone: what the user set for matplotlib would change the picture."""

    @wraps(draw)
    def styled(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        with rc_context():
            rcdefaults()
            rcParams.update(_STYLE)
            return draw(*args, **kwargs)

    return styled


def print_figure(width_mm: float, height_mm: float) -> Figure:
    """Open an empty figure of a printed size; nothing lies outside it."""
    figure = Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def sheet(figure: Figure) -> Axes:
    """Lay an axis without lines over the whole figure, in mm from its lower left corner."""
    width, height = (float(side) * MM_PER_INCH for side in figure.get_size_inches())
    figure.set_layout_engine("none")
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axis.set_xlim(0.0, width)
    axis.set_ylim(0.0, height)
    axis.set_axis_off()
    return axis


def label_stacks(
    axis: Axes, places: Iterable[tuple[float, float, int]], outward: Callable[[float, float], tuple[int, int]]
) -> None:
    """Write ×k beside every place where three or more markers lie on one another.

    Parameters
    ----------
    axis
        Where they are drawn.
    places
        x, y, k.
    outward
        Of a place, the direction (-1, 0 or 1 in x and y) in which there is room.
    """
    for x, y, count in places:
        if count >= LEAST_LABELLED:
            right, up = outward(x, y)
            label = axis.annotate(
                f"×{count}", (x, y), xytext=(4 * right, 4 * up), textcoords="offset points", size=SMALL, zorder=5,
                ha=("right", "center", "left")[right + 1], va=("top", "center", "bottom")[up + 1],
            )  # fmt: skip
            label.set_path_effects([withStroke(linewidth=1.0, foreground="white")])


def say_nothing_to_show(axis: Axes) -> None:
    """Say that there is no case instead of leaving a reader before empty axes."""
    axis.text(0.5, 0.5, "no case", transform=axis.transAxes, ha="center", va="center", color=DIM, size=LARGE)
