"""The kinetics panel: a curve or a sentence, quick redraws, and the choice of the early phase."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

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


def test_at_first_it_says_what_to_do(panel):
    assert panel.phase_words.text() == NO_SERIES
    assert panel.place_words.text() == EMPTY
    assert not panel.phase_box.isEnabled()
    assert not panel.plot.isVisible()


def test_a_curve_is_drawn_and_named(panel, qtbot):
    panel.show_curve(curve_of())
    qtbot.waitUntil(panel.plot.isVisible)
    assert panel.place_words.text() == "Fast initial rise, washout\nMean of 13 voxels on slice 2"


def test_without_a_curve_the_reason_stands_in_its_place(panel, qtbot):
    panel.show_curve(curve_of())
    panel.show_curve(Kinetics(None, "", "The cursor is outside the volume."))
    qtbot.waitUntil(lambda: panel.place_words.text() == "The cursor is outside the volume.")
    assert not panel.plot.isVisible()


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
    parts = (panel, panel.phase_box, panel.phase_words, panel.plot, panel.place_words)
    assert all(part.accessibleName() for part in parts)
