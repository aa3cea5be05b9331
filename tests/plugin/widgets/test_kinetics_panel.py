"""The kinetics panel: a curve or a sentence, quick redraws, and the choice of the early phase."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from calcmeasure.measure.enhancement import kinetic_curve
from calcmeasure.report.panels import CurvePanel
from napari_calcmeasure.display.kinetics import Kinetics
from napari_calcmeasure.display.phases import phase_choices
from napari_calcmeasure.widgets.kinetics_panel import EMPTY, NO_SERIES, KineticsPanel

pytestmark = pytest.mark.gui
TIMES_S = [-50.0, 85.0, 155.0, 225.0]


def curve_of(peak=250.0, *, times_s=TIMES_S):
    signal = np.stack([np.full((1, 1, 1), v, np.float32) for v in (100, peak, 160, 140)])
    curve = kinetic_curve(signal, times_s, where=(0, 0, 0), first_post=1)
    return Kinetics(CurvePanel(curve, 1, "injection"), "mean of 13 voxels on slice 2")


@pytest.fixture
def panel(qtbot):
    widget = KineticsPanel()
    qtbot.addWidget(widget)
    widget.resize(420, 460)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def plot(panel, qtbot):
    """The plot as it stands once its window has settled, with a first curve."""
    panel.plot.widget.show()
    panel.plot.show_curve(curve_of(190.0).panel)
    qtbot.wait(100)
    return panel.plot


def picture(plot):
    return np.asarray(plot.widget.buffer_rgba()).copy()


def test_at_first_it_says_what_to_do(panel):
    assert panel.phase_words.text() == NO_SERIES
    assert panel.place_words.text() == EMPTY
    assert not panel.phase_box.isEnabled()
    assert not panel.plot.widget.isVisible()


def test_a_curve_is_drawn_and_named(panel, qtbot):
    panel.show_curve(curve_of())
    qtbot.waitUntil(panel.plot.widget.isVisible)
    assert panel.place_words.text() == "Fast initial rise, washout\nMean of 13 voxels on slice 2"


def test_without_a_curve_the_reason_stands_in_its_place(panel, qtbot):
    panel.show_curve(curve_of())
    panel.show_curve(Kinetics(None, "", "The cursor is outside the volume."))
    qtbot.waitUntil(lambda: panel.place_words.text() == "The cursor is outside the volume.")
    assert not panel.plot.widget.isVisible()


def test_redrawing_in_place_paints_what_a_new_picture_would(plot):
    plot.show_curve(curve_of(180.0).panel)
    in_place = picture(plot)
    plot.widget.draw()
    np.testing.assert_array_equal(in_place, picture(plot))


def test_axes_are_drawn_anew_only_when_they_change(plot):
    drawn = plot.full_draws
    for curve, anew in (
        (curve_of(150.0), 0),
        (curve_of(250.0), 1),  # leaves the axes
        (curve_of(290.0), 1),
        (curve_of(190.0), 2),
        (curve_of(190.0, times_s=[-50.0, 85.0, 155.0, 400.0]), 3),
    ):
        plot.show_curve(curve.panel)
        plot.show_curve(curve.panel)
        QApplication.processEvents()
        assert plot.full_draws == drawn + anew


@pytest.mark.parametrize(
    ("peak", "top"),
    [(150.0, 100.0), (190.0, 100.0), (198.0, 200.0), (290.0, 200.0), (301.0, 400.0), (5e6, 6_553_600.0)],
)
def test_the_percent_axis_doubles_until_the_curve_fits(plot, peak, top):
    plot.show_curve(curve_of(peak).panel)
    (axis,) = plot.widget.figure.axes
    assert axis.get_ylim() == (-25.0, top)


def test_a_closed_panel_is_not_drawn_on_any_more(qtbot):
    widget = KineticsPanel()
    widget.show()
    widget.show_curve(curve_of())
    widget.show_curve(curve_of())
    widget.close()
    widget.deleteLater()
    del widget
    qtbot.wait(250)


def test_no_more_than_ten_redraws_a_second_and_the_last_curve_wins(panel, qtbot, monkeypatch):
    drawn = []
    monkeypatch.setattr(panel.plot, "show_curve", lambda curve: drawn.append(float(curve.curve.signal[1])))
    qtbot.wait(150)
    start = time.perf_counter()
    for peak in range(200, 260):
        panel.show_curve(curve_of(float(peak)))
        qtbot.wait(5)
    seconds = time.perf_counter() - start
    qtbot.waitUntil(lambda: drawn[-1] == 259.0, timeout=2000)
    assert len(drawn) <= 10 * seconds + 2


def test_a_redraw_is_quick(plot):
    # Time of the processor: what else runs on the machine does not count.
    spent = []
    for curve in [curve_of(150.0 + k).panel for k in range(30)]:
        start = time.process_time()
        plot.show_curve(curve)
        spent.append(time.process_time() - start)
    assert np.median(spent) < 0.04


def test_phases_are_offered_and_a_choice_is_told_once(panel, qtbot, dynamic):
    with qtbot.assertNotEmitted(panel.phase_chosen):
        panel.show_phases(phase_choices(dynamic, chosen=2))
    assert panel.phase_box.itemText(0) == "By the rule: phase 1"
    assert panel.phase_box.currentData() == 2
    assert "chosen by the reader" in panel.phase_words.text()
    for row, expected in ((3, 3), (0, None)):
        with qtbot.waitSignal(panel.phase_chosen) as caught:
            panel.phase_box.activated.emit(row)
        assert caught.args == [expected]


def test_a_series_without_phases_to_choose_from_cannot_be_changed(panel, dynamic):
    panel.show_phases(phase_choices(replace(dynamic, first_post_contrast=None)))
    assert not panel.phase_box.isEnabled()
    assert "[E_NO_EARLY_PHASE]" in panel.phase_words.text()


def test_everything_has_an_accessible_name(panel):
    parts = (panel, panel.phase_box, panel.phase_words, panel.plot.widget, panel.place_words)
    assert all(part.accessibleName() for part in parts)
