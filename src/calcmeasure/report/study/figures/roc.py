"""ROC curves of what is left on images against residual disease at pathology."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from calcmeasure.report.palette import BLUE, VERMILION
from calcmeasure.report.study.figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study.figures.style import (
    COLUMN_MM,
    DIM,
    Mark,
    in_print_style,
    print_figure,
    say_nothing_to_show,
)
from calcmeasure.report.study.figures.words import (
    abbreviations,
    left_out_words,
)
from calcmeasure.report.study.words import VARIABLE_WORDS, with_interval
from calcmeasure.study.plots import RocCut, zero_cut
from calcmeasure.study.results import ScoreCurve
from calcmeasure.study.variables import Variable

HEIGHT_MM = 92.0
CURVE_MARKS = {
    Variable.DIAMETER_FOLLOWUP: Mark("Diameter on MRI", BLUE, "D"),
    Variable.EXTENT_FOLLOWUP: Mark("Extent on MG", VERMILION, "s", "--"),
}


@in_print_style
def draw_roc(curves: Sequence[ScoreCurve]) -> StudyFigure:
    """Draw the curves with the working point "above 0 mm is positive" and its intervals.

    Parameters
    ----------
    curves
        Of the diameter on MRI, and of others to compare it with.
    """
    figure = print_figure(COLUMN_MM, HEIGHT_MM)
    axis = figure.subplots()
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axis.set(xlabel="1 − specificity", ylabel="Sensitivity")
    axis.plot((0, 1), (0, 1), color=DIM, linewidth=0.6, linestyle=(0, (1, 2)))
    axis.set_title(f"Residual disease, {_n_words(curves)}")
    for curve in curves:
        _draw_curve(axis, curve)
    if not any(curve.roc.points for curve in curves):
        say_nothing_to_show(axis)
    else:
        figure.legend(loc="outside lower center", ncols=1, handlelength=3.0)
    return StudyFigure(
        name="roc-residual-disease",
        title="ROC of what is left on images for residual disease",
        caption=_caption(curves),
        figure=figure,
        numbers=as_numbers(
            ("score", "threshold_mm", "sensitivity", "false_positive_rate"),
            ((c.score, p.threshold, p.sensitivity, p.false_positive_rate) for c in curves for p in c.roc.points),
        ),
    )


def _draw_curve(axis: Axes, curve: ScoreCurve) -> None:
    mark, roc, cut = CURVE_MARKS[curve.score], curve.roc, zero_cut(curve.roc)
    if cut is None:
        return
    alarms, hits = [p.false_positive_rate for p in roc.points], [p.sensitivity for p in roc.points]
    label = f"{mark.label}: AUC {with_interval(roc.auc, roc.interval, decimals=3)}"
    axis.plot(alarms, hits, color=mark.colour, linestyle=mark.line, linewidth=1.2, label=label, gid="cases")
    if curve.score is Variable.DIAMETER_FOLLOWUP:
        _draw_cut(axis, cut, mark)


def _draw_cut(axis: Axes, cut: RocCut, mark: Mark) -> None:
    x, y = cut.false_positive_rate, cut.sensitivity
    axis.errorbar(
        [x.value], [y.value],
        xerr=[[x.value - x.wilson.low], [x.wilson.high - x.value]],
        yerr=[[y.value - y.wilson.low], [y.wilson.high - y.value]],
        fmt=mark.marker, color=mark.colour, markersize=5.0, markerfacecolor="white", elinewidth=0.8, zorder=4,
        label=f"more than 0 mm: {100 * y.value:.1f}% sensitive, {100 * (1 - x.value):.1f}% specific",
    )  # fmt: skip


def _n_words(curves: Sequence[ScoreCurve]) -> str:
    """Say how many cases the curves rest on; they may differ."""
    sizes = {curve.roc.n_positive + curve.roc.n_negative for curve in curves}
    return "n = " + " and ".join(str(n) for n in sorted(sizes, reverse=True))


def _caption(curves: Sequence[ScoreCurve]) -> str:
    return (
        f"ROC curves for residual disease at pathology ({_n_words(curves)}). "
        f"{' '.join(map(_curve_words, curves))} "
        "Diamond: “any enhancement left is positive”, with Wilson's intervals. Dotted: no information. "
        f"{abbreviations('MG', 'MRI', 'AUC', 'CI')}"
    )


def _curve_words(curve: ScoreCurve) -> str:
    roc, words = curve.roc, VARIABLE_WORDS[curve.score]
    if not roc.points:
        return f"{words}: not defined, because a class has no case."
    level = f"{100 * roc.interval.level:.0f}% CI, DeLong"
    missing = left_out_words(roc.left_out, lacking="this size or the pathology").strip()
    return (
        f"{words}: AUC {with_interval(roc.auc, roc.interval, decimals=3)} ({level}), {roc.n_positive} with and "
        f"{roc.n_negative} without residual disease. {missing}"
    ).strip()
