"""The 2 × 2 table of MRI against pathology, with the rates that follow from it and their intervals."""

from __future__ import annotations

from math import isnan

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from calcmeasure.report.palette import BLUE
from calcmeasure.report.study.figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study.figures.style import BLACK, DIM, LARGE, PAGE_MM, PALE, SMALL, in_print_style, print_figure
from calcmeasure.report.study.figures.words import abbreviations, left_out_words
from calcmeasure.report.study.words import fixed, percent_interval
from calcmeasure.stats.diagnostic import DiagnosticAccuracy, TwoByTwo
from calcmeasure.stats.proportion import Proportion
from calcmeasure.study.results import Diagnostic

HEIGHT_MM = 62.0
RIGHT = "#d8e8f3"
"""Face of the cells in which MRI and pathology agree (also said in words)."""


@in_print_style
def draw_two_by_two(diagnostic: Diagnostic) -> StudyFigure:
    """Draw the table and, beside it, every rate with Wilson's interval.

    Parameters
    ----------
    diagnostic
        Accuracy in one subgroup.
    """
    accuracy = diagnostic.accuracy
    figure = print_figure(PAGE_MM, HEIGHT_MM)
    table, rates = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
    _draw_table(table, accuracy.counts)
    _draw_rates(rates, _rates(accuracy))
    counts = accuracy.counts
    cells = [("true positive", counts.tp), ("false positive", counts.fp), ("false negative", counts.fn)]
    cells.append(("true negative", counts.tn))
    return StudyFigure(
        name="residual-2x2",
        title="Residual enhancement on MRI against residual disease at pathology",
        caption=_caption(accuracy),
        figure=figure,
        numbers=as_numbers(
            ("what", "count", "total", "value", "wilson_low", "wilson_high", "exact_low", "exact_high"),
            [
                *((name, n, counts.n, *[None] * 5) for name, n in cells),
                *map(_record, _rates(accuracy)),
            ],
        ),
    )


def _rates(accuracy: DiagnosticAccuracy) -> list[tuple[str, Proportion]]:
    return [
        ("Sensitivity", accuracy.sensitivity),
        ("Specificity", accuracy.specificity),
        ("PPV", accuracy.ppv),
        ("NPV", accuracy.npv),
        ("False-positive rate", accuracy.false_positive_rate),
        ("False-negative rate", accuracy.false_negative_rate),
        ("Accuracy", accuracy.accuracy),
    ]


def _record(rate: tuple[str, Proportion]) -> tuple[str, int, int, float, float, float, float, float]:
    name, p = rate
    return (
        name.lower() if not name.isupper() else name, p.count, p.total, p.value, p.wilson.low, p.wilson.high,
        p.clopper_pearson.low, p.clopper_pearson.high,
    )  # fmt: skip


def _draw_table(axis: Axes, counts: TwoByTwo) -> None:
    axis.set(xlim=(-1.05, 3.02), ylim=(3.02, -1.05))
    axis.set_axis_off()
    axis.text(1.0, -0.82, "Pathology", ha="center", va="center", weight="bold")
    axis.text(-0.12, -0.3, "MRI", ha="right", va="center", weight="bold")
    cells = ((counts.tp, counts.fp), (counts.fn, counts.tn))
    names = (("true positive", "false positive"), ("false negative", "true negative"))
    for column, words in enumerate(("residual\ndisease", "complete\nresponse", "all")):
        axis.text(column + 0.5, -0.3, words, ha="center", va="center", linespacing=1.2)
    for row, words in enumerate(("enhancement\nleft (> 0 mm)", "nothing left\n(0 mm)", "all")):
        axis.text(-0.12, row + 0.5, words, ha="right", va="center", linespacing=1.2)
        totals = sum(cells[row]) if row < 2 else counts.n
        _cell(axis, (2, row), totals, face="white")
        for column in range(2):
            if row < 2:
                _cell(
                    axis,
                    (column, row),
                    cells[row][column],
                    name=names[row][column],
                    face=RIGHT if row == column else PALE,
                )
    for column in range(2):
        _cell(axis, (column, 2), cells[0][column] + cells[1][column], face="white")


def _cell(axis: Axes, place: tuple[int, int], count: int, *, face: str, name: str = "") -> None:
    x, y = place
    axis.add_patch(Rectangle((x, y), 1, 1, facecolor=face, edgecolor=BLACK, linewidth=0.6))
    axis.text(x + 0.5, y + (0.42 if name else 0.5), str(count), ha="center", va="center", size=LARGE + 2 * bool(name))
    axis.text(x + 0.5, y + 0.8, name, ha="center", va="center", size=SMALL)


def _draw_rates(axis: Axes, rates: list[tuple[str, Proportion]]) -> None:
    axis.set(xlim=(0, 100), ylim=(len(rates) - 0.4, -0.6), xlabel="%, with 95% confidence interval (Wilson)")
    axis.set_yticks(range(len(rates)), [f"{name}\n{p.count}/{p.total}" for name, p in rates], linespacing=1.15)
    axis.tick_params(left=False)
    axis.spines["left"].set_visible(False)
    for place, (_, p) in enumerate(rates):
        axis.axhline(place, color=PALE, linewidth=0.6, zorder=0)
        if not isnan(p.value):
            ends = (100 * p.wilson.low, 100 * p.wilson.high)
            axis.plot(ends, (place, place), color=BLUE, linewidth=1.4, solid_capstyle="butt")
            axis.plot([100 * p.value], [place], "o", color=BLUE, markersize=4.5, gid="cases")
        words, where = f"{fixed(100 * p.value, 1)} ({percent_interval(p.wilson)})", axis.get_yaxis_transform()
        axis.text(1.03, place, words, transform=where, va="center", size=SMALL)
    axis.text(1.03, -0.85, "% (95% CI)", transform=axis.get_yaxis_transform(), va="center", size=SMALL, color=DIM)


def _caption(accuracy: DiagnosticAccuracy) -> str:
    counts = accuracy.counts
    return (
        f"Residual enhancement on MRI after treatment against pathology (n = {counts.n}). The positive class is "
        "residual disease; the test is positive when an enhancement of any size is left. Predictive values hold for "
        f"this share of residual disease ({counts.tp + counts.fn} of {counts.n}). "
        f"{left_out_words(counts.left_out, lacking='the diameter or the pathology')}"
        f"{abbreviations('MRI', 'CI', 'PPV', 'NPV')}"
    )
