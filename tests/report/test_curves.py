"""The kinetic curve: real seconds, percent over baseline, the measured phase named."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from calcmeasure.measure.enhancement import kinetic_curve
from calcmeasure.report.curves import draw_curve
from calcmeasure.report.panels import CurvePanel

TIMES_S = [-50.0, 85.0, 155.0, 225.0]


@pytest.fixture
def axis():
    """A curve that rises to 90 % and falls to 60 %."""
    signal = np.stack([np.full((1, 2, 2), value, np.float32) for value in (100, 190, 170, 160)])
    curve = kinetic_curve(signal, TIMES_S, where=np.ones((1, 2, 2), bool), first_post=1)
    axis = Figure().subplots()
    draw_curve(axis, CurvePanel(curve, 1, "first_post_contrast_start"))
    return axis


def test_points_are_percent_over_real_seconds(axis):
    line = next(line for line in axis.lines if len(line.get_xdata()) == 4)
    assert list(line.get_xdata()) == TIMES_S
    assert list(line.get_ydata()) == pytest.approx([0.0, 90.0, 70.0, 60.0])


def test_the_measured_phase_is_marked_and_named(axis):
    (mark,) = [line for line in axis.lines if len(line.get_xdata()) == 1]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (85.0, pytest.approx(90.0))
    assert [text.get_text() for text in axis.texts] == ["phase 1, 85 s"]


def test_the_axes_say_what_second_zero_is(axis):
    assert axis.get_xlabel() == "seconds after first post contrast start"
    assert axis.get_title().startswith("kinetics: ")


def test_without_times_the_axis_counts_phases_and_names_no_second():
    signal = np.stack([np.full((1, 1, 1), value, np.float32) for value in (100, 190, 170)])
    curve = kinetic_curve(signal, [0.0, 1.0, 2.0], where=(0, 0, 0), first_post=1)
    plain = Figure().subplots()
    draw_curve(plain, CurvePanel(curve, 1, ""))
    assert plain.get_xlabel() == "phase number, times unknown"
    assert [text.get_text() for text in plain.texts] == ["phase 1"]


def test_no_chosen_phase_shades_nothing():
    signal = np.stack([np.full((1, 1, 1), value, np.float32) for value in (100, 190, 170)])
    curve = kinetic_curve(signal, [-20.0, 60.0, 140.0], where=(0, 0, 0), first_post=1)
    plain = Figure().subplots()
    draw_curve(plain, CurvePanel(curve, -1, "injection"))
    assert not [artist for artist in (*plain.texts, *plain.patches) if artist.get_visible()]


@pytest.mark.parametrize("chosen", [1, 2])
def test_the_chosen_phase_is_shaded_around_its_time_and_named_within(chosen):
    signal = np.stack([np.full((1, 1, 1), value, np.float32) for value in (100, 190, 170, 160)])
    curve = kinetic_curve(signal, TIMES_S, where=(0, 0, 0), first_post=1)
    plain = Figure().subplots()
    draw_curve(plain, CurvePanel(curve, chosen, "injection"))
    (shade,), (name,) = plain.patches, plain.texts
    assert shade.get_x() < TIMES_S[chosen] < shade.get_x() + shade.get_width()
    assert name.get_text() == f"phase {chosen}, {TIMES_S[chosen]:.0f} s"
    assert name.get_position()[0] == TIMES_S[chosen]


def test_the_name_of_the_phase_stands_clear_of_the_curve(axis):
    axis.figure.draw_without_rendering()
    (name,) = axis.texts
    lowest = min(axis.transData.transform(point)[1] for point in axis.lines[1].get_xydata()[1:])
    assert name.get_window_extent().y1 < lowest
