"""Longest perpendicular chord: closed forms, holes, several parts, and independence of how the edges are listed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.measure.chords import longest_perpendicular, pixel_sides

ALONG_ROWS = np.array([(0.0, 0.0), (1.0, 0.0)])
ALONG_COLUMNS = np.array([(0.0, 0.0), (0.0, 1.0)])


def edges(*polygons):
    """Both ends of every edge of closed polygons."""
    loops = [np.asarray(polygon, dtype=float) for polygon in polygons]
    return np.vstack(loops), np.vstack([np.roll(loop, -1, axis=0) for loop in loops])


def box(low, high):
    return [(low, low), (high, low), (high, high), (low, high)]


def length(chord):
    return float(np.linalg.norm(chord[1] - chord[0]))


@pytest.mark.parametrize(
    ("polygon", "along_rows", "along_columns"),
    [
        ([(0, 0), (4, 0), (4, 7), (0, 7)], 7.0, 4.0),
        ([(0, 0), (3, 0), (0, 4)], 4.0, 3.0),
        ([(0, 3), (2, 0), (0, -3), (-2, 0)], 6.0, 4.0),  # a rhombus: its diagonals
        ([(0, 0), (10, 0), (10, 2), (2, 2), (2, 10), (0, 10)], 10.0, 10.0),
        # A comb with two teeth: a chord across the gap would be 5 long, the back between them is 1 wide.
        ([(0, 0), (5, 0), (5, 3), (4, 3), (4, 1), (1, 1), (1, 3), (0, 3)], 3.0, 5.0),
    ],
)
def test_closed_forms(polygon, along_rows, along_columns):
    assert length(longest_perpendicular(*edges(polygon), axis_mm=ALONG_ROWS)) == pytest.approx(along_rows)
    assert length(longest_perpendicular(*edges(polygon), axis_mm=ALONG_COLUMNS)) == pytest.approx(along_columns)


def test_ends_lie_where_the_chord_does():
    chord = longest_perpendicular(*edges([(2, 1), (6, 1), (4, 9)]), axis_mm=np.array([(0.0, 5.0), (9.0, 5.0)]))
    np.testing.assert_allclose(sorted(chord.tolist()), [(4, 1), (4, 9)])


@pytest.mark.parametrize(("hole", "expected"), [(box(2, 7), 9.0), (box(0.5, 8.5), 9.0)])
def test_beside_a_hole_the_chord_is_whole(hole, expected):
    assert length(longest_perpendicular(*edges(box(0, 9), hole), axis_mm=ALONG_ROWS)) == pytest.approx(expected)


def test_a_hole_as_wide_as_the_strip_cuts_the_chord():
    """Rows 0-9 are all cut by the hole, which leaves 2 on one side and 3 on the other."""
    hole = [(0, 2), (9, 2), (9, 6), (0, 6)]
    assert length(longest_perpendicular(*edges(box(0, 9), hole), axis_mm=ALONG_ROWS)) == pytest.approx(3.0)


def test_a_chord_does_not_jump_from_part_to_part():
    assert length(longest_perpendicular(*edges(box(0, 2), [(0, 5), (2, 5), (2, 8), (0, 8)]), axis_mm=ALONG_ROWS)) == 3.0


def test_a_region_without_width_gives_a_point_on_the_axis():
    axis_mm = np.array([(1.0, 2.0), (5.0, 2.0)])
    chord = longest_perpendicular(*edges([(1, 2), (5, 2)]), axis_mm=axis_mm)
    np.testing.assert_allclose(chord, [(1, 2), (1, 2)])


def test_a_corner_where_both_edges_stop_is_seen():
    """No edge starts at (1, 3), where the chord along row 1 ends."""
    starts = np.array([(0, 0), (0, 0), (0, 2), (2, 0)], dtype=float)
    stops = np.array([(2, 0), (0, 2), (1, 3), (1, 3)], dtype=float)
    expected = longest_perpendicular(*edges([(0, 0), (2, 0), (1, 3), (0, 2)]), axis_mm=ALONG_ROWS)
    assert length(longest_perpendicular(starts, stops, axis_mm=ALONG_ROWS)) == length(expected) == 3.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_turning_everything_turns_the_chord(seed, angle):
    rng = np.random.default_rng(seed)
    turns = np.sort(rng.uniform(0, 2 * np.pi, 9))
    polygon = rng.uniform(2, 10, (9, 1)) * np.column_stack([np.sin(turns), np.cos(turns)])
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    plain = longest_perpendicular(*edges(polygon), axis_mm=ALONG_ROWS)
    turned = longest_perpendicular(*edges(polygon @ turn), axis_mm=ALONG_ROWS @ turn)
    assert length(turned) == pytest.approx(length(plain), abs=1e-9)
    assert plain[0, 0] == pytest.approx(plain[1, 0], abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_and_direction_of_edges_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    starts, stops = edges(box(0, 9), box(2, 5), [(20, 0), (25, 1), (22, 8)])
    order, swapped = rng.permutation(len(starts)), rng.random(len(starts)) < 0.5
    first = np.where(swapped[:, None], stops, starts)[order]
    second = np.where(swapped[:, None], starts, stops)[order]
    expected = longest_perpendicular(starts, stops, axis_mm=ALONG_COLUMNS)
    assert length(longest_perpendicular(first, second, axis_mm=ALONG_COLUMNS)) == pytest.approx(length(expected))


def test_sides_of_pixels_close_around_them_and_count_their_border():
    """In NumPy: sides between rows and between columns of the padded plane that differ."""
    plane = np.random.default_rng(2).random((9, 13)) < 0.5
    starts, stops = pixel_sides(plane)
    around = np.pad(plane, 1)
    assert len(starts) == (around[1:] != around[:-1]).sum() + (around[:, 1:] != around[:, :-1]).sum()
    np.testing.assert_array_equal(np.abs(stops - starts).sum(axis=1), 1)
    corners, times = np.unique(np.vstack([starts, stops]), axis=0, return_counts=True)
    assert (times % 2 == 0).all()
    np.testing.assert_array_equal(corners % 1, 0.5)
    middles = (starts + stops) / 2
    across = (stops - starts)[:, ::-1] / 2
    one, other = ((middles + sign * across + 1).astype(int) for sign in (1, -1))
    assert (around[tuple(one.T)] != around[tuple(other.T)]).all()
