"""Marks left out of a search: each kind has a shape of its own, in mm, around its place."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.report.mark_styles import MARK_STYLES
from calcmeasure.terms import MarkLabel
from napari_calcmeasure.display.labelled_marks import HALF_MM, draw_left_out

SPACING = Spacing(0.1, 0.05, SpacingSource.DETECTOR)
LEFT_OUT = [label for label in MarkLabel if label is not MarkLabel.SUSPICIOUS]


@pytest.mark.parametrize("label", LEFT_OUT)
def test_a_shape_of_its_own_around_its_place(label):
    drawing = draw_left_out(np.array([[100.0, 200.0]]), [label], spacing=SPACING)
    assert {stroke.colour for stroke in drawing.strokes} == {MARK_STYLES[label].colour}
    corners = np.concatenate([stroke.points for stroke in drawing.strokes])
    off_mm = (corners - (100.0, 200.0)) * SPACING.rc_mm
    assert np.abs(off_mm).max() <= HALF_MM
    assert np.ptp(off_mm, axis=0).min() >= HALF_MM, "as wide as high, although pixels are not square"


def test_no_two_kinds_look_alike_without_colour():
    shapes = [
        tuple((s.kind, s.points) for s in draw_left_out(np.zeros((1, 2)), [label], spacing=SPACING).strokes)
        for label in LEFT_OUT
    ]
    assert len(set(shapes)) == len(shapes)


def test_nothing_left_out_is_nothing_drawn():
    assert draw_left_out(np.empty((0, 2)), (), spacing=SPACING).strokes == ()
