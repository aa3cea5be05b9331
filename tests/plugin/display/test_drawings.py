"""Findings as strokes and rings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.terms import GeometryKind
from napari_calcmeasure.display.drawings import draw_findings, lifted, words_corner
from napari_calcmeasure.reading.finding import Finding
from plugin.reading.examples import automatic, mammogram
from plugin.widgets.pictures import MM, mammogram_panel

TRIANGLE = ((10.0, 10.0), (10.0, 30.0), (25.0, 20.0))


def test_what_does_not_measure_does_not_keep_the_rest_from_being_drawn():
    marks = Finding(automatic(mammogram(), TRIANGLE))
    broken = Finding(replace(marks.annotation, annotation_id="broken", geometry=GeometryKind.CALIPER))
    drawing = draw_findings([broken, marks], selected="broken")
    assert [stroke.kind for stroke in drawing.strokes] == ["polygon", "line"]
    assert len(drawing.rings) == 6


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    ("left_mm", "width_mm", "begins_mm"),
    [(1.0, 2.0, 1.0), (3.0, 2.0, 1.95), (1.0, 9.0, -0.05)],
    ids=["fits", "right", "wide"],
)
def test_words_of_a_drawing_end_within_its_picture(left_mm, width_mm, begins_mm, mirrored):
    """The picture reaches from -0.05 to 3.95 mm."""
    panel = mammogram_panel(mirrored=mirrored, origin=(0.0, 39 * MM if mirrored else 0.0))
    points = [panel.placement.to_pixel(place) for place in ((2.0, left_mm), (1.0, left_mm + 0.5))]
    corner = panel.placement.to_world(words_corner(panel, points, width_mm=width_mm))
    assert corner == pytest.approx((1.0, begins_mm))


@given(
    words=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 30)), max_size=8),
    height=st.integers(1, 12),
)
def test_words_never_cover_each_other_and_move_up_only(words, height):
    corners, widths = [(float(row), float(column)) for row, column, _ in words], [float(w) for *_, w in words]
    placed = lifted(corners, widths, height=float(height))
    for n, (row, left) in enumerate(placed):
        assert left == corners[n][1]
        assert row <= corners[n][0]
        covered = [
            k
            for k, (other, start) in enumerate(placed[:n])
            if abs(row - other) < height and start < left + widths[n] and left < start + widths[k]
        ]
        assert not covered
    assert np.array_equal(placed[:1], np.reshape(corners[:1], (-1, 2)))
