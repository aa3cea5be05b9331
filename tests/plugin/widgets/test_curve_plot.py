"""The plot of a kinetic curve: its axes, what is painted where, and how quickly."""

from __future__ import annotations

import time

import numpy as np
import pytest
from qtpy.QtGui import QColor, QImage

from calcmeasure.measure.enhancement import kinetic_curve
from calcmeasure.report.palette import AMBER, INK, SKY
from calcmeasure.report.panels import CurvePanel
from napari_calcmeasure.widgets.curve_plot import LEFT_PX, RIGHT_PX, Axes, CurvePlot

TIMES_S = (-50.0, 85.0, 155.0, 225.0)
SIZE = (400, 200)


def curve_of(peak=190.0, *, times_s=TIMES_S, chosen=1, time_zero="injection"):
    signal = np.stack([np.full((1, 1, 1), v, np.float32) for v in (100, peak, 160, 140)])
    return CurvePanel(kinetic_curve(signal, times_s, where=(0, 0, 0), first_post=1), chosen, time_zero)


@pytest.fixture
def plot(qtbot):
    widget = CurvePlot()
    qtbot.addWidget(widget)
    widget.resize(*SIZE)
    return widget


def painted(plot):
    """(rows, columns, 3) of what the plot looks like."""
    image = plot.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.array(
        [[QColor(image.pixel(x, y)).getRgb()[:3] for x in range(image.width())] for y in range(image.height())]
    )


def places_of(picture, colour):
    return np.argwhere(np.abs(picture - QColor(colour).getRgb()[:3]).max(axis=-1) <= 2)


@pytest.mark.parametrize(
    ("peak", "top"),
    [(150.0, 100.0), (190.0, 100.0), (198.0, 200.0), (290.0, 200.0), (301.0, 400.0), (5e6, 6_553_600.0)],
)
def test_the_percent_axis_doubles_until_the_curve_fits(peak, top):
    axes = Axes.of(curve_of(peak))
    assert axes.percent == (-25.0, top)
    assert 3 <= len(axes.percent_ticks) <= 7
    assert 0.0 in axes.percent_ticks


def test_a_curve_that_falls_lowers_the_other_end():
    assert Axes.of(curve_of(60.0)).percent == (-50.0, 100.0)


@pytest.mark.parametrize(
    ("times_s", "ticks"),
    [
        (TIMES_S, [-60.0, 0.0, 60.0, 120.0, 180.0, 240.0]),
        ((0.0, 1.0, 2.0, 3.0), [0.0, 0.6, 1.2, 1.8, 2.4, 3.0]),
        ((0.0, 90.0, 270.0, 500.0), [0.0, 100.0, 200.0, 300.0, 400.0, 500.0]),
    ],
)
def test_seconds_stand_at_round_numbers_within_the_axis(times_s, ticks):
    axes = Axes.of(curve_of(times_s=times_s))
    assert axes.time_ticks == pytest.approx(ticks)
    first, last = times_s[0], times_s[-1]
    assert axes.times_s == pytest.approx((first - 0.06 * (last - first), last + 0.06 * (last - first)))


def test_nothing_is_drawn_before_the_first_curve(plot):
    assert len(places_of(painted(plot), INK)) == SIZE[0] * SIZE[1]


def test_the_early_phase_has_a_diamond_at_its_second_and_its_enhancement(plot):
    plot.show_curve(curve_of(150.0))
    first, last = plot.axes.times_s
    x = LEFT_PX + (85.0 - first) / (last - first) * (SIZE[0] - LEFT_PX - RIGHT_PX)
    picture = painted(plot)
    diamond = [place for place in places_of(picture, AMBER) if abs(place[1] - x) <= 4]
    assert np.mean(diamond, axis=0)[1] == pytest.approx(x, abs=0.7)
    assert np.ptp(diamond, axis=0).max() <= 10
    (zero,) = {round(place[0]) for place in [np.mean(diamond, axis=0)]}
    plot.show_curve(curve_of(190.0))
    higher = [place for place in places_of(painted(plot), AMBER) if abs(place[1] - x) <= 4]
    assert np.mean(higher, axis=0)[0] < zero - 20, "more enhancement stands higher"
    assert len(places_of(picture, SKY)) > 50


def test_the_name_of_a_late_phase_stays_within_the_frame(plot):
    plot.show_curve(curve_of(chosen=3))
    assert places_of(painted(plot), AMBER)[:, 1].max() <= SIZE[0] - RIGHT_PX


def test_without_a_chosen_phase_nothing_is_marked(plot):
    plot.show_curve(curve_of(chosen=-1))
    picture = painted(plot)
    assert len(places_of(picture, AMBER)) == 0
    assert len(places_of(picture, SKY)) > 50


def test_the_class_of_the_curve_is_told_to_those_who_do_not_see_it(plot):
    plot.show_curve(curve_of(250.0))
    assert plot.accessibleDescription() == "kinetics: fast, washout"


def test_unknown_times_are_said_to_be_unknown(plot):
    plot.show_curve(curve_of(time_zero=""))
    without = painted(plot)
    plot.show_curve(curve_of(time_zero="injection"))
    assert not np.array_equal(without, painted(plot))


def test_it_is_painted_quickly(plot):
    # Time of the processor: what else runs on the machine does not count.
    spent = []
    for peak in range(150, 170):
        start = time.process_time()
        plot.show_curve(curve_of(float(peak)))
        plot.grab()
        spent.append(time.process_time() - start)
    assert np.median(spent) < 0.02
