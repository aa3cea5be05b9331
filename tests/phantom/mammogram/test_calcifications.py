"""Groups of calcifications: exact extents, consistent projections, treatment that only removes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.phantom.mammogram.calcifications import (
    NO_CLUSTER,
    Calcifications,
    ClusterSpec,
    coarse_benign,
    extent_mm,
    grow_cluster,
    project,
    scattered_punctate,
    shrink_cluster,
    vascular_track,
    view_extent_mm,
)
from calcmeasure.terms import Distribution, Morphology, View

DISTRIBUTIONS = [Distribution.GROUPED, Distribution.REGIONAL, Distribution.LINEAR, Distribution.SEGMENTAL]


def brute_force_extent(points: np.ndarray) -> float:
    return max((math.dist(a, b) for a, b in itertools.combinations(points.tolist(), 2)), default=0.0)


def cluster(seed: int = 0, **changes: object) -> Calcifications:
    return grow_cluster(
        ClusterSpec(**{"centre_dlu": (30.0, 5.0, 2.0), "extent_mm": 25.0, "n_marks": 40} | changes), rng=seed
    )


@pytest.mark.parametrize(
    ("point", "view", "expected"),
    [
        ((10, 3, 0), View.CC, (10, 3)),
        ((10, 3, 99), View.CC, (10, 3)),
        ((10, 0, 1), View.MLO, (10, math.sqrt(0.5))),
        ((10, 1, 1), View.MLO, (10, math.sqrt(2))),
        ((10, 1, -1), View.MLO, (10, 0)),
    ],
)
def test_projection(point, view, expected):
    np.testing.assert_allclose(project(np.array([point], float), view), [expected], atol=1e-12)


def test_projection_to_other_views_is_refused():
    with pytest.raises(ValueError, match="CC and MLO"):
        project(np.zeros((1, 3)), View.ML)


def test_both_views_share_the_depth_of_every_mark():
    marks = cluster()
    cc, mlo = (project(marks.positions_dlu, view) for view in (View.CC, View.MLO))
    np.testing.assert_array_equal(cc[:, 0], mlo[:, 0])
    assert np.abs(cc[:, 1] - mlo[:, 1]).max() > 0.5


@settings(max_examples=30, deadline=None)
@given(
    distribution=st.sampled_from(DISTRIBUTIONS),
    extent=st.floats(3.0, 60.0),
    n=st.integers(2, 80),
    seed=st.integers(0, 1000),
)
def test_extent_is_the_asked_one_and_the_larger_view(distribution, extent, n, seed):
    marks = cluster(seed, distribution=distribution, extent_mm=extent, n_marks=n)
    by_view = [brute_force_extent(project(marks.positions_dlu, view)) for view in (View.CC, View.MLO)]
    assert len(marks) == n
    assert max(by_view) == pytest.approx(extent, abs=1e-9)
    assert extent_mm(marks) == pytest.approx(max(by_view), abs=1e-12)
    assert view_extent_mm(marks, View.CC) == pytest.approx(by_view[0], abs=1e-12)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_no_gap_splits_a_group(distribution):
    marks = cluster(distribution=distribution, extent_mm=38.0, n_marks=50)
    for view in (View.CC, View.MLO):
        points = project(marks.positions_dlu, view)
        distances = np.linalg.norm(points[:, None] - points[None], axis=2)
        reached = {0}
        while new := {j for i in reached for j in np.flatnonzero(distances[i] < 7.0)} - reached:
            reached |= new
        assert len(reached) == len(points)


def test_linear_is_narrow_and_segmental_narrows_towards_the_nipple():
    linear = cluster(distribution=Distribution.LINEAR, n_marks=80).positions_dlu
    _, singular, _ = np.linalg.svd(linear - linear.mean(axis=0))
    assert singular[0] > 8 * singular[1]
    lobe = cluster(distribution=Distribution.SEGMENTAL, n_marks=200, extent_mm=40.0).positions_dlu
    depth = lobe[:, 0]
    far, near = lobe[depth < np.quantile(depth, 0.4)], lobe[depth > np.quantile(depth, 0.8)]
    assert far[:, 1].std() > near[:, 1].std()


def test_diameters_are_bounded_and_the_rim_is_visible():
    marks = cluster(n_marks=60, diameter_mm=0.3, smallest_mm=0.25, rim_mm=0.5)
    assert marks.diameters_mm.min() >= 0.25
    assert np.median(marks.diameters_mm) < 0.5
    for view in (View.CC, View.MLO):
        points = project(marks.positions_dlu, view)
        distances = np.linalg.norm(points[:, None] - points[None], axis=2)
        ends = np.unravel_index(distances.argmax(), distances.shape)
        assert min(marks.diameters_mm[list(ends)]) >= 0.5


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), share=st.floats(0.1, 1.0))
def test_shrinking_only_removes_and_ends_below_the_target(seed, share):
    marks = cluster(seed)
    left = shrink_cluster(marks, to_mm=25.0 * share)
    assert extent_mm(left) <= 25.0 * share + 1e-6
    before = {tuple(p) for p in marks.positions_dlu.tolist()}
    assert {tuple(p) for p in left.positions_dlu.tolist()} <= before


def test_shrinking_ends_near_the_target_and_to_zero_leaves_nothing():
    marks = cluster(n_marks=80)
    assert extent_mm(shrink_cluster(marks, to_mm=12.0)) > 10.0
    assert len(shrink_cluster(marks, to_mm=25.0)) == 80
    assert len(shrink_cluster(marks, to_mm=0.0)) == 0
    assert len(shrink_cluster(Calcifications.none(), to_mm=3.0)) == 0


@pytest.mark.parametrize("wrong", [{"n_marks": 1}, {"extent_mm": 0.0}])
def test_impossible_groups_are_refused(wrong):
    with pytest.raises(ValueError, match="two marks"):
        cluster(**wrong)


def test_same_seed_same_marks_other_seed_other_marks():
    one, two, three = cluster(5), cluster(5), cluster(6)
    np.testing.assert_array_equal(one.positions_dlu, two.positions_dlu)
    np.testing.assert_array_equal(one.seeds, two.seeds)
    assert not np.array_equal(one.positions_dlu, three.positions_dlu)


def test_adding_and_selecting():
    group = cluster(n_marks=10, number=3)
    coarse = coarse_benign((20, 0, 0), diameter_mm=2.5)
    both = group + coarse
    assert len(both) == 11
    assert both.morphologies[-1] is Morphology.COARSE
    assert both.clusters.tolist() == [3] * 10 + [NO_CLUSTER]
    np.testing.assert_array_equal(both.cluster(3).positions_dlu, group.positions_dlu)
    assert len(both.cluster(0)) == 0
    assert extent_mm(both.cluster(NO_CLUSTER)) == 0.0


def test_benign_marks_belong_to_no_group():
    places = np.array([[10.0, 0, 0], [20.0, 5, 5]])
    single = scattered_punctate(places, rng=0)
    np.testing.assert_array_equal(single.positions_dlu, places)
    assert np.all((single.diameters_mm >= 0.25) & (single.diameters_mm <= 0.4))
    track = vascular_track((10.0, -8.0, 0.0), length_mm=30.0, rng=0)
    assert set(track.clusters.tolist()) == set(single.clusters.tolist()) == {NO_CLUSTER}
    assert set(track.morphologies) == {Morphology.VASCULAR}
    assert 28.0 < np.ptp(track.positions_dlu[:, 0]) < 31.0
    assert len(track) > 60
