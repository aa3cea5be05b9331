"""Long and short axis of outlines: closed forms, anisotropic spacing, and against dense sampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.outline import choose_outline, measure_outline

UNIT = Spacing(1.0, 1.0, SpacingSource.PATIENT, slice_mm=2.0)
OBLONG = Spacing(0.6, 0.9, SpacingSource.PATIENT, slice_mm=2.0)


def ellipse(long_mm, short_mm, *, angle=0.0, spacing=UNIT, n=2000, slice_index=4):
    """Border of an ellipse in pixel indices."""
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
    local = np.column_stack([long_mm / 2 * np.cos(turn), short_mm / 2 * np.sin(turn)])
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    plane = local @ rotation / spacing.rc_mm + 60
    return np.column_stack([np.full(n, slice_index, float), plane])


def sampled_chord(polygon_mm, ends_mm, steps=4001):
    """Longest perpendicular chord found on many parallel lines: a lower bound that comes close."""
    along = (ends_mm[1] - ends_mm[0]) / np.linalg.norm(ends_mm[1] - ends_mm[0])
    u = (polygon_mm - ends_mm[0]) @ along
    v = (polygon_mm - ends_mm[0]) @ [-along[1], along[0]]
    best = 0.0
    beside = np.concatenate([u - 1e-7, u + 1e-7])  # a narrow spike peaks at its vertex
    levels = np.concatenate([np.linspace(u.min(), u.max(), steps)[1:-1] + 1e-7, beside])
    for level in levels[(levels > u.min()) & (levels < u.max())]:
        nxt = np.roll(u, -1)
        k = np.flatnonzero((u <= level) != (nxt <= level))
        heights = np.sort(v[k] + (level - u[k]) / (nxt[k] - u[k]) * (np.roll(v, -1)[k] - v[k]))
        best = max(best, *(heights[1::2] - heights[::2]), 0.0)
    return best


@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 4, 1.2, np.pi / 2])
@pytest.mark.parametrize("spacing", [UNIT, OBLONG], ids=["isotropic", "anisotropic"])
def test_ellipse(angle, spacing):
    result = measure_outline(ellipse(30, 18, angle=angle, spacing=spacing), spacing)
    assert result.value_mm == pytest.approx(30, abs=1e-3)
    assert result.short_axis_mm == pytest.approx(18, abs=1e-3)


def test_circle():
    result = measure_outline(ellipse(20, 20), UNIT)
    assert result.value_mm == pytest.approx(20, abs=1e-9)
    assert result.short_axis_mm == pytest.approx(20, abs=1e-4)


def test_rectangle():
    """Diagonal 13; the chord at a right angle through the middle is 12 * 5 / 12 * 13 / 12."""
    result = measure_outline([(0, 0), (5, 0), (5, 12), (0, 12)], UNIT)
    assert result.value_mm == pytest.approx(13)
    assert result.short_axis_mm == pytest.approx(5 * 13 / 12)


def test_triangle_altitude():
    """3-4-5: the chord perpendicular to the hypotenuse is the altitude, 12 / 5."""
    assert measure_outline([(0, 0), (3, 0), (0, 4)], UNIT).short_axis_mm == pytest.approx(2.4)


def test_l_shape_chord_stays_inside():
    """Arms 10 long, 2 wide: the long axis joins the arm tips; the notch is not counted as tissue."""
    shape = [(0, 0), (10, 0), (10, 2), (2, 2), (2, 10), (0, 10)]
    result = measure_outline(shape, UNIT)
    assert result.value_mm == pytest.approx(np.hypot(10, 10))
    polygon = np.asarray(shape, float)
    assert result.short_axis_mm == pytest.approx(sampled_chord(polygon, result.ends), abs=0.01)
    assert result.short_axis_mm == pytest.approx(2 * np.sqrt(2))


def test_perpendicular_and_inside():
    outline = ellipse(30, 18, angle=0.7, spacing=OBLONG)
    result = measure_outline(outline, OBLONG)
    long_mm, short_mm = (np.diff(e[:, 1:], axis=0)[0] * OBLONG.rc_mm for e in (result.ends, result.short_ends))
    assert long_mm @ short_mm == pytest.approx(0, abs=1e-9)
    assert np.linalg.norm(short_mm) == pytest.approx(result.short_axis_mm)
    assert (result.ends[:, 0] == 4).all()
    assert (result.short_ends[:, 0] == 4).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(4, 30))
def test_star_shapes_against_all_pairs_and_sampling(seed, n):
    rng = np.random.default_rng(seed)
    # One vertex in each of n sectors: gaps stay below half a turn, so that the outline never crosses itself.
    turn = (np.arange(n) + rng.uniform(0.1, 0.9, n)) * 2 * np.pi / n
    polygon = rng.uniform(3, 20, (n, 1)) * np.column_stack([np.sin(turn), np.cos(turn)]) + 30
    result = measure_outline(polygon, OBLONG)
    polygon_mm = polygon * OBLONG.rc_mm
    assert result.value_mm == pytest.approx(pdist(polygon_mm).max(), abs=1e-9)
    lower = sampled_chord(polygon_mm, result.ends * OBLONG.rc_mm, steps=401)
    assert lower - 1e-9 <= result.short_axis_mm <= result.value_mm + 1e-9
    assert result.short_axis_mm - lower < 1e-3


def test_start_vertex_and_closing_vertex_do_not_matter():
    outline = ellipse(30, 18, angle=0.4, n=101)
    expected = measure_outline(outline, UNIT)
    for other in (np.roll(outline, 37, axis=0), outline[::-1], np.vstack([outline, outline[:1]])):
        result = measure_outline(other, UNIT)
        assert result.value_mm == pytest.approx(expected.value_mm)
        assert result.short_axis_mm == pytest.approx(expected.short_axis_mm)


@pytest.mark.parametrize("polygon", [[(3, 3)], [(3, 3), (3, 3)], [(0, 0), (3, 4)], [(0, 0), (3, 4), (6, 8)]])
def test_outlines_without_area(polygon):
    result = measure_outline(polygon, UNIT)
    assert result.value_mm == pytest.approx(np.linalg.norm(np.subtract(polygon[-1], polygon[0])))
    assert result.short_axis_mm == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("polygon", [[], [1, 2], [(np.nan, 0), (1, 1)], [(0, 1, 1), (1, 2, 2)]])
def test_bad_outlines_are_refused(polygon):
    with pytest.raises(ValueError, match="outline"):
        measure_outline(polygon, UNIT)


def test_choose_outline_compares_millimetres():
    high = np.array([(1, 0, 0), (1, 12, 0), (1, 12, 1)], float)
    wide = np.array([(2, 0, 0), (2, 0, 10), (2, 1, 10)], float)
    np.testing.assert_array_equal(choose_outline([high, wide], UNIT), high)
    np.testing.assert_array_equal(choose_outline([high, wide], OBLONG), wide)
    np.testing.assert_array_equal(choose_outline([wide, wide + np.array([1, 0, 0])], UNIT), wide)
    assert choose_outline([], UNIT).shape == (0, 3)
