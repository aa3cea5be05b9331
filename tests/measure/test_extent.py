"""Greatest extent of marks: exact against all pairs, on degenerate sets, and what one mark carries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.extent import measure_extent

ISOTROPIC = Spacing(0.1, 0.1, SpacingSource.DETECTOR)
OBLONG = Spacing(0.05, 0.2, SpacingSource.DETECTOR)

POINTS = arrays(
    np.float64, st.tuples(st.integers(0, 40), st.just(2)), elements=st.integers(0, 4000).map(lambda v: v / 4)
)


def brute(points_rc, spacing):
    points_mm = np.asarray(points_rc, dtype=float).reshape(-1, 2) * spacing.rc_mm
    return float(pdist(points_mm).max()) if len(points_mm) > 1 else 0.0


@given(POINTS)
def test_equals_the_longest_of_all_pairs(points_rc):
    extent = measure_extent(points_rc, OBLONG)
    assert extent.value_mm == pytest.approx(brute(points_rc, OBLONG), abs=1e-9)


@given(POINTS.filter(len))
def test_ends_are_marks_and_span_the_value(points_rc):
    extent = measure_extent(points_rc, OBLONG)
    assert all((points_rc == end).all(axis=1).any() for end in extent.ends_rc)
    assert np.linalg.norm((extent.ends_rc[1] - extent.ends_rc[0]) * OBLONG.rc_mm) == pytest.approx(extent.value_mm)


@given(POINTS.filter(lambda p: len(p) > 1))
def test_leaving_out_an_end_mark_measures_the_rest(points_rc):
    extent = measure_extent(points_rc, ISOTROPIC)
    for end, value_mm in zip(extent.ends_rc, extent.without_end_mm, strict=True):
        first = int(np.argmax((points_rc == end).all(axis=1)))
        assert value_mm == pytest.approx(brute(np.delete(points_rc, first, axis=0), ISOTROPIC), abs=1e-9)
    assert 0 <= extent.drop_sensitivity_mm <= extent.value_mm + 1e-12


@given(POINTS, st.randoms(use_true_random=False))
def test_order_of_the_marks_does_not_matter(points_rc, random):
    order = list(range(len(points_rc)))
    random.shuffle(order)
    assert measure_extent(points_rc[order], OBLONG).value_mm == measure_extent(points_rc, OBLONG).value_mm


@pytest.mark.parametrize(
    ("points_rc", "value_mm", "hull_size"),
    [
        ([], 0.0, 0),
        ([(7, 7)], 0.0, 1),
        ([(7, 7), (7, 7), (7, 7)], 0.0, 1),
        ([(0, 0), (30, 40)], 5.0, 2),
        ([(0, 0), (15, 20), (30, 40), (30, 40)], 5.0, 2),
        ([(0, 0), (0, 10), (10, 10), (10, 0), (5, 5)], np.sqrt(2), 4),
    ],
)
def test_degenerate_sets(points_rc, value_mm, hull_size):
    extent = measure_extent(points_rc, ISOTROPIC)
    assert extent.value_mm == pytest.approx(value_mm)
    assert extent.hull_rc.shape == (hull_size, 2)
    assert extent.ends_rc.shape == ((2, 2) if len(points_rc) else (0, 2))


def test_hull_encloses_every_mark():
    points_rc = np.random.default_rng(3).normal(500, 80, (300, 2))
    hull = measure_extent(points_rc, OBLONG).hull_rc
    edges = np.roll(hull, -1, axis=0) - hull
    offsets = points_rc[:, None] - hull
    sides = edges[:, 0] * offsets[..., 1] - edges[:, 1] * offsets[..., 0]
    assert (sides > -1e-6).all()


def test_anisotropic_spacing_changes_the_defining_marks():
    points_rc = [(0, 0), (100, 0), (0, 60)]
    assert measure_extent(points_rc, OBLONG).value_mm == pytest.approx(np.hypot(100 * 0.05, 60 * 0.2))
    assert measure_extent(points_rc[:2], OBLONG).value_mm == pytest.approx(5.0)


def test_sensitive_to_one_mark():
    cluster = [(0, 0), (0, 10), (10, 0), (10, 10)]
    assert measure_extent([*cluster, (0, 100)], ISOTROPIC).sensitive_to_one_mark
    assert measure_extent([*cluster, (0, 100), (1, 100)], ISOTROPIC).sensitive_to_one_mark is False
    line = [(0, k) for k in range(0, 101, 10)]
    exactly_ten_percent = measure_extent(line, Spacing(1, 1, SpacingSource.GIVEN))
    assert exactly_ten_percent.without_end_mm == (90.0, 90.0)
    assert not exactly_ten_percent.sensitive_to_one_mark


def test_nothing_is_not_sensitive():
    assert not measure_extent([], ISOTROPIC).sensitive_to_one_mark
    assert not measure_extent([(1, 1)], ISOTROPIC).sensitive_to_one_mark


def test_outer_length_is_kept_apart():
    points_rc = [(0, 0), (50, 50), (0, 100)]
    extent = measure_extent(points_rc, ISOTROPIC, diameters_mm=[0.4, 3.0, 0.6])
    assert extent.value_mm == 10.0
    assert extent.outer_mm == pytest.approx(10.5)
    assert measure_extent(points_rc, ISOTROPIC).outer_mm is None


@pytest.mark.parametrize("points_rc", [[(1, 2, 3)], [1, 2], [(np.nan, 1)], [(np.inf, 1)]])
def test_bad_points_are_refused(points_rc):
    with pytest.raises(ValueError, match="marks must be finite"):
        measure_extent(points_rc, ISOTROPIC)


@pytest.mark.parametrize("diameters_mm", [[1.0], [1.0, -1.0], [1.0, np.nan]])
def test_bad_diameters_are_refused(diameters_mm):
    with pytest.raises(ValueError, match="one diameter"):
        measure_extent([(0, 0), (1, 1)], ISOTROPIC, diameters_mm=diameters_mm)


def test_many_marks_on_a_circle():
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    points_rc = 500 + 300 * np.column_stack([np.sin(angle), np.cos(angle)])
    assert measure_extent(points_rc, ISOTROPIC).value_mm == pytest.approx(60.0, abs=1e-9)
