"""Mammograms: every mark is where the truth says, on every side, view, pixel shape and magnification."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.geometry import line_length_mm
from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.calcifications import (
    NO_CLUSTER,
    Calcifications,
    ClusterSpec,
    grow_cluster,
    scattered_punctate,
    view_extent_mm,
)
from calcmeasure.phantom.mammogram.detector import DetectorSpec
from calcmeasure.phantom.mammogram.exposure import MammogramSpec, synthesize_mammogram, to_pixels
from calcmeasure.terms import Laterality, Morphology, View

BREAST = BreastSpec(depth_mm=42.0, width_mm=56.0, n_strands=20, seed=2)
CLUSTER = grow_cluster(
    ClusterSpec((20.0, 3.0, 2.0), 18.0, 20, morphology=Morphology.ROUND, diameter_mm=0.5, smallest_mm=0.4), rng=1
)
SIDES_AND_VIEWS = list(itertools.product((Laterality.LEFT, Laterality.RIGHT), (View.CC, View.MLO)))


def spec_of(laterality: Laterality = Laterality.LEFT, view: View = View.CC, **changes: object) -> MammogramSpec:
    defaults = {"breast": BREAST, "calcifications": CLUSTER, "rows": 640, "columns": 520}
    return MammogramSpec(laterality, view, **(defaults | changes))


@pytest.fixture(scope="module")
def phantoms():
    return {key: synthesize_mammogram(spec_of(*key), rng=1) for key in SIDES_AND_VIEWS}


@pytest.mark.parametrize("key", SIDES_AND_VIEWS)
def test_chest_wall_lies_at_the_outer_edge(phantoms, key):
    breast = phantoms[key].breast
    chest, front = (0, -1) if key[0] is Laterality.LEFT else (-1, 0)
    assert breast[:, chest].mean() > 0.7
    assert not breast[:, front].any()


@pytest.mark.parametrize("key", SIDES_AND_VIEWS)
def test_extent_is_the_greatest_distance_of_the_drawn_marks_in_the_breast(phantoms, key):
    phantom = phantoms[key]
    members = phantom.marks_rc[phantom.clusters == 0]
    spans = [line_length_mm(pair, phantom.spacing) for pair in itertools.combinations(members, 2)]
    assert phantom.extent_mm == pytest.approx(max(spans), abs=1e-9)
    assert phantom.extents_mm == {0: pytest.approx(view_extent_mm(CLUSTER, key[1]))}


@pytest.mark.parametrize("key", SIDES_AND_VIEWS)
def test_marks_are_visible_where_the_truth_says(key):
    quiet = DetectorSpec(photons_per_mm2=1e12)
    with_marks = synthesize_mammogram(spec_of(*key, detector=quiet), rng=1)
    without = synthesize_mammogram(spec_of(*key, detector=quiet, calcifications=Calcifications.none()), rng=1)
    added = np.log(without.raw.astype(float)) - np.log(with_marks.raw.astype(float))
    apart = _isolated(with_marks.marks_rc)
    assert len(apart) >= 3
    for row, col in apart:
        r, c = round(row), round(col)
        patch = np.clip(added[r - 5 : r + 6, c - 5 : c + 6] - 0.01, 0, None)
        rows, cols = np.indices(patch.shape)
        found = (np.average(rows, weights=patch) + r - 5, np.average(cols, weights=patch) + c - 5)
        np.testing.assert_allclose(found, (row, col), atol=0.25)


def test_left_and_right_mirror_each_other(phantoms):
    for view in (View.CC, View.MLO):
        left, right = (phantoms[side, view] for side in (Laterality.LEFT, Laterality.RIGHT))
        np.testing.assert_array_equal(left.breast, right.breast[:, ::-1])
        np.testing.assert_allclose(left.marks_rc[:, 1], 519 - right.marks_rc[:, 1], atol=1e-9)
        np.testing.assert_allclose(left.marks_rc[:, 0], right.marks_rc[:, 0], atol=1e-9)


def test_both_views_show_the_same_marks_at_the_same_depth(phantoms):
    cc, mlo = (phantoms[Laterality.LEFT, view] for view in (View.CC, View.MLO))
    np.testing.assert_allclose(cc.marks_rc[:, 1], mlo.marks_rc[:, 1])
    assert not np.allclose(cc.marks_rc[:, 0], mlo.marks_rc[:, 0])


@given(
    factor=st.floats(1.0, 2.0),
    row_mm=st.floats(0.05, 0.2),
    col_mm=st.floats(0.05, 0.2),
    side=st.sampled_from([Laterality.LEFT, Laterality.RIGHT]),
)
def test_distance_at_the_detector_is_true_distance_times_the_factor(factor, row_mm, col_mm, side):
    spec = spec_of(side, imager_mm=(row_mm, col_mm), magnification=factor)
    rc = to_pixels(np.array([[10.0, 5.0], [22.0, -4.0]]), spec)
    at_detector = math.hypot(*((rc[1] - rc[0]) * (row_mm, col_mm)))
    assert at_detector == pytest.approx(15.0 * factor, rel=1e-9)


def test_magnified_image_is_larger_and_its_extent_is_still_true(phantoms):
    plain = phantoms[Laterality.LEFT, View.CC]
    large = synthesize_mammogram(spec_of(magnification=1.1), rng=1)
    assert large.breast.sum() == pytest.approx(1.21 * plain.breast.sum(), rel=0.02)
    assert large.extent_mm == pytest.approx(plain.extent_mm)
    assert large.spacing.rc_mm == pytest.approx((0.1 / 1.1, 0.09 / 1.1))


def test_positioning_shifts_breast_and_marks_alike(phantoms):
    plain, shifted = phantoms[Laterality.LEFT, View.CC], synthesize_mammogram(spec_of(shift_mm=2.0), rng=1)
    np.testing.assert_allclose(shifted.marks_rc, plain.marks_rc - [20.0, 0.0])
    np.testing.assert_array_equal(shifted.breast[:-20], plain.breast[20:])


def test_noise_follows_the_seed_and_anatomy_does_not(phantoms):
    plain = phantoms[Laterality.LEFT, View.CC]
    same, other = (synthesize_mammogram(spec_of(), rng=seed) for seed in (1, 2))
    np.testing.assert_array_equal(plain.raw, same.raw)
    np.testing.assert_array_equal(plain.presentation, same.presentation)
    inside = plain.breast
    difference = np.log(plain.raw[inside].astype(float)) - np.log(other.raw[inside].astype(float))
    assert 0.015 < difference.std() < 0.05
    assert abs(difference.mean()) < 1e-3


def test_benign_marks_do_not_count():
    marks = CLUSTER + scattered_punctate(np.array([[12.0, -18.0, -3.0]]), rng=0)
    phantom = synthesize_mammogram(spec_of(calcifications=marks), rng=1)
    assert phantom.clusters[-1] == NO_CLUSTER
    assert phantom.extent_mm == pytest.approx(view_extent_mm(CLUSTER, View.CC))
    empty = synthesize_mammogram(spec_of(calcifications=marks.cluster(NO_CLUSTER)), rng=1)
    assert empty.extent_mm == 0.0
    assert len(empty.marks_rc) == 1


def test_pixel_types_and_ranges(phantoms):
    phantom = phantoms[Laterality.LEFT, View.MLO]
    assert phantom.raw.dtype == phantom.presentation.dtype == np.uint16
    assert phantom.raw.max() == 16383
    assert phantom.presentation.max() < 4096
    assert (phantom.presentation == 0).sum() == (~phantom.breast).sum()
    assert (phantom.raw[phantom.breast] == 16383).mean() < 1e-3


def test_marks_outside_the_breast_are_refused():
    with pytest.raises(ValueError, match="outside the breast"):
        synthesize_mammogram(spec_of(calcifications=scattered_punctate(np.array([[41.0, 25.0, 0.0]]), rng=0)), rng=1)
    with pytest.raises(ValueError, match="outside the breast"):
        synthesize_mammogram(spec_of(calcifications=scattered_punctate(np.array([[500.0, 0, 0]]), rng=0)), rng=1)


def test_sample_size_is_fast():
    spec = MammogramSpec(Laterality.LEFT, View.CC)
    synthesize_mammogram(spec, rng=0)
    start = time.process_time()
    synthesize_mammogram(spec, rng=0)
    assert time.process_time() - start < 2.0


def _isolated(marks_rc: np.ndarray) -> np.ndarray:
    gaps = np.linalg.norm(marks_rc[:, None] - marks_rc[None], axis=2) + 1e9 * np.eye(len(marks_rc))
    return marks_rc[gaps.min(axis=1) > 14]
