"""Strokes as segments."""

from __future__ import annotations

import numpy as np
import pytest

from napari_calcmeasure.widgets.segments import as_vectors, join, thicken

CORNERS = [(0.0, 0.0), (0.0, 4.0), (3.0, 4.0)]


@pytest.mark.parametrize(("is_closed", "count"), [(False, 2), (True, 3)])
def test_points_are_joined_in_their_order(is_closed, count):
    segments = join(CORNERS, is_closed=is_closed)
    assert len(segments) == count
    ends = segments.sum(axis=1)
    assert np.array_equal(segments[:, 0], CORNERS[:count])
    assert np.array_equal(ends[:2], CORNERS[1:])
    if is_closed:
        assert np.array_equal(ends[-1], CORNERS[0])


@pytest.mark.parametrize(("width", "strands"), [(0.5, 1), (1.0, 1), (1.4, 2), (3.0, 3)])
def test_a_wide_line_is_strands_side_by_side(width, strands):
    line = join([(2.0, 0.0), (2.0, 10.0)], is_closed=False)
    laid = thicken(line, width=width, pen=1.0)
    assert len(laid) == strands
    rows = np.sort(laid[:, 0, 0])
    assert rows.mean() == pytest.approx(2.0)
    assert rows[-1] - rows[0] + 1.0 == pytest.approx(max(width, 1.0)), "with the pen, as wide as the line"
    assert np.all(np.diff(rows) <= 1.0), "no gap between strands"
    assert np.allclose(laid[:, 1], [0.0, 10.0])


def test_a_segment_of_no_length_stays_where_it_is():
    laid = thicken(join([(1.0, 1.0), (1.0, 1.0)], is_closed=False), width=3.0, pen=1.0)
    assert np.allclose(laid[:, 0], 1.0)


def test_lines_of_a_shapes_layer_become_vectors():
    lines = [np.array([(0.0, 0.0), (0.0, 5.0)]), np.array([(1.0, 0.0), (3.0, 0.0)])]
    data, keywords, kind = as_vectors((lines, {"name": "bars", "shape_type": "line", "edge_width": 0.5}, "shapes"))
    assert kind == "vectors"
    assert keywords == {"name": "bars", "edge_width": 0.5, "vector_style": "line"}
    assert np.array_equal(data[:, 0], [(0.0, 0.0), (1.0, 0.0)])
    assert np.array_equal(data[:, 1], [(0.0, 5.0), (2.0, 0.0)])
