"""Strokes as segments."""

from __future__ import annotations

import numpy as np
import pytest

from napari_calcmeasure.widgets.segments import as_vectors, join, outline, thicken

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
    look = {"name": "bars", "shape_type": "line", "edge_width": [1.0, 0.5], "edge_color": ["black", "white"]}
    data, keywords, kind = as_vectors((lines, look, "shapes"))
    assert kind == "vectors"
    assert keywords == {
        "name": "bars", "edge_width": 0.5, "edge_color": ["black", "black", "white"], "vector_style": "line",
    }  # fmt: skip
    assert np.allclose(data[:, 1], [(0.0, 5.0), (0.0, 5.0), (2.0, 0.0)])
    assert np.allclose(sorted(data[:2, 0, 0]), [-0.25, 0.25]), "two strands of the thinner pen"


@pytest.mark.parametrize(
    ("rows", "length"),
    [(["#"], 4), (["##", "##"], 8), (["#.", ".#"], 8), (["###", "#.#", "###"], 16), (["..", ".."], 0)],
    ids=["a pixel", "a square", "corner to corner", "with a hole", "nothing"],
)
def test_an_outline_runs_along_the_edges_of_pixels(rows, length):
    mask = np.array([[one == "#" for one in row] for row in rows])
    edges = outline(mask, at=(4, 6))
    assert len(edges) == length
    assert np.all(np.abs(edges[:, 1]).sum(axis=1) == 1)
    middles = edges[:, 0] + edges[:, 1] / 2
    inside = {(row + 4, column + 6) for row, column in np.argwhere(mask)}
    for (row, column), way in zip(middles, edges[:, 1], strict=True):
        aside = np.array(way[::-1]) / 2
        sides = [tuple(np.round(np.array((row, column)) + sign * aside).astype(int)) for sign in (-1, 1)]
        assert sum(side in inside for side in sides) == 1, "one side lies in the mask, the other does not"
